"""Shapes made light for pages."""

from __future__ import annotations

import geopandas as gpd
import shapely

from districttype.publish.shapes import simplify_zones


def test_a_cut_that_left_points_and_lines_is_simplified_by_its_polygons() -> None:
    square = shapely.box(0, 0, 100, 100)
    mixed = shapely.GeometryCollection(
        [shapely.box(100, 0, 200, 100), shapely.LineString([(300, 0), (300, 50)])]
    )
    shapes = gpd.GeoSeries([square, mixed, shapely.Polygon()], index=["a", "b", "c"], crs=3067)
    simple = simplify_zones(shapes, 4.0)
    assert list(simple.index) == ["a", "b", "c"]
    assert simple.area.tolist() == [10_000.0, 10_000.0, 0.0]
