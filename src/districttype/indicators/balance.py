"""How far a zone is from yielding in a year, on its own roofs, the energy that it uses.

The on-site energy ratio is the simple one of positive energy districts: local supply in a year over
demand in a year, 1 or more where a district is positive. It is a first look, not a label, and no
label or score rests on it.

- Supply is what solar panels on the roofs could yield (`tables/pv_potential.csv`, and the city's
  yield of 1 kWp). Waste heat and ground heat are not in it, as no data say how much there is.
- Demand is all net heat (space and hot water) and the electricity of the buildings themselves; kWh
  count alike, whatever carries them. Cooling, what people plug in, industry's processes and
  traffic are not in it. Heat pumps would take about a third of the heat as electricity.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np

from districttype.indicators import stock, table
from districttype.indicators.coverage import share_covered
from districttype.indicators.energy import demand
from districttype.indicators.facts import Scene, known_total, ratio
from districttype.indicators.zonal.overlaps import FloatArray

ENOUGH = 0.8
"""Share of the zone with known buildings, and of its footprint with known floor area, below which
what is used is not known well enough to divide by."""


def balance(scene: Scene) -> dict[str, FloatArray]:
    """Return what roofs could yield, and that over what is used."""
    houses, parts = scene.facts.once(stock.stock), scene.once(stock.in_zones)
    need = scene.facts.once(demand)
    used = known_total(parts, need.heat) + known_total(parts, need.electricity)
    silent = ratio(parts.select(np.isnan(houses.floor)).total(), parts.total())
    known = (share_covered(scene, "buildings") >= ENOUGH) & (silent <= 1.0 - ENOUGH)
    per_kwp = scene.facts.layers.pv_yield_kwh_per_kwp / 1e3
    supply = {name: parts.total() * kwp * per_kwp for name, kwp in peak_power().items()}
    over = {name: np.where(known, ratio(mwh, used), np.nan) for name, mwh in supply.items()}
    return {
        "pv_potential_mwh": supply["middle"],
        "onsite_energy_ratio": over["middle"],
        "onsite_energy_ratio_low": over["low"],
        "onsite_energy_ratio_high": over["high"],
    }


@cache
def peak_power() -> Mapping[str, float]:
    """Return the kWp that a m² of roof carries: low, middle and high.

    Its position is in it: a panel that lies flat counts as a smaller one at the best tilt.
    """
    assumptions = table.read("pv_potential.csv")
    product = assumptions[["low", "middle", "high"]].prod()
    return {str(name): float(kwp) for name, kwp in product.items()}
