"""What was published of single districts: plans and owners. Elsewhere nothing is known."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from districttype.planar import common, without
from districttype.sources.figures.shapes import Shapes
from districttype.sources.figures.tables import Figures

REACH = 800.0  # metres: the surroundings of a station


def plans(figures: Figures, land: Shapes, crs: CRS) -> gpd.GeoDataFrame | None:
    """Return the reserves and growth that figures speak of, over the land of their districts.

    The reserve is the published one; where none is, the planned floor area, less what stands in
    the district already if it is a total. Residents are those to come: a published total less all
    who live in the district, which is the least that it can mean. Both are unknown where a total is
    planned for a district of which it is not known what is there.

    Growth that is announced for a place with a station lies within 800 m of it, not all over its
    district; the plan's own border is not published.
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
    # A total says nothing of what is to come where it is not known what is there: NaN then.
    stands, lives = figures.number("floor_total_recent_m2"), figures.number("residents")
    to_come = np.maximum(floor - np.where(total, stands, 0.0), 0.0)
    grows = np.maximum(people - np.where(total, lives, 0.0), 0.0)
    place = _places(figures, land, crs)
    named = np.array([shape is not None for shape in place], dtype=bool) & ~np.isnan(grows)
    frame = gpd.GeoDataFrame(
        {
            "reserve_m2": np.where(np.isnan(reserve), to_come, reserve),
            "planned_residents": np.where(named, np.nan, grows),
            "stage": "published",
        },
        geometry=land,
        crs=crs,
    )[~np.isnan(np.column_stack([reserve, floor, np.where(named, np.nan, people)])).all(axis=1)]
    if not named.any():
        return frame.reset_index(drop=True)
    site = figures.districts.get("planned_site")
    near = gpd.GeoDataFrame(
        {
            "planned_residents": grows[named],
            "site": None if site is None else site[named].to_numpy(),
            "stage": "published",
        },
        geometry=place[named],
        crs=crs,
    )
    return gpd.GeoDataFrame(pd.concat([frame, near], ignore_index=True), crs=crs)


def _places(figures: Figures, land: Shapes, crs: CRS) -> Shapes:
    """Return the land within 800 m of the station that each district's plan is named after."""
    found = np.full(len(figures), None, dtype=object)
    if not figures.has("planned_place"):
        return found
    stations = figures.stations.drop_duplicates("name").set_index("name")
    dry = shapely.union_all(land)
    for i, name in enumerate(figures.districts["planned_place"]):
        if isinstance(name, str) and name in stations.index:
            at = gpd.GeoSeries.from_xy(*stations.loc[[name], ["lon", "lat"]].to_numpy().T, crs=4326)
            round_it = at.to_crs(crs).buffer(REACH).iloc[0]
            found[i] = common(round_it, dry)[0]
    return found


def ownership(figures: Figures, land: Shapes, crs: CRS) -> gpd.GeoDataFrame | None:
    """Return the main type of owner where one is published, over the land of its district.

    Where owners are known to be few, they stand as one; else the owner is not named. Few owners of
    a place with a station own what lies round it, whatever is said of the districts there.
    """
    if not figures.has("owner_class"):
        return None
    table = figures.districts
    told = table["owner_class"].notna().to_numpy()
    few = table["few_owners"].eq("yes") if "few_owners" in table.columns else table["id"].eq("")
    shapes = land.copy()
    for i, place in enumerate(_places(figures, land, crs)):
        if place is not None and few.iloc[i]:
            shapes = without(shapes, place)
            shapes[i] = shapely.union(shapes[i], place)
    frame = gpd.GeoDataFrame(
        {
            "owner_class": table["owner_class"],
            "owner_id": ("few owners in " + table["id"]).where(few, None),
        },
        geometry=shapes,
        crs=crs,
    )
    return frame[told].reset_index(drop=True)
