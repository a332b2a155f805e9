"""Guesses are marked, learnt only where that helps, and tested on blocks they never saw."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from districttype.city import load_city
from districttype.layers.buildings import default_floors
from districttype.layers.collect import collect
from districttype.layers.guesses import errors_found, guesses
from districttype.layers.impute import impute_buildings
from districttype.layers.learning import LEAST
from districttype.layers.schema import LAND_USES, conform, empty
from districttype.layers.traits import Town, form, told_by_neighbours
from districttype.providers import read_layers_file
from town import TM35, building

ORIGINS = ("use_origin", "floors_origin", "floor_area_m2_origin", "year_built_origin")


def table(rows: list[dict]) -> gpd.GeoDataFrame:
    return conform("buildings", gpd.GeoDataFrame(rows, geometry="geometry", crs=TM35), TM35)


def suburb(n: int = 900, seed: int = 0) -> gpd.GeoDataFrame:
    """Draw slabs and houses on 2 km: the wider, the higher; the farther east, the younger."""
    dice = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        x, y = dice.uniform(0, 2000, 2)
        slab = dice.random() < 0.4
        wide, long = (dice.uniform(12, 25), 50) if slab else (dice.uniform(8, 11), 12)
        floors = 2 + int(wide // 5) if slab else 1 + (wide > 10)
        rows.append(
            building(
                f"b{i}",
                shapely.box(x, y, x + long, y + wide),
                use="apartment" if slab else "detached",
                floors=floors,
                floor_area_m2=0.8 * long * wide * floors,
                year_built=1950 + int(x // 50),
            )
        )
    return table(rows)


def hide(full: gpd.GeoDataFrame, rows: np.ndarray, *columns: str) -> gpd.GeoDataFrame:
    partial = full.copy()
    for column in columns or ("use", "floors", "floor_area_m2", "year_built"):
        partial.loc[rows, column] = "unknown" if column == "use" else np.nan
        partial.loc[rows, f"{column}_origin"] = "missing"
    return partial


@pytest.fixture(scope="module")
def learnt() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, np.ndarray, dict]:
    full = suburb()
    rows = np.random.default_rng(1).random(len(full)) < 0.3
    filled, report = impute_buildings(hide(full, rows))
    return full, filled, rows, report


def test_what_is_stated_is_never_changed(learnt: tuple) -> None:
    full, filled, rows, _ = learnt
    pd.testing.assert_frame_equal(filled[~rows], full[~rows])


def test_what_is_filled_is_marked(learnt: tuple) -> None:
    _, filled, rows, _ = learnt
    guessed = filled[rows]
    assert guessed[["floors", "floor_area_m2"]].notna().all(axis=None)
    assert (guessed[["floors_origin", "floor_area_m2_origin"]] == "imputed").all(axis=None)
    unknown = guessed["use"].eq("unknown")
    assert (guessed["use_origin"] == np.where(unknown, "missing", "imputed")).all()
    conform("buildings", filled, TM35)


def test_guesses_are_as_good_as_the_report_says(learnt: tuple) -> None:
    full, filled, rows, report = learnt
    assert report["use"]["how"] == report["floors"]["how"] == report["year"]["how"] == "learnt"
    right = (filled["use"] == full["use"])[rows & filled["use"].ne("unknown")].mean()
    off = (filled[["floors", "year_built"]] - full[["floors", "year_built"]])[rows].abs().mean()
    assert right > 0.95
    assert right == pytest.approx(report["use"]["accuracy"], abs=0.05)
    assert off["floors"] == pytest.approx(report["floors"]["mae"], abs=0.15)
    assert report["floors"]["mae"] < report["floors"]["mae_by_use"]
    # Years of the next house but one are known here, but not where whole blocks are left out.
    assert off["year_built"] < report["year"]["mae"] < report["year"]["mae_by_use"]


def test_floor_area_is_less_than_footprint_times_storeys_where_houses_show_it(
    learnt: tuple,
) -> None:
    _, filled, rows, report = learnt
    assert report["filling"]["share"] == pytest.approx(0.8)
    np.testing.assert_allclose(
        filled["floor_area_m2"][rows], 0.8 * (filled.area * filled["floors"])[rows]
    )


def test_guessing_again_guesses_the_same(learnt: tuple) -> None:
    full, filled, rows, report = learnt
    again, same = impute_buildings(hide(full, rows))
    pd.testing.assert_frame_equal(again, filled)
    assert same == report


def test_the_report_says_it_in_sentences(learnt: tuple) -> None:
    *_, rows, report = learnt
    said = [guess.text() for guess in guesses(report)]
    assert len(said) == 3
    assert said[1].startswith(
        f"The storeys of {rows.sum()} of 900 buildings are a guess learnt from {900 - rows.sum()}; "
    )
    assert f"{report['use']['accuracy']:.0%}".replace("%", " %") in said[0].replace("\u00a0", " ")


def test_how_far_off_guesses_are_is_a_share_of_what_is_stated() -> None:
    report = {
        "floors": {"how": "learnt", "mae": 0.5, "mean": 2.5},
        "use": {"how": "learnt", "accuracy": 0.9},
    }
    assert errors_found(report) == pytest.approx({"floors": 0.2, "use": 0.1})
    assert errors_found({"floors": {"how": "by use"}, "use": {"how": "not"}}) == {}


def test_a_use_nothing_tells_stays_unknown() -> None:
    full = suburb()
    dice = np.random.default_rng(2)
    full["use"] = dice.choice(["office", "retail", "health", "public"], len(full))
    rows = dice.random(len(full)) < 0.3
    filled, report = impute_buildings(hide(full, rows, "use"))
    assert report["use"]["how"] == "not"
    assert (filled["use"][rows] == "unknown").all()
    assert (filled["use_origin"][rows] == "missing").all()


def test_few_known_storeys_give_the_median_of_the_use_and_fewer_the_table() -> None:
    rows = [
        building(f"a{i}", shapely.box(30 * i, 0, 30 * i + 10, 10), use="apartment", floors=floors)
        for i, floors in enumerate([3, 3, 4, 7, 7, None])
    ]
    rows += [
        building(f"d{i}", shapely.box(30 * i, 50, 30 * i + 10, 60), use="detached", floors=floors)
        for i, floors in enumerate([9, 9, None])
    ]
    filled, report = impute_buildings(hide(table(rows), np.zeros(9, dtype=bool)))
    assert filled["floors"][5] == 4
    assert filled["floor_area_m2"][5] == 400
    assert filled["floors"][8] == default_floors()["detached"]
    assert report["floors"] == {"known": 7, "imputed": 2, "how": "by use"}
    assert [guess.text() for guess in guesses(report)] == [
        "The storeys of 2 of 9 buildings are a guess: the median of buildings of their use"
    ]


def test_a_handful_of_tagged_towers_is_not_learnt_from() -> None:
    full = suburb(4 * LEAST)
    rows = np.ones(len(full), dtype=bool)
    rows[: LEAST - 1] = False
    _, report = impute_buildings(hide(full, rows, "floors", "year_built"))
    assert report["floors"]["how"] == "by use"
    assert report["year"] == {"known": LEAST - 1, "imputed": 0, "how": "not"}


def test_where_nothing_is_missing_nothing_is_done() -> None:
    full = suburb(60)
    same, report = impute_buildings(full)
    pd.testing.assert_frame_equal(same, full)
    assert "floors" not in report
    nothing, _ = impute_buildings(empty("buildings", TM35))
    assert len(nothing) == 0


def test_columns_a_provider_does_not_have_are_not_needed() -> None:
    full = suburb(300)
    rows = np.arange(300) % 3 == 0
    bare = hide(full, rows).drop(columns=["height_m", "dwellings"])
    filled, report = impute_buildings(bare)
    assert report["floors"]["how"] == "learnt"
    assert filled["floors"].notna().all()


def test_form_is_what_one_would_measure_on_paper() -> None:
    court = shapely.box(0, 0, 10, 20).difference(shapely.box(2, 2, 4, 4))
    found = form(np.array([shapely.box(0, 0, 20, 10), court], dtype=object))
    np.testing.assert_allclose(found["compactness"], [800 * np.pi / 3600, 784 * np.pi / 68**2])
    np.testing.assert_allclose(found["rectangularity"], [1.0, 0.98])
    np.testing.assert_allclose(found["elongation"], 0.5)
    np.testing.assert_allclose(found["width"], 10)
    assert [*found["courtyards"]] == [0, 1]


def test_the_setting_counts_neighbours_within_100_m_and_the_smallest_land_use() -> None:
    town = Town(np.array([[5.0, 5], [55, 5], [145, 5]]), np.full(3, 100.0))
    land_use = gpd.GeoDataFrame(
        {"class": ["housing", "park"]},
        geometry=[shapely.box(-100, -100, 100, 100), shapely.box(40, -10, 70, 20)],
        crs=TM35,
    )
    found = town.setting(np.arange(3), land_use)
    assert [*found["neighbours"]] == [1, 2, 1]
    assert [*found["built_around"]] == [200, 300, 200]
    assert [*found["nearest"]] == [50, 50, 90]
    assert [*found["land_use"]] == [LAND_USES.index("housing"), LAND_USES.index("park"), -1]


def test_a_building_does_not_tell_itself() -> None:
    xy = np.column_stack([np.arange(12.0) * 100, np.zeros(12)])
    everyone = np.arange(12)
    values = (everyone[:, None] == 5).astype(float)
    told = told_by_neighbours(xy, values, everyone, everyone)["neighbours_0"]
    assert told[5] == 0
    assert told[4] > 0
    hidden = everyone[everyone != 5]
    told = told_by_neighbours(xy, values[hidden], hidden, everyone)["neighbours_0"]
    assert (told == 0).all()


@pytest.mark.slow
def test_held_out_buildings_of_a_real_register_are_guessed_well(shared: Path) -> None:
    """Hide all that is known of three in ten buildings of Perkkaa and Etelä-Leppävaara."""
    served = read_layers_file(Path(__file__).parents[1] / "real" / "espoo-shared.toml")
    served = {
        "districts": served["districts"],
        "buildings": [p for p in served["buildings"] if "register" in getattr(p, "file", "")],
    }
    layers = collect(load_city("espoo"), served, shared / "espoo").layers
    register = layers["buildings"].frame
    rows = np.random.default_rng(3).random(len(register)) < 0.3
    filled, report = impute_buildings(hide(register, rows))

    def stated(column: str) -> pd.Series:
        return rows & register[f"{column}_origin"].eq("register")

    floors = np.abs(filled["floors"] - register["floors"])[stated("floors")].mean()
    given = stated("use") & filled["use"].ne("unknown")
    right = (filled["use"] == register["use"])[given].mean()
    area = filled["floor_area_m2"][stated("floor_area_m2")].sum()
    area /= register["floor_area_m2"][stated("floor_area_m2")].sum()
    print(f"storeys {floors:.2f} off, use {right:.0%} right, floor area {area:.2f}, {report}")
    assert floors < 0.6
    assert right > 0.85
    assert given.sum() > 0.7 * stated("use").sum()
    assert area == pytest.approx(1.0, abs=0.15)
    assert report["floors"]["mae"] < report["floors"]["mae_by_use"]
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    said = f"{report['floors']['mae']:.2f} storeys off on average; use right in "
    assert f"{said}{report['use']['accuracy']:.0%}".replace("%", " %") in readme
