"""Geometry as it comes from files and services, made fit for measuring, every change counted."""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import numpy as np
import shapely

_POINT, _LINE, _POLYGON = 0, 1, 2
_KIND = np.array([_POINT, _LINE, _LINE, _POLYGON, _POINT, _LINE, _POLYGON, -1])

DROPPED = "rows without geometry dropped"
REPAIRED = "invalid polygons repaired"
LOST = "polygons without area dropped"
SIMPLIFIED = "mixed geometries reduced to their polygons"


def clean(shapes: np.ndarray, changes: Counter[str]) -> np.ndarray:
    """Make shapes two-dimensional and valid; what is left of nothing is None.

    Crossing and touching rings are repaired (GEOS's structure method, which keeps what the rings
    enclose and drops what lines are left over); of a collection of mixed kinds the polygons are
    kept, where there are none the lines, else the points.

    Parameters
    ----------
    shapes
        Geometries, None among them.
    changes
        Gets the counts of what was done.
    """
    shapes = np.array(shapes, dtype=object)
    if shapely.has_z(shapes).any():
        shapes = shapely.force_2d(shapes)
    gone = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    changes[DROPPED] += int(gone.sum())
    shapes[gone] = None
    kind = _KIND[np.where(gone, -1, shapely.get_type_id(shapes))]
    mixed = ~gone & (kind == -1)
    if mixed.any():
        changes[SIMPLIFIED] += int(mixed.sum())
        shapes[mixed] = [_main_part(shape) for shape in shapes[mixed]]
    polygon = ~gone & ((kind == _POLYGON) | mixed)
    bad = polygon & ~shapely.is_valid(shapes)
    if bad.any():
        changes[REPAIRED] += int(bad.sum())
        mended = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
        shapes[bad] = [_main_part(shape) for shape in mended]
        lost = bad & (shapely.get_dimensions(shapes) < 2)
        changes[LOST] += int(lost.sum())
        shapes[lost] = None
    return shapes


def clean_frame(frame: gpd.GeoDataFrame, changes: Counter[str]) -> gpd.GeoDataFrame:
    """Return the rows of a table whose geometry is fit for measuring. See `clean`."""
    shapes = clean(frame.geometry.to_numpy(), changes)
    keep = ~shapely.is_missing(shapes)
    kept = frame.loc[keep].reset_index(drop=True)
    return kept.set_geometry(gpd.GeoSeries(shapes[keep], crs=frame.crs))


def _main_part(shape: shapely.Geometry) -> shapely.Geometry | None:
    """Return the parts of the highest dimension, as one geometry."""
    parts = shapely.get_parts(shape)
    while (shapely.get_type_id(parts) > 3).any():
        parts = shapely.get_parts(parts)
    parts = parts[~shapely.is_empty(parts)]
    if not len(parts):
        return None
    dimension = shapely.get_dimensions(parts)
    parts = parts[dimension == dimension.max()]
    if len(parts) == 1:
        return parts[0]
    build = (shapely.multipoints, shapely.multilinestrings, shapely.union_all)
    return build[dimension.max()](parts)
