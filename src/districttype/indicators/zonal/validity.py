"""Which shapes are valid, told quickly for the many that are simple."""

from __future__ import annotations

import numpy as np
import shapely

from districttype.indicators.zonal.overlaps import (
    BoolArray,
    Shapes,
    in_threads,
)

_BLOCK = 1 << 13  # polygons whose coordinates stay in the processor's cache
_MOST_POINTS = 64
_LEAST_TURN = 1e-6  # m²; rounding is far below it


def is_valid(shapes: Shapes) -> BoolArray:
    """Tell which shapes are valid; a missing one is not.

    Most buildings are star-shaped: the whole outline can be seen from its middle. That takes a
    third of the time to find out that GEOS takes for validity, and implies it; only the others are
    given to GEOS.
    """
    return np.concatenate(in_threads(_check, shapes, least=_BLOCK))


def _check(shapes: Shapes) -> BoolArray:
    valid = np.zeros(len(shapes), dtype=bool)
    for start in range(0, len(shapes), _BLOCK):
        block = slice(start, start + _BLOCK)
        valid[block] = _is_star(shapes[block])
    unsure = np.flatnonzero(~valid)
    valid[unsure] = shapely.is_valid(shapes[unsure])
    return valid


def _is_star(shapes: Shapes) -> BoolArray:
    """Tell which shapes are polygons without holes that are surely star-shaped.

    Seen from the mean of the corners, the outline turns the same way along every edge, and once
    round in all: it passes from above the middle to below and back only once.
    """
    star = np.zeros(len(shapes), dtype=bool)
    points = shapely.get_num_coordinates(shapes)
    single = (shapely.get_type_id(shapes) == 3) & (shapely.get_num_interior_rings(shapes) == 0)
    points[~single | (points > _MOST_POINTS)] = 0
    for number in np.unique(points[points > 0]):
        some = np.flatnonzero(points == number)
        xy = shapely.get_coordinates(shapes[some]).reshape(len(some), number, 2)
        x, y = xy.transpose(2, 1, 0).copy()  # one row a corner, one column a polygon
        for axis in (x, y):
            np.subtract(axis, axis[0].copy(), out=axis)  # small numbers lose no digits
            np.subtract(axis, axis.mean(axis=0), out=axis)
        turn = x[:-1] * y[1:] - y[:-1] * x[1:]
        one_way = (turn.min(axis=0) > _LEAST_TURN) | (turn.max(axis=0) < -_LEAST_TURN)
        above = y >= 0
        star[some] = one_way & ((above[1:] != above[:-1]).sum(axis=0) == 2)
    return star
