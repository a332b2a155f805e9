"""Streets: a plane network with the published number of intersections in every district.

Intersections are scattered over the land by a low-discrepancy sequence and not by chance, more of
them where more people live, and joined by the Gabriel graph (two are joined if no third lies in the
circle between them), which looks much like a street network and is connected. An intersection has
three arms or more; one that the graph gives fewer gets its shortest missing links, and where water
or the border is in the way, dead ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import Delaunay, cKDTree

from districttype.sources.figures.shapes import (
    Bools,
    Floats,
    Ints,
    Pieces,
    Shapes,
    apportion,
)

MARGIN_M = 8.0  # of intersections from borders and shores
CLOSEST_M = 20.0  # of intersections to each other
INSET = 0.08  # margin of whole cells, as a share of their side
TRIES = 48
ROUNDS = 60
BLOCK = 50_000  # pieces at a time, to keep large cities in memory
CLOSEST_HA = 1.25  # land an intersection needs, or the blocks between get too small for houses
ARMS = 3
DEAD_END_M = (15.0, 80.0)
SHRINKS = 8  # how often a dead end that meets a street or the water is halved


@dataclass(frozen=True)
class Network:
    """Streets as straight links between points.

    Attributes
    ----------
    xy
        (v, 2) intersections, then ends of dead ends.
    junctions
        How many of the points are intersections.
    links
        (e, 2) numbers of the points that each street joins.
    triangles, corners
        (e, 2) triangles of the Delaunay triangulation beside each street (-1: none), and their
        (t, 3) corners; what stands within a triangle crosses no street.
    """

    xy: Floats
    junctions: int
    links: Ints
    triangles: Ints
    corners: Ints

    @property
    def lines(self) -> Shapes:
        """Return the streets as lines."""
        return np.asarray(shapely.linestrings(self.xy[self.links]), dtype=object)


def scatter(counts: Ints, pieces: Pieces, weight: Floats) -> tuple[Floats, Ints]:
    """Scatter so many points over the land of every district; by rule, not by chance.

    Parameters
    ----------
    counts
        (n,) points wanted in each district.
    pieces
        Grid pieces of the land.
    weight
        (m,) how many of its district's points each piece should get, in any unit.

    Returns
    -------
    (sum of counts, 2) points, well apart from each other and from borders, and their districts;
    fewer if there is no room for all.
    """
    usable = pieces.shapes.copy()
    partial = np.flatnonzero(~pieces.whole)
    usable[partial] = shapely.buffer(usable[partial], -MARGIN_M, join_style="mitre")
    open_area = shapely.area(usable)
    weight = np.where(open_area > 400.0, weight, 0.0)
    weight = _level(weight, open_area, pieces.owner, counts)
    share = apportion(counts, pieces.owner, weight)
    boxes = shapely.bounds(usable)
    points, piece = np.zeros((0, 2)), np.zeros(0, dtype=np.int64)
    for turn in range(ROUNDS + len(share) // BLOCK):
        missing = share - np.bincount(piece, minlength=len(share))
        todo = np.flatnonzero(missing > 0)[:BLOCK]
        if not len(todo):
            break
        unit = _stretch(turn * len(share) + todo)
        inset = np.where(pieces.whole[todo], INSET, 0.0)[:, None, None]
        unit = inset + unit * (1 - 2 * inset)
        low, high = boxes[todo, None, :2], boxes[todo, None, 2:]
        xy = np.round(low + unit * (high - low), 2)
        inside = np.ones(xy.shape[:2], dtype=bool)
        cut = ~pieces.whole[todo]
        shapely.prepare(usable[todo[cut]])
        inside[cut] = shapely.contains_xy(usable[todo[cut], None], xy[cut, :, 0], xy[cut, :, 1])
        take = inside & (np.cumsum(inside, axis=1) <= missing[todo, None])
        points = np.vstack([points, xy[take]])
        piece = np.append(piece, np.repeat(todo, take.sum(axis=1)))
        close = cKDTree(points).query_pairs(CLOSEST_M, output_type="ndarray")
        keep = np.setdiff1d(np.arange(len(points)), close.max(axis=1, initial=-1))
        points, piece = points[keep], piece[keep]
    order = np.argsort(piece, kind="stable")
    return points[order], pieces.owner[piece[order]]


def _level(weight: Floats, area: Floats, owner: Ints, counts: Ints) -> Floats:
    """Flatten weights so that no place gets more points than it has room for, if that can be."""
    n = len(counts)
    room = np.where(weight > 0, area / (CLOSEST_HA * 1e4), 0.0)
    everywhere = np.bincount(owner, room, minlength=n)
    room *= np.maximum(counts / np.maximum(everywhere, 1e-9), 1.0)[owner]
    for _ in range(8):
        total = np.bincount(owner, weight, minlength=n)
        weight = np.minimum(weight * (counts / np.maximum(total, 1e-9))[owner], room)
    return weight


def _stretch(number: Ints) -> Floats:
    """Return stretches of a low-discrepancy sequence (R2 of Roberts), (len(number), TRIES, 2)."""
    plastic = 1.32471795724474602596
    step = np.array([1 / plastic, 1 / plastic**2])
    index = number[:, None, None] * TRIES + np.arange(1, TRIES + 1)[:, None]
    return np.asarray((0.5 + index * step) % 1.0)


def join(xy: Floats, land: shapely.Geometry) -> Network:
    """Join intersections to a street network that stays on land.

    Parameters
    ----------
    xy
        (v, 2) intersections.
    land
        The whole dry land.
    """
    corners, edges, sides = _triangulate(xy)
    shapely.prepare(land)
    dry = shapely.covers(land, shapely.linestrings(xy[edges]))
    gabriel = _gabriel(xy, corners, edges, sides)
    chosen = gabriel & dry
    chosen = _complete(xy, edges, chosen, dry)
    links, beside = edges[chosen], sides[chosen]
    ends, stems = _dead_ends(xy, links, land)
    both = np.vstack([links, np.column_stack([stems, len(xy) + np.arange(len(stems))])])
    none = np.full((len(stems), 2), -1)
    return Network(
        np.vstack([xy, ends]), len(xy), both.astype(np.int64), np.vstack([beside, none]), corners
    )


def _triangulate(xy: Floats) -> tuple[Ints, Ints, Ints]:
    """Return triangles, their edges, and the one or two triangles beside each edge."""
    if len(xy) < 4:
        return np.zeros((0, 3), int), np.zeros((0, 2), int), np.zeros((0, 2), int)
    corners = Delaunay(xy - xy.mean(axis=0)).simplices.astype(np.int64)
    pairs = np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    triangle = np.tile(np.arange(len(corners)), 3)
    edges, edge = np.unique(pairs, axis=0, return_inverse=True)
    edge = edge.ravel()
    order = np.argsort(edge, kind="stable")
    first = np.searchsorted(edge[order], np.arange(len(edges)))
    count = np.bincount(edge, minlength=len(edges))
    second = np.where(count == 2, triangle[order][np.minimum(first + 1, len(order) - 1)], -1)
    return corners, edges, np.column_stack([triangle[order][first], second])


def _gabriel(xy: Floats, corners: Ints, edges: Ints, sides: Ints) -> Bools:
    keep = np.ones(len(edges), dtype=bool)
    for side in sides.T:
        having = side >= 0
        a, b = edges[having].T
        opposite = corners[side[having]].sum(axis=1) - a - b
        to_a, to_b = xy[a] - xy[opposite], xy[b] - xy[opposite]
        keep[having] &= (to_a * to_b).sum(axis=1) > 0
    return keep


def _complete(xy: Floats, edges: Ints, chosen: Bools, dry: Bools) -> Bools:
    """Give intersections with too few arms their shortest missing links."""
    length = np.linalg.norm(xy[edges[:, 0]] - xy[edges[:, 1]], axis=1)
    chosen = chosen.copy()
    for _ in range(ARMS):
        degree = np.bincount(edges[chosen].ravel(), minlength=len(xy))
        free = np.flatnonzero(dry & ~chosen)
        ends = edges[free]
        point = ends.T.ravel()
        which = np.tile(free, 2)
        lacking = degree[point] < ARMS
        point, which = point[lacking], which[lacking]
        order = np.lexsort([which, length[which], point])
        _, first = np.unique(point[order], return_index=True)
        chosen[which[order[first]]] = True
    return chosen


def _dead_ends(xy: Floats, links: Ints, land: shapely.Geometry) -> tuple[Floats, Ints]:
    """Return ends of dead ends, and their stems, so that every intersection has its arms."""
    ends, stems = np.zeros((0, 2)), np.zeros(0, dtype=np.int64)
    lines = shapely.linestrings(xy[links])
    tree = shapely.STRtree(lines)
    nearest = cKDTree(xy).query(xy, k=2)[0][:, 1] if len(xy) > 1 else np.full(len(xy), np.inf)
    for _ in range(ARMS):
        points = np.vstack([xy, ends])
        arms = np.vstack([links, np.column_stack([stems, len(xy) + np.arange(len(stems))])])
        arms = arms.astype(np.int64)
        stem = np.flatnonzero(np.bincount(arms.ravel(), minlength=len(points))[: len(xy)] < ARMS)
        if not len(stem):
            break
        angle = _widest_gap(points, arms, stem)
        reach = np.clip(0.35 * _shortest_arm(points, arms, stem), *DEAD_END_M)
        # Less than half the way to the next intersection, so that no two dead ends meet.
        reach = np.minimum(reach, 0.45 * nearest[stem])
        way = np.column_stack([np.cos(angle), np.sin(angle)])
        for _ in range(SHRINKS):
            tip = np.round(xy[stem] + reach[:, None] * way, 2)
            line = shapely.linestrings(np.stack([xy[stem], tip], axis=1))
            bad = ~shapely.covers(land, line)
            bad[tree.query(line, predicate="crosses")[0]] = True
            reach = np.where(bad, reach / 2, reach)
        ends, stems = np.vstack([ends, tip]), np.append(stems, stem)
    return ends, stems


def _widest_gap(points: Floats, arms: Ints, stem: Ints) -> Floats:
    """Return the direction between the two arms that are farthest apart, for each stem."""
    start = np.append(arms[:, 0], arms[:, 1])
    end = np.append(arms[:, 1], arms[:, 0])
    keep = np.isin(start, stem)
    start, end = start[keep], end[keep]
    way = points[end] - points[start]
    angle = np.arctan2(way[:, 1], way[:, 0])
    order = np.lexsort([angle, start])
    start, angle = start[order], angle[order]
    last = np.append(start[1:] != start[:-1], True) if len(start) else np.zeros(0, bool)
    first = np.append(True, start[1:] != start[:-1]) if len(start) else np.zeros(0, bool)
    following = np.append(angle[1:], 0.0)
    following[last] = angle[first] + 2 * np.pi
    width = following - angle
    best = np.lexsort([width, start])
    keys, where = np.unique(start[best][::-1], return_index=True)
    chosen = best[::-1][where]
    direction = np.zeros(len(stem))
    row = np.searchsorted(keys, stem)
    having = np.isin(stem, keys)
    direction[having] = (angle + width / 2)[chosen[row[having]]]
    return direction


def _shortest_arm(points: Floats, arms: Ints, stem: Ints) -> Floats:
    length = np.linalg.norm(points[arms[:, 0]] - points[arms[:, 1]], axis=1)
    shortest = np.full(len(points), 200.0)
    np.minimum.at(shortest, arms.ravel(), np.repeat(length, 2))
    return shortest[stem]
