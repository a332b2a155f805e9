"""Mobility: stops and stations within a walk, and how often they are served.

A stop is near within 400 m (five minutes), a station within 800 m (ten). A bus stop is frequent if
at least four buses leave its pole in the busiest hour, which is one in 15 minutes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import shapely

from districttype.indicators import residents, stock
from districttype.indicators.clusters import middles, pairs_within
from districttype.indicators.facts import Facts, Scene, codes, is_in, known_total, numbers, ratio
from districttype.indicators.land import class_shares, mapped_share, mean_on_land
from districttype.indicators.near import residents_share, shares
from districttype.indicators.zonal import Things
from districttype.indicators.zonal.overlaps import BoolArray, FloatArray, Shapes
from districttype.layers.schema import STATION_MODES

WALK_TO_STOP = 400.0
WALK_TO_STATION = 800.0
FREQUENT = 4  # departures in the busiest hour
YEARS_NEW = 5
PLATFORMS_APART = 500.0  # platforms of one name and mode so near are one station
NAMELESS_APART = 150.0
PUBLIC_TRANSPORT_ZONES = ("pedestrian", "intensive_transit", "transit")


def mobility(scene: Scene) -> dict[str, FloatArray]:
    """Return the indicators of stops, and of what else moves people."""
    facts = scene.facts
    stops, lying = facts.frame("stops"), scene.overlap("stops")
    peak, served = numbers(stops, "departures_peak_hour"), open_now(facts)
    frequent = served & is_in(stops, "mode", "bus") & (peak >= FREQUENT)
    points = stops.geometry.to_numpy()
    bus_silent = not (is_in(stops, "mode", "bus") & ~np.isnan(peak)).any()
    by_bus = shares(scene, "frequent_bus", points[frequent], WALK_TO_STOP)
    if bus_silent:
        by_bus = nowhere(scene, by_bus)
    departures = known_total(lying.select(served), peak)
    return {
        "stops_bus": lying.count(served & is_in(stops, "mode", "bus")),
        "stops_tram": np.where(
            lacking(facts, "tram", "light_rail"),
            np.nan,
            lying.count(served & is_in(stops, "mode", "tram", "light_rail")),
        ),
        **shares(scene, "stop", points[served], WALK_TO_STOP),
        **by_bus,
        "minutes_to_centre": mean_on_land(scene, "travel_times", "minutes"),
        "departures_per_hour": np.where(np.isnan(peak).all(), np.nan, departures),
        **_counts(scene),
        "parking_m2_per_floor_m2": _parking_per_floor(scene),
    }


def rail(scene: Scene) -> dict[str, FloatArray]:
    """Return the indicators of stations."""
    facts = scene.facts
    points = facts.frame("stops").geometry.to_numpy()[open_now(facts) & is_station(facts)]
    found = {
        "stations": scene.among(facts.once(stations)).count(),
        **shares(scene, "station", points, WALK_TO_STATION),
    }
    return nowhere(scene, found) if lacking(facts, *STATION_MODES) else found


def nowhere(scene: Scene, found: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return the same indicators, missing in every zone."""
    return {name: np.full(len(scene), np.nan) for name in found}


def lacking(facts: Facts, *modes: str) -> bool:
    """Tell whether the stops of any of these modes are not in the data, though the city has some.

    What is counted without them would be too little.
    """
    layer = facts.layers.tables.get("stops")
    return layer is not None and not layer.lacks.isdisjoint(modes)


def open_now(facts: Facts) -> BoolArray:
    """Tell which stops are served; one of unknown opening is."""
    return ~(numbers(facts.frame("stops"), "opened") > facts.layers.as_of.year)


def new_stations(facts: Facts) -> Shapes:
    """Return the stations opened in the last five years, or to be opened."""
    stops = facts.frame("stops")
    new = numbers(stops, "opened") >= facts.layers.as_of.year - YEARS_NEW
    return np.asarray(stops.geometry.to_numpy()[new & is_station(facts)])


def is_station(facts: Facts) -> BoolArray:
    """Tell which stops are of rail, metro, light rail or tram."""
    return is_in(facts.frame("stops"), "mode", *STATION_MODES)


def stations(facts: Facts) -> Things:
    """Return one point a station: its platforms of one mode and name, put together."""
    stops = facts.frame("stops")[is_station(facts) & open_now(facts)]
    xy = shapely.get_coordinates(stops.geometry.to_numpy())
    named = stops["name"].fillna("").to_numpy(dtype=str)
    mode = codes(stops, "mode", STATION_MODES)
    pairs = pairs_within(xy, PLATFORMS_APART)
    apart = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    same = (mode[pairs[:, 0]] == mode[pairs[:, 1]]) & (named[pairs[:, 0]] == named[pairs[:, 1]])
    pairs = pairs[same & ((named[pairs[:, 0]] != "") | (apart <= NAMELESS_APART))]
    return Things.of(shapely.points(middles(xy, pairs)), where="stations")


def _counts(scene: Scene) -> dict[str, FloatArray]:
    services, sites = scene.facts.frame("services"), scene.facts.frame("energy_sites")
    places, energy = scene.overlap("services"), scene.overlap("energy_sites")
    parking = is_in(services, "class", "parking")
    return {
        "bike_share_stations": places.count(is_in(services, "class", "bike_share")),
        "car_share_places": places.count(is_in(services, "class", "car_share")),
        "charging_points": energy.count(is_in(sites, "kind", "charging")),
        "parking_places": places.total(np.where(parking, numbers(services, "capacity"), np.nan)),
    }


def _parking_per_floor(scene: Scene) -> FloatArray:
    floor = scene.once(stock.in_zones).total(scene.facts.once(stock.stock).floor)
    return ratio(mapped_share(scene, "land_use", ("parking",)) * scene.land_area, floor)


def transit_zones(scene: Scene) -> dict[str, FloatArray]:
    """Return the shares of land in the zones of a published zoning of the urban structure."""
    share = class_shares(scene, "transit_zones")
    return {
        **{f"transit_zone_{name}_share": share[name] for name in share},
        "public_transport_zone_share": mapped_share(scene, "transit_zones", PUBLIC_TRANSPORT_ZONES),
        "residents_in_public_transport_zone_share": residents_share(
            scene, scene.facts.once(_served_homes)
        ),
    }


def _served_homes(facts: Facts) -> BoolArray:
    """Tell for each piece where residents are whether a zone of public transport covers it."""
    spots = facts.once(residents.spots)
    served = np.zeros(len(spots), dtype=bool)
    zones = facts.frame("transit_zones")
    public = zones.geometry.to_numpy()[is_in(zones, "class", *PUBLIC_TRANSPORT_ZONES)]
    served[shapely.STRtree(public).query(spots, predicate="intersects")[0]] = True
    return served
