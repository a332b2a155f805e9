"""Overlapping polygons of one theme made into a partition of the plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from districttype.errors import SchemaError
from districttype.indicators.zonal.overlaps import Geometries, IntArray, Shapes
from districttype.indicators.zonal.things import Things
from districttype.planar import polygonal, without

_INTERIORS_MEET = "2********"


def partition(
    shapes: Geometries, classes: ArrayLike, precedence: Sequence[Any]
) -> tuple[Shapes, NDArray[Any]]:
    """Return polygons that overlap nowhere, with their classes.

    Where polygons overlap, the class that stands first in `precedence` keeps the ground; among
    polygons of one class the earlier row does. What overlaps nothing is left as it is.

    Parameters
    ----------
    shapes
        Valid polygons.
    classes
        Class of each polygon.
    precedence
        All classes that occur, the strongest first.

    Raises
    ------
    SchemaError
        If a shape is missing or invalid, or a class has no place in `precedence`.
    """
    polygons = Things.of(shapes, where="shapes to partition").shapes
    values = np.asarray(classes)
    rank_of = {value: rank for rank, value in enumerate(precedence)}
    strange = sorted({str(value) for value in np.unique(values) if value not in rank_of})
    if strange:
        raise SchemaError(f"no precedence is stated for class {', '.join(strange)}")
    rank = np.array([rank_of[value] for value in values.tolist()], dtype=np.int64)
    weaker, stronger = _conflicts(polygons, rank)
    if not len(weaker):
        return polygons, values
    losers, group = np.unique(weaker, return_inverse=True)
    # unary_union dissolves collections whose parts overlap, one collection a loser.
    taken = shapely.union_all(
        shapely.geometrycollections(polygons[stronger], indices=group)[:, None], axis=1
    )
    polygons = polygons.copy()
    polygons[losers] = polygonal(without(polygons[losers], taken))
    kept = ~shapely.is_empty(polygons)
    return polygons[kept], values[kept]


def _conflicts(polygons: Shapes, rank: IntArray) -> tuple[IntArray, IntArray]:
    """Return the pairs (weaker, stronger) of polygons whose interiors meet, ordered by weaker."""
    a, b = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    a, b = a[a < b], b[a < b]
    meets = shapely.relate_pattern(polygons[a], polygons[b], _INTERIORS_MEET)
    a, b = a[meets], b[meets]
    first_stronger = rank[a] <= rank[b]
    weaker, stronger = np.where(first_stronger, b, a), np.where(first_stronger, a, b)
    order = np.lexsort((stronger, weaker))
    return weaker[order], stronger[order]
