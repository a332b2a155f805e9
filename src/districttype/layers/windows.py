"""Layers laid down in files, to be read window by window: a corner of a city costs a corner.

What a layer has anywhere in the city changes what is known everywhere: where no park is mapped at
all, it is unknown who lives near one, and not nobody. So beside the rows of a window there comes a
*witness* of every kind of row the layer has, wherever it lies.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from districttype.boxes import Box
from districttype.layers.laid import ROW, Laid, Laying
from districttype.layers.layer import Layer, Layers
from districttype.planar import common

_FACTS = "layers.pickle"


@dataclass(frozen=True)
class LayerFiles:
    """A folder that holds all layers of a city.

    It is only a path, so that it can be sent to another machine that sees the same folders.
    """

    folder: Path

    @classmethod
    def write(cls, layers: Layers, folder: Path) -> LayerFiles:
        """Lay down, in a folder made where it is missing, what of the layers is in memory."""
        folder.mkdir(parents=True, exist_ok=True)
        laid = {name: lay_down(layer, folder) for name, layer in layers.items()}
        (folder / _FACTS).write_bytes(pickle.dumps(replace(layers, tables=laid)))
        return cls(folder)

    def read(self, box: Box) -> Layers:
        """Return the layers as they are within a box (west, south, east, north; city CRS, m).

        What reaches into the box is whole; rows keep their order. Coverage ends with the box.
        """
        layers = self._laid()
        return replace(layers, tables={name: _window(one, box) for name, one in layers.items()})

    def extent(self, name: str, box: Box) -> Box:
        """Return a box grown so that it holds all of what a layer has in it."""
        rows = self._laid().select(name, within=box)
        return _around(box, tuple(rows.total_bounds)) if rows is not None and len(rows) else box

    def held(self, name: str, areas: gpd.GeoSeries) -> NDArray[np.int64]:
        """Return about how many rows lie in each area: those whose box has its middle there."""
        held = np.zeros(len(areas), dtype=np.int64)
        layers = self._laid()
        for rows in _laid(layers[name]).by_part() if name in layers else ():
            west, south, east, north = rows.bounds.to_numpy().T
            middles = shapely.points((west + east) / 2, (south + north) / 2)
            area, _ = shapely.STRtree(middles).query(areas.to_numpy(), predicate="contains")
            held += np.bincount(area, minlength=len(areas))
        return held

    def _laid(self) -> Layers:
        found: Layers = pickle.loads((self.folder / _FACTS).read_bytes())  # noqa: S301 - our own
        return found


def lay_down(layer: Layer, folder: Path) -> Layer:
    """Return a layer with its rows in files of a folder, where they are not in files already."""
    if layer.laid is not None:
        return layer
    laying = Laying(layer.name, folder / layer.name)
    laying.add(layer.frame)
    return replace(layer, frame=layer.frame.iloc[:0], laid=laying.done())


def _laid(layer: Layer) -> Laid:
    assert isinstance(layer.laid, Laid)
    return layer.laid


def _window(layer: Layer, box: Box) -> Layer:
    witness, rows = _laid(layer).witnesses(), _laid(layer).numbered(box)
    rows = pd.concat([rows, witness[~witness[ROW].isin(rows[ROW])]])
    frame = rows.sort_values(ROW).reset_index(drop=True).drop(columns=ROW)
    coverage = layer.coverage
    if coverage is not None:
        coverage = common(coverage, shapely.box(*box))[0]
    return replace(layer, frame=frame, coverage=coverage, laid=None)


def _around(box: Box, other: Box) -> Box:
    return (
        min(box[0], other[0]), min(box[1], other[1]), max(box[2], other[2]), max(box[3], other[3]),
    )  # fmt: skip
