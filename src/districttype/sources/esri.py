"""The JSON of ArcGIS servers: its geometry, its times, and its way of saying that there is more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError as ProjError

from districttype.errors import SourceError
from districttype.sources.gml import Page

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def esri_page(document: dict[str, Any], *, where: str) -> Page:
    """Read a feature set.

    Raises
    ------
    SourceError
        If its coordinate system or a geometry is none that is known.
    """
    dates = {
        str(field["name"])
        for field in document.get("fields") or []
        if field.get("type") == "esriFieldTypeDate"
    }
    rows = [
        {
            key: iso_date(value) if key in dates else value
            for key, value in (feature.get("attributes") or {}).items()
        }
        for feature in document["features"]
    ]
    try:
        shapes = [esri_shape(feature.get("geometry")) for feature in document["features"]]
    except (ValueError, TypeError, KeyError, shapely.errors.GEOSException) as error:
        raise SourceError(f"holds a geometry that cannot be read ({error})", where=where) from None
    key = document.get("objectIdFieldName") or next(
        (f["name"] for f in document.get("fields") or [] if f.get("type") == "esriFieldTypeOID"), ""
    )
    return Page(
        rows=rows,
        shapes=shapes,
        ids=[str(row.get(key, "")) if key else "" for row in rows],
        crs=esri_crs(document.get("spatialReference"), where=where),
        more=bool(document.get("exceededTransferLimit")),
    )


def esri_crs(reference: Any, *, where: str) -> CRS | None:
    """Return the system of a spatial reference; 102100 is Web Mercator."""
    if not reference:
        return None
    wkid = reference.get("latestWkid") or reference.get("wkid")
    try:
        if wkid is None:
            return CRS.from_wkt(reference["wkt"]) if reference.get("wkt") else None
        return CRS.from_authority("EPSG" if wkid < 32768 else "ESRI", wkid)
    except ProjError:
        raise SourceError(
            f"names a coordinate system that is not known: {wkid}", where=where
        ) from None


def iso_date(value: Any) -> Any:
    """Return milliseconds since 1970 as a date (before 1970 too)."""
    if not isinstance(value, int | float):
        return value
    return (_EPOCH + timedelta(milliseconds=value)).date().isoformat()


def esri_shape(geometry: Any) -> Any:
    """Return the shape of a geometry object: points, paths, or rings whose turn tells holes."""
    if not geometry:
        return None
    if "x" in geometry:
        x, y = geometry["x"], geometry["y"]
        known = isinstance(x, int | float) and isinstance(y, int | float)
        return shapely.Point(x, y) if known else None
    if "points" in geometry:
        return shapely.multipoints(np.array([p[:2] for p in geometry["points"]]))
    if "paths" in geometry:
        lines = [np.array(path, float)[:, :2] for path in geometry["paths"] if len(path) > 1]
        if not lines:
            return None
        made = shapely.multilinestrings([shapely.linestrings(line) for line in lines])
        return made if len(lines) > 1 else shapely.get_geometry(made, 0)
    if "rings" in geometry:
        return _rings([np.array(ring, float)[:, :2] for ring in geometry["rings"] if len(ring) > 3])
    if "xmin" in geometry:
        return shapely.box(*(geometry[key] for key in ("xmin", "ymin", "xmax", "ymax")))
    raise ValueError(f"{', '.join(geometry)} is a kind that is not known")


def _rings(rings: list[np.ndarray]) -> Any:
    """Put rings together: clockwise ones are outlines, the others holes of the one round them."""
    if not rings:
        return None
    made = np.array([shapely.LinearRing(ring) for ring in rings], dtype=object)
    hole = shapely.is_ccw(made)
    if hole.all():  # a server that turns its rings the other way
        hole = ~hole if len(made) == 1 else np.zeros(len(made), dtype=bool)
    shells = shapely.polygons(made[~hole])
    inner: list[list[Any]] = [[] for _ in shells]
    lost = []
    for ring in made[hole]:
        round_it = np.flatnonzero(shapely.contains_properly(shells, shapely.get_point(ring, 0)))
        if not len(round_it):
            round_it = np.flatnonzero(shapely.covers(shells, shapely.polygons(ring)))
        if len(round_it):
            smallest = round_it[np.argmin(shapely.area(shells[round_it]))]
            inner[smallest].append(ring)
        else:
            lost.append(shapely.polygons(ring))
    parts = [
        shapely.polygons(shell, holes or None)
        for shell, holes in zip(made[~hole], inner, strict=True)
    ] + lost
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
