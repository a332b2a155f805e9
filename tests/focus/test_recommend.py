from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from districttype.focus import Catalogue, load_catalogue, recommend
from districttype.focus.recommend import COLUMNS
from districttype.layers.layer import Layer, Layers
from districttype.layers.schema import conform

from .conftest import METRIC, City

CONTRACT = {
    "zone_set", "zone_id", "name", "solution", "score", "relative_score", "level", "systems",
    "actors", "prerequisites", "means", "reasons", "basis",
}  # fmt: skip


def focus_of(city: City, catalogue: Catalogue, **options: object) -> pd.DataFrame:
    return recommend(city.zones, city.labels, city.indicators, catalogue, **options)  # type: ignore[arg-type]


def solutions(focus: pd.DataFrame, zone: str) -> list[str]:
    return focus.loc[focus["zone_id"] == zone, "solution"].tolist()


def reason_text(row: pd.Series, language: str = "en") -> str:
    return "; ".join(message.text(language) for message in row["reasons"])


def entry(focus: pd.DataFrame, zone: str, solution: str) -> pd.Series:
    return focus[(focus["zone_id"] == zone) & (focus["solution"] == solution)].iloc[0]


def test_kera_waits_for_building_and_its_owners_commit_in_agreements(
    city: City, catalogue: Catalogue
) -> None:
    focus = focus_of(city, catalogue)
    assert {"A5", "A8"} <= set(solutions(focus, "Kera"))
    assert "development_commitment" in entry(focus, "Kera", "A5")["means"].split(";")
    assert entry(focus, "Kera", "A5")["archetype"] == "brownfield"
    assert entry(focus, "Kera", "A5")["prerequisites"].split(";")[:2] == ["P2", "P4"]


def test_soukka_has_the_solutions_its_documents_name(city: City, catalogue: Catalogue) -> None:
    focus = focus_of(city, catalogue)
    assert {"A1", "A3", "A5", "A6"} <= set(solutions(focus, "Soukka"))
    assert entry(focus, "Soukka", "A1")["archetype"] == "station_suburb"


def test_residents_and_companies_are_always_invited(city: City, catalogue: Catalogue) -> None:
    invited = focus_of(city, catalogue)["actors"].str.split(";")
    assert all({"residents", "companies"} <= set(actors) for actors in invited)


def test_without_ownership_only_the_means_change(city: City, catalogue: Catalogue) -> None:
    labels = city.labels.drop(columns="ownership")
    before = focus_of(city, catalogue)
    after = recommend(city.zones, labels, city.indicators, catalogue)
    changing = ["means", "convener"]
    pd.testing.assert_frame_equal(before.drop(columns=changing), after.drop(columns=changing))
    assert set(after["means"]) == {"ownership_survey"}
    assert set(before["means"]) != {"ownership_survey"}


@pytest.mark.parametrize("facet", ["density", "development", "use", "mobility", "energy", "ground"])
def test_a_facet_without_data_is_left_out_and_named(
    facet: str, city: City, catalogue: Catalogue
) -> None:
    labels = city.labels.drop(columns=[facet])
    focus = recommend(city.zones, labels, city.indicators, catalogue)
    assert focus["unknown_facets"].str.split(";").map(lambda left: facet in left).all()
    assert not focus["basis"].str.contains(f"{facet}=").any()
    full = focus_of(city, catalogue)
    both = full.merge(focus, on=["zone_id", "solution"], suffixes=("", "_less"))
    silent = ~both["basis"].str.contains(f"{facet}=")
    pd.testing.assert_series_equal(
        both.loc[silent, "score"], both.loc[silent, "score_less"], check_names=False
    )


def test_a_gate_that_hangs_on_the_unknown_is_reported_not_guessed(
    city: City, catalogue: Catalogue
) -> None:
    labels = city.labels.assign(density="unknown")
    focus = recommend(city.zones, labels, city.indicators, catalogue)
    assert "A7" not in set(focus["solution"])
    assert focus["undecided"].str.split(";").map(lambda ids: "A7" in ids).all()
    assert "A7" not in entry(focus_of(city, catalogue), "Soukka", "A5")["undecided"]


def test_a_zone_of_which_nothing_is_known_gets_no_recommendation(
    city: City, catalogue: Catalogue
) -> None:
    labels = city.labels.copy()
    labels.loc["Kera"] = None
    assert "Kera" not in set(recommend(city.zones, labels, city.indicators, catalogue)["zone_id"])


