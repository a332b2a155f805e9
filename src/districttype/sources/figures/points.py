"""Stops: stations at their true places, and as many bus stops along streets as there are."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from districttype.sources.figures.frontage import Setting
from districttype.sources.figures.shapes import Floats, Ints, Shapes, apportion
from districttype.sources.figures.tables import WGS84, Figures


def station_xy(figures: Figures, crs: CRS) -> Floats:
    """Return the coordinates of the stations, (s, 2)."""
    to_crs = Transformer.from_crs(WGS84, crs, always_xy=True)
    table = figures.stations
    x, y = to_crs.transform(table["lon"].to_numpy(float), table["lat"].to_numpy(float))
    return np.column_stack([x, y])


def stations(figures: Figures, crs: CRS) -> gpd.GeoDataFrame:
    """Return the stations, also those outside every district; what is unnamed stays so."""
    table = figures.stations
    return gpd.GeoDataFrame(
        table[["mode", "name", "opened", "approximate"]].copy(),
        geometry=shapely.points(np.round(station_xy(figures, crs), 1)),
        crs=crs,
    )


def bus_stops(
    figures: Figures, land: Shapes, setting: Setting, floor: Floats
) -> tuple[Floats, Ints]:
    """Return bus stops at kerbs, (b, 2), and their districts; more of them where more is built.

    Parameters
    ----------
    figures
        `bus_stops` of every district.
    land
        (n,) land of the districts.
    setting
        Pieces and lots.
    floor
        (k,) floor area on each lot.
    """
    counts = np.rint(np.nan_to_num(figures.number("bus_stops"))).astype(np.int64)
    pieces, lots, piece = setting.pieces, setting.lots, setting.piece
    kerb = lots.kerb
    shapely.prepare(land)
    here = np.flatnonzero(shapely.contains_xy(land[lots.owner], kerb[:, 0], kerb[:, 1]))
    here = here[np.lexsort([piece[here], lots.owner[here]])]
    owner, xy, weight = lots.owner[here], kerb[here], 1.0 + floor[here] / 2000.0
    along = lots.along[here]
    # A district with stops but without streets has them in the middle of its pieces.
    bare = np.flatnonzero((counts > 0) & (np.bincount(owner, minlength=len(counts)) == 0))
    extra = np.flatnonzero(np.isin(pieces.owner, bare))
    owner = np.append(owner, pieces.owner[extra])
    xy, along = np.vstack([xy, pieces.xy[extra]]), np.vstack([along, np.zeros((len(extra), 2))])
    weight = np.append(weight, pieces.area[extra])
    order = np.argsort(owner, kind="stable")
    owner, xy, along, weight = owner[order], xy[order], along[order], weight[order]
    times = apportion(counts, owner, weight)
    one = np.repeat(np.arange(len(owner)), times)
    step = np.arange(len(one)) - np.repeat(np.cumsum(times) - times, times)
    return np.round(xy[one] + along[one] * 3.0 * step[:, None], 1), owner[one]


def stops(figures: Figures, crs: CRS, buses: Floats) -> gpd.GeoDataFrame:
    """Return all stops; departures are not known."""
    of_buses = gpd.GeoDataFrame(
        {"mode": ["bus"] * len(buses)}, geometry=shapely.points(buses), crs=crs
    )
    known = stations(figures, crs)
    of_buses = of_buses.reindex(columns=known.columns)
    of_buses["approximate"] = True
    parts = [part.astype({"name": object, "opened": float}) for part in (known, of_buses)]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=crs)
