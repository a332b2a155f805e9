"""What columns that are neither facets nor indicators hold: one text for files and documents."""

from __future__ import annotations

from collections.abc import Mapping

from districttype.i18n import N_

PLAIN_COLUMNS: Mapping[str, str] = {
    "zone_id": N_("Zone"),
    "name": N_("Name"),
    "parent": N_("Greater area"),
    "land_km2": N_("Land area (km²)"),
    "focus": N_("Focus areas, best first"),
    "name_sv": N_("Name in Swedish"),
    "name_latin": N_("Name in Latin letters"),
}
FOCUS_WORDS: Mapping[str, str] = {
    "zone_set": N_("Zone set"),
    "zone_name": N_("Name of the zone"),
    "solution": N_("Solution (A1–A8)"),
    "score": N_(
        "Points over the facets that are known; of a cluster, the mean of more than elsewhere"
    ),
    "relative_score": N_("Points less the mean of this solution over the zones of the set"),
    "share_of_max": N_("Points as a share of the most that the known facets could give (0–1)"),
    "rank": N_("Rank within the zone, and of blocks within zone and solution; 1 is first"),
    "tie": N_("Shares its rank with another solution"),
    "stability": N_("Share of draws in which it stays among the first three (0–1)"),
    "level": N_("Levels at which it is done, joined by ;"),
    "systems": N_("Systems that it changes, joined by ;"),
    "actors": N_("Actors to invite, joined by ;"),
    "prerequisites": N_("Prerequisites, those to secure first in front, joined by ;"),
    "means": N_("Means of commitment, joined by ;"),
    "convener": N_("Who calls the actors together"),
    "checklists": N_("Checklists that help, joined by ;"),
    "archetype": N_("Known combination that the zone is an example of; empty if none"),
    "reason": N_("Why here"),
    "reasons": N_("Why it fits here"),
    "cautions": N_("What to beware of; empty if nothing"),
    "basis": N_("Facets that give the points, and what each rests on"),
    "weakest_evidence": N_("Facet whose points rest on the weakest ground"),
    "weakest_confidence": N_("Lowest confidence among the labels used (0–1)"),
    "unknown_facets": N_("Facets that are unknown here, joined by ;"),
    "undecided": N_("Solutions of which it cannot be told whether they fit, joined by ;"),
    "choice": N_("Order of the shortlist within its zone set; 1 is first"),
    "cluster": N_("Number of the cluster; 1 is the largest"),
    "zones": N_("How many zones"),
    "zone_ids": N_("Ids of the zones, joined by ;"),
    "block_id": N_("Id of the block"),
    "need": N_("How much need, in the unit of the indicator in need_of"),
    "need_of": N_("Indicator that tells the need"),
    "kind": N_("Kind of single space, its id"),
    "kind_name": N_("Kind of single space"),
    "layer": N_("Layer in which it was found"),
    "area_m2": N_("Area within the zone (m²); empty for a point"),
    "approximate": N_("The place is not exact"),
}
"""Columns of focus.csv and of the tables beside it; lists hold ids."""
