from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from districttype.focus.catalogue import Catalogue
from districttype.focus.scoring import Scores, score

from .conftest import City


def points(scores: Scores, zone: str) -> dict[str, float]:
    """Return the points of the solutions that fit and have any."""
    z = list(scores.zones).index(zone)
    return {
        s: float(p)
        for s, p, fits in zip(
            scores.matrix.solutions, scores.score[z], scores.eligible[z], strict=True
        )
        if fits and p > 0
    }


@pytest.mark.parametrize(
    ("place", "expected"),
    [  # The raw sums published with the matrix, less what the gates keep out
        ("Kera", {"A1": 1, "A2": 4, "A3": 6, "A5": 11, "A6": 5, "A8": 5}),
        ("Soukka", {"A1": 7, "A3": 7, "A4": 7, "A5": 9, "A6": 6, "A7": 7}),
        ("Suurpelto", {"A2": 5, "A3": 5, "A4": 7, "A5": 9, "A6": 7, "A7": 6, "A8": 5}),
        ("Keilaniemi", {"A1": 7, "A3": 9, "A5": 8, "A6": 4, "A7": 6}),
        ("Nöykkiö", {"A3": 2, "A4": 5, "A5": 6, "A6": 4}),
        ("Högnäs", {"A2": 6, "A3": 4, "A5": 11, "A6": 6, "A8": 5}),
    ],
)
def test_raw_sums_are_those_worked_out_by_hand(
    place: str, expected: dict[str, float], city: City, catalogue: Catalogue
) -> None:
    scores = score(city.labels, city.indicators, catalogue, inference_weight=1.0)
    assert points(scores, place) == expected


def test_own_judgement_counts_half(city: City, catalogue: Catalogue) -> None:
    scores = score(city.labels, city.indicators, catalogue)
    # A5: dense 1, infill 2, housing 2, network 1, rock 1; A1: 1 + 2 + 3; A7: 1.5 + .5 + 2 + .5
    assert points(scores, "Soukka") == {
        "A1": 6, "A3": 6, "A4": 5, "A5": 7, "A6": 4, "A7": 4.5,
    }  # fmt: skip


def test_what_is_reached_is_measured_by_what_the_known_facets_could_give(
    city: City, catalogue: Catalogue
) -> None:
    scores = score(city.labels, city.indicators, catalogue, inference_weight=1.0)
    soukka = list(scores.zones).index("Soukka")
    a1, a5 = scores.matrix.solutions.index("A1"), scores.matrix.solutions.index("A5")
    assert scores.attainable[soukka, a1] == 9  # 2 + 2 + 2 + 3
    assert scores.attainable[soukka, a5] == 12  # 2 + 3 + 3 + 0 + 3 + 1
    kera = list(scores.zones).index("Kera")  # ground unknown: its 1 is out of both sides
    assert scores.attainable[kera, a5] == 11


def test_rural_replaces_sparse_and_does_not_add_to_it(city: City, catalogue: Catalogue) -> None:
    labels = city.labels.loc[["Nuuksio"]]
    scores = score(labels, None, catalogue, inference_weight=1.0)
    # A6: rural 3 and groundwater 1; A5: rural 1, individual 2, no wells in a groundwater area
    assert points(scores, "Nuuksio") == {"A3": 1, "A5": 3, "A6": 4}


def test_the_highest_row_of_a_facet_counts_once(city: City, catalogue: Catalogue) -> None:
    labels = city.labels.loc[["Soukka"]].assign(energy_detail="waste_heat_source")
    before = score(city.labels.loc[["Soukka"]], None, catalogue, inference_weight=1.0)
    after = score(labels, None, catalogue, inference_weight=1.0)
    assert points(after, "Soukka")["A5"] == points(before, "Soukka")["A5"] - 2 + 3


def test_a_mixed_zone_takes_each_use_by_its_share(city: City, catalogue: Catalogue) -> None:
    labels = city.labels.loc[["Soukka"]].assign(use="mixed")
    shares = pd.DataFrame(
        {"housing_share": 0.5, "offices_share": 0.2, "retail_share": 0.1, "industry_share": 0.0},
        index=["Soukka"],
    )
    scores = score(labels, shares, catalogue, inference_weight=1.0)
    a3, a4 = (scores.matrix.solutions.index(s) for s in ("A3", "A4"))
    use = 2
    assert scores.by_facet[0, use, a4] == pytest.approx(3 * 0.5 + 1 * 0.3)
    assert scores.by_facet[0, use, a3] == pytest.approx(2 * 0.3)


def test_a_mixed_zone_without_shares_has_an_unknown_use(city: City, catalogue: Catalogue) -> None:
    labels = city.labels.loc[["Soukka"]].assign(use="mixed")
    mixed, unknown = (
        score(table, None, catalogue) for table in (labels, labels.assign(use="unknown"))
    )
    assert not mixed.known[0, 2]
    np.testing.assert_array_equal(mixed.score, unknown.score)
    np.testing.assert_array_equal(mixed.attainable, unknown.attainable)


def test_more_than_elsewhere_compares_the_facets_both_know(catalogue: Catalogue) -> None:
    labels = pd.DataFrame(
        {
            "density": ["dense", "sparse", "unknown"],
            "mobility": ["station_new", "car", "station_new"],
        },
        index=list("abc"),
    )
    scores = score(labels, None, catalogue, inference_weight=1.0)
    a1 = scores.matrix.solutions.index("A1")
    # Mean of density over a, b: (2 + 0) / 2; of mobility over a, b, c: (3 + 0 + 3) / 3.
    assert scores.relative[0, a1] == pytest.approx(5 - 1 - 2)
    assert scores.relative[2, a1] == pytest.approx(3 - 2)
