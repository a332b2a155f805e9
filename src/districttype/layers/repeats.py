"""What comes more than once, so that it is counted once: districts, buildings, cells of a grid."""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districttype.errors import SchemaError
from districttype.planar import common

# Columns that are added up over ground, of which no ground may have two rows.
TOLD_ONCE = {
    "residents": ("residents", "jobs", "residents_before"),
    "built_up": ("built_m2", "built_before_m2"),
    "plans": (),  # which may follow each other on one ground
}
# Published land may exceed a generalised outline, but not by so much: then it is no km².
MOST_LAND = 5.0
APART = "buildings that share an id kept apart"
MARK = r"~\d+$"  # of an id that occurs again


def whole_districts(table: gpd.GeoDataFrame, changes: Counter[str]) -> gpd.GeoDataFrame:
    """Make one row a district of what may come in several.

    Where the rows of a district state different land areas, nothing tells whether they are of
    parts or of two years: then land is left to be measured.

    Raises
    ------
    SchemaError
        If an id or a name is nowhere, if districts of different names share an id, or if land is
        stated in another unit than km².
    """
    missing = [name for name in ("zone_id", "name") if name not in table.columns]
    if missing:
        raise SchemaError(
            f"nothing says which column is {' and '.join(missing)}",
            where="columns",
            todo="write columns = { zone_id = '...', name = '...' }",
        )
    lost = table["zone_id"].isna() | table["name"].isna()
    changes["districts without an id or a name dropped"] += int(lost.sum())
    table = table[~lost]
    again = table["zone_id"].duplicated()
    if again.any():
        changes["parts of districts joined"] += int(again.sum())
        parts = table.groupby("zone_id", sort=False)
        _refuse_two_names(table, parts["name"].nunique())
        if "land_km2" in table.columns:
            stated = parts["land_km2"].transform("nunique", dropna=False)
            table = table.assign(land_km2=table["land_km2"].where(stated == 1))
        table = table.dissolve("zone_id", as_index=False, sort=False)
    if "land_km2" in table.columns:
        _refuse_other_units(table)
    return table


def _refuse_two_names(table: gpd.GeoDataFrame, names: pd.Series) -> None:
    if (names > 1).any():
        zone_id = names.index[names > 1][0]
        called = table.loc[table["zone_id"] == zone_id, "name"].unique()
        raise SchemaError(
            f"the id {zone_id} is that of {' and of '.join(called[:3])}",
            where="columns",
            todo="name a column as zone_id whose values are different in every district",
        )


def _refuse_other_units(table: gpd.GeoDataFrame) -> None:
    km2 = table.area.to_numpy() / 1e6
    wrong = np.flatnonzero(table["land_km2"].to_numpy(dtype=float) > MOST_LAND * km2)
    if len(wrong):
        zone_id, stated = table[["zone_id", "land_km2"]].iloc[wrong[0]]
        raise SchemaError(
            f"land_km2 of {zone_id} is {stated:g} where its area is {km2[wrong[0]]:.2f} km²",
            where="columns",
            todo="give it in square kilometres, or leave it out: then it is measured",
        )


def each_building_once(table: gpd.GeoDataFrame, changes: Counter[str]) -> gpd.GeoDataFrame:
    """Make one row a building of rows that share an id.

    Of rows on the same ground the first counts. Rows of which the same is stated are parts of one
    building: its ground is all of theirs, and what is stated of it counts once. Rows of which
    something else is stated are other buildings, as where an id is that of a plot: they are kept,
    with ids marked as `mark_repeats` does.

    Parameters
    ----------
    table
        Buildings as their provider states them, before floor area is derived of their ground.
    """
    if "building_id" not in table.columns:
        return table
    shared = table["building_id"].notna() & table["building_id"].duplicated(keep=False)
    if not shared.any():
        return table
    some = table[shared]
    drawn = _drawn_before(some)
    changes["buildings of an id that was there already dropped"] += int(drawn.sum())
    some = some[~drawn]
    stated = pd.util.hash_pandas_object(_as_text(some), index=False)
    part = stated.duplicated()
    changes["parts of buildings joined"] += int(part.sum())
    ground = some.geometry.groupby(stated.to_numpy()).agg(shapely.union_all)
    several = ~part & stated.duplicated(keep=False)
    some = some.set_geometry(some.geometry.where(~several, stated.map(ground)))[~part]
    other = some["building_id"].duplicated()
    changes[APART] += int(other.sum())
    made = pd.concat([table[~shared], some]).sort_index(kind="stable")
    return made.assign(building_id=mark_repeats(made["building_id"]))


def _drawn_before(rows: gpd.GeoDataFrame) -> np.ndarray:
    """Say which rows lie mostly on ground that an earlier row of their id has."""
    shapes, ids = rows.geometry.to_numpy(), rows["building_id"].to_numpy()
    later, earlier = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    same = (later > earlier) & (ids[later] == ids[earlier])
    later, earlier = later[same], earlier[same]
    held = shapely.area(common(shapes[later], shapes[earlier]))
    drawn = np.zeros(len(rows), dtype=bool)
    drawn[later[held > 0.5 * shapely.area(shapes[later])]] = True
    return drawn


def mark_repeats(ids: pd.Series) -> pd.Series:
    """Mark ids that occur again: the second "7" becomes "7~1". What is null stays so."""
    again = ids.groupby(ids).cumcount().reindex(ids.index, fill_value=0)
    return ids.where(again == 0, ids + "~" + again.astype(str))


def ground_once(layer: str, table: gpd.GeoDataFrame, changes: Counter[str]) -> gpd.GeoDataFrame:
    """See to it that what is added up over ground is told of every ground once.

    Rows that are all alike are one. Points are left alone: households share an address.

    Raises
    ------
    SchemaError
        If rows tell the same ground different numbers, such as those of two years in one file.
    """
    areal = shapely.get_dimensions(table.geometry.to_numpy()) == 2
    if layer not in TOLD_ONCE or not areal.any():
        return table
    places = table.bounds.round(1).assign(m2=table.area.round())
    ground = pd.util.hash_pandas_object(places, index=False)
    twice = areal & _as_text(table).assign(ground=ground).duplicated()
    changes["rows that are twice in the file dropped"] += int(twice.sum())
    table, ground, areal = table[~twice], ground[~twice], areal[~twice]
    for name in TOLD_ONCE[layer]:
        if name in table.columns:
            again = int(ground[areal & table[name].notna()].duplicated().sum())
            if again:
                raise SchemaError(
                    f"{again} rows tell {name} of ground that another row tells it of",
                    where="where",
                    todo="keep one year of several, with where = 'year == 2024' or the like",
                )
    return table


def _as_text(table: gpd.GeoDataFrame) -> pd.DataFrame:
    plain: pd.DataFrame = table.drop(columns=table.geometry.name).astype("string").fillna("")
    return plain
