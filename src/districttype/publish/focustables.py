"""What a facilitator carries along: blocks in need, single spaces, where to begin, clusters."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import geopandas as gpd
import pandas as pd

from districttype.publish.edition import Edition, ZoneSetResult
from districttype.publish.tables import say

Pick = Callable[[ZoneSetResult], gpd.GeoDataFrame | None]


def _shortlist(result: ZoneSetResult) -> gpd.GeoDataFrame | None:
    if result.city is None:
        return None
    table = result.city.shortlist.drop(columns=["zone_set", "name"], errors="ignore")
    shapes = result.zones.frame.geometry.reindex(table["zone_id"]).to_numpy()
    return gpd.GeoDataFrame(table, geometry=shapes, crs=result.zones.frame.crs)


TABLES: Mapping[str, Pick] = {
    "shortlist": _shortlist,
    "clusters": lambda result: result.city.clusters if result.city is not None else None,
    "blocks_in_need": lambda result: result.blocks,
    "sites": lambda result: result.sites,
}
"""Tables beside focus.csv by name, and which table of a zone set each is made of."""


def focus_tables(edition: Edition, language: str) -> dict[str, gpd.GeoDataFrame]:
    """Return the tables of all zone sets by name, sentences in a language; none without rows.

    Returns
    -------
    In the city's CRS, each with `zone_set` first and, where a row is of one zone, the name of it
    as `zone_name`:

    shortlist
        The focus areas to begin with: `choice` from 1, and the columns of focus.csv.
    clusters
        Neighbouring zones with the same leading solution.
    blocks_in_need
        Blocks that carry the need for a solution, the greatest need first.
    sites
        Single spaces; one without a name in the data is called by its kind and its zone.
    """
    found = {}
    for name, pick in TABLES.items():
        parts = [
            _of_zone_set(table, result, edition, language)
            for result in edition.results.values()
            if (table := pick(result)) is not None and len(table)
        ]
        if parts:
            found[name] = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=parts[0].crs)
    return found


def _of_zone_set(
    table: gpd.GeoDataFrame, result: ZoneSetResult, edition: Edition, language: str
) -> gpd.GeoDataFrame:
    table = table.copy()
    for name in table.select_dtypes(exclude=["number", "bool", "geometry"]).columns:
        table[name] = [say(value, language) for value in table[name]]
    table.insert(0, "zone_set", result.zones.name)
    if "zone_id" in table:
        names = result.zones.frame["name"].reindex(table["zone_id"]).to_numpy()
        table.insert(table.columns.get_loc("zone_id") + 1, "zone_name", names)
    if "kind" in table and edition.catalogue is not None:
        kinds = [edition.catalogue.name("sites", kind, language) for kind in table["kind"]]
        table.insert(table.columns.get_loc("kind") + 1, "kind_name", kinds)
        called = table["kind_name"].str.cat(table["zone_name"], sep=", ")
        table["name"] = table["name"].where(table["name"] != "", called)
    return table


def with_coordinates(table: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the table without geometry; of points, with their place in WGS 84 as `lon`, `lat`."""
    flat = pd.DataFrame(table.drop(columns="geometry"))
    if table.geom_type.eq("Point").all():
        points = table.geometry.to_crs("EPSG:4326")
        flat["lon"], flat["lat"] = points.x.round(7), points.y.round(7)
    return flat
