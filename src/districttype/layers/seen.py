"""What guesses rest on: of all buildings a few plain numbers, and traits of those asked about.

A city may be too large to be held. Its buildings come part by part; what is kept of one is about
60 bytes, and its traits where there is room for them: in memory, or in a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from districttype.boxes import Box
from districttype.layers.schema import USES
from districttype.layers.traits import Floats, Ints, Town, form, told_by_neighbours

Bools = NDArray[np.bool_]
Codes = NDArray[np.int8]
Traits = NDArray[np.float32]
# The rows of a layer, each under its number (the index), whenever called one part after another.
Parts = Callable[[], Iterable[gpd.GeoDataFrame]]
LandUse = Callable[[Box], gpd.GeoDataFrame | None]

BLOCK = 500.0  # m: side of the blocks that are left out together
UNKNOWN = USES.index("unknown")
_OBSERVED = ("register", "tagged")


@dataclass(frozen=True, eq=False)
class Plain:
    """What is told of each building in plain numbers, in the order of the layer.

    Attributes
    ----------
    row
        Their numbers in the layer, which need not be without gaps.
    xy, footprint
        (n, 2) centroids, m; m2.
    use
        Positions in `USES`.
    floors, year, floor_area
        NaN where not known; m2.
    observed
        Whether somebody states both storeys and floor area.
    """

    row: Ints
    xy: Floats
    footprint: Floats
    use: Codes
    floors: Floats
    year: Floats
    floor_area: Floats
    observed: Bools

    @classmethod
    def of(cls, parts: Parts, count: int) -> Plain:
        """Read what is told of all buildings, of which there are `count`."""
        held: dict[str, NDArray[Any]] = {}
        start = 0
        for part in parts():
            end = start + len(part)
            for name, values in _plain(part).items():
                if name not in held:
                    held[name] = np.empty((count, *values.shape[1:]), dtype=values.dtype)
                held[name][start:end] = values
            start = end
        order = np.argsort(held["row"], kind="stable")
        for name in held:  # one after another: there is no room for all of them twice
            held[name] = held[name][order]
        return cls(**held)

    @cached_property
    def lot(self) -> NDArray[np.uint64]:
        """Return a number drawn for each, told by its place to ten centimetres."""
        x, y = (pd.util.hash_array(np.round(some * 10).astype(np.int64)) for some in self.xy.T)
        drawn: NDArray[np.uint64] = pd.util.hash_array(x ^ (y << np.uint64(1)))
        return drawn

    def at(self, part: pd.DataFrame) -> Ints:
        """Return where the rows of a part are among these."""
        return np.asarray(np.searchsorted(self.row, part.index.to_numpy()))


def _plain(part: gpd.GeoDataFrame) -> dict[str, NDArray[Any]]:
    shapes = part.geometry.to_numpy()
    observed = part[["floor_area_m2_origin", "floors_origin"]].isin(_OBSERVED).all(axis=1)
    return {
        "row": part.index.to_numpy(dtype=np.int64),
        "xy": shapely.get_coordinates(shapely.centroid(shapes)),
        "footprint": shapely.area(shapes),
        "use": pd.Categorical(part["use"], categories=USES).codes.astype(np.int8),
        "floors": part["floors"].to_numpy(dtype=float),
        "year": part["year_built"].to_numpy(dtype=float),
        "floor_area": part["floor_area_m2"].to_numpy(dtype=float),
        "observed": observed.to_numpy(dtype=bool),
    }


@dataclass(frozen=True, eq=False)
class Seen:
    """What is seen of buildings.

    Attributes
    ----------
    plain
        What is told of all.
    traits
        One row a building: form and setting.
    use
        The use of each, once it is guessed, which is then a trait like the others.
    """

    plain: Plain
    traits: Traits
    use: Codes | None = None

    @classmethod
    def of(cls, parts: Parts, plain: Plain, land_use: LandUse, folder: Path | None) -> Seen:
        """Look at all buildings.

        Parameters
        ----------
        parts
            The rows.
        plain
            What is told of all of them.
        land_use
            The rows of the layer `land_use` in a box.
        folder
            Where the traits are kept, in a file without a name that ends with them; in memory if
            None.
        """
        town = Town(plain.xy, plain.footprint)
        traits: Traits | None = None
        for part in parts():
            at = plain.at(part)
            shapes = part.geometry.to_numpy()
            around = land_use(_box(plain.xy[at]))
            found = [form(shapes), town.setting(at, around), _told(part)]
            values = np.column_stack([table.to_numpy(dtype=float) for table in found])
            if traits is None:
                traits = _room((len(plain.row), values.shape[1]), folder)
            traits[at] = _readable(values)
        assert traits is not None
        return cls(plain, traits)

    def of_rows(self, ask: Ints, known: Ints, values: Floats) -> Traits:
        """Return the traits of some rows, and what the nearest known buildings say to them.

        Parameters
        ----------
        ask
            The rows.
        known, values
            The buildings that may be looked at, and the (m, k) numbers known of them.
        """
        told = told_by_neighbours(self.plain.xy, values, known, ask).to_numpy(dtype=float)
        use = [] if self.use is None else [self.use[ask]]
        return np.column_stack([self.traits[ask], *use, _readable(told)]).astype(np.float32)

    def blocks(self, rows: Ints) -> Ints:
        """Return the number of the block that each row stands in."""
        square = np.floor(self.plain.xy[rows] / BLOCK).astype(np.int64)
        return np.unique(square, axis=0, return_inverse=True)[1].reshape(-1)


def _told(part: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what a provider may tell, and need not."""
    none = pd.Series(np.nan, index=part.index)
    told = {name: part.get(name, none) for name in ("height_m", "dwellings")}
    return pd.DataFrame(told).apply(pd.to_numeric, errors="coerce")


def _readable(traits: Floats) -> Traits:
    """Return traits as trees read them; unknown is a number below all others."""
    return np.nan_to_num(traits.astype(np.float32), nan=-9.0)


def _room(shape: tuple[int, int], folder: Path | None) -> Traits:
    if folder is None:
        return np.empty(shape, dtype=np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder) as file:  # gone with the last who looks into it
        return cast(Traits, np.memmap(file, dtype=np.float32, mode="w+", shape=shape))


def _box(xy: Floats) -> Box:
    (west, south), (east, north) = xy.min(axis=0).tolist(), xy.max(axis=0).tolist()
    return west, south, east, north
