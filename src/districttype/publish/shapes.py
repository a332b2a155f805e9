"""Shapes small enough for a page: simplified with shared borders kept, quantised, as differences.

A page holds coordinates as whole hundred-thousandths of a degree (about a metre). Two neighbours
share every vertex of their border before and after, so no gap opens between them at any zoom.
"""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districttype.planar import common, polygonal

SCALE = 100_000
"""Steps a degree."""
SPIKE, FAR_OUT = 4.0, 50.0
"""Metres: width of a spike, and border it has to have to be trimmed."""

Ring = list[int]


def simplify_zones(shapes: gpd.GeoSeries, tolerance: float) -> gpd.GeoSeries:
    """Simplify polygons; those that only touch keep their shared borders.

    Parameters
    ----------
    shapes
        Polygons in a metric CRS; empty ones stay so. Of a shape that a cut has left with stray
        points and lines, the polygons count.
    tolerance
        Width of what may be left out, in metres.
    """
    shapes = gpd.GeoSeries(
        without_spikes(polygonal(shapes.to_numpy())), index=shapes.index, crs=shapes.crs
    )
    if not len(shapes) or not hasattr(shapely, "coverage_simplify"):
        return shapes.simplify(tolerance)
    try:
        simple = shapely.coverage_simplify(shapes.to_numpy(), tolerance)
    except shapely.errors.GEOSException:  # zones that overlap, such as stations' surroundings
        return shapes.simplify(tolerance)
    return gpd.GeoSeries(simple, index=shapes.index, crs=shapes.crs)


def without_spikes(shapes: np.ndarray) -> np.ndarray:
    """Trim what is narrower than SPIKE and reaches far out of a shape; all else stays as it is.

    Where a shore and a border are drawn apart, a zone's land keeps slivers along the border: not
    to be seen as areas, but as lines round it.
    """
    core = shapely.buffer(shapes, -SPIKE / 2)
    trimmed = polygonal(common(shapes, shapely.buffer(core, SPIKE)))
    spiky = shapely.length(shapes) - shapely.length(trimmed) > FAR_OUT
    return np.where(spiky & ~shapely.is_empty(trimmed), trimmed, shapes)


def encode_polygons(shapes: gpd.GeoSeries) -> list[list[list[Ring]]]:
    """Return per shape its polygons, per polygon its rings as `x, y, dx, dy, dx, dy, ...`.

    Longitude first, in steps of 1 / SCALE degree; the point that closes a ring is left out, and so
    are rings too small to be seen.
    """
    return [
        [
            rings
            for part in shapely.get_parts(shape)
            if (rings := [r for r in map(_ring, shapely.get_rings(part)) if len(r) >= 6])
        ]
        for shape in _degrees(shapes)
    ]


def encode_lines(shapes: gpd.GeoSeries) -> list[Ring]:
    """Return the lines of all shapes together, each as `x, y, dx, dy, ...`."""
    parts = shapely.get_parts(_degrees(shapes))
    return [line for line in map(_line, parts) if len(line) >= 4]


def encode_points(shapes: gpd.GeoSeries) -> list[Ring | None]:
    """Return each point as `x, y`, and null for an empty one."""
    points = _degrees(shapes)
    there = ~(shapely.is_missing(points) | shapely.is_empty(points))
    steps = np.round(shapely.get_coordinates(points[there]) * SCALE).astype(int)
    found: list[Ring | None] = [None] * len(points)
    for i, (x, y) in zip(np.flatnonzero(there), steps, strict=True):
        found[i] = [int(x), int(y)]
    return found


def _degrees(shapes: gpd.GeoSeries) -> np.ndarray:
    return np.asarray(shapes.to_crs("EPSG:4326").to_numpy())


def _ring(ring: shapely.LinearRing) -> Ring:
    steps = _steps(ring)
    return steps[:-2] if len(steps) >= 8 else []


def _line(line: shapely.LineString) -> Ring:
    return _steps(line)


def _steps(line: shapely.Geometry) -> Ring:
    points = np.round(shapely.get_coordinates(line) * SCALE).astype(np.int64)
    if not len(points):
        return []
    moved = np.diff(points, axis=0)
    moved = moved[(moved != 0).any(axis=1)]
    return [int(v) for v in np.concatenate([points[:1], moved]).ravel()]


def merge_lines(frame: gpd.GeoDataFrame, tolerance: float) -> gpd.GeoSeries:
    """Join lines that meet end to end, and simplify them."""
    merged = shapely.line_merge(shapely.union_all(frame.geometry.to_numpy()))
    return gpd.GeoSeries([shapely.simplify(merged, tolerance)], crs=frame.crs)


def merge_areas(
    shapes: Sequence[gpd.GeoSeries], tolerance: float, smallest: float
) -> gpd.GeoSeries:
    """Dissolve polygons, simplify them, and leave out those smaller than `smallest` (m²)."""
    together = pd.concat(shapes)
    merged = shapely.simplify(shapely.union_all(together.to_numpy()), tolerance)
    parts = [part for part in shapely.get_parts(merged) if part.area >= smallest]
    return gpd.GeoSeries([shapely.MultiPolygon(parts)], crs=together.crs)
