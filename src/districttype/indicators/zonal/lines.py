"""Lines measured in zones: cut at borders, and shared where they run along one."""

from __future__ import annotations

import numpy as np
import shapely

from districttype.indicators.zonal.borders import zones_at
from districttype.indicators.zonal.overlaps import FloatArray, IntArray, Shapes
from districttype.indicators.zonal.squares import Squares, cross, runs, steps

# What is so near to a border runs along it, m. Streets that a border was drawn from are as near as
# rounding leaves them, about a nanometre; surveyed coordinates have millimetres.
_ALONG = 1e-6


def line_lengths(
    squares: Squares, zones: Shapes, lines: Shapes
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the length of lines in zones; what runs along a zone's border counts half.

    Each straight piece of a line is divided where a border crosses it, meets it or leaves it.
    Between two such places it lies wholly in the zones that its middle lies in, or along a border.

    Parameters
    ----------
    squares
        Squares over the zones.
    zones
        Polygons (prepared).
    lines
        Lines.

    Returns
    -------
    zone, line, length
        One entry a pair that has a stretch in common.
    """
    start, end, line = _pieces(lines)
    piece, edge = squares.edges_along(start, end)
    q0, q1 = squares.edges[edge, :2], squares.edges[edge, 2:]
    piece_at, share = _divisions(start[piece], end[piece], q0, q1)
    all_pieces = np.arange(len(start))
    piece_of = np.concatenate([all_pieces, all_pieces, piece[piece_at]])
    share = np.concatenate([np.zeros(len(start)), np.ones(len(start)), share])
    order = np.lexsort((share, piece_of))
    piece_of, share = piece_of[order], share[order]
    stretch = np.flatnonzero((piece_of[1:] == piece_of[:-1]) & (share[1:] > share[:-1]))
    of_piece = piece_of[stretch]
    along = (end - start)[of_piece]
    a, b = (start[of_piece] + along * share[stretch + k, None] for k in (0, 1))
    length = np.hypot(*(b - a).T)

    border, owner = _on_borders(squares, a, b, of_piece, piece, edge)
    n = len(zones)
    zone, inside = zones_at(squares, zones, (a + b) / 2)
    # Where a stretch runs along a zone's border, rounding alone says whether its middle is inside.
    inner = ~np.isin(inside * n + zone, border * n + owner)
    zone = np.append(zone[inner], owner)
    at = np.append(inside[inner], border)
    amount = np.append(length[inside[inner]], length[border] / 2)
    keys, index = np.unique(zone * len(lines) + line[of_piece[at]], return_inverse=True)
    sums = np.bincount(index, amount, minlength=len(keys)).astype(np.float64)
    return keys // len(lines), keys % len(lines), sums


def _pieces(lines: Shapes) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return the ends of the straight pieces of lines, and the line of each."""
    parts, owner = shapely.get_parts(lines, return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    begin = steps(points, part)
    return points[begin], points[begin + 1], owner[part[begin]]


def _divisions(
    p0: FloatArray, p1: FloatArray, q0: FloatArray, q1: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Return (row, share of the piece p) where border edges q cross it or have an end on it."""
    p, q = p1 - p0, q1 - q0
    length = np.hypot(*p.T)
    q0_side, q1_side = cross(p, q0 - p0), cross(p, q1 - p0)
    p0_side, p1_side = cross(q, p0 - q0), cross(q, p1 - q0)
    crossing = np.flatnonzero(((q0_side > 0) != (q1_side > 0)) & ((p0_side > 0) != (p1_side > 0)))
    row = [crossing]
    share = [p0_side[crossing] / (p0_side[crossing] - p1_side[crossing])]
    for side, corner in ((q0_side, q0), (q1_side, q1)):
        near = np.flatnonzero(np.abs(side) <= _ALONG * length)
        foot = ((corner - p0) * p).sum(axis=1)[near] / length[near] ** 2
        on_piece = (foot > 0) & (foot < 1)
        row.append(near[on_piece])
        share.append(foot[on_piece])
    return np.concatenate(row), np.concatenate(share)


def _on_borders(
    squares: Squares,
    a: FloatArray,
    b: FloatArray,
    of_piece: IntArray,
    piece: IntArray,
    edge: IntArray,
) -> tuple[IntArray, IntArray]:
    """Return the pairs (stretch, zone) of stretches that run along the border of a zone.

    Parameters
    ----------
    squares
        Squares over the zones.
    a, b, of_piece
        Ends of the stretches, and the piece that each is part of.
    piece, edge
        Pairs of pieces and the border edges near them, ordered by piece.
    """
    first, last = np.searchsorted(piece, [of_piece, of_piece + 1])
    stretch, at = runs(first, last - 1)
    near = edge[at]
    q0, q1 = squares.edges[near, :2], squares.edges[near, 2:]
    q = q1 - q0
    size = np.hypot(*q.T)
    off = np.maximum(*(np.abs(cross(q, end[stretch] - q0)) for end in (a, b)))
    foot = (((a + b)[stretch] / 2 - q0) * q).sum(axis=1)
    on = (off <= _ALONG * size) & (foot >= 0) & (foot <= size**2)
    n_zones = int(squares.owner.max()) + 1
    pairs = np.unique(stretch[on] * n_zones + squares.owner[near[on]])
    return pairs // n_zones, pairs % n_zones
