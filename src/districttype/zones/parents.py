"""Which district a zone of another set belongs to."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

Shapes = NDArray[Any]


def parents(centres: Shapes, districts: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the zone_id of the district each point lies in, or that is nearest to it."""
    shapes = districts.geometry.to_numpy()
    found = np.full(len(centres), None, dtype=object)
    if len(centres) and len(shapes):
        point, nearest = shapely.STRtree(shapes).query_nearest(centres, all_matches=False)
        found[point] = districts["zone_id"].to_numpy()[nearest]
    return found


def city_of(districts: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return the ground of all districts together."""
    return shapely.union_all(districts.geometry.to_numpy())
