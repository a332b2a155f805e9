"""Layers out of files: columns, code tables, coverage, precedence, and one clear line a fault."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from districttype.city import City, load_city
from districttype.errors import ConfigError, CrsError, SchemaError, SourceError
from districttype.layers import vocabulary
from districttype.layers.collect import DOUBLED, collect
from districttype.layers.layer import Layers
from districttype.layers.schema import USES
from districttype.providers import read_layers_file

CRS = "EPSG:3067"
X, Y = 380000.0, 6670000.0


def box(x: float, y: float, w: float, h: float) -> shapely.Geometry:
    return shapely.box(X + x, Y + y, X + x + w, Y + y + h)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A district of 500 × 500 m with a register in its west half and a survey of the whole."""
    gpd.GeoDataFrame(
        {"code": ["016"], "name_fi": ["Äyräpää"]}, geometry=[box(0, 0, 500, 500)], crs=CRS
    ).to_file(tmp_path / "areas.gpkg")
    gpd.GeoDataFrame(
        {
            "ID": ["a", "b"],
            "Purpose": ["Asuinkerrostalot", "0400 Toimistorakennukset"],
            "Storeys": ["3;4", "0"],
            "GFA": ["1 200", "0"],
            "Done": ["31.12.1975", "1904-02-29"],
        },
        geometry=[box(10, 10, 20, 20), box(100, 10, 10, 10)],
        crs=CRS,
    ).to_file(tmp_path / "register.gpkg")
    gpd.GeoDataFrame(
        {"id": ["b", "c"], "use": ["unmapped", "0110"], "floors": [2, 2]},
        geometry=[box(100, 10, 10, 10), box(400, 400, 10, 10)],
        crs=CRS,
    ).to_file(tmp_path / "survey.gpkg")
    (tmp_path / "layers.toml").write_text(LAYERS, encoding="utf-8")
    return tmp_path


LAYERS = """
[[districts]]
provider = "City"
file = "areas.gpkg"
columns = { zone_id = "code", name = "NAME_FI" }

[[buildings]]
provider = "Register"
licence = "CC BY 4.0"
file = "register.gpkg"
columns = { building_id = "id", use = "purpose", floors = "storeys", floor_area_m2 = "gfa", year_built = "done" }
tables = { use = "finland_2018" }
coverage = "hull"

[[buildings]]
provider = "Survey"
file = "survey.gpkg"
columns = { building_id = "id", use = "use", floors = "floors" }
tables = { use = "finland_2018" }
coverage = "whole"
"""  # noqa: E501 - as a user writes it


def run(folder: Path):
    city = City(id="town", country="FI", crs=CRS, names={"fi": "Town"})
    return collect(city, read_layers_file(folder / "layers.toml"), folder)


def test_columns_tables_and_precedence(town: Path) -> None:
    layers = run(town).layers
    assert layers["districts"].frame[["zone_id", "name"]].to_numpy().tolist() == [
        ["016", "Äyräpää"]
    ]
    buildings = layers["buildings"].frame.set_index("building_id")
    assert list(buildings.index) == ["a", "b", "c"]
    assert list(buildings["use"]) == ["apartment", "office", "detached"]
    assert list(buildings["floor_area_m2"]) == [1200.0, 500.0, 200.0]
    assert list(buildings["floor_area_m2_origin"]) == ["register", "imputed", "derived"]
    assert list(buildings["floors_origin"]) == ["register", "imputed", "register"]
    assert buildings["year_built"].tolist() == pytest.approx([1975, np.nan, np.nan], nan_ok=True)
    register, survey = layers["buildings"].provenance
    assert (register.provider, register.rows, survey.rows) == ("Register", 2, 1)
    assert survey.changes == {
        "rows that an earlier provider covers": 1,
        "values of use that no table knows": 1,
    }
    assert layers["buildings"].coverage is None


