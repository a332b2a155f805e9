"""The tables of the contract: CSV, GeoJSON, GeoParquet, and what the workbook holds.

Labels stay ids (`dense`, `station_new`) in every table that a machine may read; sentences are in
the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from babel import Locale
from babel.numbers import get_decimal_symbol

from districttype.i18n import Message, translate
from districttype.indicators.registry import Indicator
from districttype.publish.edition import Edition, ZoneSetResult
from districttype.typology.rules import FACETS

FOCUS_COLUMNS = (
    "zone_set", "zone_id", "name", "solution", "score", "relative_score", "level", "systems",
    "actors", "prerequisites", "means", "reasons", "basis",
)  # fmt: skip
NUMBER = "%.10g"


def say(value: Any, language: str) -> str:
    """Return a cell as text: a message in a language, a collection joined by `;`, null as ''."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Message):
        return value.text(language)
    if isinstance(value, Iterable):
        return "; ".join(filter(None, (say(part, language) for part in value)))
    return "" if pd.isna(value) else str(value)


def zone_table(result: ZoneSetResult) -> gpd.GeoDataFrame:
    """Return the contract's columns of a zone set, one row a zone, with geometry (city CRS)."""
    zones, labels = result.zones, result.labels.reindex(result.zones.ids)
    table: dict[str, Any] = {
        "zone_id": zones.ids.astype(str),
        "name": zones.frame["name"],
        "parent": zones.frame.get("parent"),
        "land_km2": zones.land_m2 / 1e6,
    }
    for facet in FACETS:
        table[facet] = labels.get(facet, pd.Series("unknown", zones.ids)).fillna("unknown")
        table[f"{facet}_detail"] = labels.get(f"{facet}_detail", pd.Series("", zones.ids)).fillna(
            ""
        )
        table[f"{facet}_confidence"] = labels.get(f"{facet}_confidence")
    table["ownership"] = labels.get("ownership", pd.Series("unknown", zones.ids)).fillna("unknown")
    table["focus"] = focus_ids(result)
    indicators = result.indicators.reindex(zones.ids)
    table |= {name: indicators[name] for name in indicators.columns if name not in table}
    for name in ("name_sv", "name_latin"):
        if name in zones.frame and zones.frame[name].notna().any():
            table[name] = zones.frame[name]
    frame = pd.DataFrame(table, index=zones.ids)
    return gpd.GeoDataFrame(
        frame.reset_index(drop=True),
        geometry=zones.frame.geometry.to_numpy(),
        crs=zones.frame.crs,
    )


def focus_ids(result: ZoneSetResult) -> pd.Series:
    """Return per zone the ids of its solutions, best first, joined by `;`."""
    ids = result.zones.ids
    if result.focus.empty:
        return pd.Series("", index=ids)
    joined = result.focus.groupby("zone_id", sort=False)["solution"].agg(";".join)
    return joined.reindex(ids).fillna("")


def focus_table(edition: Edition, language: str) -> pd.DataFrame:
    """Return all focus areas of all zone sets, sentences in a language."""
    frames = [r.focus for r in edition.results.values() if not r.focus.empty]
    if not frames:
        return pd.DataFrame(columns=list(FOCUS_COLUMNS))
    table = pd.concat(frames, ignore_index=True)
    first = [name for name in FOCUS_COLUMNS if name in table]
    table = table[first + [name for name in table if name not in first]]
    for name in table.select_dtypes(exclude=["number", "bool"]).columns:
        table[name] = [say(value, language) for value in table[name]]
    return table


def alike_table(edition: Edition, language: str) -> pd.DataFrame | None:
    """Return per district its group, what the group has in common, and the districts most like it.

    None where the districts could not be compared.
    """
    found = edition.kin
    if not found:
        return None
    names = edition.results["districts"].zones.frame["name"]
    rows = [
        {
            "zone_id": zone,
            "name": names[zone],
            "group": mine.group,
            "group_size": mine.profile.size,
            "group_example": mine.profile.example,
            "group_profile": say(mine.profile.traits, language),
            "most_like": ";".join(alike.zone_id for alike in mine.nearest),
            "most_like_name": names[mine.nearest[0].zone_id],
            "distance": mine.nearest[0].distance,
            "because": say(mine.nearest[0].traits, language),
        }
        for zone, mine in found.items()
    ]
    return pd.DataFrame(rows)


def indicator_table(registry: Iterable[Indicator]) -> pd.DataFrame:
    """Return the registry: what each indicator is, its unit, its layers and its method's source."""
    columns = ["name", "unit", "facet", "description", "layers", "source"]
    rows = [
        (i.name, i.unit, i.facet, i.description, ";".join(i.layers), i.source) for i in registry
    ]
    return pd.DataFrame(rows, columns=columns)


def source_table(edition: Edition, language: str = "en") -> pd.DataFrame:
    """Return one row per layer and provider: who, when, under which licence, how many rows.

    What the providers' files say of the data is in the language asked for; what a run alone can
    tell (which provider failed, and in what words) is as it was told.
    """
    columns = ["layer", "provider", "vintage", "licence", "attribution", "state", "rows", "notes"]
    rows = [
        (name, p.provider, p.vintage, p.licence, p.attribution, str(p.state), p.rows,
         "; ".join(translate(note, language) for note in p.notes))
        for name, layer in edition.layers.items()
        for p in layer.provenance
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write UTF-8 with a mark that lets Excel see it, commas, and points in numbers."""
    table.to_csv(path, index=False, encoding="utf-8-sig", float_format=NUMBER, lineterminator="\n")


def write_excel_csv(table: pd.DataFrame, path: Path, language: str) -> None:
    """Write what a double click opens right: the decimal mark and separator of a language."""
    decimal = get_decimal_symbol(Locale.parse(language))
    table.to_csv(
        path,
        index=False,
        sep=";" if decimal == "," else ",",
        decimal=decimal,
        encoding="utf-8-sig",
        float_format=NUMBER,
        lineterminator="\r\n",
    )


def write_geojson(table: gpd.GeoDataFrame, path: Path) -> None:
    """Write RFC 7946: WGS 84, outer rings anticlockwise, seven decimals, a bounding box."""
    pyogrio.write_dataframe(
        plain(table.to_crs("EPSG:4326")),
        path,
        driver="GeoJSON",
        layer=path.stem,
        RFC7946="YES",
        WRITE_BBOX="YES",
        WRITE_NAME="NO",
    )


def write_parquet(table: gpd.GeoDataFrame, path: Path) -> None:
    """Write GeoParquet in the city's CRS."""
    plain(table).to_parquet(path, index=False, write_covering_bbox=True)


def plain(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the table as GIS formats want it: text or numbers, and None for what is missing."""
    table = table.copy()
    for name in table.columns.drop(table.geometry.name):
        if not pd.api.types.is_numeric_dtype(table[name]):
            table[name] = table[name].astype(object).where(table[name].notna(), None)
    return table
