"""How far labels from one provider's buildings agree with those from another's, and why not.

Two runs of the same zones, one on a register and one on OpenStreetMap, differ in nothing but their
buildings. Where they disagree, the houses may not be mapped, their use or their storeys may be
guesses, or the zone lies close to a cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from districttype.answers.texts import agreement, number, share
from districttype.errors import ConfigError
from districttype.lastrun import Run
from districttype.typology.facet import UNKNOWN
from districttype.typology.rules import FACETS
from districttype.typology.validate import compare

# Own choices: a zone that either run knows less than half of is not compared; amounts that differ
# by less than a tenth explain nothing; a label kept in fewer than four of five draws is borderline.
COVERED = 0.5
LIKE = 0.10
SURE = 0.8

AMOUNTS: Final = ("buildings", "footprint_m2", "floor_area_m2")
USES: Final = (
    "housing_share", "offices_share", "industry_share", "retail_share", "public_share",
    "leisure_share", "other_use_share",
)  # fmt: skip
FROM_BUILDINGS: Final = ("density", "use", "energy")

UNMAPPED, OVERMAPPED = "houses not mapped", "houses the reference does not have"
USE, STOREYS = "use not known or guessed otherwise", "storeys not known or guessed otherwise"
NOTHING, CLOSE, OTHER = "nothing known", "close to the cut", "other data"


def agree(reference: Run, other: Run, zone_set: str = "districts") -> dict[str, Any]:
    """Compare the labels and amounts of two runs of the same zones.

    Parameters
    ----------
    reference
        The run that is taken for true, on a register for instance.
    other
        The run that is asked how far it agrees, on OpenStreetMap for instance.
    zone_set
        Which zones; cells where there are too few districts to tell.

    Returns
    -------
    dict
        `zones`: how many both runs know (buildings cover half or more in both, and the reference
        has some); `left_out`: how many they have in common beside. `facets`: as
        `typology.validate.compare` gives it (Cohen's kappa, Wilson's interval), scored where the
        reference has a label, with a `cause` a disagreement. `amounts`: per amount its sum in both
        runs, their ratio, and the median and largest relative difference of a zone (0-1); `uses`:
        the mean difference of each use's share of the floor area, in its absolute value (0-1).
        `by_zone`: the same zone by zone.

    Raises
    ------
    ConfigError
        If a run lacks the zone set, or no zone is known to both.
    """
    for run in (reference, other):
        if zone_set not in run.indicators:
            raise ConfigError(
                f"a run has no {zone_set}", where="--zones", todo="run classify with them"
            )
    wanted = ["coverage_buildings", *AMOUNTS, *USES]
    ours = other.indicators[zone_set].reindex(columns=wanted)
    theirs = reference.indicators[zone_set].reindex(columns=wanted)
    common = theirs.index.intersection(ours.index)
    known = common[
        (
            (theirs.loc[common, "coverage_buildings"] >= COVERED)
            & (ours.loc[common, "coverage_buildings"] >= COVERED)
            & (theirs.loc[common, "buildings"] > 0)
        ).to_numpy()
    ]
    if known.empty:
        raise ConfigError(
            f"no zone is known to both runs ({len(common)} in common)",
            where=zone_set,
            todo="compare runs of the same zones, where the buildings of both cover half or more",
        )
    theirs, ours = theirs.loc[known].astype(float), ours.loc[known].astype(float)
    by_zone = _by_zone(theirs, ours, reference.zones[zone_set].loc[known, "name"])
    report = compare(other.labels[zone_set].loc[known], _expected(reference, zone_set, known))
    for facet, entry in report.items():
        for row in entry["disagreements"]:
            row["name"] = by_zone[row["place"]]["name"]
            row["cause"] = _cause(facet, row, by_zone[row["place"]])
    off = (theirs[list(USES)] - ours[list(USES)]).abs().mean()
    return {
        "zone_set": zone_set,
        "zones": len(known),
        "left_out": len(common) - len(known),
        "facets": report,
        "amounts": {name: _amount(theirs[name], ours[name]) for name in AMOUNTS},
        "uses": {name: number(off[name]) for name in USES},
        "by_zone": by_zone,
    }


def _expected(reference: Run, zone_set: str, known: pd.Index) -> pd.DataFrame:
    """Return the labels of the reference as expected ones; what it calls unknown is not scored."""
    labels = reference.labels[zone_set].loc[known]
    table = labels[list(FACETS)].astype(object)
    table = table.where(table != UNKNOWN, None)
    for facet in FACETS:
        table[f"{facet}_conf"] = [
            "" if np.isnan(sure) else f"{sure:.2f}"
            for sure in labels[f"{facet}_confidence"].astype(float)
        ]
    return table


def _amount(theirs: pd.Series, ours: pd.Series) -> dict[str, float | None]:
    both, mine = float(theirs.sum()), float(ours.sum())
    off = (ours / theirs.where(theirs > 0) - 1).abs()
    return {
        "reference": round(both, 1),
        "other": round(mine, 1),
        "ratio": number(mine / both if both > 0 else np.nan),
        "median_off": number(off.median()),
        "most_off": number(off.max()),
    }


def _by_zone(
    theirs: pd.DataFrame, ours: pd.DataFrame, names: pd.Series
) -> dict[str, dict[str, Any]]:
    """Return zone -> name, ratio of each amount, and difference of each use's share."""
    ratios = ours[list(AMOUNTS)] / theirs[list(AMOUNTS)].where(theirs[list(AMOUNTS)] > 0)
    shifts = ours[list(USES)] - theirs[list(USES)]
    return {
        str(zone): {
            "name": str(names[zone]),
            **{name: number(ratios.loc[zone, name]) for name in AMOUNTS},
            **{name: number(shifts.loc[zone, name]) for name in USES},
        }
        for zone in theirs.index
    }


