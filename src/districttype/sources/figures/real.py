"""Published figures put on real districts: each row counts in the district that holds its point."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districttype.errors import ConfigError
from districttype.sources.figures.shapes import Bools, Ints
from districttype.sources.figures.tables import AMOUNTS, SHARES, WGS84, Figures

NAMES: Final = ("name", "name_sv", "name_latin", "parent")
PLANS: Final = ("reserve_m2", "planned_floor_m2", "planned_residents")
MEANS: Final = ("density_met_per_ha", *SHARES)  # not to be added up; weighted by land


def onto(figures: Figures, districts: gpd.GeoDataFrame) -> tuple[Figures, Bools, int]:
    """Put figures on districts that came from elsewhere, in their borders and with their names.

    Amounts of several rows in one district are added, where all of them are known; shares and
    densities averaged by land. What was published of a single row (owners, plans) is left out: it
    may not be true of more.

    Parameters
    ----------
    figures
        Figures whose rows have a point (lon and lat), or polygons.
    districts
        Canonical districts in a metric CRS.

    Returns
    -------
    (Figures, (n,) bool, int)
        One row a district, in their order, with its polygon; whether any figure is of it; and how
        many rows lie in no district.

    Raises
    ------
    ConfigError
        If no point lies in any district.
    """
    row = _holders(figures, districts)
    inside = row >= 0
    if not inside.any():
        raise ConfigError(
            "none of the figures lies in any of the districts",
            where=figures.origin.name,
            todo="name the figures of this city, or check the districts' coordinate system",
        )
    table = figures.districts[inside]
    land = table["land_km2"]
    holder = pd.Series(row[inside], index=table.index)
    made: dict[str, pd.Series] = {}
    told = table.columns.intersection([*AMOUNTS, *MEANS]).difference(["land_km2", *PLANS])
    for name in told:
        if name in MEANS:
            weight = land.where(table[name].notna())
            total = (table[name] * weight).groupby(holder).sum(min_count=1)
            made[name] = total / weight.groupby(holder).sum(min_count=1)
        else:
            # Of a row that is not known the district has some too: the others are no sum of it.
            made[name] = table[name].groupby(holder).sum(skipna=False)
    numbers = pd.DataFrame(made).reindex(range(len(districts)))
    kept = pd.DataFrame(
        {
            "id": districts["zone_id"].to_numpy(),
            **{name: districts[name].to_numpy() for name in NAMES},
            "land_km2": districts.area.to_numpy() / 1e6,
        }
    )
    held = np.isin(np.arange(len(districts)), row)
    polygons = districts.geometry.to_crs(WGS84).reset_index(drop=True)
    placed = replace(
        figures, districts=kept.join(numbers), outline=None, polygons=gpd.GeoSeries(polygons)
    )
    return placed, held, int((~inside).sum())


def _holders(figures: Figures, districts: gpd.GeoDataFrame) -> Ints:
    """Return the row of the district in which each row of the figures lies (-1: in none)."""
    if figures.polygons is not None:
        points = gpd.GeoSeries(shapely.point_on_surface(figures.polygons.to_numpy()), crs=WGS84)
    else:
        points = gpd.GeoSeries.from_xy(figures.number("lon"), figures.number("lat"), crs=WGS84)
    tree = shapely.STRtree(districts.geometry.to_numpy())
    point, district = tree.query(points.to_crs(districts.crs).to_numpy(), predicate="intersects")
    row = np.full(len(figures), -1, dtype=np.int64)
    row[point[::-1]] = district[::-1]  # of districts that overlap the first
    return row
