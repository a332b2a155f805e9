"""What a borehole or a pile meets in most of the land that is mapped."""

from __future__ import annotations

import numpy as np

from districttype.i18n import N_
from districttype.typology.facet import Facet, Rule


def _ground_rule(label: str, share: str, reason: str) -> Rule:
    return Rule(label, lambda v, t: v[share] >= t["majority_share"], reason)


GROUND = Facet(
    name="ground",
    reads=(
        "bedrock_known_share", "till_known_share", "coarse_known_share", "clay_known_share",
        "organic_known_share", "fill_known_share", "groundwater_area_share", "acid_sulphate_share",
    ),
    coverage="ground_known_share",
    silent=N_("ground is unknown: no soil class is known here"),
    rules=(
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
    details=(
        ("groundwater_area", lambda v, t: v["groundwater_area_share"] >= t["constraint_share"]),
        ("acid_sulphate", lambda v, t: v["acid_sulphate_share"] >= t["constraint_share"]),
    ),
)  # fmt: skip
