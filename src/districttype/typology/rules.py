"""The rules: per facet an ordered list, read like a sentence; the first that holds gives the label.

What a rule may see, and what happens where none holds, is told in `facet`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from districttype.i18n import N_
from districttype.typology.facet import BoolArray, Facet, Rule, Values


def _top(v: Values, *names: str) -> NDArray[np.float64]:
    return np.asarray(np.fmax.reduce(np.broadcast_arrays(*(v[name] for name in names))))


def _leads(v: Values, t: Values, use: str, *others: str) -> BoolArray:
    rest = _top(v, *others)
    return (v[use] >= t["majority_share"]) & (v[use] - rest >= t["majority_lead"])


def _within(value: NDArray[np.float64], t: Values, low: str, high: str) -> BoolArray:
    return (value >= t[low]) & (value < t[high])


def _rural(v: Values, t: Values) -> BoolArray:
    dense = v["dense_floor_share"] >= t["dense_floor_share"]
    return (v["rural_land_share"] >= t["rural_land_share"]) & ~dense


DENSITY = Facet(
    "density",
    ("dense_floor_share", "rural_land_share", "far", "floor_area_m2"),
    (
        Rule(
            "sparse",
            lambda v, t: v["floor_area_m2"] <= 0,
            N_("sparse: nothing is built here"),
        ),
        Rule(
            "dense",
            lambda v, t: v["dense_floor_share"] >= t["dense_floor_share"],
            N_(
                "dense: {dense_floor_share_pct} of the floor area lies in cells with a floor area "
                "ratio of 0.30 or more; dense begins at {cut_dense_floor_share_pct}"
            ),
        ),
        Rule(
            "sparse",
            lambda v, t: v["dense_floor_share"] < t["dense_floor_share"],
            N_(
                "sparse: {dense_floor_share_pct} of the floor area lies in cells with a floor area "
                "ratio of 0.30 or more; dense begins at {cut_dense_floor_share_pct}"
            ),
        ),
    ),
    (
        ("rural", _rural),
        ("low", lambda v, t: ~_rural(v, t) & (v["far"] < t["low_far"])),
        ("spacious", lambda v, t: ~_rural(v, t) & _within(v["far"], t, "low_far", "spacious_far")),
        (
            "compact",
            lambda v, t: ~_rural(v, t) & _within(v["far"], t, "spacious_far", "compact_far"),
        ),
        ("dense", lambda v, t: ~_rural(v, t) & (v["far"] >= t["compact_far"])),
    ),
)

DEVELOPMENT = Facet(
    "development",
    (
        "growth", "recent_share", "far", "change_land_share", "near_new_station_share",
        "brownfield_land_share", "greenfield_land_share", "planned_brownfield_share",
        "industry_share", "coverage_plans",
    ),
    (
        Rule(
            "new",
            lambda v, t: v["growth"] >= t["new_growth_ratio"],
            N_(
                "new construction: plans and sites under way add {growth_pct} to what is there; "
                "new begins at {cut_new_growth_ratio_pct}"
            ),
        ),
        Rule(
            "new",
            lambda v, t: v["recent_share"] >= t["new_recent_share"],
            N_(
                "new construction: {recent_share_pct} of the floor area is younger than ten years; "
                "new begins at {cut_new_recent_share_pct}"
            ),
        ),
        Rule(
            "new",
            lambda v, t: (
                (v["far"] < t["new_empty_far"]) & (v["change_land_share"] >= t["new_land_share"])
            ),
            N_(
                "new construction: {change_land_share_pct} of the land is a construction site or "
                "waits to be built, and little stands yet (floor area ratio {far})"
            ),
        ),
        Rule(
            "infill",
            lambda v, t: (
                (v["far"] >= t["new_empty_far"]) & (v["growth"] >= t["infill_growth_ratio"])
            ),
            N_(
                "infill: plans and sites under way add {growth_pct} to what is there; "
                "infill begins at {cut_infill_growth_ratio_pct}"
            ),
        ),
        Rule(
            "infill",
            lambda v, t: v["near_new_station_share"] >= t["new_station_share"],
            N_(
                "infill: {near_new_station_share_pct} lies within 800 m of a new or planned "
                "station; infill begins at {cut_new_station_share_pct}"
            ),
        ),
        Rule(
            "stable",
            lambda v, t: np.isfinite(v["growth"]) & (v["coverage_plans"] >= t["plans_known"]),
            N_(
                "neither infill nor new: plans and sites under way add {growth_pct} to what is "
                "there"
            ),
        ),
    ),
    (
        (
            "brownfield",
            lambda v, t: (
                (v["industry_share"] >= t["brownfield_share"])
                | (v["planned_brownfield_share"] >= t["brownfield_share"])
                | (v["brownfield_land_share"] > v["greenfield_land_share"])
            ),
        ),
        ("greenfield", lambda v, t: v["greenfield_land_share"] > 0),
    ),
)  # fmt: skip

_USES = ("housing_share", "work_share", "industry_share", "retail_share", "services_share")


def _campus_counts_with_offices(v: Values, t: Values) -> Values:
    """Count a campus with the places of work; a suburb's schools are services."""
    campus = np.where(v["campus_share"] >= t["campus_share"], v["campus_share"], 0.0)
    return {
        "work_share": v["offices_share"] + campus,
        "services_share": v["public_share"] - campus + v["leisure_share"],
    }


