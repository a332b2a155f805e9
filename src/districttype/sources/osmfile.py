"""Extracts of OpenStreetMap: .osm, .osm.gz, .osm.bz2, .osm.pbf.

Read by pyosmium (libosmium). Measured on the files that break readers and on a made-up extract of
200,000 buildings (2 cores, from the file to a table with geometry and tags):

* pyrosm, out of core, nothing cached: 51,000 buildings/s, 675 MB, PBF only.
* GDAL's driver through pyogrio with Arrow: 120,000/s, 440 MB, but it draws areas whose nodes are
  partly missing (669 buildings where 650 are whole), loses areas where relations come first in the
  file, reads nothing where ids are negative, and says none of this.
* pyosmium, one object of Python a building: 61,000/s, 310 MB; every area right or known broken.
* pyosmium with filtering, locations and text output left to C++, and the text parsed in blocks by
  pyarrow (this module): 140,000/s, 490 MB, the same areas.

Closed ways become polygons here; relations are put together by libosmium's assembler, which knows
touching rings, islands in holes, and members in any order or role. Files that are not sorted are
sorted first, in memory. Of a large file only what the area needs is kept while reading.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely
from osmium import filter as only
from osmium.osm import NODE, RELATION, WAY

from districttype.errors import SourceError, SourceUnavailableError
from districttype.providers import Provider
from districttype.sources import osmtext
from districttype.sources.osmlegacy import adopt_tags
from districttype.sources.osmshapes import Scan, tables
from districttype.sources.registry import Raw, Wanted

BUFFER = 0.02  # degrees round the wanted area: about 1–2 km, so that nothing at its edge is lost
LARGE = 150_000_000  # bytes of a file that is cut to the area before it is read
LIFT = 1 << 36  # where negative ids go; ids in use reach 2^34

_MEMBER = re.compile(r"w(-?\d+)@")


def is_extract(name: str) -> bool:
    """Say whether a file name is that of an OpenStreetMap extract."""
    return bool(re.search(r"\.(osm|pbf|osm\.(gz|bz2))$", name.lower()))


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Read what one layer wants of an extract. See `read_extract`."""
    return read_extract(directory / str(getattr(provider, "file", "")), {"": wanted})[""]


