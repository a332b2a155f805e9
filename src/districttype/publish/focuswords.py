"""Focus areas in words, for pages that people read and print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from districttype.focus.cityview import By
from districttype.i18n import N_
from districttype.publish import legend
from districttype.publish.edition import Edition, ZoneSetResult
from districttype.publish.words import Words

RANKINGS: Mapping[By, str] = {
    "relative_score": N_("More than elsewhere"),
    "score": N_("Comes first"),
}
CLUSTERS = 10
"""So many clusters, the largest first, are listed."""


def leads(result: ZoneSetResult, words: Words) -> list[dict[str, Any]]:
    """Return for each ranking in which share each solution leads, and the warnings."""
    if result.city is None:
        return []
    found = []
    for ranking, title in RANKINGS.items():
        shares = result.city.lead_shares[ranking].sort_values(ascending=False, kind="stable")
        rows = [
            {
                "solution": s,
                "name": words.solution(s),
                "colour": legend.solution_colour(s),
                "share": float(share),
            }
            for s, share in shares.items()
            if share > 0
        ]
        said = words.sentences(result.city.warnings[ranking])
        found.append({"title": words.t(title), "rows": rows, "warnings": said})
    return found


def clusters(result: ZoneSetResult, words: Words) -> list[dict[str, Any]]:
    """Return the largest clusters of neighbours with the same leading solution."""
    if result.city is None:
        return []
    table = result.city.clusters
    return [
        {
            "solution": row["solution"],
            "name": words.solution(row["solution"]),
            "colour": legend.solution_colour(row["solution"]),
            "zones": [words.zone_name(result, zone) for zone in row["zone_ids"].split(";")],
        }
        for row in table[table["zones"] > 1].head(CLUSTERS).to_dict("records")
    ]


def chosen(result: ZoneSetResult) -> pd.DataFrame:
    """Return the shortlist: the first focus areas to begin with."""
    return pd.DataFrame() if result.city is None else result.city.shortlist


def choice(result: ZoneSetResult, words: Words) -> list[dict[str, Any]]:
    """Return the shortlist in words."""
    return [
        {
            "zone": words.zone_name(result, row["zone_id"]),
            "id": row["zone_id"],
            "solution": row["solution"],
            "colour": legend.solution_colour(row["solution"]),
            "name": words.solution(row["solution"]),
            "kind": next(iter(words.named("archetypes", row["archetype"])), ""),
            "why": words.sentences(row["reasons"]),
            "stability": words.percent(row["stability"]),
            "sheet": sheet_name(row["zone_id"], row["solution"]),
        }
        for row in chosen(result).to_dict("records")
    ]


def sheet_name(zone_id: str, solution: str) -> str:
    """Return the file name of a workshop sheet: safe on every file system."""
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in str(zone_id))
    return f"{safe}-{solution}.html"


def steps(edition: Edition, ids: str, language: str) -> list[dict[str, Any]]:
    """Return the checklists of some ids, `;`-separated, step by step."""
    if edition.catalogue is None:
        return []
    return [
        {
            "name": edition.catalogue.name("checklists", key, language),
            "source": edition.catalogue.checklists[key].source,
            "steps": [
                step.get(language, step["en"]) for step in edition.catalogue.checklists[key].steps
            ],
        }
        for key in ids.split(";")
        if key
    ]


def focus_of(result: ZoneSetResult, zone: str, words: Words, most: int = 3) -> list[dict[str, Any]]:
    """Return the focus areas of a zone in words, best first."""
    return [
        {
            "solution": row["solution"],
            "colour": legend.solution_colour(row["solution"]),
            "name": words.solution(row["solution"]),
            "share": words.percent(row.get("share_of_max", row["score"])),
            "reasons": words.sentences(row["reasons"]),
            "cautions": words.sentences(row.get("cautions")),
            "actors": words.named("actors", row["actors"]),
            "convener": words.named("actors", row.get("convener")),
            "means": words.named("means", row["means"]),
            "prerequisites": words.named("prerequisites", row["prerequisites"]),
            "systems": words.named("systems", row["systems"]),
            "checklists": words.named("checklists", row.get("checklists")),
            "stability": words.percent(row.get("stability")),
        }
        for row in result.focus_of.get(zone, [])[:most]
    ]


def sites_of(
    result: ZoneSetResult, zone: str, words: Words, solution: str | None = None
) -> list[dict[str, Any]]:
    """Return the sites of a zone (for a solution), each place once, in words."""
    mine = [row for row in result.sites_of.get(zone, []) if solution in (None, row["solution"])]
    places = {(row["kind"], str(row["name"]), row["geometry"].wkb): row for row in mine}
    return [
        {
            "kind": next(iter(words.named("sites", row["kind"])), ""),
            "name": row["name"] if isinstance(row["name"], str) else "",
            "reason": words.say(row["reason"]),
            "point": row["geometry"],
        }
        for row in places.values()
    ]


def blocks_of(result: ZoneSetResult, zone: str, solution: str) -> gpd.GeoDataFrame:
    """Return the blocks of a zone that carry the need for a solution, the greatest first."""
    blocks = result.blocks
    if blocks is None:
        return gpd.GeoDataFrame({"reason": []}, geometry=[], crs=result.zones.frame.crs)
    return blocks[(blocks["zone_id"] == zone) & (blocks["solution"] == solution)]
