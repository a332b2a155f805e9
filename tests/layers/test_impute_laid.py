"""A city in part files is guessed as one in memory is: the same rows, the same report."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from districttype.boxes import Box
from districttype.city import load_city
from districttype.layers.collect import collect
from districttype.layers.impute import impute_buildings, impute_laid
from districttype.layers.laid import ROW, Laid, Laying
from districttype.layers.rows import chosen
from districttype.layers.schema import LAND_USES, conform, empty
from districttype.layers.traits import Town
from districttype.providers import read_layers_file
from town import TM35, building

WIDE = 2000  # m


def town(n: int = 2000) -> gpd.GeoDataFrame:
    """Draw slabs and houses in no order of place, of which a third of the facts is known."""
    dice = np.random.default_rng(0)
    rows = []
    for i in range(n):
        # On a grid of 20 m, so that many stand 100 m apart to the bit, and some on top of others.
        x, y = dice.integers(0, WIDE // 20, 2) * 20
        slab = dice.random() < 0.4
        wide, long = (dice.integers(12, 25), 50) if slab else (dice.uniform(8, 11), 12)
        floors = 2 + int(wide // 5) if slab else 1 + (wide > 10)
        told = dice.random(4) < 0.33
        rows.append(
            building(
                f"b{i}",
                shapely.box(x, y, x + long, y + wide),
                use=("apartment" if slab else "detached") if told[0] else "unknown",
                floors=floors if told[1] else None,
                floor_area_m2=0.8 * long * wide * floors if told[2] else None,
                year_built=1950 + int(x // 50) if told[3] else None,
                height_m=3.0 * floors if i % 7 == 0 else None,
                use_origin="register" if told[0] else "missing",
                floors_origin="tagged" if told[1] else "missing",
                floor_area_m2_origin=("register" if i % 3 else "derived") if told[2] else "missing",
                year_built_origin="register" if told[3] else "missing",
            )
        )
    return conform("buildings", gpd.GeoDataFrame(rows, geometry="geometry", crs=TM35), TM35)


def land_of(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Draw land use of all classes round a town's buildings: large below small, across parts."""
    dice = np.random.default_rng(1)
    west, south, east, north = buildings.total_bounds
    shapes = [
        shapely.box(x, y, x + side, y + side)
        for x, y, side in zip(
            dice.uniform(west, east, 300),
            dice.uniform(south, north, 300),
            dice.choice([30.0, 100.0, 1000.0], 300),
            strict=True,
        )
    ]
    classes = [LAND_USES[i % len(LAND_USES)] for i in range(300)]
    return gpd.GeoDataFrame({"class": classes}, geometry=shapes, crs=TM35)


def lay_down(buildings: gpd.GeoDataFrame, folder: Path, across: int = 3, step: int = 1) -> Laid:
    """Lay down a town in squares; every `step`th number of the layer is one of its rows."""
    centroids = buildings.geometry.centroid
    east, north = (pd.cut(at, across, labels=False).to_numpy() for at in (centroids.x, centroids.y))
    laying = Laying("buildings", folder)
    for part in np.random.default_rng(2).permutation(across**2):
        rows = np.flatnonzero(east * across + north == part)
        laying.add(buildings.iloc[rows], step * rows)
    return laying.done()


def same(found: tuple[Laid, dict], whole: tuple[gpd.GeoDataFrame, dict]) -> None:
    pd.testing.assert_frame_equal(found[0].read(), whole[0].reset_index(drop=True))
    assert found[1] == whole[1]


@pytest.fixture(scope="module")
def buildings() -> gpd.GeoDataFrame:
    return town()


@pytest.fixture(scope="module")
def whole(buildings: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, dict]:
    return impute_buildings(buildings, land_of(buildings))


@pytest.mark.slow
def test_a_town_in_nine_parts_is_guessed_as_in_memory(
    buildings: gpd.GeoDataFrame, whole: tuple[gpd.GeoDataFrame, dict], tmp_path: Path
) -> None:
    land_use = land_of(buildings)
    asked: list[Box] = []

    def near(box: Box) -> gpd.GeoDataFrame:
        asked.append(box)
        return chosen(land_use, box)

    laid = lay_down(buildings, tmp_path / "told")
    found = impute_laid(laid, near, tmp_path / "filled")
    same(found, whole)
    assert [whole[1][fact]["how"] for fact in ("use", "floors", "year")] == ["learnt"] * 3
    assert [part.rows for part in found[0].parts] == [part.rows for part in laid.parts]
    assert len(asked) == 9
    assert all(box[2] - box[0] < WIDE / 2 and box[3] - box[1] < WIDE / 2 for box in asked)
    assert not [path for path in (tmp_path / "filled").iterdir() if path.suffix != ".parquet"]


def test_a_guess_is_the_same_whoever_is_asked_with_whom(
    buildings: gpd.GeoDataFrame,
    whole: tuple[gpd.GeoDataFrame, dict],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("districttype.layers.traits._TOGETHER", 100)
    monkeypatch.setattr("districttype.layers.learning.ASKED_TOGETHER", 400)
    again = impute_buildings(buildings, land_of(buildings))
    pd.testing.assert_frame_equal(again[0], whole[0])
    assert again[1] == whole[1]


def test_what_stands_round_a_building_is_the_same_whoever_is_asked_with_it() -> None:
    dice = np.random.default_rng(3)
    around = Town(dice.integers(0, 30, (400, 2)) * 20.0, dice.uniform(50, 500, 400))
    some = dice.permutation(400)[:50]
    together = around.setting(np.arange(400), None).iloc[some].reset_index(drop=True)
    pd.testing.assert_frame_equal(around.setting(some, None), together, check_exact=True)


def test_few_known_are_filled_by_use_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    buildings = town(200)
    laid = lay_down(buildings, tmp_path / "told", across=2, step=3)
    found = impute_laid(laid, lambda _: None, tmp_path / "filled")
    assert found[1]["floors"]["how"] == "by use"
    assert [*found[0].numbered()[ROW]] == [*range(0, 600, 3)]
    same(found, impute_buildings(buildings))


def test_a_city_without_buildings_stays_without(tmp_path: Path) -> None:
    laying = Laying("buildings", tmp_path / "told")
    laying.add(empty("buildings", TM35))
    found = impute_laid(laying.done(), lambda _: None, tmp_path / "filled")
    same(found, impute_buildings(empty("buildings", TM35)))


@pytest.mark.slow
def test_real_districts_in_parts_are_guessed_as_in_memory(shared: Path, tmp_path: Path) -> None:
    served = read_layers_file(Path(__file__).parents[1] / "real" / "espoo-shared.toml")
    served = {name: served[name] for name in ("districts", "buildings")}
    layers = collect(load_city("espoo"), served, shared / "espoo").layers
    buildings = layers["buildings"].frame
    guessed = {"use": "unknown", "floors": np.nan, "year_built": np.nan}
    for column, nothing in guessed.items():  # as they were before
        buildings.loc[buildings[f"{column}_origin"] == "imputed", column] = nothing
        buildings.loc[buildings[f"{column}_origin"] == "imputed", f"{column}_origin"] = "missing"
    land_use = land_of(buildings)
    laid = lay_down(buildings, tmp_path / "told", across=2)
    found = impute_laid(laid, lambda box: chosen(land_use, box), tmp_path / "filled")
    assert found[1]["floors"]["how"] == "learnt"
    same(found, impute_buildings(buildings, land_use))
