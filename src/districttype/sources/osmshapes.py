"""Objects of OpenStreetMap in columns made into tables with geometry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from districttype.sources.geometry import clean
from districttype.sources.osmtext import Block
from districttype.sources.registry import WGS84, Raw, Tags, Wanted

GAPS = "ways with missing nodes"
BROKEN = "broken relations set aside"
INCOMPLETE = "incomplete relations set aside"


@dataclass(frozen=True)
class Scan:
    """One pass over an extract, in columns.

    `areas` holds for each relation that libosmium could close its WKB in hexadecimal, or None
    where its rings are broken; relations some members of which are not in the file are not there.
    """

    nodes: Block
    ways: Block
    relations: Block
    areas: Mapping[int, str | None] = field(default_factory=dict)


def tables(
    scan: Scan,
    wanted: Mapping[str, Wanted],
    *,
    extent: shapely.Geometry | None,
    vintage: str,
    address: str,
) -> dict[str, Raw]:
    """Make one table for each of `wanted`."""
    made = {}
    for name, want in wanted.items():
        changes: Counter[str] = Counter()
        parts = [_table(scan.nodes.take(np.zeros(len(scan.nodes), bool)), "node", want, [])]
        if "point" in want.shapes:
            parts.append(_points(scan.nodes, want))
        if want.shapes & {"area", "line"}:
            parts += _ways(scan.ways, want, changes)
        if "area" in want.shapes:
            parts.append(_areas(scan, want, changes))
        frame = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=WGS84)
        counts = {key: count for key, count in changes.items() if count}
        made[name] = Raw(frame, counts, extent=extent, vintage=vintage, address=address)
    return made


def matches(block: Block, tags: Tags) -> np.ndarray:
    """Say for each object whether it has one of the tags."""
    hit = np.zeros(len(block), bool)
    for key, values in tags.items():
        found = pc.equal(block.tag_key, key)
        if values is not None:
            found = pc.and_(found, pc.is_in(block.tag_value, pa.array(sorted(values), pa.string())))
        hit[block.tag_row[found.to_numpy(zero_copy_only=False)]] = True
    return hit


def _table(block: Block, kind: str, want: Wanted, shapes: Any) -> gpd.GeoDataFrame:
    columns = {"osm_type": kind, "osm_id": block.ids}
    columns |= {key: pd.Series(block.column(key), dtype=object) for key in want.columns}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=WGS84)


def _points(nodes: Block, want: Wanted) -> gpd.GeoDataFrame:
    chosen = nodes.take(matches(nodes, want.tags) & ~np.isnan(nodes.xy).any(axis=1))
    return _table(chosen, "node", want, shapely.points(chosen.xy))


def _ways(ways: Block, want: Wanted, changes: Counter[str]) -> list[gpd.GeoDataFrame]:
    """Make closed ways polygons and others lines, as far as either is wanted.

    `area=no` and `area=yes` are obeyed; a closed way without either is an area where areas are
    wanted at all (a roundabout is not asked for as one).
    """
    chosen = ways.take(matches(ways, want.tags))
    if not len(chosen):
        return []
    first = np.cumsum(chosen.counts) - chosen.counts
    whole = chosen.counts > 1
    last = np.where(whole, first + chosen.counts - 1, 0)
    closed = (chosen.counts > 3) & (
        chosen.nodes[np.minimum(first, len(chosen.nodes) - 1)] == chosen.nodes[last]
    )
    gaps = np.zeros(len(chosen), bool)
    gaps[np.repeat(np.arange(len(chosen)), chosen.counts)[np.isnan(chosen.xy).any(axis=1)]] = True
    said = chosen.column("area")
    area = closed & (said != "no") if "area" in want.shapes else np.zeros(len(chosen), bool)
    line = ~area & whole & ~(closed & (said == "yes"))
    line &= "line" in want.shapes
    changes[GAPS] += int((gaps & (area | line)).sum())
    made = []
    if area.any():
        rings = chosen.take(area & ~gaps)
        shapes = clean(_polygons(rings), changes)
        keep = ~shapely.is_missing(shapes)
        made.append(_table(rings.take(keep), "way", want, shapes[keep]))
    if line.any():
        strings = chosen.take(line)
        shapes = _lines(strings)
        keep = ~shapely.is_missing(shapes)
        made.append(_table(strings.take(keep), "way", want, shapes[keep]))
    return made


def _polygons(ways: Block) -> np.ndarray:
    rings = np.concatenate(([0], np.cumsum(ways.counts)))
    each = np.arange(len(ways) + 1)
    return np.asarray(
        shapely.from_ragged_array(shapely.GeometryType.POLYGON, ways.xy, (rings, each))
    )


def _lines(ways: Block) -> np.ndarray:
    """Make lines; where nodes are missing, of the stretches between them."""
    way = np.repeat(np.arange(len(ways)), ways.counts)
    known = ~np.isnan(ways.xy).any(axis=1)
    # A stretch begins with a way, and after each missing node.
    stretch = np.cumsum(~known) + way
    way, stretch, xy = way[known], stretch[known], ways.xy[known]
    _, first, number, size = np.unique(
        stretch, return_index=True, return_inverse=True, return_counts=True
    )
    long = size[number] > 1
    owner = way[first][size > 1]
    renumbered = np.cumsum(size > 1) - 1
    shapes = np.full(len(ways), None, dtype=object)
    if long.any():
        lines = shapely.linestrings(xy[long], indices=renumbered[number[long]])
        several = np.bincount(owner, minlength=len(ways)) > 1
        once = ~several[owner]
        shapes[owner[once]] = lines[once]
        for broken in np.flatnonzero(several):
            shapes[broken] = shapely.multilinestrings(lines[owner == broken])
    return shapes


def _areas(scan: Scan, want: Wanted, changes: Counter[str]) -> gpd.GeoDataFrame:
    chosen = scan.relations.take(matches(scan.relations, want.tags))
    known = np.array([number in scan.areas for number in chosen.ids.tolist()], bool)
    changes[INCOMPLETE] += int((~known).sum())
    chosen = chosen.take(known)
    texts = [scan.areas[number] for number in chosen.ids.tolist()]
    drawn = np.array([text is not None for text in texts], bool)
    changes[BROKEN] += int((~drawn).sum())
    shapes = clean(shapely.from_wkb(np.array(texts, dtype=object)[drawn]), changes)
    return _table(chosen.take(drawn), "relation", want, shapes)
