from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from districttype.focus import Catalogue, load_catalogue, recommend
from districttype.focus.robustness import stability
from districttype.focus.scoring import score

from .conftest import City


def of(city: City, catalogue: Catalogue) -> np.ndarray:
    scores = score(city.labels, city.indicators, catalogue)
    return stability(scores, catalogue.robustness, inference_weight=0.5, top=3)


def test_the_same_seed_gives_the_same_answer_whatever_other_zones_there_are(
    city: City, catalogue: Catalogue
) -> None:
    whole, again, two = (
        of(city, catalogue),
        of(city, catalogue),
        of(city.only("Kera", "Soukka"), catalogue),
    )
    np.testing.assert_array_equal(whole, again)
    rows = [list(city.zones.ids).index(zone) for zone in ("Kera", "Soukka")]
    np.testing.assert_allclose(whole[rows], two)


def test_a_draw_ranks_by_its_own_weights(city: City, catalogue: Catalogue) -> None:
    """The vectorised draws against the plain reading of the method, zone by zone."""
    robustness = catalogue.robustness.model_copy(update={"draws": 50})
    scores = score(city.labels, city.indicators, catalogue)
    got = stability(scores, robustness, inference_weight=0.5, top=3)
    rng = np.random.default_rng(robustness.seed)
    weights = rng.dirichlet([robustness.concentration] * 6, 50)
    cells = rng.beta(2.0, 2.0, (50, *scores.matrix.points.shape))
    for z in range(len(scores.zones)):
        listed = [s for s in range(8) if scores.eligible[z, s] and scores.score[z, s] > 0]
        hits = dict.fromkeys(listed, 0)
        for d in range(50):
            drawn = {}
            for s in listed:
                total = 0.0
                for r in range(len(scores.matrix.rows)):
                    worth = scores.matrix.points[r, s]
                    if scores.matrix.inferred[r, s]:
                        worth *= cells[d, r, s]
                    total += scores.parts[z, r, s] * worth * weights[d, scores.matrix.facet[r]]
                drawn[s] = total
            for s in sorted(drawn, key=lambda s: -drawn[s])[:3]:
                hits[s] += 1
        for s in listed:
            assert got[z, s] == hits[s] / 50
        assert np.isnan(got[z, [s for s in range(8) if s not in listed]]).all()


def test_three_or_fewer_are_always_among_the_best_three(city: City, catalogue: Catalogue) -> None:
    focus = recommend(city.zones, city.labels, city.indicators, catalogue)
    few = focus.groupby("zone_id").filter(lambda rows: len(rows) <= 3)
    assert len(few)
    assert (few["stability"] == 1).all()


def test_the_best_three_places_are_shared_out_in_every_draw(
    city: City, catalogue: Catalogue
) -> None:
    focus = recommend(city.zones, city.labels, city.indicators, catalogue)
    totals = focus.groupby("zone_id")["stability"].sum()
    np.testing.assert_allclose(totals, np.minimum(focus.groupby("zone_id").size(), 3))


def test_more_certain_weights_make_a_clear_order_firm(
    city: City, tmp_path: Path, catalogue: Catalogue
) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[robustness]\nconcentration = 1e6\nspread = 1e6\n")
    focus = recommend(city.zones, city.labels, city.indicators, load_catalogue(own))
    clear = focus[~focus["tie"]]
    assert ((clear["stability"] > 0.99) == (clear["rank"] <= 3)).all()
    loose = recommend(city.zones, city.labels, city.indicators, catalogue)
    assert not loose["stability"].isin([0.0, 1.0]).all()


def test_weights_at_the_ends_need_no_beta(city: City, catalogue: Catalogue) -> None:
    for weight in (0.0, 1.0):
        focus = recommend(
            city.zones, city.labels, pd.DataFrame(), catalogue, inference_weight=weight
        )
        assert focus["stability"].between(0, 1).all()
