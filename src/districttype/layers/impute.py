"""Missing storeys filled from buildings of the same use that have them, and marked as guessed."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np

from districttype.layers.buildings import default_floors

LEAST = 5
LEAST_SHARE = 0.05  # fewer are the ones worth a tag, the tall ones, and say nothing of the rest


def impute_buildings(
    buildings: gpd.GeoDataFrame,
) -> tuple[gpd.GeoDataFrame, Mapping[str, object]]:
    """Fill missing storeys, and the floor area that follows from them.

    Storeys become the median of the buildings of the same use that have them (at least five, and a
    twentieth of them), else what is usual for the use (`tables/floors.csv`). What is filled is
    marked `imputed`.

    Returns
    -------
    (GeoDataFrame, dict)
        The buildings, and how many storeys were imputed.
    """
    table = buildings.copy()
    floors = table["floors"].to_numpy(dtype=float).copy()
    known = np.isfinite(floors)
    usual = default_floors()
    medians = table.loc[known].groupby("use")["floors"].agg(["median", "count"])
    enough = np.maximum(LEAST, LEAST_SHARE * table["use"].value_counts())
    guess = {use: row["median"] for use, row in medians.iterrows() if row["count"] >= enough[use]}
    filled = table["use"].map(lambda use: guess.get(use, usual.get(use, 1.0)))
    floors[~known] = filled.to_numpy(dtype=float)[~known]
    table["floors"] = floors
    table.loc[~known, "floors_origin"] = "imputed"
    area = table["floor_area_m2"].to_numpy(dtype=float).copy()
    missing = np.isnan(area)
    area[missing] = (table.area.to_numpy() * floors)[missing]
    table["floor_area_m2"] = area
    table.loc[missing, "floor_area_m2_origin"] = "imputed"
    return table, {"floors_imputed": int((~known).sum()), "buildings": len(table)}
