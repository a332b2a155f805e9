"""Cells of 250 m: density is seen here first, because the average of a district misleads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike

from districttype.indicators.facts import Facts, ratio
from districttype.indicators.land import dry_area
from districttype.indicators.stock import stock
from districttype.indicators.zonal import Overlaps, overlap
from districttype.indicators.zonal.overlaps import FloatArray, IntArray, Shapes

SIDE = 250.0
_AROUND = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
_TWO_AROUND = [(i, j) for i in range(-2, 3) for j in range(-2, 3)]


@dataclass(frozen=True)
class Cells:
    """The squares with buildings, and two rings of squares round them.

    Attributes
    ----------
    boxes
        The squares.
    land
        Dry land in each, m², where buildings are known to be complete; never less than its
        buildings stand on.
    around
        (n, 9): positions of each square and its neighbours; -1 for one that is not here.
    overlaps
        Which part of each building in use lies in which square.
    """

    boxes: Shapes
    land: FloatArray
    around: IntArray
    overlaps: Overlaps

    def density(self, amounts: ArrayLike) -> FloatArray:
        """Return what buildings hold (floor area, heat demand) per m² of land in each square."""
        return ratio(self.overlaps.total(amounts), self.land)

    def smoothed(self, amounts: ArrayLike) -> FloatArray:
        """Return the same over each square and its eight neighbours: sum over sum."""
        held = np.append(self.overlaps.total(amounts), 0.0)
        land = np.append(self.land, 0.0)
        return ratio(held[self.around].sum(axis=1), land[self.around].sum(axis=1))

    def of_buildings(self, values: FloatArray) -> FloatArray:
        """Return each building's value: that of its squares, weighted by its share in them."""
        known = np.nan_to_num(values[self.overlaps.zone])
        share = known * self.overlaps.share
        return np.bincount(self.overlaps.thing, share, self.overlaps.n_things).astype(float)


def cells(facts: Facts) -> Cells:
    """Lay the squares of the city's grid over the buildings in use."""
    origin = np.asarray(facts.layers.grid_origin, dtype=float)
    things = facts.once(stock).things
    bounds = np.floor((things.bounds - np.tile(origin, 2)) / SIDE).astype(np.int64)
    built = _all_between(bounds)
    square = np.unique(_moved(built, _TWO_AROUND), axis=0)
    low = origin + square * SIDE
    boxes = shapely.box(low[:, 0], low[:, 1], low[:, 0] + SIDE, low[:, 1] + SIDE)
    overlaps = overlap(boxes, things)
    land = dry_area(facts, boxes, "buildings")
    return Cells(boxes, np.maximum(land, overlaps.total()), _places(square), overlaps)


def _all_between(bounds: IntArray) -> IntArray:
    """Return (column, row) of all squares that the rectangles touch."""
    low, high = bounds[:, :2], bounds[:, 2:]
    size = high - low + 1
    count = size.prod(axis=1)
    owner = np.repeat(np.arange(len(bounds)), count)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    step = np.stack([number % size[owner, 0], number // size[owner, 0]], axis=1)
    return np.unique(low[owner] + step, axis=0)


def _moved(square: IntArray, steps: list[tuple[int, int]]) -> IntArray:
    moved: IntArray = (square[:, None, :] + np.asarray(steps)[None, :, :]).reshape(-1, 2)
    return moved


def _places(square: IntArray) -> IntArray:
    """Return where the nine squares round each square stand in the list; -1 where they do not."""
    if not len(square):
        return np.zeros((0, 9), dtype=np.int64)
    low = square.min(axis=0) - 1
    width = square[:, 1].max() - low[1] + 2
    key = (square[:, 0] - low[0]) * width + (square[:, 1] - low[1])
    wanted = _moved(square, _AROUND)
    wanted_key = (wanted[:, 0] - low[0]) * width + (wanted[:, 1] - low[1])
    place = np.minimum(np.searchsorted(key, wanted_key), len(key) - 1)
    return np.where(key[place] == wanted_key, place, -1).reshape(-1, 9)
