"""Shapes checked and measured once, for any number of zone sets."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from districttype.errors import SchemaError
from districttype.indicators.zonal.overlaps import (
    FloatArray,
    Geometries,
    IntArray,
    Shapes,
)
from districttype.indicators.zonal.validity import is_valid
from districttype.layers.schema import require_metric

POINT, LINE, POLYGON = 0, 1, 2


@dataclass(frozen=True)
class Things:
    """Valid shapes with their bounds and measure, ready for any number of zone sets.

    Attributes
    ----------
    shapes
        Geometries, of any mix of points, lines and polygons.
    bounds
        (n, 4): low x, low y, high x, high y; NaN where a shape is empty.
    measure
        m² of polygons, m of lines, number of points.
    dimension
        0 for points, 1 for lines, 2 for polygons, -1 for empty collections.
    crs
        Coordinate system; None where the shapes came without one.
    """

    shapes: Shapes
    bounds: FloatArray
    measure: FloatArray
    dimension: IntArray
    crs: object

    @classmethod
    def of(cls, things: Geometries, *, where: str = "things") -> Things:
        """Check shapes and measure them once.

        Raises
        ------
        SchemaError
            If a shape is missing or invalid: its area would be a wrong number.
        CrsError
            If areas cannot be measured in their coordinate system.
        """
        shapes, crs = unpack(things, where)
        check_valid(shapes, where)
        dimension = shapely.get_dimensions(shapes).astype(np.int64)
        if len(shapes) and dimension.min() == dimension.max() == POLYGON:
            measure = shapely.area(shapes)
        else:
            measure = np.select(
                [dimension == POLYGON, dimension == LINE],
                [shapely.area(shapes), shapely.length(shapes)],
                np.where(dimension < 0, 0, shapely.get_num_coordinates(shapes)),
            ).astype(np.float64)
        return cls(shapes, shapely.bounds(shapes), measure, dimension, crs)

    def of_rows(self, rows: IntArray) -> Things:
        """Return some of the things."""
        return Things(
            self.shapes[rows], self.bounds[rows], self.measure[rows], self.dimension[rows], self.crs
        )

    def __len__(self) -> int:
        return len(self.shapes)


def unpack(shapes: Geometries, where: str) -> tuple[Shapes, object]:
    """Return the shapes as a plain array, and their coordinate system where one is stated."""
    if isinstance(shapes, (gpd.GeoSeries, gpd.GeoDataFrame)):
        return shapes.geometry.to_numpy(), require_metric(shapes.crs, where=where)
    return np.asarray(shapes, dtype=object), None


def check_valid(shapes: Shapes, where: str) -> None:
    """Refuse shapes that are missing or invalid: their area would be a wrong number."""
    valid = is_valid(shapes)
    if valid.all():
        return
    bad = np.flatnonzero(~valid)
    reason = "missing" if shapes[bad[0]] is None else shapely.is_valid_reason(shapes[bad[0]])
    raise SchemaError(
        f"{len(bad)} of {len(shapes)} shapes are missing or invalid, the first in row {bad[0]}: "
        f"{reason}",
        where=where,
        todo="repair them first, e.g. shapely.make_valid(shapes, method='structure')",
    )
