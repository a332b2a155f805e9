"""Shapes in groups that lie together: of a layer too large for memory, each needs a window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from districttype.layers.layer import Layers

# Metres a group's middles lie apart at most, north or east: a window of streets that wide is read
# and made a network of in a second, even where every footway of a large city is mapped.
WIDE = 5_000.0


def together(shapes: NDArray[Any], layers: Layers, *names: str) -> Iterator[NDArray[np.int64]]:
    """Yield the positions of shapes in groups; all at once where the layers are held in memory.

    Parameters
    ----------
    shapes
        Geometries, none of them empty.
    layers, names
        The layers of the city, and those of which each group needs what lies near it.
    """
    if all(name not in layers or layers[name].laid is None for name in names):
        yield np.arange(len(shapes))
        return
    west, south, east, north = shapely.bounds(shapes).T
    tile = np.floor(np.stack([west + east, south + north], axis=1) / 2 / WIDE)
    _, group = np.unique(tile, axis=0, return_inverse=True)
    for number in range(len(shapes) and group.max() + 1):
        yield np.flatnonzero(group == number)
