"""What lies on a border, shared between its sides so that sums count it once."""

from __future__ import annotations

import numpy as np
import shapely

from districttype.indicators.zonal.overlaps import BoolArray, FloatArray, IntArray, Shapes
from districttype.indicators.zonal.squares import runs, segments

# Directions in which the owner of a point on a border is looked for, first choice first.
_QUADRANTS = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
_ROWS = 1 << 20
_ROUNDING = 8 * np.finfo(float).eps


def line_lengths(zones: Shapes, zone: IntArray, lines: Shapes, line: IntArray) -> FloatArray:
    """Return the length of each line in its zone; what runs along the border counts half.

    Parameters
    ----------
    zones, lines
        Polygons (prepared) and lines.
    zone, line
        Pairs that have a point in common.
    """
    length: FloatArray = shapely.length(lines)[line]
    at_border = np.flatnonzero(~shapely.contains_properly(zones[zone], lines[line]))
    # Straight piece by piece, because a cut dissolves what a line runs along twice.
    ends, piece_of = _pieces(lines[line[at_border]])
    pieces = shapely.linestrings(ends)
    zone = zone[at_border][piece_of]
    measure: FloatArray = shapely.length(pieces)
    cut = np.flatnonzero(~shapely.contains_properly(zones[zone], pieces))
    measure[cut] = shapely.length(shapely.intersection(zones[zone[cut]], pieces[cut]))
    measure[cut] -= _along_borders(zones, zone[cut], pieces[cut]) / 2
    length[at_border] = np.bincount(piece_of, measure, minlength=len(at_border))
    return length


def _along_borders(zones: Shapes, zone: IntArray, pieces: Shapes) -> FloatArray:
    """Return how much of each straight piece runs along the border of its zone."""
    which, zone = np.unique(zone, return_inverse=True)
    edges, owner = segments(zones[which])
    borders = shapely.linestrings(edges.reshape(-1, 2, 2))
    piece, edge = shapely.STRtree(borders).query(pieces, predicate="intersects")
    own = owner[edge] == zone[piece]
    piece, edge = piece[own], edge[own]
    common = shapely.length(shapely.intersection(pieces[piece], borders[edge]))
    return np.bincount(piece, common, minlength=len(pieces)).astype(np.float64)


def _pieces(lines: Shapes) -> tuple[FloatArray, IntArray]:
    """Return the straight pieces (n, 2, 2) of lines, and the line of each."""
    parts, owner = shapely.get_parts(lines, return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    joined = np.flatnonzero((part[1:] == part[:-1]) & (points[1:] != points[:-1]).any(axis=1))
    return np.stack([points[joined], points[joined + 1]], axis=1), owner[part[joined]]


def point_counts(zones: Shapes, zone: IntArray, points: Shapes, point: IntArray) -> FloatArray:
    """Return how many points of each point or multipoint belong to its zone.

    A point on a border belongs to the zone that lies north-east of it, so that each point belongs
    to one of any zones that do not overlap. Where no zone lies there, north-west, south-west and
    south-east are tried.

    Parameters
    ----------
    zones, points
        Polygons (prepared), and points or multipoints.
    zone, point
        Pairs that have a point in common.
    """
    single, owner = shapely.get_parts(points, return_index=True)
    z, p = shapely.STRtree(single).query(zones, predicate="intersects")
    inside = shapely.contains_properly(zones[z], single[p])
    edge = np.flatnonzero(~inside)
    belongs = inside.copy()
    xy = shapely.get_coordinates(single)
    edges, of_edge = segments(zones)
    first = np.searchsorted(of_edge, np.arange(len(zones) + 1))
    # The first direction in which any zone claims the point decides for all of them.
    for signs in _QUADRANTS:
        belongs[edge] = _hold_next_to(edges, first, z[edge], xy[p[edge]], signs)
        edge = edge[~np.isin(p[edge], p[belongs])]
    key = z[belongs] * len(points) + owner[p[belongs]]
    keys, count = np.unique(key, return_counts=True)
    wanted = zone * len(points) + point
    place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    counts = np.zeros(len(zone))
    if len(keys):
        counts = np.where(keys[place] == wanted, count[place], 0).astype(np.float64)
    return counts


def _hold_next_to(
    edges: FloatArray, first: IntArray, zone: IntArray, xy: FloatArray, signs: IntArray
) -> BoolArray:
    """Tell for each point whether the ground just beside it, in one quadrant, is in its zone.

    A ray runs from the point moved by (s, s²), s infinitely small, towards growing x. Seen from
    the point, both ends of an edge shared by two zones give the same rounding, so that the two
    never both claim it.

    Parameters
    ----------
    edges, first
        Edges of all zones; those of zone z are `edges[first[z]:first[z + 1]]`.
    zone, xy
        One zone a point, and the points.
    signs
        Which quadrant: (1, 1) is north-east.
    """
    inside = np.zeros(len(xy), dtype=bool)
    # As many points at a time as have about a million edges to be seen against.
    work = np.cumsum(first[zone + 1] - first[zone]) // _ROWS
    for some in np.split(np.arange(len(xy)), np.flatnonzero(np.diff(work)) + 1):
        point, edge = runs(first[zone[some]], first[zone[some] + 1] - 1)
        x0, y0, x1, y1 = ((edges[edge] - np.tile(xy[some[point]], 2)) * np.tile(signs, 2)).T
        # The ray runs just above the point, so an end at its height lies below the ray.
        up, down = (y0 <= 0) & (y1 > 0), (y1 <= 0) & (y0 > 0)
        turn, size = x0 * y1 - x1 * y0, np.abs(x0 * y1) + np.abs(x1 * y0)
        turn = np.where(up, turn, -turn)
        # turn > 0: the point lies left of the upward edge, which the ray then crosses. On the edge
        # itself the ray starts right of it, because s outweighs s².
        crossed = (up | down) & (turn > _ROUNDING * size)
        inside[some] = np.bincount(point[crossed], minlength=len(some)) % 2
    return inside
