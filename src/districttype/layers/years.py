"""Years as people write them: '~1965', 'C19', '1960s', '1960..1969', '03.12.1987'."""

from __future__ import annotations

import re

import numpy as np

ABOUT = re.compile(r"^(?:~|≈|c\.|ca\.?|circa|about|approx\.?|noin)\s*", re.IGNORECASE)
# Stands for "not known" in the Finnish registers.
NO_DATES = {"1904-02-29", "29.02.1904", "29.2.1904"}

_NOTHING = re.compile(
    r"|unknown|nan|none|null|nat|-|-?\d{1,3}|0+", re.IGNORECASE
)  # 0, -1 and 99 are the registers' ways to say nothing
_BOUND = re.compile(r"(before|until|after|since|from|<|>|–|-|\.\.)\s*(.+)", re.IGNORECASE)
_PART = {"early": 1 / 6, "mid": 0.5, "late": 5 / 6}
_ONE = re.compile(
    r"(?:(?P<part>early|mid|late)[ -]*)?"
    r"(?:c(?P<century>\d{1,2})|(?P<decade>\d{3}0)['’]?(?:s|-luku|er)|(?P<year>\d{4}))",
    re.IGNORECASE,
)
_DATES = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})(?:-\d{1,2})?(?:[T ].*|Z|[+-]\d{2}:\d{2})?", re.I),
    re.compile(r"(?P<y>\d{4})/(?P<m>\d{1,2})(?:/\d{1,2})?"),
    re.compile(r"(?:\d{1,2}[./])?(?P<m>\d{1,2})[./](?P<y>\d{4})(?: .*)?"),
    re.compile(r"(?P<y>\d{4})(?P<m>0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"),
)


def parse_year(text: str) -> float | None:
    """Read a year; nan where the text says that it is not known, None where it is not understood.

    A century or decade counts by its middle (its early or late part where that is said), a range
    by its middle, of a list the first; 'before 1964' is 1964: a bound is the best that is known.
    """
    text = re.sub(r"^j:", "", text.strip()).strip()
    if _NOTHING.fullmatch(text) or text[:10] in NO_DATES:
        return np.nan
    text = ABOUT.sub("", text.rstrip("? ")).strip()
    for read in (_single, _date, _range, _list, _bound):
        year = read(text)
        if year is not None:
            return year
    return None


def _single(text: str) -> float | None:
    match = _ONE.fullmatch(text)
    if not match or (match["part"] and match["year"]):
        return None
    share = _PART.get((match["part"] or "mid").lower(), 0.5)
    if match["century"]:
        return float(100 * (int(match["century"]) - 1) + round(100 * share))
    if match["decade"]:
        return float(int(match["decade"]) + round(10 * share))
    return float(match["year"])


def _date(text: str) -> float | None:
    for date in _DATES:
        match = date.fullmatch(text)
        if match and 1 <= int(match["m"]) <= 12:
            return float(match["y"])
    return None


def _range(text: str) -> float | None:
    ends = re.split(r"\s*(?:\.\.|–|—|-|\bto\b)\s*", text)
    if len(ends) != 2 or not all(ends):
        return None
    if re.fullmatch(r"\d{4}", ends[0]) and re.fullmatch(r"\d{2}", ends[1]):
        ends[1] = ends[0][:2] + ends[1]  # 1985-87
    low, high = (_single(ABOUT.sub("", end)) for end in ends)
    return None if low is None or high is None else float((low + high) // 2)


def _list(text: str) -> float | None:
    parts = [part for part in re.split(r"[;/]", text) if part.strip()]
    if len(parts) < 2:
        return None
    found = [parse_year(part) for part in parts]
    known = [year for year in found if year is not None]
    return min(known) if len(known) == len(found) else None


def _bound(text: str) -> float | None:
    match = _BOUND.fullmatch(text)
    found = parse_year(match[2]) if match else None
    return None if found is None or match is None else found
