"""What the focus map reads: focus areas, the blocks in need, and the single spaces."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd

from districttype.publish import shapes
from districttype.publish.edition import Edition, ZoneSetResult
from districttype.publish.texts import Texts, number, percent

IDS = ("level", "systems", "actors", "prerequisites", "means", "convener", "checklists")


def scores(result: ZoneSetResult) -> dict[str, dict[str, list[int | None]]]:
    """Return per solution one column of scores and one of how far they stand out, in percent."""
    if result.focus.empty:
        return {}
    score = "share_of_max" if "share_of_max" in result.focus else "score"
    columns = {"score": score, "relative": "relative_score"}
    tables = {
        name: result.focus.set_index(["solution", "zone_id"])[column]
        for name, column in columns.items()
    }
    return {
        name: {
            str(s): percent(table.loc[s].reindex(result.zones.ids))
            for s in sorted(table.index.unique("solution"))
        }
        for name, table in tables.items()
    }


EXPLAINED = 3
"""So many blocks of a focus area, of the greatest need, are explained; the others are drawn."""


def block_shapes(need: gpd.GeoDataFrame) -> list[Any]:
    """Return the shape of each block in need once, in the order in which they first come."""
    once = need.drop_duplicates("block_id").geometry
    return shapes.encode_polygons(shapes.simplify_zones(once, 8.0))


def _blocks_of(result: ZoneSetResult, text: Texts) -> dict[tuple[str, str], dict[str, Any]]:
    """Return by zone and solution which blocks are in need, and the reasons of the first."""
    if result.blocks is None or result.blocks.empty:
        return {}
    places, _ = pd.factorize(result.blocks["block_id"])
    rows = pd.DataFrame(result.blocks[["zone_id", "solution", "reason"]]).assign(place=places)
    return {
        (str(zone), str(solution)): {
            "blocks": [int(place) for place in group["place"]],
            "needs": [text.cell(reason) for reason in group["reason"].head(EXPLAINED)],
        }
        for (zone, solution), group in rows.groupby(["zone_id", "solution"])
    }


def focus_areas(result: ZoneSetResult, text: Texts) -> dict[str, list[Any]]:
    """Return the focus areas of each zone that has some, best first."""
    found: dict[str, list[Any]] = {}
    blocks = _blocks_of(result, text)
    for row in result.focus.to_dict("records"):
        entry: dict[str, Any] = {
            "solution": row["solution"],
            "score": number(row.get("share_of_max", row["score"]), 3),
            "relative": number(row.get("relative_score"), 3),
            "rank": row.get("rank"),
        }
        entry |= {key: str(row[key]).split(";") for key in IDS if row.get(key)}
        entry |= {key: text.words(row.get(key)) for key in ("reasons", "cautions")}
        entry["stability"] = number(row.get("stability"), 2)
        entry["basis"] = row.get("weakest_evidence") or ""
        entry |= blocks.get((str(row["zone_id"]), row["solution"]), {})
        found.setdefault(str(row["zone_id"]), []).append(entry)
    return found


def checklists(edition: Edition) -> dict[str, list[dict[str, str]]]:
    """Return the steps of each checklist: id -> steps, each by language."""
    if edition.catalogue is None:
        return {}
    return {
        key: [dict(s) for s in entry.steps] for key, entry in edition.catalogue.checklists.items()
    }


def sites(edition: Edition, text: Texts) -> list[dict[str, Any]]:
    """Return the single spaces of every zone set."""
    found = []
    for name, result in edition.results.items():
        if result.sites is None or not len(result.sites):
            continue
        points = shapes.encode_points(result.sites.geometry)
        for point, row in zip(points, result.sites.to_dict("records"), strict=True):
            found.append(
                {
                    "at": point,
                    "set": name,
                    "zone": str(row["zone_id"]),
                    "kind": str(row["kind"]),
                    "name": row["name"] if isinstance(row["name"], str) else "",
                    "solution": str(row["solution"]),
                    "reason": text.cell(row["reason"]),
                }
            )
    return found
