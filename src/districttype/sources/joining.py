"""What one service knows of the rows of another: gaps filled by a common identifier."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import geopandas as gpd
import pandas as pd

from districttype.errors import SourceError, SourceUnavailableError
from districttype.providers import Join
from districttype.sources import registry
from districttype.sources.columns import find_column, require_column
from districttype.sources.registry import Wanted


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
        key = require_column(other, join.to, who)
        other = other[other[key].notna()].drop_duplicates(key).set_index(key)
        names = {mine: require_column(other, theirs, who) for mine, theirs in join.fill.items()}
    except SourceError as error:
        kind = "cannot be reached" if isinstance(error, SourceUnavailableError) else "cannot be had"
        notes.append(f"what {who} knows {kind} ({error})")
        names, other = {}, None
    on = require_column(frame, join.on, who)
    frame = frame.copy()
    for name in join.zero_is_gap:
        found = find_column(frame, name)
        if found is not None:
            zero = pd.to_numeric(frame[found], errors="coerce").eq(0)
            frame[found] = frame[found].mask(zero)
    matched = frame[on].isin(other.index) if other is not None else None
    for mine in join.fill:
        found = find_column(frame, mine)
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
