from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import toy
from districttype.publish.shapes import (
    SCALE,
    encode_points,
    encode_polygons,
    simplify_zones,
    without_spikes,
)


def decode(shape: list[list[list[int]]]) -> shapely.Geometry:
    polygons = []
    for rings in shape:
        points = [np.cumsum(np.reshape(ring, (-1, 2)), axis=0) for ring in rings]
        polygons.append(shapely.Polygon(points[0], points[1:]))
    return shapely.union_all(polygons)


def test_neighbours_share_their_border_before_and_after() -> None:
    zones = toy.districts().geometry
    simple = simplify_zones(zones, 40.0)
    assert shapely.get_num_coordinates(simple.to_numpy()).sum() < (
        shapely.get_num_coordinates(zones.to_numpy()).sum() / 3
    )
    assert shapely.coverage_is_valid(simple.to_numpy())
    shapes = np.array([decode(shape) for shape in encode_polygons(simple)])
    assert shapely.coverage_is_valid(shapes)
    assert shapely.union_all(shapes).area == pytest.approx(shapely.area(shapes).sum())


def test_zones_that_overlap_are_simplified_one_by_one() -> None:
    circles = gpd.GeoSeries(
        [shapely.Point(0, 0).buffer(800), shapely.Point(500, 0).buffer(800)], crs=toy.TM35
    )
    simple = simplify_zones(circles, 20.0)
    assert (simple.area / circles.area).between(0.95, 1.0).all()


@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 3000)), min_size=3, max_size=30, unique=True
    )
)
def test_what_is_encoded_comes_back_within_a_step(points: list[tuple[int, int]]) -> None:
    hull = shapely.convex_hull(shapely.multipoints(points))
    if hull.geom_type != "Polygon" or hull.area < 400:
        return
    shape = shapely.transform(hull, lambda xy: xy + np.array([380_000, 6_670_000]))
    series = gpd.GeoSeries([shape], crs=toy.TM35)
    back = gpd.GeoSeries(
        [shapely.transform(decode(encode_polygons(series)[0]), lambda xy: xy / SCALE)], crs=4326
    ).to_crs(toy.TM35)
    assert back.iloc[0].hausdorff_distance(shape) < 1.5  # metres; a step is 1.1 m at most


def test_an_empty_zone_has_neither_shape_nor_point() -> None:
    series = gpd.GeoSeries([shapely.Polygon(), shapely.box(0, 0, 900, 900)], crs=toy.TM35)
    assert encode_polygons(series)[0] == []
    points = encode_points(series.representative_point())
    assert points[0] is None
    assert points[1] is not None


def test_a_cut_that_left_points_and_lines_is_simplified_by_its_polygons() -> None:
    square = shapely.box(0, 0, 100, 100)
    mixed = shapely.GeometryCollection(
        [shapely.box(100, 0, 200, 100), shapely.LineString([(300, 0), (300, 50)])]
    )
    shapes = gpd.GeoSeries([square, mixed, shapely.Polygon()], index=["a", "b", "c"], crs=3067)
    simple = simplify_zones(shapes, 4.0)
    assert list(simple.index) == ["a", "b", "c"]
    assert simple.area.tolist() == [10_000.0, 10_000.0, 0.0]


def test_spikes_are_trimmed_and_all_else_stays() -> None:
    square, island = shapely.box(0, 0, 500, 500), shapely.box(900, 0, 903, 40)
    spike = shapely.Polygon([(500, 0), (1200, 0), (500, 1)])
    spiky = shapely.union(square, spike)
    trimmed, same, kept = without_spikes(np.array([spiky, square, island]))
    assert trimmed.bounds[2] <= 504
    assert trimmed.area == pytest.approx(square.area, rel=1e-3)
    assert same is square
    assert kept is island
