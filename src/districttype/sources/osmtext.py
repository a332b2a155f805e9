"""OPL, osmium's line format, read into columns by pyarrow.

One line is one object: `w5 Tbuilding=house,name=A%20%b Nn1x24.5y60.1,n2x24.6y60.1`. Writing it is
done by libosmium in C++ and parsing it by pyarrow in C++, so that no object of a file ever becomes
an object of Python; asking pyosmium for each tag of each way is four times slower.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from districttype.boxes import Box, touching

CHUNK = 1 << 24  # bytes of text parsed at a time: bounds the memory, not the result

_ESCAPED = re.compile(r"%([0-9a-fA-F]+)%")
_NODES = bytes.maketrans(b"Nxy,", b"\n,,\n")


@dataclass(frozen=True)
class Block:
    """Objects of one kind (`n`, `w` or `r`), in columns.

    Attributes
    ----------
    kind
        `n`, `w` or `r`.
    ids
        OSM ids (int64).
    nodes, xy
        Of ways: the node ids, one after the other, and their longitude and latitude (NaN where
        the file does not have the node). Of nodes: their own.
    counts
        Number of nodes of each object.
    tag_row, tag_key, tag_value
        Tags in long form: row of the object (ascending), key, value; the last of a key counts.
    members
        Of relations: the members of each as text (`w1@outer,w2@inner`).
    """

    kind: str
    ids: np.ndarray
    nodes: np.ndarray
    xy: np.ndarray
    counts: np.ndarray
    tag_row: np.ndarray
    tag_key: pa.Array
    tag_value: pa.Array
    members: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, keep: np.ndarray) -> Block:
        """Return the objects for which `keep` holds (bool, one an object)."""
        if keep.all():
            return self
        rows = np.flatnonzero(keep)  # what follows takes as long as what is kept is large
        counts = self.counts[rows]
        nodes = _stretches((np.cumsum(self.counts) - self.counts)[rows], counts)
        first = np.searchsorted(self.tag_row, rows)
        tagged = np.searchsorted(self.tag_row, rows, side="right") - first
        tags = pa.array(_stretches(first, tagged))
        return Block(
            self.kind,
            self.ids[rows],
            self.nodes[nodes],
            self.xy[nodes],
            counts,
            np.repeat(np.arange(len(rows)), tagged),
            self.tag_key.take(tags),
            self.tag_value.take(tags),
            list(compress(self.members, keep)),
        )

    def bounds(self) -> np.ndarray:
        """Return west, south, east, north of each object's known nodes, NaN where none is known."""
        box = np.full((len(self), 4), np.nan)
        some = self.counts > 0
        if some.any():
            start = (np.cumsum(self.counts) - self.counts)[some]
            box[some, :2] = np.fmin.reduceat(self.xy, start)
            box[some, 2:] = np.fmax.reduceat(self.xy, start)
        return box

    def touches(self, box: Box) -> np.ndarray:
        """Say for each object whether its box and `box` have a point in common."""
        return touching(self.bounds(), box)

    def column(self, key: str) -> np.ndarray:
        """Return one tag as an object array, None where an object does not have it."""
        values = np.full(len(self), None, dtype=object)
        hit = pc.equal(self.tag_key, key).to_numpy(zero_copy_only=False)
        if hit.any():
            values[self.tag_row[hit]] = self.tag_value.filter(pa.array(hit)).to_numpy(
                zero_copy_only=False
            )
        return values


