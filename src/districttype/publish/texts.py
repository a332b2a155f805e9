"""The messages and numbers that a page reads, in as few signs as will do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from districttype.i18n import Message, Value, catalogue
from districttype.indicators.registry import Indicator


class Texts:
    """The messages a page needs, collected as they are put into it."""

    def __init__(self) -> None:
        self.used: set[str] = set()
        self.own: dict[str, dict[str, str]] = {}

    def __call__(self, message: str) -> str:
        """Note a message as used and return it."""
        self.used.add(message)
        return message

    def cell(self, value: Any) -> Any:
        """Return a cell for the page: a message as a pair, a collection as a list, else text."""
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Message):
            for language, template in value.translations.items():
                self.own.setdefault(language, {})[value.template] = template
            inner: Mapping[str, Value] = value.values  # noqa: PD011 - not a table's
            if not inner:
                return self(value.template)
            return [
                self(value.template),
                {
                    k: self.cell(v) if isinstance(v, str | Message | tuple) else number(v, 6)
                    for k, v in inner.items()
                },
            ]
        if isinstance(value, Iterable):
            return {"all": [self.cell(part) for part in value]}
        return str(value)

    def words(self, value: Any) -> list[Any]:
        """Return a cell as a list of texts: a collection, or words joined by `;`."""
        if isinstance(value, str):
            return [self(word.strip()) for word in value.split(";") if word.strip()]
        cell = self.cell(value)
        if isinstance(cell, dict):
            return list(cell["all"])
        return [] if cell is None else [cell]

    def catalogues(self, languages: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return per language the translations of what was used."""
        return {
            language: {m: known[m] for m in sorted(self.used) if m in known}
            | (self.own.get(language, {}) if language != "en" else {})
            for language in languages
            for known in [catalogue(language)]
        }


def number(value: Any, digits: int = 4) -> float | int | None:
    """Return a number of some significant digits as JSON writes it shortest, or null."""
    if value is None or pd.isna(value) or math.isinf(value):
        return None
    short = float(f"{float(value):.{digits}g}")
    return int(short) if short.is_integer() else short


def percent(shares: pd.Series) -> list[int | None]:
    """Return shares as whole percents, null where missing."""
    values = pd.to_numeric(shares, errors="coerce").to_numpy(dtype=float)
    return [None if np.isnan(v) else round(v * 100) for v in values]


def is_share(indicator: Indicator) -> bool:
    """Tell whether an indicator reads as a percentage."""
    return indicator.unit == "1" and (
        indicator.name.endswith("_share") or indicator.name.startswith("coverage_")
    )
