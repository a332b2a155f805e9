"""Layers out of the tags of OpenStreetMap: what is wanted of it, and what becomes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districttype.layers import buildings, districts, land, parse, streets
from districttype.layers.layer import Layers
from districttype.layers.vocabulary import by_tags, tags
from districttype.planar import common
from districttype.providers import Provider
from districttype.sources.registry import Raw, Wanted

SHAPES = {
    "districts": {"area", "point"}, "land": {"line"}, "buildings": {"area"}, "streets": {"line"},
    "stops": {"point", "area"}, "land_use": {"area"}, "services": {"point", "area"},
    "energy_sites": {"point", "line", "area"},
}  # fmt: skip
OWN_TAGS: dict[str, dict[str, Collection[str] | None]] = {
    "districts": {"boundary": {"administrative"}, "place": set(districts.PLACES)},
    "land": {"natural": {"coastline"}},
    "buildings": {"building": None, "building:part": None},
    "stops": {"highway": {"bus_stop"}, "amenity": {"bus_station", "ferry_terminal"},
              "railway": {"station", "halt", "tram_stop"}},
}  # fmt: skip
KEEP: dict[str, tuple[str, ...]] = {
    "districts": districts.KEEP,
    "buildings": buildings.KEEP,
    "streets": streets.KEEP,
    "stops": ("name", "start_date", "opening_date"),
    "services": ("name", "capacity"),
    "energy_sites": ("name", "capacity"),
}
LAYERS = tuple(SHAPES)


def wanted(layer: str, area: shapely.Geometry | None) -> Wanted:
    """Return the tags and shapes that a layer wants."""
    table = {"buildings": "osm_use", "districts": "", "land": ""}.get(layer, f"osm_{layer}")
    told_by = tags(table) if table else {}
    keys = OWN_TAGS.get(layer, told_by)
    columns = dict.fromkeys((*keys, *told_by, *KEEP.get(layer, ())))
    return Wanted(area, keys, frozenset(SHAPES[layer]), tuple(columns))


def canonical(
    layer: str,
    raw: Raw,
    provider: Provider,
    layers: Layers,
    changes: Counter[str],
    notes: list[str],
    *,
    part: bool = False,
) -> gpd.GeoDataFrame:
    """Return the canonical columns of a layer from tags, in the city's CRS."""
    frame = _whole(layer, raw.frame).to_crs(layers.crs)
    extent = None
    if raw.extent is not None:
        extent = gpd.GeoSeries([raw.extent], crs=4326).to_crs(layers.crs).iloc[0]
    if layer == "districts":
        return districts.find_districts(
            frame,
            changes,
            notes,
            levels=provider.levels,
            boundary=provider.boundary,
            extent=extent,
        )
    if layer == "land":
        return land.from_coastline(frame, _territory(layers, extent, frame), changes, notes)
    if layer == "buildings":
        return buildings.from_tags(frame, changes)
    if layer == "streets":
        return streets.from_tags(frame, part=part)
    found = by_tags(f"osm_{layer}", frame)
    keep = found.iloc[:, 0].notna()
    made = gpd.GeoDataFrame(found[keep], geometry=frame.geometry[keep], crs=frame.crs)
    kept = frame[keep]
    if layer != "land_use":
        made["name"] = kept["name"]
    if layer == "stops":
        opened = kept["start_date"].where(kept["start_date"].notna(), kept["opening_date"])
        made["opened"] = _read(parse.years, opened, "opened", changes)
    if layer in {"services", "energy_sites"}:
        made["capacity"] = _read(parse.counts, kept["capacity"], "capacity", changes)
    if layer == "services":
        made["vacant"] = made["class"].eq("vacant_premises")
    return made


def _read(
    parser: Callable[..., parse.Parsed], texts: pd.Series, name: str, changes: Counter[str]
) -> parse.Floats:
    """Read numbers out of texts and count those that cannot be read."""
    numbers, unread = parser(texts)
    changes[f"values of {name} that cannot be read"] += unread
    return numbers


def _whole(layer: str, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep the shapes a layer wants and add the tags that no row has.

    A GeoJSON of OpenStreetMap holds everything, and only the tags that occur.
    """
    dimensions = {"point": 0, "line": 1, "area": 2}
    here = [dimensions[shape] for shape in SHAPES[layer]]
    frame = frame[np.isin(shapely.get_dimensions(frame.geometry.to_numpy()), here)]
    absent = [key for key in wanted(layer, None).columns if key not in frame.columns]
    frame = frame.assign(**dict.fromkeys(absent, None))
    if "osm_id" not in frame.columns:
        named = next((name for name in ("@id", "id") if name in frame.columns), None)
        given = frame[named] if named else pd.Series(range(len(frame)), frame.index)
        frame = frame.assign(osm_type="", osm_id=given.astype(str))
    return frame


def _territory(
    layers: Layers, extent: shapely.Geometry | None, frame: gpd.GeoDataFrame
) -> shapely.Geometry:
    """Return the area in which land is told from sea: the districts' box, within the extract."""
    known = layers.frame("districts")
    box = shapely.box(*(known if known is not None else frame).total_bounds)
    return box if extent is None else common(box, extent)[0]
