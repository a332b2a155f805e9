"""Zone sets: the polygons that get classified, and the land within them."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districttype.errors import EmptyResultError
from districttype.layers.schema import Layers, conform


@dataclass(frozen=True)
class Zones:
    """One zone set.

    `frame` is indexed by `zone_id` with the columns name, name_sv, name_latin, parent and geometry
    (Polygon or MultiPolygon, metric CRS). `land` is the part of each zone that is not water, and
    `land_m2` its area: the published figure where the provider states one, else measured.
    """

    name: str
    frame: gpd.GeoDataFrame
    land: gpd.GeoSeries
    land_m2: pd.Series

    @property
    def ids(self) -> pd.Index:
        """Return the zone ids, in the order of the rows."""
        return self.frame.index

    def __len__(self) -> int:
        return len(self.frame)


def make_zones(name: str, frame: gpd.GeoDataFrame, layers: Layers) -> Zones:
    """Make a zone set of a table of polygons.

    Parameters
    ----------
    name
        Name of the zone set.
    frame
        Columns of the layer `districts` (zone_id, name, ... geometry).
    layers
        `land` (the outline of dry land) and the water of `land_use`, where present, cut the land
        out of the zones.

    Raises
    ------
    EmptyResultError
        If there is no zone.
    """
    if frame.empty:
        raise EmptyResultError(
            "there is no zone to classify",
            where=f"zone set {name}",
            todo="check the district layer and the city's boundary",
        )
    table = conform("districts", frame, layers.crs, where=f"zone set {name}")
    table = table.sort_values("zone_id", kind="stable").set_index("zone_id")
    land = dry_land(table.geometry, layers)
    stated = table["land_km2"] * 1e6
    land_m2 = stated.where(stated.notna(), land.area).rename("land_m2")
    return Zones(name, table.drop(columns="land_km2"), land, land_m2)


def dry_land(zones: gpd.GeoSeries, layers: Layers) -> gpd.GeoSeries:
    """Return each polygon less the sea (outside `land`) and the lakes and rivers (`land_use`)."""
    dry = np.array(zones.to_numpy())  # a copy: the zones keep their water
    outline = layers.frame("land")
    if outline is not None and len(outline):
        dry = shapely.intersection(dry, shapely.union_all(outline.geometry.to_numpy()))
    land_use = layers.frame("land_use")
    if land_use is not None:
        water = land_use.geometry.to_numpy()[(land_use["class"] == "water").to_numpy()]
        zone, hit = shapely.STRtree(water).query(dry, predicate="intersects")
        if len(zone):
            order = np.argsort(zone, kind="stable")
            zone, hit = zone[order], hit[order]
            which, first = np.unique(zone, return_index=True)
            for i, hits in zip(which, np.split(hit, first[1:]), strict=True):
                dry[i] = shapely.difference(dry[i], shapely.union_all(water[hits]))
    return gpd.GeoSeries(_polygons(dry), index=zones.index, crs=zones.crs)


def _polygons(shapes: np.ndarray) -> np.ndarray:
    """Keep the polygonal part of each shape: a cut along a shore leaves stray points and lines."""
    mixed = ~np.isin(shapely.get_type_id(shapes), [3, 6])
    shapes = shapes.copy()
    for i in np.flatnonzero(mixed):
        parts = shapely.get_parts(shapes[i])
        shapes[i] = shapely.multipolygons(parts[shapely.get_type_id(parts) == 3])
    return shapes
