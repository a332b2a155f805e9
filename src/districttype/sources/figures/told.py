"""Of which districts figures tell a layer: in the others it is unknown, and not nothing."""

from __future__ import annotations

from typing import Final

import numpy as np

from districttype.sources.figures.shapes import Bools
from districttype.sources.figures.tables import Figures

WORKPLACES: Final = (
    "floor_offices_m2", "floor_retail_m2", "floor_industry_m2", "floor_public_m2",
)  # fmt: skip
# Layers that draw nothing where these are unknown. Residents, land cover and transit zones say
# themselves where they are not known; of plans and owners only what was published is drawn.
MADE_OF: Final = {
    "buildings": WORKPLACES,
    "streets": ("intersections",),
    "stops": ("bus_stops",),
    "ground_constraints": ("groundwater_area_share",),
}


def told_of(figures: Figures, layer: str) -> Bools:
    """Return of which districts all is told that a layer is made of.

    A column that is empty for the whole city is left aside: what is then drawn is what the others
    tell.
    """
    told = np.ones(len(figures), dtype=bool)
    for column in MADE_OF.get(layer, ()):
        if figures.has(column):
            told &= _known(figures, column)
    return told & _homes_told(figures) if layer == "buildings" else told


def _homes_told(figures: Figures) -> Bools:
    """Return in which districts something tells the floor area of homes, as `promise` reads it."""
    split = ("floor_small_m2", "floor_flats_m2")
    ways: list[tuple[str, ...]] = [("floor_homes_recent_m2",)]
    if figures.has(*split):
        ways += [split]
    else:
        ways += [("dwellings_small", "dwellings_flats"), ("dwellings",)]
    told = [np.all([_known(figures, name) for name in way], axis=0) for way in ways]
    return np.asarray(np.any(told, axis=0) | ~np.any(told))


def _known(figures: Figures, column: str) -> Bools:
    return np.asarray(~np.isnan(figures.number(column)))
