"""A provider's rows in the canonical columns of a layer: columns, values, code tables, tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districttype.errors import ConfigError, SchemaError
from districttype.layers import osm, parse
from districttype.layers.buildings import finish_buildings
from districttype.layers.districts import from_points
from districttype.layers.layer import Layers
from districttype.layers.repeats import each_building_once, ground_once, whole_districts
from districttype.layers.schema import columns, geometry_kinds
from districttype.layers.vocabulary import translate
from districttype.providers import Provider
from districttype.sources.columns import find_column
from districttype.sources.osmfile import is_extract
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
    "built_m2": parse.counts,
    "built_before_m2": parse.counts,
    "land_km2": parse.areas,
    "panel_m2": parse.counts,
    "yield_kwh": parse.counts,
    "minutes": parse.counts,
    "slope": parse.counts,
}
FLAGS = ("walkable", "cyclable", "cycleway", "approximate", "thin_cover", "vacant")
TOLD = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "y", "kyllä", "ja", "on"), True),
    **dict.fromkeys(("0", "0.0", "false", "no", "n", "ei", "nej", "off"), False),
}
SAYS = ("class", "kind", "mode", "constraint", "owner_class")  # without it a row says nothing
GONE = "demolished"


def is_osm(provider: Provider) -> bool:
    """Say whether a provider gives tags of OpenStreetMap."""
    return (
        "osm" in provider.tables.values()
        or provider.source in {"overpass", "webosm"}
        or is_extract(str(getattr(provider, "file", "")))
    )


def wanted(layer: str, provider: Provider, area: shapely.Geometry | None) -> Wanted:
    """Return what a layer wants of a source.

    Raises
    ------
    ConfigError
        If OpenStreetMap is to serve a layer that it knows nothing of.
    """
    if not is_osm(provider):
        return Wanted(area=area)
    if layer not in osm.LAYERS:
        raise ConfigError(
            f"OpenStreetMap does not serve the layer {layer}",
            todo=f"it serves {', '.join(osm.LAYERS)}",
        )
    return osm.wanted(layer, area)


def rows(
    layer: str,
    provider: Provider,
    raw: Raw,
    layers: Layers,
    directory: Path | None = None,
    *,
    part: bool = False,
) -> tuple[gpd.GeoDataFrame, Counter[str], list[str]]:
    """Return a provider's rows with the canonical columns, in the city's CRS.

    Parameters
    ----------
    layer, provider, raw
        Of which layer, by whom, and what the source read.
    layers
        What was gathered before.
    directory
        What file names are relative to.
    part
        Whether these are a few of many rows: none of them need say anything, and streets stay as
        they are until all are there that cut them.

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
    raw_rows = _where(_without_sentinels(raw.frame, provider), provider)
    if is_osm(provider):
        source = replace(raw, frame=raw_rows)
        table = osm.canonical(layer, source, provider, layers, changes, notes, part=part)
    else:
        table = _by_columns(layer, provider, raw_rows, changes, directory, part=part)
    table = _spread(layer, table.to_crs(layers.crs), provider)
    table = _kinds(layer, table, changes, part=part)
    for name, value in dict(provider.values).items():
        if name in table.columns:
            table[name] = table[name].where(table[name].notna(), value)
        else:
            table[name] = value
    for name in (name for name in SAYS if name in columns(layer) and name in table.columns):
        lost = table[name].isna()
        changes[f"rows of no {name} of this layer left out"] += int(lost.sum())
        table = table[~lost]
    if layer == "buildings":
        mapped = is_osm(provider) or provider.source == "overture"
        table = _buildings(table, changes, register=not mapped)
    if layer == "districts":
        table = whole_districts(table, changes)
    return ground_once(layer, table, changes).reset_index(drop=True), changes, notes


def _buildings(
    table: gpd.GeoDataFrame, changes: Counter[str], *, register: bool
) -> gpd.GeoDataFrame:
    if "status" in table.columns:
        gone = table["status"].eq(GONE)
        changes["demolished buildings dropped"] += int(gone.sum())
        table = table[~gone]
    return finish_buildings(each_building_once(table, changes), changes, register=register)


def _without_sentinels(frame: gpd.GeoDataFrame, provider: Provider) -> gpd.GeoDataFrame:
    """Turn the values that stand for 'missing' into nulls, in whatever type they are written."""
    if not provider.sentinels:
        return frame
    numbers = [float(value) for value in provider.sentinels if _is_number(value)]
    texts = {str(value) for value in provider.sentinels} | {
        str(int(number)) for number in numbers if number.is_integer()
    }
    frame = frame.copy()
    for name in frame.columns.drop(frame.geometry.name):
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column):
            hit = column.isin(numbers)
        elif pd.api.types.is_datetime64_any_dtype(column):
            hit = column.dt.strftime("%Y-%m-%d").isin(texts)
        else:
            hit = column.astype("string").isin(texts)
        frame[name] = column.mask(hit.fillna(False).astype(bool))
    return frame


