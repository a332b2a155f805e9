"""What can be walked to: along the streets where they are known, else by the crow and a detour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import cKDTree

from districttype.indicators import residents, stock
from districttype.indicators.facts import Facts, Scene, ratio
from districttype.indicators.land import share_of_land
from districttype.indicators.pieces import pieces
from districttype.indicators.zonal import Things
from districttype.indicators.zonal.overlaps import BoolArray, FloatArray, IntArray, Shapes
from districttype.zones.network import DETOUR, Network

_CORNERS = 32  # of a quarter circle: its area is true to a thousandth


def network(facts: Facts) -> Network:
    """Return the streets one can walk as a graph; an empty one where none are known."""
    return Network.of(facts.layers.frame("streets"), facts.layers.least_island)


@dataclass(frozen=True)
class Walks:
    """Places walks begin at, each led to the nearest street once for whatever goals.

    Attributes
    ----------
    network
        The streets.
    xy
        (n, 2) coordinates.
    edge, position, away
        Where each joins the network, as `Network.place` tells.
    """

    network: Network
    xy: FloatArray
    edge: IntArray
    position: FloatArray
    away: FloatArray

    @classmethod
    def from_points(cls, network: Network, points: Shapes) -> Walks:
        """Lead points to the streets."""
        xy = shapely.get_coordinates(points)
        return cls(network, xy, *network.place(xy))

    def distance(self, goals: Shapes, limit: float) -> FloatArray:
        """Return the walk from each place to the nearest goal, m; `inf` beyond `limit`.

        One run of Dijkstra's algorithm from all goals at once. Start and goal are led straight to
        the nearest street; what lies more than `zones.network.OFF_STREET` from any, or everything
        where there are no streets, is measured in a straight line times `zones.network.DETOUR`.

        Parameters
        ----------
        goals
            Geometries; a line or polygon stands for a point on it.
        limit
            How far to walk, m.
        """
        goal_xy = shapely.get_coordinates(shapely.point_on_surface(goals))
        edge, position, away = self.network.place(goal_xy)
        reached = edge >= 0
        here = np.flatnonzero(self.edge >= 0)
        distance = np.full(len(self.xy), np.inf)
        distance[here] = self._along(edge[reached], position[reached], away[reached], limit)[here]
        # What no street leads to, start or goal, is reached in a straight line.
        afar = np.setdiff1d(np.arange(len(self.xy)), here)
        distance[here] = np.minimum(
            distance[here], _straight(self.xy[here], goal_xy[~reached], limit)
        )
        distance[afar] = _straight(self.xy[afar], goal_xy, limit)
        return np.where(distance <= limit, distance, np.inf)

    def _along(
        self, edge: IntArray, position: FloatArray, away: FloatArray, limit: float
    ) -> FloatArray:
        """Return the walk along streets to the nearest goal, for starts that have a street."""
        ends, length = self.network.edges, self.network.length
        node = ends[edge].T.ravel()
        head_start = np.concatenate(
            [away + length[edge] * position, away + length[edge] * (1 - position)]
        )
        way = self.network.walked(node, head_start, limit)
        on = np.maximum(self.edge, 0)
        if not len(ends):
            return np.full(len(self.xy), np.inf)
        a, b = ends[on].T
        walk: FloatArray = self.away + np.minimum(
            way[a] + length[on] * self.position, way[b] + length[on] * (1 - self.position)
        )
        # Start and goal may lie on one and the same piece of street.
        order = np.argsort(edge, kind="stable")
        first = np.searchsorted(edge[order], self.edge, side="left")
        last = np.searchsorted(edge[order], self.edge, side="right")
        count = np.where(self.edge >= 0, last - first, 0)
        start = np.repeat(np.arange(len(walk)), count)
        step = np.arange(len(start)) - np.repeat(np.cumsum(count) - count, count)
        goal = order[first[start] + step]
        apart = np.abs(self.position[start] - position[goal]) * length[self.edge[start]]
        np.minimum.at(walk, start, self.away[start] + away[goal] + apart)
        return walk


def _straight(starts: FloatArray, goals: FloatArray, limit: float) -> FloatArray:
    if not len(starts) or not len(goals):
        return np.full(len(starts), np.inf)
    reach = limit / DETOUR * (1 + 1e-9)
    distance: FloatArray = cKDTree(goals).query(starts, distance_upper_bound=reach)[0] * DETOUR
    return distance


def from_buildings(facts: Facts) -> Walks:
    """Return walks from the buildings in use."""
    return Walks.from_points(facts.once(network), facts.once(stock.spots))


def from_homes(facts: Facts) -> Walks:
    """Return walks from where residents live (`residents.homes`)."""
    return Walks.from_points(facts.once(network), facts.once(residents.spots))


def homes_near(facts: Facts, goals: Shapes, limit: float) -> BoolArray:
    """Tell from which homes (`residents.homes`) any goal is at most `limit` metres of walking."""
    return np.isfinite(facts.once(from_homes).distance(goals, limit))


def shares(scene: Scene, name: str, goals: Shapes, limit: float) -> dict[str, FloatArray]:
    """Return the shares of floor area, of residents and of land from which goals can be walked to.

    Parameters
    ----------
    scene
        The zones and the facts.
    name
        What the goals are; the indicators are `floor_near_<name>_share` and so on.
    goals
        Points or polygons.
    limit
        m of walking. For land, of which each point would need a walk, it is the crow's flight
        over the detour.
    """
    return {
        f"floor_near_{name}_share": _floor_share(scene, name, goals, limit),
        f"residents_near_{name}_share": _homes_share(scene, name, goals, limit),
        f"land_near_{name}_share": _ground_share(scene, name, goals, limit),
    }


def residents_share(scene: Scene, chosen: BoolArray) -> FloatArray:
    """Return the share of residents who live at the chosen places (`residents.homes`)."""
    parts = scene.once(residents.in_zones)
    living = scene.facts.once(residents.homes).people(scene.facts, "residents")
    return ratio(parts.total(living * chosen), parts.total(living))


def _floor_share(scene: Scene, name: str, goals: Shapes, limit: float) -> FloatArray:
    def near(facts: Facts) -> BoolArray:
        return np.isfinite(facts.once(from_buildings).distance(goals, limit))

    floor, parts = scene.facts.once(stock.stock).floor, scene.once(stock.in_zones)
    chosen = scene.facts.once(near, "floor near", name)
    return ratio(parts.total(floor * chosen), parts.total(floor))


def _homes_share(scene: Scene, name: str, goals: Shapes, limit: float) -> FloatArray:
    def near(facts: Facts) -> BoolArray:
        return homes_near(facts, goals, limit)

    return residents_share(scene, scene.facts.once(near, "homes near", name))


def _ground_share(scene: Scene, name: str, goals: Shapes, limit: float) -> FloatArray:
    def near(_: Facts) -> Things:
        around = shapely.buffer(goals, limit / DETOUR, quad_segs=_CORNERS)
        return Things.of(pieces(np.asarray([shapely.union_all(around)]))[0], where="surroundings")

    ground = scene.facts.once(near, "ground near", name)
    return share_of_land(scene, scene.on_land(ground).total())
