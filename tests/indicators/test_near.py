"""Walks along streets: worked out by hand, and the same as `network_distance` at random."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box

from districttype.indicators.measure import measure
from districttype.indicators.near import Walks
from districttype.indicators.network import network_distance
from districttype.layers.schema import Layers
from districttype.zones.network import Network
from town import TM35, building, layer, zones

STREETS = [
    LineString([(0, 0), (1000, 0), (2000, 0)]),
    LineString([(1000, 0), (1000, 700)]),
    LineString([(0, 0), (0, 500), (400, 500)]),
]


def test_a_walk_follows_the_streets() -> None:
    """A stop at (1000, 0): one house 300 m along the street, one 250 m off behind the gardens."""
    street = layer("streets", *({"kind": "residential", "geometry": line} for line in STREETS))
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


places = st.lists(st.tuples(st.floats(-300, 2300), st.floats(-300, 1000)), min_size=1, max_size=8)


@settings(max_examples=100, deadline=None)
@given(starts=places, goals=places, limit=st.sampled_from([150.0, 400.0, 1000.0]))
def test_walks_are_as_long_as_network_distance_says(
    starts: list[tuple[float, float]], goals: list[tuple[float, float]], limit: float
) -> None:
    network = Network.of(
        layer("streets", *({"kind": "main", "geometry": line} for line in STREETS)).frame
    )
    begin, end = shapely.points(starts), shapely.points(goals)
    found = Walks.from_points(network, begin).distance(end, limit)
    np.testing.assert_allclose(found, network_distance(network, end, begin, limit), atol=1e-6)


def test_without_streets_a_walk_is_the_crows_flight_and_a_detour() -> None:
    walks = Walks.from_points(Network.of(None), shapely.points([(0, 0), (0, 400)]))
    goals = np.asarray([Point(300, 0)])
    np.testing.assert_allclose(walks.distance(goals, 400), [390, np.inf])
    assert not np.isfinite(walks.distance(goals[:0], 400)).any()
