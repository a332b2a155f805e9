"""Layers out of the tags of OpenStreetMap."""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districttype.errors import EmptyResultError
from districttype.layers import parse
from districttype.layers.schema import Layers
from districttype.layers.vocabulary import by_tags, table, tags
from districttype.sources.registry import Wanted

LEVELS = ("8", "9", "10", "11", "7", "6")
MIN_DISTRICTS, MIN_SHARE = 4, 0.7
TABLES = {
    "streets": "osm_streets", "stops": "osm_stops", "land_use": "osm_land_use",
    "services": "osm_services", "energy_sites": "osm_energy_sites",
}  # fmt: skip
SHAPES = {
    "streets": {"line"}, "stops": {"point", "area"}, "land_use": {"area"},
    "services": {"point", "area"}, "energy_sites": {"point", "line", "area"},
    "buildings": {"area"}, "districts": {"area"},
}  # fmt: skip
BUILDING_TAGS = (
    "building", "building:part", "building:levels", "building:use", "height", "start_date",
    "building:flats", "construction", "name",
)  # fmt: skip


def wanted(layer: str, area: shapely.Geometry | None) -> Wanted:
    """Return the tags and shapes that a layer wants."""
    shapes = frozenset(SHAPES[layer])
    if layer == "districts":
        return Wanted(
            area=area,
            tags={"boundary": {"administrative"}},
            shapes=shapes,
            columns=("boundary", "admin_level", "name", "name:sv", "name:en", "ref"),
        )
    if layer == "buildings":
        keys = tuple(dict.fromkeys(table("osm_use")["key"]))
        return Wanted(
            area=area,
            tags={"building": None, "building:part": None},
            shapes=shapes,
            columns=tuple(dict.fromkeys((*BUILDING_TAGS, *keys))),
        )
    keys = tuple(dict.fromkeys(table(TABLES[layer])["key"]))
    more = ("name", "access", "capacity", "cycleway", "bicycle", "foot", "service", "area")
    return Wanted(
        area=area,
        tags=tags(TABLES[layer]),
        shapes=shapes,
        columns=tuple(dict.fromkeys((*keys, *more))),
    )


def canonical(
    layer: str, frame: gpd.GeoDataFrame, layers: Layers, changes: Counter[str], notes: list[str]
) -> gpd.GeoDataFrame:
    """Return the canonical columns of a layer from tags."""
    frame = _whole(layer, frame)
    if layer == "districts":
        return districts(frame.to_crs(layers.crs), changes, notes)
    if layer == "buildings":
        return buildings(frame, changes)
    found = by_tags(TABLES[layer], frame)
    keep = found.iloc[:, 0].notna()
    made = gpd.GeoDataFrame(found[keep], geometry=frame.geometry[keep], crs=frame.crs)
    part = frame[keep]
    if layer == "streets":
        for name in ("walkable", "cyclable", "cycleway"):
            made[name] = made[name].eq("yes")
        made.loc[part["foot"].isin(["no", "private"]), "walkable"] = False
        made.loc[part["access"].isin(["no", "private"]) & ~part["foot"].eq("yes"), "walkable"] = (
            False
        )
        made.loc[part["bicycle"].eq("designated"), "cycleway"] = True
    else:
        made["name"] = part["name"]
    if layer in {"services", "energy_sites"}:
        made["capacity"], _ = parse.counts(part["capacity"])
    if layer == "services":
        made["vacant"] = made["class"].eq("vacant_premises")
    return made


