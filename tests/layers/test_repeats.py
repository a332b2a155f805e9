"""What comes more than once, and may not be counted more than once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pytest
import shapely
from pyproj import CRS

from districttype.errors import SchemaError
from districttype.layers.canonical import rows
from districttype.layers.layer import Layers
from districttype.providers import VectorFile
from districttype.sources.registry import Raw

X, Y = 370_000.0, 6_670_000.0


def cell(column: int, side: float = 250.0) -> shapely.Geometry:
    return shapely.box(X + column * side, Y, X + (column + 1) * side, Y + side)


def canonical(
    layer: str, table: dict[str, list[Any]], shapes: Sequence[shapely.Geometry], **provider: Any
) -> tuple[gpd.GeoDataFrame, Counter[str]]:
    frame = gpd.GeoDataFrame(table, geometry=list(shapes), crs=3067)
    given = VectorFile.model_validate({"provider": "P", "file": "x", **provider})
    found, changes, _ = rows(layer, given, Raw(frame), Layers(CRS.from_epsg(3067)))
    return found, +changes


def test_a_cell_that_is_twice_in_the_file_has_its_people_once() -> None:
    table = {"residents": [120, 120, 30], "jobs": [5, 5, 0]}
    found, changes = canonical("residents", table, [cell(0), cell(0), cell(1)])
    assert found["residents"].sum() == 150
    assert found["jobs"].sum() == 5
    assert changes == {"rows that are twice in the file dropped": 1}


def test_cells_of_two_years_in_one_file_are_refused_and_not_added_up() -> None:
    table = {"year": [2021, 2021, 2022, 2022], "residents": [120, 30, 125, 40]}
    shapes = [cell(0), cell(1), cell(0), cell(1)]
    with pytest.raises(SchemaError, match="2 rows tell residents of ground that another row") as no:
        canonical("residents", table, shapes)
    assert "where" in str(no.value)
    found, _ = canonical("residents", table, shapes, where="year == 2022")
    assert found["residents"].tolist() == [125, 40]


def test_what_one_row_leaves_open_another_may_tell_of_the_same_cell() -> None:
    table = {"residents": [120, None], "jobs": [None, 7]}
    found, changes = canonical("residents", table, [cell(0), cell(0)])
    assert (found["residents"].sum(), found["jobs"].sum()) == (120, 7)
    assert not changes


def test_households_at_one_address_are_all_there() -> None:
    found, _ = canonical("residents", {"residents": [2, 2]}, [shapely.Point(X, Y)] * 2)
    assert found["residents"].sum() == 4


def test_the_people_of_a_row_of_several_points_are_there_once() -> None:
    points = shapely.multipoints([(X, Y), (X + 10, Y), (X + 20, Y)])
    found, changes = canonical("residents", {"residents": [90]}, [points])
    assert found["residents"].tolist() == [90]
    assert found.geometry.tolist() == [shapely.Point(X + 10, Y)]
    assert changes == {"rows of several points put at one of them": 1}


def test_plans_in_stages_stand_on_one_ground_but_the_same_plan_counts_once() -> None:
    table = {"reserve_m2": [900.0, 900.0, 400.0], "stage": ["draft", "draft", "in force"]}
    found, _ = canonical("plans", table, [cell(0)] * 3)
    assert found["reserve_m2"].tolist() == [900, 400]


def test_buildings_that_share_an_id_but_no_ground_are_kept_apart() -> None:
    # As where an id is that of the plot: what is stated of each counts.
    table = {"building_id": ["7", "7", "7"], "floors": [2, 3, 1], "floor_area_m2": [200, 90, 40]}
    found, changes = canonical("buildings", table, [cell(i, 10) for i in (0, 3, 6)])
    assert found["building_id"].tolist() == ["7", "7~1", "7~2"]
    assert found["floor_area_m2"].sum() == 330
    assert changes["buildings that share an id kept apart"] == 2


def test_the_parts_of_one_building_have_its_floor_area_once_and_all_of_its_ground() -> None:
    table = {"building_id": ["7", "7", "8"], "floors": [2, 2, 1], "floor_area_m2": [300, 300, 40]}
    found, changes = canonical("buildings", table, [cell(i, 10) for i in (0, 3, 6)])
    assert found["building_id"].tolist() == ["7", "8"]
    assert found["floor_area_m2"].tolist() == [300, 40]
    assert found.area.tolist() == pytest.approx([200, 100])
    assert changes["parts of buildings joined"] == 1
    # Where floor area is not stated, it is that of all the ground.
    table = {"building_id": ["7", "7"], "floors": [2, 2]}
    found, _ = canonical("buildings", table, [cell(i, 10) for i in (0, 3)])
    assert found["floor_area_m2"].tolist() == pytest.approx([400])


DISTRICTS = {"columns": {"zone_id": "id", "name": "name", "land_km2": "land"}}


def test_parts_of_a_district_that_state_different_land_leave_it_to_be_measured() -> None:
    table = {"id": ["1", "1", "2", "2"], "name": ["A", "A", "B", "B"], "land": [1, 2, 3, 3]}
    found, _ = canonical("districts", table, [cell(i, 2000) for i in range(4)], **DISTRICTS)
    assert found["land_km2"].isna().tolist() == [True, False]
    assert found["land_km2"].tolist()[1] == 3


def test_an_id_of_districts_with_different_names_is_refused() -> None:
    table = {"id": ["1", "1"], "name": ["Alppila", "Harju"], "land": [1, 1]}
    with pytest.raises(SchemaError, match=r"the id 1 is that of Alppila and of Harju"):
        canonical("districts", table, [cell(i, 2000) for i in (0, 1)], **DISTRICTS)


def test_land_in_another_unit_than_km2_is_refused() -> None:
    table = {"id": ["1"], "name": ["A"], "land": [400]}  # hectares
    with pytest.raises(SchemaError, match=r"land_km2 of 1 is 400 where its area is 4\.00 km²"):
        canonical("districts", table, [cell(0, 2000)], **DISTRICTS)
