"""Blocks: land that streets, railways, water and district edges enclose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from districttype.boxes import Box
from districttype.layers.layer import Layers
from districttype.planar import polygonal
from districttype.zones.base import Zones, make_zones
from districttype.zones.windows import together

Shapes = NDArray[Any]

# Streets that part one block from the next; paths and the ways into yards lead through blocks.
_PARTING = ("motorway", "main", "collector", "residential", "living", "pedestrian", "rail")
# Smaller or narrower pieces are no blocks: traffic islands, strips between carriageways, skerries.
_SMALL_M2, _NARROW_M = 1000.0, 8.0


def make_blocks(layers: Layers) -> Zones | None:
    """Return the land enclosed by streets, railways, water and the edges of districts.

    Pieces under 1000 m² or narrower than 8 m on average join the neighbour they share the longest
    border with, or the nearest one where water lies all round. Blocks are the parts of a district
    that are land, none left out; they are numbered from north to south.

    Returns
    -------
    Zones or None
        None where no streets are known: the districts themselves would be the blocks.
    """
    districts = layers.frame("districts")
    if districts is None or not _any_parting(layers):
        return None
    shapes = districts.geometry.to_numpy()
    found: dict[int, Shapes] = {}
    for some in together(shapes, layers, "streets", "land", "land_use"):
        found |= zip(some.tolist(), _blocks(shapes[some], layers), strict=True)
    tables = []
    for i, (zone_id, name) in enumerate(zip(districts["zone_id"], districts["name"], strict=True)):
        blocks = found[i]
        number = [f"{k:03d}" for k in range(1, len(blocks) + 1)]
        table = {
            "zone_id": [f"{zone_id}-{k}" for k in number],
            "name": [f"{name} {k}" for k in number],
            "parent": zone_id,
        }
        tables.append(gpd.GeoDataFrame(table, geometry=blocks, crs=layers.crs))
    frame = pd.concat(tables, ignore_index=True)
    return make_zones("blocks", frame, layers) if len(frame) else None


def _any_parting(layers: Layers) -> bool:
    parts = layers["streets"].by_part() if "streets" in layers else ()
    return any(part["kind"].isin(_PARTING).any() for part in parts)


def _blocks(districts: Shapes, layers: Layers) -> Iterator[Shapes]:
    """Yield the blocks of each district from north to south; read is only what lies near them."""
    box: Box = tuple(shapely.total_bounds(districts))
    nothing: Shapes = np.zeros(0, dtype=object)
    streets = layers.select("streets", within=box, where={"kind": _PARTING})
    outline = layers.select("land", within=box)
    use = layers.select("land_use", within=box, where={"class": ["water"]})
    lines = nothing if streets is None else streets.geometry.to_numpy()
    land = nothing if outline is None else polygonal(outline.geometry.to_numpy())
    water = nothing if use is None else use.geometry.to_numpy()
    edges = np.concatenate([lines, shapely.boundary(land), shapely.boundary(water)])
    district, hit = shapely.STRtree(edges).query(districts, predicate="intersects")
    for i, shape in enumerate(districts):
        # Sorted, because the tree's order hangs on what else is in it, and the last bit of where
        # lines cross hangs on their order.
        faces = _faces(shape, edges[np.sort(hit[district == i])])
        if "land" in layers and layers["land"].rows:
            faces = faces[_lie_in(faces, land)]
        blocks = merge_slivers(faces[~_lie_in(faces, water)])
        west, north = shapely.bounds(blocks)[:, [0, 3]].T
        yield blocks[np.lexsort((west, -north))]


def merge_slivers(faces: Shapes) -> Shapes:
    """Return polygons of a partition with the small and narrow ones joined to their neighbours."""
    while len(faces) > 1:
        sliver = _is_sliver(faces)
        if not sliver.any():
            break
        a, b, length = _shared_borders(faces)
        away = np.setdiff1d(np.flatnonzero(sliver), a[length > 0])
        if len(away):
            others = np.delete(np.arange(len(faces)), away)
            others = others if len(others) else np.arange(len(faces))
            lone, nearest = shapely.STRtree(faces[others]).query_nearest(
                faces[away], exclusive=True, all_matches=False
            )
            a, b = np.append(a, away[lone]), np.append(b, others[nearest])
            length = np.append(length, np.zeros(len(lone)))
        own = sliver[a]
        a, b, length = a[own], b[own], length[own]
        # Of each sliver's neighbours the one with the longest border in common, a block rather
        # than another sliver where both are as long.
        order = np.lexsort((sliver[b], -length, a))
        a, b = a[order], b[order]
        first = np.unique(a, return_index=True)[1]
        if not len(first):
            break
        faces = _dissolve(faces, a[first], b[first])
    return faces


def _is_sliver(faces: Shapes) -> NDArray[np.bool_]:
    area, edge = shapely.area(faces), shapely.length(faces)
    return np.asarray((area < _SMALL_M2) | (2 * area < _NARROW_M * edge))


def _shared_borders(faces: Shapes) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return (face, neighbour, length of border in common), each pair both ways round.

    Faces of a noded drawing have the same vertices on either side of a border.
    """
    rings, face = shapely.get_parts(shapely.boundary(faces), return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    joined = np.flatnonzero(ring[1:] == ring[:-1])
    ends = np.stack([points[joined], points[joined + 1]], axis=1)
    swap = (ends[:, 0, 0] > ends[:, 1, 0]) | (
        (ends[:, 0, 0] == ends[:, 1, 0]) & (ends[:, 0, 1] > ends[:, 1, 1])
    )
    ends[swap] = ends[swap][:, ::-1]
    owner, length = face[ring[joined]], np.hypot(*(ends[:, 1] - ends[:, 0]).T)
    flat = ends.reshape(-1, 4)
    order = np.lexsort(flat.T)
    same = np.flatnonzero((flat[order][1:] == flat[order][:-1]).all(axis=1))
    one, other = owner[order[same]], owner[order[same + 1]]
    n = len(faces)
    pair, index = np.unique(np.append(one * n + other, other * n + one), return_inverse=True)
    common = np.bincount(index, np.tile(length[order[same]], 2))
    return pair // n, pair % n, common


def _dissolve(faces: Shapes, a: NDArray[Any], b: NDArray[Any]) -> Shapes:
    """Return the faces with each pair (a, b) made one."""
    n = len(faces)
    graph = sparse.coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n))
    count, group = csgraph.connected_components(graph, directed=False)
    size = np.bincount(group)
    result = np.empty(count, dtype=object)
    single = size[group] == 1
    result[group[single]] = faces[single]
    for number in np.flatnonzero(size > 1):
        result[number] = shapely.union_all(faces[group == number])
    return result


def _faces(district: shapely.Geometry, edges: Shapes) -> Shapes:
    """Return the faces into which lines divide a district.

    The lines are taken whole, beyond the district's edge, so that they are sure to cross it.
    """
    drawing = shapely.union_all(np.append(edges, shapely.boundary(district)))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(drawing)))
    shapely.prepare(district)
    return np.asarray(faces[shapely.contains(district, shapely.point_on_surface(faces))])


def _lie_in(faces: Shapes, ground: Shapes) -> NDArray[np.bool_]:
    """Tell which faces lie on a ground whose edges are among their lines: all of each, or none."""
    inside = shapely.point_on_surface(faces)
    lie = np.zeros(len(faces), dtype=bool)
    lie[shapely.STRtree(ground).query(inside, predicate="intersects")[0]] = True
    return lie
