"""Streets: lines that meet only at their ends, so that junctions and dead ends can be counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from districttype.layers.vocabulary import by_tags

Ints = NDArray[np.uint64]

RAILS = ("rail", "tram")
KEEP = (
    "name", "access", "bicycle", "cycleway", "cycleway:both", "cycleway:left", "cycleway:right",
    "foot", "service", "tunnel", "segregated",
)  # fmt: skip
_SHUT = ("no", "private")
_TRACKS = ("track", "lane", "opposite_track", "opposite_lane")


def from_tags(frame: gpd.GeoDataFrame, *, part: bool = False) -> gpd.GeoDataFrame:
    """Return streets and railways of OpenStreetMap, cut where they meet.

    Those of a part of a city are left whole, because some that they meet are in another: they are
    cut when all are known, by `cut`.

    What may be walked and cycled is what the kind of street allows, unless the way says otherwise.
    A cycleway is a way of that kind, a path set aside for bicycles, or a street with lanes or
    tracks. Railways in tunnels part nothing on the ground and are left out.
    """
    found = by_tags("osm_streets", frame)
    rail = found["kind"].isin(RAILS)
    keep = found["kind"].notna() & ~(rail & frame["tunnel"].notna() & frame["tunnel"].ne("no"))
    frame, found, rail = frame[keep], found[keep], rail[keep]
    walk, cycle, cycleway = (found[name].eq("yes") for name in ("walkable", "cyclable", "cycleway"))
    shut = frame["access"].isin(_SHUT)
    walk = _said(frame["foot"], walk & ~shut)
    cycle = _said(frame["bicycle"], cycle & ~shut)
    lanes = [name for name in KEEP if name.startswith("cycleway")]
    marked = frame[lanes].isin(_TRACKS).any(axis=1)
    path = found["kind"].isin(["path", "track", "pedestrian"])
    cycleway |= marked | (path & frame["bicycle"].eq("designated"))
    table = gpd.GeoDataFrame(
        {
            "kind": found["kind"],
            "walkable": walk & ~rail,
            "cyclable": cycle & ~rail,
            "cycleway": cycleway & ~rail,
        },
        geometry=frame.geometry,
        crs=frame.crs,
    )
    return table.reset_index(drop=True) if part else cut(table, vertices_shared([table]))


def cut(streets: gpd.GeoDataFrame, shared: Ints) -> gpd.GeoDataFrame:
    """Cut streets and railways where they meet their like, given the vertices they share."""
    return split_at_junctions(streets, streets["kind"].isin(RAILS).to_numpy(), shared)


def vertices_shared(parts: Iterable[gpd.GeoDataFrame]) -> Ints:
    """Return what tells the vertices that streets of all parts share, or railways, or pass twice.

    Of each vertex eight bytes are held.
    """
    keys = [_vertices(part, part["kind"].isin(RAILS).to_numpy())[0] for part in parts if len(part)]
    told, uses = np.unique(np.concatenate([*keys, np.zeros(0, np.uint64)]), return_counts=True)
    return np.asarray(told[uses > 1])


def _said(tag: pd.Series, allowed: pd.Series) -> pd.Series:
    """Obey a tag of access, where there is one."""
    return (allowed & ~tag.isin(_SHUT)) | tag.isin(["yes", "designated", "permissive"])


def split_at_junctions(
    streets: gpd.GeoDataFrame, network: np.ndarray | None = None, shared: Ints | None = None
) -> gpd.GeoDataFrame:
    """Cut lines at every vertex that they share with another line of their network, or pass twice.

    Vertices count as one where their coordinates are the same: in OpenStreetMap those are the nodes
    two ways share. A bridge has no node in common with what it crosses.

    Parameters
    ----------
    streets
        Lines, any CRS.
    network
        A number for each line; lines of different networks (streets, railways) do not cut each
        other.
    shared
        The vertices that are shared, where other lines than these share them; see
        `vertices_shared`.

    Returns
    -------
    GeoDataFrame
        The pieces with the columns of their line, in its order, index renumbered.
    """
    network = np.zeros(len(streets), int) if network is None else np.asarray(network, int)
    keys, xy, line, owner = _vertices(streets, network)
    if not len(keys):
        return streets.reset_index(drop=True)
    if shared is None:
        told, uses = np.unique(keys, return_counts=True)
        shared = told[uses > 1]
    first = np.r_[True, line[1:] != line[:-1]]
    last = np.r_[first[1:], True]
    cut = np.isin(keys, shared) & ~first & ~last
    # A vertex at a cut ends one piece and begins the next, so it is written twice.
    place = np.repeat(np.arange(len(xy)), 1 + cut)
    again = np.r_[False, place[1:] == place[:-1]]
    piece = np.cumsum(first[place] & ~again | again) - 1
    shapes = shapely.linestrings(xy[place], indices=piece)
    begins = np.r_[True, piece[1:] != piece[:-1]]
    rows = owner[line[place[begins]]]
    pieces = streets.iloc[rows].reset_index(drop=True)
    return pieces.set_geometry(gpd.GeoSeries(shapes, crs=streets.crs))


def _vertices(streets: gpd.GeoDataFrame, network: np.ndarray) -> tuple[Ints, np.ndarray, Any, Any]:
    """Return of each vertex a number told by its network and place, its place, line and row."""
    parts, owner = shapely.get_parts(streets.geometry.to_numpy(), return_index=True)
    xy, line = shapely.get_coordinates(parts, return_index=True)
    places = pd.DataFrame({"network": network[owner[line]], "x": xy[:, 0], "y": xy[:, 1]})
    keys = pd.util.hash_pandas_object(places, index=False).to_numpy()
    return keys, xy, line, owner
