"""The kernel on drawings small enough to check by eye, and its laws on random ones."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from rasterio.transform import Affine

from districttype.errors import CrsError, SchemaError
from districttype.indicators.zonal import (
    Things,
    nearest,
    overlap,
    overlap_chunks,
    partition,
    raster_shares,
    raster_total,
    within,
)
from districttype.indicators.zonal.validity import is_valid
from touching import WOOD, ZONE

box = shapely.box
# Three zones that meet in (100, 100): one below, two above.
THREE = np.array([box(0, 0, 200, 100), box(0, 100, 100, 200), box(100, 100, 200, 200)])


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString(points)


# --- polygons ---------------------------------------------------------------------------------


def test_a_building_on_the_corner_of_three_zones_is_cut_in_three() -> None:
    found = overlap(THREE, np.array([box(90, 90, 130, 110)]))
    assert_allclose(found.total(), [40 * 10, 10 * 10, 30 * 10])
    assert_allclose(found.share, [0.5, 0.125, 0.375])
    assert_allclose(found.total([800.0]), [400, 100, 300])


def test_what_only_touches_a_zone_is_not_in_it() -> None:
    assert_allclose(overlap(np.array([ZONE]), np.array([WOOD])).total(), [0], atol=1e-3)


def test_the_courtyard_of_a_building_does_not_count() -> None:
    courtyard = shapely.Polygon(box(90, 20, 110, 40).exterior, [box(95, 25, 105, 35).exterior])
    halves = np.array([box(0, 0, 100, 100), box(100, 0, 200, 100)])
    found = overlap(halves, np.array([courtyard]))
    assert_allclose(found.total(), [150, 150])


def test_a_zone_inside_a_courtyard_gets_nothing_and_an_enclave_is_cut_out() -> None:
    ring = shapely.Polygon(box(0, 0, 100, 100).exterior, [box(40, 40, 60, 60).exterior])
    zones = np.array([ring, box(40, 40, 60, 60)])
    found = overlap(zones, np.array([box(45, 45, 55, 55), box(35, 45, 45, 55)]))
    assert_allclose(found.by_class([0, 1], 2), [[0, 50], [100, 50]])


def test_what_lies_wholly_inside_keeps_its_area_to_the_last_bit() -> None:
    house = shapely.Polygon([(10.1, 10.2), (20.3, 11.4), (19.7, 21.9), (9.2, 20.1)])
    found = overlap(THREE, np.array([house]))
    assert found.measure[0] == house.area
    assert found.share[0] == 1.0


def test_a_building_that_only_touches_a_zone_is_not_in_it() -> None:
    found = overlap(THREE, np.array([box(20, 80, 60, 100)]))
    assert_array_equal(found.zone, [0])
    assert_array_equal(found.share, [1.0])


def test_in_overlapping_zones_a_building_counts_in_each() -> None:
    zones = np.array([box(0, 0, 100, 100), box(50, 0, 150, 100)])
    found = overlap(zones, np.array([box(60, 10, 70, 20), box(45, 10, 55, 20)]))
    assert_allclose(found.total(), [200, 150])


def test_a_zone_outside_everything_has_nothing_and_keeps_its_row() -> None:
    zones = np.append(THREE, box(5000, 5000, 5100, 5100))
    found = overlap(zones, np.array([box(10, 10, 20, 20), box(-500, 0, -490, 10)]))
    assert_allclose(found.total(), [100, 0, 0, 0])
    assert np.isnan(found.mean([3.0, 5.0])[3])


def test_no_things_and_no_zones_give_empty_answers() -> None:
    nothing = np.zeros(0, dtype=object)
    assert_array_equal(overlap(THREE, nothing).total(), [0, 0, 0])
    assert overlap(nothing, THREE).by_class([0, 0, 0], 2).shape == (0, 2)


def test_a_thing_larger_than_every_zone_is_cut() -> None:
    found = overlap(THREE, np.array([box(-1000, -1000, 1000, 1000)]))
    assert_allclose(found.total(), [20_000, 10_000, 10_000])


def test_things_may_come_in_chunks() -> None:
    things = np.array([box(90, 90, 130, 110), box(10, 10, 20, 20), box(150, 150, 160, 160)])
    at_once = overlap(THREE, things)
    bit_by_bit = overlap_chunks(THREE, iter([things[:1], things[1:1], things[1:]]), expected=2)
    assert_array_equal(bit_by_bit.zone, at_once.zone)
    assert_array_equal(bit_by_bit.thing, at_once.thing)
    assert_allclose(bit_by_bit.measure, at_once.measure)
    assert bit_by_bit.n_things == 3
    assert len(overlap_chunks(THREE, [], expected=0).zone) == 0


# --- sums -------------------------------------------------------------------------------------


def test_unknown_values_are_skipped_and_unknown_classes_too() -> None:
    found = overlap(THREE, np.array([box(10, 10, 20, 20), box(30, 10, 50, 20)]))
    assert_allclose(found.total([np.nan, 7.0])[0], 7)
    assert_allclose(found.by_class([-1, 1], 2)[0], [0, 200])
    assert_allclose(found.by_class([0, 1], 2, [5.0, np.nan])[0], [5, 0])


def test_means_and_quantiles_are_weighted_by_the_part_in_the_zone() -> None:
    things = np.array([box(10, 90, 20, 110), box(30, 10, 40, 20), box(50, 10, 60, 20)])
    found = overlap(THREE, things)
    # In zone 0: half of 4000 m2 of storeys 2, 1000 m2 of storeys 8, and one of unknown storeys.
    storeys, floor_area = [2.0, 8.0, np.nan], [4000.0, 1000.0, 500.0]
    assert_allclose(found.mean(storeys, floor_area), [(2 * 2000 + 8 * 1000) / 3000, 2, np.nan])
    assert_allclose(found.quantile(storeys, 0.5, floor_area), [2, 2, np.nan])
    assert_allclose(found.quantile(storeys, 0.9, floor_area), [8, 2, np.nan])


def test_counts_follow_the_shares() -> None:
    found = overlap(THREE, np.array([box(10, 90, 20, 110), box(30, 10, 40, 20)]))
    assert_allclose(found.count(), [1.5, 0.5, 0])
    assert_allclose(found.count([True, False]), [0.5, 0.5, 0])
    assert_allclose(found.select([True, False]).total(), [100, 100, 0])


def test_a_wrong_number_of_values_is_refused() -> None:
    found = overlap(THREE, np.array([box(10, 10, 20, 20)]))
    with pytest.raises(ValueError, match="one number for each of 1 things"):
        found.total([1.0, 2.0])
    with pytest.raises(ValueError, match="1 codes below 2"):
        found.by_class([2], 2)


# --- lines and points -------------------------------------------------------------------------


def test_streets_are_cut_at_borders_and_split_along_them() -> None:
    streets = np.array(
        [
            line((50, 50), (50, 180)),  # crosses from below to above
            line((0, 100), (60, 100)),  # runs along the border of 0 and 1
            line((200, 20), (200, 80)),  # runs along the city's edge
            line((80, 100), (80, 150), (100, 150), (100, 190)),  # leaves a border, joins another
        ]
    )
    found = overlap(THREE, streets)
    by_street = found.by_class([0, 1, 2, 3], 4)
    assert_allclose(by_street[0], [50, 30, 30, 0])
    assert_allclose(by_street[1], [80, 30, 0, 50 + 20 + 20])
    assert_allclose(by_street[2], [0, 0, 0, 20])


def test_a_line_that_runs_back_along_itself_keeps_its_length() -> None:
    there_and_back = line((50, 90), (50, 90), (50, 110), (50, 90))
    assert_allclose(overlap(THREE, np.array([there_and_back])).total(), [20, 20, 0])


def test_a_point_on_a_border_counts_once() -> None:
    stops = shapely.points([(50, 100), (100, 100), (100, 150), (200, 200), (0, 50), (300, 0)])
    found = overlap(THREE, stops)
    # On borders the zone to the north-east; at the outer corner the only one there is.
    assert_array_equal(found.by_class(range(6), 6), [
        [0, 0, 0, 0, 1, 0],
        [1, 0, 0, 0, 0, 0],
        [0, 1, 1, 1, 0, 0],
    ])  # fmt: skip


def test_a_point_on_the_border_of_one_zone_may_lie_inside_another() -> None:
    zones = [box(0, 0, 200, 100), box(100, 0, 200, 100), box(0, 0, 100, 100)]
    assert_array_equal(overlap(zones, [shapely.Point(100, 50)]).total(), [1, 1, 0])


def test_points_of_a_multipoint_count_each() -> None:
    found = overlap(THREE, np.array([shapely.MultiPoint([(10, 10), (20, 20), (50, 150)])]))
    assert_array_equal(found.total(), [2, 1, 0])
    assert_allclose(found.share, [2 / 3, 1 / 3])


def test_points_lines_and_polygons_may_stand_in_one_table() -> None:
    things = np.array([shapely.Point(10, 10), line((0, 50), (30, 50)), box(10, 10, 20, 20)])
    found = overlap(THREE, things)
    assert_array_equal(found.thing, [0, 1, 2])
    assert_allclose(found.measure, [1, 30, 100])


# --- refusals ---------------------------------------------------------------------------------


def test_invalid_shapes_are_refused_not_measured() -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    with pytest.raises(SchemaError, match=r"buildings: 1 of 2 shapes .* row 1: Self-inters"):
        overlap(THREE, np.array([box(0, 0, 1, 1), bow_tie]), where="buildings")
    with pytest.raises(SchemaError, match="zones: 1 of 1"):
        overlap(np.array([bow_tie]), THREE)
    with pytest.raises(SchemaError, match="missing"):
        overlap(THREE, np.array([None], dtype=object))
    with pytest.raises(SchemaError, match="only polygons"):
        overlap(np.array([shapely.Point(0, 0)]), THREE)


@given(st.lists(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=8),
                max_size=30))  # fmt: skip
@settings(deadline=None)
def test_what_is_told_quickly_of_validity_is_true(rings: list[list[tuple[int, int]]]) -> None:
    shapes = np.array([shapely.Polygon(ring) for ring in rings], dtype=object)
    assert_array_equal(is_valid(shapes), shapely.is_valid(shapes))


def test_coordinate_systems_must_be_metric_and_agree() -> None:
    metric = gpd.GeoSeries(THREE, crs="EPSG:3067")
    with pytest.raises(CrsError, match="different"):
        overlap(metric, gpd.GeoSeries(THREE, crs="EPSG:3879"))
    with pytest.raises(CrsError, match="cannot be measured"):
        overlap(metric, gpd.GeoSeries(THREE, crs="EPSG:4326"))
    assert len(overlap(metric, Things.of(metric)).zone) == 3


# --- laws -------------------------------------------------------------------------------------

whole = st.integers(0, 24)
corner = st.tuples(whole, whole)


@st.composite
def polygons(draw: st.DrawFn, *, least: int = 1) -> np.ndarray:
    """Draw polygons on a coarse raster of points, so that corners and edges often coincide."""
    made = []
    for points in draw(st.lists(st.lists(corner, min_size=3, max_size=8), min_size=least,
                                max_size=12)):  # fmt: skip
        hull = shapely.convex_hull(shapely.multipoints(points))
        if hull.geom_type == "Polygon":
            rest = shapely.difference(hull, box(8.5, 8.5, 11, 11))
            made += [part for part in shapely.get_parts(rest) if part.area > 0]
    return np.array(made, dtype=object)


@st.composite
def lines(draw: st.DrawFn) -> np.ndarray:
    found = draw(st.lists(st.lists(corner, min_size=2, max_size=5), max_size=10))
    return np.array([line(*p) for p in found if len(set(p)) > 1], dtype=object)


@st.composite
def zone_sets(draw: st.DrawFn) -> np.ndarray:
    """Draw a partition of the square (0, 0) to (24, 24)."""
    inner = st.integers(1, 23)
    xs = [0, *sorted(draw(st.sets(inner, max_size=3))), 24]
    ys = [0, *sorted(draw(st.sets(inner, max_size=3))), 24]
    zones = [box(a, b, c, d) for a, c in pairwise(xs) for b, d in pairwise(ys)]
    if draw(st.booleans()):  # cut one of them along its diagonal
        ring = zones.pop(draw(st.integers(0, len(zones) - 1))).exterior.coords
        zones += [shapely.Polygon(ring[:3]), shapely.Polygon([ring[2], ring[3], ring[0]])]
    return np.array(zones, dtype=object)


SQUARE = np.array([box(0, 0, 24, 24)])
points = st.lists(corner, max_size=30).map(
    lambda xy: shapely.points(np.array(xy, dtype=float).reshape(-1, 2))
)
anything = st.one_of(polygons(least=0), lines(), points)


@given(zone_sets(), anything)
@settings(deadline=None)
def test_measures_add_up_over_a_partition(zones: np.ndarray, things: np.ndarray) -> None:
    per_thing = np.eye(len(things)) if len(things) else np.zeros((0, 0))
    found = overlap(zones, things)
    city = overlap(SQUARE, things)
    assert_allclose(found.total().sum(), city.total()[0], rtol=1e-12, atol=1e-12)
    for values in per_thing:
        assert_allclose(found.total(values).sum(), city.total(values)[0], atol=1e-12)


def turned(shapes: np.ndarray, angle: float) -> np.ndarray:
    """Turn shapes round the middle of the square, so that hardly a corner meets a border."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return shapely.transform(shapes, lambda xy: (xy - 12) @ turn + 12)


