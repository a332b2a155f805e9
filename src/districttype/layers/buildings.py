"""Buildings: what is known of each, where it is from, and floor area where it is not stated."""

from __future__ import annotations

from collections import Counter
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districttype.layers import parse
from districttype.layers.vocabulary import by_tags, table

ORIGINS = ("use", "floors", "floor_area_m2", "year_built")
NUMBERS = ("floors", "height_m", "floor_area_m2", "year_built")
KEEP = (
    "building", "building:levels", "building:min_level", "height", "building:part", "start_date",
    "building:flats", "construction", "name",
)  # fmt: skip
GONE = ("no", "demolished", "razed", "destroyed", "removed", "abandoned:demolished")
UNDER_WAY = {"construction": "construction", "proposed": "planned", "planned": "planned"}


def from_tags(frame: gpd.GeoDataFrame, changes: Counter[str]) -> gpd.GeoDataFrame:
    """Return the buildings of OpenStreetMap; parts refine them and are none themselves."""
    whole = frame["building"].notna() & ~frame["building"].isin(GONE)
    part = frame["building:part"].notna() & frame["building:part"].ne("no") & ~whole
    parts, houses = frame[part], frame[whole]
    under_way = houses["building"].map(UNDER_WAY)
    told = houses.assign(
        building=houses["building"].where(under_way.isna(), houses["construction"])
    )
    read = {
        "floors": parse.storeys(houses["building:levels"]),
        "height_m": parse.heights(houses["height"]),
        "year_built": parse.years(houses["start_date"]),
        "dwellings": parse.counts(houses["building:flats"]),
    }
    for name, (_, unread) in read.items():
        changes[f"values of {name} that cannot be read"] += unread
    made = gpd.GeoDataFrame(
        {
            "building_id": houses["osm_type"].str[:1] + houses["osm_id"].astype(str),
            "use": by_tags("osm_use", told)["use"],
            **{name: numbers for name, (numbers, _) in read.items()},
            "status": under_way.where(under_way.notna(), "existing"),
        },
        geometry=houses.geometry,
        crs=frame.crs,
    )
    return _refined(made, parts, changes)


def _refined(
    houses: gpd.GeoDataFrame, parts: gpd.GeoDataFrame, changes: Counter[str]
) -> gpd.GeoDataFrame:
    """Take storeys and height from the parts of a building that states none itself.

    Height is that of the highest part. Storeys are the floor area of the parts over their ground,
    so that footprint times storeys stays true where a tower stands on a low base; a part that
    begins at a level counts from there.
    """
    shapes = parts.geometry.to_numpy()
    points = shapely.point_on_surface(shapes)
    inside, owner = shapely.STRtree(houses.geometry.to_numpy()).query(points, "intersects")
    inside, once = np.unique(inside, return_index=True)
    owner = owner[once]
    changes["building parts outside any building left out"] += len(parts) - len(inside)
    levels = parse.storeys(parts["building:levels"])[0][inside]
    start = np.nan_to_num(parse.counts(parts["building:min_level"])[0][inside])
    height = parse.heights(parts["height"])[0][inside]
    size = shapely.area(shapes)[inside]
    known = np.isfinite(levels) & (levels > start)
    floors = houses["floors"].to_numpy(copy=True)
    floor_area = np.bincount(owner[known], (size * (levels - start))[known], len(houses))
    grounded = known & (start == 0)
    ground = np.bincount(owner[grounded], size[grounded], len(houses))
    ground = np.minimum(np.where(ground > 0, ground, np.inf), shapely.area(houses.geometry.array))
    top = np.zeros(len(houses))
    np.maximum.at(top, owner[known], levels[known])
    lacking = np.isnan(floors) & (floor_area > 0) & (ground > 0)
    mean = floor_area[lacking] / ground[lacking]
    floors[lacking] = np.clip(mean, 1.0, np.maximum(top[lacking], 1.0))
    highest = np.full(len(houses), -np.inf)
    tall = np.isfinite(height)
    np.maximum.at(highest, owner[tall], height[tall])
    stated = houses["height_m"].to_numpy()
    changes["buildings refined by their parts"] += int(
        (lacking | (np.isnan(stated) & (highest > 0))).sum()
    )
    return houses.assign(
        floors=floors,
        height_m=np.where(np.isnan(stated) & (highest > 0), highest, stated),
    )


def finish_buildings(
    buildings: gpd.GeoDataFrame, changes: Counter[str], *, register: bool
) -> gpd.GeoDataFrame:
    """Add what every building must have: an id, a status, origins, and a derived floor area.

    A year to come of a building that stands is dropped and counted, and so is a height that
    contradicts the storeys. Storeys are derived from a height (by the usual height of a floor of
    that use) where only that is known; floor area is footprint times storeys where it is not
    stated.
    """
    made = buildings.copy()
    origin = "register" if register else "tagged"
    for name in (*NUMBERS, "use", "building_id", "status"):
        if name not in made.columns:
            made[name] = np.nan if name in NUMBERS else None
    made["status"] = made["status"].where(made["status"].notna(), "existing")
    made["building_id"] = _ids(made["building_id"], changes)
    floors = made["floors"].to_numpy(dtype=float).copy()
    height = made["height_m"].to_numpy(dtype=float).copy()
    true = parse.agree(floors, height)
    changes["heights that contradict the storeys dropped"] += int((~true).sum())
    height[~true] = np.nan
    to_come = made["status"].eq("existing") & made["year_built"].gt(_this_year())
    changes["years still to come of buildings that stand dropped"] += int(to_come.sum())
    made["year_built"] = made["year_built"].mask(to_come)
    for name in ORIGINS:
        known = made[name].notna().to_numpy()
        made[f"{name}_origin"] = np.where(known, origin, "missing").astype(object)
    made["use"] = made["use"].where(made["use"].notna(), "unknown")
    made.loc[made["use"].eq("unknown"), "use_origin"] = "missing"
    derived = np.isnan(floors) & ~np.isnan(height)
    floors[derived] = np.maximum(1.0, np.round(height / floor_heights(made["use"])))[derived]
    made.loc[derived, "floors_origin"] = "derived"
    made["floors"], made["height_m"] = floors, height
    area = made["floor_area_m2"].to_numpy(dtype=float).copy()
    derived = np.isnan(area) & ~np.isnan(floors)
    area[derived] = (made.area.to_numpy() * floors)[derived]
    made.loc[derived, "floor_area_m2_origin"] = "derived"
    made["floor_area_m2"] = area
    return made


def _this_year() -> int:
    return date.today().year  # noqa: DTZ011 - a calendar year, of wherever this runs


def floor_heights(use: pd.Series) -> np.ndarray:
    """Return the usual height of a floor by use, in metres."""
    usual = table("floors").set_index("use")["floor_height_m"].astype(float)
    return np.asarray(use.map(usual), dtype=float)


def default_floors() -> dict[str, float]:
    """Return the usual storeys by use, for want of better."""
    return dict(table("floors").set_index("use")["floors"].astype(float))


def _ids(given: pd.Series, changes: Counter[str]) -> pd.Series:
    """Return ids as text; rows without one are numbered."""
    text = given.astype("string").str.strip()
    lacking = text.isna() | text.eq("")
    changes["buildings without an id numbered"] += int(lacking.sum()) if given.notna().any() else 0
    numbered = pd.Series([f"b{i}" for i in range(len(given))], given.index, dtype="string")
    return text.where(~lacking, numbered).astype(object)
