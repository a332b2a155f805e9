"""Where data lie, and where they are complete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from scipy.ndimage import binary_closing, binary_dilation

from districttype.boxes import Box, touching
from districttype.errors import ConfigError
from districttype.layers.layer import Layers
from districttype.planar import common
from districttype.providers import Provider
from districttype.sources.registry import Raw
from districttype.sources.vectorfile import read_file

WGS84 = CRS.from_epsg(4326)
CELL = 250.0
SURROUNDINGS = 2000.0  # m round the city in which rows are kept: people walk across borders


def coverage_of(
    layer: str,
    provider: Provider,
    raw: Raw,
    frame: gpd.GeoDataFrame,
    layers: Layers,
    directory: Path,
) -> shapely.Geometry | None:
    """Return the area where a provider is complete, in the city's CRS; None is the whole city.

    See `providers.Provider.coverage` for the words. Where it is told by the rows and there is none,
    nothing is known anywhere, and the area is empty.

    Raises
    ------
    ConfigError
        If a box has no area, or the word is none of those and no file.
    SourceError, CrsError
        If the file cannot be read, or has no coordinate system.
    """
    said = _said(layer, provider, raw)
    if said == "whole":
        return None
    if said == "bounds" and raw.extent is not None:
        return _to_crs(raw.extent, layers)
    if said in _BY_ROWS:
        return _BY_ROWS[said](frame, layers) if len(frame) else shapely.Polygon()
    box = _box(said)
    if box is not None:
        degrees = max(abs(edge) for edge in box.bounds) <= 360
        return _to_crs(box, layers) if degrees else box
    path = directory / said
    if not path.is_file():
        raise ConfigError(
            f"coverage = {said!r} is neither whole, bounds, hull, cells, a box nor a file",
            where=str(directory.name),
        )
    return shapely.union_all(read_file(path).frame.to_crs(layers.crs).geometry.to_numpy())


def _said(layer: str, provider: Provider, raw: Raw) -> str:
    """Return how a provider says where it is complete, or what goes without saying."""
    unsaid = "cells" if layer == "buildings" else "whole"
    return provider.coverage or ("bounds" if raw.extent is not None else unsaid)


def traces(
    layer: str, provider: Provider, raw: Raw, frame: gpd.GeoDataFrame, layers: Layers
) -> gpd.GeoDataFrame:
    """Return few rows that tell `coverage_of` the same as all rows of a part do."""
    trace = _TRACES.get(_said(layer, provider, raw))
    shapes = np.zeros(0, dtype=object)
    if trace is not None and len(frame):
        shapes = trace(frame, layers)
    return gpd.GeoDataFrame(geometry=shapes, crs=layers.crs)


def _to_crs(shape: shapely.Geometry, layers: Layers) -> shapely.Geometry:
    return gpd.GeoSeries([shape], crs=WGS84).to_crs(layers.crs).iloc[0]


def _box(text: str) -> shapely.Geometry | None:
    """Return the box of four numbers "west south east north"; None if the text is none."""
    try:
        west, south, east, north = (float(part) for part in text.replace(",", " ").split())
    except ValueError:
        return None
    if not (west < east and south < north):
        raise ConfigError(
            f"coverage = {text!r} is a box without area",
            where="coverage",
            todo="write it as 'west south east north'",
        )
    return shapely.segmentize(shapely.box(west, south, east, north), (east - west) / 16)


def _bounds(frame: gpd.GeoDataFrame, _: Layers) -> shapely.Geometry:
    return shapely.box(*frame.total_bounds)


def _hull(frame: gpd.GeoDataFrame, _: Layers) -> shapely.Geometry:
    return shapely.convex_hull(shapely.geometrycollections(frame.geometry.to_numpy()))


def _cells(frame: gpd.GeoDataFrame, layers: Layers) -> shapely.Geometry:
    """Return the 250 m cells that hold rows, their neighbours, and the gaps they close."""
    origin = layers.grid_origin
    column, row = _places(frame, layers)
    left, bottom = column.min() - 3, row.min() - 3
    grid = np.zeros((row.max() - bottom + 4, column.max() - left + 4), dtype=bool)
    grid[row - bottom, column - left] = True
    grid = binary_closing(binary_dilation(grid, np.ones((3, 3))), np.ones((3, 3)))
    rows, cols = np.nonzero(grid)
    x, y = (cols + left) * CELL + origin[0], (rows + bottom) * CELL + origin[1]
    return shapely.union_all(shapely.box(x, y, x + CELL, y + CELL))


def _places(frame: gpd.GeoDataFrame, layers: Layers) -> tuple[np.ndarray, np.ndarray]:
    """Return column and row of the cell in which the middle of each row's box lies."""
    west, south, east, north = frame.bounds.to_numpy().T
    column = np.floor(((west + east) / 2 - layers.grid_origin[0]) / CELL).astype(int)
    row = np.floor(((south + north) / 2 - layers.grid_origin[1]) / CELL).astype(int)
    return column, row


def _middles(frame: gpd.GeoDataFrame, layers: Layers) -> np.ndarray:
    """Return the middle of each cell that holds a row."""
    place = np.unique(np.column_stack(_places(frame, layers)), axis=0)
    return np.asarray(shapely.points((place + 0.5) * CELL + np.array(layers.grid_origin)))


_TRACES: Mapping[str, Callable[[gpd.GeoDataFrame, Layers], np.ndarray]] = {
    "bounds": lambda frame, layers: np.array([_bounds(frame, layers)]),
    "hull": lambda frame, layers: np.array([_hull(frame, layers)]),
    "cells": _middles,
}
_BY_ROWS: Mapping[str, Callable[[gpd.GeoDataFrame, Layers], shapely.Geometry]] = {
    "bounds": _bounds,
    "hull": _hull,
    "cells": _cells,
}


def united(areas: Sequence[shapely.Geometry | None]) -> shapely.Geometry | None:
    """Return the area where any of several providers is complete; None is the whole city."""
    known = [area for area in areas if area is not None]
    return None if len(known) < len(areas) else shapely.union_all(np.array(known, dtype=object))


def in_common(areas: Sequence[shapely.Geometry | None]) -> shapely.Geometry | None:
    """Return the area where all the parts of a layer are complete; None is the whole city."""
    known = [area for area in areas if area is not None]
    return reduce(lambda one, other: common(one, other)[0], known) if known else None


def city_area(layers: Layers) -> shapely.Geometry | None:
    """Return the hull of the districts in WGS 84; None before they are read."""
    districts = layers.frame("districts")
    if districts is None:
        return None
    hull = shapely.convex_hull(shapely.union_all(districts.geometry.to_numpy()))
    return gpd.GeoSeries([hull], crs=layers.crs).to_crs(WGS84).iloc[0]


def near_city(frame: gpd.GeoDataFrame, layers: Layers) -> np.ndarray:
    """Say which rows touch the city's box and its surroundings."""
    districts = layers.frame("districts")
    if districts is None or frame.empty:
        return np.ones(len(frame), dtype=bool)
    west, south, east, north = districts.total_bounds
    wide = SURROUNDINGS
    box: Box = (west - wide, south - wide, east + wide, north + wide)
    return touching(frame.bounds.to_numpy(), box)


def inside(frame: gpd.GeoDataFrame, covered: Sequence[shapely.Geometry | None]) -> np.ndarray:
    """Return the rows whose representative point lies where an earlier provider is complete."""
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    held = np.zeros(len(frame), dtype=bool)
    for area in covered:
        if area is None:
            held[:] = True
        else:
            shapely.prepare(area)
            held |= shapely.covers(area, points)
    return held
