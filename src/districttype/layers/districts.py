"""Districts out of OpenStreetMap: administrative areas, else places, else squares.

Levels mean other things in other countries, so each is asked in turn; the first that gives enough
named areas on enough of the territory is taken, whatever its number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districttype.errors import ConfigError, EmptyResultError
from districttype.planar import common

LEVELS = (10, 9, 11, 8, 7, 6)  # finest that is usual for a part of a city first
LEAST, LEAST_SHARE = 4, 0.7
PLACES = ("borough", "suburb", "quarter", "neighbourhood", "town", "village", "hamlet")
KEEP = (
    "admin_level", "boundary", "place", "name", "name:sv", "name:en", "int_name", "ref", "type",
)  # fmt: skip
SQUARE = 1000.0
REACH = 500.0  # how far from its points a district of points reaches
INSIDE = 0.5  # share of an area that must lie in the territory, or in another area, to belong to it


def find_districts(
    frame: gpd.GeoDataFrame,
    changes: Counter[str],
    notes: list[str],
    *,
    levels: Sequence[int] = (),
    boundary: str = "",
    extent: shapely.Geometry | None = None,
) -> gpd.GeoDataFrame:
    """Find the districts of a territory.

    The territory is the area named `boundary`; without that name, the smallest area of a lower
    level that holds nearly all of the districts. Unnamed areas, and areas that lie in another of
    their level, are set aside and counted; overlap and gaps are noted.

    Parameters
    ----------
    frame
        Areas with `admin_level`, areas and points with `place`, metric CRS.
    changes, notes
        Get what was set aside, and what a reader must know.
    levels
        Levels to ask, in this order; by default those that are usual for parts of cities.
    boundary
        Name of the municipality's area.
    extent
        Area the extract says it is complete in, for want of a territory.

    Raises
    ------
    EmptyResultError
        If there is neither a level, nor places, nor an area to lay squares over.
    ConfigError
        If no area is named `boundary`.
    """
    areal = shapely.get_dimensions(frame.geometry.to_numpy()) == 2
    admin = frame[areal & frame["admin_level"].notna() & frame["boundary"].eq("administrative")]
    level = pd.to_numeric(admin["admin_level"], errors="coerce")
    territory = _named(admin, level, boundary) if boundary else None
    for wanted in levels or LEVELS:
        areas = admin[level.eq(wanted).to_numpy()]
        if boundary and territory is not None:
            areas = areas[_inside(areas, territory.geometry)]
        named, aside = _sound(areas)
        if len(named) < LEAST:
            continue
        union = shapely.union_all(named.geometry.to_numpy())
        whole = territory if boundary else _holder(admin, level < wanted, union)
        share = None if whole is None else _share(union, whole.geometry)
        if share is not None and share < LEAST_SHARE:
            continue
        changes.update(aside)
        notes.append(_about(named, union, f"areas of level {wanted}", whole, share))
        return _table(named)
    return _places(frame, areal, territory, extent, changes, notes)


def _named(admin: gpd.GeoDataFrame, level: pd.Series, name: str) -> pd.Series:
    found = admin[admin["name"].eq(name)]
    if found.empty:
        have = ", ".join(sorted(set(admin.loc[level <= 8, "name"].dropna()))[:8])
        raise ConfigError(
            f"no administrative area is named {name!r} and whole in the extract",
            where="boundary",
            todo=f"areas there: {have or 'none'}",
        )
    return found.loc[level[found.index].idxmin()]


def _holder(
    admin: gpd.GeoDataFrame, higher: pd.Series, union: shapely.Geometry
) -> pd.Series | None:
    """Return the smallest area of a lower level that holds nearly all of the districts."""
    areas = admin[higher.to_numpy()]
    held = shapely.area(common(areas.geometry.to_numpy(), union)) / union.area
    areas = areas[held >= 0.9]
    return None if areas.empty else areas.iloc[int(areas.area.to_numpy().argmin())]


def _inside(areas: gpd.GeoDataFrame, territory: shapely.Geometry) -> np.ndarray:
    shapes = areas.geometry.to_numpy()
    return np.asarray(shapely.area(common(shapes, territory)) >= INSIDE * shapely.area(shapes))


def _sound(areas: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, Counter[str]]:
    """Set aside areas without a name, and areas most of which lies in a larger one beside them."""
    aside: Counter[str] = Counter()
    named = areas[areas["name"].notna()]
    aside["unnamed areas set aside"] = len(areas) - len(named)
    named = named.iloc[np.argsort(-named.area.to_numpy(), kind="stable")]
    shapes = named.geometry.to_numpy()
    small, large = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    below = small > large
    small, large = small[below], large[below]
    held = shapely.area(common(shapes[small], shapes[large]))
    doubled = np.zeros(len(named), bool)
    doubled[small[held >= INSIDE * shapely.area(shapes[small])]] = True
    aside["areas that lie in another of their level set aside"] = int(doubled.sum())
    return named[~doubled].sort_index(), +aside


def _share(union: shapely.Geometry, territory: shapely.Geometry) -> float:
    return float(common(union, territory)[0].area / territory.area)


def _about(
    named: gpd.GeoDataFrame,
    union: shapely.Geometry,
    what: str,
    whole: pd.Series | None,
    share: float | None,
) -> str:
    overlap = max(shapely.area(named.geometry.to_numpy()).sum() - union.area, 0.0) / 1e6
    said = f"districts are the {len(named)} named {what}; they overlap on {overlap:.2f} km²"
    if whole is None or share is None:
        return f"{said}; no boundary that holds them is whole in the extract"
    gap = max(whole.geometry.area - common(union, whole.geometry)[0].area, 0.0) / 1e6
    return (
        f"{said} and cover {share:.1%} of {whole['name'] or 'their territory'}, "
        f"which leaves {gap:.2f} km²"
    )


def _table(named: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    ref = named["ref"]
    good = bool(ref.notna().all() and ref.is_unique)
    latin = named["name:en"].where(named["name:en"].notna(), named["int_name"])
    return gpd.GeoDataFrame(
        {
            "zone_id": (ref if good else named["osm_id"]).astype(str),
            "name": named["name"],
            "name_sv": named["name:sv"],
            "name_latin": latin,
        },
        geometry=named.geometry,
        crs=named.crs,
    )


def _places(
    frame: gpd.GeoDataFrame,
    areal: np.ndarray,
    territory: pd.Series | None,
    extent: shapely.Geometry | None,
    changes: Counter[str],
    notes: list[str],
) -> gpd.GeoDataFrame:
    """Take areas of places, else what is nearest to each place's point, else squares."""
    place = frame["place"].isin(PLACES) & frame["name"].notna()
    whole = territory.geometry if territory is not None else extent
    named, aside = _sound(frame[place & areal])
    if len(named) >= LEAST:
        union = shapely.union_all(named.geometry.to_numpy())
        share = None if whole is None else _share(union, whole)
        if share is None or share >= LEAST_SHARE:
            changes.update(aside)
            notes.append(_about(named, union, "places", territory, share))
            return _table(named)
    points = frame[place & ~areal]
    points = points[~points.geometry.duplicated()]
    if whole is not None:
        points = points[shapely.covers(whole, points.geometry.to_numpy())]
    if len(points) >= LEAST:
        whole = whole or shapely.convex_hull(shapely.union_all(points.geometry.to_numpy()))
        notes.append(
            f"no level of administrative areas is complete: districts are what is nearest to the "
            f"points of {len(points)} places"
        )
        return _table(_nearest(points, whole))
    if whole is None:
        raise EmptyResultError(
            f"no level has {LEAST} named areas on {LEAST_SHARE:.0%} of a territory, and there are "
            "no places",
            todo="name a file of districts",
        )
    notes.append("neither administrative areas nor places: districts are squares of 1 km")
    return _squares(whole, frame.crs)