def _is_number(value: float | str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _where(frame: gpd.GeoDataFrame, provider: Provider) -> gpd.GeoDataFrame:
    """Keep the rows for which the provider's condition holds."""
    if not provider.where:
        return frame
    return frame[_holds(frame, provider.where, where=f"where = {provider.where!r}")]


def _holds(frame: gpd.GeoDataFrame, condition: str, *, where: str) -> np.ndarray:
    """Return for which rows a condition on a provider's columns holds; not where it is unknown."""
    try:
        told = frame.drop(columns=frame.geometry.name).eval(condition, engine="python")
    except Exception as error:  # noqa: BLE001 - pandas raises whatever the expression provokes
        raise ConfigError(f"the condition cannot be told: {error}", where=where) from None
    rows = np.ndim(told) == 1 and pd.Series(told).convert_dtypes()
    if not (isinstance(rows, pd.Series) and pd.api.types.is_bool_dtype(rows)):
        raise ConfigError(
            "the condition is not true or false of each row",
            where=where,
            todo="compare a column, as in \"kind == 'house'\"",
        )
    return np.asarray(rows.eq(True).fillna(False), dtype=bool)


def _by_rules(frame: gpd.GeoDataFrame, provider: Provider, name: str) -> pd.Series:
    """Return the first word whose condition holds for a row; null where none does."""
    words = provider.rules[name]
    where = f"rules.{name}"
    hold = [_holds(frame, said, where=f"{where}.{word}") for word, said in words.items()]
    found = np.select(hold, list(words), default="")
    return pd.Series(found, index=frame.index, dtype=object).where(found != "", None)


def _by_columns(
    layer: str,
    provider: Provider,
    frame: gpd.GeoDataFrame,
    changes: Counter[str],
    directory: Path | None,
    *,
    part: bool,
) -> gpd.GeoDataFrame:
    known = {str(name).casefold(): name for name in frame.columns}
    strange = [
        n
        for n in (*provider.columns, *provider.values, *provider.rules)  # noqa: PD011
        if n not in columns(layer)
    ]
    if strange:
        raise SchemaError(
            f"the layer {layer} has no column {', '.join(strange)}",
            where="columns",
            todo=f"it has {', '.join(columns(layer))}",
        )
    made = {name: _by_rules(frame, provider, name) for name in provider.rules}
    sources = provider.columns or {n: n for n in columns(layer) if n.casefold() in known}
    for name, column in sources.items():
        found = find_column(frame, column)
        if found is None:
            raise SchemaError(
                f"there is no column {column!r} for {name}",
                where="columns",
                todo=f"the file has {', '.join(str(c) for c in list(known)[:20])}",
            )
        values = frame[found]
        says = name in SAYS and not part
        if says and len(frame) and values.isna().all():
            raise SchemaError(f"no row has a value of {column}, which tells its {name}")
        if name in provider.tables:
            words = (layer, name)
            values, unread = translate(provider.tables[name], values, words, directory)
            if says and unread and values.isna().all():
                # Dropping all would say that there is nothing, where it only goes by new words.
                seen = ", ".join(map(str, frame[found].dropna().unique()[:8]))
                raise SchemaError(
                    f"no value of {found} is one that the table {provider.tables[name]} knows",
                    where=f"tables.{name}",
                    todo=f"add to the table what they mean: {seen}",
                )
            changes[f"values of {name} that no table knows"] += unread
        elif name in PARSERS:
            numbers, unread = PARSERS[name](values)
            changes[f"values of {name} that cannot be read"] += unread
            values = pd.Series(numbers, index=frame.index)
        elif name in FLAGS:
            said = values.astype("string").str.strip().str.casefold()
            values = said.map(TOLD).astype("boolean")
            unread = int((values.isna() & said.notna() & ~said.isin(parse.NOTHING)).sum())
            changes[f"values of {name} that cannot be read"] += unread
        else:
            values = _text(values)
        made[name] = values
    table = gpd.GeoDataFrame(made, geometry=frame.geometry.to_numpy(), crs=frame.crs)
    table.index = frame.index
    return table


def _text(values: pd.Series) -> pd.Series:
    """Return text without blanks at its ends; whole numbers without decimals; null for nothing."""
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    text = values.astype("string").str.strip()
    return text.mask(text.eq("")).astype(object).where(text.notna() & text.ne(""), None)


def _spread(layer: str, table: gpd.GeoDataFrame, provider: Provider) -> gpd.GeoDataFrame:
    """Let points stand for the land round them, where a layer holds areas."""
    if provider.radius is None or "Point" in geometry_kinds(layer):
        return table
    shapes = table.geometry.to_numpy()
    points = shapely.get_dimensions(shapes) == 0
    around = shapely.buffer(shapes, provider.radius)
    return table.set_geometry(
        gpd.GeoSeries(np.where(points, around, shapes), table.index, table.crs)
    )


def _kinds(
    layer: str, table: gpd.GeoDataFrame, changes: Counter[str], *, part: bool
) -> gpd.GeoDataFrame:
    """Keep the geometries a layer may hold; a point stands for an area where only points may be."""
    kinds = geometry_kinds(layer)
    several = table.geom_type.eq("MultiPoint")
    if "Point" in kinds and several.any():
        # Not taken apart: what is stated of the row would count as often as it has points.
        many = shapely.get_num_geometries(table.geometry.to_numpy()) > 1
        changes["rows of several points put at one of them"] += int((several & many).sum())
        points = shapely.point_on_surface(table.geometry.to_numpy())
        table = table.set_geometry(
            table.geometry.where(~several, gpd.GeoSeries(points, table.index, table.crs))
        )
    if layer == "districts" and len(table) and table.geom_type.eq("Point").all():
        changes["points to which districts are what is nearest"] += len(table)
        return from_points(table)
    if kinds == ("Point",) and table.geom_type.ne("Point").any():
        points = shapely.point_on_surface(table.geometry.to_numpy())
        return table.set_geometry(gpd.GeoSeries(points, table.index, crs=table.crs))
    fits = table.geom_type.isin(kinds)
    if len(table) and not fits.any() and not part:
        # Left out they would say that there is nothing, where only its shape is not given.
        found = ", ".join(sorted(set(table.geom_type)))
        raise SchemaError(
            f"holds {found} where {' or '.join(kinds)} is due",
            todo="name another file, or for points the `radius` (m) of what they stand for",
        )
    changes["rows of another kind of geometry"] += int((~fits).sum())
    return table[fits]
