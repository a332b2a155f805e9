"""Layers out of OpenStreetMap: districts, land, streets, buildings and their parts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from districttype.city import City, load_city
from districttype.errors import ConfigError, EmptyResultError
from districttype.layers import buildings, collect, districts, files, land, osm, streets
from districttype.layers.layer import Layers
from districttype.providers import VectorFile, read_layers_file
from districttype.sources.registry import Raw

CRS = "EPSG:3067"
HERE = Path(__file__).parents[1]


def objects(layer: str, rows: list[dict], shapes: list) -> gpd.GeoDataFrame:
    columns = osm.wanted(layer, None).columns
    table = pd.DataFrame(rows, columns=[*columns, "osm_type", "osm_id"], dtype=object)
    table["osm_type"] = table["osm_type"].fillna("way")
    table["osm_id"] = range(1, len(rows) + 1)
    return gpd.GeoDataFrame(
        table.astype(object).where(table.notna(), None), geometry=shapes, crs=CRS
    )


# Streets


def lines(*paths) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"kind": [f"k{i}" for i in range(len(paths))]},
        geometry=[shapely.LineString(path) for path in paths],
        crs=CRS,
    )


def test_streets_are_cut_where_they_share_a_vertex():
    cross = lines([(0, 0), (5, 0), (10, 0)], [(5, -5), (5, 0), (5, 5)], [(10, 0), (20, 0)])
    made = streets.split_at_junctions(cross)
    assert made["kind"].tolist() == ["k0", "k0", "k1", "k1", "k2"]
    assert made.length.tolist() == [5, 5, 5, 5, 10]


def test_a_bridge_cuts_nothing():
    over = lines([(0, 0), (10, 0)], [(5, -5), (5, 5)])
    assert len(streets.split_at_junctions(over)) == 2


def test_a_loop_is_cut_where_it_meets_itself_and_railways_do_not_cut_streets():
    lasso = lines([(0, 0), (5, 0), (5, 5), (0, 5), (5, 0), (9, 0)])
    assert len(streets.split_at_junctions(lasso)) == 3
    crossing = lines([(0, 0), (5, 0), (10, 0)], [(5, -5), (5, 0), (5, 5)])
    assert len(streets.split_at_junctions(crossing, np.array([0, 1]))) == 2


@settings(deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=6, unique=True
        ),
        max_size=6,
    )
)
def test_cutting_keeps_every_metre_and_leaves_no_shared_vertex_inside(paths):
    made = streets.split_at_junctions(lines(*paths))
    assert made.length.sum() == pytest.approx(sum(shapely.LineString(p).length for p in paths))
    xy, line = shapely.get_coordinates(made.geometry.array, return_index=True)
    table = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "line": line})
    end = table["line"].ne(table["line"].shift()) | table["line"].ne(table["line"].shift(-1))
    uses = table.groupby(["x", "y"])["line"].transform("size")
    assert not (uses[~end] > 1).any()


def test_tags_say_what_may_be_walked_and_cycled():
    shapes = [shapely.LineString([(0, i), (9, i)]) for i in range(9)]
    frame = objects(
        "streets",
        [
            {"highway": "residential", "access": "private"},
            {"highway": "residential", "access": "private", "foot": "yes"},
            {"highway": "motorway"},
            {"highway": "path", "bicycle": "designated"},
            {"highway": "footway"},
            {"highway": "primary", "cycleway:right": "lane"},
            {"railway": "subway", "tunnel": "yes"},
            {"railway": "rail"},
            {"highway": "proposed"},
        ],
        shapes,
    )
    made = streets.from_tags(frame)
    assert made["kind"].tolist() == [
        "residential", "residential", "motorway", "path", "path", "main", "rail",
    ]  # fmt: skip
    assert made["walkable"].tolist() == [False, True, False, True, True, True, False]
    assert made["cyclable"].tolist() == [False, False, False, True, False, True, False]
    assert made["cycleway"].tolist() == [False, False, False, True, False, True, False]


# Land


def coast(*paths) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[shapely.LineString(path) for path in paths], crs=CRS)


def test_land_lies_to_the_left_of_the_coastline():
    area = shapely.box(0, 0, 100, 100)
    notes: list[str] = []
    # Drawn westwards, the land is south of it; an island, drawn anticlockwise, lies in the sea.
    shore = [(120, 50), (50, 50), (-20, 50)]
    island = [(40, 70), (60, 70), (60, 90), (40, 90), (40, 70)]
    made = land.from_coastline(coast(shore, island), area, Counter(), notes)
    assert made.area.sum() == pytest.approx(5000 + 400)
    assert notes == ["the sea is 46.0% of the area, by the coastline of OpenStreetMap"]
    turned = land.from_coastline(coast(shore[::-1]), area, Counter(), [])
    assert turned.geometry.iloc[0].centroid.y == pytest.approx(75)


def test_a_coastline_that_ends_in_mid_air_makes_no_sea():
    made = land.from_coastline(
        coast([(120, 50), (50, 50)]), shapely.box(0, 0, 100, 100), Counter(), []
    )
    assert made.area.sum() == pytest.approx(10_000)


def test_no_coastline_is_no_layer():
    with pytest.raises(EmptyResultError, match="no coastline"):
        land.from_coastline(coast([(500, 0), (500, 9)]), shapely.box(0, 0, 9, 9), Counter(), [])


# Districts


def quarters(
    level: str, n: int, *, names: bool = True, size: float = 10.0
) -> list[tuple[dict, object]]:
    return [
        (
            {
                "boundary": "administrative",
                "admin_level": level,
                "name": f"q{i}" if names else None,
            },
            shapely.box(i * size, 0, (i + 1) * size, 10),
        )
        for i in range(n)
    ]


def find(items, **options):
    changes: Counter[str] = Counter()
    notes: list[str] = []
    frame = objects("districts", [item for item, _ in items], [shape for _, shape in items])
    found = districts.find_districts(frame, changes, notes, **options)
    return found, +changes, notes


CITY = (
    {"boundary": "administrative", "admin_level": "8", "name": "City"},
    shapely.box(0, 0, 60, 10),
)


def test_the_first_level_with_enough_of_the_territory_is_taken():
    found, _, notes = find([CITY, *quarters("10", 3, size=20), *quarters("9", 6)])
    assert len(found) == 6
    said = "districts are the 6 named areas of level 9; they overlap on 0.00 km²"
    assert notes == [f"{said} and cover 100.0% of City, which leaves 0.00 km²"]
    assert len(find([CITY, *quarters("10", 4, size=15), *quarters("9", 6)])[0]) == 4
    assert len(find([CITY, *quarters("10", 4, size=15), *quarters("9", 6)], levels=[9])[0]) == 6


def test_areas_on_too_little_of_the_named_territory_are_not_taken():
    found, _, notes = find([CITY, *quarters("10", 4)], boundary="City")
    assert notes == ["neither administrative areas nor places: districts are squares of 1 km"]
    with pytest.raises(EmptyResultError, match="no level has 4 named areas on 70%"):
        find(quarters("10", 3))
    found, _, notes = find(quarters("10", 4))
    assert len(found) == 4
    assert notes[0].endswith("no boundary that holds them is whole in the extract")


def test_unnamed_and_doubled_areas_are_set_aside_and_counted():
    doubled = ({"boundary": "administrative", "admin_level": "10", "name": "x"},
               shapely.box(1, 1, 5, 5))  # fmt: skip
    found, changes, _ = find([CITY, *quarters("10", 6), doubled, *quarters("10", 2, names=False)])
    assert sorted(found["name"]) == [f"q{i}" for i in range(6)]
    assert changes == {
        "unnamed areas set aside": 2,
        "areas that lie in another of their level set aside": 1,
    }


def test_neighbours_of_the_named_municipality_are_left_out():
    beside = [
        ({**tags, "name": f"n{i}"}, shapely.affinity.translate(shape, 60))
        for i, (tags, shape) in enumerate(quarters("10", 4))
    ]
    found, _, _ = find([CITY, *quarters("10", 6), *beside], boundary="City")
    assert sorted(found["name"]) == [f"q{i}" for i in range(6)]
    with pytest.raises(ConfigError, match=r"no administrative area is named 'Town'.*City"):
        find([CITY, *quarters("10", 6)], boundary="Town")


def test_places_stand_in_where_no_level_is_complete():
    areas = [({"place": "suburb", "name": tags["name"]}, shape) for tags, shape in quarters("", 6)]
    found, _, notes = find([CITY, *areas])
    assert len(found) == 6
    assert "named places" in notes[0]
    points = [
        ({"place": "village", "name": f"v{i}"}, shapely.Point(5 + 15 * i, 5)) for i in range(4)
    ]
    found, _, notes = find([CITY, *points], boundary="City")
    assert found.area.sum() == pytest.approx(600)
    assert shapely.contains(found.geometry.array, [shape for _, shape in points]).all()
    assert "nearest to the points of 4 places" in notes[0]


def test_squares_where_there_is_nothing():
    whole = ({"boundary": "administrative", "admin_level": "8", "name": "City"},
             shapely.box(500, 0, 2500, 1000))  # fmt: skip
    found, _, notes = find([whole], boundary="City")
    assert found.area.tolist() == [500_000, 1_000_000, 500_000]
    assert found["zone_id"].is_unique
    assert "squares" in notes[0]


def test_squares_lie_only_where_the_city_is():
    apart = shapely.union(shapely.box(0, 0, 1000, 1000), shapely.box(3000, 3000, 4000, 4000))
    whole = ({"boundary": "administrative", "admin_level": "8", "name": "City"}, apart)
    found, _, _ = find([whole], boundary="City")
    assert found.area.tolist() == [1_000_000, 1_000_000]


# Buildings


def houses(rows, shapes):
    changes: Counter[str] = Counter()
    made = buildings.from_tags(objects("buildings", rows, shapes), changes)
    return buildings.finish_buildings(made, changes, register=False), +changes


def test_parts_refine_their_building_and_add_no_area():
    made, changes = houses(
        [
            {"building": "office"},
            {"building:part": "yes", "building:levels": "2", "height": "7"},
            {"building:part": "yes", "building:levels": "10", "building:min_level": "2",
             "height": "35 m"},
            {"building": "yes", "building:levels": "4"},
            {"building:part": "yes", "building:levels": "9"},
            {"building:part": "yes", "building:levels": "3"},
        ],
        [
            shapely.box(0, 0, 20, 20), shapely.box(0, 0, 20, 20), shapely.box(0, 0, 10, 10),
            shapely.box(50, 0, 60, 10), shapely.box(50, 0, 60, 10), shapely.box(90, 90, 99, 99),
        ],
    )  # fmt: skip
    assert len(made) == 2
    # 400 m² of two storeys and a tower of eight more on 100 m²: 1,600 m² on 400 m² of ground.
    assert made["floors"].tolist() == [4, 4]
    assert made["floor_area_m2"].tolist() == [1600, 400]
    assert made["height_m"].tolist()[0] == pytest.approx(35) or np.isnan(made["height_m"].iloc[0])
    assert changes["building parts outside any building left out"] == 1
    assert changes["buildings refined by their parts"] == 1


def test_what_is_being_built_is_kept_and_what_is_gone_is_not():
    made, _ = houses(
        [
            {"building": "construction", "construction": "apartments", "building:levels": "5"},
            {"building": "demolished"},
            {"building": "no"},
            {"building": "house", "start_date": "C19"},
        ],
        [shapely.box(20 * i, 0, 20 * i + 10, 10) for i in range(4)],
    )
    assert made["status"].tolist() == ["construction", "existing"]
    assert made["use"].tolist() == ["apartment", "detached"]
    assert made["year_built"].tolist()[1] == 1850
    assert made["building_id"].tolist() == ["w1", "w4"]


def test_storeys_come_from_height_and_contradictions_drop_the_height():
    made, changes = houses(
        [
            {"building": "apartments", "height": "31"},
            {"building": "yes", "building:levels": "63", "height": "10"},
            {"building": "yes"},
        ],
        [shapely.box(20 * i, 0, 20 * i + 10, 10) for i in range(3)],
    )
    assert made["floors"].tolist() == pytest.approx([10, 63, np.nan], nan_ok=True)
    assert made["floors_origin"].tolist() == ["derived", "tagged", "missing"]
    assert made["height_m"].tolist() == pytest.approx([31, np.nan, np.nan], nan_ok=True)
    assert made["floor_area_m2_origin"].tolist() == ["derived", "derived", "missing"]
    assert changes == {"heights that contradict the storeys dropped": 1}


# Stops and the rest


def test_stops_know_their_mode():
    rows = [
        {"highway": "bus_stop", "name": "A"},
        {"railway": "station", "station": "subway", "start_date": "2022-12-03"},
        {"railway": "station"},
        {"railway": "tram_stop", "start_date": "when it is done"},
    ]
    frame = objects("stops", rows, [shapely.Point(i, 0) for i in range(4)])
    provider = VectorFile(provider="x", file="x.osm")
    changes: Counter[str] = Counter()
    made = osm.canonical("stops", Raw(frame), provider, Layers(frame.crs), changes, [])
    assert made["mode"].tolist() == ["bus", "metro", "rail", "tram"]
    assert made["opened"].tolist()[1] == 2022
    assert changes == {"values of opened that cannot be read": 1}


# Whole cities


def test_an_extract_is_read_once_for_all_its_layers(shared, monkeypatch):
    calls = []
    real = files.read_extract
    monkeypatch.setattr(
        files, "read_extract", lambda *args: calls.append(args[1].keys()) or real(*args)
    )
    made = collect.collect(
        load_city(str(HERE / "cities" / "monaco.toml")),
        read_layers_file(HERE / "real" / "monaco.toml"),
        shared / "cities" / "monaco",
    ).layers
    assert len(calls) == 1
    assert set(made) == {
        "districts", "land", "land_use", "buildings", "streets", "stops", "services",
        "energy_sites",
    }  # fmt: skip
    assert sorted(made["districts"].frame["name"]) == [
        "Fontvieille", "La Condamine", "La Rousse", "Larvotto", "Monaco-Ville", "Monte-Carlo",
    ]  # fmt: skip
    assert "398 of 1207 buildings lie in no district" in made["buildings"].provenance[0].notes
    # The harbours and the open sea are no land.
    harbour = gpd.GeoSeries.from_xy([7.4260], [43.7345], crs=4326).to_crs(made.crs).iloc[0]
    rock = gpd.GeoSeries.from_xy([7.4210], [43.7310], crs=4326).to_crs(made.crs).iloc[0]
    ground = shapely.union_all(made["land"].frame.geometry.array)
    assert not ground.contains(harbour)
    assert ground.contains(rock)


@pytest.mark.parametrize(("year", "buildings"), [("2013-08", 3723), ("2024-03", 17717)])
def test_liechtenstein_is_eleven_districts_in_every_year(shared, year, buildings):
    text = (HERE / "real" / "liechtenstein.toml").read_text(encoding="utf-8")
    names = ("districts", "buildings")
    providers = {
        name: [VectorFile(provider="OpenStreetMap", file=f"liechtenstein_{year}.osm.pbf")]
        for name in names
    }
    assert "liechtenstein_2024-03.osm.pbf" in text
    made = collect.collect(
        load_city(str(HERE / "cities" / "liechtenstein.toml")),
        providers,
        shared / "cities" / "liechtenstein",
    ).layers
    assert len(made["districts"].frame) == 11
    assert len(made["buildings"].frame) == buildings
    assert made["buildings"].frame["building_id"].is_unique
    area = made["districts"].frame.area.sum() / 1e6
    assert area == pytest.approx(160.5, rel=0.005)


def test_openstreetmap_does_not_serve_every_layer(shared):
    city = City(id="x", country="MC", crs="EPSG:32632", names={"en": "x"})
    extract = VectorFile(provider="OpenStreetMap", file="monaco_2021-04.osm.pbf")
    with pytest.raises(ConfigError, match=r"layer ground.*does not serve the layer ground"):
        collect.collect(
            city, {"districts": [extract], "ground": [extract]}, shared / "cities" / "monaco"
        )
