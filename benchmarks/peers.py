"""The same work as a user would write it with other packages."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd

from districttype.indicators.zonal import Overlaps


def overlay(zones: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> np.ndarray:
    """geopandas: cut everything, then group."""
    pieces = gpd.overlay(buildings, zones, keep_geom_type=True)
    return _by_zone(pieces.area.groupby(pieces["zone"]).sum(), zones)


def momepy(zones: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> np.ndarray:
    """momepy: its aggregation by key, on pieces cut beforehand, since it does not cut itself."""
    from momepy import describe_agg

    pieces = gpd.overlay(buildings, zones, keep_geom_type=True)
    return _by_zone(describe_agg(pieces.area, pieces["zone"], statistics=["sum"])["sum"], zones)


def tobler(zones: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> np.ndarray:
    """tobler: areal interpolation of what buildings hold (here their own area).

    It keeps the areas of the pieces in single precision (`tobler_rounds`), so that its sums are
    right to about 1e-8 only.
    """
    from tobler.area_weighted import area_interpolate

    source = buildings.assign(amount=buildings.area)
    found = area_interpolate(source, zones, extensive_variables=["amount"], allocate_total=False)
    return found["amount"].to_numpy()


def tobler_rounds(found: Overlaps) -> np.ndarray:
    """Return the kernel's sums with each piece rounded as tobler rounds it."""
    rounded = found.measure.astype(np.float32).astype(np.float64)
    return np.bincount(found.zone, rounded, minlength=found.n_zones)


def sedona(zones: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> np.ndarray:
    """SedonaDB: a spatial join in SQL."""
    import sedonadb

    session = sedonadb.connect()
    session.create_data_frame(buildings).to_view("buildings")
    session.create_data_frame(zones).to_view("zones")
    found = session.sql(
        "SELECT z.zone, SUM(ST_Area(ST_Intersection(b.geometry, z.geometry))) AS area "
        "FROM buildings b JOIN zones z ON ST_Intersects(b.geometry, z.geometry) GROUP BY z.zone"
    ).to_pandas()
    return _by_zone(found.set_index("zone")["area"], zones)


def osmnx(zones: gpd.GeoDataFrame, graph: nx.MultiDiGraph) -> np.ndarray:
    """OSMnx: the graph truncated to each district, then its statistics."""
    import osmnx

    total = []
    for zone in zones.geometry:
        part = osmnx.truncate.truncate_graph_polygon(graph, zone)
        undirected = osmnx.convert.to_undirected(part) if part.number_of_edges() else None
        total.append(osmnx.stats.street_length_total(undirected) if undirected else 0.0)
    return np.array(total)


def rasterstats(zones: gpd.GeoDataFrame, raster: Path, values: list[int]) -> np.ndarray:
    """rasterstats: counts by class, as shares of what was counted; NaN where nothing was."""
    from rasterstats import zonal_stats

    rows = zonal_stats(zones.geometry, str(raster), categorical=True)
    counts = np.array([[row.get(value, 0) for value in values] for row in rows], dtype=float)
    total = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)


def pyrosm(extract: Path) -> gpd.GeoDataFrame:
    """pyrosm: its out-of-core reader, nothing cached."""
    import pyrosm

    pyrosm.OSM.clear_cache(extract)
    return pyrosm.OSM(str(extract), engine="out_of_core").get_buildings()


PEERS = {"overlay": overlay, "momepy": momepy, "tobler": tobler, "sedonadb": sedona}


def _by_zone(sums: pd.Series, zones: gpd.GeoDataFrame) -> np.ndarray:
    return sums.reindex(zones["zone"], fill_value=0.0).to_numpy(dtype=float)
