"""Missing storeys filled from buildings of the same use that have them, and marked as guessed."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np

# Storeys where fewer than five buildings of a use state theirs; medians of the building register
# extract of Espoo 2023 (Etelä-Leppävaara and Perkkaa), rounded.
DEFAULT_FLOORS = {
    "detached": 2.0, "row": 2.0, "apartment": 5.0, "office": 5.0, "retail": 2.0, "industrial": 1.0,
    "warehouse": 1.0, "education": 2.0, "health": 2.0, "public": 2.0, "leisure": 1.0,
    "transport": 2.0, "utility": 1.0, "agricultural": 1.0, "outbuilding": 1.0, "other": 1.0,
    "unknown": 2.0,
}  # fmt: skip
LEAST = 5
LEAST_SHARE = 0.05  # fewer are the ones worth a tag, the tall ones, and say nothing of the rest


def impute_buildings(
    buildings: gpd.GeoDataFrame,
) -> tuple[gpd.GeoDataFrame, Mapping[str, object]]:
    """Fill missing storeys, and the floor area that follows from them.

    Storeys become the median of the buildings of the same use that have them (at least five, and a
    twentieth of them), else the default of the use. What is filled is marked `imputed`.

    Returns
    -------
    (GeoDataFrame, dict)
        The buildings, and how many storeys were imputed.
    """
    table = buildings.copy()
    floors = table["floors"].to_numpy(dtype=float).copy()
    known = np.isfinite(floors)
    medians = table.loc[known].groupby("use")["floors"].agg(["median", "count"])
    enough = np.maximum(LEAST, LEAST_SHARE * table["use"].value_counts())
    guess = {use: row["median"] for use, row in medians.iterrows() if row["count"] >= enough[use]}
    filled = table["use"].map(lambda use: guess.get(use, DEFAULT_FLOORS.get(use, 1.0)))
    floors[~known] = filled.to_numpy(dtype=float)[~known]
    table["floors"] = floors
    table.loc[~known, "floors_origin"] = "imputed"
    area = table["floor_area_m2"].to_numpy(dtype=float).copy()
    missing = np.isnan(area)
    area[missing] = (table.area.to_numpy() * floors)[missing]
    table["floor_area_m2"] = area
    table.loc[missing, "floor_area_m2_origin"] = "imputed"
    return table, {"floors_imputed": int((~known).sum()), "buildings": len(table)}
