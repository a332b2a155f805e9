"""Layers of a city laid down in part files, as those of a city too large for memory are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from districttype.layers.laid import Laid, Laying
from districttype.layers.layer import Layer, Layers

LARGE = ("buildings", "streets", "land_use")


def laid_down(layers: Layers, folder: Path) -> Layers:
    """Return the same layers, each with its rows in four files, one a quarter of the city."""
    laid = {name: lay_in_quarters(layer, folder / name) for name, layer in layers.items()}
    return replace(layers, tables=laid)


def lay_in_quarters(layer: Layer, folder: Path) -> Layer:
    """Return a layer with its rows in four files; a row keeps its number."""
    laying = Laying(layer.name, folder)
    middle = shapely.centroid(shapely.box(*layer.frame.total_bounds))
    x, y = shapely.get_coordinates(shapely.centroid(layer.frame.geometry.to_numpy())).T
    quarter = 2 * (y > middle.y) + (x > middle.x)
    for number in range(4):
        rows = np.flatnonzero(quarter == number)
        laying.add(layer.frame.iloc[rows], rows)
    return replace(layer, frame=layer.frame.iloc[:0], laid=laying.done())


def refuse_whole(monkeypatch: pytest.MonkeyPatch, large: Collection[str] = LARGE) -> None:
    """Let large layers be read by window or by kind only."""
    read = Laid.read

    def guarded(self: Laid, within: Any = None, where: Any = None) -> gpd.GeoDataFrame:
        assert within is not None or where or self.folder.name not in large, self.folder.name
        return read(self, within, where)

    monkeypatch.setattr(Laid, "read", guarded)
