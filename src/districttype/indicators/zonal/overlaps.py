"""The sparse matrix of zones and things, and the sums over it."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
from numpy.typing import ArrayLike, NDArray

IntArray: TypeAlias = NDArray[np.int64]
FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
Shapes: TypeAlias = NDArray[Any]
# GeoSeries, GeoDataFrame, or an array of shapely geometries
Geometries: TypeAlias = Any | gpd.GeoSeries | gpd.GeoDataFrame | Shapes


def in_threads(
    work: Callable[..., NDArray[Any]], *arrays: NDArray[Any], least: int = 2000
) -> list[NDArray[Any]]:
    """Return `work` done on equal parts of the arrays, one a core: GEOS does not hold the GIL.

    OMP_NUM_THREADS says how many cores there are to use, as it does to numpy; workers of a cluster,
    of which each core has one, have it set to 1.

    Parameters
    ----------
    work
        Function of parts of the arrays.
    arrays
        Arrays of one length.
    least
        Rows that are worth a thread.
    """
    parts = min(_cores(), 1 + len(arrays[0]) // least)
    if parts == 1:
        return [work(*arrays)]
    with ThreadPoolExecutor(parts) as pool:
        return list(pool.map(work, *(np.array_split(array, parts) for array in arrays)))


def _cores() -> int:
    told = os.environ.get("OMP_NUM_THREADS", "")
    return int(told) if told.isdigit() and int(told) else os.cpu_count() or 1


@dataclass(frozen=True)
class Overlaps:
    """How much of each thing lies in each zone: one entry a pair that has anything in common.

    Entries are ordered by zone, then by thing. Zones may overlap; a thing then counts in each.

    Attributes
    ----------
    zone, thing
        Positions of the zone and of the thing.
    measure
        What they have in common: m² of a polygon, m of a line, 1 for a point.
    share
        `measure` as a share of the whole thing, 0..1; exactly 1 for what lies wholly inside.
    n_zones, n_things
        Shape of the matrix.
    """

    zone: IntArray
    thing: IntArray
    measure: FloatArray
    share: FloatArray
    n_zones: int
    n_things: int

    def total(self, values: ArrayLike | None = None) -> FloatArray:
        """Return the sum per zone: of the measure, or of what the things hold.

        Parameters
        ----------
        values
            One number a thing that is spread evenly over it (floor area, residents): a thing gives
            each zone its share of it. NaN is skipped; `total(~isnan(values))` counts what was not.
        """
        if values is None:
            return self._sum(self.measure)
        numbers = self._values(values)[self.thing]
        return self._sum(np.where(np.isnan(numbers), 0.0, numbers * self.share))

    def by_class(
        self, codes: ArrayLike, n_classes: int, values: ArrayLike | None = None
    ) -> FloatArray:
        """Return `total` per zone and class, an array (n_zones, n_classes).

        Parameters
        ----------
        codes
            One class a thing, 0..n_classes - 1; a negative code is skipped (no class known).
        n_classes
            Number of classes.
        values
            As in `total`.
        """
        codes = np.asarray(codes, dtype=np.int64)
        if len(codes) != self.n_things or (len(codes) and codes.max() >= n_classes):
            raise ValueError(f"need {self.n_things} codes below {n_classes}")
        weights = self.measure
        if values is not None:
            numbers = self._values(values)[self.thing]
            weights = np.where(np.isnan(numbers), 0.0, numbers * self.share)
        code = codes[self.thing]
        known = code >= 0
        cell = self.zone[known] * n_classes + code[known]
        sums = np.bincount(cell, weights[known], minlength=self.n_zones * n_classes)
        return sums.reshape(self.n_zones, n_classes).astype(np.float64)

    def count(self, chosen: ArrayLike | None = None) -> FloatArray:
        """Return the number of things per zone, one that straddles a border by its shares.

        Parameters
        ----------
        chosen
            Which things to count (bool); all where None.
        """
        everything = np.ones(self.n_things)
        return self.total(everything if chosen is None else np.asarray(chosen, dtype=float))

    def mean(self, values: ArrayLike, weights: ArrayLike | None = None) -> FloatArray:
        """Return the weighted mean of `values` per zone; NaN where no value is known.

        Parameters
        ----------
        values
            One number a thing that holds anywhere on it (storeys, year); NaN is skipped.
        weights
            One amount a thing, spread evenly over it (floor area); the measure where None. Things
            of unknown weight are skipped.
        """
        numbers, amounts = self._values(values)[self.thing], self._amounts(weights)
        known = ~np.isnan(numbers) & ~np.isnan(amounts)
        below = self._sum(np.where(known, amounts, 0.0))
        above = self._sum(np.where(known, amounts * np.where(known, numbers, 0.0), 0.0))
        return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)

    def quantile(self, values: ArrayLike, q: float, weights: ArrayLike | None = None) -> FloatArray:
        """Return the weighted quantile of `values` per zone; NaN where no value is known.

        The quantile is the smallest value up to which at least the share `q` of the weight lies,
        so it is always a value that occurs. Parameters are those of `mean`.
        """
        numbers, amounts = self._values(values)[self.thing], self._amounts(weights)
        known = ~np.isnan(numbers) & (amounts > 0)
        zone, numbers, amounts = self.zone[known], numbers[known], amounts[known]
        order = np.lexsort((numbers, zone))
        zone, numbers, amounts = zone[order], numbers[order], amounts[order]
        result = np.full(self.n_zones, np.nan)
        which, first = np.unique(zone, return_index=True)
        last = np.append(first, len(zone))[1:]
        for z, start, end in zip(which, first, last, strict=True):
            below = np.cumsum(amounts[start:end])
            at = np.searchsorted(below, q * below[-1] * (1 - 1e-12))
            result[z] = numbers[start + at]
        return result

    def select(self, chosen: ArrayLike) -> Overlaps:
        """Return the entries of the chosen things (bool, one a thing); the shape stays."""
        keep = np.asarray(chosen, dtype=bool)[self.thing]
        return Overlaps(
            self.zone[keep], self.thing[keep], self.measure[keep], self.share[keep],
            self.n_zones, self.n_things,
        )  # fmt: skip

    def _sum(self, weights: FloatArray) -> FloatArray:
        return np.bincount(self.zone, weights, minlength=self.n_zones).astype(np.float64)

    def _values(self, values: ArrayLike) -> FloatArray:
        numbers = np.asarray(values, dtype=np.float64)
        if numbers.shape != (self.n_things,):
            raise ValueError(f"need one number for each of {self.n_things} things")
        return numbers

    def _amounts(self, weights: ArrayLike | None) -> FloatArray:
        if weights is None:
            return self.measure
        return self._values(weights)[self.thing] * self.share
