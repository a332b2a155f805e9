"""Columns by the names that providers are said to give them, whatever their case."""

from __future__ import annotations

import pandas as pd

from districttype.errors import SourceError

NAMED = 20  # columns that an error lists


def find_column(frame: pd.DataFrame, name: str) -> str | None:
    """Return a column's name in its own case; of several ('a|b') the first there is; else None."""
    known = {str(column).casefold(): str(column) for column in frame.columns}
    return next((known[one.casefold()] for one in name.split("|") if one.casefold() in known), None)


def require_column(frame: pd.DataFrame, name: str, where: str) -> str:
    """Return a column's name in its own case.

    Raises
    ------
    SourceError
        If there is none: the service has changed its columns.
    """
    found = find_column(frame, name)
    if found is None:
        listed = ", ".join(str(column) for column in list(frame.columns)[:NAMED])
        raise SourceError(f"has no column {name!r}", where=where, todo=f"it has {listed}")
    return found
