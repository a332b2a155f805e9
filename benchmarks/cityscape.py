"""A city of any size to measure: the embedded Espoo's districts, and its houses as often as asked.

Each building stands near one of the reconstructed ones, moved and turned by dice, so that it is as
crowded or empty as there. Half keep their rectangle, the others become an L, and one in fifty gets
a courtyard: real footprints are not all rectangles.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import geopandas as gpd
import networkx as nx
import numpy as np
import shapely

from districttype.city import load_city
from districttype.layers.layer import Layers
from districttype.layers.reconstructed import embedded_layers

SPREAD = 60.0
CHUNK = 250_000

_RECTANGLE = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5)]
_L = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.1), (0.1, 0.1), (0.1, 0.5), (-0.5, 0.5), (-0.5, -0.5)]
_YARD = [(-0.3, -0.3), (-0.3, 0.3), (0.3, 0.3), (0.3, -0.3), (-0.3, -0.3)]


@cache
def espoo() -> Layers:
    """Return the embedded Espoo."""
    return embedded_layers(load_city("espoo"))


def districts() -> gpd.GeoSeries:
    """Return the districts as they are embedded: with straight borders."""
    return espoo()["districts"].frame.geometry


def natural_districts() -> gpd.GeoSeries:
    """Return districts with a vertex every 15 m and borders that wind, as surveyed ones do."""
    straight = districts()
    fine = shapely.segmentize(straight.to_numpy(), 15.0)
    # The same displacement at the same place, so that neighbours still share their borders.
    winding = shapely.transform(fine, lambda xy: xy + 15 * np.sin(xy[:, ::-1] / 37.0))
    return gpd.GeoSeries(winding, crs=straight.crs)


def buildings(n: int, seed: int = 1) -> np.ndarray:
    """Return n footprints."""
    return np.concatenate(list(chunks(n, seed)))


def chunks(n: int, seed: int = 1) -> Iterator[np.ndarray]:
    """Yield n footprints in chunks."""
    model = espoo()["buildings"].frame.geometry.to_numpy()
    places, areas = shapely.get_coordinates(shapely.centroid(model)), shapely.area(model)
    for number, start in enumerate(range(0, n, CHUNK)):
        rng = np.random.default_rng([seed, number])
        size = min(CHUNK, n - start)
        like = rng.integers(0, len(model), size)
        centre = places[like] + rng.normal(0, SPREAD, (size, 2))
        side = np.sqrt(areas[like])[:, None] * rng.uniform(0.7, 1.4, (size, 2))
        yield _footprints(centre, side, rng.uniform(0, np.pi, size))


def _footprints(centre: np.ndarray, side: np.ndarray, angle: np.ndarray) -> np.ndarray:
    def placed(corners: list[tuple[float, float]], some: slice) -> np.ndarray:
        xy = np.array(corners) * side[some, None]
        cos, sin = np.cos(angle[some, None]), np.sin(angle[some, None])
        x, y = xy[..., 0] * cos - xy[..., 1] * sin, xy[..., 0] * sin + xy[..., 1] * cos
        return np.stack([x, y], axis=-1) + centre[some, None]

    half, most = len(centre) // 2, len(centre) * 49 // 50
    shapes = np.empty(len(centre), dtype=object)
    shapes[:half] = shapely.polygons(placed(_RECTANGLE, slice(0, half)))
    shapes[half:most] = shapely.polygons(placed(_L, slice(half, most)))
    rest = slice(most, len(centre))
    yards = shapely.linearrings(placed(_YARD, rest))
    shapes[rest] = shapely.polygons(
        shapely.linearrings(placed(_RECTANGLE, rest)), holes=yards[:, None]
    )
    return shapes


def street_grid(step: float = 150.0) -> tuple[np.ndarray, nx.MultiDiGraph]:
    """Return streets over the city as lines, and as the graph that OSMnx works on."""
    low_x, low_y, high_x, high_y = districts().total_bounds
    columns = np.arange(low_x, high_x, step)
    rows = np.arange(low_y, high_y, step)
    graph = nx.MultiDiGraph(crs=districts().crs)
    for i, x in enumerate(columns):
        for j, y in enumerate(rows):
            graph.add_node(i * len(rows) + j, x=x + 20 * np.sin(y), y=y + 20 * np.sin(x))
    pairs = [
        (i * len(rows) + j, (i + di) * len(rows) + j + dj)
        for i in range(len(columns))
        for j in range(len(rows))
        for di, dj in ((1, 0), (0, 1))
        if i + di < len(columns) and j + dj < len(rows)
    ]
    ends = [[(graph.nodes[n]["x"], graph.nodes[n]["y"]) for n in pair] for pair in pairs]
    lines = shapely.linestrings(ends)
    for (a, b), line in zip(pairs, lines, strict=True):
        graph.add_edge(a, b, length=line.length, geometry=line, osmid=0)
        graph.add_edge(b, a, length=line.length, geometry=line.reverse(), osmid=0)
    return lines, graph
