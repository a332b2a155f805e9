"""Labels with confidence and reasons: the tables of indicators in, one row a zone out."""

from __future__ import annotations

from string import Formatter
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from districttype.i18n import N_, Message
from districttype.typology.facet import Facet, Values
from districttype.typology.rules import FACETS, OWNERSHIP
from districttype.typology.thresholds import Facets, FacetTable, guessed_for
from districttype.typology.values import values

DRAWS = 1000
CHUNK = 4_000_000  # numbers held at once by the draws of one value

# What a facet lacks when it is silent, in words; keys are the values its `needs` name.
NEEDS = {
    "floor_known_share": N_("buildings"),
    "coverage_stops": N_("stops"),
    "ground_known_share": N_("the ground"),
    "owner_known_share": N_("land owners"),
}
Signs: TypeAlias = list[tuple[str, NDArray[np.bool_]]]
SEEN = N_("{why}. Seen: {seen}")
TOO_LITTLE = N_(
    "{facet} is unknown: data on {what} cover {share_pct} of the zone; {cut_pct} is enough"
)


def label_zones(
    indicators: pd.DataFrame, facets: Facets, *, draws: int = DRAWS, seed: int = 0
) -> pd.DataFrame:
    """Label every zone on every facet, and with the modifier `ownership`.

    Parameters
    ----------
    indicators
        Table of `indicators.measure`, index zone_id.
    facets
        Thresholds in force.
    draws
        How often indicators and thresholds are drawn within their errors for the confidence.
    seed
        Of the draws; the labels themselves do not depend on it.

    Returns
    -------
    DataFrame
        Index zone_id; per facet F: `F` (label), `F_detail` (`;`-separated), `F_confidence` (share
        of draws that keep the label; NaN where unknown), `F_runner_up`, `F_coverage` (0-1: the
        least of what the facet rests on) and `F_reason` (a Message); and the same for `ownership`.
    """
    table = values(indicators)
    parts = [
        _label(facet, facets[facet.name], table, draws=draws, seed=seed)
        for facet in (*FACETS.values(), OWNERSHIP)
    ]
    return pd.concat(parts, axis=1)


