"""Points that are one thing in several places, put together."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from districttype.indicators.zonal.overlaps import FloatArray, IntArray


def pairs_within(xy: FloatArray, distance: float) -> IntArray:
    """Return the pairs (n, 2) of points at most so far apart, m."""
    return np.asarray(cKDTree(xy).query_pairs(distance, output_type="ndarray"), dtype=np.int64)


def middles(xy: FloatArray, pairs: IntArray) -> FloatArray:
    """Return the middle of each group of points that pairs hold together.

    Parameters
    ----------
    xy
        (n, 2) coordinates.
    pairs
        (m, 2) positions of points that belong together; what no pair names stands alone.
    """
    if not len(xy):
        return xy
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(xy), len(xy)))
    n, group = connected_components(links, directed=False)
    sums = np.stack([np.bincount(group, axis, minlength=n) for axis in xy.T], axis=1)
    return np.asarray(sums / np.bincount(group, minlength=n)[:, None])