def test_the_table_keeps_its_contract(city: City, catalogue: Catalogue) -> None:
    focus = focus_of(city, catalogue)
    assert tuple(focus.columns) == COLUMNS
    assert set(COLUMNS) >= CONTRACT
    for column in ("actors", "means", "basis", "level", "systems", "prerequisites", "convener"):
        assert focus[column].str.len().gt(0).all(), column
    for reasons in focus["reasons"]:
        assert reasons
        assert all(message.text(language) for message in reasons for language in ("fi", "sv", "en"))
    assert focus["share_of_max"].between(0, 1).all()
    assert focus["stability"].between(0, 1).all()
    best_first = focus.groupby("zone_id")["score"].apply(lambda s: s.is_monotonic_decreasing)
    assert best_first.all()


def test_equal_scores_share_a_rank_and_say_so(city: City, catalogue: Catalogue) -> None:
    focus = focus_of(city, catalogue)
    soukka = focus[focus["zone_id"] == "Soukka"].set_index("solution")
    assert soukka["rank"].to_dict() == {"A5": 1, "A1": 2, "A3": 2, "A4": 4, "A7": 5, "A6": 6}
    assert soukka["tie"].to_dict() == {
        "A5": False, "A1": True, "A3": True, "A4": False, "A7": False, "A6": False,
    }  # fmt: skip


def test_the_weakest_evidence_is_named(city: City, catalogue: Catalogue) -> None:
    focus = focus_of(city, catalogue)
    assert entry(focus, "Soukka", "A1")["basis"] == (
        "mobility=seed;development=source;density=inference"
    )
    assert entry(focus, "Soukka", "A1")["weakest_evidence"] == "density=inference"
    assert entry(focus, "Soukka", "A1")["weakest_confidence"] == 0.6  # mobility
    assert entry(focus, "Kera", "A8")["weakest_evidence"] == "development=source"
    assert np.isnan(entry(focus, "Kera", "A8")["weakest_confidence"])


