"""Residents and jobs: whole numbers on cells that straddle no border."""

from __future__ import annotations

import numpy as np

from districttype.sources.figures.houses import Houses
from districttype.sources.figures.plots import FLATS, KINDS, SMALL
from districttype.sources.figures.shapes import Bools, Floats, Ints, Pieces, apportion
from districttype.sources.figures.tables import Figures
from districttype.sources.figures.targets import WORKPLACES, Targets

HOMES = ((SMALL, "small"), (FLATS, "flats"))


def residents_at(houses: Houses, targets: Targets, pieces: Pieces) -> Floats:
    """Return the residents of every piece: those of its homes, by kind and floor area."""
    people = residents_of(houses.kind, houses.floor_m2, houses.owner, targets)
    return np.bincount(houses.piece, people, minlength=len(pieces)).astype(float)


def residents_of(kind: Ints, floor: Floats, owner: Ints, targets: Targets) -> Floats:
    """Return the residents of every building or lot, by its kind, floor area and district."""
    people = np.zeros(len(kind))
    for number, name in HOMES:
        own = kind == number
        per = targets.residents[name] / np.where(targets.floor[name] > 0, targets.floor[name], 1.0)
        people[own] = floor[own] * per[owner[own]]
    return people


def share_of(people: Floats, chosen: Bools, owner: Ints, districts: int) -> Floats:
    """Return the share of every district's people that is chosen; 0 where nobody is."""
    total = np.bincount(owner, people, minlength=districts)
    some = np.bincount(owner, people * chosen, minlength=districts)
    return np.asarray(some / np.where(total > 0, total, 1.0))


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
    """
    n = len(figures)
    total = figures.number(column)
    nowhere = pieces.sums(weight, n) <= 0
    weight = np.where(nowhere[pieces.owner], fallback, weight)
    counts = np.rint(np.nan_to_num(total)).astype(np.int64)
    parts = apportion(counts, pieces.owner, weight).astype(float)
    return np.where(np.isnan(total)[pieces.owner], np.nan, parts)
