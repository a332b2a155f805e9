from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from districttype.focus import Catalogue, find_sites, load_catalogue, recommend
from districttype.layers.layer import Layer, Layers
from districttype.layers.schema import conform
from districttype.provenance import Provenance, State

from .conftest import METRIC, City, zones_of


def layers(**tables: list[dict[str, Any]]) -> Layers:
    made = Layers(METRIC)
    for name, rows in tables.items():
        frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=METRIC)
        made = made.having(Layer(name, conform(name, frame, METRIC), ()))
    return made


@pytest.fixture
def focus(city: City, catalogue: Catalogue) -> pd.DataFrame:
    return recommend(city.zones, city.labels, city.indicators, catalogue)


def at(city: City, zone: str, x: float = 500, y: float = 500) -> shapely.Point:
    return shapely.Point(city.zones.frame.geometry[zone].bounds[0] + x, y)


def square(point: shapely.Point, size: float) -> shapely.Polygon:
    return shapely.box(point.x, point.y, point.x + size, point.y + size)


def test_a_site_is_named_with_its_kind_and_its_reason(city: City, focus: pd.DataFrame) -> None:
    data = layers(
        stops=[
            {"mode": "metro", "name": "Soukka", "opened": 2022 + 11 / 12,
             "approximate": True, "geometry": at(city, "Soukka")},
            {"mode": "metro", "name": "Soukka", "opened": 2022 + 11 / 12,
             "approximate": True, "geometry": at(city, "Soukka", 640)},
            {"mode": "bus", "name": "Soukantie", "opened": None, "approximate": False,
             "geometry": at(city, "Soukka", 100)},
        ]
    )  # fmt: skip
    sites = find_sites(city.zones, data, focus)
    assert sites["solution"].tolist() == ["A1", "A3"]
    assert set(sites["kind"]) == {"station"}
    assert set(sites["name"]) == {"Soukka"}
    assert sites["approximate"].all()
    assert sites["reason"][1].text("en") == (
        "Station, opened 12/2022 – a hub can join bicycles, shared cars and charging to the train"
        " – its place is approximate"
    )


def test_a_place_made_up_from_figures_says_so(city: City, focus: pd.DataFrame) -> None:
    hall = {
        "building_id": "1", "use": "industrial", "status": "existing", "use_origin": "derived",
        "floors_origin": "missing", "floor_area_m2_origin": "missing",
        "year_built_origin": "missing", "geometry": square(at(city, "Kera", 200, 200), 50),
    }  # fmt: skip
    known = layers(buildings=[hall])
    part = Provenance(provider="city", source="figures", state=State.EMBEDDED)
    made_up = known.having(replace(known["buildings"], provenance=(part,)))
    for data, said in ((known, False), (made_up, True)):
        sites = find_sites(city.zones, data, focus)
        assert sites[["kind", "solution"]].to_numpy().tolist() == [["hall", "A5"], ["hall", "A8"]]
        assert (sites["approximate"] == said).all()
        for reason in sites["reason"]:
            assert ("look for the real one in the area" in reason.text("en")) == said


def test_sites_serve_only_what_their_zone_is_recommended(city: City, focus: pd.DataFrame) -> None:
    rows = [
        {"class": "vacant_premises", "name": "Halli", "vacant": True, "geometry": at(city, zone)}
        for zone in ("Kera", "Soukka", "Nuuksio")
    ]
    sites = find_sites(city.zones, layers(services=rows), focus)
    assert sites[["zone_id", "solution"]].to_numpy().tolist() == [["Kera", "A8"], ["Soukka", "A4"]]


def test_a_polygon_across_a_border_has_a_point_in_each_zone(
    city: City, focus: pd.DataFrame
) -> None:
    edge = city.zones.frame.geometry["Soukka"].bounds[0]
    west = city.zones.frame.index[list(city.zones.ids).index("Soukka") - 1]
    yard = shapely.box(edge - 100, 100, edge + 50, 200)
    sites = find_sites(city.zones, layers(land_use=[{"class": "parking", "geometry": yard}]), focus)
    found = sites[sites["solution"] == "A3"].set_index("zone_id")["area_m2"].to_dict()
    assert found == {west: 10_000, "Soukka": 5_000}
    assert "5,000 m²" in sites[sites["zone_id"] == "Soukka"]["reason"].iloc[0].text("en")