@pytest.mark.parametrize(
    ("of_register", "of_survey", "now"),
    [
        ("2019-05-01", "2021-2023", date(2023, 12, 31)),
        ("2019-05-01", "2018-02-03T10:00:00Z", date(2019, 5, 1)),
        ("2019", "", None),  # of no stated day: taken to be of today
        ("", "", None),
        ("2019-02-30", "2018", None),
        ("2999", "2018", None),
    ],
)
def test_now_is_the_day_of_the_data_and_not_of_the_figures(
    town: Path, of_register: str, of_survey: str, now: date | None
) -> None:
    dated = LAYERS.replace(
        'provider = "Register"', f'provider = "Register"\nvintage = "{of_register}"'
    )
    dated = dated.replace('provider = "Survey"', f'provider = "Survey"\nvintage = "{of_survey}"')
    (town / "layers.toml").write_text(dated, encoding="utf-8")
    city = City(
        id="town", country="FI", crs=CRS, names={"fi": "Town"}, figures="espoo", as_of="2012-01-01"
    )
    layers = collect(city, read_layers_file(town / "layers.toml"), town).layers
    assert layers.as_of == (now or Layers(layers.crs).as_of)


def test_coverage_is_what_the_file_says(town: Path) -> None:
    only = LAYERS.split('[[buildings]]\nprovider = "Survey"', maxsplit=1)[0]
    (town / "layers.toml").write_text(only, encoding="utf-8")
    coverage = run(town).layers["buildings"].coverage
    assert coverage.equals(
        shapely.convex_hull(shapely.union(box(10, 10, 20, 20), box(100, 10, 10, 10)))
    )
    (town / "layers.toml").write_text(only.replace('"hull"', '"cells"'), encoding="utf-8")
    west, south, east, north = run(town).layers["buildings"].coverage.bounds
    assert (west - X, south - Y, east - X, north - Y) == (-250.0, -250.0, 500.0, 500.0)


