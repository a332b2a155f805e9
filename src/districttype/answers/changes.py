"""What changed between two runs of one city, and whether the city or its map did.

Volunteers map what stands long since: a count of buildings that grows faster than anybody builds is
progress of the map, and a label that changes with it says nothing of the city. A count that falls
tells less: houses are torn down, and mapped ones are deleted, or several drawn anew as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from districttype.errors import ConfigError
from districttype.lastrun import Kept, Run
from districttype.provenance import last_day
from districttype.typology.facet import UNKNOWN
from districttype.typology.rules import FACETS

# Own choice: few places build more than 3 % of their stock a year, and for a whole city or decade
# hardly any (Espoo, which grows fast: 1.6 % a year from 2016 to 2022).
MOST_BUILT = 0.03
LEAST_CHANGE = 0.05  # a count that changed by less explains nothing

# Layer that is counted behind each facet, and the indicators that count it.
COUNTED: Final = {
    "density": "buildings",
    "development": "buildings",
    "use": "buildings",
    "mobility": "stops",
    "energy": "buildings",
}
COUNTS: Final = {
    "buildings": ("buildings",),
    "stops": ("stops_bus", "stops_tram", "stations"),
}
BUILT, MAPPED, LOST, DATA = "building", "mapping progress", "data lost", "other data"
FEWER = "fewer than before: taken down, or deleted or merged on the map"
UNDATED = "not told: the data are not dated"


def changes(before: Run, after: Run) -> dict[str, Any]:
    """Compare the districts' labels of two runs.

    Parameters
    ----------
    before, after
        Runs on data of two dates, of the same districts.

    Returns
    -------
    dict
        `years` between the buildings of both (None where they are not dated); per facet in
        `facets` how many districts were compared and the share that kept its label; in `changes`
        one entry a label that differs: zone_id, name, facet, before, after, cause (`building`,
        `mapping progress`, fewer than before, `data lost`, `other data`, or that it cannot be
        told), and what was counted.

    Raises
    ------
    ConfigError
        If the runs have no district in common, or `after` stands on older buildings.
    """
    old, new = before.labels["districts"], after.labels["districts"]
    common = old.index.intersection(new.index)
    if common.empty:
        raise ConfigError(
            "the two runs have no district in common",
            where="districts",
            todo="compare runs of one city with the same districts",
        )
    years = _years(before, after, "buildings")
    if years is not None and years < 0:
        raise ConfigError(
            f"stands on data {-years:g} years older than those of --before",
            where="--after",
            todo="name the two the other way round",
        )
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
            cause = _cause(facet, zone, before, after)
            # What was unknown and is told now was neither built nor torn down meanwhile.
            told = {entry["before"]: MAPPED, entry["after"]: LOST}.get(UNKNOWN, cause["cause"])
            listed.append(entry | cause | {"cause": told})
    return {"years": years, "facets": facets, "changes": listed}


def _cause(facet: str, zone: str, before: Run, after: Run) -> dict[str, Any]:
    """Tell what was counted before and after, and what it means."""
    layer = COUNTED.get(facet)
    if layer is None:
        return {"cause": DATA, "said": ""}
    had, has = _count(before, zone, layer), _count(after, zone, layer)
    if np.isnan(had) or np.isnan(has):
        return {"cause": DATA, "said": ""}
    counted: dict[str, Any] = {
        "said": f"{had:,.0f} {layer} before, {has:,.0f} after",
        "counted_before": had,
        "counted_after": has,
    }
    grown = has / had - 1 if had > 0 else float(has > 0)
    if abs(grown) < LEAST_CHANGE:
        return {"cause": DATA, **counted}
    if grown < 0:
        return {"cause": FEWER, **counted}
    years = _years(before, after, layer)
    if years is None:
        return {"cause": UNDATED, **counted}
    a_year = (1 + grown) ** (1 / max(years, 1.0)) - 1
    counted["said"] += f", {a_year:+.1%} a year"
    return {"cause": BUILT if a_year <= MOST_BUILT else MAPPED, **counted}


def _count(run: Kept, zone: str, layer: str) -> float:
    """Return how many things of a layer a zone has; NaN where no indicator tells."""
    row = run.indicators["districts"].loc[zone].reindex(list(COUNTS[layer]))
    return float(pd.to_numeric(row, errors="coerce").sum(min_count=1))


def _years(before: Kept, after: Kept, layer: str) -> float | None:
    """Return the years between a layer of two runs, as its first provider dates it."""
    first, last = (_day(run.record, layer) for run in (before, after))
    return None if first is None or last is None else round((last - first).days / 365.25, 2)


def _day(record: Mapping[str, Any], layer: str) -> date | None:
    parts = record.get("layers", {}).get(layer, {}).get("parts", [])
    return last_day(parts[0]["vintage"]) if parts else None


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
