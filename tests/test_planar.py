"""Cutting polygons: what only touches is no part, and nothing is lost or made."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from districttype.planar import common, polygonal, without
from districttype.zones.land import keep, take_out
from touching import WOOD, ZONE


def test_what_only_touches_has_nothing_in_common() -> None:
    assert shapely.area(common(np.array([ZONE]), WOOD)).sum() < 1e-3
    assert shapely.area(common(np.array([WOOD]), ZONE)).sum() < 1e-3


def test_what_only_touches_takes_nothing_away() -> None:
    assert shapely.area(without(np.array([WOOD]), ZONE))[0] == pytest.approx(WOOD.area, abs=1e-2)
    assert shapely.area(without(np.array([ZONE]), WOOD))[0] == pytest.approx(ZONE.area, abs=1e-2)


def test_land_that_only_touches_a_zone_is_not_its_land() -> None:
    assert shapely.area(keep(np.array([ZONE]), np.array([WOOD]))).sum() < 1e-3
    left = take_out(np.array([ZONE]), np.array([WOOD]))
    assert shapely.area(left)[0] == pytest.approx(ZONE.area, abs=1e-2)


def test_a_part_with_its_inner_point_on_a_border_is_not_cut_anew() -> None:
    # A shore with a spike, in which GEOS finds an inner point 1e-10 m beside its border.
    shore = shapely.Polygon([
        (375754.04424787883, 6679273.785742225), (375772.85399355134, 6679317.971662167),
        (375745.0, 6679252.539925313), (375745.0, 6679279.8289154535),
    ])  # fmt: skip
    cell = box(375750.0, 6679250.0, 376000.0, 6679500.0)
    (found,) = common(np.array([cell]), shore)
    assert found.equals_exact(shapely.intersection(cell, shore))


def test_one_geometry_meets_many_pair_by_pair() -> None:
    squares = np.array([box(0, 0, 10, 10), box(5, 0, 15, 10), box(10, 0, 20, 10)])
    assert shapely.area(common(squares, box(0, 0, 10, 10))).tolist() == [100, 50, 0]
    assert shapely.area(without(squares, box(0, 0, 10, 10))).tolist() == [0, 50, 100]
    assert shapely.area(common(squares, squares[::-1])).tolist() == [0, 100, 0]


millimetres = st.integers(-500_000, 500_000).map(lambda x: x / 1000)
corners = st.lists(st.tuples(millimetres, millimetres), min_size=3, max_size=9).map(
    lambda points: shapely.convex_hull(shapely.multipoints(points))
)
polygons = corners.filter(lambda shape: shape.geom_type == "Polygon" and shape.area > 1)


@given(polygons, polygons)
def test_what_is_common_and_what_is_left_make_the_whole(one, other) -> None:
    shared = shapely.area(common(np.array([one]), other))[0]
    left = shapely.area(without(np.array([one]), other))[0]
    assert shared + left == pytest.approx(one.area, abs=1.0, rel=1e-6)
    assert shared == pytest.approx(shapely.area(common(np.array([other]), one))[0], abs=1.0)


def test_of_what_a_cut_leaves_the_polygons_are_kept() -> None:
    one, other = box(0, 0, 2, 2), box(5, 0, 6, 1)
    line, point = shapely.LineString([(0, 0), (9, 9)]), shapely.Point(7, 7)
    mixed = [
        shapely.GeometryCollection([one, line]),
        shapely.GeometryCollection([shapely.MultiPolygon([one, other]), point]),
        line,
        other,
        shapely.Polygon([(0, 0), (2, 0), (2, 1), (2, 0)]),  # folded onto a line
    ]
    found = polygonal(np.array(mixed, dtype=object))
    assert found[0] == one
    assert found[1] == shapely.MultiPolygon([one, other])
    assert found[3] == other
    assert shapely.is_empty(found).tolist() == [False, False, True, False, True]
    assert set(shapely.get_type_id(found)) <= {3, 6}
    small = polygonal(np.array([shapely.MultiPolygon([one, other])], dtype=object), least=1.5)
    assert small[0] == one
    assert len(polygonal(np.zeros(0, dtype=object))) == 0
