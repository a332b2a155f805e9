"""A quiet map to put the zones on: water, main roads, rails and green, from the layers."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import shapely

from districttype.layers.schema import STATION_MODES
from districttype.planar import without
from districttype.publish import shapes
from districttype.publish.edition import Edition

ROADS = ("motorway", "main")
RAILS = ("rail", "tram")
GREEN = ("park", "forest", "recreation", "nature_reserve", "cemetery", "allotments", "wetland")
SMALLEST_GREEN = 20_000.0
SMALLEST_WATER = 10_000.0


def stations(edition: Edition) -> gpd.GeoDataFrame | None:
    """Return the stations of rail, metro, light rail and tram; one a name and mode, if named."""
    found = edition.layers.select("stops", where={"mode": STATION_MODES})
    if found is None:
        return None
    return found[~(found["name"].notna() & found.duplicated(["mode", "name"]))]


def base_map(edition: Edition) -> dict[str, Any]:
    """Return water and green as polygons, roads and rails as lines, encoded for a page."""
    base: dict[str, Any] = {}
    districts = edition.results.get("districts") or next(iter(edition.results.values()))
    whole = shapely.union_all(shapely.make_valid(districts.zones.frame.geometry.to_numpy()))
    dry = shapely.union_all(shapely.make_valid(districts.zones.land.to_numpy()))
    crs = districts.zones.frame.crs
    area = gpd.GeoSeries([shapely.simplify(whole, 15.0)], crs=crs)
    wet = gpd.GeoSeries(without(whole, dry), crs=crs)
    base["city"] = shapes.encode_polygons(area)
    base["water"] = shapes.encode_polygons(shapes.merge_areas([wet], 12.0, SMALLEST_WATER))
    for name, kinds in (("roads", ROADS), ("rails", RAILS)):
        lines = edition.layers.select("streets", where={"kind": kinds})
        if lines is not None and len(lines):
            base[name] = shapes.encode_lines(shapes.merge_lines(lines, 12.0))
    green = edition.layers.select("land_use", where={"class": GREEN})
    if green is not None and len(green):
        base["green"] = shapes.encode_polygons(
            shapes.merge_areas([green.geometry], 25.0, SMALLEST_GREEN)
        )
    return base
