"""Learn labels from a city's own labelled zones, and say honestly how well that works.

The rules stay the default. A learnt classifier is used only where the user names its file, and it
is compared with the rules on the very zones it was tested on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from districttype.errors import ConfigError
from districttype.typology.alike import comparable, known
from districttype.typology.learnt import Learnt
from districttype.typology.validate import confusion, fold, kappa

BLOCKS = 5
LEAST = 3  # labelled zones a label needs
STRENGTHS = (0.01, 0.1, 1.0, 10.0)


def learn(
    facet: str,
    city: str,
    indicators: pd.DataFrame,
    given: pd.Series,
    rules: pd.Series,
    places: NDArray[np.float64],
    *,
    seed: int = 0,
) -> Learnt:
    """Fit a classifier on labelled zones, tested by nested, spatially blocked cross-validation.

    Zones near each other are alike, so that a random split would flatter the model: the outer and
    inner folds are blocks of neighbouring zones. The strength of the penalty of a logistic
    regression is chosen in the inner folds.

    Parameters
    ----------
    facet
        Name of the facet.
    city
        Whose labels they are.
    indicators
        Table of `indicators.measure` of the labelled zones.
    given
        The label given to each zone, same index.
    rules
        The label of the rules, same index.
    places
        Coordinates of the zones in metres, shape (n, 2).
    seed
        Of the blocks.

    Raises
    ------
    ConfigError
        If there are fewer than two labels with three zones each.
    EmptyResultError
        If too few indicators are known.
    """
    counts = given.value_counts()
    if (counts >= LEAST).sum() < 2:
        raise ConfigError(
            f"at least two labels with {LEAST} zones each are needed, found {counts.to_dict()}",
            where=f"labels of {facet}",
            todo="label more zones",
        )
    keep = given.isin(counts.index[counts >= LEAST]).to_numpy()
    table = comparable(indicators, known(indicators))[keep]
    y = given[keep].to_numpy(dtype=object)
    with threadpool_limits(1):  # so few zones are fitted faster by one thread than by many
        blocks = _blocks(places[keep], min(BLOCKS, len(table) // 2), seed)
        unseen = _labels_unseen(table, y, blocks)
        model = _fit(table, y, blocks)
    report = {
        "n": len(y),
        "set_aside": int((~keep).sum()),
        **_scores(y, unseen),
        "rules": _scores(y, np.asarray([fold(facet, label) for label in rules[keep]], object)),
    }
    return Learnt(facet, city, model, report)


def _scores(given: NDArray[np.object_], found: NDArray[np.object_]) -> dict[str, Any]:
    return {
        "accuracy": float(accuracy_score(given, found)),
        "kappa": kappa(given, found),
        "confusion": confusion(given, found),
    }


def _blocks(places: NDArray[np.float64], n: int, seed: int) -> NDArray[np.int32]:
    return np.asarray(KMeans(n, n_init=5, random_state=seed).fit(places).labels_)


def _labels_unseen(
    table: pd.DataFrame, y: NDArray[np.object_], blocks: NDArray[np.int32]
) -> NDArray[np.object_]:
    """Return the label that each zone gets from a model fitted without its block."""
    found = np.empty(len(y), dtype=object)
    for train, test in GroupKFold(len(np.unique(blocks))).split(table, y, blocks):
        found[test] = _fit(table.iloc[train], y[train], blocks[train]).predict(table.iloc[test])
    return found


def _fit(table: pd.DataFrame, y: NDArray[np.object_], blocks: NDArray[np.int32]) -> Pipeline:
    """Fit on the strength that does best in the inner blocks."""
    pipeline = make_pipeline(
        SimpleImputer(strategy="median"),
        StandardScaler(),
        LogisticRegression(max_iter=2000, class_weight="balanced"),
    )
    if len({*y}) < 2:  # a fold may hold one label only; then that is all there is to say
        return make_pipeline(*[step for _, step in pipeline.steps[:2]], DummyClassifier()).fit(
            table, y
        )
    inner = min(3, len(np.unique(blocks)))
    if inner < 2:
        return pipeline.fit(table, y)
    search = GridSearchCV(
        pipeline,
        {"logisticregression__C": STRENGTHS},
        cv=_both_labels(GroupKFold(inner).split(table, y, blocks), y),
        error_score="raise",
    )
    return search.fit(table, y).best_estimator_


def _both_labels(splits: Any, y: NDArray[np.object_]) -> list[tuple[Any, Any]]:
    """Keep the inner folds whose training part knows more than one label."""
    kept = [(train, test) for train, test in splits if len({*y[train]}) > 1]
    everything = np.arange(len(y))
    return kept or [(everything, everything)]
