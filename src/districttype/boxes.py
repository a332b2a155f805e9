"""Boxes: west, south, east, north, in whatever system what lies in them is in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]


def touching(bounds: NDArray[Any], box: Box) -> NDArray[np.bool_]:
    """Tell of each of `bounds` (n rows of four) whether it has a point in common with a box."""
    west, south, east, north = box
    return np.asarray(
        (bounds[:, 0] <= east)
        & (bounds[:, 2] >= west)
        & (bounds[:, 1] <= north)
        & (bounds[:, 3] >= south)
    )
