"""Every indicator of every zone: a function of zones and layers, and of nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np
import pandas as pd

from districttype.indicators.balance import balance
from districttype.indicators.coverage import coverage, share_covered
from districttype.indicators.density import density, settlement
from districttype.indicators.development import development
from districttype.indicators.energy import energy
from districttype.indicators.facts import Facts, Scene
from districttype.indicators.green import cover, green
from districttype.indicators.ground import ground
from districttype.indicators.mobility import mobility, rail, transit_zones
from districttype.indicators.ownership import ownership
from districttype.indicators.registry import REGISTRY, Indicator
from districttype.indicators.services import services
from districttype.indicators.streets import streets
from districttype.indicators.use import use
from districttype.indicators.zonal.overlaps import BoolArray, FloatArray
from districttype.layers.layer import Layers
from districttype.zones import Zones

Theme = Callable[[Scene], Mapping[str, FloatArray]]
DUST = 1e-9  # of any unit: less is no amount of anything
THEMES: Mapping[str, Theme] = {
    "density": density,
    "settlement": settlement,
    "development": development,
    "use": use,
    "mobility": mobility,
    "rail": rail,
    "streets": streets,
    "transit_zones": transit_zones,
    "energy": energy,
    "balance": balance,
    "ground": ground,
    "cover": cover,
    "green": green,
    "services": services,
    "ownership": ownership,
    "coverage": coverage,
}
"""What measures the indicators whose `theme` in the registry it is."""


def measure(
    zones: Zones, layers: Layers | Facts, *, names: Collection[str] | None = None
) -> pd.DataFrame:
    """Measure every indicator of every zone, or some of them.

    Parameters
    ----------
    zones
        The zones; they may overlap, and a thing then counts in each.
    layers
        The layers; or `Facts` made of them once, where several zone sets are measured.
    names
        The indicators to measure, all where None: thousands of blocks are asked for a few only.

    Returns
    -------
    DataFrame
        One row a zone (index zone_id, in the order of the zones), one float column an indicator in
        the order of the registry. Missing (NaN) is what rests on a layer that is not there, or that
        covers nothing of the zone; where a layer covers a zone and nothing is there, it is 0.
    """
    facts = layers if isinstance(layers, Facts) else Facts(layers=layers)
    scene = Scene(zones=zones, facts=facts, whole=names is None)
    wanted = [entry for entry in REGISTRY if names is None or entry.name in names]
    found: dict[str, FloatArray] = {}
    for theme in dict.fromkeys(entry.theme for entry in wanted):
        found |= THEMES[theme](scene)
    columns = {
        entry.name: np.where(_is_known(scene, entry), _without_dust(found[entry.name]), np.nan)
        for entry in wanted
    }
    return pd.DataFrame(columns, index=zones.ids, dtype=float)


def _without_dust(values: FloatArray) -> FloatArray:
    """Return values with 0 for what rounding leaves of nothing.

    A share of 1e-16 of groundwater area would be "more than none" to a rule, and to an analyst's
    filter.
    """
    return np.where(np.abs(values) < DUST, 0.0, values)


def _is_known(scene: Scene, entry: Indicator) -> BoolArray:
    """Tell for which zones the layers an indicator needs say anything."""
    known = np.ones(len(scene), dtype=bool)
    for need in entry.needs:
        known &= np.any([_speaks(scene, layer) for layer in need], axis=0)
    return known


def _speaks(scene: Scene, layer: str) -> BoolArray:
    if layer in ("districts", "land"):  # an outline is of the city, wherever the zone lies
        return np.full(len(scene), layer in scene.facts.layers)
    return share_covered(scene, layer) > 0
