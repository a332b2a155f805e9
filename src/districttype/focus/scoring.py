"""Points per zone, facet and solution: the matrix of the catalogue laid over the zones' labels.

The score of a solution in a zone is the sum of its points over the facets that are known. Cells of
our own judgement count at a stated weight. A facet that is unknown is left out of the score and of
what could have been reached, so that nothing defaults silently.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from districttype.focus.catalogue import Catalogue
from districttype.focus.conditions import (
    FACETS,
    Situation,
    all_of,
    any_of,
    truth,
)
from districttype.typology.facet import UNKNOWN

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
CLOSE = 1e-9  # scores closer than this are a tie: they are sums of halves and shares


@dataclass(frozen=True)
class Matrix:
    """The catalogue's score matrix as arrays: rows (R) by solutions (S).

    Attributes
    ----------
    rows, solutions
        Their ids.
    facet
        Per row the index of its facet in `FACETS` (R).
    points
        Points of a cell, 0 where there is none (R, S).
    inferred
        Where a cell is our own judgement (R, S).
    """

    rows: tuple[str, ...]
    solutions: tuple[str, ...]
    facet: NDArray[np.int64]
    points: Floats
    inferred: Flags

    @classmethod
    def of(cls, catalogue: Catalogue) -> Matrix:
        """Return the matrix of a catalogue."""
        rows, solutions = tuple(catalogue.rows), tuple(catalogue.solutions)
        points = np.zeros((len(rows), len(solutions)))
        inferred = np.zeros(points.shape, dtype=bool)
        for r, row in enumerate(catalogue.rows.values()):
            for solution, cell in row.points.items():
                s = solutions.index(solution)
                points[r, s], inferred[r, s] = cell.points, cell.basis == "inference"
        facet = np.array([FACETS.index(row.facet) for row in catalogue.rows.values()])
        return cls(rows, solutions, facet, points, inferred)

    def weighted(self, inference_weight: float) -> Floats:
        """Return the points with those of our own judgement at their weight (R, S)."""
        return np.where(self.inferred, self.points * inference_weight, self.points)


@dataclass(frozen=True)
class Scores:
    """What the matrix says of each zone (Z) for each solution (S).

    Attributes
    ----------
    zones
        The zone ids.
    matrix
        The matrix the scores come from.
    known
        Which facets are known in a zone (Z, F).
    parts
        In which proportion each row speaks for a solution in a zone (Z, R, S): 1 for the row of
        the zone's label, a share of floor area where the facet is blended, else 0.
    gate
        1 where the solution fits, 0 where it does not, NaN where that hangs on what is unknown.
    opened
        Per solution with a gate: which of its alternatives hold (Z, alternatives).
    values
        The weighted points (R, S).
    """

    zones: pd.Index
    matrix: Matrix
    known: Flags
    parts: Floats
    gate: Floats
    opened: dict[str, Flags]
    values: Floats

    @cached_property
    def by_row(self) -> Floats:
        """Return the points each row gives (Z, R, S)."""
        return self.parts * self.values

    @cached_property
    def by_facet(self) -> Floats:
        """Return the points of each facet (Z, F, S); NaN where the facet is unknown."""
        member = np.equal.outer(np.arange(len(FACETS)), self.matrix.facet).astype(float)
        points = np.einsum("fr,zrs->zfs", member, self.by_row)
        return np.where(self.known[:, :, None], points, np.nan)

    @cached_property
    def eligible(self) -> Flags:
        """Return where a solution fits (Z, S)."""
        return np.asarray(self.gate == 1.0)

    @cached_property
    def score(self) -> Floats:
        """Return the points over the known facets, 0 where the solution does not fit (Z, S)."""
        return np.where(self.eligible, np.nansum(self.by_facet, axis=1), 0.0)

    @cached_property
    def attainable(self) -> Floats:
        """Return the most points a zone's known facets could give (Z, S)."""
        best = np.stack(
            [
                self.values[self.matrix.facet == f].max(axis=0, initial=0.0)
                for f in range(len(FACETS))
            ]
        )
        return np.asarray(self.known.astype(float) @ best)

    @cached_property
    def relative(self) -> Floats:
        """Return the points above the city's mean of the same solution (Z, S).

        The mean is taken facet by facet over all zones where the facet is known, and summed over
        the facets known in this zone: what is unknown here drops out of both sides. Gates say
        whether a solution fits, not how much, and do not enter it.
        """
        known = self.known.astype(float)
        count = np.maximum(known.sum(axis=0), 1)[:, None]
        mean = np.nan_to_num(self.by_facet).sum(axis=0) / count
        return np.asarray(self.score - known @ mean)