@given(zone_sets(), polygons(), st.floats(0.01, 1.5), st.floats(0.1, 40))
@settings(deadline=None)
def test_cutting_by_edges_says_what_cutting_shapes_says(
    zones: np.ndarray, things: np.ndarray, angle: float, side: float
) -> None:
    things = turned(things, angle)
    several = shapely.multipolygons(
        [shapely.Point(x, y).buffer(side / 20, quad_segs=3) for x in (3, 12) for y in (5, 15)]
    )
    things = np.append(things, several if shapely.is_valid(several) else [])
    # Zones as a hole and its enclave, far from square: small enough to lie within one thing.
    enclave = turned(np.array([box(12, 12, 12.9, 12.7)]), angle / 2)[0]
    zones = np.append(zones, [enclave, shapely.difference(box(-9, -9, 30, 30), enclave)])
    found = overlap(zones, things)
    plain = shapely.area(shapely.intersection(zones[:, None], things[None, :]))
    dense = np.zeros_like(plain)
    dense[found.zone, found.thing] = found.measure
    assert_allclose(dense, plain, rtol=1e-9, atol=1e-9)


@given(zone_sets(), lines(), st.floats(0.01, 1.5))
@settings(deadline=None)
def test_lines_off_the_borders_are_as_long_as_when_cut(
    zones: np.ndarray, things: np.ndarray, angle: float
) -> None:
    pieces = [line(*ends) for one in turned(things, angle) for ends in pairwise(one.coords)
              if ends[0] != ends[1]]  # fmt: skip
    things = np.array(pieces, dtype=object)
    found = overlap(zones, things)
    plain = shapely.length(shapely.intersection(zones[:, None], things[None, :]))
    dense = np.zeros_like(plain)
    dense[found.zone, found.thing] = found.measure
    assert_allclose(dense, plain, rtol=1e-9, atol=1e-9)