def _nearest(points: gpd.GeoDataFrame, whole: shapely.Geometry) -> gpd.GeoDataFrame:
    cells = shapely.voronoi_polygons(
        shapely.multipoints(points.geometry.to_numpy()), extend_to=whole, ordered=True
    )
    cut = common(shapely.get_parts(cells), whole)
    kept = points.set_geometry(gpd.GeoSeries(cut, index=points.index, crs=points.crs))
    return kept[shapely.area(cut) > 0]


def from_points(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the areas of districts of which only points are known, such as addresses.

    A district is what lies nearest to one of its points and within 500 m of it.

    Parameters
    ----------
    frame
        Points with zone_id, in a metric CRS.
    """
    points = frame[~frame.geometry.duplicated()]
    reach = shapely.union_all(shapely.buffer(points.geometry.to_numpy(), REACH, quad_segs=4))
    whole = shapely.buffer(shapely.buffer(reach, REACH, quad_segs=4), -REACH, quad_segs=4)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(
            shapely.multipoints(points.geometry.to_numpy()), extend_to=whole, ordered=True
        )
    )
    # Of a single point GEOS makes no cell; all that is near is nearest to it.
    cells = cells if len(cells) else np.array([whole], dtype=object)
    near = points.set_geometry(gpd.GeoSeries(cells, index=points.index, crs=points.crs))
    areas = near.dissolve("zone_id", as_index=False, sort=False, method="coverage")
    return areas.set_geometry(
        gpd.GeoSeries(common(areas.geometry.to_numpy(), whole), areas.index, crs=areas.crs)
    )


def _squares(whole: shapely.Geometry, crs: object) -> gpd.GeoDataFrame:
    west, south, east, north = np.asarray(whole.bounds) // SQUARE * SQUARE
    x, y = np.meshgrid(
        np.arange(west, east + SQUARE, SQUARE), np.arange(south, north + SQUARE, SQUARE)
    )
    corners = np.column_stack([x.ravel(), y.ravel()])
    shapes = common(shapely.box(*corners.T, *(corners + SQUARE).T), whole)
    keep = shapely.area(shapes) > 0
    names = [f"E{a:.0f}N{b:.0f}" for a, b in corners[keep] / SQUARE]
    return gpd.GeoDataFrame(
        {"zone_id": names, "name": names, "name_sv": None, "name_latin": None},
        geometry=shapes[keep],
        crs=crs,
    )