def _speaks(facet: FacetTable, table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return for each zone whether all that the facet needs is known well enough."""
    enough = np.ones(len(table), dtype=bool)
    for name, least in facet.least.items():
        enough &= table[name].to_numpy(dtype=float) >= least - 1e-9
    return enough


def decided(facet: Facet, settings: FacetTable, table: pd.DataFrame) -> NDArray[np.int64]:
    """Return the index of the rule that gives each zone its label, -1 where it is unknown."""
    with np.errstate(invalid="ignore"):
        fired = facet.decide(columns(table), cuts(settings))
    return np.where(_speaks(settings, table), fired, -1)


def columns(table: pd.DataFrame) -> Values:
    """Return the table's columns as arrays, so that comparing them needs no index."""
    return {name: table[name].to_numpy(dtype=float) for name in table.columns}


def cuts(facet: FacetTable) -> Values:
    """Return the thresholds in force as arrays."""
    return {name: np.asarray(cut.value) for name, cut in facet.thresholds.items()}


def _label(
    facet: Facet, settings: FacetTable, table: pd.DataFrame, *, draws: int, seed: int
) -> pd.DataFrame:
    fired, t = decided(facet, settings, table), cuts(settings)
    with np.errstate(invalid="ignore"):
        seen = facet.see(columns(table), t)
        flags = [(name, np.broadcast_to(when(seen, t), len(table))) for name, when in facet.details]
        signs = [(text, np.broadcast_to(when(seen, t), len(table))) for when, text in facet.signs]
    codes = facet.codes(fired)
    shares = probabilities(facet, settings, table, draws=draws, seed=seed)
    known = fired >= 0
    rows = np.arange(len(table))
    others = shares.copy()
    others[rows, codes] = 0.0
    second = others.argmax(axis=1)
    names = np.asarray(facet.labels, dtype=object)
    detail = [";".join(name for name, holds in flags if holds[i]) if known[i] else "" for i in rows]
    name = facet.name
    return pd.DataFrame(
        {
            name: names[codes],
            f"{name}_detail": np.asarray(detail, dtype=object),
            f"{name}_confidence": np.where(known, shares[rows, codes], np.nan),
            f"{name}_runner_up": np.where(
                known & (others[rows, second] > 0), names[second], ""
            ).astype(object),
            f"{name}_coverage": _covered(facet, settings, table),
            f"{name}_reason": pd.Series(
                [_reason(facet, settings, seen, signs, int(i), int(fired[i])) for i in rows],
                index=table.index,
                dtype=object,
            ).to_numpy(),
        },
        index=table.index,
    )


def _covered(facet: Facet, settings: FacetTable, table: pd.DataFrame) -> NDArray[np.float64]:
    names = list(dict.fromkeys([facet.coverage, *settings.needs]))
    covered: NDArray[np.float64] = np.nan_to_num(table[names].to_numpy(dtype=float)).min(axis=1)
    return covered


def probabilities(
    facet: Facet, settings: FacetTable, table: pd.DataFrame, *, draws: int, seed: int
) -> NDArray[np.float64]:
    """Return the share of draws that give each label, one row a zone.

    Indicators vary by their stated errors, each zone on its own; thresholds vary by theirs, alike
    for all zones. Shares stay within 0-1. A zone that is `unknown` is so in all draws: what nobody
    knows cannot be drawn.

    Returns
    -------
    array of shape (n_zones, n_labels)
        In the order of `facet.labels`; rows sum to 1.
    """
    n = len(table)
    counts = np.zeros((n, len(facet.labels)))
    known = decided(facet, settings, table) >= 0
    step = max(1, CHUNK // draws)
    for start in range(0, n, step):
        part = slice(start, min(start + step, n))
        chunk = table.iloc[part]
        v, t = _draw(facet, settings, chunk, draws, np.random.default_rng(seed))
        with np.errstate(invalid="ignore"):
            fired = np.where(known[part], facet.decide(v, t), -1)
        codes = facet.codes(np.broadcast_to(fired, (draws, len(chunk))))
        for code in range(counts.shape[1]):
            counts[part, code] = (codes == code).sum(axis=0)
    return counts / draws


def _draw(
    facet: Facet, settings: FacetTable, table: pd.DataFrame, draws: int, rng: np.random.Generator
) -> tuple[Values, Values]:
    """Draw thresholds (draws, 1) and values (draws, zones) within their errors."""
    t = {
        name: cut.value + rng.normal(0.0, 1.0, (draws, 1)) * cut.uncertainty
        for name, cut in settings.thresholds.items()
    }
    v = columns(table)
    uncovered = 1.0 - np.nan_to_num(table[facet.coverage].to_numpy(dtype=float))
    imputed = v[f"imputed_{guessed_for(facet.name)}"]
    drawn = dict(v)
    # Each zone has its own stream, so that its confidence does not depend on which zones stand
    # beside it: the same standard normals serve every zone, value by value.
    for name, error in settings.errors.items():
        spread = np.sqrt(
            error.sd**2 + (error.imputed * imputed) ** 2 + (error.uncovered * uncovered) ** 2
        )
        noise = rng.normal(0.0, 1.0, (draws, 1)) * spread
        value = v[name] * np.exp(noise) if error.relative else v[name] + noise
        if error.unseen:
            left = error.unseen * (1.0 - v[f"{name}_seen_share"])
            value = np.nan_to_num(value) + left * rng.normal(0.0, 1.0, (draws, 1)) ** 2
        drawn[name] = np.clip(value, 0.0, 1.0) if name.endswith("_share") else value
    return drawn, t


def _reason(
    facet: Facet, settings: FacetTable, seen: Values, signs: Signs, i: int, fired: int
) -> Message:
    """Say why: the sentence of the rule that held, or what is not known, and what was seen."""
    if fired >= 0:
        return _fill(facet.rules[fired].reason, settings, seen, i)
    why = _why_unknown(facet, settings, seen, i)
    found = tuple(_fill(text, settings, seen, i) for text, holds in signs if holds[i])
    return Message(SEEN, {"why": why, "seen": found}) if found else why


def _why_unknown(facet: Facet, settings: FacetTable, seen: Values, i: int) -> Message:
    for name, least in settings.least.items():
        share = float(np.nan_to_num(np.asarray(seen[name])[i]))
        if share < least - 1e-9:
            if name in facet.lacks:
                return _fill(facet.lacks[name], settings, seen, i)
            return Message(
                TOO_LITTLE,
                {"facet": facet.name, "what": NEEDS[name], "share_pct": share, "cut_pct": least},
            )
    return _fill(facet.silent, settings, seen, i)


def _fill(template: str, settings: FacetTable, seen: Values, i: int) -> Message:
    filled: dict[str, float | str] = {}
    for _, key, _, _ in Formatter().parse(template):
        if key is None:
            continue
        name = key.removesuffix("_pct").removesuffix("_int").removesuffix("_3")
        if name.startswith("cut_"):
            filled[key] = settings.thresholds[name.removeprefix("cut_")].value
        else:
            filled[key] = float(np.broadcast_to(seen[name], np.shape(seen["far"]))[i])
    return Message(template, filled)
