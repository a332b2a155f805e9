"""Arrays of shapes: the few things that every step of the reconstruction does with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from districttype.planar import common, polygonal

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]


def nothing(count: int) -> Shapes:
    """Return empty polygons."""
    return np.full(count, shapely.Polygon(), dtype=object)


@dataclass(frozen=True)
class Pieces:
    """Grid cells cut by the districts' land: no piece straddles a border or a shore.

    Attributes
    ----------
    shapes
        (m,) polygons.
    owner
        (m,) row of the district each lies in; pieces are sorted by it.
    cell
        (m,) number of the grid cell each is of, column by column from the south: several pieces
        may share one.
    area
        (m,) square metres.
    xy
        (m, 2) a point on each (the centroid, where that is inside).
    whole
        (m,) whether the piece is the whole cell.
    size
        Side of the grid's cells in metres.
    corner
        The grid's south-western corner.
    rows
        How many cells the grid has from south to north.
    """

    shapes: Shapes
    owner: Ints
    cell: Ints
    area: Floats
    xy: Floats
    whole: Bools
    size: float
    corner: tuple[float, float]
    rows: int

    def __len__(self) -> int:
        return len(self.shapes)

    def sums(self, values: Floats, districts: int) -> Floats:
        """Return the sum of the pieces' values in each district."""
        return np.bincount(self.owner, values, minlength=districts).astype(float)

    def locate(self, xy: Floats, owner: Ints) -> Ints:
        """Return the piece in which each point of a known district lies (-1: in none)."""
        column, row = np.floor((xy - self.corner) / self.size).astype(np.int64).T
        cell = column * self.rows + row
        span = int(max(self.cell.max(initial=0), cell.max(initial=0))) + 1
        keys = self.owner * span + self.cell
        wanted = owner * span + cell
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, place, -1)


def cut_to_grid(land: Shapes, size: float, origin: tuple[float, float] = (0.0, 0.0)) -> Pieces:
    """Cut land into the cells of a square grid.

    Parameters
    ----------
    land
        (n,) polygons that do not overlap; empty ones give no piece.
    size
        Side of a cell in metres.
    origin
        A corner of the grid.
    """
    bounds = shapely.total_bounds(land)
    start = np.floor((bounds[:2] - origin) / size).astype(np.int64)
    stop = np.ceil((bounds[2:] - origin) / size).astype(np.int64)
    ix, iy = (grid.ravel() for grid in np.meshgrid(*map(np.arange, start, stop), indexing="ij"))
    x, y = origin[0] + ix * size, origin[1] + iy * size
    boxes = shapely.box(x, y, x + size, y + size)
    owner, cell = shapely.STRtree(boxes).query(land, predicate="intersects")
    order = np.lexsort([cell, owner])
    owner, cell = owner[order], cell[order]
    shapely.prepare(land)
    whole = shapely.contains_properly(land[owner], boxes[cell])
    shapes = boxes[cell]
    cut = ~whole
    shapes[cut] = common(shapes[cut], land[owner[cut]])
    shapes = polygonal(shapes)
    area = shapely.area(shapes)
    keep = area > 1.0
    shapes, owner, cell, area, whole = (part[keep] for part in (shapes, owner, cell, area, whole))
    xy = shapely.get_coordinates(shapely.centroid(shapes))
    stray = ~whole
    inside = shapely.get_coordinates(shapely.point_on_surface(shapes[stray]))
    off = ~shapely.contains_xy(shapes[stray], xy[stray])
    xy[np.flatnonzero(stray)[off]] = inside[off]
    corner = (float(origin[0] + start[0] * size), float(origin[1] + start[1] * size))
    return Pieces(shapes, owner, cell, area, xy, whole, size, corner, int(stop[1] - start[1]))


