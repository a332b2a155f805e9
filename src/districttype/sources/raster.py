"""Rasters of classes on the web: the city's window, drawn as polygons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.features import shapes as outlines
from rasterio.transform import Affine

from districttype.errors import ConfigError, SourceError
from districttype.providers import Provider, Raster
from districttype.sources.registry import Raw, Wanted
from districttype.sources.windows import Window, state_of, windows

_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)(?:-(-?\d+(?:\.\d+)?))?")
UNKNOWN = "pixels of no class of this layer"


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Read the classes of a window as polygons: columns `class` and geometry.

    Raises
    ------
    ConfigError
        If no area is wanted: a raster is never read whole.
    SourceError
        If it cannot be had, does not serve pieces, or does not touch the area.
    """
    assert isinstance(provider, Raster)
    found = windows(provider, directory, wanted, resampling=Resampling.mode)
    changes = Counter[str]()
    frames = [polygons(window, provider, changes) for window in found]
    table = pd.concat([frame.to_crs(frames[0].crs) for frame in frames], ignore_index=True)
    if table.empty:
        raise SourceError("has no pixel of any class in the area", where=provider.provider)
    return Raw(
        gpd.GeoDataFrame(table, geometry="geometry", crs=frames[0].crs),
        {name: n for name, n in changes.items() if n},
        state=state_of(found),
        address=provider.url,
        vintage=provider.vintage,
    )


def polygons(window: Window, provider: Raster, changes: Counter[str]) -> gpd.GeoDataFrame:
    """Draw the classes of a window; what is no data is left out, not made a class."""
    data, known, transform, crs = window.read(provider)
    names = list(provider.classes)
    number = np.zeros(data.shape, dtype=np.int16)
    for place, name in enumerate(names, start=1):
        number[known & _is_in(data, provider.classes[name], provider.provider)] = place
    changes[UNKNOWN] += int((known & (number == 0)).sum())
    return draw(number, names, transform, crs)


def draw(
    number: NDArray[Any], names: Sequence[str], transform: Affine, crs: Any
) -> gpd.GeoDataFrame:
    """Draw the pixels of each class as polygons.

    Parameters
    ----------
    number
        Place of a pixel's class in `names`, counted from 1; 0 for none.
    names, transform, crs
        The classes, and where the pixels lie.
    """
    drawn = list(outlines(number, mask=number > 0, transform=transform))
    geometry = [shapely.geometry.shape(shape) for shape, _ in drawn]
    return gpd.GeoDataFrame(
        {"class": [names[int(value) - 1] for _, value in drawn]}, geometry=geometry, crs=crs
    )


def _is_in(data: Any, said: str, where: str) -> Any:
    """Return where pixels have one of the values of '10,95' or '30-39'."""
    found = np.zeros(data.shape, dtype=bool)
    for part in said.split(","):
        written = _RANGE.fullmatch(part.strip())
        if written is None:
            raise ConfigError(f"{said!r} is no list of values", where=where)
        low, high = written.groups(default=written[1])
        found |= (data >= float(low)) & (data <= float(high))
    return found
