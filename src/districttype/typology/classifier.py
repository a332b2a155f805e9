"""The typology as a scikit-learn classifier over a table of indicators."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import assert_all_finite, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from districttype.errors import ConfigError, SchemaError
from districttype.typology.facet import Facet
from districttype.typology.label import decided, probabilities
from districttype.typology.rules import FACETS
from districttype.typology.thresholds import FacetTable, load_facets
from districttype.typology.values import values


class FacetClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Label zones on one facet by the transparent rules of `facets.toml`.

    Nothing is learnt: `fit` only settles the classes and the columns. It is a classifier all the
    same, so that it can stand in a `Pipeline`, be scored, and be compared with a learnt one.

    Parameters
    ----------
    facet
        Name of the facet.
    thresholds
        Values that replace those of `facets.toml`: threshold -> value.
    draws
        Draws of `predict_proba`.
    seed
        Of the draws.

    Attributes
    ----------
    classes_
        The facet's labels in alphabetical order, `unknown` among them.
    n_features_in_
        Number of columns seen in `fit`.
    """

    def __init__(
        self,
        facet: str = "density",
        thresholds: dict[str, float] | None = None,
        draws: int = 1000,
        seed: int = 0,
    ) -> None:
        self.facet = facet
        self.thresholds = thresholds
        self.draws = draws
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's names
        """Settle classes and columns; `y` is checked but not read: the rules are not learnt."""
        if self.facet not in FACETS:
            raise ConfigError(f"there is no facet {self.facet!r}", todo=f"known are {[*FACETS]}")
        table = self._table(X, reset=True)
        if y is not None:
            y = column_or_1d(y, warn=True)
            assert_all_finite(y)
            check_classification_targets(y)
            check_consistent_length(table, y)
        self.classes_ = np.sort(np.asarray(FACETS[self.facet].labels, dtype=object))
        return self

    def predict(self, X: Any) -> NDArray[np.object_]:  # noqa: N803
        """Return the label of each row; `unknown` where too little is known."""
        check_is_fitted(self)
        table, (facet, settings) = self._table(X, reset=False), self._facet()
        fired = decided(facet, settings, table)
        return np.asarray(facet.labels, dtype=object)[facet.codes(fired)]

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return the share of draws that give each label, in the order of `classes_`."""
        check_is_fitted(self)
        table, (facet, settings) = self._table(X, reset=False), self._facet()
        shares = probabilities(facet, settings, table, draws=self.draws, seed=self.seed)
        return shares[:, np.argsort(np.asarray(facet.labels, dtype=object))]

    def _facet(self) -> tuple[Facet, FacetTable]:
        overrides = {self.facet: self.thresholds} if self.thresholds else None
        return FACETS[self.facet], load_facets(overrides)[self.facet]

    def _table(self, X: Any, *, reset: bool) -> pd.DataFrame:  # noqa: N803
        """Take the values from a table of indicators with named columns.

        Raises
        ------
        SchemaError
            If the columns have no names: indicators are known by theirs.
        """
        if not isinstance(X, pd.DataFrame):
            raise SchemaError(
                "indicators are known by the names of their columns",
                where="FacetClassifier",
                todo="pass the table that indicators.measure returns, not a bare array",
            )
        validate_data(self, X, reset=reset, dtype="numeric", ensure_all_finite=False)
        return values(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.two_d_array = False
        tags.target_tags.required = False
        tags.classifier_tags.poor_score = True
        return tags
