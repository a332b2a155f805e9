"""The part of each zone that is land."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from districttype.boxes import Box
from districttype.layers.layer import Layers
from districttype.planar import common, polygonal, without

Shapes = NDArray[Any]

# Zones smaller than this are cut together, tile by tile, with what lies in their tile.
_TILE = 1000.0


def dry_land(
    zones: gpd.GeoSeries, layers: Layers, *, within: shapely.Geometry | None = None
) -> gpd.GeoSeries:
    """Return each polygon less the sea (outside `land`) and the lakes and rivers (`land_use`).

    Parameters
    ----------
    zones
        Polygons.
    layers
        Layers, of which `land` and `land_use` are used where present.
    within
        Ground beyond which nothing counts.
    """
    dry = np.array(zones.to_numpy())  # a copy: the zones keep their water
    if within is not None:
        dry = keep(dry, np.array([within]))
    box: Box = tuple(zones.total_bounds)
    outline = layers.select("land", within=box)
    if outline is not None and layers["land"].rows:
        dry = keep(dry, outline.geometry.to_numpy())
    water = layers.select("land_use", within=box, where={"class": ["water"]})
    if water is not None:
        dry = take_out(dry, water.geometry.to_numpy())
    return gpd.GeoSeries(dry, index=zones.index, crs=zones.crs)


def keep(zones: Shapes, ground: Shapes) -> Shapes:
    """Return the part of each polygon that lies on the ground (polygons, which may overlap)."""
    zone, _ = shapely.STRtree(ground).query(zones, predicate="covered_by")
    uncut = np.zeros(len(zones), dtype=bool)
    uncut[zone] = True
    result = np.full(len(zones), shapely.MultiPolygon(), dtype=object)
    result[uncut] = zones[uncut]
    for some, local in _by_tile(zones, np.flatnonzero(~uncut), ground):
        result[some] = common(zones[some], local)
    return polygonal(result)


def take_out(zones: Shapes, holes: Shapes) -> Shapes:
    """Return the part of each polygon that lies in no hole (polygons, which may overlap)."""
    result = zones.copy()
    for some, local in _by_tile(zones, np.arange(len(zones)), holes):
        result[some] = without(zones[some], local)
    return polygonal(result)


def _by_tile(
    zones: Shapes, candidates: NDArray[np.int64], shapes: Shapes
) -> Iterator[tuple[NDArray[np.int64], shapely.Geometry]]:
    """Yield zones that meet any shape, with the shapes' union round them.

    Small zones come tile by tile and large ones singly, so that a coast of a whole city is cut to
    a tile once and not traced anew for every cell.
    """
    tree = shapely.STRtree(shapes)
    met = candidates[np.unique(tree.query(zones[candidates], predicate="intersects")[0])]
    bounds = shapely.bounds(zones[met])
    tile = np.floor((bounds[:, :2] + bounds[:, 2:]) / 2 / _TILE)
    large = (bounds[:, 2:] - bounds[:, :2]).max(axis=1, initial=0) > _TILE
    tile[large] = np.stack([np.flatnonzero(large), np.full(large.sum(), np.inf)], axis=1)
    _, group = np.unique(tile, axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        if not len(rows):
            continue
        low, high = bounds[rows, :2].min(axis=0) - 1, bounds[rows, 2:].max(axis=0) + 1
        window = shapely.box(*low, *high)
        hits = np.sort(tree.query(window, predicate="intersects"))
        yield met[rows], shapely.union_all(common(shapes[hits], window))
