"""Numbers and tables that several answers have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def number(value: Any) -> float | None:
    """Return a number as JSON holds it, of four decimals; None where nothing is known."""
    return None if value is None or np.isnan(value) else round(float(value), 4)


def share(value: float | None) -> str:
    """Write a share (0-1) in whole percent, and what is not known as a dash."""
    return "-" if value is None else f"{value:.0%}"


def kappa(entry: Mapping[str, Any]) -> str:
    """Write the kappa of a comparison, and one that is not defined as a dash."""
    return "-" if entry["kappa"] is None else f"{entry['kappa']:.2f}"


def columns(rows: Sequence[Sequence[str]], *, to_the_right: int | None = None) -> list[str]:
    """Return rows of texts as lines, their columns as wide as they must be."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place == to_the_right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def agreement(report: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a comparison of labels (see `typology.validate.compare`) as lines, one a facet."""
    lines = [f"{'facet':<12} {'n':>5} {'agree':>6}  95 % interval  {'kappa':>6}  unknown"]
    for facet, entry in report.items():
        interval = f"{entry['low']:.0%} - {entry['high']:.0%}"
        lines.append(
            f"{facet:<12} {entry['n']:>5} {entry['agreement']:>6.0%}  {interval:<13}  "
            f"{kappa(entry):>6}  {entry['unknown']}"
        )
    return lines
