"""Labels: the rule that holds, the honest gap, the reason in words, the confidence in draws."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from districttype.errors import ConfigError
from districttype.typology.label import label_zones
from districttype.typology.rules import FACETS
from districttype.typology.thresholds import ASSUMED, as_tested, load_facets

FULL = {
    "coverage_buildings": 1.0, "coverage_stops": 1.0, "floor_area_m2": 1e5, "far": 0.4,
    "dense_floor_share": 0.9, "rural_land_share": 0.0, "growth_ratio": 0.05, "coverage_plans": 1.0,
    "construction_land_share": 0.0, "brownfield_land_share": 0.0, "greenfield_land_share": 0.0,
    "recent_floor_share": 0.1, "year_unknown_share": 0.0, "new_station_floor_share": 0.0,
    "housing_share": 0.8, "offices_share": 0.1, "industry_share": 0.05, "retail_share": 0.05,
    "public_share": 0.0, "leisure_share": 0.0, "campus_share": 0.0, "other_use_share": 0.0,
    "use_unknown_share": 0.0,
    "floor_near_station_share": 0.0, "floor_near_frequent_bus_share": 0.9,
    "floor_near_stop_share": 1.0, "heat_density_cell_mwh_per_ha": 400.0, "waste_heat_sources": 0.0,
    "ground_bedrock_share": 0.2, "ground_till_share": 0.2, "ground_coarse_share": 0.0,
    "ground_silt_share": 0.1, "ground_clay_share": 0.5, "ground_organic_share": 0.0,
    "ground_fill_share": 0.0, "ground_unknown_share": 0.0, "owner_city_share": 0.1,
    "owner_state_share": 0.0, "owner_public_institution_share": 0.0, "owner_private_share": 0.9,
    "owner_housing_company_share": 0.0, "owner_unknown_share": 0.0, "owner_top5_share": 0.7,
}  # fmt: skip


def zone(**changes: float) -> pd.DataFrame:
    return pd.DataFrame([{**FULL, **changes}], index=pd.Index(["a"], name="zone_id"))


def label(facet: str, **changes: float) -> tuple[str, str]:
    row = label_zones(zone(**changes), load_facets(), draws=1).iloc[0]
    return row[facet], row[f"{facet}_detail"]


NAN = float("nan")
NO_PLANS = {"coverage_plans": 0.0, "growth_ratio": NAN}


@pytest.mark.parametrize(
    ("facet", "changes", "expected", "detail"),
    [
        ("density", {}, "dense", "compact"),
        ("density", {"dense_floor_share": 0.49, "far": 0.2}, "sparse", "spacious"),
        ("density", {"dense_floor_share": 0.1, "rural_land_share": 0.9}, "sparse", "rural"),
        ("density", {"floor_area_m2": 0.0, "dense_floor_share": NAN, "far": 0.0}, "sparse", "low"),
        ("density", {"coverage_buildings": 0.79}, "unknown", ""),
        ("development", {}, "stable", ""),
        ("development", {"growth_ratio": 1.5}, "new", ""),
        ("development", {"growth_ratio": 0.69}, "infill", ""),
        ("development", {"recent_floor_share": 0.4}, "new", ""),
        ("development", {"recent_floor_share": NAN}, "stable", ""),
        ("development", {"new_station_floor_share": 0.64}, "infill", ""),
        ("development", {"growth_ratio": NAN}, "unknown", ""),
        ("development", {"coverage_plans": 0.4}, "unknown", ""),
        ("development", {"coverage_plans": 0.4, "growth_ratio": 0.3}, "infill", ""),
        ("development", {"planned_residents_ratio": 0.69}, "infill", ""),
        ("development", {"growth_ratio": 0.3, "far": 0.09}, "stable", ""),
        # Without plans and without a mapped site of change nobody can tell infill from new.
        ("development", {**NO_PLANS, "new_station_floor_share": 0.9}, "unknown", ""),
        ("development", {**NO_PLANS, "recent_floor_share": 0.9}, "unknown", ""),
        (
            "development",
            {**NO_PLANS, "new_station_floor_share": 0.9, "construction_land_share": 0.002},
            "infill",
            "",
        ),
        (
            "development",
            {**NO_PLANS, "far": 0.05, "greenfield_land_share": 0.06},
            "new",
            "greenfield",
        ),
        (
            "development",
            {"planned_residents_ratio": 4.6, "planned_brownfield_share": 1.0},
            "new",
            "brownfield",
        ),
        (
            "development",
            {"far": 0.05, "brownfield_land_share": 0.06, "growth_ratio": NAN},
            "new",
            "brownfield",
        ),
        ("use", {}, "housing", ""),
        ("use", {"housing_share": 0.5, "offices_share": 0.4}, "mixed", ""),
        # 15 points over the next, whatever that is: a port is not of homes because half of it is
        ("use", {"housing_share": 0.55, "offices_share": 0.0, "industry_share": 0.0,
                 "retail_share": 0.0, "other_use_share": 0.45}, "mixed", ""),
        ("use", {"housing_share": 0.2, "offices_share": 0.7}, "offices", ""),
        (
            "use",
            {"housing_share": 0.2, "offices_share": 0.4, "campus_share": 0.3, "public_share": 0.3},
            "offices",
            "campus",
        ),
        ("use", {"housing_share": 0.1, "retail_share": 0.75}, "mixed", "retail"),
        ("use", {"far": 0.001}, "unbuilt", ""),
        ("use", {"far": 0.001, "use_unknown_share": 1.0}, "unbuilt", ""),
        ("use", {"use_unknown_share": 0.5}, "unknown", ""),
        ("use", {"use_unknown_share": 0.3, "housing_share": 0.4, "offices_share": 0.1,
                 "industry_share": 0.1, "retail_share": 0.1}, "housing", ""),
        ("mobility", {}, "frequent_bus", ""),
        ("mobility", {"floor_near_station_share": 0.5}, "station", ""),
        (
            "mobility",
            {"floor_near_station_share": 0.5, "new_station_floor_share": 0.5},
            "station_new",
            "",
        ),
        ("mobility", {"floor_near_frequent_bus_share": 0.2}, "car", ""),
        ("mobility", {"floor_near_frequent_bus_share": NAN}, "unknown", ""),
        (
            "mobility",
            {"floor_near_frequent_bus_share": NAN, "floor_near_stop_share": 0.2},
            "car",
            "",
        ),
        ("mobility", {"coverage_stops": 0.0}, "unknown", ""),
        ("energy", {}, "heat_network_viable", "strong"),
        ("energy", {"heat_density_cell_mwh_per_ha": 100.0}, "borderline", ""),
        (
            "energy",
            {"heat_density_cell_mwh_per_ha": 20.0, "waste_heat_sources": 1.0},
            "individual",
            "waste_heat_source",
        ),
        ("ground", {}, "clay", ""),
        ("ground", {"ground_clay_share": 0.3, "ground_till_share": 0.4}, "mixed", ""),
        (
            "ground",
            {"ground_bedrock_share": 0.1, "thin_cover_share": 0.6, "ground_clay_share": 0.2},
            "bedrock_thin_cover",
            "",
        ),
        ("ground", {"groundwater_area_share": 0.2}, "clay", "groundwater_area"),
        ("ground", {"ground_unknown_share": 0.6, "ground_clay_share": 0.3}, "unknown", ""),
        ("ownership", {}, "few_private", ""),
        ("ownership", {"owner_top5_share": 0.3}, "fragmented", ""),
        ("ownership", {"owner_city_share": 0.6, "owner_private_share": 0.4}, "city", ""),
        ("ownership", {"owner_unknown_share": 0.9, "owner_city_share": 0.1}, "unknown", ""),
    ],
)  # fmt: skip
def test_the_rules_give_the_label_that_the_numbers_say(facet, changes, expected, detail) -> None:
    assert label(facet, **changes) == (expected, detail)


def test_nearness_falls_back_from_floor_area_to_residents_to_land() -> None:
    no_floor = {"floor_near_station_share": NAN}
    assert label("mobility", **no_floor, residents_near_station_share=0.6)[0] == "station"
    assert label("mobility", **no_floor, land_near_station_share=0.6)[0] == "station"
    partial = {"coverage_buildings": 0.3, "floor_near_station_share": 1.0}
    few = {"residents_near_station_share": 0.1, "residents_near_frequent_bus_share": 0.1}
    assert label("mobility", **partial, **few)[0] == "car"


def test_a_missing_column_is_unknown_with_its_cause_and_never_a_default() -> None:
    table = zone().drop(columns=["coverage_buildings"])
    row = label_zones(table, load_facets(), draws=10).iloc[0]
    assert row["density"] == "unknown"
    assert np.isnan(row["density_confidence"])
    assert row["density_reason"].text("en") == (
        "density is unknown: data on buildings cover 0 % of the zone; 80 % is enough"
    )
    assert row["ground"] == "clay"


def test_a_silent_facet_says_what_is_known_and_what_is_enough() -> None:
    row = label_zones(zone(use_unknown_share=0.55), load_facets(), draws=1).iloc[0]
    assert (row["use"], row["use_reason"].text("en")) == (
        "unknown", "use is unknown: it is known of 45 % of the floor area; 60 % is enough",
    )  # fmt: skip
    bare = label_zones(zone().drop(columns="use_unknown_share"), load_facets(), draws=1).iloc[0]
    assert bare["use_reason"].text("en").startswith("use is unknown: it is known of 0 % of")


def test_where_no_plan_is_known_the_reason_says_what_was_seen_all_the_same() -> None:
    seen = {"new_station_floor_share": 0.98, "recent_floor_share": 0.64}
    row = label_zones(zone(**NO_PLANS, **seen), load_facets(), draws=10).iloc[0]
    assert (row["development"], row["development_detail"]) == ("unknown", "")
    assert np.isnan(row["development_confidence"])
    assert row["development_coverage"] == 0.0
    assert row["development_reason"].text("en") == (
        "development is unknown: no plan data here, nor any mapped site of change. "
        "Seen: 98 % lies within 800 m of a new or planned station; "
        "64 % of the floor area is younger than ten years"
    )
    assert "Havaittu: 98 % on alle 800 m:n päässä" in row["development_reason"].text("fi").replace(
        "\xa0", " "
    )
    above = zone(**NO_PLANS, built_up_new_share=0.12)
    row = label_zones(above, load_facets(), draws=10).iloc[0]
    assert row["development"] == "unknown"  # what was built tells nothing of what is to come
    assert (
        row["development_reason"]
        .text("en")
        .endswith("Seen: 12 % of the built-up surface was added between the two satellite maps")
    )
    few = label_zones(zone(**NO_PLANS), load_facets(), draws=10).iloc[0]
    assert few["development_reason"].text("en") == (
        "development is unknown: no plan data here, nor any mapped site of change"
    )
    part = label_zones(zone(coverage_plans=0.39, growth_ratio=0.72, far=0.09), load_facets())
    assert part["development_reason"].iloc[0].text("en") == (
        "development is unknown: plans are known for 39 % of the zone; from 50 % on it can be "
        "said that no more is planned. Seen: plans and sites under way add 72 % to what is there"
    )


def test_the_reason_carries_the_numbers_that_decided() -> None:
    row = label_zones(zone(dense_floor_share=0.714), load_facets(), draws=1).iloc[0]
    assert row["density_reason"].text("en") == (
        "dense: 71 % of the floor area lies in cells with a floor area ratio of 0.30 or more; "
        "dense begins at 50 %"
    )


def test_confidence_is_a_half_at_the_cut_and_one_far_from_it() -> None:
    table = pd.concat([zone(dense_floor_share=x) for x in (0.5, 0.6, 0.95)])
    table.index = pd.Index(["cut", "near", "far"], name="zone_id")
    rows = label_zones(table, load_facets(), draws=4000)
    assert rows.loc["cut", "density_confidence"] == pytest.approx(0.5, abs=0.03)
    # sd² = threshold 0.05² + indicator 0.03²; P(N(0.1, sd) > 0) = Φ(0.1 / 0.0583) = 0.957
    assert rows.loc["near", "density_confidence"] == pytest.approx(0.957, abs=0.015)
    assert rows.loc["far", "density_confidence"] == 1.0
    assert rows.loc["cut", "density_runner_up"] == "sparse"
    assert rows.loc["far", "density_runner_up"] == ""


def test_a_thousand_draws_over_five_hundred_zones_take_seconds() -> None:
    table = pd.concat([zone()] * 500, ignore_index=True)
    begun = time.process_time()
    label_zones(table, load_facets(), draws=1000)
    assert time.process_time() - begun < 5.0


def test_guessed_floor_area_lowers_confidence() -> None:
    sure = label_zones(zone(dense_floor_share=0.62), load_facets()).iloc[0]
    guessed = label_zones(
        zone(dense_floor_share=0.62, floor_area_imputed_share=0.9), load_facets()
    ).iloc[0]
    assert guessed["density_confidence"] < sure["density_confidence"] - 0.1


def test_floor_area_of_a_few_houses_among_many_gives_no_label() -> None:
    row = label_zones(zone(floor_area_unknown_share=0.9, far=0.001), load_facets()).iloc[0]
    assert row[["density", "use", "energy"]].eq("unknown").all()
    assert row["density_coverage"] == pytest.approx(0.1)
    assert row["use_reason"].text("en") == (
        "use is unknown: data on buildings cover 10 % of the zone; 80 % is enough"
    )
    # what lacks in area and what lacks in floor area lacks together
    assert label("density", floor_area_unknown_share=0.15)[0] == "dense"
    assert label("density", floor_area_unknown_share=0.15, coverage_buildings=0.9)[0] == "unknown"


def test_where_a_part_of_the_floor_area_is_unknown_confidence_is_lower() -> None:
    sure, part = (
        label_zones(zone(dense_floor_share=0.6, floor_area_unknown_share=share), load_facets())
        for share in (0.0, 0.15)
    )
    assert part["density_confidence"].iloc[0] < sure["density_confidence"].iloc[0] - 0.05


def test_private_land_of_nameless_owners_is_neither_of_few_nor_of_many() -> None:
    row = label_zones(zone(owner_top5_share=NAN), load_facets(), draws=1).iloc[0]
    assert row["ownership"] == "unknown"
    assert row["ownership_reason"].text("en") == (
        "ownership is unknown: 90 % of the land whose owner is known is private, and whether few "
        "hold it or many is not told"
    )


def test_what_plans_of_a_corner_do_not_show_lowers_confidence_and_never_raises_it() -> None:
    near, none = {"new_station_floor_share": 1.0}, {"growth_ratio": NAN}
    seen = pd.concat(
        [
            zone(**near, coverage_plans=1.0),
            zone(**near, coverage_plans=0.03),
            zone(**near, coverage_plans=1.0, **none),  # permits, which state no reserve
            zone(coverage_plans=0.03, growth_ratio=3.0),
            zone(coverage_plans=0.6, growth_ratio=0.02),
        ]
    )
    seen.index = pd.Index(["all", "corner", "permits", "new", "still"], name="zone_id")
    rows = label_zones(seen, load_facets(), draws=4000)
    sure = rows["development_confidence"]
    assert list(rows["development"]) == ["infill", "infill", "infill", "new", "stable"]
    # 0.05 seen and 0.5 x 0.97 z² unseen pass a doubling, itself off by 0.15, in one of six draws
    assert sure["all"] == 1.0
    assert sure["corner"] == pytest.approx(0.84, abs=0.02)
    assert sure["permits"] == pytest.approx(0.84, abs=0.02)
    assert rows.loc["corner", "development_runner_up"] == "new"
    told = "plans are known for {} % of the zone"
    for name, share in (("corner", 3), ("permits", 0)):
        assert rows.loc[name, "development_reason"].text("en").endswith(told.format(share))
    # nothing unseen takes away from what is new; P(0.5 x 0.4 z² < 0.08) = 0.47
    assert sure["new"] == 1.0
    assert sure["still"] == pytest.approx(0.47, abs=0.05)


def test_guesses_that_were_tested_and_found_good_lower_confidence_less() -> None:
    table = zone(dense_floor_share=0.62, floor_area_imputed_share=0.9)
    good, usual, bad = (
        label_zones(table, as_tested(load_facets(), {"floors": off})).iloc[0]["density_confidence"]
        for off in (0.05, ASSUMED["floors"], 0.8)
    )
    assert good > usual + 0.1 > bad + 0.2
    as_ever = label_zones(table, as_tested(load_facets(), {"use": 0.5})).iloc[0]
    assert as_ever["density_confidence"] == usual


def test_a_city_may_move_a_threshold_and_a_wrong_name_is_one_clear_line() -> None:
    facets = load_facets({"density": {"dense_floor_share": 0.95}})
    assert label_zones(zone(), facets, draws=1)["density"].iloc[0] == "sparse"
    assert facets["density"].thresholds["dense_floor_share"].overridden
    with pytest.raises(ConfigError, match=r"facet density has no threshold 'dens'"):
        load_facets({"density": {"dens": 1.0}})
    with pytest.raises(ConfigError, match=r"there is no facet 'colour'"):
        load_facets({"colour": {"x": 1.0}})


shares = st.floats(0, 1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(shares, shares, shares), min_size=2, max_size=6), st.randoms())
def test_a_label_depends_on_its_own_zone_only(rows, random) -> None:
    table = pd.concat(
        [
            zone(dense_floor_share=a, housing_share=b, offices_share=1 - b, growth_ratio=2 * c)
            for a, b, c in rows
        ]
    )
    table.index = pd.Index([f"z{i}" for i in range(len(rows))], name="zone_id")
    shown = [c for f in FACETS for c in (f, f"{f}_confidence", f"{f}_runner_up")]
    whole = label_zones(table, load_facets(), draws=50)[shown]
    order = list(table.index)
    random.shuffle(order)
    shuffled = label_zones(table.loc[order], load_facets(), draws=50)[shown]
    pd.testing.assert_frame_equal(shuffled.loc[table.index], whole)
    alone = label_zones(table.iloc[[0]], load_facets(), draws=50)[shown]
    pd.testing.assert_frame_equal(alone, whole.iloc[[0]])
