"""Learning from a city's own labels: tested on zones not seen, saved safely, used on demand."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from tests.typology.test_alike import city

from districttype.errors import ConfigError, SourceError
from districttype.i18n import Message
from districttype.typology.learn import learn
from districttype.typology.learnt import load, load_all, relabel, save


class Stranger:
    """A type that a model has no business holding."""


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
    learnt = learn("density", "Adorf", table, given, rules, places)
    assert learnt.report["n"] == 60
    assert learnt.report["accuracy"] >= 0.95
    assert learnt.report["rules"]["accuracy"] == 0.5
    assert learnt.report["rules"]["kappa"] == 0.0
    assert learnt.report["rules"]["confusion"] == {"dense": {"dense": 30}, "sparse": {"dense": 30}}
    assert sum(sum(row.values()) for row in learnt.report["confusion"].values()) == 60


def test_the_rules_are_scored_as_labels_from_outside_are_written() -> None:
    table, given, places = labelled()
    told = given.map({"dense": "station", "sparse": "car"}).astype(object)
    rules = told.replace("station", "station_new")  # nobody else tells new stations from old ones
    report = learn("mobility", "Adorf", table, told, rules, places).report
    assert report["rules"]["accuracy"] == 1.0


def test_noise_cannot_be_learnt_and_the_report_says_so() -> None:
    table, given, places = labelled()
    noise = pd.Series(np.random.default_rng(5).permutation(given), given.index)
    report = learn("density", "Adorf", table, noise, noise, places).report
    assert report["accuracy"] < 0.7
    assert abs(report["kappa"]) < 0.4


def test_too_few_labels_are_refused() -> None:
    table, given, places = labelled()
    few = given.where(given.index == "centre0", "sparse")
    with pytest.raises(ConfigError, match="at least two labels with 3 zones each"):
        learn("density", "Adorf", table, few, few, places)


def labels_of_rules(table: pd.DataFrame) -> pd.DataFrame:
    labels = pd.DataFrame("dense", table.index, ["density"], dtype=object)
    labels["density_confidence"], labels["density_runner_up"] = 1.0, ""
    labels["density_reason"] = [Message("rule")] * len(labels)
    labels.loc[["rural0", "suburb3"], "density"] = ["unknown", "of another kind"]
    return labels


def test_a_model_comes_back_as_it_was_and_labels_what_is_known(tmp_path: Path) -> None:
    table, given, places = labelled()
    learnt = learn("density", "Adorf", table, given, given, places)
    again = load(save(learnt, tmp_path))
    assert (again.facet, again.city, again.report) == ("density", "Adorf", learnt.report)
    poor = table.copy()
    poor.loc["suburb2", ["far", "residents_per_ha", "offices_share"]] = np.nan
    changed = relabel(labels_of_rules(table), poor, {"density": again})
    assert changed.loc["suburb1", "density"] == "sparse"
    assert changed.loc["suburb1", "density_runner_up"] == "dense"
    assert changed.loc["suburb1", "density_reason"].text() == (
        "sparse: learnt from labels that Adorf gave itself; the rules say dense"
    )
    assert changed.loc["suburb1", "density_confidence"] > 0.5
    assert changed.loc["rural0", "density"] == "unknown"
    assert changed.loc["suburb3", "density"] == "of another kind"
    assert changed.loc["suburb2", "density"] == "dense"
    assert changed.loc["suburb2", "density_reason"].text() == "rule"


def test_what_learn_did_not_write_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.skops"
    bad.write_bytes(pickle.dumps({"not": "a model"}))
    with pytest.raises(SourceError, match="is no model"):
        load(bad)
    with pytest.raises(SourceError, match=r"none\.skops: is no model: .*No such file"):
        load(tmp_path / "none.skops")
    skops.io.dump({"facet": "density"}, bad)
    with pytest.raises(SourceError, match="is no model"):
        load(bad)
    skops.io.dump({"facet": "density", "model": Stranger()}, bad)
    with pytest.raises(SourceError, match=r"holds types that are not trusted: .*Stranger"):
        load(bad)


def test_one_model_a_facet(tmp_path: Path) -> None:
    table, given, places = labelled()
    file = save(learn("density", "Adorf", table, given, given, places), tmp_path)
    assert list(load_all([file])) == ["density"]
    with pytest.raises(ConfigError, match="a second model of density"):
        load_all([file, file])
