"""The whole line on real files of Espoo: what a user with data on disk gets."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from districttype import pipeline
from districttype.city import load_city
from districttype.publish.edition import Edition

HERE = Path(__file__).parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Edition, Path]:
    out = tmp_path_factory.mktemp("espoo")
    edition = pipeline.classify(
        load_city("espoo"),
        data=str(shared / "espoo"),
        layers_file=HERE / "real" / "espoo-shared.toml",
        zone_sets=("districts",),
        out=out,
    )
    return edition, out


@pytest.fixture(scope="module")
def districts(run: tuple[Edition, Path]) -> pd.DataFrame:
    return pd.read_csv(run[1] / "districts.csv", dtype={"zone_id": str}).set_index("zone_id")


def test_all_88_districts_have_a_row_and_a_mobility_label(districts: pd.DataFrame) -> None:
    assert len(districts) == 88
    assert districts["mobility"].ne("unknown").all()


def test_districts_with_buildings_are_labelled_and_the_others_are_unknown(districts) -> None:
    for zone in ("112", "118", "222"):
        assert districts.loc[zone, "coverage_buildings"] >= 0.8
    known = districts[["density", "use"]].ne("unknown")
    assert districts.loc["112", "density"] == "dense"
    assert districts.loc["222", "use"] == "offices"
    covered = districts["coverage_buildings"] >= 0.8
    assert not known[~covered].any().any()
    assert known[covered].all().all()


def test_residents_of_all_districts_are_those_of_the_grid(districts, shared: Path) -> None:
    grid = gpd.read_file(shared / "espoo" / "espoo_hsy_population_grid_250m_2015.gpkg")
    assert districts["residents"].sum() == pytest.approx(grid["ASUKKAITA"].sum(), rel=0.005)


def test_floor_area_of_perkkaa_is_the_registers_split_at_the_border(districts, shared) -> None:
    register = gpd.read_file(
        shared / "espoo" / "espoo_building_register_perkkaa_leppavaara_2023.gpkg"
    )
    zones = gpd.read_file(shared / "espoo" / "espoo_pienalue_88.gpkg").to_crs(3067)
    perkkaa = zones[zones["pien"].astype(str).str.zfill(3) == "118"]
    stated = register[register["floor_area"] > 0].copy()
    stated["whole"] = stated.area
    cut = gpd.overlay(stated, perkkaa[["geometry"]], how="intersection")
    expected = (cut["floor_area"] * cut.area / cut["whole"]).sum()
    guessed = districts.loc["118", "floor_area_imputed_share"]
    got = districts.loc["118", "floor_area_m2"]
    assert expected <= got * (1 + 1e-9)
    assert got == pytest.approx(expected, rel=0.02 + guessed)


def test_the_run_says_what_it_stands_on(run: tuple[Edition, Path]) -> None:
    said = json.loads((run[1] / "run.json").read_text(encoding="utf-8"))
    buildings = said["layers"]["buildings"]["parts"]
    assert any("Espoo" in part["provider"] for part in buildings)
    assert all(part["licence"] for part in buildings)
    assert said["thresholds"]["density"]["dense_floor_share"]["value"] == 0.5
    assert set(said["missing_layers"]) >= {"plans", "ownership"}
    assert said["zone_sets"]["districts"]["zones"] == 88


def test_the_same_rows_stand_in_every_file(run: tuple[Edition, Path], districts) -> None:
    out = run[1]
    geojson = gpd.read_file(out / "districts.geojson").set_index("zone_id")
    assert geojson.crs.to_epsg() == 4326
    assert 24 < geojson.total_bounds[0] < 25.5
    table = gpd.read_file(out / "zones.gpkg", layer="districts").set_index("zone_id")
    assert table.crs.to_epsg() == 3067
    for other in (geojson, table):
        assert list(other.loc[districts.index, "density"]) == list(districts["density"])
        np.testing.assert_allclose(
            other.loc[districts.index, "residents"].astype(float), districts["residents"], rtol=1e-6
        )
    assert "Leppävaara" in " ".join(districts["name"])