def _use_rule(label: str, share: str, reason: str) -> Rule:
    others = tuple(name for name in _USES if name != share)
    return Rule(label, lambda v, t: _leads(v, t, share, *others), reason)


USE = Facet(
    "use",
    (
        "housing_share", "offices_share", "industry_share", "retail_share", "public_share",
        "leisure_share", "campus_share", "far", "recreation_land_share",
    ),
    (
        Rule(
            "unbuilt",
            lambda v, t: v["far"] < t["unbuilt_far"],
            N_("unbuilt: the floor area ratio is {far_3}; built begins at {cut_unbuilt_far_3}"),
        ),
        _use_rule(
            "housing",
            "housing_share",
            N_("housing: homes hold {housing_share_pct} of the floor area"),
        ),
        _use_rule(
            "offices",
            "work_share",
            N_("offices: offices and campus hold {work_share_pct} of the floor area"),
        ),
        _use_rule(
            "industry",
            "industry_share",
            N_("industry: industry and storage hold {industry_share_pct} of the floor area"),
        ),
        Rule(
            "mixed",
            lambda v, t: np.isfinite(v["housing_share"]),
            N_(
                "mixed: homes {housing_share_pct}, offices {work_share_pct}, industry "
                "{industry_share_pct}, shops {retail_share_pct}, services {services_share_pct}; "
                "a primary use begins at {cut_majority_share_pct}"
            ),
        ),
    ),
    (
        ("campus", lambda v, t: v["campus_share"] >= t["campus_share"]),
        ("retail", lambda v, t: v["retail_share"] >= t["majority_share"]),
        ("public", lambda v, t: v["services_share"] >= t["majority_share"]),
        (
            "recreation",
            lambda v, t: (
                (v["far"] < t["unbuilt_far"]) & (v["recreation_land_share"] >= t["majority_share"])
            ),
        ),
    ),
    _campus_counts_with_offices,
)  # fmt: skip

