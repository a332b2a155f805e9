"""Residents and jobs: whole numbers on cells that straddle no border."""

from __future__ import annotations

import numpy as np

from districttype.sources.figures.houses import Houses
from districttype.sources.figures.plots import FLATS, KINDS, SMALL
from districttype.sources.figures.shapes import Floats, Pieces, apportion
from districttype.sources.figures.tables import Figures
from districttype.sources.figures.targets import WORKPLACES, Targets

HOMES = ((SMALL, "small"), (FLATS, "flats"))


def residents_at(houses: Houses, targets: Targets, pieces: Pieces) -> Floats:
    """Return the residents of every piece: those of its homes, by kind and floor area."""
    people: Floats = np.zeros(len(pieces))
    for kind, name in HOMES:
        own = houses.kind == kind
        per = targets.residents[name] / np.where(targets.floor[name] > 0, targets.floor[name], 1.0)
        floor = houses.floor_m2[own] * per[houses.owner[own]]
        people += np.bincount(houses.piece[own], floor, minlength=len(pieces))
    return people


def residents_before_at(houses: Houses, pieces: Pieces) -> Floats:
    """Return weights for the residents of the older year: homes that stood then."""
    old = np.isin(houses.kind, [SMALL, FLATS]) & ~houses.fresh
    return np.asarray(
        np.bincount(houses.piece[old], houses.floor_m2[old], minlength=len(pieces)), dtype=float
    )


def jobs_at(houses: Houses, targets: Targets, pieces: Pieces) -> Floats:
    """Return the jobs of every piece: those of its workplaces, by sector and floor area."""
    jobs = np.zeros(len(pieces))
    for use in WORKPLACES:
        own = houses.kind == KINDS.index(use)
        per = targets.jobs[use] / np.where(targets.floor[use] > 0, targets.floor[use], 1.0)
        floor = houses.floor_m2[own] * per[houses.owner[own]]
        jobs += np.bincount(houses.piece[own], floor, minlength=len(pieces))
    total = np.where(targets.total() > 0, targets.total(), 1.0)
    floor = houses.floor_m2 * (targets.jobs["anywhere"] / total)[houses.owner]
    return jobs + np.bincount(houses.piece, floor, minlength=len(pieces))


def whole_numbers(
    figures: Figures,
    column: str,
    pieces: Pieces,
    *,
    weight: Floats,
    fallback: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Divide a published number of every district over its pieces, in whole numbers.

    Parameters
    ----------
    figures, column
        The figure; NaN everywhere in a district where it is not known.
    pieces
        Cells cut by the districts.
    weight
        (m,) weights of the pieces.
    fallback
        (m,) weights for districts in which all of `weight` is zero.
    rng
        Source of randomness.
    """
    n = len(figures)
    total = figures.number(column)
    nowhere = pieces.sums(weight, n) <= 0
    weight = np.where(nowhere[pieces.owner], fallback, weight)
    counts = np.rint(np.nan_to_num(total)).astype(np.int64)
    parts = apportion(counts, pieces.owner, weight, rng.random(n)).astype(float)
    return np.where(np.isnan(total)[pieces.owner], np.nan, parts)
