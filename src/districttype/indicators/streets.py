"""Streets and their crossings."""

from __future__ import annotations

import numpy as np
import shapely

from districttype.indicators.clusters import middles, pairs_within
from districttype.indicators.facts import Facts, Scene, is_in, ratio
from districttype.indicators.zonal import Things
from districttype.indicators.zonal.overlaps import FloatArray, IntArray

# Streets proper: what is left out are drives to single houses and through car parks, and paths.
CARRIAGEWAYS = ("motorway", "main", "collector", "residential", "living")
STREETS = (*CARRIAGEWAYS, "pedestrian")
FOOTWAYS = ("pedestrian", "path", "steps")
SAME_POINT = 0.05  # m: ends so near are one
SAME_CROSSING = 10.0  # m: the corners of a crossing of two carriageways are one crossing


def streets(scene: Scene) -> dict[str, FloatArray]:
    """Return the densities of streets, ways and crossings per km² of dry land."""
    frame, lying = scene.facts.frame("streets"), scene.overlap("streets")
    km2 = scene.land_m2 / 1e6
    on_cycleway = is_in(frame, "kind", "cycleway") | is_in(frame, "cycleway", True)
    crossings = scene.among(scene.facts.once(_crossings)).count()
    ends = scene.among(scene.facts.once(_dead_ends)).count()

    def per_km2(chosen: np.ndarray) -> FloatArray:
        return ratio(lying.select(chosen).total() / 1e3, km2)

    return {
        "street_km_per_km2": per_km2(is_in(frame, "kind", *STREETS)),
        "cycleway_km_per_km2": per_km2(on_cycleway),
        "footway_km_per_km2": per_km2(is_in(frame, "kind", *FOOTWAYS)),
        "intersections_per_km2": ratio(crossings, km2),
        "dead_end_share": ratio(ends, ends + crossings),
    }


def _nodes(facts: Facts) -> tuple[FloatArray, IntArray]:
    """Return the points of all streets, and how many street arms leave each.

    An end of a line is one arm and a point along it two, so that lines cut at crossings and lines
    that merely share a point there give the same.
    """
    frame = facts.frame("streets")
    lines = shapely.get_parts(frame.geometry.to_numpy()[is_in(frame, "kind", *STREETS)])
    lines = shapely.remove_repeated_points(lines)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    if not len(xy):
        return xy, np.zeros(0, dtype=np.int64)
    step = np.diff(line, prepend=-1, append=len(lines)) != 0
    arms = 2 - step[:-1].astype(int) - step[1:].astype(int)
    keys = np.round(xy / SAME_POINT).astype(np.int64)
    _, first, node = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return xy[first], np.bincount(node.ravel(), arms).astype(np.int64)


def _crossings(facts: Facts) -> Things:
    xy, arms = facts.once(_nodes)
    xy = xy[arms >= 3]
    middle = middles(xy, pairs_within(xy, SAME_CROSSING))
    return Things.of(shapely.points(middle), where="crossings")


def _dead_ends(facts: Facts) -> Things:
    xy, arms = facts.once(_nodes)
    return Things.of(shapely.points(xy[arms == 1]), where="dead ends")
