"""Learn labels from a city's own labelled zones, and say honestly how well that works.

The rules stay the default. A learnt classifier is used only where the user names its file, and it
is compared with the rules on the very zones it was tested on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
import skops.io
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, cohen_kappa_score, confusion_matrix
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from districttype.errors import ConfigError, SourceError
from districttype.i18n import N_, Message
from districttype.typology.alike import comparable

BLOCKS = 5
TRUSTED = {"numpy.dtype"}  # skops knows scikit-learn's types and numpy's arrays by itself
LEAST = 3  # labelled zones a label needs
STRENGTHS = (0.01, 0.1, 1.0, 10.0)
LEARNT = N_("{label}: learnt from the city's own labels; the rules say {rule}")


@dataclass(frozen=True)
class Learnt:
    """A fitted classifier and what its test says.

    `report` holds n, accuracy and kappa of the learnt labels and of the rules on the same zones,
    and the confusion (given -> learnt -> count); all from zones the model had not seen.
    """

    facet: str
    model: Pipeline
    report: dict[str, Any]


def learn(
    facet: str,
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
    """
    counts = given.value_counts()
    if (counts >= LEAST).sum() < 2:
        raise ConfigError(
            f"at least two labels with {LEAST} zones each are needed, found {counts.to_dict()}",
            where=f"labels of {facet}",
            todo="label more zones",
        )
    keep = given.isin(counts.index[counts >= LEAST]).to_numpy()
    table, y = comparable(indicators)[keep], given[keep].to_numpy(dtype=object)
    blocks = _blocks(places[keep], min(BLOCKS, len(table) // 2), seed)
    learnt = np.empty(len(y), dtype=object)
    for train, test in GroupKFold(len(np.unique(blocks))).split(table, y, blocks):
        learnt[test] = _fit(table.iloc[train], y[train], blocks[train]).predict(table.iloc[test])
    ours = rules[keep].to_numpy(dtype=object)
    names = sorted({*y, *learnt})
    report = {
        "n": len(y),
        "set_aside": int((~keep).sum()),
        "accuracy": float(accuracy_score(y, learnt)),
        "kappa": float(cohen_kappa_score(y, learnt)),
        "rules_accuracy": float(accuracy_score(y, ours)),
        "rules_kappa": float(cohen_kappa_score(y, ours)),
        "confusion": {
            a: {b: int(n) for b, n in zip(names, row, strict=True) if n}
            for a, row in zip(names, confusion_matrix(y, learnt, labels=names), strict=True)
            if row.sum()
        },
    }
    return Learnt(facet, _fit(table, y, blocks), report)


def _blocks(places: NDArray[np.float64], n: int, seed: int) -> NDArray[np.int32]:
    return np.asarray(KMeans(n, n_init=5, random_state=seed).fit(places).labels_)


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


def save(learnt: Learnt, folder: Path) -> Path:
    """Write a model to `<folder>/<facet>.skops`, a format that is safe to load."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{learnt.facet}.skops"
    part = file.with_suffix(".part")
    skops.io.dump(learnt.model, part)
    part.replace(file)
    return file


def load(file: Path) -> Pipeline:
    """Read a model, refusing any that holds types scikit-learn and numpy do not know.

    Raises
    ------
    SourceError
        If it is not there, is no model, or holds anything not trusted.
    """
    try:
        strange = sorted({*skops.io.get_untrusted_types(file=file)} - TRUSTED)
        if strange:
            raise SourceError(
                f"holds types that are not trusted: {', '.join(strange)}",
                where=str(file),
                todo="use only models made by `districttype learn`",
            )
        return skops.io.load(file, trusted=sorted(TRUSTED))
    except (BadZipFile, FileNotFoundError, KeyError, ValueError) as error:
        raise SourceError(f"is no model: {error}", where=str(file)) from None


def relabel(
    labels: pd.DataFrame, indicators: pd.DataFrame, models: dict[str, Pipeline]
) -> pd.DataFrame:
    """Put learnt labels in place of those of the rules; unknown zones stay unknown."""
    changed = labels.copy()
    table = comparable(indicators)
    for facet, model in models.items():
        known = labels[facet].ne("unknown").to_numpy()
        seen = table.reindex(columns=model.feature_names_in_)[known]
        shares = model.predict_proba(seen)
        names = model.classes_[shares.argmax(axis=1)]
        rows = labels.index[known]
        changed.loc[rows, facet] = names
        changed.loc[rows, f"{facet}_confidence"] = shares.max(axis=1)
        changed.loc[rows, f"{facet}_reason"] = pd.Series(
            [
                Message(LEARNT, {"label": str(new), "rule": str(old)})
                for new, old in zip(names, labels.loc[rows, facet], strict=True)
            ],
            index=rows,
            dtype=object,
        )
    return changed
