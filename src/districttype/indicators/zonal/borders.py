"""Points in zones; one on a border belongs to one side, so that sums count it once."""

from __future__ import annotations

import numpy as np
import shapely

from districttype.indicators.zonal.overlaps import BoolArray, FloatArray, IntArray, Shapes
from districttype.indicators.zonal.squares import Squares, runs, segments

# Directions in which the owner of a point on a border is looked for, first choice first.
_QUADRANTS = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
_ROWS = 1 << 18
_ROUNDING = 8 * np.finfo(float).eps


def point_counts(
    squares: Squares, zones: Shapes, points: Shapes, beside: Shapes
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return how many points of points and multipoints belong to zones.

    A point on a border belongs to the zone that lies north-east of it, so that each point belongs
    to one of any zones that do not overlap. Where no zone lies there, north-west, south-west and
    south-east are tried.

    Parameters
    ----------
    squares
        Squares over the zones.
    zones, points
        Polygons (prepared), and points or multipoints.
    beside
        Zones that are measured elsewhere: a point that is theirs belongs to none of these.

    Returns
    -------
    zone, point, count
        One entry a pair that has a point in common.
    """
    single, owner = shapely.get_parts(points, return_index=True)
    xy = shapely.get_coordinates(single)
    zone, p, inside = _touching(squares, zones, xy)
    on_border = np.flatnonzero(~inside)
    claimed_by = np.tile(inside, (len(_QUADRANTS), 1))
    edges = squares.edges, squares.owner
    claimed_by[:, on_border] = _claims(edges, zone[on_border], xy[p[on_border]])
    # The first direction in which any zone claims the point decides for all of them.
    claimed = np.stack([np.bincount(p, row, minlength=len(single)) > 0 for row in claimed_by])
    shared = np.unique(p[on_border])
    claimed[:, shared] |= _claimed(beside, xy[shared])
    direction = claimed.argmax(axis=0)
    belongs = claimed_by[direction[p], np.arange(len(p))]
    key = zone[belongs] * len(points) + owner[p[belongs]]
    keys, count = np.unique(key, return_counts=True)
    return keys // len(points), keys % len(points), count.astype(np.float64)


def zones_at(squares: Squares, zones: Shapes, xy: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the pairs (zone, point) of points in zones, or on a border with a zone north-east."""
    zone, p, held = _touching(squares, zones, xy)
    on_border = np.flatnonzero(~held)
    edges = squares.edges, squares.owner
    held[on_border] = _claims(edges, zone[on_border], xy[p[on_border]])[0]
    return zone[held], p[held]


def _touching(
    squares: Squares, zones: Shapes, xy: FloatArray
) -> tuple[IntArray, IntArray, BoolArray]:
    """Return the pairs (zone, point) that have a point in common, and which are off the border."""
    region = squares.regions(np.tile(xy, 2))
    far, zone_far = squares.zones_of(region)
    near = np.flatnonzero(region == 0)
    points = shapely.points(xy[near])
    zone, p = shapely.STRtree(points).query(zones, predicate="intersects")
    inside = np.append(
        np.ones(len(far), dtype=bool), shapely.contains_properly(zones[zone], points[p])
    )
    return np.append(zone_far, zone), np.append(far, near[p]), inside


def _claimed(zones: Shapes, xy: FloatArray) -> BoolArray:
    """Tell for each point whether any zone lies beside it, by quadrant."""
    zone, p = shapely.STRtree(shapely.points(xy)).query(zones, predicate="intersects")
    claims = _claims(segments(zones), zone, xy[p])
    return np.stack([np.bincount(p, row, minlength=len(xy)) > 0 for row in claims])


def _claims(edges: tuple[FloatArray, IntArray], zone: IntArray, xy: FloatArray) -> BoolArray:
    """Tell for each pair of zone and point whether the zone lies beside the point, by quadrant.

    `edges` are those of all zones, and the zone of each, ascending.
    """
    lines, owner = edges
    first, last = np.searchsorted(owner, [zone, zone + 1])
    held = np.zeros((len(_QUADRANTS), len(zone)), dtype=bool)
    # Some thousand rows at a time, so that large zones do not fill the memory.
    block = np.cumsum(last - first) // _ROWS
    for rows in np.split(np.arange(len(zone)), np.flatnonzero(np.diff(block)) + 1):
        pair, edge = runs(first[rows], last[rows] - 1)
        seen = lines[edge] - np.tile(xy[rows[pair]], 2)
        for quadrant, signs in enumerate(_QUADRANTS):
            crossed = _crosses_ray(seen * np.tile(signs, 2))
            held[quadrant, rows] = np.bincount(pair, crossed, minlength=len(rows)) % 2 == 1
    return held


def _crosses_ray(edges: FloatArray) -> BoolArray:
    """Tell which edges, seen from a point, cross the ray that starts just beside it.

    The ray runs from the point moved by (s, s²), s infinitely small, towards growing x. Seen from
    the point, both ends of an edge shared by two zones give the same rounding, so that the two
    never both claim it.
    """
    x0, y0, x1, y1 = edges.T
    # The ray runs just above the point, so an end at its height lies below the ray.
    up, down = (y0 <= 0) & (y1 > 0), (y1 <= 0) & (y0 > 0)
    turn, size = x0 * y1 - x1 * y0, np.abs(x0 * y1) + np.abs(x1 * y0)
    # turn > 0: the point lies left of the upward edge, which the ray then crosses. On the edge
    # itself the ray starts right of it, because s outweighs s².
    return np.asarray((up | down) & (np.where(up, turn, -turn) > _ROUNDING * size))
