"""Rasters: each cell counts by the share of it that lies in the zone."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
from exactextract import exact_extract

from districttype.errors import CrsError, SchemaError
from districttype.indicators.zonal.overlaps import FloatArray
from districttype.layers.schema import require_metric


def raster_shares(
    zones: gpd.GeoSeries | gpd.GeoDataFrame, raster: str | PathLike[str], values: Sequence[float]
) -> FloatArray:
    """Return the share of each zone's area that each value of a raster takes.

    Parameters
    ----------
    zones
        Polygons with a coordinate system. They are put into that of the raster, never the
        reverse: resampling would change the values.
    raster
        File of one band with a metric coordinate system.
    values
        The values to look for.

    Returns
    -------
    FloatArray
        (n_zones, len(values) + 1); the last column is what is not known: no data, outside the
        raster, or another value. Each row adds up to 1.
    """
    table, area, cell = _extract(zones, raster, ["unique", "frac", "count"])
    shares = np.zeros((len(table), len(values) + 1))
    column = {value: i for i, value in enumerate(values)}
    for row, (found, parts) in enumerate(zip(table["unique"], table["frac"], strict=True)):
        for value, part in zip(found, parts, strict=True):
            shares[row, column.get(value, len(values))] += part
    shares *= (table["count"].to_numpy() * cell / area)[:, None]
    known = shares[:, :-1].sum(axis=1)
    shares[:, :-1] /= np.maximum(known, 1.0)[:, None]
    shares[:, -1] = np.maximum(1.0 - known, 0.0)
    return shares


def raster_total(
    zones: gpd.GeoSeries | gpd.GeoDataFrame,
    raster: str | PathLike[str],
    valid: tuple[float, float],
) -> tuple[FloatArray, FloatArray]:
    """Return per zone the sum of a raster's cells, and the share of the zone they cover.

    Parameters
    ----------
    zones, raster
        As in `raster_shares`.
    valid
        Lowest and highest value that can be true. A value outside is refused: an undeclared
        sentinel such as -99999 would otherwise be summed.

    Returns
    -------
    total, coverage
        The sum, NaN where no cell of the zone is known; and the share of its area with data.

    Raises
    ------
    SchemaError
        If a cell in a zone holds a value that cannot be true.
    """
    table, area, cell = _extract(zones, raster, ["sum", "count", "min", "max"])
    low, high = table["min"].min(), table["max"].max()
    if low < valid[0] or high > valid[1]:
        raise SchemaError(
            f"values run from {low:g} to {high:g} where {valid[0]:g} to {valid[1]:g} can be true",
            where=str(raster),
            todo="declare the file's no-data value, e.g. with gdal_edit.py -a_nodata",
        )
    count = table["count"].to_numpy(dtype=float)
    total = np.where(count > 0, table["sum"].to_numpy(dtype=float), np.nan)
    return total, np.minimum(count * cell / area, 1.0)


def _extract(
    zones: gpd.GeoSeries | gpd.GeoDataFrame, raster: str | PathLike[str], operations: list[str]
) -> tuple[Any, FloatArray, float]:
    """Return exactextract's table, the zones' areas and a cell's, in the raster's system."""
    require_metric(zones.crs, where="zones")
    with rasterio.open(raster) as file:
        if file.crs is None:
            raise CrsError("the raster has no coordinate system", where=str(raster))
        system = file.crs.to_wkt()
        require_metric(system, where=str(raster))
        cell = abs(file.transform.determinant)
    placed = gpd.GeoDataFrame(geometry=zones.geometry.to_crs(system).to_numpy(), crs=system)
    table = exact_extract(str(raster), placed, operations, output="pandas")
    return table, placed.area.to_numpy(), cell
