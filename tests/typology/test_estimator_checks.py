"""scikit-learn's own checks of what a classifier promises, as far as they apply to rules.

The checks feed bare arrays and compare labels as numbers; this typology knows indicators by their
names and labels by words. So the checks are run on the classifier behind a thin adapter that names
the columns and numbers the labels, and does nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data

from districttype.typology.classifier import FacetClassifier
from districttype.typology.values import values

COLUMNS = ("dense_floor_share", "coverage_buildings", "floor_area_m2", "far")

RULES_ARE_NOT_LEARNT = "labels are those of the rules, whatever labels it is fitted with"
EXPECTED = {
    "check_classifiers_one_label": RULES_ARE_NOT_LEARNT,
    "check_classifiers_classes": RULES_ARE_NOT_LEARNT,
    "check_classifiers_train": RULES_ARE_NOT_LEARNT,
}


class ByPosition(FacetClassifier):
    """The classifier for columns without names and labels that are numbers."""

    def _table(self, X: Any, *, reset: bool) -> pd.DataFrame:  # noqa: N803 - scikit-learn's names
        if isinstance(X, pd.DataFrame) and isinstance(X.columns[0], str):
            return super()._table(X, reset=reset)
        validate_data(self, X, reset=reset, dtype="numeric", ensure_all_finite=False)
        array = np.asarray(X, dtype=float)[:, : len(COLUMNS)]
        return values(pd.DataFrame(array, columns=COLUMNS[: array.shape[1]]))

    def fit(self, X: Any, y: Any = None) -> ByPosition:  # noqa: N803 - scikit-learn's names
        super().fit(X, y)
        self.names_, self.classes_ = self.classes_, np.arange(len(self.classes_))
        return self

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803 - scikit-learn's names
        labels = super().predict(X)
        return np.searchsorted(self.names_, labels)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


@parametrize_with_checks(
    [ByPosition("density", draws=20)], expected_failed_checks=lambda _: EXPECTED
)
def test_what_scikit_learn_asks_of_a_classifier_holds(
    estimator: Any, check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One check dispatches arrays by their namespace, which has to be switched on for SciPy as well.
    # Rules hand nothing to SciPy, so that it does not matter that SciPy was imported before.
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    check(estimator)


def test_in_a_pipeline_tables_stay_tables() -> None:
    table = pd.DataFrame({"dense_floor_share": [0.9, 0.1], "coverage_buildings": [1.0, 1.0]})
    keep = FunctionTransformer(lambda x: x.to_numpy() if hasattr(x, "to_numpy") else x,
                               feature_names_out="one-to-one")  # fmt: skip
    piped = make_pipeline(keep, FacetClassifier("density", draws=5)).set_output(transform="pandas")
    assert list(piped.fit(table).predict(table)) == ["dense", "sparse"]
    assert piped.get_params()["facetclassifier__facet"] == "density"
    again = clone(piped).set_params(facetclassifier__thresholds={"dense_floor_share": 0.95})
    assert list(again.fit(table).predict(table)) == ["sparse", "sparse"]
