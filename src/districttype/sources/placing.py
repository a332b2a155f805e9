"""Is it where it should be: coordinate system and axis order of what was read."""

from __future__ import annotations

from functools import lru_cache

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError as ProjError
from pyproj.exceptions import ProjError as TransformError

from districttype.boxes import Box, touching
from districttype.errors import CrsError

SWAPPED = "rows with swapped axes turned"
_GEOD = Geod(ellps="WGS84")
MARGIN = 0.02  # degrees; a boundary and what lies along it are drawn by different hands


def parse_crs(text: str, *, where: str) -> CRS:
    """Return a coordinate system by its name, or say that PROJ does not know it."""
    try:
        return CRS.from_user_input(text)
    except ProjError:
        raise CrsError(
            f"crs = {text!r} is no coordinate system that PROJ knows", where=where
        ) from None


def require_crs(frame: gpd.GeoDataFrame, crs: str | None, *, where: str) -> gpd.GeoDataFrame:
    """Give a table the CRS that was stated for it, else keep its own.

    Raises
    ------
    CrsError
        If neither is known, or if the coordinates cannot be in that system.
    """
    if crs is not None:
        frame = frame.set_crs(parse_crs(crs, where=where), allow_override=True)
    if frame.crs is None:
        raise CrsError(
            "nothing says in which coordinate system the data are",
            where=where,
            todo="state it beside the file's name: crs = 'EPSG:...'",
        )
    if len(frame) and frame.crs.is_geographic:
        low_x, low_y, high_x, high_y = frame.total_bounds
        if max(abs(low_x), abs(high_x), abs(low_y), abs(high_y)) > 360:
            raise CrsError(
                f"coordinates up to {max(abs(high_x), abs(high_y)):,.0f} are no degrees, though "
                f"the file says or implies {frame.crs.name}",
                where=where,
                todo="state the system the coordinates are in: crs = 'EPSG:...'",
            )
    return frame


def settle(
    frame: gpd.GeoDataFrame, area: shapely.Geometry | None, *, where: str
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Make sure that rows lie where they are expected; turn swapped axes, once.

    Parameters
    ----------
    frame
        Any rows, any CRS.
    area
        Polygon in WGS 84 that at least one row must touch; None checks nothing.
    where
        Name for the error.

    Returns
    -------
    tuple
        The rows (axes turned where that puts them right) and the count of rows turned.

    Raises
    ------
    CrsError
        If no row lies there either way: by how many kilometres, and what to do.
    """
    if area is None or frame.empty:
        return frame, {}
    box = box_in(area, frame.crs)
    bounds = frame.bounds.to_numpy()
    if touching(bounds, box).any():
        return frame, {}
    if touching(bounds[:, [1, 0, 3, 2]], box).any():
        turned = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1])
        return frame.set_geometry(gpd.GeoSeries(turned, crs=frame.crs)), {SWAPPED: len(frame)}
    distance = _kilometres(frame, area)
    far = f"{distance:,.0f} km" if np.isfinite(distance) else "far"
    raise CrsError(
        f"the data lie {far} from where they are expected, read as {frame.crs.name}",
        where=where,
        todo="state the system the coordinates are in (crs = 'EPSG:...'), or name another file",
    )


def box_in(area: shapely.Geometry, crs: CRS, *, margin: float = MARGIN) -> Box:
    """Return the box of an area in WGS 84 and its surroundings in another system, x before y.

    Parameters
    ----------
    area
        Polygon in WGS 84.
    crs
        The other system.
    margin
        How wide the surroundings are, degrees.
    """
    west, south, east, north = area.bounds
    outline = shapely.segmentize(
        shapely.box(
            west - 2 * margin,
            max(south - margin, -90),
            east + 2 * margin,
            min(north + margin, 90),
        ),
        max(east - west, north - south, MARGIN) / 8,
    )
    lon, lat = shapely.get_coordinates(outline).T
    x, y = _from_degrees(crs).transform(lon, lat)
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


@lru_cache(maxsize=8)
def _from_degrees(crs: CRS) -> Transformer:
    """Return what turns degrees into a system: made once, for many windows of one file."""
    return Transformer.from_crs(4326, crs, always_xy=True)


def _kilometres(frame: gpd.GeoDataFrame, area: shapely.Geometry) -> float:
    """Return the distance from the area to the middle of the data, less the area's own size."""
    x, y = np.median(frame.bounds.to_numpy().reshape(-1, 2, 2).mean(axis=1), axis=0)
    try:
        lon, lat = Transformer.from_crs(frame.crs, 4326, always_xy=True).transform(
            x, y, errcheck=True
        )
    except TransformError:
        return float("inf")
    if not np.isfinite([lon, lat]).all():
        return float("inf")
    nearest = shapely.shortest_line(area, shapely.Point(lon, lat))
    (lon_0, lat_0), (lon_1, lat_1) = shapely.get_coordinates(nearest)
    return float(_GEOD.inv(lon_0, lat_0, lon_1, lat_1)[2]) / 1000
