"""Look-alikes: groups that are there are found, and a twin is the nearest zone."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from districttype.errors import EmptyResultError
from districttype.typology.alike import Comparison, group_zones, kin_of

KINDS = {  # far, residents_per_ha, housing, offices, station
    "centre": (0.8, 90.0, 0.5, 0.4, 0.9),
    "suburb": (0.15, 25.0, 0.95, 0.0, 0.1),
    "rural": (0.003, 0.5, 0.9, 0.0, 0.0),
    "works": (0.3, 2.0, 0.05, 0.3, 0.3),
}


def city(seed: int = 0, each: int = 8) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = {
        f"{kind}{i}": np.asarray(values) * rng.uniform(0.9, 1.1, 5)
        for kind, values in KINDS.items()
        for i in range(each)
    }
    names = [
        "far", "residents_per_ha", "housing_share", "offices_share", "floor_near_station_share",
    ]  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis("zone_id")


def test_the_groups_that_are_there_are_found() -> None:
    table = city()
    groups = group_zones(table, pd.Series(table.index, table.index))
    assert groups.k == 4
    kind = table.index.str.replace(r"\d", "", regex=True)
    assert len({*zip(kind, groups.group, strict=True)}) == 4
    assert groups.stability[4] == 1.0
    rural = groups.profile[int(groups.group["rural0"])]
    assert rural.size == 8
    assert rural.example.startswith("rural")
    assert any(
        t.text().startswith("a low floor area ratio (0, on average 0.31") for t in rural.traits
    )


def test_the_kin_of_a_zone_are_its_group_and_those_nearest_to_it() -> None:
    table = city()
    groups = group_zones(table, pd.Series(table.index, table.index))
    kin = kin_of(table, groups, n=2)
    assert list(kin) == list(table.index)
    assert {mine.group for mine in kin.values()} == {1, 2, 3, 4}
    for zone, mine in kin.items():
        assert mine.profile.size == 8
        assert kin[mine.profile.example].group == mine.group
        assert len(mine.nearest) == 2
        assert all(alike.zone_id[:-1] == zone[:-1] != zone for alike in mine.nearest)


@pytest.mark.parametrize("seed", range(6))
def test_of_two_that_make_a_group_the_first_is_its_example(seed: int) -> None:
    table = city(seed)
    table.loc["tower0"], table.loc["tower1"] = (
        np.array([3.0, 400.0, 0.1, 0.8, 1.0]) * np.random.default_rng(seed).uniform(0.9, 1.1, 5)
        for seed in (seed, seed + 1)
    )
    groups = group_zones(table, pd.Series(table.index, table.index), ks=range(5, 6), resamples=1)
    towers = groups.profile[int(groups.group["tower1"])]
    assert (towers.size, towers.example) == (2, "tower0")


def test_a_zone_is_most_like_its_kind_here_and_elsewhere_and_the_reason_is_in_both() -> None:
    here, there = city(0), city(1)
    assert all(
        alike.zone_id.startswith("works") for alike in Comparison(here, here).nearest("works3")
    )
    alike = Comparison(here, there).nearest("centre0", n=1)[0]
    assert alike.zone_id.startswith("centre")
    assert alike.distance < 0.3
    for trait in alike.traits:
        here_, there_, mean = map(float, re.findall(r"\d+\.?\d*", trait.text()))
        assert trait.text().startswith("a high ")
        assert min(here_, there_) > mean


def test_a_twin_is_at_distance_zero_and_a_zone_is_not_its_own_twin() -> None:
    table = city()
    table.loc["twin"] = table.loc["suburb0"]
    twin = Comparison(table, table).nearest("suburb0", n=1)[0]
    assert (twin.zone_id, twin.distance) == ("twin", 0.0)


def test_what_is_the_same_nearly_everywhere_sets_nothing_apart() -> None:
    table = city()
    table["green_share"] = 0.3
    table.loc["centre0", "green_share"] = 0.301
    groups = group_zones(table, pd.Series(table.index, table.index), resamples=2)
    pairs = Comparison(table, table).nearest("centre0")
    said = [t.text() for p in groups.profile.values() for t in p.traits]
    said += [t.text() for alike in pairs for t in alike.traits]
    assert said
    assert not [text for text in said if "green" in text]


def test_zones_are_compared_by_what_both_cities_know() -> None:
    here, there = city(0), city(1).drop(columns="residents_per_ha")
    whole = Comparison(here.drop(columns="residents_per_ha"), there).nearest("suburb0")
    assert Comparison(here, there).nearest("suburb0") == whole
    with pytest.raises(EmptyResultError, match="too little is known"):
        Comparison(here, there[["far", "housing_share"]]).nearest("suburb0")


def test_a_zone_of_which_hardly_anything_is_known_is_like_none() -> None:
    table = city()
    table.loc["middle"] = table.mean()
    table.loc["void"] = np.nan
    table.loc["void", "far"] = table.loc["middle", "far"]
    here = Comparison(table, table)
    assert "void" not in [alike.zone_id for alike in here.nearest("middle", n=len(table))]
    assert here.nearest("void") == []
    assert Comparison(table, city(1)).nearest("void") == []
    groups = group_zones(table, pd.Series(table.index, table.index), resamples=2)
    assert sorted(groups.group.index) == sorted(table.index.drop("void"))


def test_indicators_that_most_zones_lack_do_not_count() -> None:
    table = city().assign(green_share=np.nan)
    table.loc["centre0", "green_share"] = 1.0
    pd.testing.assert_series_equal(
        group_zones(table, pd.Series(table.index, table.index)).group,
        group_zones(city(), pd.Series(table.index, table.index)).group,
    )
    with pytest.raises(EmptyResultError, match="too little is known"):
        group_zones(table[["far"]], pd.Series(table.index, table.index))
    with pytest.raises(EmptyResultError, match="8 zones are too few to group"):
        group_zones(table.iloc[:8], pd.Series(table.index, table.index))
