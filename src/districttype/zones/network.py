"""The streets one can walk as a graph, and how far one gets along them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from districttype.boxes import Box
from districttype.layers.layer import Layer

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

# Walked metres a straight-line metre, where streets are not known. Between 1.2 and 1.4 in cities
# (Boscoe, Henry and Zdeb 2012; Giacomin and Levinson 2015).
DETOUR = 1.3
# How far from the next street a place may lie and still be reached along streets, m; beyond, the
# street layer is taken not to reach there.
OFF_STREET = 200.0

_NOT_WALKED = ("motorway", "rail", "tram")
_SAME_POINT = 0.01
_SNAP = 0.1
# Streets that nothing joins up with are left out below this length, m; half that of the longest
# piece where all streets known are shorter.
ISLAND = 1000.0


@dataclass(frozen=True)
class Network:
    """Walkable streets as straight edges between nodes.

    Attributes
    ----------
    nodes
        (n, 2) coordinates, m.
    edges
        (m, 2) node numbers.
    length
        (m,) m.
    """

    nodes: FloatArray
    edges: IntArray
    length: FloatArray

    @classmethod
    def of(cls, streets: gpd.GeoDataFrame | None, least: float | None = None) -> Network:
        """Make a network of the layer `streets`, or of a window of it.

        Lines join where they have a vertex in common, or where one ends on another. They do not
        join where they merely cross: that is a bridge. Islands of less than a kilometre that
        nothing joins up with are left out.

        Parameters
        ----------
        streets
            Rows of the layer; None makes an empty network.
        least
            How long an island must be to be kept, m, as `least_island` tells of all streets of a
            city; what follows from these rows if None.
        """
        network = cls._drawn(streets)
        if not len(network):
            return network
        network = network._joined_at_ends()  # noqa: SLF001 - its own
        return network._without_islands(least)  # noqa: SLF001

    @classmethod
    def _drawn(cls, streets: gpd.GeoDataFrame | None) -> Network:
        """Return the lines that can be walked, joined where they have a vertex in common."""
        nodes = np.zeros((0, 2))
        edges = np.zeros((0, 2), dtype=np.int64)
        if streets is not None:
            lines = shapely.get_parts(streets.geometry.to_numpy()[_walkable(streets)])
            points, line = shapely.get_coordinates(lines, return_index=True)
            key = np.round(points / _SAME_POINT).astype(np.int64)
            _, first, node = np.unique(key, axis=0, return_index=True, return_inverse=True)
            nodes, node = points[first], node.reshape(-1)
            follows = np.flatnonzero((line[1:] == line[:-1]) & (node[1:] != node[:-1]))
            edges = np.sort(np.stack([node[follows], node[follows + 1]], axis=1), axis=1)
            edges = np.unique(edges, axis=0)
        return cls(nodes, edges, _lengths(nodes, edges))

    def __len__(self) -> int:
        return len(self.edges)

    def place(self, points: FloatArray) -> tuple[IntArray, FloatArray, FloatArray]:
        """Return for each point the nearest edge, the position on it (0..1) and the way there, m.

        What is more than `OFF_STREET` away from any street has the edge -1 and is infinitely far.
        """
        edge = np.full(len(points), -1)
        position, away = np.zeros(len(points)), np.full(len(points), np.inf)
        if len(self) and len(points):
            # Twice as fast without `max_distance`, which searches a box before it searches nearest.
            (found, nearest), far = self._tree.query_nearest(
                shapely.points(points), return_distance=True, all_matches=False
            )
            found, nearest = found[far <= OFF_STREET], nearest[far <= OFF_STREET]
            position[found] = self._position(points[found], nearest)
            start, end = self.nodes[self.edges[nearest]].transpose(1, 0, 2)
            foot = start + (end - start) * position[found, None]
            edge[found], away[found] = nearest, np.hypot(*(points[found] - foot).T)
        return edge, position, away

    def split(self, edge: IntArray, position: FloatArray) -> tuple[Network, IntArray]:
        """Return the network with a node at each position on an edge, and the nodes' numbers."""
        start, end = self.nodes[self.edges[edge]].transpose(1, 0, 2)
        new = start + (end - start) * position[:, None]
        number = len(self.nodes) + np.arange(len(edge))
        return self._cut(edge, position, number, np.concatenate([self.nodes, new])), number

    def near(self, box: Box) -> Network:
        """Return the part of the network with edges whose own box touches a box."""
        low = np.minimum(*self.nodes[self.edges].transpose(1, 0, 2))
        high = np.maximum(*self.nodes[self.edges].transpose(1, 0, 2))
        kept = ((high >= box[:2]) & (low <= box[2:])).all(axis=1)
        return self._only(kept)

    def walked(self, start: IntArray, head_start: FloatArray, limit: float) -> FloatArray:
        """Return the way to each node from the nearest of some start nodes, m.

        Parameters
        ----------
        start
            Node numbers.
        head_start
            Metres already walked at each of them.
        limit
            How far to walk, m; what lies beyond is infinitely far.
        """
        n = len(self.nodes)
        if not n or not len(start):
            return np.full(n, np.inf)
        first = np.full(n, np.inf)
        np.minimum.at(first, start, head_start)
        begin = np.flatnonzero(np.isfinite(first))
        # One more node, the beginning of every walk. A weight of zero would mean no edge.
        weight = np.maximum(np.concatenate([self.length, first[begin]]), 1e-9)
        row = np.concatenate([self.edges[:, 0], np.full(len(begin), n)])
        column = np.concatenate([self.edges[:, 1], begin])
        # Made row by row, because scipy would add up the lengths of parallel edges.
        order = np.argsort(row, kind="stable")
        ends = np.searchsorted(row[order], np.arange(n + 2))
        graph = sparse.csr_matrix((weight[order], column[order], ends), shape=(n + 1, n + 1))
        way: FloatArray = csgraph.dijkstra(graph, directed=False, indices=n, limit=limit)
        return way[:n]

    def reached(self, way: FloatArray, limit: float) -> NDArray[np.object_]:
        """Return the pieces of street within `limit`, as lines, given the way to each node."""
        left = np.maximum(limit - way[self.edges], 0.0)
        near = (left > 0).any(axis=1) & (self.length > 0)
        left, length = left[near], self.length[near]
        start, end = self.nodes[self.edges[near]].transpose(1, 0, 2)
        from_start, from_end = (np.minimum(left, length[:, None]) / length[:, None]).T
        whole = from_start + from_end >= 1
        pieces = [np.stack([start[whole], end[whole]], axis=1)]
        along = end - start
        for share, origin, sign in ((from_start, start, 1), (from_end, end, -1)):
            some = ~whole & (share > 0)
            tip = origin[some] + sign * along[some] * share[some, None]
            pieces.append(np.stack([origin[some], tip], axis=1))
        return np.asarray(shapely.linestrings(np.concatenate(pieces)))

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(shapely.linestrings(self.nodes[self.edges]))

    def _only(self, kept: NDArray[np.bool_]) -> Network:
        used, edges = np.unique(self.edges[kept], return_inverse=True)
        return Network(self.nodes[used], edges.reshape(-1, 2), self.length[kept])

    def _cut(
        self, edge: IntArray, position: FloatArray, node: IntArray, nodes: FloatArray
    ) -> Network:
        """Return the network with edges led through nodes at positions on them."""
        cut = np.unique(edge)
        # Along each cut edge: its start, the nodes on it in order, its end.
        along = np.concatenate([cut, edge, cut])
        where = np.concatenate([np.full(len(cut), -1.0), position, np.full(len(cut), 2.0)])
        number = np.concatenate([self.edges[cut, 0], node, self.edges[cut, 1]])
        order = np.lexsort((where, along))
        along, number = along[order], number[order]
        follows = np.flatnonzero(along[1:] == along[:-1])
        pieces = np.stack([number[follows], number[follows + 1]], axis=1)
        whole = np.ones(len(self.edges), dtype=bool)
        whole[cut] = False
        edges = np.concatenate([self.edges[whole], pieces])
        return Network(nodes, edges, _lengths(nodes, edges))

    def _joined_at_ends(self) -> Network:
        """Return the network with edges led through the dead ends that lie on them."""
        degree = np.bincount(self.edges.ravel(), minlength=len(self.nodes))
        ends = np.flatnonzero(degree == 1)
        end, edge = self._tree.query(
            shapely.points(self.nodes[ends]), predicate="dwithin", distance=_SNAP
        )
        other = ~(self.edges[edge] == ends[end][:, None]).any(axis=1)
        end, edge = ends[end[other]], edge[other]
        return self._cut(edge, self._position(self.nodes[end], edge), end, self.nodes)

    def _position(self, points: FloatArray, edge: IntArray) -> FloatArray:
        """Return where on an edge, 0..1, the point nearest to each given point lies."""
        start, end = self.nodes[self.edges[edge]].transpose(1, 0, 2)
        along = end - start
        square = np.maximum((along**2).sum(axis=1), 1e-12)
        position: FloatArray = ((points - start) * along).sum(axis=1) / square
        return np.clip(position, 0.0, 1.0)

    def _without_islands(self, least: float | None) -> Network:
        part, length = self._pieces()
        least = min(ISLAND, length.max() / 2) if least is None else least
        return self._only((length >= least)[part[self.edges[:, 0]]])

    def _pieces(self) -> tuple[IntArray, FloatArray]:
        """Return which connected piece each node is in, and how long each piece is, m."""
        n = len(self.nodes)
        a, b = self.edges.T
        graph = sparse.coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n))
        _, part = csgraph.connected_components(graph, directed=False)
        length = np.bincount(part[a], self.length, part.max(initial=-1) + 1)
        return part.astype(np.int64), length.astype(np.float64)


def least_island(streets: Layer) -> float:
    """Return how long an island must be to be kept in a network of a layer's streets, m.

    It is looked for part by part: of streets in files, the first part as good as always tells.
    """
    for part in streets.by_part():
        _, length = Network._drawn(part)._pieces()  # noqa: SLF001 - of this module
        if length.max(initial=0.0) >= 2 * ISLAND:
            return ISLAND
    _, length = Network._drawn(streets.select())._joined_at_ends()._pieces()  # noqa: SLF001
    return min(ISLAND, float(length.max(initial=0.0)) / 2)


def _walkable(streets: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Tell which streets can be walked; where a provider does not say, all but motorways."""
    said = streets["walkable"]
    guess = ~streets["kind"].isin(_NOT_WALKED)
    return np.asarray(said.astype(object).where(said.notna(), guess).to_numpy(dtype=bool))


def _lengths(nodes: FloatArray, edges: IntArray) -> FloatArray:
    length: FloatArray = np.hypot(*(nodes[edges[:, 1]] - nodes[edges[:, 0]]).T)
    return length
