"""How much of each thing lies in each zone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import shapely

from districttype.errors import CrsError, SchemaError
from districttype.indicators.zonal import borders
from districttype.indicators.zonal.cutting import cut
from districttype.indicators.zonal.overlaps import (
    FloatArray,
    Geometries,
    IntArray,
    Overlaps,
    Shapes,
    in_threads,
)
from districttype.indicators.zonal.squares import Squares
from districttype.indicators.zonal.things import LINE, POINT, POLYGON, Things, check_valid, unpack

_CHUNK = 1 << 17
# zone, thing, measure
_Entries: TypeAlias = tuple[IntArray, IntArray, FloatArray]
_NOTHING = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))


def overlap(zones: Geometries, things: Geometries | Things, *, where: str = "things") -> Overlaps:
    """Return how much of each thing lies in each zone.

    Most things are placed by their bounds alone, by a grid of squares that no border crosses. Of
    the rest, those a zone covers are counted whole and only what straddles a border is cut.

    What lies on a border is shared so that sums over neighbouring zones count it once: a line that
    runs along a border belongs half to either side (on the city's edge, half to the city), and a
    point on a border belongs to the zone north-east of it (where no zone is there, north-west,
    south-west, south-east).

    Parameters
    ----------
    zones
        Polygons. They may overlap; a thing then counts in each.
    things
        Polygons, lines and points, in the zones' coordinate system. `Things` where the same ones
        are measured for several zone sets: their checks are then done once.
    where
        What the things are, for messages.

    Raises
    ------
    SchemaError
        If a shape is missing or invalid.
    CrsError
        If the coordinate systems differ, or areas cannot be measured in them.
    """
    if not isinstance(things, Things):
        things = Things.of(things, where=where)
    return overlap_chunks(zones, [things], len(things), where=where)


def overlap_chunks(
    zones: Geometries,
    chunks: Iterable[Geometries | Things],
    expected: int,
    *,
    where: str = "things",
) -> Overlaps:
    """Return how much of each thing lies in each zone, where the things come bit by bit.

    Ten million buildings need not stand in memory at once: each chunk is let go when it has been
    measured, and things are numbered through.

    Parameters
    ----------
    zones, where
        As in `overlap`, which says more.
    chunks
        Things, as in `overlap`, in any number of chunks.
    expected
        About how many things there are; a better guess makes it faster, not truer.
    """
    areas, crs = unpack(zones, "zones")
    check_valid(areas, "zones")
    if len(areas) and (shapely.get_dimensions(areas) != POLYGON).any():
        raise SchemaError("only polygons can be zones", where="zones")
    squares = Squares.over(areas, expected) if len(areas) else None
    shapely.prepare(areas)
    pieces: list[_Entries] = [_NOTHING]
    whole: list[FloatArray] = [np.zeros(0)]
    n_things = 0
    for chunk in chunks:
        things = chunk if isinstance(chunk, Things) else Things.of(chunk, where=where)
        if crs is not None and things.crs is not None and crs != things.crs:
            raise CrsError("zones and things are in different coordinate systems", where=where)
        if squares is not None:
            pieces += _measured(squares, areas, things, n_things)
        whole.append(things.measure)
        n_things += len(things)
    return _sorted(pieces, np.concatenate(whole), len(areas))


def _sorted(pieces: list[_Entries], whole: FloatArray, n_zones: int) -> Overlaps:
    """Return the entries in order, with their shares."""
    zone, thing, measure = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    order = np.argsort(thing, kind="stable")
    order = order[measure[order] > 0]
    # Small numbers are sorted by radix, in linear time.
    small = zone.astype(np.min_scalar_type(max(n_zones, 1)))
    order = order[np.argsort(small[order], kind="stable")]
    zone, thing, measure = zone[order], thing[order], measure[order]
    share = np.minimum(measure / whole[thing], 1.0)
    return Overlaps(zone, thing, measure, share, n_zones, len(whole))


def _measured(squares: Squares, zones: Shapes, things: Things, before: int) -> list[_Entries]:
    """Return the entries of some things, `before` which others were numbered."""
    pieces: list[_Entries] = []
    for start in range(0, len(things), _CHUNK):
        region = squares.regions(things.bounds[start : start + _CHUNK])
        thing, zone = squares.zones_of(region)
        thing += start
        pieces.append((zone, thing, things.measure[thing]))
        pieces += _near_borders(squares, zones, things, start + np.flatnonzero(region == 0))
    return [(zone, thing + before, measure) for zone, thing, measure in pieces]


def _near_borders(
    squares: Squares, zones: Shapes, things: Things, near: IntArray
) -> list[_Entries]:
    """Return the entries (zone, thing, measure) of things that a border comes near to."""
    of_dimension = {d: near[things.dimension[near] == d] for d in (POINT, LINE, POLYGON)}
    found = []
    some = of_dimension[POLYGON]
    if len(some):
        zone, at, measure, sure = cut(
            squares, zones, things.shapes[some], things.bounds[some], things.measure[some]
        )
        found += [(zone, some[at], measure), _cut_exactly(zones, things, some[~sure])]
    for dimension, measured in ((LINE, borders.line_lengths), (POINT, borders.point_counts)):
        some = of_dimension[dimension]
        if len(some):
            shapes = things.shapes[some]
            zone, at = shapely.STRtree(shapes).query(zones, predicate="intersects")
            found.append((zone, some[at], measured(zones, zone, shapes, at)))
    return found


def _cut_exactly(zones: Shapes, things: Things, some: IntArray) -> _Entries:
    """Return the entries of polygons by cutting shapes."""
    shapes = things.shapes[some]
    zone, at = shapely.STRtree(shapes).query(zones, predicate="intersects")
    measure = things.measure[some[at]].copy()
    cuts = ~shapely.covers(zones[zone], shapes[at])
    measure[cuts] = np.concatenate(in_threads(_common_area, zones[zone[cuts]], shapes[at[cuts]]))
    return zone, some[at], measure


def _common_area(zones: Shapes, shapes: Shapes) -> FloatArray:
    areas: FloatArray = shapely.area(shapely.intersection(zones, shapes))
    return areas
