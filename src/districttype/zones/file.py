"""Zones from a file of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districttype.errors import CrsError, EmptyResultError, SchemaError, SourceError
from districttype.layers.schema import Layers
from districttype.zones.land import polygonal
from districttype.zones.parents import parents

# Columns taken for the id and the name, first one first, whatever their case.
_ID = ("zone_id", "id", "code", "koodi", "kood", "kod", "tunnus", "codigo", "fid", "objectid")
_NAME = ("name", "nimi", "namn", "nom", "nome", "nombre", "naam", "nazev", "navn", "title", "label")


def read_zones(file: Path, layers: Layers) -> gpd.GeoDataFrame:
    """Read polygons that a user wants classified.

    Any file that GDAL reads, or GeoParquet. The id is the first of the columns zone_id, id, code,
    koodi, kood, kod, tunnus, codigo, fid, objectid whose values differ, else the row's number; the
    name is the first of name, nimi, namn, nom, nome, nombre, naam, nazev, navn, title, label, else
    the id. Case does not matter. Where no column `parent` is given, the parent is the district
    that the middle of the zone lies in.

    Raises
    ------
    SourceError
        If the file cannot be read.
    SchemaError
        If it holds anything but polygons.
    CrsError
        If it has no coordinate system.
    EmptyResultError
        If it holds no polygon, or none near the city.
    """
    where = str(file)
    try:
        read = gpd.read_parquet if file.suffix in {".parquet", ".geoparquet"} else gpd.read_file
        table = read(file)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise SourceError(f"the file cannot be read ({reason})", where=where) from None
    if not isinstance(table, gpd.GeoDataFrame) or table.geometry.isna().all():
        raise EmptyResultError("the file holds no polygon", where=where)
    if table.crs is None:
        raise CrsError(
            "the file has no coordinate system",
            where=where,
            todo="save it with one, for example as GeoPackage",
        )
    table = table[table.geometry.notna() & ~table.geometry.is_empty].to_crs(layers.crs)
    shapes = shapely.force_2d(table.geometry.to_numpy())
    if not np.isin(shapely.get_type_id(shapes), [3, 6]).all():
        strange = sorted(set(table.geom_type) - {"Polygon", "MultiPolygon"})
        raise SchemaError(f"{', '.join(strange)} where polygons are due", where=where)
    broken = ~shapely.is_valid(shapes)
    shapes[broken] = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
    zones = pd.DataFrame({"zone_id": _ids(table)})
    zones["name"] = _names(table, zones["zone_id"])
    districts = layers.frame("districts")
    if "parent" in table:
        zones["parent"] = table["parent"].to_numpy()
    elif districts is not None and len(districts):
        zones["parent"] = parents(shapely.point_on_surface(shapes), districts)
        if not shapely.intersects(
            shapely.box(*shapely.total_bounds(shapes)), shapely.box(*districts.total_bounds)
        ):
            raise EmptyResultError(
                "none of the polygons lies in the city",
                where=where,
                todo="check the file's coordinate system",
            )
    return gpd.GeoDataFrame(zones, geometry=polygonal(shapes), crs=layers.crs)


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
