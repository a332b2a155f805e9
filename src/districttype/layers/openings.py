"""Years in which stations opened: timetables do not tell them, published figures do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from districttype.city import City
from districttype.layers.layer import Layer
from districttype.layers.schema import STATION_MODES
from districttype.sources.figures import load_figures
from districttype.sources.figures.points import stations

REACH = 600.0  # metres between a station's place in a timetable and in the figures


def with_opening_years(stops: Layer, city: City) -> Layer:
    """Fill the opening years that stops lack from the nearest station of their mode.

    Parameters
    ----------
    stops
        The layer `stops`.
    city
        Names the figures that hold the stations; without figures nothing is filled.
    """
    if city.figures is None:
        return stops
    frame = stops.select().copy()
    known = stations(load_figures(city.figures, city.beside("")), frame.crs)
    known = known[known["opened"].notna()]
    filled = 0
    for mode in STATION_MODES:
        of_mode = known[known["mode"] == mode]
        lacking = np.flatnonzero(frame["mode"].eq(mode) & frame["opened"].isna())
        if of_mode.empty or not len(lacking):
            continue
        tree = shapely.STRtree(of_mode.geometry.to_numpy())
        stop, station = tree.query_nearest(
            frame.geometry.to_numpy()[lacking], max_distance=REACH, all_matches=False
        )
        rows = lacking[stop]
        frame.loc[frame.index[rows], "opened"] = of_mode["opened"].to_numpy(float)[station]
        filled += len(rows)
    if not filled:
        return stops
    note = f"opening years of {filled} stations from published figures"
    first, *others = stops.provenance
    noted = first.model_copy(update={"notes": [*first.notes, note]})
    return replace(stops, frame=frame, laid=None, provenance=(noted, *others))
