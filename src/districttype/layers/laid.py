"""Rows of a layer laid down in files, part by part, and read by windows.

Each part is a GeoParquet file of rows that lie together, neighbours beside each other, so that a
corner of a city costs a corner. A row keeps its number in the layer, wherever it is laid down.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from districttype.boxes import Box, touching
from districttype.errors import SourceUnavailableError
from districttype.layers.rows import Where
from districttype.layers.schema import value_lists

ROW = "row_of_layer"
WITNESSES = "witnesses.parquet"
_ROWS_TOGETHER = 4096  # of a file, read or passed over as one

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """A file of rows, how many it has, the box they lie in, and its columns without a value."""

    file: str
    rows: int
    bounds: Box
    blank: frozenset[str] = frozenset()

    def may_hold(self, within: Box | None, where: Where | None) -> bool:
        """Tell whether rows asked for may be in the file.

        A column without a value has no type in it, so that it must not be asked for one.
        """
        near = within is None or touching(np.array([self.bounds]), within)[0]
        return bool(near) and self.blank.isdisjoint(where or ())


@dataclass(frozen=True, eq=False)
class Laid:
    """The rows of one layer in the files of a folder.

    It is only a path and what is in the files, so that it can be sent to another machine that sees
    the same folders.

    Attributes
    ----------
    folder
        Where the files are.
    bare
        The columns of the layer, without a row.
    parts
        The files.
    """

    folder: Path
    bare: gpd.GeoDataFrame
    parts: tuple[Part, ...]

    def __len__(self) -> int:
        return sum(part.rows for part in self.parts)

    def read(self, within: Box | None = None, where: Where | None = None) -> gpd.GeoDataFrame:
        """Return the rows whose box touches a box, and that have one of the values, in order."""
        return self.numbered(within, where).drop(columns=ROW)

    def numbered(self, within: Box | None = None, where: Where | None = None) -> gpd.GeoDataFrame:
        """Return rows as `read` does, with their number in the layer as the column `ROW`."""
        filters = [(column, "in", list(values)) for column, values in (where or {}).items()]
        found = [
            self._of(part.file, bbox=within, filters=filters or None)
            for part in self.parts
            if part.may_hold(within, where)
        ]
        rows = pd.concat([self._typed(self.bare.assign(**{ROW: 0})), *found])
        return rows.sort_values(ROW).reset_index(drop=True)

    def by_part(self) -> Iterator[gpd.GeoDataFrame]:
        """Yield the rows of one file after another, each under its number in the layer.

        Those of a file lie together.
        """
        for part in self.parts:
            yield self._of(part.file).set_index(ROW)

    def witnesses(self) -> gpd.GeoDataFrame:
        """Return the first row, numbered, of each kind that the layer has; see `witnesses`."""
        return self._of(WITNESSES)

    def _of(self, file: str, **chosen: Any) -> gpd.GeoDataFrame:
        """Return rows of a file, all or those `chosen`.

        Raises
        ------
        SourceUnavailableError
            If it is gone: files of a run last as long as the run.
        """
        try:
            return self._typed(gpd.read_parquet(self.folder / file, **chosen))
        except FileNotFoundError:
            raise SourceUnavailableError(
                "the rows were laid down in files while the city was classified, and are gone",
                where=f"layer {self.folder.name}",
                todo="classify it again, or read its tables",
            ) from None

    def _typed(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return rows with the columns' own types: a file forgets that of one without a value."""
        types = {**self.bare.dtypes.to_dict(), ROW: np.dtype(np.int64)}
        typed = frame[list(types)].astype(types)
        for name in self.bare.columns[self.bare.dtypes == np.dtype(object)]:
            typed[name] = typed[name].where(typed[name].notna(), None)
        return typed


@dataclass
class Laying:
    """Lays down the rows of a layer in the files of a folder, which it makes."""

    name: str
    folder: Path
    _parts: list[Part] = field(default_factory=list, init=False)
    _witnesses: list[gpd.GeoDataFrame] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def add(self, frame: gpd.GeoDataFrame, numbers: Ints | None = None) -> None:
        """Lay down some rows, which lie together.

        Parameters
        ----------
        frame
            Rows with the layer's columns.
        numbers
            The number of each in the layer; their position if None.
        """
        numbered = frame.assign(**{ROW: np.arange(len(frame)) if numbers is None else numbers})
        numbered = numbered.sort_values(ROW)
        plain = numbered.drop(columns=ROW)
        self._witnesses.append(numbered.iloc[witnesses(self.name, plain)])
        if not len(frame) and self._parts:
            return
        order = np.zeros(0, dtype=np.int64)
        if len(frame):
            order = np.argsort(numbered.geometry.hilbert_distance().to_numpy(), kind="stable")
        file = f"{len(self._parts):06d}.parquet"
        numbered.iloc[order].to_parquet(
            self.folder / file,
            index=False,
            write_covering_bbox=True,
            row_group_size=_ROWS_TOGETHER,
        )
        blank = frozenset(frame.columns[frame.isna().all()])
        self._parts.append(Part(file, len(frame), tuple(frame.total_bounds), blank))

    def mark(self) -> tuple[int, int]:
        """Return what `back_to` takes to forget what is added from now on."""
        return len(self._parts), len(self._witnesses)

    def back_to(self, mark: tuple[int, int]) -> None:
        """Forget what was added since a mark."""
        del self._parts[mark[0] :], self._witnesses[mark[1] :]

    def done(self) -> Laid:
        """Return what was laid down.

        At least one table must have been added, be it without rows: it tells the columns.
        """
        seen = pd.concat(self._witnesses).sort_values(ROW).reset_index(drop=True)
        kept = seen.iloc[witnesses(self.name, seen.drop(columns=ROW))]
        kept.to_parquet(self.folder / WITNESSES, index=False)
        parts = tuple(part for part in self._parts if part.rows)
        return Laid(self.folder, self._witnesses[0].drop(columns=ROW).iloc[:0], parts)


def witnesses(name: str, frame: gpd.GeoDataFrame) -> Ints:
    """Return the position of the first row of each kind that there is in a layer.

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


def give_back() -> None:
    """Give memory that is free back to the system, where the C library (glibc's) would keep it.

    What is held for a moment of each part leaves holes, and a run would seem to need all of them.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