def read_extract(
    path: Path, wanted: Mapping[str, Wanted], area: shapely.Geometry | None = None
) -> dict[str, Raw]:
    """Read what several layers want of an extract in one pass.

    Parameters
    ----------
    path
        The extract.
    wanted
        By a name of the caller's: tags and shapes wanted, and the tags to hand over as columns.
    area
        Polygon in WGS 84. Objects that touch its box (and a margin) come, whole; left out, the
        areas of `wanted` count, where all of them state one.

    Returns
    -------
    dict
        By the same names: columns `osm_type` (node, way, relation), `osm_id`, one a tag, geometry
        in WGS 84. Areas with missing members, broken relations and ways without nodes are set
        aside and counted.

    Raises
    ------
    SourceUnavailableError
        If there is no such file.
    SourceError
        If it is no extract, is truncated, or its XML is not well-formed.
    """
    if not path.is_file():
        raise SourceUnavailableError("there is no such file", where=str(path))
    areas = [area] if area is not None else [want.area for want in wanted.values()]
    box = _box([a for a in areas if a is not None]) if all(a is not None for a in areas) else None
    keys = {key for want in wanted.values() for key in (*want.tags, *want.columns)}
    with _plain_errors(path), tempfile.TemporaryDirectory(prefix="districttype-") as folder:
        header = osmium.io.Reader(str(path), osmium.osm.NOTHING).header()
        start = sorted({key for want in wanted.values() for key in want.tags})
        scan = _scan(path, _Task(start, keys | {"type", "area"}, box, Path(folder)))
    return tables(scan, wanted, extent=_extent(header), vintage=_vintage(header), address=path.name)


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """Say in one line what libosmium and GDAL say in many ways."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        raise SourceError(
            f"is no readable OpenStreetMap extract ({' '.join(str(error).split())})",
            where=path.name,
            todo="is the file complete? Download it again, or name another",
        ) from None


def _box(areas: list[Any]) -> tuple[float, float, float, float]:
    west, south, east, north = shapely.total_bounds(np.array(areas, dtype=object))
    return west - 2 * BUFFER, south - BUFFER, east + 2 * BUFFER, north + BUFFER


def _extent(header: Any) -> shapely.Geometry | None:
    box = header.box()
    if not box.valid():
        return None
    low, high = box.bottom_left, box.top_right
    return shapely.box(low.lon, low.lat, high.lon, high.lat)


def _vintage(header: Any) -> str:
    stamp = header.get("osmosis_replication_timestamp") or header.get("timestamp") or ""
    return str(stamp)[:10]


@dataclass(frozen=True)
class _Task:
    """What one pass is asked for: keys to find, tags to keep, box (W, S, E, N), scratch room."""

    start: list[str]
    keys: set[str]
    box: tuple[float, float, float, float] | None
    folder: Path


def _scan(path: Path, task: _Task) -> Scan:
    if not path.name.lower().endswith(".pbf"):  # Overpass writes ways first, JOSM as it likes
        path = _sorted(path, task.folder)
    needed = _needed(path, task) if task.box and path.stat().st_size > LARGE else None
    blocks, places = _blocks(path, task, needed)
    if _disordered(blocks) and path.parent != task.folder:
        path = _sorted(path, task.folder)
        blocks, places = _blocks(path, task, needed)
    nodes, ways, relations = (osmtext.join(blocks, kind) for kind in "nwr")
    makes_area = np.isin(relations.column("type").astype(str), ["multipolygon", "boundary"])
    relations = relations.take(makes_area)
    areas = _assemble(path, relations, places)
    ways, relations = adopt_tags(ways, relations, areas, task.start)
    return Scan(nodes, ways, relations, areas)


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


def _disordered(blocks: list[osmtext.Block]) -> bool:
    """Say whether objects came in another order than nodes, ways, relations, each by id.

    Ways that came before their nodes show as ways with missing nodes.
    """
    kinds = [block.kind for block in blocks]
    return (
        sorted(kinds, key="nwr".index) != kinds
        or any((np.diff(block.ids) < 0).any() for block in blocks)
        or any(np.isnan(block.xy).any() for block in blocks)
    )


def _blocks(path: Path, task: _Task, needed: Any) -> tuple[list[osmtext.Block], Any]:
    """Let libosmium write what has one of the keys as text, and read it in blocks.

    Returns the blocks and the index of node locations.
    """
    text = task.folder / "wanted.opl"
    form = osmium.io.File(str(text), "opl,add_metadata=false,locations_on_ways=true")
    places = osmium.index.create_map("flex_mem")
    locate = osmium.NodeLocationsForWays(places)
    locate.ignore_errors()
    chain = [locate, only.KeyFilter("type", *task.start)]
    if needed is not None:
        chain.insert(0, needed.id_filter())
    with osmium.SimpleWriter(form, overwrite=True) as writer, osmium.io.Reader(str(path)) as reader:
        osmium.apply(reader, *chain, writer)
    blocks = []
    for block in osmtext.blocks(text, task.keys):
        within = block.touches(task.box) if task.box and block.kind != "r" else None
        blocks.append(block if within is None else block.take(within))
    text.unlink()
    return blocks, places


def _needed(path: Path, task: _Task) -> Any:
    """Track what touches the box, and all that this refers to.

    The nodes go through a text file (about three times as large as the extract) because looking at
    each from Python takes ten times longer.
    """
    assert task.box is not None
    tracker = osmium.IdTracker()
    text = task.folder / "nodes.opl"
    form = osmium.io.File(str(text), "opl,add_metadata=false")
    with (
        osmium.SimpleWriter(form, overwrite=True) as writer,
        osmium.io.Reader(str(path), NODE) as reader,
    ):
        osmium.apply(reader, writer)
    for block in osmtext.blocks(text, ()):
        for number in block.ids[block.touches(task.box)].tolist():
            tracker.add_node(number)
    text.unlink()
    tracker.complete_forward_references(str(path), relation_depth=0)
    tracker.complete_backward_references(str(path), relation_depth=1)  # 0 leaves members out
    return tracker


def _assemble(path: Path, relations: osmtext.Block, places: Any) -> dict[int, str | None]:
    """Let libosmium put the areas of relations together from their member ways."""
    if not len(relations):
        return {}
    members = osmium.IdTracker()
    for text in relations.members:
        for way in _MEMBER.findall(text):
            members.add_way(int(way))
    manager = osmium.area.AreaManager()
    chosen = only.IdFilter(relations.ids.tolist())
    with osmium.io.Reader(str(path), RELATION) as reader:
        osmium.apply(reader, chosen, manager.first_pass_handler())
    locate = osmium.NodeLocationsForWays(places)
    locate.ignore_errors()
    collect = _Collect()
    with osmium.io.Reader(str(path), WAY) as reader:
        osmium.apply(reader, locate, members.id_filter(), manager.second_pass_handler(collect))
    return collect.areas


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
