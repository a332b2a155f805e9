"""What was published of single districts: plans and owners. Elsewhere nothing is known."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from pyproj import CRS

from districttype.sources.figures.shapes import Shapes
from districttype.sources.figures.tables import Figures


def plans(figures: Figures, land: Shapes, crs: CRS) -> gpd.GeoDataFrame | None:
    """Return the reserves and growth that figures speak of, over the land of their districts.

    The reserve is the published one; where none is, the planned floor area, less what stands in
    the district already if it is a total. Residents are those to come: a published total less all
    who live in the district, which is the least that it can mean.
    """
    columns = ("reserve_m2", "planned_floor_m2", "planned_residents")
    reserve, floor, people = (figures.number(name) for name in columns)
    spoken = ~np.isnan(np.column_stack([reserve, floor, people])).all(axis=1)
    if not spoken.any():
        return None
    total = (
        figures.districts["planned_basis"].eq("total").to_numpy()
        if figures.has("planned_basis")
        else np.zeros(len(figures), dtype=bool)
    )
    stands = np.nan_to_num(figures.number("floor_total_recent_m2"))
    lives = np.nan_to_num(figures.number("residents"))
    to_come = np.maximum(floor - np.where(total, stands, 0.0), 0.0)
    frame = gpd.GeoDataFrame(
        {
            "reserve_m2": np.where(np.isnan(reserve), to_come, reserve),
            "planned_residents": np.maximum(people - np.where(total, lives, 0.0), 0.0),
            "stage": "published",
        },
        geometry=land,
        crs=crs,
    )
    return frame[spoken].reset_index(drop=True)


def ownership(figures: Figures, land: Shapes, crs: CRS) -> gpd.GeoDataFrame | None:
    """Return the main type of owner where one is published, over the land of its district.

    Where owners are known to be few, they stand as one; else the owner is not named.
    """
    if not figures.has("owner_class"):
        return None
    table = figures.districts
    told = table["owner_class"].notna().to_numpy()
    few = table["few_owners"].eq("yes") if "few_owners" in table.columns else table["id"].eq("")
    frame = gpd.GeoDataFrame(
        {
            "owner_class": table["owner_class"],
            "owner_id": ("few owners in " + table["id"]).where(few, None),
        },
        geometry=land,
        crs=crs,
    )
    return frame[told].reset_index(drop=True)
