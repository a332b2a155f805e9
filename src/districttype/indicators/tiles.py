"""Measuring in tiles: what lies between zones and layers is held for one tile at a time.

A city of ordinary size is measured from its layers as they are in memory. Of a large one each tile
is measured from the window of the layers that it needs, read from files, by itself: here, one after
another, or wherever `Tiling.spread` sends it.
"""

from __future__ import annotations

import pickle
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from districttype.boxes import Box
from districttype.indicators.facts import Facts
from districttype.indicators.measure import measure
from districttype.layers.laid import give_back
from districttype.layers.shelf import Room
from districttype.layers.windows import LayerFiles
from districttype.zones import Zones
from districttype.zones.network import least_island

MOST = 20_000  # zones of a tile
LARGE = 100_000  # buildings of a city that is measured by windows, and of a tile of it
# How far beyond a tile its indicators look, m: 1,000 of walking to a service (waste heat is looked
# for as far), 200 from a door to the street, and 1,000 of streets beyond, so that streets that end
# with the window are not taken for an island; and the size of a large building.
REACH = 2500.0


@dataclass(frozen=True)
class Tile:
    """Some zones that lie together, and their city's layers: in files, so that it travels light.

    Attributes
    ----------
    zones
        The file of the zones.
    files
        The layers of the whole city.
    names
        The indicators wanted; all if None.
    """

    zones: Path
    files: LayerFiles
    names: tuple[str, ...] | None = None

    @classmethod
    def write(
        cls, zones: Zones, number: int, files: LayerFiles, names: tuple[str, ...] | None
    ) -> Tile:
        """Lay down the zones of a tile beside the layers."""
        file = files.folder / f"{zones.name}.{number}.zones"
        file.write_bytes(pickle.dumps(zones))
        return cls(file, files, names)


Measure = Callable[[Tile], pd.DataFrame]
Spread = Callable[[Measure, Sequence[Tile]], Iterable[pd.DataFrame]]


@dataclass(frozen=True)
class Tiling:
    """How a large city is measured.

    Attributes
    ----------
    room
        Where its layers are laid down meanwhile, and from how many buildings it is large; a tile
        has about as many.
    spread
        Measures tiles as `map` does: in turn, or side by side on a cluster.
    """

    room: Room
    spread: Spread = map

    def files(self, facts: Facts) -> LayerFiles | None:
        """Return the layers laid down in files, once a run; None where the city is not large."""
        layers = facts.layers
        laid = any(layer.laid is not None for layer in layers.values())
        large = "buildings" in layers and layers["buildings"].rows > self.room.large
        if not (laid or large):
            return None
        return facts.once(self._laid_down, "files", self.room.folder)

    def _laid_down(self, facts: Facts) -> LayerFiles:
        layers = facts.layers
        if "streets" in layers:
            layers = replace(layers, least_island=least_island(layers["streets"]))
        return LayerFiles.write(layers, self.room.folder)


@contextmanager
def room_for(out: Path | None, large: int) -> Iterator[Room]:
    """Give a large city's layers a folder of its outputs while it is classified, and not after.

    Parameters
    ----------
    out
        The folder of the outputs; without one, room is made among the temporary files.
    large
        Buildings, or rows of another layer, from which a city is large.
    """
    if out is None:
        with tempfile.TemporaryDirectory(prefix="districttype-") as folder:
            yield Room(Path(folder), large)
        return
    room = Room(out / ".tiles", large)
    shutil.rmtree(room.folder, ignore_errors=True)  # of a run that was stopped
    try:
        yield room
    finally:
        shutil.rmtree(room.folder, ignore_errors=True)


def measure_in_tiles(
    zones: Zones,
    facts: Facts,
    *,
    most: int = MOST,
    names: Collection[str] | None = None,
    tiling: Tiling | None = None,
) -> pd.DataFrame:
    """Measure as `measure` does, tile by tile where zones or buildings are many.

    A zone's indicators hang on no other zone, so that the result is the same; zones of one tile lie
    together, so that each tile meets few of the layers' things.

    Parameters
    ----------
    zones, names
        As in `measure`.
    facts
        The layers, and what follows from them alone: worked out once for all tiles where the city
        is not large.
    most
        How many zones a tile has at most.
    tiling
        How a large city is measured; from memory, as any other, if None.
    """
    files = None if tiling is None else tiling.files(facts)
    if files is None or tiling is None:
        if len(zones) <= most:
            return measure(zones, facts, names=names)
        parts = [measure(tile, facts, names=names) for tile in tiles(zones, most)]
    else:
        wanted = None if names is None else tuple(names)
        load = files.held("buildings", zones.frame.geometry), tiling.room.large
        some = [
            Tile.write(part, number, files, wanted)
            for number, part in enumerate(tiles(zones, most, load))
        ]
        parts = list(tiling.spread(measure_tile, some))
    return pd.concat(parts).loc[zones.ids].set_index(zones.ids)


def measure_tile(tile: Tile) -> pd.DataFrame:
    """Measure a tile from the window of the layers that it needs, wherever this runs."""
    zones: Zones = pickle.loads(tile.zones.read_bytes())  # noqa: S301 - our own
    found = measure(zones, tile.files.read(window(zones, tile.files)), names=tile.names)
    give_back()
    return found


def window(zones: Zones, files: LayerFiles) -> Box:
    """Return the box of the layers that zones need.

    People are counted on ground that may be larger than a zone and are spread over all homes on it,
    so that all of it must lie within reach.
    """
    box: Box = tuple(zones.frame.total_bounds)
    west, south, east, north = files.extent("residents", box)
    return west - REACH, south - REACH, east + REACH, north + REACH


def tiles(
    zones: Zones, most: int, load: tuple[NDArray[np.int64], int] | None = None
) -> Iterator[Zones]:
    """Yield the zones in groups that lie together, each with its neighbours: along a Hilbert curve.

    Parameters
    ----------
    zones
        The zones.
    most
        How many a group has at most.
    load
        How many buildings each zone holds, and how many the zones of a group hold, about.
    """
    order = np.argsort(zones.frame.geometry.hilbert_distance().to_numpy(), kind="stable")
    begins = [0]
    held = np.zeros(len(order) + 1, dtype=np.int64)
    if load is not None:
        np.cumsum(load[0][order], out=held[1:])
    while begins[-1] < len(order):
        begin = begins[-1]
        end = min(begin + most, len(order))
        if load is not None:
            full = int(np.searchsorted(held, held[begin] + load[1], side="right")) - 1
            end = min(end, max(full, begin + 1))
        begins.append(end)
    for begin, end in pairwise(begins):
        yield zones.some(np.sort(order[begin:end]))
