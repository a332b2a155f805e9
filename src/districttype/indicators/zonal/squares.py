"""A grid of squares that tells from bounds alone in which zones most things lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from districttype.indicators.zonal.overlaps import BoolArray, FloatArray, IntArray, Shapes

# Squares a border comes this near to (in squares) count as crossed: it outweighs every rounding of
# the grid's own arithmetic, so a square called free of borders is.
_MARGIN = 1e-5
_MOST, _FEWEST = 1 << 22, 1 << 12


@dataclass(frozen=True)
class Squares:
    """Squares over the zones, each crossed by a border or wholly within one region.

    A region is a connected set of squares that no border crosses; all of it lies in the same zones
    (in none, in one, or in several where zones overlap). A thing whose bounds meet no crossed
    square lies wholly in the zones of the region it is in, whatever its shape.

    Attributes
    ----------
    origin, size
        Lower left corner of the grid and the side of a square, m.
    crossed
        Summed-area table: crossed squares below and left of each corner.
    region
        Region of each square; 0 where a border crosses it.
    first, zones
        Zones of region r: `zones[first[r]:first[r + 1]]`.
    edges, owner
        Edges of the zones (x0, y0, x1, y1), the zone on their left, and the zone of each.
    met, by
        Each crossed square (ascending), once for every edge that crosses it, and that edge.
    """

    origin: FloatArray
    size: float
    crossed: IntArray
    region: IntArray
    first: IntArray
    zones: IntArray
    edges: FloatArray
    owner: IntArray
    met: IntArray
    by: IntArray

    @classmethod
    def over(cls, zones: Shapes, n_things: int) -> Squares:
        """Lay squares over the zones, about four a thing or a hundred a zone."""
        low_x, low_y, high_x, high_y = shapely.total_bounds(zones)
        extent = np.array([high_x - low_x, high_y - low_y])
        n_squares = np.clip(max(4 * n_things, 100 * len(zones)), _FEWEST, _MOST)
        size = float(np.sqrt(extent.prod() / n_squares))
        # One ring of squares beyond the zones stands for all the world outside.
        columns, rows = np.ceil(extent / size).astype(int) + 3
        origin = np.array([low_x, low_y]) - 1.5 * size
        edges, owner = segments(shapely.orient_polygons(zones, exterior_cw=False))
        column, row, by = _crossed((edges - np.tile(origin, 2)) / size)
        met = row * columns + column
        order = np.argsort(met, kind="stable")
        met, by = met[order], by[order]
        crossed = np.zeros((rows, columns), dtype=bool)
        crossed.ravel()[met] = True
        region, n_regions = ndimage.label(~crossed)
        table = np.zeros((rows + 1, columns + 1), dtype=np.int32)
        np.cumsum(np.cumsum(crossed, axis=0, dtype=np.int32), axis=1, out=table[1:, 1:])
        # Any square stands for its region: the last one written wins.
        square = np.zeros(n_regions + 1, dtype=np.int64)
        square[region.ravel()] = np.arange(region.size)
        row, column = np.divmod(square[1:], columns)
        centre = shapely.points(origin + (np.stack([column, row], axis=1) + 0.5) * size)
        zone, inside = shapely.STRtree(centre).query(zones, predicate="intersects")
        order = np.lexsort((zone, inside))
        first = np.searchsorted(inside[order] + 1, np.arange(n_regions + 2))
        return cls(origin, size, table, region, first, zone[order], edges, owner, met, by)

    def regions(self, bounds: FloatArray) -> IntArray:
        """Return the region that wholly holds each rectangle; 0 where a border may come near."""
        low_x, low_y, high_x, high_y = self._squares(bounds)
        table = self.crossed
        hits = table[high_y + 1, high_x + 1] - table[low_y, high_x + 1]
        hits -= table[high_y + 1, low_x] - table[low_y, low_x]
        return np.where(hits > 0, 0, self.region[low_y, low_x])

    def edges_near(self, bounds: FloatArray, most: int) -> tuple[IntArray, IntArray, BoolArray]:
        """Return the pairs (position, edge) of rectangles and the edges near them.

        Rectangles of more than `most` squares are left out; the third array tells which are in.
        """
        low_x, low_y, high_x, high_y = self._squares(bounds)
        small = (high_x - low_x + 1) * (high_y - low_y + 1) <= most
        some = np.flatnonzero(small)
        line, row = runs(low_y[some], high_y[some])
        cell, column = runs(low_x[some][line], high_x[some][line])
        position, edge = self._met(some[line[cell]], row[cell], column)
        return position, edge, small

    def edges_along(self, start: FloatArray, end: FloatArray) -> tuple[IntArray, IntArray]:
        """Return the pairs (position, edge) of straight lines and the edges near them."""
        line = (np.concatenate([start, end], axis=1) - np.tile(self.origin, 2)) / self.size
        column, row, position = _crossed(line)
        rows, columns = self.region.shape
        there = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        return self._met(position[there], row[there], column[there])

    def _met(
        self, position: IntArray, row: IntArray, column: IntArray
    ) -> tuple[IntArray, IntArray]:
        """Return the pairs (position, edge), in order, of the edges that cross given squares."""
        square = row * self.region.shape[1] + column
        first, last = np.searchsorted(self.met, [square, square + 1])
        hit, at = runs(first, last - 1)
        # Almost in order already, which a stable sort makes use of and `np.unique` does not.
        key = np.sort(position[hit] * len(self.edges) + self.by[at], kind="stable")
        key = key[np.append(True, key[1:] != key[:-1])[: len(key)]]
        return key // len(self.edges), key % len(self.edges)

    def zones_of(self, region: IntArray) -> tuple[IntArray, IntArray]:
        """Return the pairs (position in `region`, zone) of things that lie wholly in a region."""
        start = self.first[region]
        size = np.where(region > 0, self.first[region + 1] - start, 0)
        position = np.repeat(np.arange(len(region)), size)
        within = np.arange(len(position)) - np.repeat(np.cumsum(size) - size, size)
        return position, self.zones[start[position] + within]

    def _squares(self, bounds: FloatArray) -> IntArray:
        """Return the column and row of the lower left and upper right corners (4, n)."""
        rows, columns = self.region.shape
        square = (bounds - np.tile(self.origin, 2)) / self.size
        square[np.isnan(square[:, 0])] = 0
        limit = np.array([columns - 1, rows - 1] * 2)
        corners: IntArray = np.clip(np.floor(square), 0, limit).astype(np.int64).T
        return corners


def segments(shapes: Shapes) -> tuple[FloatArray, IntArray]:
    """Return the edges (x0, y0, x1, y1) of all rings of polygons, and the polygon of each."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    begin = steps(points, ring)
    edges = np.concatenate([points[begin], points[begin + 1]], axis=1)
    return edges, owner[part[ring[begin]]]


