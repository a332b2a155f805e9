"""What to co-create in each zone: solutions that fit, best first, with their reasons and terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from districttype.focus.catalogue import BASES, Catalogue, Words
from districttype.focus.conditions import FACETS, Situation, all_of, any_of
from districttype.focus.reasons import Reasoner, station_facts
from districttype.focus.robustness import stability
from districttype.focus.scoring import CLOSE, Floats, Scores, score
from districttype.i18n import Message
from districttype.layers.layer import Layers
from districttype.typology.facet import UNKNOWN
from districttype.zones import Zones

COLUMNS = (
    "zone_set", "zone_id", "name", "solution", "score", "relative_score", "share_of_max", "rank",
    "tie", "stability", "level", "systems", "actors", "prerequisites", "means", "convener",
    "checklists", "archetype", "reasons", "cautions", "basis", "weakest_evidence",
    "weakest_confidence", "unknown_facets", "undecided",
)  # fmt: skip
WORTH_SAYING = 0.05
"""A cell that gives less of the score than this, such as a small share of a mixed use, is left out
of the reasons and of the evidence; it still counts in the score."""


def recommend(
    zones: Zones,
    labels: pd.DataFrame,
    indicators: pd.DataFrame,
    catalogue: Catalogue,
    *,
    inference_weight: float | None = None,
    layers: Layers | None = None,
) -> pd.DataFrame:
    """Recommend what to co-create in each zone of a set.

    Parameters
    ----------
    labels
        Index zone_id; per facet F, F_detail, F_confidence; `ownership`. A facet without a column
        is unknown.
    indicators
        Index zone_id; the figures that reasons quote and gates ask for.
    catalogue
        Solutions, matrix, gates, actors and means.
    inference_weight
        What a cell of our own judgement counts beside one from the method or a source (0–1); the
        catalogue's own where not given.
    layers
        Where given, the stops name the new station in the reasons.

    Returns
    -------
    One row per zone × solution that fits and has points, best first within a zone, zones in their
    order; columns `COLUMNS`:

    score
        Sum of points over the known facets, inference cells weighted. It orders a zone's list.
    share_of_max
        Score over the most that the known facets could give (0–1): one map a solution.
    relative_score
        Score less the mean of that solution's points over the zones of the set, facet by facet
        where known, whether or not it fits there: "more than elsewhere", not "most important".
    rank, tie
        1 is best; equal scores share a rank and are marked, in the order of the catalogue.
    stability
        Share of draws in which it stays in the top three (`robustness`).
    level, systems, actors, prerequisites, means, convener, checklists
        Ids of the catalogue, `;`-separated; prerequisites to be secured first come first.
    archetype
        Id of the known combination the zone is an example of, or "".
    reasons, cautions
        Lists of `Message`; there is always a reason.
    basis
        `facet=basis` of every cell that gives a twentieth of the score or more, `;`-separated,
        most points first.
    weakest_evidence, weakest_confidence
        The counted cell with the weakest basis, and the lowest confidence among the labels used.
    unknown_facets, undecided
        What the zone's list leaves out: facets that are unknown, and solutions of which it cannot
        be told whether they fit.
    """
    labels = labels.reindex(zones.ids)
    weight = catalogue.rules.inference_weight if inference_weight is None else inference_weight
    scores = score(labels, indicators, catalogue, inference_weight=weight)
    stable = stability(
        scores, catalogue.robustness, inference_weight=weight, top=catalogue.rules.top
    )
    situation = Situation(labels, indicators)
    evidence = _Evidence(
        scores,
        catalogue,
        Reasoner(catalogue, situation, station_facts(zones, layers)),
        np.stack([situation.number(f"{facet}_confidence") for facet in FACETS], axis=1),
    )
    per_zone = _per_zone(scores, situation, catalogue)
    cautions = _cautions(catalogue, situation)
    rank, tie = _ranks(scores)
    share = scores.score / np.maximum(scores.attainable, CLOSE)

    order = np.argsort(rank, axis=1, kind="stable")
    zone_names = zones.frame["name"].to_numpy()
    rows: list[dict[str, Any]] = []
    for z, zone_id in enumerate(scores.zones):
        common = {"zone_set": zones.name, "zone_id": zone_id, "name": zone_names[z]}
        for s in order[z]:
            if not np.isfinite(rank[z, s]):
                continue
            key = scores.matrix.solutions[s]
            rows.append(
                common
                | {
                    "solution": key,
                    "score": scores.score[z, s],
                    "relative_score": scores.relative[z, s],
                    "share_of_max": share[z, s],
                    "rank": int(rank[z, s]),
                    "tie": bool(tie[z, s]),
                    "stability": stable[z, s],
                    "cautions": [
                        message
                        for words, solution, holds in cautions
                        if solution == key and holds[z]
                        for message in evidence.reasoner.quote(words, z)
                    ],
                }
                | _terms(catalogue, key, per_zone[z])
                | evidence.of(z, int(s))
            )
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"rank": int, "tie": bool, "score": float, "stability": float})


def _ranks(scores: Scores) -> tuple[np.ndarray, np.ndarray]:
    """Return the rank of each listed solution (Z, S; inf where not listed) and whether it ties."""
    listed = scores.eligible & (scores.score > CLOSE)
    value = np.where(listed, scores.score, -np.inf)
    above = (value[:, None, :] > value[:, :, None] + CLOSE).sum(axis=2)
    with np.errstate(invalid="ignore"):
        equal = (np.abs(value[:, None, :] - value[:, :, None]) <= CLOSE).sum(axis=2)
    return np.where(listed, above + 1.0, np.inf), listed & (equal > 1)


def _per_zone(scores: Scores, situation: Situation, catalogue: Catalogue) -> list[dict[str, str]]:
    """Return what all solutions of a zone share: ownership, archetype, what is unknown."""
    archetype = np.full(len(situation), "", dtype=object)
    for key, kind in reversed(catalogue.archetypes.items()):
        holds = all_of(kind.all, situation) == 1.0
        if kind.any:
            either = [all_of((condition,), situation) for condition in kind.any]
            holds &= any_of(either, len(situation)) == 1.0
        archetype[holds] = key
    owner = situation.label("ownership")
    facets, solutions = np.array(FACETS), np.array(scores.matrix.solutions)
    return [
        {
            "archetype": archetype[z],
            "ownership": owner[z] if owner[z] in catalogue.ownership else UNKNOWN,
            "unknown_facets": ";".join(facets[~scores.known[z]]),
            "undecided": ";".join(solutions[np.isnan(scores.gate[z])]),
        }
        for z in range(len(situation))
    ]


def _cautions(catalogue: Catalogue, situation: Situation) -> list[tuple[Words, str, np.ndarray]]:
    """Return cautions with the solution that each goes with, and in which zones it holds."""
    found = [
        (caution.text, solution, all_of(caution.all, situation) == 1.0)
        for caution in catalogue.cautions.values()
        for solution in caution.solutions
    ]
    everywhere = np.ones(len(situation), dtype=bool)
    found += [
        (catalogue.draft_caution, key, everywhere)
        for key, solution in catalogue.solutions.items()
        if catalogue.systems[solution.systems[0]].draft
    ]
    return found


def _terms(catalogue: Catalogue, key: str, zone: Mapping[str, str]) -> dict[str, str]:
    """Return who and how: actors, prerequisites, means, checklists."""
    solution, owner = catalogue.solutions[key], catalogue.ownership[zone["ownership"]]
    always = [actor for actor, entry in catalogue.actors.items() if entry.always]
    archetype = catalogue.archetypes.get(zone["archetype"])
    first = archetype.prerequisites if archetype else ()
    urgent = [p for p in first if p in solution.prerequisites]
    return {
        "level": ";".join(solution.levels),
        "systems": ";".join(solution.systems),
        "actors": ";".join(dict.fromkeys([*always, *solution.actors])),
        "prerequisites": ";".join(dict.fromkeys([*urgent, *solution.prerequisites])),
        "means": ";".join(owner.means),
        "convener": ";".join(owner.convener),
        "checklists": ";".join(solution.checklists),
        "archetype": zone["archetype"],
        "unknown_facets": zone["unknown_facets"],
        "undecided": zone["undecided"],
    }


@dataclass(frozen=True)
class _Evidence:
    """Why a solution is listed: the reasons, what each rests on, and the weakest support.

    `confidence` is that of each zone's labels (Z, F).
    """

    scores: Scores
    catalogue: Catalogue
    reasoner: Reasoner
    confidence: Floats

    def of(self, z: int, s: int) -> dict[str, Any]:
        """Return the evidence for a solution (position `s`) in a zone (position `z`)."""
        matrix = self.scores.matrix
        key = matrix.solutions[s]
        points = self.scores.by_row[z, :, s]
        least = max(WORTH_SAYING * points.sum(), CLOSE)
        counted = [r for r in np.argsort(-points, kind="stable") if points[r] >= least]
        facets = [int(matrix.facet[r]) for r in counted]
        bases = [self.catalogue.rows[matrix.rows[r]].points[key].basis for r in counted]
        said = [f"{FACETS[f]}={basis}" for f, basis in zip(facets, bases, strict=True)]
        # Of several cells of the weakest basis the one with the most points matters most.
        weakest = said[int(np.argmax([BASES.index(basis) for basis in bases]))]
        confidence = self.confidence[z, facets]
        known = confidence[np.isfinite(confidence)]
        reasons = self._gate_facts(key, z)
        reasons += [self.reasoner.of_row(matrix.rows[r], key, z) for r in counted]
        return {
            "reasons": reasons,
            "basis": ";".join(said),
            "weakest_evidence": weakest,
            "weakest_confidence": float(known.min()) if len(known) else np.nan,
        }

    def _gate_facts(self, key: str, z: int) -> list[Message]:
        """Return the facts that open a solution's gate and stand in no row of the matrix."""
        return [
            message
            for n, alternative in enumerate(self.catalogue.solutions[key].gate)
            if alternative.fact is not None and self.scores.opened[key][z, n]
            for message in self.reasoner.quote(alternative.fact, z)
        ]
