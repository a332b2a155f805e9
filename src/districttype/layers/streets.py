"""Streets: lines that meet only at their ends, so that junctions and dead ends can be counted."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districttype.layers.vocabulary import by_tags

RAILS = ("rail", "tram")
KEEP = (
    "name", "access", "bicycle", "cycleway", "cycleway:both", "cycleway:left", "cycleway:right",
    "foot", "service", "tunnel", "segregated",
)  # fmt: skip
_SHUT = ("no", "private")
_TRACKS = ("track", "lane", "opposite_track", "opposite_lane")


def from_tags(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return streets and railways of OpenStreetMap, cut where they meet.

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
    return split_at_junctions(table, rail.to_numpy())


def _said(tag: pd.Series, allowed: pd.Series) -> pd.Series:
    """Obey a tag of access, where there is one."""
    return (allowed & ~tag.isin(_SHUT)) | tag.isin(["yes", "designated", "permissive"])


def split_at_junctions(
    streets: gpd.GeoDataFrame, network: np.ndarray | None = None
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

    Returns
    -------
    GeoDataFrame
        The pieces with the columns of their line, in its order, index renumbered.
    """
    network = np.zeros(len(streets), int) if network is None else np.asarray(network, int)
    parts, owner = shapely.get_parts(streets.geometry.to_numpy(), return_index=True)
    if not len(parts):
        return streets.reset_index(drop=True)
    xy, line = shapely.get_coordinates(parts, return_index=True)
    keys = np.column_stack([network[owner[line]].astype(float), xy])
    _, vertex, uses = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    first = np.r_[True, line[1:] != line[:-1]]
    last = np.r_[first[1:], True]
    cut = (uses[vertex.ravel()] > 1) & ~first & ~last
    # A vertex at a cut ends one piece and begins the next, so it is written twice.
    place = np.repeat(np.arange(len(xy)), 1 + cut)
    again = np.r_[False, place[1:] == place[:-1]]
    piece = np.cumsum(first[place] & ~again | again) - 1
    shapes = shapely.linestrings(xy[place], indices=piece)
    begins = np.r_[True, piece[1:] != piece[:-1]]
    rows = owner[line[place[begins]]]
    pieces = streets.iloc[rows].reset_index(drop=True)
    return pieces.set_geometry(gpd.GeoSeries(shapes, crs=streets.crs))
