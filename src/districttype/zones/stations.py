"""The surroundings of stations: what can be walked from each along the streets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from districttype.boxes import Box
from districttype.i18n import N_, Message
from districttype.layers.layer import Layers
from districttype.layers.schema import STATION_MODES
from districttype.zones.base import Zones, make_zones
from districttype.zones.land import keep
from districttype.zones.network import DETOUR, ISLAND, Network, least_island
from districttype.zones.parents import city_of, parents
from districttype.zones.windows import together

WALK = 800.0
# The last metres of the walk lead off the street, to either side.
BESIDE = 50.0
# How far round those that may be walked streets are looked at, where not all of them are: what
# leads from there to beyond is no island, and an island is seen whole. And a little further,
# because lines that end on each other need not meet to the last bit.
_BEYOND = ISLAND + 100.0
# Ground that streets within reach enclose is within reach, up to this size.
_ENCLOSED_M2 = 40_000.0
# One straight road past the station reaches this much. Where streets reach less, most of them are
# not known.
_LEAST_SHED_M2 = 2 * (WALK - BESIDE) * 2 * BESIDE
# Stops of one name are one station within this distance; stops without a name within the second.
_SAME_NAME, _NO_NAME = 400.0, 150.0

Points = NDArray[np.float64]

_STRAIGHT = N_(
    "drawn as a circle of {radius_int} m, because too few walkable streets are known there"
    " (800 m on foot at {detour} times the straight line)"
)


def make_stations(layers: Layers) -> Zones | None:
    """Return what 800 m on foot reach from each rail, metro, light-rail and tram station.

    Stations planned count like those there are. The platforms and stops of one station, and
    stations of one name beside each other (Leppävaara's trains and light rail), make one zone;
    one whose stops have no name is called after its district.
    Streets are followed for 750 m and the ground 50 m to their sides belongs to the zone, the
    "sausage" buffer of Forsyth, Van Riper, Larson, Wall and Neumark-Sztainer (2012). Where the
    layer `streets` knows next to no street round a station, a circle stands in and a note says so.
    Zones overlap, and end at the city's edge.

    Returns
    -------
    Zones or None
        None where no station lies in or near the city.
    """
    stops = layers.select("stops", where={"mode": STATION_MODES})
    districts = layers.frame("districts")
    if stops is None or districts is None or stops.empty:
        return None
    stations = merge_stops(stops)
    city = city_of(districts)
    shapes, straight = [], []
    for points, shape in zip(stations["points"], _sheds(stations["points"], layers), strict=True):
        straight.append(shape is None)
        circle = shapely.buffer(shapely.multipoints(points), WALK / DETOUR, quad_segs=16)
        shapes.append(circle if shape is None else shape)
    frame = gpd.GeoDataFrame(
        stations.drop(columns="points"),
        geometry=keep(np.array(shapes, dtype=object), np.array([city])),
        crs=layers.crs,
    )
    notes = {
        zone_id: Message(_STRAIGHT, {"radius_int": WALK / DETOUR, "detour": DETOUR})
        for zone_id, circle in zip(frame["zone_id"], straight, strict=True)
        if circle
    }
    centres = shapely.points([points.mean(axis=0) for points in stations["points"]])
    frame["parent"] = parents(centres, districts)
    district = frame["parent"].map(districts.set_index("zone_id")["name"]).fillna(frame["zone_id"])
    frame["name"] = frame["name"].where(frame["name"] != "", district)
    frame = frame[~frame.is_empty]
    if frame.empty:
        return None
    kept = {zone_id: notes[zone_id] for zone_id in frame["zone_id"] if zone_id in notes}
    return make_zones("stations", frame, layers, notes=kept)


def merge_stops(stops: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return one row a station: zone_id, name ("" if its stops have none), its stops' points."""
    xy = shapely.get_coordinates(stops.geometry.to_numpy())
    names = [_plain(name) for name in stops["name"]]
    strength = stops["mode"].map({mode: i for i, mode in enumerate(reversed(STATION_MODES))})
    rows = []
    for members in _groups(xy, names):
        points = xy[members]
        best = members[np.argsort(strength.to_numpy()[members], kind="stable")[0]]
        x, y = points.mean(axis=0)
        key = slug(names[best] or f"({y:.0f}, {x:.0f})")
        rows.append({"name": names[best], "points": points, "key": key, "x": x, "y": y})
    table = pd.DataFrame(rows).sort_values(["key", "y", "x"], ignore_index=True)
    again = table.groupby("key").cumcount()
    table["zone_id"] = table["key"].where(again == 0, table["key"] + "-" + (again + 1).astype(str))
    return table[["zone_id", "name", "points"]]


def slug(name: str) -> str:
    """Return a name as an id: lower case, without accents, words joined by hyphens.

    Letters of other scripts than the Latin one are kept.
    """
    bare = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return re.sub(r"\W+", "-", bare).strip("-") or "station"


def _plain(name: object) -> str:
    """Return a stop's name without a mark in brackets, as in "Keilaniemi (M)"."""
    return re.sub(r"\s*\(\w{1,2}\)", "", name).strip() if isinstance(name, str) else ""


def _groups(xy: NDArray[np.float64], names: list[str]) -> Iterator[NDArray[np.int64]]:
    """Yield the stops of each station."""
    pairs = cKDTree(xy).query_pairs(_SAME_NAME, output_type="ndarray").reshape(-1, 2)
    keys = np.array([name.casefold() for name in names], dtype=object)
    a, b = pairs.T
    apart = np.hypot(*(xy[a] - xy[b]).T)
    nameless = (keys[a] == "") | (keys[b] == "")
    one = np.where(nameless, apart <= _NO_NAME, keys[a] == keys[b])
    n = len(names)
    graph = sparse.coo_matrix((np.ones(one.sum()), (a[one], b[one])), shape=(n, n))
    _, group = csgraph.connected_components(graph, directed=False)
    for number in np.unique(group):
        yield np.flatnonzero(group == number)


def _sheds(stations: Sequence[Points], layers: Layers) -> list[shapely.Geometry | None]:
    """Return the ground within reach of each station, or None where too few streets are known."""
    squares = shapely.box(*np.transpose([_square(points) for points in stations]))
    streets = layers.get("streets")
    laid = streets is not None and streets.laid is not None
    least = least_island(layers["streets"]) if laid else None
    found: list[shapely.Geometry | None] = [None] * len(stations)
    for some in together(squares, layers, "streets"):
        west, south, east, north = shapely.total_bounds(squares[some])
        window = west - _BEYOND, south - _BEYOND, east + _BEYOND, north + _BEYOND
        network = Network.of(layers.select("streets", within=window if laid else None), least)
        for i in some:
            found[i] = _reach(network, stations[i])
    return found


def _square(points: Points) -> Box:
    """Return the box of the streets that matter to a station."""
    (x, y), reach = points.mean(axis=0), WALK + np.ptp(points, axis=0).max()
    return x - reach, y - reach, x + reach, y + reach


def _reach(network: Network, points: NDArray[np.float64]) -> shapely.Geometry | None:
    """Return the ground within reach of a station's stops, or None where too few streets are."""
    near = network.near(_square(points))
    edge, position, away = near.place(points)
    on_street = edge >= 0
    if not on_street.any():
        return None
    split, begin = near.split(edge[on_street], position[on_street])
    limit = WALK - BESIDE
    pieces = split.reached(split.walked(begin, away[on_street], limit), limit)
    if not len(pieces):
        return None
    # Merged and thinned out, because a buffer takes time by vertices; and each street by itself,
    # because of all at once it takes seconds a station where every footway is mapped.
    streets = shapely.simplify(shapely.line_merge(shapely.multilinestrings(pieces)), 2.0)
    ground = shapely.union_all(shapely.buffer(shapely.get_parts(streets), BESIDE, quad_segs=4))
    parts = [_filled(part) for part in shapely.get_parts(ground)]
    shed = shapely.union_all(parts)
    return shed if shed.area >= _LEAST_SHED_M2 else None


def _filled(polygon: shapely.Polygon) -> shapely.Polygon:
    holes = [hole for hole in polygon.interiors if shapely.Polygon(hole).area > _ENCLOSED_M2]
    return shapely.Polygon(polygon.exterior, holes)
