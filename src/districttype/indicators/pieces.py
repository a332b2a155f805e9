"""Large outlines cut into small pieces, so that what is asked of a corner costs a corner."""

from __future__ import annotations

import numpy as np
import shapely

from districttype.indicators.zonal.overlaps import IntArray, Shapes
from districttype.planar import common, polygonal

MOST_VERTICES = 128


def pieces(shapes: Shapes, most: int = MOST_VERTICES) -> tuple[Shapes, IntArray]:
    """Cut polygons into quarters until each piece has few vertices.

    A coast of 50,000 vertices is otherwise walked from end to end for every square it touches.

    Parameters
    ----------
    shapes
        Valid polygons.
    most
        Vertices a piece may have. (A piece no longer than a metre is left as it is.)

    Returns
    -------
    pieces, owner
        Polygons that cover the same ground without overlap, and which shape each is part of.
    """
    parts, owner = shapely.get_parts(shapes, return_index=True)
    done: list[tuple[Shapes, IntArray]] = []
    while len(parts):
        bounds = shapely.bounds(parts)
        side = np.max(bounds[:, 2:] - bounds[:, :2], axis=1)
        small = (shapely.get_num_coordinates(parts) <= most) | (side <= 1.0)
        done.append((parts[small], owner[small]))
        parts, owner = _quartered(parts[~small], owner[~small], bounds[~small])
    if not done:
        return np.zeros(0, dtype=object), np.zeros(0, dtype=np.int64)
    return np.concatenate([p for p, _ in done]), np.concatenate([o for _, o in done])


def _quartered(parts: Shapes, owner: IntArray, bounds: np.ndarray) -> tuple[Shapes, IntArray]:
    low_x, low_y, high_x, high_y = bounds.T
    mid_x, mid_y = (low_x + high_x) / 2, (low_y + high_y) / 2
    quarters = [
        common(parts, shapely.box(*corners))
        for corners in (
            (low_x, low_y, mid_x, mid_y),
            (mid_x, low_y, high_x, mid_y),
            (low_x, mid_y, mid_x, high_y),
            (mid_x, mid_y, high_x, high_y),
        )
    ]
    return _flat(np.concatenate(quarters), np.tile(owner, 4))


def _flat(shapes: Shapes, owner: IntArray) -> tuple[Shapes, IntArray]:
    """Return the polygons of which the shapes are made, each with its owner."""
    parts, index = shapely.get_parts(polygonal(shapes), return_index=True)
    kept = ~shapely.is_empty(parts)
    return parts[kept], owner[index[kept]]