def test_a_layer_without_rows_is_complete_only_where_it_is_said_to_be(town: Path) -> None:
    gpd.GeoDataFrame({"kind": ["sea"]}, geometry=[box(0, 0, 9, 9)], crs=CRS).to_file(
        town / "parks.gpkg"
    )
    gpd.GeoDataFrame(geometry=[box(0, 0, 100, 50)], crs=CRS).to_file(town / "asked.gpkg")

    def coverage(said: str) -> shapely.Geometry | None:
        parks = '[[land_use]]\nprovider = "x"\nfile = "parks.gpkg"\nwhere = "kind == \'park\'"\n'
        parks += f'values = {{ class = "park" }}\ncoverage = "{said}"\n'
        (town / "layers.toml").write_text(f"{LAYERS}\n{parks}", encoding="utf-8")
        layer = run(town).layers["land_use"]
        assert layer.rows == 0
        return layer.coverage

    assert coverage("whole") is None
    for by_rows in ("bounds", "hull", "cells"):
        assert coverage(by_rows).is_empty
    for there in (f"{X} {Y} {X + 100} {Y + 50}", "asked.gpkg"):
        assert coverage(there).area == pytest.approx(5000)


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        ('"gfa"', '"floorspace"', SchemaError,
         "layer buildings, register.gpkg, columns: there is no column 'floorspace' for floor_area"),
        ("finland_2018", "finland_1066", ConfigError, "there is no code table 'finland_1066'"),
        ('"areas.gpkg"', '"nowhere.gpkg"', SourceError,
         "layer districts, nowhere.gpkg: there is no such file"),
        ("[[districts]]", "[[quarters]]", ConfigError, "there is no layer quarters"),
        ('"hull"', '"hul"', ConfigError, "coverage = 'hul' is neither whole"),
        ('"hull"', '"25.1 60 25 61"', ConfigError, "coverage = '25.1 60 25 61' is a box without"),
        ('file = "register.gpkg"', 'file = "register.gpkg"\ncrs = "EPSG:3879"', CrsError,
         "layer buildings, register.gpkg: the data lie"),
        ("floors = \"storeys\"", "storeys = \"storeys\"", SchemaError, "has no column storeys"),
    ],
)  # fmt: skip
def test_each_fault_is_one_line_that_names_layer_and_file(town, old, new, error, message) -> None:
    (town / "layers.toml").write_text(LAYERS.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(error) as caught:
        run(town)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_key_is_named_with_its_file(town: Path) -> None:
    (town / "layers.toml").write_text(LAYERS.replace("licence", "license"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"layers\.toml: buildings\.0.*license: unknown key"):
        run(town)


def test_a_provider_may_say_which_modes_it_lacks(town: Path) -> None:
    stops = gpd.GeoDataFrame({"name": ["A"]}, geometry=[shapely.Point(X + 10, Y + 10)], crs=CRS)
    stops.to_file(town / "bus.gpkg")
    said = '\n[[stops]]\nprovider = "Bus company"\nfile = "bus.gpkg"\nvalues = { mode = "bus" }\n'
    (town / "layers.toml").write_text(LAYERS + said + 'lacks = ["tram"]\n', encoding="utf-8")
    assert run(town).layers["stops"].lacks == {"tram"}
    (town / "layers.toml").write_text(LAYERS + said + 'lacks = ["trams"]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"stops\.0.*lacks.*'bus', 'tram'"):
        run(town)


@pytest.mark.parametrize("name", ["finland_1994", "finland_2018", "ryhti", "hsy_use", "osm_use"])
def test_every_word_of_a_use_table_is_a_use(name: str) -> None:
    table = vocabulary.table(name)
    assert set(table["use"]) <= set(USES)
    if "code" in table:
        assert table["code"].is_unique


def test_codes_are_found_with_and_without_zeros_and_by_their_text() -> None:
    given = pd.Series(["0121", "121", "Asuinkerrostalot", "asuinkerrostalot", "0111 Paritalot",
                       "", None, "9999"])  # fmt: skip
    found, unread = vocabulary.translate("finland_2018", given)
    assert list(found) == ["apartment"] * 4 + ["detached", None, None, None]
    assert unread == 1


def test_classes_of_the_real_register_are_as_they_were(shared: Path) -> None:
    """A change of a table shows here: buildings of the register by use, all of them."""
    register = gpd.read_file(
        shared / "espoo" / "espoo_building_register_perkkaa_leppavaara_2023.gpkg"
    )
    found, unread = vocabulary.translate("finland_2018", register["purpose_of_use"])
    assert unread == 0
    assert len(register) == 1946
    assert found.isna().sum() == register["purpose_of_use"].isna().sum() == 4
    assert found.value_counts()["office"] >= 53


def test_liechtenstein_is_found_in_its_extract(shared: Path) -> None:
    here = Path(__file__).parents[1]
    found = collect(
        load_city(str(here / "cities" / "liechtenstein.toml")),
        {
            key: value
            for key, value in read_layers_file(here / "real" / "liechtenstein.toml").items()
            if key in {"districts", "buildings"}
        },
        shared / "cities" / "liechtenstein",
    ).layers
    districts = found["districts"]
    assert len(districts.frame) == 11
    assert {"Vaduz", "Schaan", "Planken"} <= set(districts.frame["name"])
    assert districts.provenance[0].changes["unnamed areas set aside"] == 4
    assert "11 named areas of level 8" in districts.provenance[0].notes[0]
    buildings = found["buildings"].frame
    assert 17_000 < len(buildings) < 18_000
    assert buildings["building_id"].is_unique
    assert buildings.geometry.is_valid.all()


def test_sentinels_are_missing_in_whatever_type_they_are_written(town: Path) -> None:
    gpd.GeoDataFrame(
        {
            "ID": ["a", "b", "c"],
            "Purpose": ["0400", "0400", "0400"],
            "Storeys": [88, 3, 3],
            "GFA": ["88", "900", "none yet"],
            "Done": pd.to_datetime(["1975-12-31", "1900-01-01", None]),
        },
        geometry=[box(10, 10, 20, 20), box(100, 10, 10, 10), box(60, 10, 10, 10)],
        crs=CRS,
    ).to_file(town / "register.gpkg")
    text = LAYERS.replace('coverage = "hull"', 'sentinels = [88, "1900-01-01", "none yet"]')
    (town / "layers.toml").write_text(text, encoding="utf-8")
    frame = run(town).layers["buildings"].frame.set_index("building_id").loc[["a", "b", "c"]]
    assert frame["floors"].tolist()[1:] == [3, 3]
    assert frame["floors_origin"].tolist() == ["imputed", "register", "register"]
    assert frame["floor_area_m2_origin"].tolist() == ["imputed", "register", "derived"]
    assert frame["year_built"].tolist() == pytest.approx([1975, np.nan, np.nan], nan_ok=True)


def test_demolished_and_repeated_buildings_are_dropped_and_counted(town: Path) -> None:
    gpd.GeoDataFrame(
        {
            "ID": ["a", "a", "b"], "Purpose": "0400", "Storeys": 2, "GFA": 10, "Done": 1990,
            "State": ["Tyhjillään", "Muu", "Purettu muusta syystä"],
        },
        geometry=[box(10, 10, 20, 20), box(10, 10, 20, 20), box(100, 10, 10, 10)],
        crs=CRS,
    ).to_file(town / "register.gpkg")  # fmt: skip
    text = LAYERS.split('[[buildings]]\nprovider = "Survey"', maxsplit=1)[0]
    text = text.replace('use = "purpose"', 'use = "purpose", status = "state"')
    text = text.replace('use = "finland_2018"', 'use = "finland_2018", status = "ryhti_status"')
    (town / "layers.toml").write_text(text, encoding="utf-8")
    layer = run(town).layers["buildings"]
    assert layer.frame["building_id"].tolist() == ["a"]
    changes = layer.provenance[0].changes
    assert changes["demolished buildings dropped"] == 1
    assert changes["buildings of an id that was there already dropped"] == 1


def test_a_building_across_the_border_of_two_surveys_counts_once(town: Path) -> None:
    # The register covers its hull; a building of the survey has its middle outside it, but the
    # register drew most of it already.
    gpd.GeoDataFrame(
        {"ID": ["a", "b"], "Purpose": "0400", "Storeys": 2, "GFA": 10, "Done": 1990},
        geometry=[box(10, 10, 20, 20), box(100, 10, 60, 10)],
        crs=CRS,
    ).to_file(town / "register.gpkg")
    gpd.GeoDataFrame(
        {"id": ["b2", "c"], "use": "0110", "floors": 2},
        geometry=[box(101, 10, 60, 10), box(400, 400, 10, 10)],
        crs=CRS,
    ).to_file(town / "survey.gpkg")
    west, south, east, north = X, Y, X + 125, Y + 100
    text = LAYERS.replace('"hull"', f'"{west} {south} {east} {north}"')
    (town / "layers.toml").write_text(text, encoding="utf-8")
    layer = run(town).layers["buildings"]
    assert layer.frame["building_id"].tolist() == ["a", "b", "c"]
    assert layer.provenance[1].changes[DOUBLED] == 1


def test_parts_complement_each_other_and_know_only_what_all_know(town: Path) -> None:
    for name, mode, x in (("rail", "rail", 50), ("bus", "bus", 450)):
        gpd.GeoDataFrame(
            {"name": [name]}, geometry=[shapely.Point(X + x, Y + 50)], crs=CRS
        ).to_file(town / f"{name}.gpkg")
        more = f'[[stops]]\nprovider = "x"\npart = "{name}"\nfile = "{name}.gpkg"\n'
        more += f'columns = {{ name = "name" }}\nvalues = {{ mode = "{mode}" }}\n'
        if name == "bus":
            more += f'coverage = "{X} {Y} {X + 500} {Y + 100}"\n'
        with (town / "layers.toml").open("a", encoding="utf-8") as stream:
            stream.write("\n" + more)
    layer = run(town).layers["stops"]
    assert layer.frame["mode"].tolist() == ["rail", "bus"]
    assert layer.coverage.area == pytest.approx(500 * 100)


def test_a_district_in_several_rows_is_one(town: Path) -> None:
    gpd.GeoDataFrame(
        {"code": ["1", "2", "1", None], "name_fi": ["A", "B", "A", "C"]},
        geometry=[box(0, 0, 100, 100), box(100, 0, 400, 400), box(0, 100, 9, 9), box(0, 300, 9, 9)],
        crs=CRS,
    ).to_file(town / "areas.gpkg")
    layer = run(town).layers["districts"]
    assert layer.frame["zone_id"].tolist() == ["1", "2"]
    assert layer.frame.area.tolist() == pytest.approx([10_081, 160_000])
    assert layer.provenance[0].changes == {
        "districts without an id or a name dropped": 1,
        "parts of districts joined": 1,
    }


def test_rows_far_away_are_left_out_and_those_next_door_are_not(town: Path) -> None:
    gpd.GeoDataFrame(
        {"name": ["here", "next door", "elsewhere"]},
        geometry=[shapely.Point(X + x, Y + 50) for x in (50, 2400, 90_000)],
        crs=CRS,
    ).to_file(town / "stops.gpkg")
    with (town / "layers.toml").open("a", encoding="utf-8") as stream:
        stream.write(
            '\n[[stops]]\nprovider = "x"\nfile = "stops.gpkg"\nvalues = { mode = "bus" }\n'
        )
    layer = run(town).layers["stops"]
    assert layer.frame["name"].tolist() == ["here", "next door"]
    assert layer.provenance[0].changes == {"rows far from the city left out": 1}
