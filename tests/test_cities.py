"""The cities that come with the program: in their place, in their script, and honest about it."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from districttype import pipeline
from districttype.city import known_cities, load_city
from districttype.errors import ConfigError
from districttype.layers.reconstructed import embedded_layers
from districttype.layers.standing import standing
from districttype.providers import ArcGis, OgcApi, Overpass, Raster, WebFile
from districttype.publish.stamp import GENERATED, stamp
from districttype.sources.figures import Figures, load_figures
from districttype.sources.figures.complete import complete
from districttype.sources.figures.outline import outline_about
from districttype.sources.figures.tables import Assumed, Origin, check_districts
from districttype.sources.figures.territory import survey
from districttype.typology.thresholds import load_facets

FELLOWS = {  # country, longitude, latitude, districts, a district's name in the city's own letters
    "kifissia": ("GR", 23.82, 38.08, 11, "Κηφισιά (κέντρο)"),
    "kladno": ("CZ", 14.10, 50.15, 6, "Švermov"),
    "leipzig": ("DE", 12.37, 51.34, 63, "Schönefeld-Abtnaundorf"),
    "lviv": ("UA", 24.03, 49.84, 6, "Галицький район"),
    "maia": ("PT", -8.61, 41.24, 10, "Castêlo da Maia"),
    "reykjavik": ("IS", -21.88, 64.14, 10, "Háaleiti og Bústaðir"),
}


def test_the_lighthouse_and_fellow_cities_are_known() -> None:
    assert set(known_cities()) == {"espoo", *FELLOWS}


@pytest.mark.parametrize("name", FELLOWS)
def test_a_city_lies_where_it_lies_and_its_districts_have_their_own_names(name: str) -> None:
    country, lon, lat, count, district = FELLOWS[name]
    city = load_city(name)
    assert city.country == country
    figures = load_figures(name)
    assert len(figures) == count
    assert district in set(figures.districts["name"])
    crs = CRS(city.crs)
    drawn = survey(figures, crs).zones
    places = gpd.GeoSeries(shapely.point_on_surface(drawn), crs=crs).to_crs(4326)
    centre = shapely.Point(places.x.median(), places.y.median())
    assert centre.distance(shapely.Point(lon, lat)) < 0.05
    assert shapely.area(drawn) / 1e6 == pytest.approx(figures.number("land_km2"), rel=1e-3)
    points = gpd.GeoSeries.from_xy(figures.number("lon"), figures.number("lat"), crs=4326)
    off = shapely.distance(drawn, points.to_crs(crs).to_numpy())
    assert (off < 0.7 * np.sqrt(shapely.area(drawn))).all()


@pytest.mark.parametrize("name", ["lviv", "kifissia"])
def test_names_in_other_scripts_have_a_latin_form_beside(name: str) -> None:
    table = load_figures(name).districts
    assert not table["name"].str.contains("[A-Za-z]").any()
    assert table["name_latin"].str.fullmatch(r"[A-Za-z ()]+").all()


def test_climate_and_heating_culture_differ_between_cities() -> None:
    energy = {name: load_city(name).energy for name in FELLOWS}
    assert {name for name, e in energy.items() if e.cooling_led} == {"maia", "kifissia"}
    assert energy["kifissia"].pv_yield_kwh_per_kwp > 1.5 * energy["reykjavik"].pv_yield_kwh_per_kwp
    assert (
        energy["reykjavik"].heating_degree_day_ratio > 1 > energy["kladno"].heating_degree_day_ratio
    )
    assert all(set(e.heat_note) == {"en", "fi", "sv"} for e in energy.values())
    ours = load_facets(load_city("reykjavik").thresholds)["energy"].thresholds
    assert ours["viable_heat_density"].overridden
    assert ours["viable_heat_density"].value < load_facets()["energy"].thresholds[
        "viable_heat_density"
    ].value  # fmt: skip


@pytest.mark.parametrize("name", FELLOWS)
def test_openstreetmap_and_the_global_layers_come_last_of_every_layer(name: str) -> None:
    layers = load_city(name).layers
    for layer in ("districts", "buildings", "streets", "stops", "land_use", "services"):
        assert isinstance(layers[layer][-1], Overpass)
    assert isinstance(layers["land_cover"][-1], Raster)
    districts = layers["districts"]
    assert districts[-1].boundary
    assert districts[-1].levels
    own = {"leipzig": WebFile, "maia": OgcApi, "kladno": ArcGis, "reykjavik": ArcGis}
    assert [type(p) for p in districts[:-1]] == ([own[name]] if name in own else [])


@pytest.mark.parametrize("name", ["leipzig", "lviv", "reykjavik", "kladno"])
def test_timetables_go_before_stops_of_which_nobody_says_how_often_anything_calls(
    name: str,
) -> None:
    kinds = [provider.source for provider in load_city(name).layers["stops"]]
    assert set(kinds[:-1]) == {"gtfs"}
    assert kinds[-1] == "overpass"


def test_trams_of_leipzig_stand_where_they_stop() -> None:
    stops = load_figures("leipzig").stations
    trams = stops[stops["mode"].eq("tram")].set_index("name")
    assert len(trams) == 243
    main = trams.loc["Augustusplatz"]  # 12.3816 E, 51.3394 N
    assert (float(main["lon"]), float(main["lat"])) == pytest.approx((12.382, 51.339), abs=0.0015)


# What is not published


def figures(assumed: Assumed | None, **columns: object) -> Figures:
    table = pd.DataFrame(
        {"id": ["a", "b"], "name": ["A", "B"], "land_km2": [1.0, 4.0], "lon": [14.1, 14.12],
         "lat": [50.1, 50.1], "residents": [8000, 2000], **columns}
    )  # fmt: skip
    return Figures(Origin(name="x", provider="y", assumed=assumed), check_districts(table))


ASSUMED = Assumed(
    persons_per_home=2.0,
    jobs_per_resident=0.4,
    sectors={"offices": 0.5, "industry": 0.5},
    basis="for the test",
)


def test_generated_columns_follow_the_assumptions_and_are_named() -> None:
    made = complete(figures(ASSUMED), seed=1)
    assert made.number("dwellings") == pytest.approx([4000, 1000])
    assert made.number("jobs").sum() == pytest.approx(0.4 * 10_000, abs=2)
    assert made.number("jobs_offices").sum() == pytest.approx(2000, abs=1)
    assert made.number("floor_offices_m2") == pytest.approx(36 * made.number("jobs_offices"))
    assert {"dwellings", "jobs", "bus_stops", "intersections"} <= made.generated
    assert not {"residents", "land_km2"} & made.generated


def test_what_is_published_is_left_as_it_is() -> None:
    made = complete(figures(ASSUMED, dwellings=[3000, ""], jobs=["100", "5"]), seed=1)
    assert made.number("jobs") == pytest.approx([100, 5])
    assert np.isnan(made.number("dwellings")[1])
    assert not {"jobs", "dwellings"} & made.generated


def test_without_assumptions_nothing_is_generated() -> None:
    bare = figures(None)
    assert complete(bare, seed=1) is bare


def test_an_unknown_sector_is_one_clear_line() -> None:
    wrong = ASSUMED.model_copy(update={"sectors": {"fishing": 1.0}})
    with pytest.raises(ConfigError, match=r"no sector fishing; known are offices"):
        complete(figures(wrong), seed=1)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), count=st.integers(1, 25))
def test_an_outline_has_the_area_of_all_districts_and_holds_their_points(
    seed: int, count: int
) -> None:
    dice = np.random.default_rng(seed)
    sites = dice.uniform(0, 20_000, (count, 2))
    areas = dice.uniform(0.5e6, 8e6, count)
    outline = outline_about(sites, areas)
    # Not quite where growing a hair closes a gap at once.
    assert outline.area == pytest.approx(areas.sum(), rel=0.02)
    assert shapely.covers(outline, shapely.points(sites)).all()


def test_the_generated_sums_do_not_depend_on_the_coordinate_system() -> None:
    one, other = (
        embedded_layers(load_city("kladno").model_copy(update={"crs": crs}))
        for crs in ("EPSG:5514", "EPSG:32633")
    )
    floor = [
        layers["buildings"].frame.replace({"use": {"row": "detached"}}).groupby("use")
        ["floor_area_m2"].sum()
        for layers in (one, other)
    ]  # fmt: skip
    pd.testing.assert_series_equal(*floor, rtol=1e-6)


# The whole line


@pytest.mark.slow
@pytest.mark.parametrize("name", FELLOWS)
def test_a_city_runs_to_its_maps_and_says_what_is_generated(name: str, tmp_path: Path) -> None:
    city = load_city(name)
    edition = pipeline.classify(city, data="embedded", zone_sets=("stations",), out=tmp_path)
    rows = pd.read_csv(tmp_path / "districts.csv", encoding="utf-8-sig")
    assert len(rows) == FELLOWS[name][3]
    assert FELLOWS[name][4] in set(rows["name"])
    assert rows["density"].isin(["dense", "sparse"]).all()
    assert (rows["ground"] == "unknown").all()
    assert (rows["ownership"] == "unknown").all()
    said = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert "generated" in said["data_line"]
    assert set(said["standing"]) == {"published figures", "generated"}
    assert "streets" in said["standing"]["generated"]
    assert {"districts", "residents"} <= set(said["standing"]["published figures"])
    assert stamp(edition).template == GENERATED
    page = (tmp_path / "maps" / "typology.html").read_text(encoding="utf-8")
    assert "not how the city is" in page


def test_standing_names_every_layer_once_a_kind() -> None:
    layers = embedded_layers(load_city("kladno"))
    named = [name for names in standing(layers).values() for name in names]
    assert sorted(named) == sorted(layers)


@pytest.mark.parametrize(
    ("languages", "said"),
    [
        (
            '["fi", "de"]',
            "x.toml: languages: the program does not speak 'de'; it speaks en, fi, sv",
        ),
        ("[]", "x.toml: languages: name one language at least"),
    ],
)
def test_a_city_in_a_language_not_spoken_is_refused(
    tmp_path: Path, languages: str, said: str
) -> None:
    file = tmp_path / "x.toml"
    file.write_text(
        f'id = "x"\ncountry = "FI"\ncrs = "EPSG:3067"\nnames = {{ fi = "X" }}\n'
        f"languages = {languages}\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as refused:
        load_city(str(file))
    assert str(refused.value).endswith(said)
