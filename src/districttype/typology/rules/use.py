"""What the floor area of a zone serves, where one use clearly leads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from districttype.i18n import N_
from districttype.typology.facet import BoolArray, Facet, Rule, Values


def _top(v: Values, *names: str) -> NDArray[np.float64]:
    return np.asarray(np.fmax.reduce(np.broadcast_arrays(*(v[name] for name in names))))


def _known(v: Values, t: Values) -> BoolArray:
    return v["use_known_share"] >= t["use_known_share"]


def _leads(v: Values, t: Values, use: str, *others: str) -> BoolArray:
    rest = _top(v, *others)
    leads = (v[use] >= t["majority_share"]) & (v[use] - rest >= t["majority_lead"])
    return _known(v, t) & leads


# What a use must lead to be primary; those without a label of their own only hold others back.
_USES = (
    "housing_share", "work_share", "industry_share", "retail_share", "services_share",
    "other_use_share",
)  # fmt: skip


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
    name="use",
    reads=(
        "housing_share", "offices_share", "industry_share", "retail_share", "public_share",
        "leisure_share", "other_use_share", "campus_share", "use_known_share", "far",
        "recreation_land_share",
    ),
    coverage="floor_known_share",
    silent=N_(
        "use is unknown: it is known of {use_known_share_pct} of the floor area; "
        "{cut_use_known_share_pct} is enough"
    ),
    rules=(
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
            _known,
            N_(
                "mixed: homes {housing_share_pct}, offices {work_share_pct}, industry "
                "{industry_share_pct}, shops {retail_share_pct}, services {services_share_pct}, "
                "other {other_use_share_pct}; a primary use begins at {cut_majority_share_pct} and "
                "is {cut_majority_lead_pct} of the floor area ahead of the next"
            ),
        ),
    ),
    details=(
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
    derive=_campus_counts_with_offices,
)  # fmt: skip
