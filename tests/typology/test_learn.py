"""Learning from a city's own labels: tested on zones not seen, saved safely, used on demand."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.typology.test_alike import city

from districttype.errors import ConfigError, SourceError
from districttype.i18n import Message
from districttype.typology.learn import learn, load, relabel, save


def labelled() -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    table = city(each=15)
    given = pd.Series(
        np.where(table.index.str.startswith(("centre", "works")), "dense", "sparse"), table.index
    )
    rng = np.random.default_rng(1)
    return table, given, rng.uniform(0, 10_000, (len(table), 2))


def test_what_can_be_learnt_is_learnt_and_compared_with_the_rules() -> None:
    table, given, places = labelled()
    rules = pd.Series("dense", given.index)
    learnt = learn("density", table, given, rules, places)
    assert learnt.report["n"] == 60
    assert learnt.report["accuracy"] >= 0.95
    assert learnt.report["rules_accuracy"] == 0.5
    assert learnt.report["rules_kappa"] == 0.0
    assert sum(sum(row.values()) for row in learnt.report["confusion"].values()) == 60


def test_noise_cannot_be_learnt_and_the_report_says_so() -> None:
    table, given, places = labelled()
    noise = pd.Series(np.random.default_rng(5).permutation(given), given.index)
    report = learn("density", table, noise, noise, places).report
    assert report["accuracy"] < 0.7
    assert abs(report["kappa"]) < 0.4


def test_too_few_labels_are_refused() -> None:
    table, given, places = labelled()
    few = given.where(given.index == "centre0", "sparse")
    with pytest.raises(ConfigError, match="at least two labels with 3 zones each"):
        learn("density", table, few, few, places)


def test_a_model_comes_back_as_it_was_and_a_pickle_is_refused(tmp_path: Path) -> None:
    table, given, places = labelled()
    learnt = learn("density", table, given, given, places)
    again = load(save(learnt, tmp_path))
    labels = pd.DataFrame({"density": "dense", "density_confidence": 1.0}, index=table.index)
    labels["density_reason"] = [Message("rule")] * len(labels)
    labels.loc["rural0", "density"] = "unknown"
    labels["density"] = labels["density"].astype(object)
    changed = relabel(labels, table, {"density": again})
    assert changed.loc["suburb1", "density"] == "sparse"
    assert changed.loc["rural0", "density"] == "unknown"
    assert "the rules say dense" in changed.loc["suburb1", "density_reason"].text()
    assert changed.loc["suburb1", "density_confidence"] > 0.5

    bad = tmp_path / "bad.skops"
    bad.write_bytes(pickle.dumps({"not": "a model"}))
    with pytest.raises(SourceError, match="is no model"):
        load(bad)
