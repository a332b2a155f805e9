"""A large city is measured by windows of its layers, and nothing in it changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from districttype.city import load_city
from districttype.indicators.facts import Facts
from districttype.indicators.measure import measure
from districttype.indicators.near import network
from districttype.indicators.tiles import REACH, Tile, Tiling, measure_in_tiles, tiles, window
from districttype.layers.laid import witnesses
from districttype.layers.layer import Layer, Layers
from districttype.layers.reconstructed import embedded_layers
from districttype.layers.schema import conform
from districttype.layers.shelf import Room
from districttype.layers.windows import LayerFiles
from districttype.zones import make_zone_set, make_zones
from laid import laid_down

TM35 = CRS.from_epsg(3067)
EAST, NORTH = 400_000.0, 6_700_000.0


def square(x: float, y: float, side: float) -> shapely.Polygon:
    return shapely.box(EAST + x, NORTH + y, EAST + x + side, NORTH + y + side)


def layer(kind: str, shapes: list[shapely.Geometry], /, **columns: list[object]) -> Layer:
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=TM35)
    return Layer(kind, conform(kind, frame, TM35), ())


def two_corners() -> Layers:
    """Make two districts 20 km apart, a park and a bus with a timetable in the far one only."""
    return Layers(
        TM35,
        {
            one.name: one
            for one in (
                layer("districts", [square(0, 0, 1000), square(20_000, 0, 1000)],
                      zone_id=["a", "b"], name=["A", "B"]),
                layer("buildings", [square(x + 100 * i, 100, 20) for x in (0, 20_000)
                                    for i in range(5)],
                      building_id=[str(i) for i in range(10)], use=["detached"] * 10,
                      status=["existing"] * 10, floor_area_m2=[float(100 + i) for i in range(10)],
                      use_origin=["register"] * 10, floors_origin=["missing"] * 10,
                      floor_area_m2_origin=["register"] * 10, year_built_origin=["missing"] * 10),
                layer("residents", [square(0, 0, 500), square(20_000, 0, 500)],
                      residents=[10.0, 20.0]),
                layer("land_use", [square(20_000, 200, 200), square(500, 500, 100)],
                      **{"class": ["park", "water"]}),
                layer("stops", [square(50, 50, 1).centroid, square(20_050, 50, 1).centroid],
                      mode=["bus", "bus"], departures_peak_hour=[np.nan, 6.0]),
            )
        },
    )  # fmt: skip


def test_a_window_holds_what_is_near_in_order_and_a_witness_of_what_is_elsewhere(
    tmp_path: Path,
) -> None:
    layers = two_corners()
    near = LayerFiles.write(layers, tmp_path).read((EAST, NORTH, EAST + 1000, NORTH + 1000))
    assert near["buildings"].frame["building_id"].tolist() == ["0", "1", "2", "3", "4"]
    for name in ("land_use", "stops"):  # the park and the bus with a timetable are witnesses
        pd.testing.assert_frame_equal(near[name].frame, layers[name].frame)
    assert near.crs == layers.crs
    assert near.as_of == layers.as_of


def test_a_stop_on_the_border_of_two_tiles_is_counted_once(tmp_path: Path) -> None:
    # North-east of the first stop lies b; of the second no zone, so that it is counted in c, north-
    # west of it; of the third c. That a or b touches it, too, must not count.
    stops = [shapely.Point(EAST + x, NORTH + y) for x, y in ((1000, 500), (1000, 1500), (0, 1000))]
    layers = Layers(
        TM35,
        {
            one.name: one
            for one in (
                layer("districts",
                      [square(0, 0, 1000), square(1000, 0, 1000), square(0, 1000, 1000)],
                      zone_id=["a", "b", "c"], name=["A", "B", "C"]),
                layer("stops", stops, mode=["bus"] * 3),
            )
        },
    )  # fmt: skip
    zones = make_zone_set("districts", layers)
    assert zones is not None
    facts, laid = Facts(layers=layers), Facts(layers=laid_down(layers, tmp_path))
    for found in (
        measure(zones, facts),
        measure_in_tiles(zones, facts, most=1),
        measure_in_tiles(zones, laid, most=1, tiling=Tiling(Room(tmp_path, 1))),
    ):
        assert found["stops_bus"].tolist() == [0.0, 1.0, 2.0]


def test_what_is_mapped_elsewhere_only_is_a_zero_here_and_not_unknown(tmp_path: Path) -> None:
    layers = two_corners()
    zones = make_zone_set("districts", layers)
    assert zones is not None
    whole = measure(zones, layers)
    assert whole["residents_near_park_share"].tolist() == [0.0, 1.0]
    # The last of the houses of 105 to 109 m² is 365 m from the bus, 475 m with the detour.
    assert whole["floor_near_frequent_bus_share"].tolist() == pytest.approx([0.0, 426 / 535])
    tiled = measure_in_tiles(
        zones, Facts(layers=layers), most=1, tiling=Tiling(Room(tmp_path / "t", 1))
    )
    pd.testing.assert_frame_equal(tiled, whole, rtol=1e-12)


def test_witnesses_are_of_every_kind_that_two_columns_make() -> None:
    stops = layer("stops", [shapely.Point(EAST + i, NORTH) for i in range(6)],
                  mode=["bus", "bus", "rail", "bus", "rail", "rail"],
                  opened=[None, 1990.0, None, 2001.0, 2010.0, None]).frame  # fmt: skip
    assert witnesses("stops", stops).tolist() == [0, 1, 2, 4]
    assert witnesses("stops", stops.iloc[:0]).tolist() == []
    land = layer("land", [square(0, 0, 10), square(20, 0, 10)]).frame
    assert witnesses("land", land).tolist() == [0]


def test_a_window_reaches_as_far_as_the_ground_its_people_are_counted_on(tmp_path: Path) -> None:
    layers = two_corners().having(layer("residents", [square(-9000, 0, 9500)], residents=[10.0]))
    files = LayerFiles.write(layers, tmp_path)
    zones = make_zone_set("districts", layers)
    assert zones is not None
    first = next(tiles(zones, 1))
    assert window(first, files) == (
        EAST - 9000 - REACH, NORTH - REACH, EAST + 1000 + REACH, NORTH + 9500 + REACH,
    )  # fmt: skip


def test_an_island_in_a_window_is_one_of_the_city(tmp_path: Path) -> None:
    def line(x: float, long: float) -> shapely.LineString:
        return shapely.LineString([(EAST + x, NORTH), (EAST + x + long, NORTH)])

    # 800 m of street are the longest for miles; but beside the 3 km of the far corner an island.
    streets = layer("streets", [line(0, 800), line(20_000, 3000)], kind=["residential"] * 2)
    layers = two_corners().having(streets)
    assert len(network(Facts(layers=layers))) == 1
    files = Tiling(Room(tmp_path, 1)).files(Facts(layers=layers))
    assert files is not None
    near = files.read((EAST, NORTH, EAST + 1000, NORTH + 1000))
    assert near["streets"].frame.length.tolist() == [800]
    assert len(network(Facts(layers=near))) == 0
    assert len(network(Facts(layers=replace(near, least_island=None)))) == 1


def test_tiles_of_a_large_city_hold_about_as_many_buildings_as_asked(tmp_path: Path) -> None:
    layers = two_corners()
    corners = [(x, 0.0) for x in (0, 100, 200, 300, 400)]
    frame = gpd.GeoDataFrame({"zone_id": list("abcde"), "name": list("abcde")},
                             geometry=[square(*c, 100) for c in corners], crs=TM35)  # fmt: skip
    frame.geometry = frame.geometry.translate(-1, 50)  # a house in each
    zones = make_zones("five", frame, layers)
    held = LayerFiles.write(layers, tmp_path).held("buildings", zones.frame.geometry)
    assert held.tolist() == [1] * 5
    parts = list(tiles(zones, 100, (held, 2)))
    assert sorted(len(part) for part in parts) == [1, 2, 2]
    assert sorted(zone for part in parts for zone in part.ids) == list("abcde")
    assert len(list(tiles(zones, 1, (held, 2)))) == 5


def test_a_city_that_is_not_large_is_measured_from_memory(tmp_path: Path) -> None:
    layers = two_corners()
    zones = make_zone_set("districts", layers)
    assert zones is not None
    tiling = Tiling(Room(tmp_path / "t", 10), _refuse)
    assert len(measure_in_tiles(zones, Facts(layers=layers), tiling=tiling)) == 2
    assert not (tmp_path / "t").exists()


def _refuse(*_: object) -> list[pd.DataFrame]:
    raise AssertionError("nothing is to be spread")


@pytest.mark.slow
@pytest.mark.parametrize(("city", "zone_set"), [
    ("espoo", "districts"), ("leipzig", "districts"), ("maia", "cells"),
])  # fmt: skip
def test_by_windows_every_indicator_of_a_whole_city_is_the_same(
    tmp_path: Path, city: str, zone_set: str
) -> None:
    layers = embedded_layers(load_city(city))
    zones = make_zone_set(zone_set, layers)
    assert zones is not None
    whole = measure(zones, layers)
    seen: list[int] = []

    def spread(work: object, some: list[Tile]) -> list[pd.DataFrame]:
        seen.append(len(some))
        return [work(tile) for tile in some]  # type: ignore[operator]

    tiling = Tiling(Room(tmp_path, layers["buildings"].rows // 6), spread)
    tiled = measure_in_tiles(zones, Facts(layers=layers), tiling=tiling)
    assert seen[0] >= 6
    pd.testing.assert_index_equal(tiled.index, whole.index)
    # A border that cuts square millimetres off a house tells those to seven digits only.
    sliver = whole["floor_area_m2"].between(0, 1.0, inclusive="neither")
    assert sliver.mean() < 0.01
    pd.testing.assert_frame_equal(tiled[~sliver], whole[~sliver], rtol=1e-9, atol=1e-6)
    pd.testing.assert_frame_equal(tiled[sliver], whole[sliver], rtol=1e-6, atol=1e-6)
