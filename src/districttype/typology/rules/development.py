"""What becomes of a zone: built anew, filled in, or left as it is, by any evidence there is."""

from __future__ import annotations

from districttype.i18n import N_
from districttype.typology.facet import Facet, Rule

DEVELOPMENT = Facet(
    name="development",
    reads=(
        "growth", "recent_share", "far", "change_land_share", "near_new_station_share",
        "brownfield_land_share", "greenfield_land_share", "planned_brownfield_share",
        "industry_share", "growth_seen_share", "plan_evidence",
    ),
    coverage="floor_known_share",
    lacks={
        "plan_evidence": N_(
            "development is unknown: no plan data here, nor any mapped site of change"
        )
    },
    silent=N_(
        "development is unknown: plans are known for {growth_seen_share_pct} of the zone; from "
        "{cut_plans_known_pct} on it can be said that no more is planned"
    ),
    signs=(
        (
            lambda v, t: v["growth"] >= t["infill_growth_ratio"],
            N_("plans and sites under way add {growth_pct} to what is there"),
        ),
        (
            lambda v, t: v["change_land_share"] >= t["new_land_share"],
            N_("{change_land_share_pct} of the land is a construction site or waits to be built"),
        ),
        (
            lambda v, t: v["near_new_station_share"] >= t["new_station_share"],
            N_("{near_new_station_share_pct} lies within 800 m of a new or planned station"),
        ),
        (
            lambda v, t: v["recent_share"] >= t["new_recent_share"],
            N_("{recent_share_pct} of the floor area is younger than ten years"),
        ),
        (
            # What was built, not what is to come: a sign beside the label, and no rule.
            lambda v, t: v["built_up_new_share"] >= t["infill_growth_ratio"],
            N_(
                "{built_up_new_share_pct} of the built-up surface was added between the two "
                "satellite maps"
            ),
        ),
    ),
    rules=(
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
                "station; infill begins at {cut_new_station_share_pct}; plans are known for "
                "{growth_seen_share_pct} of the zone"
            ),
        ),
        Rule(
            "stable",
            lambda v, t: (
                (v["far"] < t["new_empty_far"])
                & (v["growth"] >= t["infill_growth_ratio"])
                & (v["growth_seen_share"] >= t["plans_known"])
            ),
            N_(
                "neither infill nor new: plans and sites under way add {growth_pct} to what is "
                "there; infill begins at a floor area ratio of {cut_new_empty_far} (here {far}), "
                "new at {cut_new_growth_ratio_pct}"
            ),
        ),
        Rule(
            "stable",
            lambda v, t: v["growth_seen_share"] >= t["plans_known"],
            N_(
                "neither infill nor new: plans and sites under way add {growth_pct} to what is "
                "there"
            ),
        ),
    ),
    details=(
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
