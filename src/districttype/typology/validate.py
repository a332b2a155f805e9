"""Compare labels with those that others give: agreement, kappa, and every disagreement."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from importlib.resources import files
from math import sqrt
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score, confusion_matrix

from districttype.errors import ConfigError, SourceError, SourceUnavailableError
from districttype.typology.facet import UNKNOWN
from districttype.typology.rules import FACETS

# The columns under which others give a facet, and the words they use for its labels. A word that
# maps to nothing is not scored ("medium" density is neither dense nor sparse).
COLUMNS = {
    "density": ("density",),
    "development": ("development",),
    "use": ("use", "primary_use"),
    "mobility": ("mobility", "mobility_infra"),
    "energy": ("energy", "energy_infra"),
    "ground": ("ground", "soil"),
    "ownership": ("ownership", "land_ownership"),
}
Labels: TypeAlias = pd.Series | NDArray[np.object_]
NAMES = ("place", "name", "name_fi", "zone_id", "zone")


def read_expected(path: Path) -> pd.DataFrame:
    """Read a table of labels given by others.

    Parameters
    ----------
    path
        CSV (UTF-8) with a column that names the zone or place (`place`, `name`, `name_fi` or
        `zone_id`) and one column a facet. `conf_<facet>` (H, M, L) may stand beside. Words are
        translated by `words.csv`; empty, `?` and words it does not know are not scored.

    Returns
    -------
    DataFrame
        Index `place`; per facet the expected label or None, and `<facet>_conf`.
    """
    try:
        table = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    except FileNotFoundError:
        raise SourceUnavailableError("no such file", where=str(path)) from None
    except OSError as error:
        raise SourceError(error.strerror or str(error), where=str(path)) from None
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ConfigError(f"not a table: {error}", where=str(path)) from None
    name = next((column for column in NAMES if column in table.columns), None)
    if name is None:
        raise ConfigError(
            "no column names the places",
            where=str(path),
            todo=f"call it one of {', '.join(NAMES)}",
        )
    words = _words()
    expected = pd.DataFrame(index=pd.Index(table[name].str.strip(), name="place"))
    if expected.index.has_duplicates:
        twice = expected.index[expected.index.duplicated()][0]
        raise ConfigError(f"{twice!r} stands there twice", where=str(path), todo="keep one row")
    for facet, names in COLUMNS.items():
        column = next((c for c in names if c in table.columns), None)
        if column is None:
            continue
        given = table[column].str.strip().str.casefold()
        labels = [words.get((facet, word)) for word in given]
        expected[facet] = pd.Series(labels, expected.index, dtype=object)
        sure = f"conf_{facet}"
        expected[f"{facet}_conf"] = table[sure].to_numpy() if sure in table.columns else ""
    if expected.empty or not len(expected.columns):
        raise ConfigError(
            "no column holds labels",
            where=str(path),
            todo=f"name the facets: {', '.join(FACETS)}",
        )
    return expected


def _words() -> Mapping[tuple[str, str], str]:
    """Return (facet, somebody's word) -> label."""
    text = (files(__package__) / "words.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    words = {(row["facet"], row["word"]): row["label"] for row in rows}
    own = {(name, label): label for name, facet in FACETS.items() for label in facet.labels[:-1]}
    return {**own, **words}


def compare(labels: pd.DataFrame, expected: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Compare labels with expected ones, facet by facet.

    Parameters
    ----------
    labels
        Index place; columns as `label_zones` gives them.
    expected
        As `read_expected` gives it; places that `labels` does not have are listed, not scored.

    Returns
    -------
    dict
        Per facet: `n` (places scored), `agreement` (0-1), `kappa` (Cohen's), `low` and `high` (95 %
        Wilson interval of the agreement), `unknown` (places we call unknown: scored as
        disagreements), `confusion` (expected -> ours -> count) and `disagreements` with reasons.
    """
    report: dict[str, dict[str, Any]] = {}
    shared = expected.index[expected.index.isin(labels.index)]
    for facet in COLUMNS:
        if facet not in expected or facet not in labels:
            continue
        given = expected.loc[shared, facet]
        given = given[given.notna()]
        if given.empty:
            continue
        ours = labels.loc[given.index, facet].map(lambda label, f=facet: fold(f, label))
        given = given.map(lambda label, f=facet: fold(f, label))
        hits = int((ours == given).sum())
        low, high = wilson(hits, len(given))
        report[facet] = {
            "n": len(given),
            "agreement": hits / len(given),
            "kappa": kappa(given, ours),
            "low": low,
            "high": high,
            "unknown": int((ours == UNKNOWN).sum()),
            "confusion": confusion(given, ours),
            "disagreements": [
                {
                    "place": place,
                    "expected": given[place],
                    "label": labels.loc[place, facet],
                    "confidence": _number(labels.loc[place, f"{facet}_confidence"]),
                    "expected_confidence": expected.loc[place, f"{facet}_conf"],
                    "reason": labels.loc[place, f"{facet}_reason"].text("en"),
                }
                for place in given.index
                if ours[place] != given[place]
            ],
        }
    return report


def fold(facet: str, label: str) -> str:
    """Others tell a station from none, not a new one from an old one."""
    return "station" if facet == "mobility" and label == "station_new" else label


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 3)


def kappa(given: Labels, found: Labels) -> float | None:
    """Return Cohen's kappa; None where only one label occurs and chance explains everything."""
    if len({*given, *found}) < 2:
        return None
    return round(float(cohen_kappa_score(given, found)), 4)


def confusion(given: Labels, found: Labels) -> dict[str, dict[str, int]]:
    """Return given -> found -> count, without the zeros."""
    names = sorted({*given, *found})
    if len(names) == 1:  # scikit-learn warns of a table of one cell
        return {names[0]: {names[0]: len(given)}}
    return {
        a: {b: int(n) for b, n in zip(names, row, strict=True) if n}
        for a, row in zip(names, confusion_matrix(given, found, labels=names), strict=True)
        if row.sum()
    }


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Return the Wilson score interval of a share (95 % by default).

    >>> tuple(round(x, 3) for x in wilson(9, 10))
    (0.596, 0.982)
    """
    if n == 0:
        return 0.0, 1.0
    share = hits / n
    centre = share + z * z / (2 * n)
    spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return (centre - spread) / scale, (centre + spread) / scale