def test_changing_one_cell_changes_the_zones_that_depend_on_it(
    city: City, catalogue: Catalogue, tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[rows.infill.points]\nA3 = "1i"\n')
    keep = [c for c in COLUMNS if c not in ("relative_score",)]
    before = focus_of(city, catalogue)
    after = focus_of(city, load_catalogue(own))
    infill = city.labels.index[city.labels["development"] == "infill"]
    elsewhere = [~table["zone_id"].isin(infill) for table in (before, after)]
    pd.testing.assert_frame_equal(
        before.loc[elsewhere[0], keep].drop(columns="share_of_max"),
        after.loc[elsewhere[1], keep].drop(columns="share_of_max"),
    )
    # What could be reached for A3 is less now; nothing else moves outside the infill.
    moved = (before["share_of_max"] != after["share_of_max"]) & elsewhere[0]
    assert set(before.loc[moved, "solution"]) == {"A3"}

    keys = ["zone_id", "solution"]
    for zone in infill:
        old, new = (t[t["zone_id"] == zone].set_index("solution") for t in (before, after))
        assert old.loc["A3", "score"] - new.loc["A3", "score"] == pytest.approx(3 - 0.5)
        others = old.index.drop("A3")
        columns = ["score", "relative_score", "basis", "reasons", "actors", "means"]
        pd.testing.assert_frame_equal(old.loc[others, columns], new.loc[others, columns])
    assert before[keys].drop_duplicates().shape == after[keys].drop_duplicates().shape


def test_changing_one_sentence_changes_the_reasons_that_use_it(
    city: City, catalogue: Catalogue, tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[rows.infill.why]\nA3 = { en = "because we say so" }\n')
    before, after = focus_of(city, catalogue), focus_of(city, load_catalogue(own))
    changed = before["reasons"] != after["reasons"]
    expected = before["zone_id"].isin(["Keilaniemi", "Soukka"]) & (before["solution"] == "A3")
    assert (changed == expected).all()
    pd.testing.assert_frame_equal(before.drop(columns="reasons"), after.drop(columns="reasons"))


def test_reasons_quote_the_zones_own_figures(city: City, catalogue: Catalogue) -> None:
    indicators = city.indicators.assign(
        new_station_floor_share=0.64, growth_ratio=0.69, dense_floor_share=0.9
    )
    stops = gpd.GeoDataFrame(
        {"mode": ["metro", "metro", "bus"], "name": ["Soukka", "Kaukana", "Pysäkki"],
         "opened": [2022 + 11 / 12, 2023.0, 2023.0]},
        geometry=[shapely.Point(5_500, 500), shapely.Point(90_000, 0), shapely.Point(5_500, 510)],
        crs=METRIC,
    )  # fmt: skip
    assert city.zones.frame.loc["Soukka", "geometry"].covers(stops.geometry[0])
    layers = Layers(METRIC, as_of=date(2026, 6, 1)).having(
        Layer("stops", conform("stops", stops, METRIC), ())
    )
    focus = recommend(city.zones, city.labels, indicators, catalogue, layers=layers)
    text = reason_text(entry(focus, "Soukka", "A1"), "en")
    assert "Station Soukka opened 12/2022 within 800 m of 64 % of the floor area" in text
    assert "planned and started floor area is 69 % of what stands" in text
    finnish = reason_text(entry(focus, "Soukka", "A1"), "fi")
    assert "Asema Soukka on avattu 12/2022" in finnish
    bare = recommend(city.zones, city.labels, city.indicators, catalogue, layers=layers)
    assert "Station Soukka opened 12/2022 – " in reason_text(entry(bare, "Soukka", "A1"))
    later = Layers(METRIC, as_of=date(2022, 6, 1)).having(layers["stops"])
    planned = recommend(city.zones, city.labels, indicators, catalogue, layers=later)
    assert "Station Soukka is planned" in reason_text(entry(planned, "Soukka", "A1"))


def test_a_small_share_counts_but_is_not_worth_a_sentence(city: City, catalogue: Catalogue) -> None:
    labels = city.labels.loc[["Soukka"]].assign(use="mixed")
    shares = pd.DataFrame(
        {"housing_share": 0.7, "offices_share": 0.2, "retail_share": 0.0, "industry_share": 0.05},
        index=["Soukka"],
    )
    soukka = city.only("Soukka").zones
    mixed = entry(recommend(soukka, labels, shares, catalogue), "Soukka", "A5")
    without = shares.assign(industry_share=0.0)
    plain = entry(recommend(soukka, labels, without, catalogue), "Soukka", "A5")
    assert mixed["score"] - plain["score"] == pytest.approx(0.05 * 3 * 0.5)
    assert "Industry" not in reason_text(mixed)
    assert "Homes hold 70 % of the floor area" in reason_text(mixed)


def test_a_figure_that_is_missing_is_left_out_of_the_sentence(
    city: City, catalogue: Catalogue
) -> None:
    text = reason_text(entry(focus_of(city, catalogue), "Soukka", "A1"))
    assert "nan" not in text.lower()
    assert text.startswith("A new or planned station – ")


def test_what_opens_a_gate_is_a_reason(city: City, catalogue: Catalogue) -> None:
    indicators = city.indicators.assign(vacant_places=0.0)
    indicators.loc["Keilaniemi", "vacant_places"] = 3
    focus = recommend(city.zones, city.labels, indicators, catalogue)
    first = entry(focus, "Keilaniemi", "A8")["reasons"][0]
    assert first.text("en") == "Vacant premises known in the area: 3"
    assert "A8" not in solutions(focus, "Soukka")


def test_cautions_say_what_is_weak_or_ruled_out(city: City, catalogue: Catalogue) -> None:
    focus = focus_of(city, catalogue)

    def cautions(zone: str, solution: str) -> str:
        return " ".join(m.text("en") for m in entry(focus, zone, solution)["cautions"])

    assert "in practice ruled out" in cautions("Nuuksio", "A5")
    assert "preliminary drafts" in cautions("Soukka", "A6")
    assert "preliminary drafts" not in cautions("Soukka", "A3")


def test_what_the_roofs_could_yield_is_told_where_it_is_known(
    city: City, catalogue: Catalogue
) -> None:
    indicators = city.indicators.assign(
        onsite_energy_ratio=np.nan, onsite_energy_ratio_low=np.nan, onsite_energy_ratio_high=np.nan
    )
    known = ["onsite_energy_ratio", "onsite_energy_ratio_low", "onsite_energy_ratio_high"]
    indicators.loc["Soukka", known] = [0.15, 0.10, 0.21]
    indicators.loc["Nuuksio", known] = [1.2, 0.8, 1.7]
    focus = recommend(city.zones, city.labels, indicators, catalogue)

    def roofs(zone: str) -> list[str]:
        said = [m.text("en") for m in entry(focus, zone, "A5")["cautions"]]
        return [text for text in said if text.startswith("Solar panels")]

    assert roofs("Kera") == []
    (short,), (enough,) = roofs("Soukka"), roofs("Nuuksio")
    assert "could yield 15 % (10 % to 21 %) of the heat and electricity" in short
    assert "the rest has to be saved or come from elsewhere" in short
    assert "could yield 120 % (80 % to 170 %)" in enough
    assert "plan storage" in enough