def test_a_neighbour_that_only_touches_is_no_place_of_the_zone(
    city: City, focus: pd.DataFrame
) -> None:
    edge = city.zones.frame.geometry["Soukka"].bounds[0]
    yard = shapely.box(edge - 100, 100, edge, 200)
    sites = find_sites(city.zones, layers(land_use=[{"class": "parking", "geometry": yard}]), focus)
    assert "Soukka" not in set(sites["zone_id"])


def test_the_building_of_a_known_mall_is_one_place_with_its_name(
    city: City, focus: pd.DataFrame
) -> None:
    corner = at(city, "Soukka", 200, 200)
    building = {
        "building_id": "1", "use": "retail", "status": "existing", "use_origin": "register",
        "floors_origin": "missing", "floor_area_m2_origin": "missing",
        "year_built_origin": "missing", "geometry": square(corner, 100),
    }  # fmt: skip
    data = layers(
        buildings=[building],
        services=[{"class": "mall", "name": "Ostari", "geometry": at(city, "Soukka", 250, 250)}],
    )
    sites = find_sites(city.zones, data, focus)
    mall = sites[sites["solution"] == "A5"]
    assert mall[["kind", "name", "area_m2"]].to_numpy().tolist() == [["mall_roof", "Ostari", 10000]]


def test_small_finds_and_too_many_are_left_out(
    city: City, focus: pd.DataFrame, catalogue: Catalogue
) -> None:
    sizes = [31, 40, 50, 60, 70, 80, 90]
    rows = [
        {"class": "parking", "geometry": square(at(city, "Soukka", 10, 10 + 140 * n), size)}
        for n, size in enumerate(sizes)
    ]
    sites = find_sites(city.zones, layers(land_use=rows), focus, catalogue)
    assert sites["area_m2"].tolist() == [8100, 6400, 4900, 3600, 2500]


def test_what_no_layer_holds_is_not_invented(city: City, focus: pd.DataFrame) -> None:
    sites = find_sites(city.zones, Layers(METRIC), focus)
    assert sites.empty
    assert sites.crs == METRIC
    assert {"zone_id", "solution", "kind", "name", "reason"} <= set(sites.columns)


def test_a_site_in_overlapping_zones_belongs_to_both(city: City, catalogue: Catalogue) -> None:
    both = gpd.GeoDataFrame(
        {"zone_id": ["s1", "s2"], "name": ["one", "two"]},
        geometry=[shapely.box(0, 0, 100, 100), shapely.box(50, 0, 150, 100)],
        crs=METRIC,
    )
    zones = zones_of(both, "stations")
    labels = city.labels.loc[["Soukka", "Soukka"]].set_axis(zones.ids)
    focus = recommend(zones, labels, pd.DataFrame(index=zones.ids), catalogue)
    data = layers(stops=[{"mode": "rail", "name": "Asema", "geometry": shapely.Point(75, 50)}])
    assert set(find_sites(zones, data, focus)["zone_id"]) == {"s1", "s2"}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-200, 2200), st.floats(-200, 1200), st.floats(40, 900)), max_size=12
    ),
    st.floats(0.2, 5.0),
)
def test_every_site_lies_in_its_zone(yards: list[tuple[float, float, float]], bend: float) -> None:
    bay = (1000 - 150 * bend, 500)  # the border between the two zones is bent
    west = shapely.Polygon([(0, 0), (1000, 0), bay, (1000, 1000), (0, 1000)])
    east = shapely.Polygon([(1000, 0), (2000, 0), (2000, 1000), (1000, 1000), bay])
    frame = gpd.GeoDataFrame(
        {"zone_id": ["a", "b"], "name": ["a", "b"]}, geometry=[west, east], crs=METRIC
    )
    zones = zones_of(frame)
    focus = pd.DataFrame({"zone_id": ["a", "b"], "solution": ["A3", "A3"]})
    rows = [
        {"class": "parking", "geometry": shapely.box(x, y, x + size, y + size)}
        for x, y, size in yards
    ]
    data = layers(land_use=rows) if rows else Layers(METRIC)
    sites = find_sites(zones, data, focus, load_catalogue())
    homes = zones.frame.geometry.reindex(sites["zone_id"]).to_numpy()
    assert shapely.covers(homes, sites.geometry.to_numpy()).all()
    whole = shapely.union_all(zones.frame.geometry.to_numpy())
    big = any(row["geometry"].intersection(whole).area >= 2000 for row in rows)
    assert not big or len(sites)
