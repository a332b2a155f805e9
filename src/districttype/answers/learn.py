"""Learn labels from a city's own labelled zones, facet by facet, and say how well that works."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from districttype.answers.runs import find_places
from districttype.answers.texts import kappa
from districttype.city import City
from districttype.errors import ConfigError, writing
from districttype.lastrun import Run
from districttype.typology.learn import learn
from districttype.typology.learnt import save
from districttype.typology.validate import COLUMNS, read_expected


def learn_labels(city: City, run: Run, labels: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """Fit a classifier for every facet that the labels hold, and write it into a folder.

    Parameters
    ----------
    city
        The city.
    run
        What a run found: the indicators to learn from, and the labels of the rules to compare with.
    labels
        CSV as `validate` reads it.
    folder
        Where `<facet>.skops` is written.

    Returns
    -------
    dict
        Per facet the report of `typology.learn` and `model`, the file; or `refused`, why not.

    Raises
    ------
    ConfigError
        If no facet can be learnt.
    DistricttypeError
        If the folder cannot be written.
    """
    expected = read_expected(labels)
    found = find_places(city, run, expected.index)
    indicators = _rows(run.indicators, found)
    where = _rows(run.zones, found).reindex(columns=["x", "y"]).to_numpy(dtype=float)
    rules = _rows(run.labels, found)
    if not found or not np.isfinite(where).all():
        raise ConfigError(
            "the last run knows none of the labelled places, or not where they lie",
            where=city.name,
            todo="run `districttype classify` again, and name places as districts.csv does",
        )
    report: dict[str, dict[str, Any]] = {}
    for facet in (name for name in COLUMNS if name in expected):
        given = expected[facet].reindex(indicators.index).dropna()
        at = indicators.index.get_indexer(given.index)
        try:
            learnt = learn(
                facet,
                city.name,
                indicators.iloc[at],
                given,
                rules[facet].iloc[at],
                where[at],
            )
        except ConfigError as error:
            report[facet] = {"refused": str(error)}
            continue
        with writing(folder, "--models"):
            report[facet] = {**learnt.report, "model": str(save(learnt, folder))}
    if not any("model" in entry for entry in report.values()):
        raise ConfigError("; ".join(entry["refused"] for entry in report.values()))
    return report


def _rows(tables: Mapping[str, pd.DataFrame], found: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """Return one row a place, each from the table of its zone set."""
    return pd.DataFrame({place: tables[s].loc[z] for place, (s, z) in found.items()}).T


def learn_text(report: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what was learnt as text for a terminal."""
    lines: list[str] = []
    for facet, entry in report.items():
        if "refused" in entry:
            lines += [f"{facet}: not learnt. {entry['refused']}", ""]
            continue
        lines += [
            f"{facet}: tested on {entry['n']} places, block by block, none of them seen before",
            f"  learnt  {_scores(entry)}",
            f"  rules   {_scores(entry['rules'])}",
            *_table("given -> learnt", entry["confusion"]),
            *_table("given -> rules", entry["rules"]["confusion"]),
            f"  use it: districttype classify CITY --model {entry['model']}",
            "",
        ]
    return "\n".join(lines).rstrip()


def _scores(entry: Mapping[str, Any]) -> str:
    return f"right {entry['accuracy']:.0%}, kappa {kappa(entry)}"


def _table(title: str, confusion: Mapping[str, Mapping[str, int]]) -> list[str]:
    return [
        f"  {title}: {given} -> " + ", ".join(f"{label} {n}" for label, n in row.items())
        for given, row in confusion.items()
    ]
