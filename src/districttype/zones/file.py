"""Zones from a file of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from districttype.errors import CrsError, SchemaError
from districttype.layers.layer import Layers
from districttype.planar import polygonal
from districttype.sources import vectorfile
from districttype.sources.registry import WGS84, Wanted
from districttype.zones.parents import parents

# Columns taken for the id and the name, first one first, whatever their case.
_ID = ("zone_id", "id", "code", "koodi", "kood", "kod", "tunnus", "codigo", "fid", "objectid")
_NAME = ("name", "nimi", "namn", "nom", "nome", "nombre", "naam", "nazev", "navn", "title", "label")


def read_zones(file: Path, layers: Layers) -> gpd.GeoDataFrame:
    """Read polygons that a user wants classified.

    Any file that a layer may come in. The id is the first of the columns zone_id, id, code,
    koodi, kood, kod, tunnus, codigo, fid, objectid whose values differ, else the row's number; the
    name is the first of name, nimi, namn, nom, nome, nombre, naam, nazev, navn, title, label, else
    the id. Case does not matter. Where no column `parent` is given, the parent is the district
    that the middle of the zone lies in.

    Raises
    ------
    SourceError
        If the file is not there, cannot be read, is cut short or holds no shape.
    SchemaError
        If it holds anything but polygons.
    CrsError
        If it has no coordinate system, or all of it lies somewhere else.
    """
    districts = layers.frame("districts")
    table = _polygons(file, None if districts is None else _outline(districts)).to_crs(layers.crs)
    shapes = table.geometry.to_numpy()
    zones = pd.DataFrame({"zone_id": _ids(table)})
    zones["name"] = _names(table, zones["zone_id"])
    if "parent" in table:
        zones["parent"] = table["parent"].to_numpy()
    elif districts is not None and len(districts):
        zones["parent"] = parents(shapely.point_on_surface(shapes), districts)
    return gpd.GeoDataFrame(zones, geometry=polygonal(shapes), crs=layers.crs)


def _polygons(file: Path, area: shapely.Geometry | None) -> gpd.GeoDataFrame:
    """Read a file like any layer's, and hold it to polygons."""
    try:
        table = vectorfile.read_file(file, wanted=Wanted(area=area)).frame
    except CrsError as error:  # what may be stated in a layers.toml, an option has no room for
        raise CrsError(
            error.what,
            where=error.where,
            todo="save it in the coordinate system its numbers are in, for example as GeoPackage",
        ) from None
    strange = sorted(set(table.geom_type) - {"Polygon", "MultiPolygon"})
    if strange:
        raise SchemaError(f"{', '.join(strange)} where polygons are due", where=file.name)
    return table


def _outline(districts: gpd.GeoDataFrame) -> shapely.Geometry | None:
    """Return the box of the city in WGS 84."""
    return shapely.box(*districts.to_crs(WGS84).total_bounds) if len(districts) else None


def _column(table: gpd.GeoDataFrame, candidates: Sequence[str]) -> list[str]:
    by_lower = {str(column).casefold(): column for column in table.columns}
    return [by_lower[name] for name in candidates if name in by_lower]


def _ids(table: gpd.GeoDataFrame) -> list[str]:
    for column in _column(table, _ID):
        values = table[column]
        if values.notna().all() and values.is_unique:
            return [_text(value) for value in values]
    return [str(number) for number in range(1, len(table) + 1)]


def _names(table: gpd.GeoDataFrame, ids: pd.Series) -> list[str]:
    for column in _column(table, _NAME):
        values = table[column]
        return [
            _text(value) if pd.notna(value) else zone_id
            for value, zone_id in zip(values, ids, strict=True)
        ]
    return list(ids)


def _text(value: object) -> str:
    """Return an id as text; a whole number that was read as 12.0 is "12"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
