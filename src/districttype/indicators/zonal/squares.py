"""A grid of squares that tells from bounds alone in which zones most things lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy import ndimage

from districttype.indicators.zonal.overlaps import BoolArray, FloatArray, IntArray, Shapes

# Squares a border comes this near to (in squares) count as crossed: it outweighs every rounding of
# the grid's own arithmetic, so a square called free of borders is.
_MARGIN = 1e-6
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
    """

    origin: FloatArray
    size: float
    crossed: IntArray
    region: IntArray
    first: IntArray
    zones: IntArray

    @classmethod
    def over(cls, zones: Shapes, n_things: int) -> Squares:
        """Lay squares over the zones, about four a thing."""
        low_x, low_y, high_x, high_y = shapely.total_bounds(zones)
        extent = np.array([high_x - low_x, high_y - low_y])
        n_squares = np.clip(4 * n_things, _FEWEST, _MOST)
        size = float(np.sqrt(extent.prod() / n_squares))
        # One ring of squares beyond the zones stands for all the world outside.
        columns, rows = np.ceil(extent / size).astype(int) + 3
        origin = np.array([low_x, low_y]) - 1.5 * size
        crossed = _crossed(zones, origin, size, (rows, columns))
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
        return cls(origin, size, table, region, first, zone[order])

    def regions(self, bounds: FloatArray) -> IntArray:
        """Return the region that wholly holds each rectangle; 0 where a border may come near."""
        rows, columns = self.region.shape
        square = (bounds - np.tile(self.origin, 2)) / self.size
        nowhere = np.isnan(square[:, 0])
        square[nowhere] = 0
        limit = np.array([columns - 1, rows - 1] * 2)
        low_x, low_y, high_x, high_y = np.clip(np.floor(square), 0, limit).astype(np.int32).T
        table = self.crossed
        hits = table[high_y + 1, high_x + 1] - table[low_y, high_x + 1]
        hits -= table[high_y + 1, low_x] - table[low_y, low_x]
        return np.where(hits > 0, 0, self.region[low_y, low_x])

    def zones_of(self, region: IntArray) -> tuple[IntArray, IntArray]:
        """Return the pairs (position in `region`, zone) of things that lie wholly in a region."""
        start = self.first[region]
        size = np.where(region > 0, self.first[region + 1] - start, 0)
        position = np.repeat(np.arange(len(region)), size)
        within = np.arange(len(position)) - np.repeat(np.cumsum(size) - size, size)
        return position, self.zones[start[position] + within]


def segments(shapes: Shapes) -> tuple[FloatArray, IntArray]:
    """Return the edges (x0, y0, x1, y1) of all rings of polygons, and the polygon of each."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    joined = np.flatnonzero(ring[1:] == ring[:-1])
    edges = np.concatenate([points[joined], points[joined + 1]], axis=1)
    return edges, owner[part[ring[joined]]]


def _crossed(zones: Shapes, origin: FloatArray, size: float, shape: tuple[int, int]) -> BoolArray:
    """Return the squares that any border of a zone enters or comes within the margin of."""
    edges = (segments(zones)[0] - np.tile(origin, 2)) / size
    steep = np.abs(edges[:, 3] - edges[:, 1]) > np.abs(edges[:, 2] - edges[:, 0])
    crossed = np.zeros(shape, dtype=bool)
    column, row = _walk(edges[~steep])
    crossed[row, column] = True
    # Walked along the longer side, an edge rises at most one square a step.
    row, column = _walk(edges[steep][:, [1, 0, 3, 2]])
    crossed[row, column] = True
    return crossed


def _walk(edges: FloatArray) -> tuple[IntArray, IntArray]:
    """Return (column, row) of each square met by edges that are no steeper than 45 degrees."""
    edges = np.where((edges[:, 0] <= edges[:, 2])[:, None], edges, edges[:, [2, 3, 0, 1]])
    x0, y0, x1, y1 = edges.T
    slope = np.divide(y1 - y0, x1 - x0, out=np.zeros(len(edges)), where=x1 > x0)
    edge, column = _runs(np.floor(x0 - _MARGIN), np.floor(x1 + _MARGIN))
    left = np.clip(column, x0[edge], x1[edge])
    right = np.clip(column + 1, x0[edge], x1[edge])
    ends = y0[edge] + np.stack([left - x0[edge], right - x0[edge]]) * slope[edge]
    step, row = _runs(np.floor(ends.min(axis=0) - _MARGIN), np.floor(ends.max(axis=0) + _MARGIN))
    return column[step], row


def _runs(low: FloatArray, high: FloatArray) -> tuple[IntArray, IntArray]:
    """Return (position, number) for each whole number from `low` to `high` of each position."""
    size = (high - low).astype(np.int64) + 1
    position = np.repeat(np.arange(len(low)), size)
    ahead = np.arange(len(position)) - np.repeat(np.cumsum(size) - size, size)
    return position, low.astype(np.int64)[position] + ahead
