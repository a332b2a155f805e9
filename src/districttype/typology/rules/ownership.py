"""Who holds the land: a modifier of the means, never of another label."""

from __future__ import annotations

from districttype.i18n import N_
from districttype.typology.facet import Facet, Rule

OWNERSHIP = Facet(
    name="ownership",
    reads=("owner_city_share", "owner_public_share", "owner_private_share", "owner_top5_share"),
    coverage="owner_known_share",
    silent=N_(
        "ownership is unknown: {owner_private_share_pct} of the land whose owner is known is "
        "private, and whether few hold it or many is not told"
    ),
    rules=(
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
            N_("one to five private owners hold {owner_top5_share_pct} of the private land"),
        ),
        Rule(
            "fragmented",
            lambda v, t: (
                (v["owner_private_share"] >= t["majority_share"])
                & (v["owner_top5_share"] < t["few_owners_share"])
            ),
            N_(
                "many private owners: the five largest hold {owner_top5_share_pct} of the private "
                "land"
            ),
        ),
        Rule(
            "mixed",
            lambda v, t: v["owner_private_share"] < t["majority_share"],
            N_("no kind of owner holds half of the land whose owner is known"),
        ),
    ),
)
