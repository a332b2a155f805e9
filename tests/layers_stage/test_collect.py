"""Layers out of files: columns, code tables, coverage, precedence, and one clear line a fault."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from districttype.city import City, load_city
from districttype.errors import ConfigError, CrsError, SchemaError, SourceError
from districttype.layers import vocabulary
from districttype.layers.collect import collect
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
            for key, value in read_layers_file(here / "layers" / "liechtenstein.toml").items()
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