def score(
    labels: pd.DataFrame,
    indicators: pd.DataFrame | None,
    catalogue: Catalogue,
    *,
    inference_weight: float | None = None,
) -> Scores:
    """Lay the matrix over the labels of a set of zones.

    Parameters
    ----------
    labels
        Index zone_id; per facet F and F_detail.
    indicators
        Index zone_id; shares of floor area for blended facets, figures for the gates.
    inference_weight
        What a cell of our own judgement counts; the catalogue's own where not given.
    """
    situation = Situation(labels, indicators)
    matrix = Matrix.of(catalogue)
    weight = catalogue.rules.inference_weight if inference_weight is None else inference_weight
    values = matrix.weighted(weight)
    known = np.stack([situation.label(facet) != UNKNOWN for facet in FACETS], axis=1)
    active = np.stack(
        [truth(row.condition, situation) == 1.0 for row in catalogue.rows.values()], axis=1
    ).astype(float)
    parts = _strongest(active, values, matrix)
    for facet, label in catalogue.blend.items():
        f = FACETS.index(facet)
        mixed = situation.label(facet) == label
        shares = _shares(matrix, catalogue, situation, f)
        known[:, f] &= ~(mixed & np.isnan(shares).any(axis=1))
        blended = np.repeat(np.nan_to_num(shares)[:, :, None], len(matrix.solutions), axis=2)
        rows = matrix.facet == f
        parts[np.ix_(mixed, rows)] = blended[np.ix_(mixed, rows)]
    parts *= known[:, matrix.facet][:, :, None]
    gate, opened = _gates(catalogue, situation)
    return Scores(situation.index, matrix, known, parts, gate, opened, values)


def _strongest(active: Floats, values: Floats, matrix: Matrix) -> Floats:
    """Keep, per zone, facet and solution, the row that gives the most points."""
    offered = active[:, :, None] * values
    parts = np.zeros(offered.shape)
    for f in np.unique(matrix.facet):
        rows = np.flatnonzero(matrix.facet == f)
        best = rows[offered[:, rows].argmax(axis=1)]
        np.put_along_axis(parts, best[:, None, :], 1.0, axis=1)
    return parts * (offered > 0)


def _shares(matrix: Matrix, catalogue: Catalogue, situation: Situation, facet: int) -> Floats:
    """Return the proportions of a blended facet's rows (Z, R); NaN where they are not known."""
    shares = np.zeros((len(situation), len(matrix.rows)))
    for r, row in enumerate(catalogue.rows.values()):
        if matrix.facet[r] == facet and row.shares:
            shares[:, r] = np.sum([situation.indicator(name) for name in row.shares], axis=0)
    return shares


def _gates(catalogue: Catalogue, situation: Situation) -> tuple[Floats, dict[str, Flags]]:
    gates, opened = [], {}
    for key, solution in catalogue.solutions.items():
        if not solution.gate:
            gates.append(np.ones(len(situation)))
            continue
        truths = [all_of(alternative.all, situation) for alternative in solution.gate]
        gates.append(any_of(truths, len(situation)))
        opened[key] = np.stack(truths, axis=1) == 1.0
    return np.stack(gates, axis=1), opened