@given(zone_sets(), polygons())
@settings(deadline=None)
def test_the_kernel_says_what_cutting_everything_says(
    zones: np.ndarray, things: np.ndarray
) -> None:
    found = overlap(zones, things)
    plain = shapely.area(shapely.intersection(zones[:, None], things[None, :]))
    dense = np.zeros_like(plain)
    dense[found.zone, found.thing] = found.measure
    assert_allclose(dense, plain, rtol=1e-9, atol=1e-9)


@given(zone_sets(), anything, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_order_does_not_matter(zones: np.ndarray, things: np.ndarray, random) -> None:
    order_z, order_t = list(range(len(zones))), list(range(len(things)))
    random.shuffle(order_z)
    random.shuffle(order_t)
    found = overlap(zones, things)
    other = overlap(zones[order_z], things[order_t])
    assert_allclose(other.total(), found.total()[order_z], rtol=1e-12, atol=1e-12)


@given(zone_sets(), anything, st.tuples(st.integers(-9, 9), st.integers(-9, 9)))
@settings(deadline=None)
def test_moving_everything_changes_nothing(
    zones: np.ndarray, things: np.ndarray, step: tuple[int, int]
) -> None:
    moved = [shapely.transform(shapes, lambda xy: xy + np.multiply(step, 64)) for shapes in
             (zones, things)]  # fmt: skip
    assert_allclose(overlap(*moved).total(), overlap(zones, things).total(), atol=1e-9)


# --- partition --------------------------------------------------------------------------------


def test_overlapping_polygons_become_a_partition_by_precedence() -> None:
    shapes = np.array([box(0, 0, 10, 10), box(5, 0, 15, 10), box(4, 4, 6, 6), box(5, 0, 8, 10),
                       box(20, 0, 30, 10)])  # fmt: skip
    classes = ["park", "housing", "water", "park", "park"]
    parts, kept = partition(shapes, classes, ["water", "park", "housing"])
    area = {name: shapely.area(parts[kept == name]).sum() for name in ("water", "park", "housing")}
    assert_allclose(list(area.values()), [4, 100 - 4 + 100, 50])
    assert shapely.union_all(parts).area == pytest.approx(shapely.area(parts).sum())
    assert parts[-1] is shapes[-1]


def test_a_class_without_precedence_is_refused() -> None:
    with pytest.raises(SchemaError, match="class swamp"):
        partition(np.array([box(0, 0, 1, 1)]), ["swamp"], ["park"])


@given(polygons(), st.integers(1, 3))
@settings(deadline=None)
def test_a_partition_covers_the_same_ground_once(things: np.ndarray, n: int) -> None:
    classes = np.arange(len(things)) % n
    parts, kept = partition(things, classes, range(n))
    ground = shapely.union_all(things)
    assert_allclose(shapely.area(parts).sum(), ground.area, rtol=1e-9, atol=1e-9)
    first = shapely.union_all(things[classes == 0])
    assert_allclose(shapely.area(parts[kept == 0]).sum(), first.area, rtol=1e-9, atol=1e-9)


# --- rasters ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def raster(tmp_path_factory: pytest.TempPathFactory):
    """Nine cells of 10 m; the last one has no data."""
    path = tmp_path_factory.mktemp("raster") / "cover.tif"
    cells = np.array([[1, 1, 2], [1, 9, 2], [3, 3, 0]], dtype="uint8")
    with rasterio.open(
        path, "w", driver="GTiff", height=3, width=3, count=1, dtype="uint8", nodata=0,
        crs="EPSG:3067", transform=Affine(10, 0, 380_000, 0, -10, 6_680_030),
    ) as file:  # fmt: skip
        file.write(cells, 1)
    return path


def at_raster(*boxes: tuple[float, float, float, float]) -> gpd.GeoSeries:
    corner = np.array([380_000, 6_680_000] * 2)
    return gpd.GeoSeries([box(*(corner + b)) for b in boxes], crs="EPSG:3067")


def test_raster_shares_are_exact_for_every_size_of_zone(raster) -> None:
    zones = at_raster((0, 0, 30, 30), (2, 22, 3, 23), (5, 0, 15, 10), (500, 0, 510, 10))
    shares = raster_shares(zones, raster, [1, 2, 3])
    assert_allclose(
        shares,
        [[3 / 9, 2 / 9, 2 / 9, 2 / 9], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
        atol=1e-7,
    )


def test_raster_totals_know_what_they_do_not_cover(raster) -> None:
    zones = at_raster((0, 0, 30, 30), (20, 0, 40, 10), (0, 15, 10, 20))
    total, coverage = raster_total(zones, raster, valid=(0, 10))
    assert_allclose(total, [22, np.nan, 0.5])
    assert_allclose(coverage, [8 / 9, 0, 1])
    with pytest.raises(SchemaError, match="values run from 1 to 9 where 0 to 5"):
        raster_total(zones, raster, valid=(0, 5))


def test_zones_in_another_system_are_put_into_the_raster_s(raster) -> None:
    zones = at_raster((0, 0, 30, 30)).to_crs("EPSG:3879")
    assert_allclose(raster_shares(zones, raster, [1])[0, 0], 3 / 9, rtol=1e-5)
    with pytest.raises(CrsError):
        raster_shares(zones.to_crs(4326), raster, [1])


# --- distances --------------------------------------------------------------------------------


def test_nearest_is_infinite_beyond_the_limit() -> None:
    houses = np.array([box(0, 0, 10, 10), box(100, 0, 110, 10)])
    stops = shapely.points([(13, 4), (50, 5)])
    assert_allclose(nearest(houses, stops), [3, 50])
    assert_allclose(nearest(houses, stops, 20), [3, np.inf])
    assert_allclose(nearest(houses, stops[:0]), [np.inf, np.inf])


def test_within_counts_a_thing_for_each_zone_near_it() -> None:
    found = within(THREE, shapely.points([(250, 50), (50, 250), (50, 100)]), 50)
    assert_array_equal(found.total(), [2, 2, 1])
    assert_array_equal(found.total([10.0, 1.0, 5.0]), [15, 6, 5])