def steps(points: FloatArray, line: IntArray) -> IntArray:
    """Return the points (n, 2) from which a line leads on to the next; the same twice is none."""
    return np.flatnonzero((line[1:] == line[:-1]) & (points[1:] != points[:-1]).any(axis=1))


def _crossed(edges: FloatArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return (column, row, edge) of each square that an edge enters or comes near to."""
    steep = np.abs(edges[:, 3] - edges[:, 1]) > np.abs(edges[:, 2] - edges[:, 0])
    level, upright = np.flatnonzero(~steep), np.flatnonzero(steep)
    column, row, edge = _walk(edges[level])
    # Walked along the longer side, an edge rises at most one square a step.
    row_up, column_up, edge_up = _walk(edges[upright][:, [1, 0, 3, 2]])
    return (
        np.concatenate([column, column_up]),
        np.concatenate([row, row_up]),
        np.concatenate([level[edge], upright[edge_up]]),
    )


def _walk(edges: FloatArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return (column, row, edge) of each square met by edges no steeper than 45 degrees."""
    edges = np.where((edges[:, 0] <= edges[:, 2])[:, None], edges, edges[:, [2, 3, 0, 1]])
    x0, y0, x1, y1 = edges.T
    slope = np.divide(y1 - y0, x1 - x0, out=np.zeros(len(edges)), where=x1 > x0)
    edge, column = runs(np.floor(x0 - _MARGIN), np.floor(x1 + _MARGIN))
    left = np.clip(column, x0[edge], x1[edge])
    right = np.clip(column + 1, x0[edge], x1[edge])
    ends = y0[edge] + np.stack([left - x0[edge], right - x0[edge]]) * slope[edge]
    step, row = runs(np.floor(ends.min(axis=0) - _MARGIN), np.floor(ends.max(axis=0) + _MARGIN))
    return column[step], row, edge[step]


def runs(low: NDArray[Any], high: NDArray[Any]) -> tuple[IntArray, IntArray]:
    """Return (position, number) for each whole number from `low` to `high` of each position."""
    size = np.maximum((high - low).astype(np.int64) + 1, 0)
    position = np.repeat(np.arange(len(low)), size)
    ahead = np.arange(len(position)) - np.repeat(np.cumsum(size) - size, size)
    return position, low.astype(np.int64)[position] + ahead


def cross(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the cross product of vectors (n, 2), row by row: positive where b turns left of a."""
    product: FloatArray = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product
