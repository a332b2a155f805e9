"""How firmly a recommendation stands when the judgement behind it is varied.

In every draw the facets get other weights (Dirichlet, equal on average) and every cell of our own
judgement counts differently (beta, on average at the inference weight); cells of the method's own
words and of sources keep their points. The stability of a recommendation is the share of draws in
which it stays among the best of its zone.
"""

from __future__ import annotations

import numpy as np

from districttype.focus.catalogue import Robustness
from districttype.focus.conditions import FACETS
from districttype.focus.scoring import CLOSE, Floats, Scores

_CHUNK = 512  # zones at a time: keeps the draws of a chunk under 50 MB


def stability(
    scores: Scores, robustness: Robustness, *, inference_weight: float, top: int
) -> Floats:
    """Return the share of draws in which a solution is among the `top` of its zone (Z, S).

    The draws depend on the seed and on the size of the matrix only, so that neither another zone
    nor another cell changes them. NaN where the solution does not fit or has no points.
    """
    matrix = scores.matrix
    rng = np.random.default_rng(robustness.seed)
    weights = rng.dirichlet(np.full(len(FACETS), robustness.concentration), robustness.draws)
    weights *= len(FACETS)
    values = _values(scores, robustness, inference_weight, rng) * weights[:, matrix.facet, None]
    listed = scores.eligible & (scores.score > CLOSE)
    result = np.full(listed.shape, np.nan)
    for start in range(0, len(listed), _CHUNK):
        rows = slice(start, start + _CHUNK)
        drawn = np.einsum("zrs,drs->zsd", scores.parts[rows], values, optimize=True)
        drawn[~listed[rows]] = -np.inf
        better = (drawn[:, None, :, :] > drawn[:, :, None, :] + CLOSE).sum(axis=2)
        result[rows] = np.where(listed[rows], (better < top).mean(axis=2), np.nan)
    return result


def _values(
    scores: Scores, robustness: Robustness, inference_weight: float, rng: np.random.Generator
) -> Floats:
    """Return the points of every cell in every draw (D, R, S)."""
    matrix = scores.matrix
    shape = (robustness.draws, *matrix.points.shape)
    if 0 < inference_weight < 1:
        a = robustness.spread * inference_weight
        drawn = rng.beta(a, robustness.spread - a, shape)
    else:
        drawn = np.full(shape, inference_weight)
    return np.where(matrix.inferred, matrix.points * drawn, matrix.points)
