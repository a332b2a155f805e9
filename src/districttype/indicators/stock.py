"""The buildings that stand, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from districttype.indicators.facts import Facts, Scene, codes, is_in, numbers
from districttype.indicators.zonal import Overlaps, Things
from districttype.indicators.zonal.overlaps import FloatArray, IntArray, Shapes
from districttype.layers.schema import ORIGINS, USES

UNKNOWN_USE = USES.index("unknown")


@dataclass(frozen=True)
class Stock:
    """Buildings, outbuildings among them: one entry of each array a building.

    Attributes
    ----------
    things
        Footprints.
    footprint, floor
        m²; unknown floor area is NaN.
    use
        Position in USES.
    year
        Year of completion, NaN where unknown.
    dated
        The same where it is stated, NaN where it is guessed: a guess is no evidence of age.
    heating
        Source of heat, None where unknown.
    floor_origin, use_origin, year_origin
        Position in ORIGINS.
    """

    things: Things
    footprint: FloatArray
    floor: FloatArray
    use: IntArray
    year: FloatArray
    dated: FloatArray
    heating: NDArray[np.object_]
    floor_origin: IntArray
    use_origin: IntArray
    year_origin: IntArray

    def __len__(self) -> int:
        return len(self.footprint)


def stock(facts: Facts) -> Stock:
    """Return the buildings in use (status existing)."""
    return _of_status(facts, "existing")


def sites(facts: Facts) -> Stock:
    """Return the buildings under construction."""
    return _of_status(facts, "construction")


def _of_status(facts: Facts, status: str) -> Stock:
    frame = facts.frame("buildings")
    frame = frame[is_in(frame, "status", status)]
    things = Things.of(frame.geometry, where="layer buildings")
    return Stock(
        things=things,
        footprint=things.measure,
        floor=numbers(frame, "floor_area_m2"),
        use=np.where(codes(frame, "use", USES) < 0, UNKNOWN_USE, codes(frame, "use", USES)),
        year=numbers(frame, "year_built"),
        dated=np.where(
            is_in(frame, "year_built_origin", "imputed"), np.nan, numbers(frame, "year_built")
        ),
        heating=np.asarray(frame["heating"], dtype=object),
        floor_origin=codes(frame, "floor_area_m2_origin", ORIGINS),
        use_origin=codes(frame, "use_origin", ORIGINS),
        year_origin=codes(frame, "year_built_origin", ORIGINS),
    )


def in_zones(scene: Scene) -> Overlaps:
    """Return which part of each building in use lies in which zone."""
    return scene.among(scene.facts.once(stock).things)


def sites_in_zones(scene: Scene) -> Overlaps:
    """Return which part of each building under construction lies in which zone."""
    return scene.among(scene.facts.once(sites).things)


def spots(facts: Facts) -> Shapes:
    """Return a point on each building in use, from where walks begin."""
    return np.asarray(shapely.point_on_surface(facts.once(stock).things.shapes))
