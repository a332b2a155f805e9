"""Dry land out of the coastline of OpenStreetMap, which has the land on its left."""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import numpy as np
import shapely

from districttype.errors import EmptyResultError

NEAR = 0.5  # metres beside the coastline that are certainly land, or sea
LEAST_SEA = 0.0005  # less rounds to 0.0 %: the edge of the area only grazes the coast


def from_coastline(
    lines: gpd.GeoDataFrame, area: shapely.Geometry, changes: Counter[str], notes: list[str]
) -> gpd.GeoDataFrame:
    """Return the land within an area.

    The area is cut along the coast; each face is land or sea by what lies to the left and right of
    the coastline that bounds it. A face that no coastline bounds is land.

    Parameters
    ----------
    lines
        Ways with `natural=coastline`, directed, metric CRS.
    area
        Polygon in the same CRS, within which the coastline is complete.

    Raises
    ------
    EmptyResultError
        If there is no coastline: then nothing says where the sea is.
    """
    coast = shapely.get_parts(lines.geometry.to_numpy())
    coast = coast[shapely.intersects(coast, area)]
    if not len(coast):
        raise EmptyResultError(
            "there is no coastline in the area",
            todo="leave the layer out where a city does not lie by the sea",
        )
    edges = shapely.union_all(np.array([area.boundary, *coast], dtype=object))
    faces = shapely.get_parts(shapely.polygonize([edges]))
    faces = faces[shapely.covers(shapely.buffer(area, NEAR), shapely.point_on_surface(faces))]
    votes, seen = np.zeros(len(faces)), np.full(len(faces), 1e-9)
    tree = shapely.STRtree(faces)
    for side, sign in ((NEAR, 1.0), (-NEAR, -1.0)):
        points, lengths = _beside(coast, side)
        point, face = tree.query(points, predicate="within")
        np.add.at(votes, face, sign * lengths[point])
        np.add.at(seen, face, lengths[point])
    sea = votes / seen < -0.5  # a coastline that ends in mid-air has one face on both sides
    changes["faces of sea along the coastline"] += int(sea.sum())
    share = shapely.area(faces[sea]).sum() / area.area
    if share >= LEAST_SEA:
        notes.append(f"the sea is {share:.1%} of the area, by the coastline of OpenStreetMap")
    land = shapely.union_all(faces[~sea])
    return gpd.GeoDataFrame(geometry=shapely.get_parts(land), crs=lines.crs)


def _beside(lines: np.ndarray, offset: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a point beside the middle of each segment (left of it if positive), and its length."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    within = line[1:] == line[:-1]
    a, b = xy[:-1][within], xy[1:][within]
    along = b - a
    length = np.hypot(*along.T)
    keep = length > 4 * NEAR
    a, b, along, length = a[keep], b[keep], along[keep], length[keep]
    left = np.column_stack([-along[:, 1], along[:, 0]]) / length[:, None]
    return np.asarray(shapely.points((a + b) / 2 + offset * left)), length
