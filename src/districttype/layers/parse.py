"""Numbers out of what people write: storeys, heights, years, areas.

Every parser takes a column of any type and returns floats; what is empty is NaN, and what is
written but cannot be read is NaN and counted. Zero storeys, zero height, a floor area of zero and
the sentinels of the registers are missing, not nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Parsed = tuple[Floats, int]  # the numbers, and how many texts could not be read

FOOT, INCH = 0.3048, 0.0254
SENTINELS = (-1.0, 999999999.0, 99999999.0, 9999999.0)
NOT_A_DATE = "1904-02-29"  # what the building register writes for an unknown day

_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_FEET = re.compile(r"^(\d+(?:[.,]\d+)?)\s*(?:'|ft|feet)\s*(?:(\d+(?:[.,]\d+)?)\s*(?:\"|''|in))?$")
_METRES = re.compile(r"^([-+]?\d+(?:[.,]\d+)?)\s*(?:m|metres?|meters?)?$")
_LEVELS = re.compile(r"^[-+]?\d+(?:[.,]\d+)?(?:\s*(?:\+|[½¼¾]))?$")
_CENTURY = re.compile(r"^(?:(early|mid|late)\s+)?c(\d{1,2})$")
_DECADE = re.compile(r"^(\d{3})0s$")
_YEAR = re.compile(r"(?<!\d)(1\d{3}|20\d{2})(?!\d)")
_PART = {None: 0.5, "early": 1 / 6, "mid": 0.5, "late": 5 / 6}


def storeys(values: Any) -> Parsed:
    """Return storeys: the highest of a list ("3;4"), commas as points, 0 as missing."""
    return _each(values, _storeys, low=0.5, high=200.0)


def heights(values: Any) -> Parsed:
    """Return heights in metres: "12 m", "12,5", 40', 12'6"; the highest of a list."""
    return _each(values, _height, low=0.1, high=1000.0)


def years(values: Any) -> Parsed:
    """Return years: "~1965", "1960..1969" (its middle), "C19", "1970s", dates of any form.

    "before 1964" is 1964: an upper bound is the best that is known.
    """
    return _each(values, _year, low=1000.0, high=2100.0)


def areas(values: Any) -> Parsed:
    """Return areas in m²: "1 200", "1200 m2", "5,5"; 0 is missing."""
    return _each(values, _area, low=1e-9, high=5e6)


def counts(values: Any) -> Parsed:
    """Return counts of people, dwellings, departures: 0 is a count, sentinels are missing."""
    return _each(values, _plain, low=0.0, high=1e8)


def numbers(values: Any) -> Parsed:
    """Return plain numbers, sentinels missing."""
    return _each(values, _plain, low=-1e12, high=1e12)


def _each(values: Any, one: Callable[[str], float | None], *, low: float, high: float) -> Parsed:
    """Parse each distinct value once; people write the same few things thousands of times."""
    column = pd.Series(values).reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.dt.strftime("%Y-%m-%d")
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        found = np.asarray(column.astype(float), dtype=float)
        unread = 0
    else:
        text = column.astype("string").str.strip().str.casefold()
        text = text.mask(text.isin(["", "nan", "none", "null", "?", "-", "unknown"]))
        read = {value: one(value) for value in text.dropna().unique()}
        found = np.asarray([read.get(v, np.nan) for v in text.fillna("").tolist()], dtype=object)
        found = np.asarray([np.nan if v is None else v for v in found], dtype=float)
        unread = int((text.notna().to_numpy() & np.isnan(found)).sum())
    found = np.where(np.isin(found, SENTINELS), np.nan, found)
    with np.errstate(invalid="ignore"):
        return np.where((found >= low) & (found <= high), found, np.nan), unread


def _float(text: str) -> float:
    return float(text.replace(",", "."))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;|/]| - |(?<=\d)-(?=\d)", text) if part.strip()]


def _storeys(text: str) -> float | None:
    found = [
        _float(_NUMBER.match(part)[0])  # type: ignore[index]
        for part in _parts(text.lstrip("~"))
        if _LEVELS.match(part)
    ]
    return max(found) if found else None


def _height(text: str) -> float | None:
    found = []
    for part in _parts(text.lstrip("~")):
        feet = _FEET.match(part)
        metres = _METRES.match(part)
        if feet:
            found.append(_float(feet[1]) * FOOT + (_float(feet[2]) * INCH if feet[2] else 0.0))
        elif metres:
            found.append(_float(metres[1]))
    return max(found) if found else None


def _year(text: str) -> float | None:
    if text.startswith(NOT_A_DATE):
        return None
    century = _CENTURY.match(text)
    if century:
        return (int(century[2]) - 1) * 100.0 + round(_PART[century[1]] * 100)
    decade = _DECADE.match(text)
    if decade:
        return int(decade[1]) * 10.0 + 5
    found = [int(year) for year in _YEAR.findall(text)]
    if not found:
        return None
    if ".." in text or re.fullmatch(r"\d{4}\s*[-–]\s*\d{4}", text):
        return float(round((found[0] + found[-1]) / 2))
    return float(max(found) if ";" in text else found[0])


def _area(text: str) -> float | None:
    plain = re.sub(r"\s*(m2|m²|k-?m2|kem2|sqm)$", "", text).replace("\u00a0", "").replace(" ", "")
    return _float(plain) if _NUMBER.fullmatch(plain) else None


def _plain(text: str) -> float | None:
    plain = text.replace("\u00a0", "").replace(" ", "")
    return _float(plain) if _NUMBER.fullmatch(plain) else None


def agree(floors: Floats, height: Floats) -> NDArray[np.bool_]:
    """Return where storeys and height can both be true: 2.2 to 8 m a storey, or one unknown."""
    with np.errstate(invalid="ignore", divide="ignore"):
        each = height / floors
        return ~((each < 2.2) | (each > 8.0))
