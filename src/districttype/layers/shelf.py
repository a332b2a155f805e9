"""The rows of one layer as they are gathered: held while they are few, else laid down in files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from districttype.boxes import Box
from districttype.layers.laid import Laying
from districttype.layers.layer import Layers
from districttype.layers.repeats import MARK
from districttype.layers.schema import conform, empty
from districttype.planar import common


@dataclass(frozen=True)
class Room:
    """Where the layers of a large city are laid down.

    Attributes
    ----------
    folder
        A folder of the run's own.
    large
        Rows of one provider from which they are read by windows and laid down.
    """

    folder: Path
    large: int


There = Callable[[Box], Iterable[gpd.GeoDataFrame]]  # the rows there that touch a box


@dataclass
class Shelf:
    """Holds the canonical rows of a layer, or lays them down once a provider gives them in parts.

    Attributes
    ----------
    name
        The layer.
    layers
        What was gathered before it.
    room
        Where its rows are laid down; None holds them, however many.
    held
        The tables held.
    laying
        What lays the rows down, if that has begun.
    outside
        Of the buildings laid down, how many lie in no district.
    apart
        Of the buildings laid down, how many have the id of an earlier one.
    rows
        How many rows are laid down.
    """

    name: str
    layers: Layers
    room: Room | None
    held: list[gpd.GeoDataFrame] = field(default_factory=list, init=False)
    laying: Laying | None = field(default=None, init=False)
    outside: int = field(default=0, init=False)
    apart: int = field(default=0, init=False)
    rows: int = field(default=0, init=False)
    _ids: list[NDArray[np.uint64]] = field(default_factory=list, init=False)

    @property
    def empty(self) -> bool:
        """Tell whether no provider has given any table."""
        return not self.held and self.laying is None

    def add(self, frame: gpd.GeoDataFrame) -> None:
        """Take canonical rows."""
        if self.laying is None:
            self.held.append(frame)
        else:
            self._lay_down(frame)

    @contextmanager
    def in_parts(self) -> Iterator[None]:
        """Lay down the rows added meanwhile, and all others; none of them if they do not all come.

        What was there before stays as it was.
        """
        assert self.room is not None
        before = (self.laying, self.held, self.outside, self.apart, self.rows, [*self._ids])
        mark = None if self.laying is None else self.laying.mark()
        if self.laying is None:
            self.laying = Laying(self.name, self.room.folder / self.name)
            self.laying.add(empty(self.name, self.layers.crs))  # so that its columns are known
            self.held = []
            for one in before[1]:
                self._lay_down(one)
        try:
            yield
        except BaseException:
            self.laying, self.held, self.outside, self.apart, self.rows, self._ids = before
            if self.laying is not None and mark is not None:
                self.laying.back_to(mark)
            raise

    def rewrite(self, change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame], since: int) -> None:
        """Lay down anew, changed, the rows of each part that came since there were so many."""
        assert self.laying is not None
        assert self.room is not None
        laid = self.laying.done()
        again = Laying(self.name, self.room.folder / f"{self.name}.{since}")
        again.add(laid.bare)
        self.rows = 0
        for part in laid.by_part():
            rows = change(part) if part.index.min() >= since else part
            again.add(rows, np.arange(self.rows, self.rows + len(rows), dtype=np.int64))
            self.rows += len(rows)
        shutil.rmtree(laid.folder)
        self.laying = again

    def there(self) -> There | None:
        """Return what gives the rows that are there now, whatever is added later; None if none."""
        if self.laying is None and not self.held:
            return None
        if self.laying is None:
            held = [*self.held]
            return lambda _: held
        laid = self.laying.done()
        return lambda box: [laid.read(box)]

    def joined(self) -> gpd.GeoDataFrame:
        """Return the rows held as one table."""
        table = pd.concat(self.held, ignore_index=True)
        return gpd.GeoDataFrame(table, geometry="geometry", crs=self.layers.crs)

    def _lay_down(self, frame: gpd.GeoDataFrame) -> None:
        assert self.laying is not None
        if self.name == "buildings":
            frame = frame.assign(building_id=self._once(frame["building_id"]))
            self.outside += outside_districts(frame, self.layers)
        numbers = np.arange(self.rows, self.rows + len(frame), dtype=np.int64)
        self.laying.add(conform(self.name, frame, self.layers.crs), numbers)
        self.rows += len(frame)

    def _once(self, ids: pd.Series) -> pd.Series:
        """Mark ids that an earlier part has; within a part they are marked already."""
        bare = ids.str.replace(MARK, "", regex=True)
        known = pd.util.hash_array(bare.to_numpy(dtype=object), categorize=False)
        earlier = np.isin(known, np.concatenate([*self._ids, np.zeros(0, dtype=np.uint64)]))
        self.apart += int((earlier | bare.duplicated().to_numpy()).sum())
        self._ids.append(known)
        place = pd.Series(np.arange(self.rows, self.rows + len(ids)), ids.index).astype(str)
        return ids.where(~earlier, bare + "~" + place)


def outside_districts(buildings: gpd.GeoDataFrame, layers: Layers) -> int:
    """Return how many buildings no district holds."""
    districts = layers.frame("districts")
    if districts is None:
        return 0
    points = shapely.point_on_surface(buildings.geometry.to_numpy())
    held = shapely.STRtree(districts.geometry.to_numpy()).query(points, predicate="intersects")[0]
    return len(buildings) - len(np.unique(held))


def mostly_there(frame: gpd.GeoDataFrame, earlier: Iterable[gpd.GeoDataFrame]) -> NDArray[np.bool_]:
    """Tell of which rows more than half the ground is covered by rows that came earlier."""
    shapes = frame.geometry.to_numpy()
    held = np.zeros(len(frame))
    for rows in earlier:
        there = rows.geometry.to_numpy()
        mine, other = shapely.STRtree(there).query(shapes, predicate="intersects")
        held += np.bincount(mine, shapely.area(common(shapes[mine], there[other])), len(frame))
    return np.asarray(held > 0.5 * shapely.area(shapes))