MOBILITY = Facet(
    "mobility",
    ("near_new_station_share", "near_station_share", "near_frequent_bus_share", "near_stop_share"),
    (
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
)

ENERGY = Facet(
    "energy",
    ("heat_density_cell_mwh_per_ha", "waste_heat_sources"),
    (
        Rule(
            "heat_network_viable",
            lambda v, t: v["heat_density_cell_mwh_per_ha"] >= t["viable_heat_density"],
            N_(
                "a heat network is viable: heat demand is {heat_density_cell_mwh_per_ha_int} "
                "MWh/ha where the buildings stand; viable begins at {cut_viable_heat_density_int}"
            ),
        ),
        Rule(
            "borderline",
            lambda v, t: v["heat_density_cell_mwh_per_ha"] >= t["individual_heat_density"],
            N_(
                "borderline for a heat network: heat demand is "
                "{heat_density_cell_mwh_per_ha_int} MWh/ha where the buildings stand, between "
                "{cut_individual_heat_density_int} and {cut_viable_heat_density_int}"
            ),
        ),
        Rule(
            "individual",
            lambda v, t: v["heat_density_cell_mwh_per_ha"] < t["individual_heat_density"],
            N_(
                "individual heating: heat demand is {heat_density_cell_mwh_per_ha_int} MWh/ha "
                "where the buildings stand; below {cut_individual_heat_density_int} no network pays"
            ),
        ),
    ),
    (
        ("strong", lambda v, t: v["heat_density_cell_mwh_per_ha"] >= t["strong_heat_density"]),
        ("waste_heat_source", lambda v, t: v["waste_heat_sources"] > 0),
    ),
)


def _ground_rule(label: str, share: str, reason: str) -> Rule:
    return Rule(label, lambda v, t: v[share] >= t["majority_share"], reason)


GROUND = Facet(
    "ground",
    (
        "bedrock_known_share", "till_known_share", "coarse_known_share", "clay_known_share",
        "organic_known_share", "fill_known_share", "groundwater_area_share", "acid_sulphate_share",
    ),
    (
        _ground_rule(
            "bedrock_thin_cover",
            "bedrock_known_share",
            N_("bedrock: {bedrock_known_share_pct} of the mapped land is rock or thinly covered"),
        ),
        _ground_rule(
            "till", "till_known_share", N_("till: {till_known_share_pct} of the mapped land")
        ),
        _ground_rule(
            "coarse",
            "coarse_known_share",
            N_("sand and gravel: {coarse_known_share_pct} of the mapped land"),
        ),
        _ground_rule(
            "clay",
            "clay_known_share",
            N_("clay and silt: {clay_known_share_pct} of the mapped land"),
        ),
        _ground_rule(
            "organic",
            "organic_known_share",
            N_("peat and gyttja: {organic_known_share_pct} of the mapped land"),
        ),
        _ground_rule(
            "fill", "fill_known_share", N_("fill: {fill_known_share_pct} of the mapped land")
        ),
        Rule(
            "mixed",
            lambda v, t: np.isfinite(v["bedrock_known_share"]),
            N_(
                "mixed ground: rock {bedrock_known_share_pct}, till {till_known_share_pct}, sand "
                "{coarse_known_share_pct}, clay {clay_known_share_pct}, peat "
                "{organic_known_share_pct} of the mapped land"
            ),
        ),
    ),
    (
        ("groundwater_area", lambda v, t: v["groundwater_area_share"] >= t["constraint_share"]),
        ("acid_sulphate", lambda v, t: v["acid_sulphate_share"] >= t["constraint_share"]),
    ),
)  # fmt: skip

OWNERSHIP = Facet(
    "ownership",
    ("owner_city_share", "owner_public_share", "owner_private_share", "owner_top5_share"),
    (
        Rule(
            "city",
            lambda v, t: v["owner_city_share"] >= t["majority_share"],
            N_("the city owns {owner_city_share_pct} of the land whose owner is known"),
        ),
        Rule(
            "public_institution",
            lambda v, t: v["owner_public_share"] >= t["majority_share"],
            N_("public institutions own {owner_public_share_pct} of the land whose owner is known"),
        ),
        Rule(
            "few_private",
            lambda v, t: (
                (v["owner_private_share"] >= t["majority_share"])
                & (v["owner_top5_share"] >= t["few_owners_share"])
            ),
            N_("one to five private owners hold {owner_top5_share_pct} of the land"),
        ),
        Rule(
            "fragmented",
            lambda v, t: (
                (v["owner_private_share"] >= t["majority_share"])
                & (v["owner_top5_share"] < t["few_owners_share"])
            ),
            N_("many private owners: the five largest hold {owner_top5_share_pct} of the land"),
        ),
        Rule(
            "mixed",
            lambda v, t: v["owner_private_share"] < t["majority_share"],
            N_("no kind of owner holds half of the land whose owner is known"),
        ),
    ),
)

FACETS: Mapping[str, Facet] = {
    facet.name: facet for facet in (DENSITY, DEVELOPMENT, USE, MOBILITY, ENERGY, GROUND)
}
