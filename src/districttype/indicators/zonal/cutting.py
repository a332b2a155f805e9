"""Small polygons cut at the borders of zones, all at once.

The area that a polygon has in common with a zone is a sum over edges (Green's theorem): half the
cross product of an edge's ends times the part of it that lies inside the other shape, over the
edges of both. How much of an edge lies inside follows from where it crosses the other shape's
edges, and from whether it ends inside. So no shape need be built to know its area.

A corner exactly on a border, or a wall along it, is treated as if the polygon were moved by an
infinitely small step to the north-east ("simulation of simplicity", Edelsbrunner and Mücke 1990),
which changes no area. Whatever comes so close that rounding could decide is left to GEOS, whose
predicates are exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from districttype.indicators.zonal.borders import zones_at
from districttype.indicators.zonal.overlaps import BoolArray, FloatArray, IntArray, Shapes
from districttype.indicators.zonal.squares import Squares, cross, runs, steps

# A corner nearer to a line than this is left to GEOS, m.
_TOO_NEAR = 1e-7
# A part this small of a polygon is rounding, and so is what it lacks of the whole.
_NOISE = 1e-11
# Polygons of more squares or vertices are left to GEOS: it pays to cut many small ones at once.
_MOST_SQUARES, _MOST_VERTICES, _MOST_MEETINGS = 400, 256, 4000


@dataclass(frozen=True)
class _Rings:
    """Edges of polygons, interiors to their left, in coordinates from each polygon's corner.

    Attributes
    ----------
    start, end
        (n, 2) ends of each edge, ordered by polygon and ring.
    polygon, ring
        Of each edge.
    first
        First edge of each polygon, and one past the last.
    cross
        Half the cross product of each edge's ends.
    begin
        (r, 2) a vertex of each ring, in the coordinates of the zones.
    """

    start: FloatArray
    end: FloatArray
    polygon: IntArray
    ring: IntArray
    first: IntArray
    cross: FloatArray
    begin: FloatArray

    @classmethod
    def of(cls, shapes: Shapes, corner: FloatArray) -> _Rings:
        parts, owner = shapely.get_parts(
            shapely.orient_polygons(shapes, exterior_cw=False), return_index=True
        )
        rings, part = shapely.get_rings(parts, return_index=True)
        points, ring = shapely.get_coordinates(rings, return_index=True)
        polygon = owner[part[ring]]
        begin = points[np.searchsorted(ring, np.arange(len(rings)))]
        points = points - corner[polygon]
        edge = steps(points, ring)
        start, end = points[edge], points[edge + 1]
        polygon = polygon[edge]
        first = np.searchsorted(polygon, np.arange(len(shapes) + 1))
        return cls(start, end, polygon, ring[edge], first, cross(start, end) / 2, begin)


def cut(
    squares: Squares, zones: Shapes, shapes: Shapes, bounds: FloatArray, whole: FloatArray
) -> tuple[IntArray, IntArray, FloatArray, BoolArray]:
    """Return the areas that small polygons near borders have in common with zones.

    Parameters
    ----------
    squares
        Squares over the zones.
    zones
        Polygons (prepared).
    shapes, bounds, whole
        Polygons with their bounds and areas.

    Returns
    -------
    zone, position, area
        One entry a pair that has ground in common.
    sure
        Which polygons were cut; the others have no entries.
    """
    position, edge, small = squares.edges_near(bounds, _MOST_SQUARES)
    met = _rectangles_meet(bounds[position], squares.edges[edge])
    position, edge = position[met], edge[met]
    vertices, crossings = (
        shapely.get_num_coordinates(shapes),
        np.bincount(position, minlength=len(shapes)),
    )
    simple = small & (vertices <= _MOST_VERTICES) & (vertices * crossings <= _MOST_MEETINGS)
    crossed = crossings > 0

    # No border comes into the bounds: the whole polygon is where their corner is.
    apart = np.flatnonzero(small & ~crossed)
    zone, at = zones_at(squares, zones, bounds[apart, :2])
    at = apart[at]

    some = np.flatnonzero(simple & crossed)
    place = np.full(len(shapes), -1)
    place[some] = np.arange(len(some))
    near = place[position] >= 0
    zone_cut, at_cut, area, sure_cut = _cut_by_edges(
        squares, zones, _Rings.of(shapes[some], bounds[some, :2]),
        bounds[some, :2], whole[some], place[position[near]], edge[near],
    )  # fmt: skip
    sure: BoolArray = small & ~crossed
    sure[some] = sure_cut
    where: IntArray = np.append(at, some[at_cut])
    return np.append(zone, zone_cut), where, np.append(whole[at], area), sure


def _cut_by_edges(
    squares: Squares,
    zones: Shapes,
    rings: _Rings,
    corner: FloatArray,
    whole: FloatArray,
    position: IntArray,
    edge: IntArray,
) -> tuple[IntArray, IntArray, FloatArray, BoolArray]:
    """Return what `cut` does, of polygons given the pairs (position, edge) that may meet."""
    q0, q1 = (squares.edges[edge].reshape(-1, 2, 2) - corner[position, None]).transpose(1, 0, 2)

    # Every edge of a polygon with every border edge near it, those at another height left out.
    pair, side = runs(rings.first[position], rings.first[position + 1] - 1)
    low, high = (f(rings.start[:, 1], rings.end[:, 1]) for f in (np.minimum, np.maximum))
    q_low, q_high = (f(q0[:, 1], q1[:, 1]) for f in (np.minimum, np.maximum))
    level = (low[side] <= q_high[pair] + _TOO_NEAR) & (high[side] >= q_low[pair] - _TOO_NEAR)
    pair, side = pair[level], side[level]
    meets = _Meetings.of(rings.start[side], rings.end[side], q0[pair], q1[pair])
    sure: BoolArray = np.ones(len(whole), dtype=bool)
    sure[position[pair[meets.unsure]]] = False

    # What the polygons' own edges give: rings that begin inside a zone, and where edges cross into
    # a zone or out of it.
    n_zones = len(zones)
    zone, ring = zones_at(squares, zones, rings.begin)
    of_ring = rings.polygon[np.searchsorted(rings.ring, np.arange(len(rings.begin)))]
    area_of_ring = np.bincount(rings.ring, rings.cross, minlength=len(rings.begin))
    upto = np.cumsum(rings.cross)
    ring_end = np.searchsorted(rings.ring, rings.ring, side="right") - 1
    edge_of, pair_of = side[meets.crossing], pair[meets.crossing]
    beyond = upto[ring_end[edge_of]] - upto[edge_of]
    beyond += (1 - meets.along_p) * rings.cross[edge_of]

    # What the border edges within the polygons give.
    inside = np.bincount(pair, meets.winds, minlength=len(edge))
    inside -= np.bincount(pair_of, meets.into_shape * meets.along_q, minlength=len(edge))

    key = position * n_zones + squares.owner[edge]
    keys = np.concatenate([of_ring[ring] * n_zones + zone, key[pair_of], key])
    unique, index = np.unique(keys, return_inverse=True)
    parts = [area_of_ring[ring], meets.into_zone * beyond, inside * cross(q0, q1) / 2]
    area = np.bincount(index, np.concatenate(parts), minlength=len(unique))
    place, zone = np.divmod(unique, n_zones)
    # Where nothing crosses and every ring begins inside, the polygon's own area is the answer.
    begun = np.bincount(index[: len(ring)], minlength=len(unique))
    held = begun == np.bincount(of_ring, minlength=len(whole))[place]
    meeting = np.append(np.ones(len(pair_of)), inside != 0)
    met = np.bincount(index[len(ring) :], meeting, minlength=len(unique)) > 0
    all_of_it = (held & ~met) | (area > (1 - _NOISE) * whole[place])
    kept = sure[place] & (all_of_it | (area > _NOISE * whole[place]))
    exact: FloatArray = np.where(all_of_it, whole[place], area)
    return zone[kept], place[kept], exact[kept], sure


@dataclass(frozen=True)
class _Meetings:
    """How edges (p0, p1) of polygons meet edges (q0, q1) of borders, row by row.

    Attributes
    ----------
    crossing
        Rows in which the two cross.
    along_p, along_q
        Where on either edge they do, 0..1.
    into_zone, into_shape
        1 where the polygon's edge crosses into the zone, or the border's into the polygon; else -1.
    winds
        What the polygon's edge adds to the winding number round q1.
    unsure
        Rows too close to call.
    """

    crossing: IntArray
    along_p: FloatArray
    along_q: FloatArray
    into_zone: IntArray
    into_shape: IntArray
    winds: IntArray
    unsure: IntArray

    @classmethod
    def of(cls, p0: FloatArray, p1: FloatArray, q0: FloatArray, q1: FloatArray) -> _Meetings:
        p, q = p1 - p0, q1 - q0
        # Which side of the border's edge the ends of the polygon's edge are on, and vice versa.
        p0_side, p1_side = cross(q, p0 - q0), cross(q, p1 - q0)
        q0_side, q1_side = cross(p, q0 - p0), cross(p, q1 - p0)
        # A tie is broken as if the polygon were moved by (s, s²), s infinitely small.
        q_tie = np.where(q[:, 1] != 0, -q[:, 1], q[:, 0]) > 0
        p_tie = np.where(p[:, 1] != 0, p[:, 1], -p[:, 0]) > 0
        p0_left, p1_left = (np.where(d != 0, d > 0, q_tie) for d in (p0_side, p1_side))
        q0_left, q1_left = (np.where(d != 0, d > 0, p_tie) for d in (q0_side, q1_side))
        p0_above, p1_above = p0[:, 1] >= q1[:, 1], p1[:, 1] >= q1[:, 1]
        winds = (~p0_above & p1_above & q1_left).astype(np.int64)
        winds -= p0_above & ~p1_above & ~q1_left
        at = np.flatnonzero((p0_left != p1_left) & (q0_left != q1_left))
        return cls(
            crossing=at,
            along_p=p0_side[at] / (p0_side[at] - p1_side[at]),
            along_q=q0_side[at] / (q0_side[at] - q1_side[at]),
            into_zone=np.where(p1_left[at], 1, -1),
            into_shape=np.where(q1_left[at], 1, -1),
            winds=winds,
            unsure=_too_close(p0, p1, q0, q1, (p0_side, p1_side, q0_side, q1_side)),
        )


def _too_close(
    p0: FloatArray, p1: FloatArray, q0: FloatArray, q1: FloatArray, sides: tuple[FloatArray, ...]
) -> IntArray:
    """Return the rows in which rounding may have decided on which side of an edge a corner is.

    A corner that lies on an edge for certain is not among them: where the two have a corner in
    common, or the edge runs along an axis, the tie is exact.
    """
    p, q = p1 - p0, q1 - q0
    p_long, q_long = (_TOO_NEAR * (np.abs(v[:, 0]) + np.abs(v[:, 1])) for v in (p, q))
    p0_side, p1_side, q0_side, q1_side = (np.abs(side) for side in sides)
    rows = np.flatnonzero(
        (np.minimum(p0_side, p1_side) < q_long) | (np.minimum(q0_side, q1_side) < p_long)
    )
    p0, p1, q0, q1, p, q = (v[rows] for v in (p0, p1, q0, q1, p, q))
    rows_near = (
        (np.minimum(p0, p1) <= np.maximum(q0, q1) + _TOO_NEAR)
        & (np.minimum(q0, q1) <= np.maximum(p0, p1) + _TOO_NEAR)
    ).all(axis=1)
    unsure = np.zeros(len(rows), dtype=bool)
    for side, long, line, corner, ends in (
        (p0_side, q_long, q, p0, (q0, q1)),
        (p1_side, q_long, q, p1, (q0, q1)),
        (q0_side, p_long, p, q0, (p0, p1)),
        (q1_side, p_long, p, q1, (p0, p1)),
    ):
        tie = (line == 0).any(axis=1)
        for end in ends:
            tie |= (corner == end).all(axis=1)
        distance = side[rows]
        unsure |= (distance < long[rows]) & ~(tie & (distance == 0))
    return rows[unsure & rows_near]


def _rectangles_meet(bounds: FloatArray, edges: FloatArray) -> BoolArray:
    """Tell which rectangles the edges enter, or come too near to for rounding to decide."""
    low, high = bounds[:, :2] - _TOO_NEAR, bounds[:, 2:] + _TOO_NEAR
    start, end = edges[:, :2], edges[:, 2:]
    along = end - start
    beside = (np.maximum(start, end) < low) | (np.minimum(start, end) > high)
    # All corners lie on one side of the edge if the middle is farther off than the corners reach.
    off = np.abs(cross(along, (low + high) / 2 - start))
    reach = (np.abs(along[:, ::-1]) * (high - low) / 2).sum(axis=1)
    return np.asarray(~beside.any(axis=1) & (off <= reach))
