"""Buildings: what is known of each, where it is from, and floor area where it is not stated."""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd

from districttype.layers import parse

ORIGINS = ("use", "floors", "floor_area_m2", "year_built")


def finish_buildings(
    table: gpd.GeoDataFrame, changes: Counter[str], *, register: bool
) -> gpd.GeoDataFrame:
    """Add what every building must have: an id, a status, origins, and a derived floor area.

    A height that contradicts the storeys is dropped and counted; storeys are derived from a height
    (3.2 m each) where only that is known; floor area is footprint times storeys where it is not
    stated.
    """
    table = table.copy()
    n = len(table)
    origin = "register" if register else "tagged"
    for name in ("floors", "height_m", "floor_area_m2", "year_built"):
        if name not in table.columns:
            table[name] = np.nan
    if "use" not in table.columns:
        table["use"] = None
    if "building_id" not in table.columns:
        table["building_id"] = None
    if "status" not in table.columns:
        table["status"] = "existing"
    table["status"] = table["status"].where(table["status"].notna(), "existing")
    ids = table["building_id"].astype("string")
    table["building_id"] = ids.where(
        ids.notna() & ids.ne(""), pd.Series([f"b{i}" for i in range(n)], index=table.index)
    ).astype(object)
    footprints = table.area.to_numpy()
    floors = table["floors"].to_numpy(dtype=float).copy()
    height = table["height_m"].to_numpy(dtype=float).copy()
    true = parse.agree(floors, height)
    changes["heights that contradict the storeys"] += int((~true).sum())
    height[~true] = np.nan
    for name in ORIGINS:
        known = table[name].notna().to_numpy()
        table[f"{name}_origin"] = np.where(known, origin, "missing").astype(object)
    table.loc[table["use"].isna(), "use"] = "unknown"
    table.loc[table["use"].eq("unknown"), "use_origin"] = "missing"
    derived = np.isnan(floors) & ~np.isnan(height)
    floors[derived] = np.maximum(1.0, np.round(height[derived] / 3.2))
    table.loc[derived, "floors_origin"] = "derived"
    table["floors"], table["height_m"] = floors, height
    area = table["floor_area_m2"].to_numpy(dtype=float).copy()
    derived = np.isnan(area) & ~np.isnan(floors)
    area[derived] = footprints[derived] * floors[derived]
    table.loc[derived, "floor_area_m2_origin"] = "derived"
    table["floor_area_m2"] = area
    return table
