"""Confidence means what it says: of the labels given 0.8-0.9, about that share is right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.typology.test_label import FULL

from districttype.typology.label import columns, cuts, label_zones
from districttype.typology.rules import FACETS
from districttype.typology.thresholds import load_facets
from districttype.typology.values import values

N = 6000


def true_zones(rng: np.random.Generator) -> pd.DataFrame:
    """Zones of every kind, with many near the cuts: what is true of them, without error."""
    table = pd.DataFrame([FULL] * N, index=pd.Index([f"z{i}" for i in range(N)], name="zone_id"))
    table["dense_floor_share"] = rng.uniform(0, 1, N)
    table["far"] = np.exp(rng.uniform(np.log(0.02), np.log(1.0), N))
    uses = rng.dirichlet([1.5, 0.8, 0.8, 0.4, 0.4], N)
    names = ("housing_share", "offices_share", "industry_share", "retail_share", "public_share")
    for name, share in zip(names, uses.T, strict=True):
        table[name] = share
    table["growth_ratio"] = np.exp(rng.uniform(np.log(0.02), np.log(4.0), N))
    table["recent_floor_share"] = rng.beta(1, 4, N)
    table["floor_near_station_share"] = rng.uniform(0, 1, N)
    table["floor_near_frequent_bus_share"] = rng.uniform(0, 1, N)
    table["heat_density_cell_mwh_per_ha"] = np.exp(rng.uniform(np.log(20), np.log(500), N))
    grounds = rng.dirichlet([0.8, 0.8, 0.3, 0.8, 0.3], N)
    for name, share in zip(
        ("bedrock", "till", "coarse", "clay", "organic"), grounds.T, strict=True
    ):
        table[f"ground_{name}_share"] = share
    table["ground_silt_share"] = 0.0
    return table


def observe(truth: pd.DataFrame, facet: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return what would be measured: the truth with the errors that facets.toml states."""
    seen = truth.copy()
    inner = {
        "near_station_share": "floor_near_station_share",
        "near_frequent_bus_share": "floor_near_frequent_bus_share",
        "near_new_station_share": "new_station_floor_share",
        "recent_share": "recent_floor_share",
        "growth": "growth_ratio",
        **{f"{g}_known_share": f"ground_{g}_share" for g in ("till", "coarse", "clay", "organic")},
        "bedrock_known_share": "ground_bedrock_share",
    }
    for name, error in load_facets()[facet].errors.items():
        column = inner.get(name, name)
        if column not in seen or seen[column].eq(seen[column].iloc[0]).all():
            continue
        noise = rng.normal(0, error.sd, N)
        value = seen[column] * np.exp(noise) if error.relative else seen[column] + noise
        seen[column] = value.clip(0, 1) if column.endswith("_share") else value
    return seen


def true_labels(truth: pd.DataFrame, facet: str, rng: np.random.Generator) -> np.ndarray:
    """Label the truth by thresholds that are themselves only known within their error."""
    rule, settings = FACETS[facet], load_facets()[facet]
    moved = {
        name: rng.normal(cut.value, cut.uncertainty, N) for name, cut in settings.thresholds.items()
    }
    fired = rule.decide(columns(values(truth)), moved)
    return np.asarray(rule.labels, dtype=object)[rule.codes(fired)]


@pytest.mark.parametrize("facet", sorted(FACETS))
def test_of_labels_given_eighty_to_ninety_per_cent_that_share_is_right(facet: str) -> None:
    rng = np.random.default_rng(7)
    truth = true_zones(rng)
    right = true_labels(truth, facet, rng)
    found = label_zones(observe(truth, facet, rng), load_facets(), draws=400)
    hit = found[facet].to_numpy() == right
    sure = found[f"{facet}_confidence"].to_numpy()
    band = (sure >= 0.8) & (sure <= 0.9)
    assert band.sum() >= 80
    assert 0.75 <= hit[band].mean() <= 0.95
    assert hit[sure > 0.99].mean() > 0.98
    assert hit[sure < 0.6].mean() < 0.75


def test_where_plans_are_known_in_part_labels_are_as_sure_as_they_are_right() -> None:
    """Of part of the plans the least is seen: the rest adds, as facets.toml states."""
    rng = np.random.default_rng(9)
    seen = true_zones(rng).assign(
        coverage_plans=rng.uniform(0.02, 1, N), new_station_floor_share=rng.integers(0, 2, N) * 1.0
    )
    unseen = load_facets()["development"].errors["growth"].unseen * (1 - seen["coverage_plans"])
    truth = seen.assign(
        coverage_plans=1.0, growth_ratio=seen["growth_ratio"] + unseen * rng.normal(0, 1, N) ** 2
    )
    right = true_labels(truth, "development", rng)
    found = label_zones(observe(seen, "development", rng), load_facets(), draws=400)
    hit = found["development"].to_numpy() == right
    sure = found["development_confidence"].to_numpy()
    for low, high in ((0.6, 0.7), (0.7, 0.8), (0.8, 0.9)):
        band = (sure >= low) & (sure <= high)
        assert band.sum() >= 80
        assert low - 0.05 <= hit[band].mean() <= high + 0.05
    assert hit[sure > 0.99].mean() > 0.98


@pytest.mark.parametrize("facet", sorted(FACETS))
def test_every_label_a_facet_has_occurs_and_is_found_where_the_cut_is_known(facet: str) -> None:
    rng = np.random.default_rng(8)
    truth = true_zones(rng)
    settings = load_facets()[facet]
    rule = FACETS[facet]
    fired = rule.decide(columns(values(truth)), cuts(settings))
    right = np.asarray(rule.labels, dtype=object)[rule.codes(fired)]
    found = label_zones(truth, load_facets(), draws=1)[facet].to_numpy()
    assert (found == right).all()
    assert len({*right}) >= 2
