"""What one service knows of the rows of another: gaps filled by a common identifier."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import geopandas as gpd
import pandas as pd

from districttype.errors import SourceError, SourceUnavailableError
from districttype.providers import Join
from districttype.sources import registry
from districttype.sources.registry import Wanted


def column(frame: pd.DataFrame, name: str, where: str) -> str:
    """Return a column's name in its own case.

    Raises
    ------
    SourceError
        If there is none: the service has changed its columns.
    """
    for found in frame.columns:
        if str(found).casefold() == name.casefold():
            return str(found)
    raise SourceError(
        f"has no column {name!r}", where=where,
        todo=f"it has {', '.join(str(c) for c in list(frame.columns)[:20])}",
    )  # fmt: skip


def join_to(
    frame: gpd.GeoDataFrame,
    join: Join,
    directory: Path,
    wanted: Wanted,
    changes: Counter[str],
    notes: list[str],
) -> gpd.GeoDataFrame:
    """Fill gaps from another provider; without it the rows stay as they are, and a note says so."""
    who = join.provider.provider
    try:
        raw = registry.read(join.provider, directory, wanted)
        other = raw.frame
        key = column(other, join.to, who)
        other = other[other[key].notna()].drop_duplicates(key).set_index(key)
        names = {mine: column(other, theirs, who) for mine, theirs in join.fill.items()}
    except SourceError as error:
        kind = "cannot be reached" if isinstance(error, SourceUnavailableError) else "cannot be had"
        notes.append(f"what {who} knows {kind} ({error})")
        names, other = {}, None
    on = column(frame, join.on, who)
    frame = frame.copy()
    for name in join.zero_is_gap:
        found = next((c for c in frame.columns if str(c).casefold() == name.casefold()), None)
        if found is not None:
            zero = pd.to_numeric(frame[found], errors="coerce").eq(0)
            frame[found] = frame[found].mask(zero)
    matched = frame[on].isin(other.index) if other is not None else None
    for mine in join.fill:
        found = next((c for c in frame.columns if str(c).casefold() == mine.casefold()), None)
        own = frame[found] if found is not None else pd.Series(None, frame.index, dtype=object)
        if other is not None:
            theirs = frame[on].map(other[names[mine]])
            filled = own.isna() & theirs.notna()
            changes[f"gaps of {mine} filled from {who}"] += int(filled.sum())
            own = own.astype(object).where(~filled, theirs)
        frame[found or mine] = own
    if matched is not None:
        changes[f"rows not known to {who}"] += int((~matched).sum())
    return frame
