"""Multipolygons of the old style, whose tags stand on the outer ways and not on the relation.

OpenStreetMap did away with them in 2017; older extracts are full of them. Read in the new way their
outer ways become areas without their holes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from districttype.sources.osmtext import Block

_MEMBER = re.compile(r"w(-?\d+)@(\w*)")
_SAYS_NOTHING = {"type", "area", "name"}


def adopt_tags(
    members: Block,
    relations: Block,
    areas: Mapping[int, str | None],
    keys: Collection[str],
) -> tuple[np.ndarray, Block]:
    """Give relations without tags those of their outer ways, which are areas no longer.

    Parameters
    ----------
    members
        Ways that have tags and are members of relations.
    relations
        What one pass found.
    areas
        Relations that could be closed; of others the ways are kept as they are.
    keys
        Keys that something is looked for by.

    Returns
    -------
    tuple
        Ids of the ways drawn by a relation, for `no_areas`, and the relations.
    """
    telling = pa.array(sorted(set(keys) - _SAYS_NOTHING), pa.string())
    tagged = np.zeros(len(relations), bool)
    tagged[relations.tag_row[_is_in(relations, telling)]] = True
    bare = [
        (row, _MEMBER.findall(relations.members[row]))
        for row in np.flatnonzero(~tagged).tolist()
        if areas.get(int(relations.ids[row]))
    ]
    tags = _tags(members, {int(way) for _, ways in bare for way, _ in ways})
    drawn: set[int] = set()
    rows: list[int] = []
    pairs: list[tuple[str, str]] = []
    for row, ways in bare:
        outer = [int(way) for way, role in ways if role != "inner"]
        given = tags.get(outer[0]) if outer else None
        if not given or any(tags.get(way) != given for way in outer):
            continue
        pairs += given.items()
        rows += [row] * len(given)
        # An inner ring with the same tags only says where the hole is.
        drawn.update(outer)
        drawn.update(int(way) for way, role in ways if tags.get(int(way)) == given)
    return np.array(sorted(drawn), np.int64), _with_tags(relations, rows, pairs)


def no_areas(ways: Block, drawn: np.ndarray) -> Block:
    """Mark the ways that relations draw (see `adopt_tags`) `area=no`."""
    rows = np.flatnonzero(np.isin(ways.ids, drawn)).tolist()
    return _with_tags(ways, rows, [("area", "no")] * len(rows))


def _is_in(block: Block, keys: pa.Array) -> np.ndarray:
    return np.asarray(pc.is_in(block.tag_key, keys).to_numpy(zero_copy_only=False))


def _tags(ways: Block, ids: set[int]) -> dict[int, dict[str, str]]:
    some = ways.take(np.isin(ways.ids, list(ids)))
    tags: dict[int, dict[str, str]] = {}
    for row, key, value in zip(
        some.tag_row.tolist(), some.tag_key.to_pylist(), some.tag_value.to_pylist(), strict=True
    ):
        if key not in {"type", "area"}:
            tags.setdefault(int(some.ids[row]), {})[key] = value
    return tags


def _with_tags(block: Block, rows: list[int], pairs: list[tuple[str, str]]) -> Block:
    """Add tags; where an object has one already, the last one counts."""
    if not rows:
        return block
    keys, values = (pa.array([pair[i] for pair in pairs], pa.string()) for i in (0, 1))
    tag_row = np.concatenate((block.tag_row, np.array(rows, np.int64)))
    order = np.argsort(tag_row, kind="stable")
    return replace(
        block,
        tag_row=tag_row[order],
        tag_key=pa.concat_arrays([block.tag_key, keys]).take(pa.array(order)),
        tag_value=pa.concat_arrays([block.tag_value, values]).take(pa.array(order)),
    )
