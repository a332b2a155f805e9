"""Places as zones: the names people use, drawn as the union of the zones they mean."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd
import shapely

from districttype.places import name_columns
from districttype.zones.base import Zones

PLACES = "places"  # the name of the zone set

_ROUNDING = 1e-9  # of an area: less overlap is none


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
        zone_id and name are the place's first name; None where no place has several zones. A place
        of which a zone is not in the run is left out: the rest of it would be another place.
    """
    rows, shapes, land, land_m2 = [], [], [], []
    names = name_columns(places)
    for _, place in places.iterrows():
        zones = made.get(place["zone_set"])
        members = None if zones is None else _members(zones, place["zones"])
        if zones is None or members is None or len(members) < 2:
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
        drawn = zones.land.loc[members]
        land.append(shapely.union_all(drawn.to_numpy()))
        stated = float(zones.land_m2.loc[members].sum())
        # Surroundings of stations overlap; what is published stands for what is drawn of it.
        overlap = 1 - land[-1].area / max(float(drawn.area.sum()), 1.0)
        land_m2.append(stated * (1 - overlap) if overlap > _ROUNDING else stated)
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


def _members(zones: Zones, listed: str) -> list[str] | None:
    """Return the ids of zones listed by id or by name; None where one of them is not there."""
    by_name = dict(zip(zones.frame["name"], zones.ids, strict=True))
    found = [one if one in zones.ids else by_name.get(one) for one in listed.split(";") if one]
    members = [str(one) for one in dict.fromkeys(found) if one is not None]
    return None if None in found else members