def _stretches(start: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the numbers start, start + 1, ... of each stretch, one after the other."""
    return np.repeat(start - np.cumsum(count) + count, count) + np.arange(count.sum())


def join(blocks: list[Block], kind: str) -> Block:
    """Put the blocks of one kind together."""
    blocks = [block for block in blocks if block.kind == kind]
    starts = np.cumsum([0, *map(len, blocks)])
    texts = pa.string()

    def together(arrays: list[np.ndarray], dtype: type, shape: tuple[int, ...] = (0,)) -> Any:
        return np.concatenate(arrays) if arrays else np.zeros(shape, dtype)

    return Block(
        kind,
        together([block.ids for block in blocks], np.int64),
        together([block.nodes for block in blocks], np.int64),
        together([block.xy for block in blocks], float, (0, 2)),
        together([block.counts for block in blocks], np.int64),
        together([b.tag_row + s for b, s in zip(blocks, starts, strict=False)], np.int64),
        pa.concat_arrays([pa.array([], texts), *(block.tag_key for block in blocks)]),
        pa.concat_arrays([pa.array([], texts), *(block.tag_value for block in blocks)]),
        [text for block in blocks for text in block.members],
    )


def blocks(path: Path, keys: Collection[str]) -> Iterator[Block]:
    """Parse an OPL file (written with locations on ways, without metadata), some MB at a time.

    Of the tags only those in `keys` are kept.
    """
    wanted = pa.array(sorted(keys), pa.string())
    with path.open("rb") as stream:
        for text in _chunks(stream):
            for kind, lines in _runs(text):
                yield _parse(kind, lines, wanted)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while read := stream.read(CHUNK):
        text = rest + read
        end = text.rfind(b"\n") + 1
        rest = text[end:]
        if end:
            yield text[:end]
    if rest:
        yield rest + b"\n"


def _runs(text: bytes) -> Iterator[tuple[str, bytes]]:
    """Split text where the kind of object changes; in a sorted file that is twice at most."""
    last = text.rfind(b"\n", 0, -1) + 1
    if text[:1] == text[last : last + 1]:  # the usual case, without a search of the whole text
        yield text[:1].decode(), text
        return
    start = 0
    while start < len(text):
        kind = text[start : start + 1]
        others = (text.find(b"\n" + other, start) for other in (b"n", b"w", b"r") if other != kind)
        end = min((at + 1 for at in others if at >= 0), default=len(text))
        yield kind.decode(), text[start:end]
        start = end


def _read(text: bytes | pa.Buffer, names: list[str], types: list[pa.DataType], sep: str) -> Any:
    return csv.read_csv(
        pa.BufferReader(text),
        read_options=csv.ReadOptions(column_names=names, block_size=1 << 22),
        parse_options=csv.ParseOptions(delimiter=sep, quote_char=False),
        convert_options=csv.ConvertOptions(
            column_types=dict(zip(names, types, strict=True)), strings_can_be_null=False
        ),
    ).combine_chunks()


def _parse(kind: str, lines: bytes, wanted: pa.Array) -> Block:
    text = pa.string()
    names = {"n": ["id", "tags", "x", "y"], "w": ["id", "tags", "nodes"], "r": ["id", "tags", "m"]}
    table = _read(lines, names[kind], [text] * len(names[kind]), " ")
    column = {name: _flat(table[name]) for name in table.column_names}
    ids = pc.cast(pc.utf8_slice_codeunits(column["id"], 1), pa.int64()).to_numpy()
    count = len(ids)
    members: list[str] = []
    if kind == "n":
        xy = np.column_stack([_degrees(column["x"]), _degrees(column["y"])])
        nodes, counts = ids, np.ones(count, np.int64)
    elif kind == "w":
        nodes, xy, counts = _way_nodes(column["nodes"])
    else:
        nodes, xy = np.zeros(0, np.int64), np.zeros((0, 2))
        counts = np.zeros(count, np.int64)
        members = pc.utf8_slice_codeunits(column["m"], 1).to_pylist()
    return Block(kind, ids, nodes, xy, counts, *_tags(column["tags"], wanted), members)


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _degrees(column: pa.Array) -> np.ndarray:
    digits = pc.utf8_slice_codeunits(column, 1)
    known = pc.if_else(pc.equal(digits, ""), None, digits)
    return np.asarray(pc.cast(known, pa.float64()).to_numpy(zero_copy_only=False))


def _way_nodes(column: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read `Nn1x24.5y60.1,n2x24.6y60.1`: the column's text is turned into a table of numbers."""
    counts = np.where(
        pc.equal(column, "N").to_numpy(zero_copy_only=False),
        0,
        pc.count_substring(column, ",").to_numpy() + 1,
    )
    offsets = np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4)
    raw = column.buffers()[2].slice(offsets[0], offsets[-1] - offsets[0]).to_pybytes()
    numbers = raw.translate(_NODES, b"n")
    if not counts.sum():
        return np.zeros(0, np.int64), np.zeros((0, 2)), counts
    table = _read(numbers, ["id", "x", "y"], [pa.int64(), pa.float64(), pa.float64()], ",")
    nodes = _flat(table["id"]).to_numpy()
    xy = [_flat(table[name]).to_numpy(zero_copy_only=False) for name in ("x", "y")]
    return nodes, np.column_stack(xy), counts


def _tags(column: pa.Array, wanted: pa.Array) -> tuple[np.ndarray, pa.Array, pa.Array]:
    pairs = pc.split_pattern(pc.utf8_slice_codeunits(column, 1), ",")
    row = pc.list_parent_indices(pairs).to_numpy()
    split = pc.split_pattern(pc.list_flatten(pairs), "=", max_splits=1)
    whole = pc.greater(pc.list_value_length(split), 1)
    split, row = split.filter(whole), row[whole.to_numpy(zero_copy_only=False)]
    key = _unescaped(pc.list_element(split, 0))
    keep = pc.is_in(key, wanted)
    value = _unescaped(pc.list_element(split, 1).filter(keep))
    return row[keep.to_numpy(zero_copy_only=False)], key.filter(keep), value


def _unescaped(column: pa.Array) -> pa.Array:
    """Undo `%20%` for a blank, over the distinct texts only."""
    coded = column.dictionary_encode()
    words = coded.dictionary.to_pylist()
    plain = [
        _ESCAPED.sub(lambda match: chr(int(match[1], 16)), word) if "%" in word else word
        for word in words
    ]
    return pa.array(plain, pa.string()).take(coded.indices)
