"""Places as zones: the names people use, drawn as the union of the zones they mean."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd
import shapely

from districttype.places import name_columns
from districttype.zones.base import Zones

PLACES = "places"  # the name of the zone set


def make_places(places: pd.DataFrame, made: Mapping[str, Zones]) -> Zones | None:
    """Make a zone set of the places that are more than one zone; one zone needs no second.

    Parameters
    ----------
    places
        The gazetteer (`districttype.places.load_places`); zones are named by id or by name.
    made
        The zone sets of the run.

    Returns
    -------
    Zones or None
        zone_id and name are the place's first name; None where no place has several zones.
    """
    rows, shapes, land, land_m2 = [], [], [], []
    names = name_columns(places)
    for _, place in places.iterrows():
        zones = made.get(place["zone_set"])
        members = [] if zones is None else [z for z in place["zones"].split(";") if z in zones.ids]
        if zones is None or len(members) < 2:
            continue
        rows.append(
            {
                "zone_id": place[names[0]],
                "name": place[names[0]],
                "name_sv": place.get("name_sv") or None,
                "name_latin": None,
                "parent": None,
            }
        )
        shapes.append(shapely.union_all(zones.frame.geometry.loc[members].to_numpy()))
        land.append(shapely.union_all(zones.land.loc[members].to_numpy()))
        land_m2.append(float(zones.land_m2.loc[members].sum()))
    if not rows:
        return None
    crs = next(iter(made.values())).frame.crs
    frame = gpd.GeoDataFrame(rows, geometry=shapes, crs=crs).set_index("zone_id")
    frame.index = frame.index.astype(object)  # as in every other zone set
    frame["name_latin"] = frame["name_latin"].astype(object)
    return Zones(
        PLACES,
        frame,
        gpd.GeoSeries(land, index=frame.index, crs=crs),
        pd.Series(land_m2, index=frame.index, name="land_m2"),
    )
