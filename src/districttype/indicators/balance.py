"""How far a zone is from yielding in a year, on its own roofs, the energy that it uses.

The on-site energy ratio is the simple one of positive energy districts: local supply in a year over
demand in a year, 1 or more where a district is positive. It is a first look, not a label, and no
label or score rests on it.

- Supply is what solar panels on the roofs could yield: what a model of the very roof says where
  the layer `solar_roofs` holds one (slope, aspect and shade are in it), else an estimate from the
  footprint (`tables/pv_potential.csv`, and the city's yield of 1 kWp). Which of the two it was,
  `pv_modelled_share` says. Waste heat and ground heat are not in it: no data say how much there is.
- Demand is all net heat (space and hot water) and the electricity of the buildings themselves; kWh
  count alike, whatever carries them. Cooling, what people plug in, industry's processes and
  traffic are not in it. Heat pumps would take about a third of the heat as electricity.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import shapely

from districttype.indicators import stock, table
from districttype.indicators.coverage import ENOUGH, share_of_known_floor
from districttype.indicators.energy import demand
from districttype.indicators.facts import Facts, Scene, known_total, numbers, ratio
from districttype.indicators.zonal.overlaps import FloatArray


def balance(scene: Scene) -> dict[str, FloatArray]:
    """Return what roofs could yield, and that over what is used."""
    houses, parts = scene.facts.once(stock.stock), scene.once(stock.in_zones)
    need = scene.facts.once(demand)
    used = known_total(parts, need.heat) + known_total(parts, need.electricity)
    known = share_of_known_floor(scene) >= ENOUGH  # else what is used is no number to divide by
    yields = scene.facts.once(roof_yields)
    supply = {name: parts.total(mwh) for name, mwh in yields.items()}
    over = {name: np.where(known, ratio(mwh, used), np.nan) for name, mwh in supply.items()}
    measured = np.where(np.isnan(houses.floor), 0.0, yields["middle"])
    per_floor = ratio(parts.total(measured) * 1e3, parts.total(houses.floor))
    modelled = parts.select(~np.isnan(scene.facts.once(modelled_yield))).total()
    return {
        "pv_potential_mwh": supply["middle"],
        "pv_potential_kwh_per_m2": np.where(known, per_floor, np.nan),
        "pv_modelled_share": ratio(modelled, parts.total()),
        "onsite_energy_ratio": over["middle"],
        "onsite_energy_ratio_low": over["low"],
        "onsite_energy_ratio_high": over["high"],
    }


def roof_yields(facts: Facts) -> dict[str, FloatArray]:
    """Return what the roof of each building in use could yield, MWh/a: low, middle and high."""
    footprint = facts.once(stock.stock).footprint
    modelled = facts.once(modelled_yield)
    per_kwp = facts.layers.pv_yield_kwh_per_kwp / 1e3
    return {
        name: np.where(np.isnan(modelled), footprint * kwp * per_kwp, modelled * spread)
        for (name, kwp), spread in zip(peak_power().items(), module_spread(), strict=True)
    }


def modelled_yield(facts: Facts) -> FloatArray:
    """Return what a model of the roofs says of each building in use, MWh/a; NaN where it is silent.

    A roof belongs to the building that a point of it lies on; what lies on none (it was pulled down
    since) counts nowhere.
    """
    houses, frame = facts.once(stock.stock), facts.frame("solar_roofs")
    frame = frame[frame["yield_kwh"].notna()]
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    roof, house = shapely.STRtree(houses.things.shapes).query(points, predicate="intersects")
    roof, first = np.unique(roof, return_index=True)  # of houses drawn over each other the first
    house = house[first]
    mwh = np.bincount(house, numbers(frame, "yield_kwh")[roof] / 1e3, len(houses))
    return np.where(np.bincount(house, minlength=len(houses)) > 0, mwh, np.nan)


@cache
def peak_power() -> Mapping[str, float]:
    """Return the kWp that a m² of roof carries: low, middle and high.

    Its position is in it: a panel that lies flat counts as a smaller one at the best tilt.
    """
    assumptions = table.read("pv_potential.csv")
    product = assumptions[["low", "middle", "high"]].prod()
    return {str(name): float(kwp) for name, kwp in product.items()}


@cache
def module_spread() -> tuple[float, float, float]:
    """Return how far a modelled yield may be off, low, middle and high over middle.

    A model of the roof knows its usable part and position; open is which modules are put there.
    """
    assumptions = table.read("pv_potential.csv").set_index("assumption")
    low, middle, high = assumptions.loc["module_density", ["low", "middle", "high"]].astype(float)
    return low / middle, 1.0, high / middle
