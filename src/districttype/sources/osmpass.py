"""One pass over an extract of OpenStreetMap: nodes and ways block by block, relations whole.

Whoever asks says where the blocks go: into a list, of which one table is made (`osmfile`), or into
a file for each window of a city that is too large for memory (`osmwindows`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import osmium
import shapely
from osmium import filter as only
from osmium.osm import NODE, RELATION, WAY

from districttype.boxes import Box
from districttype.errors import SourceError, SourceUnavailableError
from districttype.sources import osmtext
from districttype.sources.osmlegacy import adopt_tags, no_areas
from districttype.sources.osmshapes import Scan
from districttype.sources.osmtext import Block
from districttype.sources.registry import Wanted

LARGE = 150_000_000  # bytes of a file that is cut to the area before it is read
LIFT = 1 << 36  # where negative ids go; ids in use reach 2^34

_MEMBER = re.compile(r"w(-?\d+)@")
_TEXT = "opl,add_metadata=false,locations_on_ways=true"


class Sink(Protocol):
    """Where the nodes and ways of a pass go; a list will do."""

    def append(self, block: Block, /) -> None:
        """Take the next block."""

    def clear(self) -> None:
        """Forget all blocks: the pass begins anew."""


@dataclass(frozen=True)
class Task:
    """What one pass is asked for.

    Attributes
    ----------
    start
        Keys to find objects by.
    keys
        Keys of the tags to keep.
    folder
        Scratch room on disk, for this pass alone.
    box
        What nodes and ways should touch (west, south, east, north in WGS 84); None: all.
    on_disk
        Keep the locations of nodes in a file rather than in memory, where they take 16 bytes each.
    """

    start: list[str]
    keys: set[str]
    folder: Path
    box: Box | None = None
    on_disk: bool = False


@dataclass(frozen=True)
class Found:
    """What a pass knows besides its blocks: relations, their areas, and ways these draw.

    `areas` is as in `Scan`; of the ways in `drawn` (ids) the areas are those of relations.
    """

    relations: Block
    areas: Mapping[int, str | None]
    drawn: np.ndarray

    def scan(self, blocks: list[Block], chosen: np.ndarray | None = None) -> Scan:
        """Put blocks and relations together (of these the `chosen`, bool, where given)."""
        nodes, ways = (osmtext.join(blocks, kind) for kind in "nw")
        relations = self.relations if chosen is None else self.relations.take(chosen)
        return Scan(nodes, no_areas(ways, self.drawn), relations, self.areas)


def task(wanted: Mapping[str, Wanted], folder: Path, **more: Any) -> Task:
    """Return what a pass has to be asked for to serve all of `wanted`."""
    start = {key for want in wanted.values() for key in want.tags}
    columns = {key for want in wanted.values() for key in want.columns}
    return Task(sorted(start), start | columns | {"type", "area"}, folder, **more)


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Say in one line what libosmium and GDAL say in many ways."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        raise SourceError(
            f"is no readable OpenStreetMap extract ({' '.join(str(error).split())})",
            where=path.name,
            todo="is the file complete? Download it again, or name another",
        ) from None


def described(path: Path) -> dict[str, Any]:
    """Return extent, vintage and address of an extract, of which the first two may be unsaid.

    Raises
    ------
    SourceUnavailableError
        If there is no such file.
    """
    if not path.is_file():
        raise SourceUnavailableError("there is no such file", where=str(path))
    header = _header(path)
    return {"extent": _extent(header), "vintage": _vintage(header), "address": path.name}


def _header(path: Path) -> Any:
    return osmium.io.Reader(str(path), osmium.osm.NOTHING).header()


def _extent(header: Any) -> shapely.Geometry | None:
    box = header.box()
    if not box.valid():
        return None
    low, high = box.bottom_left, box.top_right
    return shapely.box(low.lon, low.lat, high.lon, high.lat)


def _vintage(header: Any) -> str:
    stamp = header.get("osmosis_replication_timestamp") or header.get("timestamp") or ""
    return str(stamp)[:10]


def find(path: Path, asked: Task, sink: Sink) -> Found:
    """Pass over an extract: nodes and ways go to the sink, relations are returned."""
    if not path.name.lower().endswith(".pbf"):  # Overpass writes ways first, JOSM as it likes
        path = _sorted(path, asked.folder)
    needed = _needed(path, asked) if asked.box and path.stat().st_size > LARGE else None
    passed = _put_away(path, asked, needed, sink)
    if passed is None:
        sink.clear()
        path = _sorted(path, asked.folder)
        passed = _put_away(path, asked, needed, sink)
        assert passed is not None
    relations, places = passed
    areas, members = _assemble(path, asked, relations, places)
    drawn, relations = adopt_tags(members, relations, areas, asked.start)
    return Found(relations, areas, drawn)


def _sorted(path: Path, folder: Path) -> Path:
    """Write a copy sorted by type and id, of each object the newest version only.

    Editors number new objects downwards from -1; libosmium's indexes want positive ids.
    """
    plain = folder / "plain.osm.pbf"
    copy = folder / "sorted.osm.pbf"
    if any(thing.id < 0 for thing in osmium.FileProcessor(str(path), NODE | WAY | RELATION)):
        with osmium.SimpleWriter(str(plain)) as writer:
            for thing in osmium.FileProcessor(str(path), NODE | WAY | RELATION):
                writer.add(_lifted(thing))
        path = plain
    merger = osmium.MergeInputReader()
    merger.add_file(str(path))
    with osmium.SimpleWriter(str(copy), overwrite=True) as writer:
        merger.apply(writer, simplify=True)
    return copy


def _lifted(thing: Any) -> Any:
    """Give an object and what it refers to positive ids, beyond all that are in use."""

    def lift(number: int) -> int:
        return number if number > 0 else LIFT - number

    if thing.is_way():
        return thing.replace(id=lift(thing.id), nodes=[lift(node.ref) for node in thing.nodes])
    if thing.is_relation():
        members = [(member.type, lift(member.ref), member.role) for member in thing.members]
        return thing.replace(id=lift(thing.id), members=members)
    return thing.replace(id=lift(thing.id))


def _put_away(
    path: Path, asked: Task, needed: Any, sink: Sink
) -> tuple[Block, osmium.index.LocationTable] | None:
    """Let libosmium write what has one of the keys as text, and hand it on in blocks.

    Returns the relations that make areas and the index of node locations; None where the objects
    came in another order than nodes, ways, relations, each by id.
    """
    ours = path.parent == asked.folder  # sorted, by `_sorted`
    gaps = ours or _header(path).get("sorting") == "Type_then_ID"
    places = _places(asked)
    chain = [_locate(places), only.KeyFilter("type", *asked.start)]
    if needed is not None:
        chain.insert(0, needed.id_filter())
    relations = []
    last = (0, 0)
    for block in _written(path, asked, NODE | WAY | RELATION, chain):
        if not ours and _disordered(block, last, gaps=gaps):
            return None
        last = _rank(block)
        if block.kind == "r":
            kinds = block.column("type").astype(str)
            relations.append(block.take(np.isin(kinds, ["multipolygon", "boundary"])))
        else:
            sink.append(block.take(block.touches(asked.box)) if asked.box else block)
    return osmtext.join(relations, "r"), places


def _written(path: Path, asked: Task, kinds: Any, chain: list[Any]) -> Iterator[Block]:
    """Read what passes a chain of libosmium's handlers, by way of a text file."""
    text = asked.folder / "wanted.opl"
    form = osmium.io.File(str(text), _TEXT)
    with (
        osmium.SimpleWriter(form, overwrite=True) as writer,
        osmium.io.Reader(str(path), kinds) as reader,
    ):
        osmium.apply(reader, *chain, writer)
    yield from osmtext.blocks(text, asked.keys)
    text.unlink()


