"""Single spaces: stations, parking, empty premises, schools and the like, taken from the layers."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from districttype.focus.catalogue import Catalogue, Found, SiteKind, load_catalogue
from districttype.focus.reasons import Lookup, Value, month_and_year, speak
from districttype.layers.layer import Layers
from districttype.layers.schema import columns
from districttype.planar import common
from districttype.provenance import State
from districttype.zones import Zones

SITE_COLUMNS = (
    "zone_id", "solution", "kind", "name", "reason", "layer", "area_m2", "approximate",
)  # fmt: skip
SAME_PLACE_M = 50.0
"""Finds of one kind closer than this, or of one name, are one place, as platforms of a station."""


def find_sites(
    zones: Zones,
    layers: Layers,
    focus: pd.DataFrame,
    catalogue: Catalogue | None = None,
) -> gpd.GeoDataFrame:
    """Find the single spaces in which a zone's solutions could begin.

    Only what a layer holds is named; a kind whose layer is absent is not looked for.

    Parameters
    ----------
    focus
        What `recommend` returned for `zones`: only its zone × solution pairs get sites.
    catalogue
        Its `sites` say what to look for; the packaged one where not given.

    Returns
    -------
    One row per zone × solution × site, a point inside the zone in the city's CRS: `kind` is an id
    of `catalogue.sites`, `name` the name in the data or None, `reason` a `Message`, `layer` where
    it was found, `area_m2` its area inside the zone where it is a polygon, `approximate` where the
    layer says that its position is, or where every place in it is reconstructed from figures; the
    reason says so, too.
    """
    catalogue = catalogue or load_catalogue()
    listed = focus[["zone_id", "solution"]].drop_duplicates()
    tables = []
    for key, kind in catalogue.sites.items():
        places = _places(kind, zones, layers)
        if places.empty:
            continue
        places["kind"] = key
        pairs = listed[listed["solution"].isin(list(kind.why))]
        table = places.merge(pairs, on="zone_id", how="inner")
        table["reason"] = [
            speak(
                kind.facts,
                _lookup(row),
                kind.why[row["solution"]],
                catalogue.notes.get(row["note"]),
                otherwise=kind.name,
            )
            for row in table.to_dict("records")
        ]
        tables.append(table)
    shown = [*SITE_COLUMNS, "geometry"]
    if not tables:
        empty = {name: pd.Series([], dtype=object) for name in shown}
        return gpd.GeoDataFrame(empty, geometry="geometry", crs=zones.frame.crs)
    order = {zone: n for n, zone in enumerate(zones.ids)}
    found = pd.concat(tables, ignore_index=True)
    found = found.sort_values("zone_id", key=lambda ids: ids.map(order), kind="stable")
    return gpd.GeoDataFrame(
        found[shown].reset_index(drop=True), geometry="geometry", crs=zones.frame.crs
    )


def _places(kind: SiteKind, zones: Zones, layers: Layers) -> pd.DataFrame:
    """Return the places of a kind: the largest of each zone, each place once."""
    tables = [
        _cut(rows, found, zones, invented=_is_invented(found.layer, layers))
        for found in kind.found
        if (rows := layers.select(found.layer, where=found.where)) is not None and len(rows)
    ]
    if not tables:
        return pd.DataFrame()
    places = pd.concat(tables, ignore_index=True)
    places = places.sort_values("area_m2", ascending=False, kind="stable", na_position="last")
    kept = [_distinct(group, kind.most) for _, group in places.groupby("zone_id", sort=False)]
    return pd.concat(kept, ignore_index=True) if kept else places


def _is_invented(layer: str, layers: Layers) -> bool:
    """Tell whether the places of a layer are made up from figures, none of them exact."""
    embedded = any(part.state is State.EMBEDDED for part in layers[layer].provenance)
    return embedded and "approximate" not in columns(layer)


def _cut(rows: gpd.GeoDataFrame, found: Found, zones: Zones, *, invented: bool) -> pd.DataFrame:
    """Cut the rows of a layer at the zones, and put a point on the surface of each part."""
    shapes, areas = rows.geometry.to_numpy(), zones.frame.geometry.to_numpy()
    row, zone = shapely.STRtree(areas).query(shapes, predicate="intersects")
    parts = common(shapes[row], areas[zone])
    flat = shapely.get_dimensions(parts) == 2
    # A polygon that only touches a zone leaves a line or a point of itself there: not a place.
    keep = flat | (shapely.get_dimensions(shapes[row]) < 2)
    keep &= ~flat | (shapely.area(parts) >= max(found.at_least_m2, 1.0))
    if found.at_least_m2:
        keep &= flat
    row, zone, parts, flat = row[keep], zone[keep], parts[keep], flat[keep]
    points = shapely.point_on_surface(parts)
    inside = shapely.covers(areas[zone], points)
    taken = rows.iloc[row]
    approximate = _column(taken, "approximate") == True  # noqa: E712 - null is not True
    notes = np.array(["", "approximate"], dtype=object)[approximate.astype(int)]
    table = pd.DataFrame(
        {
            "zone_id": zones.ids.to_numpy()[zone],
            "name": _column(taken, "name"),
            "layer": found.layer,
            "area_m2": np.where(flat, shapely.area(parts), np.nan),
            "opened": _column(taken, "opened"),
            "capacity": _column(taken, "capacity"),
            "approximate": approximate | invented,
            "note": "reconstructed" if invented else notes,
            "shape": parts,
            "geometry": points,
        }
    )
    return table[inside]


def _column(rows: gpd.GeoDataFrame, name: str) -> NDArray[np.object_]:
    values = np.full(len(rows), None, dtype=object)
    if name in rows:
        known = rows[name].notna().to_numpy()
        values[known] = rows[name].to_numpy(dtype=object)[known]
    return values


def _distinct(places: pd.DataFrame, most: int) -> pd.DataFrame:
    """Keep each place of a zone once, the first of its finds, with whatever name it is known by."""
    shapes, names = places["shape"].to_numpy(), places["name"].to_numpy(dtype=object).copy()
    kept: list[int] = []
    for n, shape in enumerate(shapes):
        near = shapely.distance(shape, shapes[kept]) <= SAME_PLACE_M
        named = np.array([names[n] is not None and names[n] == names[k] for k in kept], dtype=bool)
        same = np.flatnonzero(near | named)
        if not len(same):
            kept.append(n)
        elif names[kept[same[0]]] is None:
            names[kept[same[0]]] = names[n]
    return places.assign(name=names).iloc[kept[:most]]


def _lookup(row: dict[str, Any]) -> Lookup:
    def find(name: str) -> Value | None:
        value = row.get(name)
        if value is None or value != value:  # noqa: PLR0124 - NaN is not equal to itself
            return None
        return month_and_year(float(value)) if name == "opened" else value

    return find
