"""A city of one's own: found, written down, and run from what was written."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest
import shapely
from babel import Locale

from districttype import pipeline
from districttype.answers.draft import country_code, draft, system_for
from districttype.answers.newcity import new_city
from districttype.city import City, load_city
from districttype.errors import (
    ConfigError,
    DistricttypeError,
    EmptyResultError,
    SourceUnavailableError,
)
from districttype.layers.schema import require_metric
from districttype.providers import Overpass
from districttype.sources import nominatim
from districttype.sources.nominatim import NOMINATIM, Place, choose, look_up

LON, LAT, STEP = 26.7, 58.37, 0.01  # degrees
MUNICIPALITY = {"boundary": "administrative", "admin_level": "8", "name": "Tõrva"}
NATION = {"boundary": "administrative", "admin_level": "2", "name": "Eesti", "ISO3166-1": "EE"}


def write_extract(path: Path, *, border: bool = True, town: str = "") -> Path:
    """Write a municipality of two by two districts with a house and a street in each.

    Where there is no border, there may be a town as a point.
    """
    nodes, ways = [], []

    def way(points: list[tuple[float, float]], tags: dict[str, str]) -> None:
        first = len(nodes)
        nodes.extend(points)
        refs = list(range(first, first + len(points)))
        ways.append((refs + [first] * (points[0] != points[-1] and "highway" not in tags), tags))

    def box(x: float, y: float, size: float, tags: dict[str, str]) -> None:
        way([(x, y), (x + size, y), (x + size, y + size), (x, y + size)], tags)

    if border:
        box(LON, LAT, 2 * STEP, MUNICIPALITY)
        box(LON - STEP, LAT - STEP, 4 * STEP, NATION)
    for i in range(4):
        x, y = LON + i % 2 * STEP, LAT + i // 2 * STEP
        box(x, y, STEP, {**MUNICIPALITY, "admin_level": "10", "name": f"Äär {i}"})
        for k in range(6):
            tags = {"building": "apartments", "building:levels": "4"}
            box(x + 0.001 + k * 0.001, y + 0.001, 0.0004, tags)
        way([(x, y + 0.002), (x + STEP, y + 0.002)], {"highway": "residential"})
    text = "<?xml version='1.0'?><osm version='0.6'>"
    text += f"<bounds minlon='{LON}' minlat='{LAT}' maxlon='{LON + 2 * STEP}'"
    text += f" maxlat='{LAT + 2 * STEP}'/>"
    for number, (x, y) in enumerate(nodes, 1):
        text += f"<node id='{number}' version='1' lon='{x:.6f}' lat='{y:.6f}'/>"
    if town:
        text += f"<node id='{len(nodes) + 1}' version='1' lon='{LON + STEP}' lat='{LAT + STEP}'>"
        text += f"<tag k='place' v='town'/><tag k='name' v='{town}'/></node>"
    for number, (refs, tags) in enumerate(ways, 1):
        text += f"<way id='{number}' version='1'>"
        text += "".join(f"<nd ref='{ref + 1}'/>" for ref in refs)
        text += "".join(f"<tag k='{k}' v='{v}'/>" for k, v in tags.items()) + "</way>"
    path.write_text(text + "</osm>", encoding="utf-8")
    return path


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return write_extract(folder / "torva.osm")


def test_what_new_city_writes_runs_as_it_says(extract: Path, tmp_path: Path) -> None:
    said = new_city("torva, Estonia", tmp_path, extract=extract, say=lambda _: None)
    file, layers = tmp_path / "torva.toml", tmp_path / "torva-layers.toml"
    assert f"classify {file} --data {extract.parent} --layers {layers}" in said
    assert "(districts are the 4 named areas of level 10" in said
    assert "24 (use of 100%, storeys of 100%, year of 0%" in said
    for layer in ("ground", "plans", "ownership", "residents"):
        assert f"\n  {layer}" in said
    city = load_city(str(file))
    assert (city.country, city.crs, city.name) == ("EE", "EPSG:3301", "Tõrva")
    edition = pipeline.classify(city, data=str(extract.parent), layers_file=layers, zone_sets=())
    names = edition.results["districts"].zones.frame["name"]
    assert sorted(names) == ["Äär 0", "Äär 1", "Äär 2", "Äär 3"]
    assert edition.results["districts"].indicators["floor_area_m2"].gt(0).all()


def test_the_live_providers_are_those_of_openstreetmap_within_the_border(
    extract: Path, tmp_path: Path
) -> None:
    new_city("Tõrva", tmp_path, extract=extract, say=lambda _: None)
    # No coastline, no sea.
    assert "[[land]]" not in (tmp_path / "torva-layers.toml").read_text(encoding="utf-8")
    layers = load_city(str(tmp_path / "torva.toml")).layers
    (first,) = layers["districts"]
    assert isinstance(first, Overpass)
    assert first.boundary == "Tõrva"


def test_without_a_network_an_extract_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = NOMINATIM.model_copy(update={"url": "http://127.0.0.1:9/search"})  # nobody listens
    monkeypatch.setattr(nominatim, "NOMINATIM", gone)
    with pytest.raises(SourceUnavailableError, match=r"127\.0\.0\.1.* refuses .*--extract FILE"):
        new_city("Tõrva, Estonia", tmp_path, say=lambda _: None)
    assert not [*tmp_path.iterdir()]


def test_a_file_that_is_there_is_not_overwritten(extract: Path, tmp_path: Path) -> None:
    (tmp_path / "torva.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"torva.toml: is there already; remove it, or"):
        new_city("Tõrva", tmp_path, extract=extract, say=lambda _: None)
    assert (tmp_path / "torva.toml").read_text(encoding="utf-8") == "mine"


def test_without_a_border_the_extract_is_the_city(tmp_path: Path) -> None:
    place = look_up("Elsewhere", write_extract(tmp_path / "x.osm", border=False))
    assert (place.name, place.whole, place.country) == ("Elsewhere", False, "")
    assert place.border.bounds == pytest.approx((LON, LAT, LON + 2 * STEP, LAT + 2 * STEP))
    assert "[osm]" not in draft(place, "EE", None).city


def test_a_slip_of_the_pen_does_not_go_unseen(extract: Path, tmp_path: Path) -> None:
    said = new_city("Torwa, Eesti", tmp_path, extract=extract, say=lambda _: None)
    assert "whole in the extract is called Torwa (did you mean Tõrva?)" in said
    assert "No country is called Eesti" not in said  # the border of the nation tells which it is
    abroad = write_extract(tmp_path / "data" / "x.osm", border=False)
    said = new_city("Torva, Eesti", tmp_path / "b", extract=abroad, say=lambda _: None)
    assert "is called Torva: the city is taken to be all of the extract" in said
    assert "No country is called Eesti" in said
    said = new_city("Tõrva, EE", tmp_path / "c", extract=extract, say=lambda _: None)
    assert "taken" not in said
    said = new_city("Tõrva, Estonai", tmp_path / "d", extract=abroad, say=lambda _: None)
    assert "No country is called Estonai (did you mean Estonia?)" in said
    with pytest.raises(DistricttypeError, match=r"x.osm: File exists; name .* folder with --to"):
        new_city("Tõrva, Estonia", abroad, extract=extract, say=lambda _: None)
    with pytest.raises(ConfigError, match="NAME: no city is named"):
        new_city(" , Estonia", tmp_path, extract=extract, say=lambda _: None)
    with pytest.raises(ConfigError, match=r"data: is a folder; name the .osm.pbf in it"):
        new_city("Torva", tmp_path, extract=extract.parent, say=lambda _: None)


def test_a_town_that_is_only_a_point_is_known_by_name(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    extract = write_extract(tmp_path / "data" / "x.osm", border=False, town="Tõrva")
    said = new_city("torva, Estonia", tmp_path / "a", extract=extract, say=lambda _: None)
    assert "torva is in the extract as a point, without a border that is whole" in said
    said = new_city("Torwa, Estonia", tmp_path / "b", extract=extract, say=lambda _: None)
    assert "is called Torwa (did you mean Tõrva?): the city is taken to be all" in said


@pytest.mark.parametrize(
    ("country", "x", "y", "crs"),
    [
        ("EE", 26.7, 58.4, "EPSG:3301"),
        ("DE", 12.4, 51.3, "EPSG:25833"),
        ("GE", 44.8, 41.7, "EPSG:32638"),
        ("ZZ", -58.4, -34.6, "EPSG:32721"),
    ],
)
def test_a_city_is_measured_in_its_national_system_or_utm_zone(
    country: str, x: float, y: float, crs: str
) -> None:
    found, name = system_for(country, shapely.box(x, y, x + 0.1, y + 0.1))
    assert found == crs
    assert name


def test_every_national_system_is_metric_and_of_a_country() -> None:
    territories = Locale("en").territories
    table = files("districttype") / "answers" / "national_crs.csv"
    for country in pd.read_csv(str(table))["country"]:
        crs, _ = system_for(country, shapely.Point(0, 0))
        require_metric(crs, where=country)
        assert country in territories


def test_countries_go_by_name_or_code() -> None:
    assert [country_code(x) for x in ("Estonia", "ee", "Nowhere")] == ["EE", "EE", "ZZ"]


# Nominatim


def answer(kind: str, cls: str, shape: dict[str, object]) -> dict[str, object]:
    return {"class": cls, "type": kind, "name": "Tartu", "display_name": "Tartu, Eesti",
            "geojson": shape, "address": {"country_code": "ee"},
            "namedetails": {"name": "Tartu", "name:fi": "Tartto"}}  # fmt: skip


SQUARE = json.loads(shapely.to_geojson(shapely.box(26.6, 58.3, 26.8, 58.4)))
POINT = {"type": "Point", "coordinates": [26.7, 58.4]}


def test_a_school_and_a_point_are_no_city() -> None:
    results = [answer("school", "amenity", SQUARE), answer("city", "place", POINT)]
    with pytest.raises(EmptyResultError, match=r"found were: school Tartu, city Tartu; name it"):
        choose(results, "Tartu")
    place = choose([*results, answer("administrative", "boundary", SQUARE)], "Tartu")
    assert (place.name, place.country, place.names["fi"]) == ("Tartu", "EE", "Tartto")
    text = draft(place, place.country, None).city
    assert 'names = { et = "Tartu", en = "Tartu", fi = "Tartto", sv = "Tartu" }' in text


def test_the_yield_of_solar_panels_is_the_one_that_pvgis_gave(tmp_path: Path) -> None:
    place = Place("Tartu", country="EE", border=shapely.box(26, 58, 27, 59))
    file = tmp_path / "tartu.toml"
    for given, stated in ((931.4, 931.0), (None, 870.0)):
        file.write_text(draft(place, "EE", None, pv_yield=given).city, encoding="utf-8")
        assert load_city(str(file)).energy.pv_yield_kwh_per_kwp == stated


def test_a_quoted_name_stays_one_string() -> None:
    place = Place('An "old" town', country="EE", border=shapely.box(26, 58, 27, 59))
    made = draft(place, "EE", None)
    assert made.id == "an-old-town"
    assert 'en = "An \\"old\\" town"' in made.city


def test_real_answers_give_areas_and_refuse_parks(shared: Path) -> None:
    folder = shared / "captures" / "nominatim"
    read = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in folder.glob("*.json")}
    kamppi = choose(read["helsinki_kamppi_relation_polygon"], "Kamppi")
    assert (kamppi.name, kamppi.border.geom_type) == ("Kamppi", "Polygon")
    assert kamppi.border.bounds == pytest.approx((24.92064, 60.16047, 24.94345, 60.17208), abs=1e-5)
    vatican = choose(read["vatican_two_results_relation_and_node"], "x")
    assert vatican.name == "Vatican City"
    assert vatican.border.bounds == pytest.approx((12.44579, 41.9002, 12.45837, 41.90738), abs=1e-5)
    with pytest.raises(EmptyResultError, match="found were: commercial Maria 01"):
        choose(read["helsinki_maria01_way_polygon"], "Maria 01")
    with pytest.raises(EmptyResultError, match="found were: park Vanha kirkkopuisto"):
        choose(read["helsinki_vanha_kirkkopuisto_way_polygon"], "Vanha kirkkopuisto")


@pytest.mark.slow
def test_a_city_beyond_the_seven_is_found_in_an_extract(shared: Path, tmp_path: Path) -> None:
    extract = shared / "cities" / "liechtenstein" / "liechtenstein_2024-03.osm.pbf"
    said = new_city("Liechtenstein", tmp_path, extract=extract, say=lambda _: None)
    city: City = load_city(str(tmp_path / "liechtenstein.toml"))
    assert (city.country, city.crs) == ("LI", "EPSG:2056")
    assert "11 named areas of level 8" in said