def carve(pieces: Pieces, order: Floats, shares: Floats) -> tuple[Shapes, Ints, Ints]:
    """Divide each district's land into classes with exact shares, along an ordering of its pieces.

    Parameters
    ----------
    pieces
        Grid pieces of the districts' land.
    order
        (m,) pieces with the lowest value go to the first class.
    shares
        (n districts, k classes) shares of the district's land, each row with a sum of 1 or less;
        NaN is none.

    Returns
    -------
    Shapes, the piece each is of, and its class 0..k-1, or k for what is left over. A piece on the
    boundary between two classes is cut in two.
    """
    districts, classes = shares.shape
    known = np.nan_to_num(shares)
    known = np.column_stack([known, np.maximum(1.0 - known.sum(axis=1), 0.0)])
    rank = np.lexsort([order, pieces.owner])
    owner, area = pieces.owner[rank], pieces.area[rank]
    total = np.bincount(owner, area, minlength=districts)
    begin = before(area, owner)
    edges = np.cumsum(known, axis=1) * total[:, None]
    edges = np.column_stack([np.zeros(districts), edges])
    parts: list[Shapes] = []
    found: list[tuple[Ints, Ints]] = []
    for k in range(classes + 1):
        low, high = edges[owner, k], edges[owner, k + 1]
        inside = np.minimum(begin + area, high) - np.maximum(begin, low)
        take = np.flatnonzero(inside > 1e-6 * area)
        shape = pieces.shapes[rank[take]]
        part = np.flatnonzero(inside[take] < area[take] * (1 - 1e-6))
        skipped = np.maximum(low[take] - begin[take], 0.0)[part]
        shape[part] = _slice(shape[part], skipped, skipped + inside[take][part])
        parts.append(shape)
        found.append((rank[take], np.full(len(take), k)))
    piece, label = (np.concatenate(column) for column in zip(*found, strict=True))
    return polygonal(np.concatenate(parts)), piece, label


def dissolve(pieces: Pieces, shapes: Shapes, piece: Ints, label: Ints) -> tuple[Shapes, Ints, Ints]:
    """Return the union of the shapes of each district and label, sorted by both.

    Parameters
    ----------
    pieces
        Grid pieces.
    shapes, piece, label
        (s,) shapes, the piece that each is (a part) of, and its label.
    """
    owner = pieces.owner[piece]
    order = np.lexsort([label, owner])
    pairs, first = np.unique(np.column_stack([owner, label])[order], axis=0, return_index=True)
    squares = shapely.area(shapes) > (1 - 1e-9) * pieces.size**2
    groups = np.split(order, first[1:]) if len(order) else []
    # Whole squares share whole edges, which makes their union ten times cheaper.
    merged = [_union(shapes[own], squares[own]) for own in groups]
    return polygonal(np.array(merged, dtype=object)), pairs[:, 0], pairs[:, 1]


def _union(shapes: Shapes, squares: Bools) -> shapely.Geometry:
    return shapely.union_all([shapely.coverage_union_all(shapes[squares]), *shapes[~squares]])


def _slice(shapes: Shapes, start: Floats, stop: Floats) -> Shapes:
    """Return the part of each shape between two areas, counted from west to east."""
    west, south, east, north = shapely.bounds(shapes).T
    square = np.isclose(shapely.area(shapes), (east - west) * (north - south), rtol=1e-9)
    odd = np.flatnonzero(~square)
    cuts = []
    for area in (start, stop):
        cut = west + area / (north - south)
        low, high = west[odd], east[odd]
        for _ in range(32):
            x = (low + high) / 2
            left = common(shapes[odd], shapely.box(west[odd], south[odd], x, north[odd]))
            small = shapely.area(left) < area[odd]
            low, high = np.where(small, x, low), np.where(small, high, x)
        cut[odd] = (low + high) / 2
        cuts.append(np.clip(cut, west, east))
    parts = shapely.box(cuts[0], south, cuts[1], north)
    parts[odd] = common(shapes[odd], parts[odd])
    return np.asarray(parts, dtype=object)


def before(values: Floats, owner: Ints) -> Floats:
    """Return for each part the sum of those before it in its district.

    Parameters
    ----------
    values
        (m,) numbers of 0 or more.
    owner
        (m,) district of each part, sorted.
    """
    total = np.cumsum(values) - values
    begins = np.diff(owner, prepend=-1) != 0
    return np.asarray(total - np.maximum.accumulate(np.where(begins, total, 0.0)))


def apportion(counts: Ints, owner: Ints, weight: Floats) -> Ints:
    """Divide each district's whole number over its parts in proportion to their weights.

    Running sums are never off by one, so that parts which follow each other share fairly even where
    each would get less than one.

    Parameters
    ----------
    counts
        (n,) whole numbers to divide.
    owner
        (m,) district of each part, sorted.
    weight
        (m,) weights; a district whose weights are all zero divides nothing.
    """
    total = np.bincount(owner, weight, minlength=len(counts))
    begins = np.diff(owner, prepend=-1) != 0
    # Summed in one run that never falls, or rounding would give a part less than nothing.
    running = np.cumsum(weight)
    start = np.maximum.accumulate(np.where(begins, running - weight, 0.0))
    part = np.minimum((running - start) / np.where(total > 0, total, np.inf)[owner], 1.0)
    # All parts together are the whole, whatever the rounding of a long running sum.
    part[np.append(begins[1:], True)[: len(part)] & (total[owner] > 0)] = 1.0
    steps = np.floor(part * counts[owner] + 0.5).astype(np.int64)
    return np.asarray(steps - np.where(begins, 0, np.append(0, steps[:-1])))
