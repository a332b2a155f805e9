"""Rasters of numbers on the web: the city's window, a row a pixel and a column a raster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rasterio.transform import Affine

from districttype.errors import SourceError
from districttype.providers import Grid, Provider
from districttype.sources.registry import Raw, Wanted
from districttype.sources.tiles import BAND
from districttype.sources.windows import Window, state_of, windows


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Read pixels as squares: a column a band (NaN where not known) and geometry.

    Pixels of which no band is known are left out.

    Raises
    ------
    ConfigError
        If no area is wanted: a raster is never read whole.
    SourceError
        If a band cannot be had, does not touch the area, has no known pixel there, or does not lie
        on the pixels of the others.
    """
    assert isinstance(provider, Grid)
    bands = {
        name: windows(provider, directory, wanted, url=provider.url.replace(BAND, band))
        for name, band in provider.bands.items()
    }
    if len({len(found) for found in bands.values()}) > 1:
        raise SourceError("has tiles of some of its bands only", where=provider.provider)
    tiles = zip(*bands.values(), strict=True)
    frames = [_pixels(dict(zip(bands, tile, strict=True)), provider) for tile in tiles]
    table = pd.concat([frame.to_crs(frames[0].crs) for frame in frames], ignore_index=True)
    if table.empty:
        raise SourceError("has no known pixel in the area", where=provider.provider)
    return Raw(
        gpd.GeoDataFrame(table, geometry="geometry", crs=frames[0].crs),
        state=state_of([window for found in bands.values() for window in found]),
        address=provider.url,
        vintage=provider.vintage,
    )


def _pixels(bands: dict[str, Window], provider: Grid) -> gpd.GeoDataFrame:
    """Return the pixels of one tile."""
    read = {name: window.read(provider) for name, window in bands.items()}
    places = {(data.shape, transform[:6]) for data, _, transform, _ in read.values()}
    if len(places) > 1:
        raise SourceError("has bands that do not lie on the same pixels", where=provider.provider)
    _, _, transform, crs = next(iter(read.values()))
    row, column = np.nonzero(np.any([k for _, k, _, _ in read.values()], axis=0))
    values = {
        name: np.where(known, data, np.nan)[row, column].astype(float)
        for name, (data, known, _, _) in read.items()
    }
    return gpd.GeoDataFrame(values, geometry=_squares(transform, row, column), crs=crs)


def _squares(transform: Affine, row: Any, column: Any) -> Any:
    """Return the outlines of pixels."""
    x, y = transform.c + transform.a * column, transform.f + transform.e * row
    return shapely.box(x, y + transform.e, x + transform.a, y)
