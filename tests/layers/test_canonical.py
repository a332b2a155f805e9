"""Canonical rows: names that vary, points for areas, rows that say nothing."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from districttype.errors import ConfigError, SchemaError
from districttype.layers.canonical import rows
from districttype.layers.layer import Layers
from districttype.providers import VectorFile
from districttype.sources.registry import Raw

SQUARE = shapely.box(370_000, 6_670_000, 370_010, 6_670_010)


def canonical(
    layer: str, table: dict[str, list[Any]], shape: shapely.Geometry = SQUARE, **provider: Any
) -> gpd.GeoDataFrame:
    size = len(next(iter(table.values())))
    frame = gpd.GeoDataFrame(table, geometry=[shape] * size, crs=3067)
    given = VectorFile.model_validate({"provider": "P", "file": "x", **provider})
    return rows(layer, given, Raw(frame), Layers(CRS.from_epsg(3067)))[0]


def test_of_several_names_of_a_column_the_first_there_is_counts() -> None:
    columns = {"building_id": "ID", "dwellings": "ASUNNOT|HUONEISTOT"}
    one = canonical("buildings", {"id": ["1"], "Huoneistot": [3]}, columns=columns)
    both = canonical("buildings", {"id": ["1"], "asunnot": [4], "HUONEISTOT": [3]}, columns=columns)
    assert (one["dwellings"].item(), both["dwellings"].item()) == (3, 4)
    with pytest.raises(SchemaError, match=r"no column 'ASUNNOT\|HUONEISTOT' for dwellings"):
        canonical("buildings", {"id": ["1"]}, columns=columns)


def test_a_point_stands_for_the_land_round_it_where_areas_are_due() -> None:
    table = {"m2": [900.0]}
    point = SQUARE.centroid
    columns = {"under_construction_m2": "m2"}
    with pytest.raises(SchemaError, match=r"holds Point where Polygon or MultiPolygon is due"):
        canonical("plans", table, point, columns=columns)
    (found,) = canonical("plans", table, point, columns=columns, radius=15).geometry
    assert found.area == pytest.approx(3.14 * 15**2, rel=0.01)
    (same,) = canonical("plans", table, columns=columns, radius=15).geometry
    assert same.equals(SQUARE)


def test_rows_of_which_none_tells_its_class_are_an_error_and_no_empty_layer() -> None:
    table = {"columns": {"constraint": "luokka"}, "tables": {"constraint": "gtk_acid_sulphate"}}
    with pytest.raises(SchemaError, match="no row has a value of luokka"):
        canonical("ground_constraints", {"luokka": [None, None]}, **table)
    told = canonical("ground_constraints", {"luokka": ["Pieni", "Suuri", "Hyvin pieni"]}, **table)
    assert told["constraint"].tolist() == ["acid_sulphate"]


def test_numbers_and_flags_that_say_nothing_are_unknown_and_what_is_not_understood_is_counted() -> (
    None
):
    times = {"t": ["12,5", "-1", "soon"]}
    frame = gpd.GeoDataFrame(times, geometry=[SQUARE] * 3, crs=3067)
    given = VectorFile.model_validate({"provider": "P", "file": "x", "columns": {"minutes": "t"}})
    found, changes, _ = rows("travel_times", given, Raw(frame), Layers(CRS.from_epsg(3067)))
    assert found["minutes"].tolist() == pytest.approx([12.5, np.nan, np.nan], nan_ok=True)
    assert changes["values of minutes that cannot be read"] == 1
    empty = {"class": ["shop"] * 4, "v": ["ja", "0", "?", "perhaps"]}
    frame = gpd.GeoDataFrame(empty, geometry=[SQUARE] * 4, crs=3067)
    given = VectorFile.model_validate(
        {"provider": "P", "file": "x", "columns": {"class": "class", "vacant": "v"}}
    )
    found, changes, _ = rows("services", given, Raw(frame), Layers(CRS.from_epsg(3067)))
    assert found["vacant"].astype(object).tolist()[:2] == [True, False]
    assert found["vacant"].isna().tolist() == [False, False, True, True]
    assert changes["values of vacant that cannot be read"] == 1


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("kind == 'a'", ["1", "3"]),
        ("kind in ['a', 'b']", ["1", "2", "3"]),
        ("kind.str.startswith('b')", ["2"]),
        ("storeys > 2", ["2", "3"]),
        ("~(storeys > 2)", ["1", "4"]),
    ],
)
def test_a_condition_keeps_the_rows_of_which_it_holds(condition: str, kept: list[str]) -> None:
    table: dict[str, Any] = {
        "building_id": ["1", "2", "3", "4"],
        "kind": ["a", "b", "a", None],
        "storeys": [1.0, 3.0, 4.0, np.nan],
    }
    columns = {"building_id": "building_id"}
    found = canonical("buildings", table, columns=columns, where=condition)
    assert found["building_id"].tolist() == kept


@pytest.mark.parametrize("condition", ["kind", "storeys", "storeys + 1", "1 == 1", "nothing > 3"])
def test_what_is_no_condition_is_refused_and_keeps_not_all_rows(condition: str) -> None:
    table: dict[str, Any] = {"building_id": ["1"], "kind": ["no"], "storeys": [np.nan]}
    with pytest.raises(ConfigError, match="condition"):
        canonical("buildings", table, columns={"building_id": "building_id"}, where=condition)


def test_a_condition_on_what_is_unknown_does_not_hold() -> None:
    table: dict[str, Any] = {"building_id": ["1", "2"], "storeys": pd.array([3, None], "Int64")}
    columns = {"building_id": "building_id"}
    found = canonical("buildings", table, columns=columns, where="storeys > 2")
    assert found["building_id"].tolist() == ["1"]


def test_a_building_that_stands_was_not_built_in_years_to_come() -> None:
    table: dict[str, Any] = {
        "id": ["1", "2", "3"], "year": [2091, 2091, 1991], "now": ["existing", "planned", None],
    }  # fmt: skip
    columns = {"building_id": "id", "year_built": "year", "status": "now"}
    frame = gpd.GeoDataFrame(table, geometry=[SQUARE] * 3, crs=3067)
    given = VectorFile.model_validate({"provider": "P", "file": "x", "columns": columns})
    found, changes, _ = rows("buildings", given, Raw(frame), Layers(CRS.from_epsg(3067)))
    assert found["year_built"].tolist() == pytest.approx([np.nan, 2091, 1991], nan_ok=True)
    assert found["year_built_origin"].tolist() == ["missing", "register", "register"]
    assert changes["years still to come of buildings that stand dropped"] == 1
