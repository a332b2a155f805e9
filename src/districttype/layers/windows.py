"""Layers laid down in files, to be read window by window: a corner of a city costs a corner.

What a layer has anywhere in the city changes what is known everywhere: where no park is mapped at
all, it is unknown who lives near one, and not nobody. So beside the rows of a window there comes a
*witness* of every kind of row the layer has, wherever it lies.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from districttype.layers.schema import Layer, Layers, value_lists
from districttype.planar import common

Box = tuple[float, float, float, float]

_ROWS_TOGETHER = 4096  # of a file, read or passed over as one
_ROW = "row_of_layer"
_FACTS = "layers.pickle"


@dataclass(frozen=True)
class LayerFiles:
    """A folder that holds all layers of a city.

    It is only a path, so that it can be sent to another machine that sees the same folders.
    """

    folder: Path

    @classmethod
    def write(cls, layers: Layers, folder: Path) -> LayerFiles:
        """Lay down layers in a folder, made where it is missing: neighbours beside each other."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, layer in layers.items():
            frame = layer.frame.assign(**{_ROW: np.arange(len(layer.frame))})
            order = np.zeros(0, dtype=int)
            if len(frame):
                curve = frame.geometry.hilbert_distance().to_numpy()
                order = np.argsort(curve, kind="stable")
            frame.iloc[order].to_parquet(
                folder / f"{name}.parquet",
                index=False,
                write_covering_bbox=True,
                row_group_size=_ROWS_TOGETHER,
            )
            frame.iloc[witnesses(name, layer.frame)].to_parquet(
                folder / f"{name}.witnesses.parquet", index=False
            )
        bare = {n: replace(layer, frame=layer.frame.iloc[:0]) for n, layer in layers.items()}
        (folder / _FACTS).write_bytes(pickle.dumps(replace(layers, tables=bare)))
        return cls(folder)

    def read(self, box: Box) -> Layers:
        """Return the layers as they are within a box (west, south, east, north; city CRS, m).

        What reaches into the box is whole; rows keep their order. Coverage ends with the box.
        """
        layers = self._bare()
        return replace(
            layers, tables={name: self._window(layer, box) for name, layer in layers.items()}
        )

    def extent(self, name: str, box: Box) -> Box:
        """Return a box grown so that it holds all of what a layer has in it."""
        if name not in self._bare():
            return box
        rows = self._rows(name, box)
        return _around(box, tuple(rows.total_bounds)) if len(rows) else box

    def _bare(self) -> Layers:
        found: Layers = pickle.loads((self.folder / _FACTS).read_bytes())  # noqa: S301 - our own
        return found

    def _rows(self, name: str, box: Box) -> gpd.GeoDataFrame:
        return gpd.read_parquet(self.folder / f"{name}.parquet", bbox=box)

    def _window(self, layer: Layer, box: Box) -> Layer:
        witness = gpd.read_parquet(self.folder / f"{layer.name}.witnesses.parquet")
        rows = self._rows(layer.name, box)
        rows = pd.concat([rows, witness[~witness[_ROW].isin(rows[_ROW])]])
        frame = rows.sort_values(_ROW).reset_index(drop=True)[[*layer.frame.columns]]
        coverage = layer.coverage
        if coverage is not None:
            coverage = common(coverage, shapely.box(*box))[0]
        return replace(layer, frame=frame.astype(layer.frame.dtypes.to_dict()), coverage=coverage)


def witnesses(name: str, frame: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return the first row of each kind that there is in a layer.

    A kind is what any two columns are together: their value where the schema lists the values, else
    whether there is one.
    """
    if not len(frame):
        return np.zeros(0, dtype=np.int64)
    listed = value_lists(name)
    columns = [
        pd.factorize(frame[column] if column in listed else frame[column].notna())[0] + 1
        for column in frame.columns.drop(frame.geometry.name)
    ]
    columns.append(np.zeros(len(frame), dtype=np.int64))  # so that one column is enough, or none
    columns.append(np.zeros(len(frame), dtype=np.int64))
    first = [
        np.unique(a * (b.max() + 1) + b, return_index=True)[1] for a, b in combinations(columns, 2)
    ]
    return np.unique(np.concatenate(first)).astype(np.int64)


def _around(box: Box, other: Box) -> Box:
    return (
        min(box[0], other[0]), min(box[1], other[1]), max(box[2], other[2]), max(box[3], other[3]),
    )  # fmt: skip