def _cause(facet: str, row: Mapping[str, Any], zone: Mapping[str, Any]) -> str:
    """Name what most likely made two labels of a zone differ."""
    if facet in FROM_BUILDINGS:
        mapped, floor = zone["footprint_m2"], zone["floor_area_m2"]
        if mapped is not None and mapped < 1 - LIKE:
            return UNMAPPED
        if mapped is not None and mapped > 1 + LIKE:
            return OVERMAPPED
        if facet == "use" and any(abs(zone[name] or 0.0) > LIKE for name in USES):
            return USE
        if floor is None or abs(floor - 1) > LIKE:
            return STOREYS
    if row["label"] == UNKNOWN:
        return NOTHING
    sure = [float(row["expected_confidence"] or 1.0), row["confidence"] or 1.0]
    return CLOSE if min(sure) < SURE else OTHER


def agree_text(answer: Mapping[str, Any]) -> str:
    """Return the agreement of two runs as text for a terminal."""
    what = answer["zone_set"]
    lines = [f"{answer['zones']} {what} known to both runs, {answer['left_out']} left out", ""]
    lines += agreement(answer["facets"])
    lines += ["", f"{'amount':<16} {'reference':>12} {'other':>12} {'ratio':>6}  off by (median)"]
    for name, entry in answer["amounts"].items():
        lines.append(
            f"{name:<16} {entry['reference']:>12,.0f} {entry['other']:>12,.0f} "
            f"{share(entry['ratio']):>6}  {share(entry['median_off'])}"
        )
    uses = [f"{name.removesuffix('_share')} {share(off)}" for name, off in answer["uses"].items()]
    lines.append("shares of use differ on average by: " + ", ".join(uses))
    for facet, entry in answer["facets"].items():
        if entry["disagreements"]:
            lines += ["", f"{facet}: disagreements"]
        lines += [
            f"  {row['name']}: {row['expected']} by the reference, {row['label']} here; "
            f"{row['cause']}. {row['reason']}"
            for row in entry["disagreements"]
        ]
    return "\n".join(lines)
