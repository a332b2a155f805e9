"""Walks along streets, on drawings small enough to add up by hand."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from shapely import LineString, Point, box

from districttype.indicators.measure import measure
from districttype.indicators.near import Walks
from districttype.layers.layer import Layers
from districttype.layers.schema import conform
from districttype.zones.network import DETOUR, OFF_STREET, Network
from town import TM35, building, layer, zones


def streets(*lines: list[tuple[float, float]], kind: str = "residential", **columns: object):
    frame = gpd.GeoDataFrame(
        {"kind": [kind] * len(lines), **columns},
        geometry=[LineString(p) for p in lines],
        crs=TM35,
    )
    return conform("streets", frame, TM35)


# A main street to the east, a lane north from its middle that ends on it without a common vertex,
# and a road that crosses both on bridges.
MAIN = [(0, 0), (600, 0), (1000, 0)]
LANE = [(400, 0.004), (400, 300)]
BRIDGE = [(200, -2000), (200, 150), (500, 150), (500, 2000)]
TOWN = Network.of(streets(MAIN, LANE, BRIDGE))
# A street with a side street, and a bent one.
VILLAGE = Network.of(
    streets(
        [(0, 0), (1000, 0), (2000, 0)], [(1000, 0), (1000, 700)], [(0, 0), (0, 500), (400, 500)]
    )
)
NOWHERE = Network.of(None)


def walks(network: Network, starts: list, goals: list, limit: float) -> np.ndarray:
    return Walks.from_points(network, shapely.points(starts)).distance(shapely.points(goals), limit)


def walk(start: tuple[float, float], goal: tuple[float, float], limit: float = 5000) -> float:
    return walks(TOWN, [start], [goal], limit)[0]


def test_the_way_leads_along_streets_and_straight_to_them() -> None:
    assert_allclose(walk((0, 0), (400, 300)), 700, rtol=1e-4)
    assert_allclose(walk((0, -10), (420, 250)), 10 + 400 + 250 + 20, rtol=1e-4)


def test_on_one_edge_the_way_is_the_part_between() -> None:
    assert_allclose(walk((650, 5), (900, -7)), 5 + 250 + 7)
    assert_allclose(walk((900, 0), (650, 0)), 250)


def test_the_nearest_of_several_goals_counts_and_the_limit_ends_the_walk() -> None:
    houses, stops = [(300, 0), (500, 0)], [(0, 0), (1000, 0)]
    assert_allclose(walks(TOWN, houses, stops, 400), [300, np.inf], rtol=1e-4)
    assert_allclose(walks(TOWN, houses, stops, 501), [300, 500], rtol=1e-4)


def test_bridges_do_not_join_what_they_cross() -> None:
    assert walk((0, 0), (200, -1900)) == np.inf


def test_islands_and_motorways_are_not_walked() -> None:
    stub = streets(MAIN, [(0, 50), (80, 50)])
    assert_allclose(Network.of(stub).length.sum(), 1000)
    assert len(Network.of(streets(MAIN, kind="motorway"))) == 0
    assert len(Network.of(streets(MAIN, walkable=[False]))) == 0
    assert len(Network.of(streets(MAIN, kind="motorway", walkable=[True]))) == 2


def test_without_streets_the_straight_line_is_stretched() -> None:
    house = np.array([box(295, 395, 305, 405)])
    stop = Walks.from_points(NOWHERE, shapely.points([(0, 0)]))
    assert_allclose(stop.distance(house, 1000), [500 * DETOUR])
    assert_allclose(stop.distance(house, 600), [np.inf])
    assert_allclose(walks(TOWN, [(0, 5000)], [(300, 5400)], 1000), [500 * DETOUR])


def test_no_goals_and_no_starts_give_empty_answers() -> None:
    nothing = np.zeros(0, dtype=object)
    here = shapely.points([(0, 0)])
    for network in (TOWN, NOWHERE):
        assert_allclose(Walks.from_points(network, here).distance(nothing, 500), [np.inf])
        assert len(Walks.from_points(network, nothing).distance(here, 500)) == 0


def test_half_the_floor_area_of_a_drawing_is_a_walk_of_400_m_from_a_stop() -> None:
    """A stop at (1000, 0): one house 300 m along the street, one 250 m off behind the gardens."""
    street = layer("streets", *({"kind": "residential", "geometry": LineString(line)} for line in (
        [(0, 0), (1000, 0), (2000, 0)], [(1000, 0), (1000, 700)])))  # fmt: skip
    house = {"use": "row", "floor_area_m2": 100}
    tables = {
        "streets": street,
        "buildings": layer(
            "buildings",
            building("along", box(695, 5, 705, 15), **house),  # 10 + 300 m
            building("corner", box(995, 385, 1005, 395), **house),  # 390 m up the side street
            building("farther", box(995, 405, 1005, 415), **house),  # 410 m up the side street
            building("gardens", box(740, 185, 760, 195), **house),  # 321 m off, 190 + 250 m to walk
        ),
        "stops": layer("stops", {"mode": "bus", "geometry": Point(1000, 0)}),
    }
    layers = Layers(TM35, tables)
    shapes = {"all": box(0, 0, 2000, 700), "west": box(0, 0, 900, 700)}
    share = measure(zones(shapes, layers), layers)["floor_near_stop_share"]
    assert share.to_dict() == pytest.approx({"all": 0.5, "west": 0.5})


def feet(network: Network, point: tuple[float, float]) -> list[tuple[float, Point, int]]:
    """Return how far each edge is from a point, and where it is nearest; the nearest edge first."""
    lines = shapely.linestrings(network.nodes[network.edges])
    at = shapely.line_interpolate_point(lines, shapely.line_locate_point(lines, Point(point)))
    far = shapely.distance(at, Point(point))
    return [(far[i], at[i], i) for i in np.argsort(far, kind="stable")]


def assume_one_nearest_street(network: Network, *points: tuple[float, float]) -> None:
    """Pass over places as near to one street as to another: either would be right."""
    for point in points:
        (near, foot, _), *others = feet(network, point)
        assume(abs(near - OFF_STREET) > 1e-3)
        assume(all(far > near + 1e-3 or at.distance(foot) < 1e-6 for far, at, _ in others))


place = st.tuples(st.integers(-50, 1050), st.integers(-150, 400))


@given(place, place, st.integers(0, 10))
@settings(deadline=None)
def test_there_is_as_far_as_back_and_never_shorter_than_straight(
    a: tuple[int, int], b: tuple[int, int], step: int
) -> None:
    assume_one_nearest_street(TOWN, a, b)
    there, back = walk(a, b), walk(b, a)
    assert_allclose(there, back, atol=1e-6)
    assert there >= np.hypot(*np.subtract(a, b)) - 1e-6
    moved = Network(np.add(TOWN.nodes, (step * 100, step)), TOWN.edges, TOWN.length)
    begin, end = (np.add(p, (step * 100, step)) for p in (a, b))
    assert_allclose(walks(moved, [begin], [end], 5000)[0], there, atol=1e-6)


places = st.lists(st.tuples(st.floats(-300, 2300), st.floats(-300, 1000)), min_size=1, max_size=8)


@settings(max_examples=100, deadline=None)
@given(starts=places, goals=places, limit=st.sampled_from([150.0, 400.0, 1000.0]))
def test_walks_are_as_long_as_networkx_says(
    starts: list[tuple[float, float]], goals: list[tuple[float, float]], limit: float
) -> None:
    assume_one_nearest_street(VILLAGE, *starts, *goals)
    truth = np.asarray([min(alone(start, goal) for goal in goals) for start in starts])
    assume((abs(truth - limit) > 1e-6).all())
    truth[truth > limit] = np.inf
    assert_allclose(walks(VILLAGE, starts, goals, limit), truth, atol=1e-6)


def alone(start: tuple[float, float], goal: tuple[float, float]) -> float:
    """Return the walk between two places in the village, worked out by networkx."""
    graph = nx.Graph()
    on: dict[int, list[tuple[Point, str]]] = {}
    away = 0.0
    for name, point in (("start", start), ("goal", goal)):
        far, foot, edge = feet(VILLAGE, point)[0]
        if far > OFF_STREET:
            return float(np.hypot(*np.subtract(start, goal)) * DETOUR)
        away += far
        on.setdefault(edge, []).append((foot, name))
    for edge, (a, b) in enumerate(VILLAGE.edges.tolist()):
        first = Point(VILLAGE.nodes[a])
        stops = [(first, a), (Point(VILLAGE.nodes[b]), b), *on.get(edge, [])]
        stops.sort(key=lambda stop, first=first: stop[0].distance(first))
        for (p, here), (q, there) in pairwise(stops):
            graph.add_edge(here, there, weight=p.distance(q))
    return away + nx.shortest_path_length(graph, "start", "goal", weight="weight")
