"""The rules as a scikit-learn classifier."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from tests.typology.test_label import zone

from districttype.errors import ConfigError, SchemaError
from districttype.typology.classifier import FacetClassifier


def table() -> pd.DataFrame:
    rows = pd.concat([zone(dense_floor_share=x) for x in (0.9, 0.1, 0.55, float("nan"))])
    rows.index = pd.Index(list("abcd"), name="zone_id")
    rows.loc["d", "coverage_buildings"] = 0.0
    return rows


def test_it_fits_predicts_and_scores_like_any_classifier() -> None:
    rows = table()
    model = FacetClassifier("density").fit(rows)
    assert list(model.classes_) == ["dense", "sparse", "unknown"]
    assert list(model.predict(rows)) == ["dense", "sparse", "dense", "unknown"]
    shares = model.predict_proba(rows)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert list(model.classes_[shares.argmax(axis=1)]) == list(model.predict(rows))
    assert model.score(rows, ["dense", "sparse", "sparse", "unknown"]) == 0.75


def test_it_works_in_a_pipeline_and_can_be_cloned_with_its_parameters() -> None:
    rows = table()
    model = FacetClassifier("density", thresholds={"dense_floor_share": 0.6}, draws=50, seed=3)
    assert clone(model).get_params() == model.get_params()
    piped = make_pipeline(FunctionTransformer(), model).fit(rows)
    assert accuracy_score(["dense", "sparse", "sparse", "unknown"], piped.predict(rows)) == 1.0


def test_it_says_what_is_wrong() -> None:
    with pytest.raises(NotFittedError):
        FacetClassifier().predict(table())
    with pytest.raises(SchemaError, match="names of their columns"):
        FacetClassifier().fit(np.zeros((3, 2)))
    with pytest.raises(ConfigError, match="no facet 'colour'"):
        FacetClassifier("colour").fit(table())
    with pytest.raises(ValueError, match="feature names"):
        FacetClassifier().fit(table()).predict(table().rename(columns={"far": "fsi"}))
