"""What changed between two runs of one city, and whether the city or its map did.

Volunteers map what stands long since: a count of buildings that grows faster than anybody builds is
progress of the map, and a label that changes with it says nothing of the city.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd

from districttype.city import City
from districttype.errors import ConfigError
from districttype.lastrun import Run, load_run
from districttype.typology.rules import FACETS

# Own choice: few places build more than 3 % of their stock a year, and for a whole city or decade
# hardly any (Espoo, which grows fast: 1.6 % a year from 2016 to 2022).
MOST_BUILT = 0.03
LEAST_CHANGE = 0.05  # a count that changed by less explains nothing

# What is counted behind each facet, and what it is called.
COUNTED: Final = {
    "density": ("buildings", "buildings"),
    "development": ("buildings", "buildings"),
    "use": ("buildings", "buildings"),
    "mobility": ("stops", "stops"),
    "energy": ("buildings", "buildings"),
}
STOPS = ("stops_bus", "stops_tram", "stations")
UNKNOWN = "unknown"
BUILT, MAPPED, LOST, DATA = "building", "mapping progress", "data lost", "other data"
UNDATED = "not told: the data are not dated"


def kept(city: City, out: Path) -> Run:
    """Return the run of a city that a folder holds.

    Raises
    ------
    ConfigError
        If it holds none.
    """
    run = load_run(city, out)
    if run is None:
        raise ConfigError("holds no run", where=str(out), todo="run classify with --out there")
    return run


def changes(before: Run, after: Run) -> dict[str, Any]:
    """Compare the districts' labels of two runs.

    Parameters
    ----------
    before, after
        Runs on data of two dates, of the same districts.

    Returns
    -------
    dict
        `years` between the data (None where they are not dated); per facet in `facets` how many
        districts were compared and the share that kept its label; in `changes` one entry a label
        that differs: zone_id, name, facet, before, after, cause (`building`, `mapping progress`,
        `data lost`, `other data`, or that it cannot be told), and what was counted.

    Raises
    ------
    ConfigError
        If the runs have no district in common.
    """
    old, new = before.labels["districts"], after.labels["districts"]
    common = old.index.intersection(new.index)
    if common.empty:
        raise ConfigError(
            "the two runs have no district in common",
            where="districts",
            todo="compare runs of one city with the same districts",
        )
    years = _years(before, after)
    facets, listed = {}, []
    for facet in FACETS:
        a, b = old.loc[common, facet], new.loc[common, facet]
        facets[facet] = {"n": len(common), "same": float((a == b).mean())}
        for zone in common[(a != b).to_numpy()]:
            entry = {
                "zone_id": str(zone),
                "name": str(after.zones["districts"].loc[zone, "name"]),
                "facet": facet,
                "before": a[zone],
                "after": b[zone],
            }
            cause = _cause(facet, zone, before, after, years)
            # What was unknown and is told now was neither built nor torn down meanwhile.
            told = {entry["before"]: MAPPED, entry["after"]: LOST}.get(UNKNOWN, cause["cause"])
            listed.append(entry | cause | {"cause": told})
    return {"years": years, "facets": facets, "changes": listed}


def _cause(facet: str, zone: str, before: Run, after: Run, years: float | None) -> dict[str, Any]:
    """Tell what was counted before and after, and what it means."""
    if facet not in COUNTED:
        return {"cause": DATA, "said": ""}
    kind, word = COUNTED[facet]
    had, has = _count(before, zone, kind), _count(after, zone, kind)
    counts = {"counted_before": had, "counted_after": has}
    grown = has / had - 1 if had > 0 else float(has > 0)
    said = f"{had:,.0f} {word} before, {has:,.0f} after"
    if abs(grown) < LEAST_CHANGE:
        return {"cause": DATA, "said": said, **counts}
    if years is None:
        return {"cause": UNDATED, "said": said, **counts}
    a_year = (1 + grown) ** (1 / max(years, 1.0)) - 1
    said += f", {a_year:+.1%} a year"
    built = 0 <= a_year <= MOST_BUILT
    return {"cause": BUILT if built else MAPPED, "said": said, **counts}


def _count(run: Run, zone: str, kind: str) -> float:
    row = run.indicators["districts"].loc[zone]
    columns = STOPS if kind == "stops" else (kind,)
    return float(pd.to_numeric(row.reindex(columns), errors="coerce").sum())


def _years(before: Run, after: Run) -> float | None:
    """Return the years between the buildings of two runs, as their sources date them."""
    dated = [_day(run.record) for run in (before, after)]
    if None in dated:
        return None
    first, last = dated
    assert first is not None
    assert last is not None
    return round((last - first).days / 365.25, 2)


def _day(record: Mapping[str, Any]) -> date | None:
    parts = record.get("layers", {}).get("buildings", {}).get("parts", [])
    found = re.search(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", parts[0]["vintage"]) if parts else None
    if found is None:
        return None
    year, month, day = (int(part or 1) for part in found.groups())
    return date(year, month, day)


def changes_text(answer: Mapping[str, Any]) -> str:
    """Return a comparison of two runs as text for a terminal."""
    years = answer["years"]
    lines = [f"Data {years:g} years apart" if years is not None else "Data without a date"]
    lines += [
        f"  {facet:<12} {entry['same']:>5.0%} of {entry['n']} districts keep their label"
        for facet, entry in answer["facets"].items()
    ]
    for entry in answer["changes"]:
        lines.append(
            f"{entry['name']}: {entry['facet']} {entry['before']} -> {entry['after']}; "
            f"{entry['cause']}" + (f" ({entry['said']})" if entry["said"] else "")
        )
    return "\n".join(lines)
