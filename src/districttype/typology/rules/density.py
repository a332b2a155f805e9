"""How densely a zone is built: by the floor area in dense cells, not by an average over it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from districttype.i18n import N_
from districttype.typology.facet import BoolArray, Facet, Rule, Values


def _within(value: NDArray[np.float64], t: Values, low: str, high: str) -> BoolArray:
    return (value >= t[low]) & (value < t[high])


def _rural(v: Values, t: Values) -> BoolArray:
    dense = v["dense_floor_share"] >= t["dense_floor_share"]
    return (v["rural_land_share"] >= t["rural_land_share"]) & ~dense


DENSITY = Facet(
    name="density",
    reads=("dense_floor_share", "rural_land_share", "far", "floor_area_m2"),
    coverage="floor_known_share",
    silent=N_("density is unknown: no building is known here"),
    rules=(
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
    details=(
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
