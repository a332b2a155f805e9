"""How one gets away from a zone without a car, if at all."""

from __future__ import annotations

from districttype.i18n import N_
from districttype.typology.facet import Facet, Rule

MOBILITY = Facet(
    name="mobility",
    reads=(
        "near_new_station_share",
        "near_station_share",
        "near_frequent_bus_share",
        "near_stop_share",
    ),
    coverage="coverage_stops",
    silent=N_("mobility is unknown: stops are known, but not how often they are served"),
    rules=(
        Rule(
            "station_new",
            lambda v, t: v["near_new_station_share"] >= t["station_share"],
            N_(
                "new station: {near_new_station_share_pct} lies within 800 m of a station opened "
                "in the last five years or planned; the label begins at {cut_station_share_pct}"
            ),
        ),
        Rule(
            "station",
            lambda v, t: v["near_station_share"] >= t["station_share"],
            N_(
                "station: {near_station_share_pct} lies within 800 m of a station; the label "
                "begins at {cut_station_share_pct}"
            ),
        ),
        Rule(
            "frequent_bus",
            lambda v, t: v["near_frequent_bus_share"] >= t["bus_share"],
            N_(
                "frequent bus: {near_frequent_bus_share_pct} is served by frequent buses; the "
                "label begins at {cut_bus_share_pct}"
            ),
        ),
        Rule(
            "car",
            lambda v, t: v["near_frequent_bus_share"] < t["bus_share"],
            N_(
                "car: only {near_frequent_bus_share_pct} is served by frequent buses and "
                "{near_station_share_pct} by a station"
            ),
        ),
        Rule(
            "car",
            lambda v, t: v["near_stop_share"] < t["bus_share"],
            N_("car: only {near_stop_share_pct} lies within 400 m of any stop"),
        ),
    ),
)  # fmt: skip
