"""Numbers out of what people write: storeys, heights, years, areas, counts.

Every parser takes a column of any type and returns floats; what is empty is NaN, and what is
written but cannot be read or believed is NaN and counted. Zero storeys, zero height, a floor area
of zero and the sentinels of the registers are missing, not nothing. Of a list ('3;4') or a range
('3-4') the largest counts, of a list of years the first, of a range of years the middle.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from districttype.layers.years import ABOUT, parse_year

Floats = NDArray[np.float64]
Parsed = tuple[Floats, int]  # the numbers, and how many texts could not be read or believed

FOOT, INCH = 0.3048, 0.0254
FLOOR_HEIGHT = (2.2, 8.0)  # metres; outside it storeys, height or its unit is wrong
SENTINELS = (-1.0, 9999999.0, 99999999.0, 999999999.0)
NOTHING = {"", "-", "?", "nan", "nat", "no", "none", "null", "unknown", "yes"}

_NUMBER = r"\d+(?:\.\d+)?|\.\d+"
_FEET = re.compile(
    rf"(?P<ft>{_NUMBER})\s*(?:'|′|’|ft\.?|feet|foot)"
    rf"(?:\s*(?P<inch>{_NUMBER})\s*(?:\"|″|”|''|in\.?|inch(?:es)?)?)?"
)
_LENGTH = re.compile(rf"(?P<n>{_NUMBER})\s*(?P<unit>m\.?|met(?:er|re)s?|cm|mm)?(?:\s*agl)?")
_AREA = re.compile(
    rf"(?P<n>{_NUMBER})\s*(?P<unit>k-?m2|k-?m²|kem2|m2|m²|sqm|sq\.?\s*m\.?|ha|sq\.?\s*ft\.?|ft2|ft²)?"
)
_FLOORS = re.compile(
    rf"(?P<n>{_NUMBER})\s*(?:floors?|levels?|storeys?|stories|story|krs|kerrosta)?"
)
_PLAIN = re.compile(rf"[-+]?(?:{_NUMBER})(?:e[-+]?\d+)?")
_BELOW_ZERO = re.compile(r"-\s*\d+(?:\.\d+)?(?:\s*m)?")
_THOUSANDS = re.compile(r"(?<=\d)[\s\u00a0\u202f](?=\d{3}(?!\d))")
_COMMAS = re.compile(r"\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?|\d{1,3}(?:,\d{3})+\.\d+")
# Twelve hundred in English, one and a fifth in Finnish: nothing in the text tells which.
_EITHER = re.compile(r"[1-9]\d{0,2},\d{3}(?:[^\d.,].*)?")
_PARTS = re.compile(r"\s*[;/|]\s*|\s*(?:\.\.|–|—)\s*|\s+-\s+|(?<=[\d'\"m])-(?=\d)|,\s+")


def storeys(values: Any) -> Parsed:
    """Return storeys: '4', '3;4' (4), '2-3' (3), '5,5', '~3', '6 floors'."""
    return _each(values, _largest(_storey), low=0.5, high=200.0)


def heights(values: Any) -> Parsed:
    """Return heights in metres: '12', '12 m', '12,5m', `40'`, `12'6"`, '40 ft'."""
    return _each(values, _largest(_height), low=0.1, high=1000.0)


def years(values: Any) -> Parsed:
    """Return years: '1965', '~1965', '1960s', 'C19' (1850), '1960..1969' (1964), dates."""
    return _each(values, parse_year, low=1000.0, high=2100.0)


def areas(values: Any) -> Parsed:
    """Return areas in m²: '1 234,5', '850 m²', '0.2 ha'; 0 is missing, '1,234' may be either."""
    return _each(values, _sure(_largest(_area)), low=1e-9, high=5e6)


def counts(values: Any) -> Parsed:
    """Return counts of people, dwellings, departures: 0 is a count, sentinels are missing."""
    return _each(values, _sure(_plain), low=0.0, high=1e8)


def agree(floors: Floats, height: Floats) -> NDArray[np.bool_]:
    """Return where storeys and height can both be true: 2.2 to 8 m a storey, or one unknown."""
    with np.errstate(invalid="ignore", divide="ignore"):
        each = height / floors
        return ~((each < FLOOR_HEIGHT[0]) | (each > FLOOR_HEIGHT[1]))


def _each(values: Any, one: Callable[[str], float | None], *, low: float, high: float) -> Parsed:
    """Parse each distinct value once; people write the same few things thousands of times."""
    column = pd.Series(values).reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.dt.strftime("%Y-%m-%d")
    if _are_numbers(column) and one is not parse_year:
        found = column.astype(float).to_numpy()
        written = np.isfinite(found)
    else:
        codes, distinct = pd.factorize(column.astype(object), use_na_sentinel=True)
        read = [_read(one, word) for word in distinct]
        found = np.array([np.nan if n is None else n for n in read] + [np.nan])[codes]
        written = np.array([n is None or not np.isnan(n) for n in read] + [False], bool)[codes]
    none = np.isin(found, SENTINELS) | (found < 0 if low == 0.0 else found <= 0)
    believed = (found >= low) & (found <= high) & ~none
    return np.where(believed, found, np.nan), int((written & ~none & ~believed).sum())


def _are_numbers(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))


def _read(one: Callable[[str], float | None], word: Any) -> float | None:
    """Read one text: NaN where it says that nothing is known, None where it is not understood."""
    if isinstance(word, float) and word.is_integer():
        word = int(word)
    text = str(word).strip().casefold()
    return np.nan if text in NOTHING else one(text)


def _number_text(text: str) -> str:
    """Drop 'about', blanks in thousands and doubt; make the decimal sign a point."""
    text = _THOUSANDS.sub("", ABOUT.sub("", text.strip().rstrip("?+ ")))
    if _COMMAS.match(text):
        return text.replace(",", "")
    return re.sub(r"(?<=\d),(?=\d)", ".", text)


def _largest(one: Callable[[str], float | None]) -> Callable[[str], float | None]:
    """Read lists and ranges with a reader of one value; all of them must be readable."""

    def read(text: str) -> float | None:
        found = [one(_number_text(part)) for part in _PARTS.split(text) if part]
        known = [number for number in found if number is not None]
        return max(known) if known and len(known) == len(found) else None

    return read


def _sure(one: Callable[[str], float | None]) -> Callable[[str], float | None]:
    """Leave unread what may be a thousand or a thousandth."""
    return lambda text: None if _EITHER.fullmatch(text) else one(text)


def _storey(text: str) -> float | None:
    match = _FLOORS.fullmatch(text.lstrip("+"))
    if match:
        return float(match["n"])
    return 0.0 if _BELOW_ZERO.fullmatch(text) else None


def _height(text: str) -> float | None:
    feet = _FEET.fullmatch(text)
    if feet:
        return float(feet["ft"]) * FOOT + float(feet["inch"] or 0) * INCH
    match = _LENGTH.fullmatch(text)
    if match:
        return float(match["n"]) * {"cm": 0.01, "mm": 0.001}.get(match["unit"] or "", 1.0)
    return 0.0 if _BELOW_ZERO.fullmatch(text) else None


def _area(text: str) -> float | None:
    match = _AREA.fullmatch(text)
    if not match:
        return 0.0 if _BELOW_ZERO.fullmatch(text) else None
    unit = match["unit"] or ""
    return float(match["n"]) * (1e4 if unit == "ha" else FOOT**2 if "ft" in unit else 1.0)


def _plain(text: str) -> float | None:
    match = _PLAIN.fullmatch(_number_text(text))
    return float(match[0]) if match else None
