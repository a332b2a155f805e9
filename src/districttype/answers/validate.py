"""How far a run's labels agree with labels that others give."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from districttype.answers.runs import find_places
from districttype.answers.texts import agreement
from districttype.city import City
from districttype.errors import ConfigError
from districttype.lastrun import Run
from districttype.typology.validate import compare, read_expected


def validate_labels(city: City, run: Run, labels: Path | None) -> dict[str, dict[str, Any]]:
    """Compare a run's labels with those of a file, or with the city's built-in ones.

    Raises
    ------
    ConfigError
        If no file is named and the city has no built-in labels.
    """
    if labels is None:
        if city.expected_labels is None:
            raise ConfigError(
                f"there are no built-in labels of {city.name}",
                where="validate",
                todo="name a file with --labels",
            )
        labels = city.beside(city.expected_labels)
    expected = read_expected(labels)
    found = find_places(city, run, expected.index)
    ours = pd.DataFrame({place: run.labels[s].loc[z] for place, (s, z) in found.items()}).T
    report = compare(ours, expected)
    absent = [place for place in expected.index if place not in found]
    for entry in report.values():
        entry["not_found"] = absent
    return report


def validate_text(report: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a comparison as text for a terminal."""
    lines = agreement(report)
    for facet, entry in report.items():
        if entry["disagreements"]:
            lines += ["", f"{facet}: disagreements"]
        lines += [
            f"  {row['place']}: expected {row['expected']}"
            + (f" ({row['expected_confidence']})" if row["expected_confidence"] else "")
            + f", found {row['label']}. {row['reason']}"
            for row in entry["disagreements"]
        ]
    absent: list[str] = next((entry["not_found"] for entry in report.values()), [])
    if absent:
        lines += ["", f"not found: {', '.join(absent)}"]
    return "\n".join(lines)
