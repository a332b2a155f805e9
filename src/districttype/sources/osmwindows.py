"""Extracts of OpenStreetMap too large for memory, read window by window in one pass.

Nodes and ways go into a file for each window as they come; relations, of which there are few, are
held whole. Measured on a made-up extract of 4 million buildings (26 million nodes, 2 cores): read
whole 49 s and 5.1 GB, in 16 windows 56 s and 0.5 GB, in 100 windows 39 s and 0.4 GB; to which come
0.4 GB of the mapped index of node locations, which the system takes back where memory is short.

That index is sorted by id: 16 bytes a node, whatever the ids. An array with a place for each id
(libosmium's `dense_file_array`) is for whole planets: of a city's nodes, scattered over all ids,
each took 3.2 kB of disk and was forty times slower to write.
"""

from __future__ import annotations

import pickle  # only of what this process itself wrote a moment ago
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

from districttype.boxes import Box, touching
from districttype.sources.osmpass import Found, described, find, plain_errors, task
from districttype.sources.osmshapes import tables
from districttype.sources.osmtext import Block
from districttype.sources.registry import Raw, Wanted

PIECE = 4096  # areas of relations whose bounds are found at a time


def read_extract_windows(
    path: Path, wanted: Mapping[str, Wanted], boxes: Sequence[Box], folder: Path
) -> Iterator[dict[str, Raw]]:
    """Yield, for each box in order, what `read_extract` would give of the objects that touch it.

    Memory holds the relations and one window, or a piece of the extract's text. The scratch room
    takes 16 bytes for each node of the extract and about 600 for each building wanted, half of it
    as text that goes once it is cut up. An extract that is not sorted, or is no PBF, is sorted
    first, in memory; for a large one `osmium sort` and a PBF are better.

    Parameters
    ----------
    path
        The extract.
    wanted
        As for `read_extract`; areas stated there do not count.
    boxes
        West, south, east, north in WGS 84. They may overlap: an object comes, whole, in each box
        that its own touches.
    folder
        Scratch room on disk. What is written there goes when the last window was taken.

    Yields
    ------
    dict
        As from `read_extract`, rows in the same order. What was set aside is counted in each window
        that it touches; what has no place (relations that cannot be closed, ways without known
        nodes) in the first.

    Raises
    ------
    SourceError, SourceUnavailableError
        As `read_extract`, when the first window is taken.
    """
    with tempfile.TemporaryDirectory(prefix="districttype-", dir=folder) as room:
        spool = _Spool(boxes, Path(room))
        with plain_errors(path):
            about = described(path)
            found = find(path, task(wanted, Path(room), on_disk=True), spool)
        bounds = _bounds(found)
        for number, box in enumerate(boxes):
            scan = found.scan(spool.take(number), _here(bounds, box, first=number == 0))
            read = tables(scan, wanted, **about)
            del scan
            yield {name: _cut(read.pop(name), box) for name in wanted}


class _Spool:
    """A file for each window, of the nodes and ways that touch it."""

    def __init__(self, boxes: Sequence[Box], folder: Path) -> None:
        self._boxes = boxes
        self._files = [folder / f"{number}.blocks" for number in range(len(boxes))]

    def append(self, block: Block, /) -> None:
        bounds = block.bounds()
        for number, (box, file) in enumerate(zip(self._boxes, self._files, strict=True)):
            here = _here(bounds, box, first=number == 0)
            if here.any():
                with file.open("ab") as stream:
                    pickle.dump(block.take(here), stream, protocol=5)

    def clear(self) -> None:
        for file in self._files:
            file.unlink(missing_ok=True)

    def take(self, number: int) -> list[Block]:
        """Return the blocks of a window, and forget them."""
        blocks = []
        file = self._files[number]
        if file.exists():
            with file.open("rb") as stream:
                while stream.peek(1):
                    blocks.append(pickle.load(stream))  # noqa: S301 - see the import
            file.unlink()
        return blocks


def _here(bounds: np.ndarray, box: Box, *, first: bool) -> np.ndarray:
    """Say what touches a box; what has no place belongs to the first."""
    here = touching(bounds, box)
    return here | np.isnan(bounds[:, 0]) if first else here


def _bounds(found: Found) -> np.ndarray:
    """Return the bounds of relations, NaN where they have no area."""
    areas = [found.areas.get(number) for number in found.relations.ids.tolist()]
    pieces = [areas[start : start + PIECE] for start in range(0, len(areas), PIECE)]
    bounds = [shapely.bounds(shapely.from_wkb(np.array(piece, object))) for piece in pieces]
    return np.concatenate([np.zeros((0, 4)), *bounds])


def _cut(raw: Raw, box: Box) -> Raw:
    """Leave out the rows whose geometry, once repaired, is outside the box that their nodes touch.

    Relations are placed by their areas, and so are rows here.
    """
    inside = touching(raw.frame.bounds.to_numpy(), box)
    return raw if inside.all() else replace(raw, frame=raw.frame[inside].reset_index(drop=True))