def _whole(layer: str, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add the tags that no row has: a GeoJSON of OpenStreetMap holds only those that occur."""
    absent = [key for key in wanted(layer, None).columns if key not in frame.columns]
    frame = frame.assign(**dict.fromkeys(absent, None))
    if "osm_id" not in frame.columns:
        named = next((name for name in ("@id", "id") if name in frame.columns), None)
        given = frame[named] if named else pd.Series(range(len(frame)), frame.index)
        frame = frame.assign(osm_type="", osm_id=given.astype(str))
    return frame


def buildings(frame: gpd.GeoDataFrame, changes: Counter[str]) -> gpd.GeoDataFrame:
    """Return buildings; parts refine the height of their building and add no area."""
    whole = frame["building"].notna() & ~frame["building"].isin(["no", "demolished", "razed"])
    parts = frame[frame["building:part"].notna() & ~whole & frame["building:part"].ne("no")]
    changes["building parts that refine a building"] += len(parts)
    table_ = frame[whole].copy()
    under = table_["building"].eq("construction")
    levels, unread = parse.storeys(table_["building:levels"])
    height, unread_height = parse.heights(table_["height"])
    changes["values of floors that cannot be read"] += unread
    changes["values of height_m that cannot be read"] += unread_height
    years, unread_years = parse.years(table_["start_date"])
    changes["values of year_built that cannot be read"] += unread_years
    dwellings, _ = parse.counts(table_["building:flats"])
    if len(parts) and len(table_):
        levels, height = _refine(table_, parts, levels, height)
    use = by_tags(
        "osm_use", table_.assign(building=table_["building"].where(~under, table_["construction"]))
    )
    return gpd.GeoDataFrame(
        {
            "building_id": table_["osm_type"].str[0] + table_["osm_id"].astype(str),
            "use": use["use"],
            "floors": levels,
            "height_m": height,
            "floor_area_m2": np.nan,
            "year_built": years,
            "dwellings": dwellings,
            "status": np.where(under, "construction", "existing"),
        },
        geometry=table_.geometry,
        crs=frame.crs,
    )


def _refine(
    whole: gpd.GeoDataFrame, parts: gpd.GeoDataFrame, levels: np.ndarray, height: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Take storeys and height from the parts (weighted by area) where the building has none."""
    part_levels, _ = parse.storeys(parts["building:levels"])
    part_height, _ = parse.heights(parts["height"])
    points = shapely.point_on_surface(parts.geometry.to_numpy())
    inside, owner = shapely.STRtree(whole.geometry.to_numpy()).query(points, predicate="intersects")
    size = shapely.area(parts.geometry.to_numpy())[inside]
    refined = []
    for own, values in ((levels, part_levels[inside]), (height, part_height[inside])):
        known = np.isfinite(values)
        weight = np.bincount(owner[known], size[known], len(whole))
        total = np.bincount(owner[known], size[known] * values[known], len(whole))
        with np.errstate(invalid="ignore", divide="ignore"):
            refined.append(np.where(np.isnan(own) & (weight > 0), total / weight, own))
    return refined[0], refined[1]


def districts(frame: gpd.GeoDataFrame, changes: Counter[str], notes: list[str]) -> gpd.GeoDataFrame:
    """Find districts: the first level with at least four named areas on 70 % of the territory.

    The territory is the largest administrative area whole in the extract. Unnamed areas, and areas
    that lie in others of their level, are set aside and counted.
    """
    frame = frame[frame["admin_level"].notna()]
    if frame.empty:
        raise EmptyResultError("there is no administrative area", todo="name a file of districts")
    territory = frame.geometry.iloc[int(frame.area.to_numpy().argmax())]
    for level in LEVELS:
        areas = frame[frame["admin_level"].eq(level)]
        named = areas[areas["name"].notna()]
        if len(named) < MIN_DISTRICTS:
            continue
        shapes = named.geometry.to_numpy()
        union = shapely.union_all(shapes)
        share = shapely.area(shapely.intersection(union, territory)) / territory.area
        if share < MIN_SHARE:
            continue
        overlap = shapely.area(shapes).sum() - union.area
        changes["unnamed areas set aside"] += len(areas) - len(named)
        notes.append(
            f"districts are the {len(named)} named areas of level {level}: they cover {share:.1%} "
            f"of the territory and overlap on {overlap / 1e6:.2f} km²"
        )
        ids = named["ref"].where(named["ref"].notna(), named["osm_id"].astype(str))
        return gpd.GeoDataFrame(
            {
                "zone_id": pd.Series(
                    _unique_ids(ids.tolist(), named["osm_id"].tolist()), named.index
                ),
                "name": named["name"],
                "name_sv": named["name:sv"],
                "name_latin": named["name:en"],
            },
            geometry=named.geometry,
            crs=frame.crs,
        )
    raise EmptyResultError(
        f"no level has {MIN_DISTRICTS} named areas on {MIN_SHARE:.0%} of the territory",
        todo="name a file of districts",
    )


def _unique_ids(ids: list[str], numbers: list[int]) -> list[str]:
    return ids if len({*ids}) == len(ids) else [str(number) for number in numbers]
