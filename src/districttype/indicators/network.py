"""Walking distances along streets."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import cKDTree

from districttype.indicators.zonal.overlaps import FloatArray, Geometries
from districttype.indicators.zonal.things import Things
from districttype.zones.network import DETOUR, Network


def network_distance(
    streets: gpd.GeoDataFrame | Network | None,
    sources: Geometries,
    targets: Geometries,
    limit: float,
) -> FloatArray:
    """Return how far it is on foot from each target to the nearest source, m.

    One run of Dijkstra's algorithm from all sources at once. Sources and targets stand for
    themselves where they are points, else for a point inside; they are led straight to the nearest
    street. What lies more than `zones.network.OFF_STREET` from any street, or everything where
    there are no streets, is measured in a straight line times `zones.network.DETOUR`.

    Parameters
    ----------
    streets
        The layer `streets`, or the network made of it where it is used again.
    sources, targets
        Geometries in the same metric coordinate system.
    limit
        How far to walk, m; what is further is infinitely far (`inf`, not missing).
    """
    network = streets if isinstance(streets, Network) else Network.of(streets)
    origin, goal = _points(sources, "sources"), _points(targets, "targets")
    edge, position, away = network.place(origin)
    on_street = edge >= 0
    split, begin = network.split(edge[on_street], position[on_street])
    way = split.walked(begin, away[on_street], limit)

    edge, position, away = split.place(goal)
    reached = edge >= 0
    a, b = split.edges[edge[reached]].T
    length = split.length[edge[reached]]
    distance = np.full(len(goal), np.inf)
    distance[reached] = away[reached] + np.minimum(
        way[a] + length * position[reached], way[b] + length * (1 - position[reached])
    )
    distance[~reached] = _straight(origin, goal[~reached], limit)
    distance[reached] = np.minimum(
        distance[reached], _straight(origin[~on_street], goal[reached], limit)
    )
    return np.where(distance <= limit, distance, np.inf)


def _points(shapes: Geometries, where: str) -> FloatArray:
    things = Things.of(shapes, where=where)
    points = things.shapes.copy()
    areas = things.dimension > 0
    points[areas] = shapely.point_on_surface(points[areas])
    coordinates: FloatArray = shapely.get_coordinates(points)
    return coordinates


def _straight(origin: FloatArray, goal: FloatArray, limit: float) -> FloatArray:
    if not len(origin) or not len(goal):
        return np.full(len(goal), np.inf)
    distance: FloatArray = cKDTree(origin).query(goal, distance_upper_bound=limit)[0] * DETOUR
    return distance
