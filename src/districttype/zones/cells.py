"""Squares of a national grid."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from districttype.layers.layer import Layers
from districttype.zones.base import Zones, make_zones
from districttype.zones.parents import city_of, parents

SIDE = 250
_LEAST_LAND = 1.0


def make_cells(layers: Layers) -> Zones | None:
    """Return the 250 m cells that have land in the city.

    Cells are whole even where they reach over the city's edge, so that they are the same squares
    as the statistics offices'; what lies beyond the edge is not part of their land. An id is
    made as those of INSPIRE are: size, northing and easting of the lower left corner without the
    last zero (250mN667850E37975).
    """
    districts = layers.frame("districts")
    if districts is None or districts.empty:
        return None
    shapes = districts.geometry.to_numpy()
    origin = np.array(layers.grid_origin, dtype=float)
    low_x, low_y, high_x, high_y = shapely.total_bounds(shapes)
    first = np.floor((np.array([low_x, low_y]) - origin) / SIDE).astype(int)
    last = np.ceil((np.array([high_x, high_y]) - origin) / SIDE).astype(int)
    column, row = np.meshgrid(np.arange(first[0], last[0]), np.arange(first[1], last[1]))
    corner = origin + np.stack([column.ravel(), row.ravel()], axis=1) * SIDE
    cells = shapely.box(*corner.T, *(corner + SIDE).T)
    # Cells that only touch the city's edge share a point or a line with it, but no ground.
    _, met = shapely.STRtree(cells).query(shapes, predicate="intersects")
    met = np.unique(met)
    city = city_of(districts)
    shapely.prepare(city)
    met = met[~shapely.touches(city, cells[met])]
    corner, cells = corner[met], cells[met]
    ids = _ids(corner)
    frame = gpd.GeoDataFrame(
        {"zone_id": ids, "name": ids, "parent": parents(shapely.centroid(cells), districts)},
        geometry=cells,
        crs=layers.crs,
    )
    zones = make_zones("cells", frame, layers, city=city)
    wet = zones.land_m2 < _LEAST_LAND
    return replace(
        zones, frame=zones.frame[~wet], land=zones.land[~wet], land_m2=zones.land_m2[~wet]
    )


def _ids(corner: np.ndarray) -> np.ndarray:
    """Return the ids of cells by their lower left corners; in full metres where they must be."""
    metres = np.round(corner).astype(np.int64)
    unit = 10 if (metres % 10 == 0).all() else 1
    east, north = (metres // unit).T.astype(str)
    ids: np.ndarray = np.array(
        [f"{SIDE}mN{n}E{e}" for n, e in zip(north, east, strict=True)], dtype=object
    )
    return ids
