"""Walking distances on a drawing small enough to add up by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pyproj import CRS

from districttype.indicators.network import network_distance
from districttype.layers.schema import conform
from districttype.zones.network import DETOUR, Network

TM35 = CRS.from_epsg(3067)


def streets(*lines: list[tuple[float, float]], kind: str = "residential", **columns: object):
    frame = gpd.GeoDataFrame(
        {"kind": [kind] * len(lines), **columns},
        geometry=[shapely.LineString(p) for p in lines],
        crs=TM35,
    )
    return conform("streets", frame, TM35)


# A main street to the east, a lane north from its middle that ends on it without a common vertex,
# and a road that crosses both on bridges.
MAIN = [(0, 0), (600, 0), (1000, 0)]
LANE = [(400, 0.004), (400, 300)]
BRIDGE = [(200, -2000), (200, 150), (500, 150), (500, 2000)]
TOWN = streets(MAIN, LANE, BRIDGE)


def walk(source: tuple[float, float], target: tuple[float, float], limit: float = 5000) -> float:
    return network_distance(TOWN, shapely.points([source]), shapely.points([target]), limit)[0]


def test_the_way_leads_along_streets_and_straight_to_them() -> None:
    assert_allclose(walk((0, 0), (400, 300)), 700, rtol=1e-4)
    assert_allclose(walk((0, -10), (420, 250)), 10 + 400 + 250 + 20, rtol=1e-4)


def test_on_one_edge_the_way_is_the_part_between() -> None:
    assert_allclose(walk((650, 5), (900, -7)), 5 + 250 + 7)
    assert_allclose(walk((900, 0), (650, 0)), 250)


def test_the_nearest_of_several_sources_counts_and_the_limit_ends_the_walk() -> None:
    stops, houses = shapely.points([(0, 0), (1000, 0)]), shapely.points([(300, 0), (500, 0)])
    assert_allclose(network_distance(TOWN, stops, houses, 400), [300, np.inf], rtol=1e-4)
    assert_allclose(network_distance(TOWN, stops, houses, 501), [300, 500], rtol=1e-4)


def test_bridges_do_not_join_what_they_cross() -> None:
    assert walk((0, 0), (200, -1900)) == np.inf


def test_islands_and_motorways_are_not_walked() -> None:
    stub = streets(MAIN, [(0, 50), (80, 50)])
    assert_allclose(Network.of(stub).length.sum(), 1000)
    assert len(Network.of(streets(MAIN, kind="motorway"))) == 0
    assert len(Network.of(streets(MAIN, walkable=[False]))) == 0
    assert len(Network.of(streets(MAIN, kind="motorway", walkable=[True]))) == 2


def test_without_streets_the_straight_line_is_stretched() -> None:
    stops, houses = shapely.points([(0, 0)]), np.array([shapely.box(295, 395, 305, 405)])
    assert_allclose(network_distance(None, stops, houses, 1000), [500 * DETOUR])
    assert_allclose(network_distance(None, stops, houses, 600), [np.inf])
    far_off = shapely.points([(300, 5400)])
    assert_allclose(
        network_distance(TOWN, shapely.points([(0, 5000)]), far_off, 1000), [500 * DETOUR]
    )


def test_no_sources_and_no_targets_give_empty_answers() -> None:
    nothing = np.zeros(0, dtype=object)
    assert_allclose(network_distance(TOWN, nothing, shapely.points([(0, 0)]), 500), [np.inf])
    assert len(network_distance(TOWN, shapely.points([(0, 0)]), nothing, 500)) == 0


place = st.tuples(st.integers(-50, 1050), st.integers(-150, 400))


@given(place, place, st.integers(0, 10))
@settings(deadline=None)
def test_there_is_as_far_as_back_and_never_shorter_than_straight(
    a: tuple[int, int], b: tuple[int, int], step: int
) -> None:
    there, back = walk(a, b), walk(b, a)
    assert_allclose(there, back, atol=1e-6)
    assert there >= np.hypot(*np.subtract(a, b)) - 1e-6
    moved = gpd.GeoDataFrame(TOWN.drop(columns="geometry"),
                             geometry=TOWN.translate(step * 100, step), crs=TM35)  # fmt: skip
    shifted = [shapely.points([np.add(p, (step * 100, step))]) for p in (a, b)]
    assert_allclose(network_distance(moved, *shifted, 5000)[0], there, atol=1e-6)
