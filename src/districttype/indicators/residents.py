"""Residents and jobs: counts on a grid, put where people can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from districttype.indicators import land, stock
from districttype.indicators.facts import Facts, Scene, known_total, numbers, ratio
from districttype.indicators.zonal import Overlaps, Things, overlap
from districttype.indicators.zonal.overlaps import BoolArray, FloatArray, IntArray, Shapes
from districttype.layers.schema import USES
from districttype.planar import common, polygonal

HOMES = ("detached", "row", "apartment")
WORKPLACES = (
    "office", "retail", "industrial", "warehouse", "education", "health", "public", "leisure",
    "transport", "utility",
)  # fmt: skip
_WHOLE = 1 - 1e-6


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


def homes(facts: Facts) -> Spread:
    """Return where residents are: in homes where buildings are known, else on the dry land."""
    return _spread(facts, HOMES)


def workplaces(facts: Facts) -> Spread:
    """Return where jobs are: in workplaces where buildings are known, else on the dry land."""
    return _spread(facts, WORKPLACES)


def _spread(facts: Facts, uses: Sequence[str]) -> Spread:
    """Spread each row's people over floor area of some uses, or else over dry land.

    Dasymetric mapping after Eicher and Brewer (2001): a cell on the shore has nobody in the sea,
    one on the city's edge nobody beyond it, and one with houses nobody in the wood beside them.
    """
    ground = facts.once(_ground)
    houses = facts.once(stock.stock)
    chosen = np.isin(houses.use, [USES.index(use) for use in uses]) & (houses.floor > 0)
    some = np.flatnonzero(chosen)
    areal = np.flatnonzero(facts.once(_built_up))
    pairs = overlap(ground[areal], houses.things.shapes[some])
    shapes = houses.things.shapes[some[pairs.thing]].copy()
    cut = pairs.share < 1.0
    shapes[cut] = polygonal(common(shapes[cut], ground[areal[pairs.zone[cut]]]))
    row, floor = areal[pairs.zone], houses.floor[some[pairs.thing]] * pairs.share
    rest = np.setdiff1d(np.arange(len(ground)), row)
    row, floor = np.concatenate([row, rest]), np.concatenate([floor, np.ones(len(rest))])
    weight = floor / np.bincount(row, floor, minlength=len(ground))[row]
    things = Things.of(np.concatenate([shapes, ground[rest]]), where="layer residents")
    return Spread(things, row, weight)


def _ground(facts: Facts) -> Shapes:
    """Return each row's dry land within the city; its whole shape where there is none."""
    shapes = facts.frame("residents").geometry.to_numpy()
    ground = shapes.copy()
    areal = np.flatnonzero(shapely.get_dimensions(shapes) > 0)
    dry = land.dry(facts, shapes[areal])
    some = ~shapely.is_empty(dry)
    ground[areal[some]] = dry[some]
    return np.asarray(ground, dtype=object)


def _built_up(facts: Facts) -> BoolArray:
    """Tell for which rows all buildings are known."""
    ground = facts.once(_ground)
    area = shapely.area(ground)
    if "buildings" not in facts.layers:
        return np.zeros(len(ground), dtype=bool)
    known = land.covered(facts, "buildings")
    if known is None:
        return np.asarray(area > 0)
    areal = np.flatnonzero(area > 0)
    within = np.zeros(len(ground))
    within[areal] = overlap(ground[areal], known).total()
    return np.asarray(ratio(within, area) >= _WHOLE)


def spots(facts: Facts) -> Shapes:
    """Return a point on each piece where residents are, from where walks begin."""
    return np.asarray(shapely.point_on_surface(facts.once(homes).things.shapes))


def in_zones(scene: Scene) -> Overlaps:
    """Return which part of each piece where residents are lies in which zone."""
    return scene.among(scene.facts.once(homes).things)


def working_in_zones(scene: Scene) -> Overlaps:
    """Return which part of each piece where jobs are lies in which zone."""
    return scene.among(scene.facts.once(workplaces).things)


def living(scene: Scene) -> FloatArray:
    """Return the residents of each zone."""
    people = scene.facts.once(homes).people(scene.facts, "residents")
    return _total(scene, scene.once(in_zones), people)


def living_before(scene: Scene) -> FloatArray:
    """Return the residents of each zone at the earlier count."""
    people = scene.facts.once(homes).people(scene.facts, "residents_before")
    return _total(scene, scene.once(in_zones), people)


def working(scene: Scene) -> FloatArray:
    """Return the jobs in each zone."""
    people = scene.facts.once(workplaces).people(scene.facts, "jobs")
    return _total(scene, scene.once(working_in_zones), people)


def _total(scene: Scene, parts: Overlaps, people: FloatArray) -> FloatArray:
    """Sum a column; missing everywhere if the layer does not have it at all.

    A row without a number is a count withheld because it is small, so that the sum of the others
    stands unless there is none.
    """
    if len(people) and np.isnan(people).all():
        return np.full(len(scene), np.nan)
    return known_total(parts, people)