def _rank(block: Block) -> tuple[int, int]:
    return "nwr".index(block.kind), int(block.ids[-1])


def _disordered(block: Block, last: tuple[int, int], *, gaps: bool) -> bool:
    """Say whether a block does not continue the one that ended in `last`.

    Ways that came before their nodes show as ways with missing nodes; `gaps` says that these are
    just missing, because the file itself says that it is sorted.
    """
    return (
        ("nwr".index(block.kind), int(block.ids[0])) < last
        or bool((np.diff(block.ids) < 0).any())
        or (not gaps and bool(np.isnan(block.xy).any()))
    )


def _places(asked: Task) -> osmium.index.LocationTable:
    """Return an empty index of node locations."""
    if not asked.on_disk:
        return osmium.index.create_map("flex_mem")
    file = asked.folder / "places.index"
    file.unlink(missing_ok=True)
    # A comma in a path would end it; without a path libosmium takes a temporary file of its own.
    path = "" if "," in str(file) else f",{file}"
    return osmium.index.create_map(f"sparse_file_array{path}")


def _locate(places: osmium.index.LocationTable) -> osmium.NodeLocationsForWays:
    locate = osmium.NodeLocationsForWays(places)
    locate.ignore_errors()
    return locate


def _needed(path: Path, asked: Task) -> Any:
    """Track what touches the box, and all that this refers to.

    The nodes go through a text file (about three times as large as the extract) because looking at
    each from Python takes ten times longer.
    """
    assert asked.box is not None
    tracker = osmium.IdTracker()
    text = asked.folder / "nodes.opl"
    form = osmium.io.File(str(text), "opl,add_metadata=false")
    with (
        osmium.SimpleWriter(form, overwrite=True) as writer,
        osmium.io.Reader(str(path), NODE) as reader,
    ):
        osmium.apply(reader, writer)
    for block in osmtext.blocks(text, ()):
        for number in block.ids[block.touches(asked.box)].tolist():
            tracker.add_node(number)
    text.unlink()
    tracker.complete_forward_references(str(path), relation_depth=0)
    tracker.complete_backward_references(str(path), relation_depth=1)  # 0 leaves members out
    return tracker


def _assemble(
    path: Path, asked: Task, relations: Block, places: osmium.index.LocationTable
) -> tuple[dict[int, str | None], Block]:
    """Let libosmium put the areas of relations together from their member ways.

    Returns the areas and, of the member ways, those that have one of the keys themselves.
    """
    if not len(relations):
        return {}, osmtext.join([], "w")
    members = osmium.IdTracker()
    for text in relations.members:
        for way in _MEMBER.findall(text):
            members.add_way(int(way))
    manager = osmium.area.AreaManager()
    chosen = only.IdFilter(relations.ids.tolist())
    with osmium.io.Reader(str(path), RELATION) as reader:
        osmium.apply(reader, chosen, manager.first_pass_handler())
    collect = _Collect()
    chain = [
        members.id_filter(),
        _locate(places),
        manager.second_pass_handler(collect),
        only.KeyFilter("type", *asked.start),
    ]
    tagged = osmtext.join(list(_written(path, asked, WAY, chain)), "w")
    return collect.areas, tagged


class _Collect(osmium.SimpleHandler):
    """Take down the areas that come of relations; those of ways are made elsewhere, faster."""

    def __init__(self) -> None:
        super().__init__()
        self.areas: dict[int, str | None] = {}
        self._draw = osmium.geom.WKBFactory().create_multipolygon

    def area(self, area: Any) -> None:
        if area.from_way():
            return
        try:
            self.areas[area.orig_id()] = self._draw(area)
        except (RuntimeError, ValueError):
            self.areas[area.orig_id()] = None
