"""Look-alikes: groups that are there are found, and a twin is the nearest zone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from districttype.errors import EmptyResultError
from districttype.typology.alike import group_zones, nearest

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
    assert "less far than elsewhere" in rural.traits[0].text() or any(
        "less far" in trait.text() for trait in rural.traits
    )


def test_a_zone_is_most_like_its_kind_here_and_elsewhere() -> None:
    here, there = city(0), city(1)
    assert all(name.startswith("works") for name, _, _ in nearest("works3", here, here))
    name, distance, reasons = nearest("centre0", here, there, n=1)[0]
    assert name.startswith("centre")
    assert distance < 0.3
    assert "far" in reasons or "floor_near_station_share" in reasons


def test_a_twin_is_at_distance_zero_and_a_zone_is_not_its_own_twin() -> None:
    table = city()
    table.loc["twin"] = table.loc["suburb0"]
    assert nearest("suburb0", table, table, n=1)[0][:2] == ("twin", 0.0)


def test_indicators_that_most_zones_lack_do_not_count() -> None:
    table = city().assign(green_share=np.nan)
    table.loc["centre0", "green_share"] = 1.0
    pd.testing.assert_series_equal(
        group_zones(table, pd.Series(table.index, table.index)).group,
        group_zones(city(), pd.Series(table.index, table.index)).group,
    )
    with pytest.raises(EmptyResultError, match="too little is known"):
        group_zones(table[["far"]], pd.Series(table.index, table.index))
