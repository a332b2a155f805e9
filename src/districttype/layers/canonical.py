"""A provider's rows in the canonical columns of a layer: columns, values, code tables, tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districttype.errors import ConfigError, SchemaError
from districttype.layers import osm, parse
from districttype.layers.buildings import finish_buildings
from districttype.layers.schema import Layers, columns, geometry_kinds
from districttype.layers.vocabulary import translate
from districttype.providers import Provider
from districttype.sources.registry import Raw, Wanted

PARSERS: dict[str, Callable[..., parse.Parsed]] = {
    "floors": parse.storeys,
    "height_m": parse.heights,
    "floor_area_m2": parse.areas,
    "year_built": parse.years,
    "opened": parse.years,
    "dwellings": parse.counts,
    "residents": parse.counts,
    "jobs": parse.counts,
    "residents_before": parse.counts,
    "departures_day": parse.counts,
    "departures_peak_hour": parse.counts,
    "capacity": parse.counts,
    "building_right_m2": parse.counts,
    "used_m2": parse.counts,
    "reserve_m2": parse.counts,
    "reserve_housing_m2": parse.counts,
    "under_construction_m2": parse.counts,
    "planned_residents": parse.counts,
    "land_km2": parse.areas,
}


def osm_wanted(layer: str, area: shapely.Geometry | None) -> Wanted:
    """Return the tags and shapes that a layer wants of an extract of OpenStreetMap."""
    return osm.wanted(layer, area)


def rows(
    layer: str, provider: Provider, raw: Raw, layers: Layers
) -> tuple[gpd.GeoDataFrame, Counter[str], list[str]]:
    """Return a provider's rows with the canonical columns, in the city's CRS.

    Returns
    -------
    (GeoDataFrame, Counter, list of str)
        The rows, what was dropped or could not be read with counts, and what a reader must know.

    Raises
    ------
    SchemaError
        If a column or a value table that the provider names is not there.
    """
    changes: Counter[str] = Counter()
    notes: list[str] = []
    frame = _where(raw.frame, provider)
    if "osm" in provider.tables.values():
        table = osm.canonical(layer, frame, layers, changes, notes)
    else:
        table = _by_columns(layer, provider, frame, changes)
    table = _kinds(layer, table.to_crs(layers.crs), changes)
    for name, value in dict(provider.values).items():
        if name in table.columns:
            table[name] = table[name].where(table[name].notna(), value)
        else:
            table[name] = value
    if layer == "buildings":
        table = finish_buildings(table, changes, register="osm" not in provider.tables.values())
    said = [
        n for n in ("class", "kind", "mode", "constraint", "owner_class") if n in columns(layer)
    ]
    for name in said:
        if name in table.columns:
            lost = table[name].isna()
            changes[f"rows without a {name} this program knows"] += int(lost.sum())
            table = table[~lost]
    if layer == "districts":
        table["zone_id"] = table["zone_id"].astype(str)
    return table.reset_index(drop=True), changes, notes


def _where(frame: gpd.GeoDataFrame, provider: Provider) -> gpd.GeoDataFrame:
    """Keep the rows for which the provider's condition holds."""
    if not provider.where:
        return frame
    try:
        keep = frame.drop(columns=frame.geometry.name).eval(provider.where, engine="python")
    except Exception as error:  # noqa: BLE001 - pandas raises whatever the expression provokes
        raise ConfigError(
            f"the condition cannot be told: {error}", where=f"where = {provider.where!r}"
        ) from None
    return frame[np.asarray(keep, dtype=bool)]


def _by_columns(
    layer: str, provider: Provider, frame: gpd.GeoDataFrame, changes: Counter[str]
) -> gpd.GeoDataFrame:
    known = {str(name).casefold(): name for name in frame.columns}
    strange = [
        n
        for n in (*provider.columns, *provider.values)  # noqa: PD011
        if n not in columns(layer)
    ]
    if strange:
        raise SchemaError(
            f"the layer {layer} has no column {', '.join(strange)}",
            where="columns",
            todo=f"it has {', '.join(columns(layer))}",
        )
    made: dict[str, pd.Series] = {}
    sources = provider.columns or {n: n for n in columns(layer) if n.casefold() in known}
    for name, column in sources.items():
        if column.casefold() not in known:
            raise SchemaError(
                f"there is no column {column!r} for {name}",
                where="columns",
                todo=f"the file has {', '.join(str(c) for c in list(known)[:20])}",
            )
        values = frame[known[column.casefold()]]
        if provider.sentinels:
            values = values.mask(values.isin(provider.sentinels))
        if name in provider.tables:
            values, unread = translate(provider.tables[name], values, (layer, name))
            changes[f"values of {name} that no table knows"] += unread
        elif name in PARSERS:
            numbers, unread = PARSERS[name](values)
            changes[f"values of {name} that cannot be read"] += unread
            values = pd.Series(numbers, index=frame.index)
        made[name] = values
    table = gpd.GeoDataFrame(made, geometry=frame.geometry.to_numpy(), crs=frame.crs)
    table.index = frame.index
    return table


def _kinds(layer: str, table: gpd.GeoDataFrame, changes: Counter[str]) -> gpd.GeoDataFrame:
    """Keep the geometries a layer may hold; a building given as a point has no area here."""
    fits = table.geom_type.isin(geometry_kinds(layer))
    if layer == "stops" and not fits.all():
        points = shapely.centroid(table.geometry.to_numpy())
        return table.set_geometry(gpd.GeoSeries(points, table.index, crs=table.crs))
    changes["rows of another kind of geometry"] += int((~fits).sum())
    return table[fits]
