"""Residents and jobs: counts on a grid, put where people can be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from districttype.indicators import land
from districttype.indicators.facts import Facts, Scene, numbers
from districttype.indicators.pieces import common, without
from districttype.indicators.zonal import Overlaps, Things
from districttype.indicators.zonal.overlaps import FloatArray, IntArray, Shapes


@dataclass(frozen=True)
class Spread:
    """Pieces of ground over which each row's people are spread.

    Attributes
    ----------
    things
        Points or polygons.
    row
        Row of the layer each piece belongs to.
    weight
        Share of the row's people on each piece; those of a row add up to 1.
    """

    things: Things
    row: IntArray
    weight: FloatArray

    def people(self, facts: Facts, column: str) -> FloatArray:
        """Return how many are on each piece; NaN where the row's number is not known."""
        return numbers(facts.frame("residents"), column)[self.row] * self.weight


def spread(facts: Facts) -> Spread:
    """Spread each row's people over the dry land of its polygon within the city.

    A cell on the shore has nobody in the sea, and one on the city's edge nobody beyond it: such
    counts are of the city's own residents. A row without any such land keeps its polygon.
    """
    shapes = facts.frame("residents").geometry.to_numpy()
    point = shapely.get_dimensions(shapes) == 0
    areal = np.flatnonzero(~point)
    ground = facts.once(land.shore)
    whole = shapes[areal]
    pieces, at = (whole, np.arange(len(whole))) if ground is None else common(whole, ground)
    pieces, of_piece = without(pieces, facts.once(land.water))
    row = areal[at[of_piece]]
    lost = np.setdiff1d(np.arange(len(shapes)), row)
    pieces, row = np.concatenate([pieces, shapes[lost]]), np.concatenate([row, lost])
    size = np.where(point[row], 1.0, shapely.area(pieces))
    weight = size / np.bincount(row, size, minlength=len(shapes))[row]
    return Spread(Things.of(pieces, where="layer residents"), row, weight)


def spots(facts: Facts) -> Shapes:
    """Return a point on each piece, from where walks begin."""
    return np.asarray(shapely.point_on_surface(facts.once(spread).things.shapes))


def in_zones(scene: Scene) -> Overlaps:
    """Return which part of each piece lies in which zone."""
    return scene.among(scene.facts.once(spread).things)


def living(scene: Scene) -> FloatArray:
    """Return the residents of each zone."""
    return _total(scene, "residents")


def living_before(scene: Scene) -> FloatArray:
    """Return the residents of each zone at the earlier count."""
    return _total(scene, "residents_before")


def working(scene: Scene) -> FloatArray:
    """Return the jobs in each zone."""
    return _total(scene, "jobs")


def _total(scene: Scene, column: str) -> FloatArray:
    """Sum a column; missing everywhere if the layer does not have it.

    A row without a number is a count withheld because it is small, so the sum of the others stands
    unless there is none.
    """
    people = scene.facts.once(spread).people(scene.facts, column)
    parts = scene.once(in_zones)
    if len(people) and np.isnan(people).all():
        return np.full(len(scene), np.nan)
    silent = (parts.count(~np.isnan(people)) == 0) & (parts.count() > 0)
    return np.where(silent, np.nan, parts.total(people))
