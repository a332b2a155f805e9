"""How much of each thing lies in each zone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TypeAlias

import numpy as np
import shapely

from districttype.errors import CrsError
from districttype.indicators.zonal.areas import Areas
from districttype.indicators.zonal.borders import point_counts
from districttype.indicators.zonal.cutting import cut
from districttype.indicators.zonal.lines import line_lengths
from districttype.indicators.zonal.overlaps import (
    FloatArray,
    Geometries,
    IntArray,
    Overlaps,
    Shapes,
    in_threads,
)
from districttype.indicators.zonal.squares import Squares
from districttype.indicators.zonal.things import LINE, POINT, POLYGON, Things
from districttype.planar import common

_CHUNK = 1 << 17
_ROUNDING = 1e-12
# zone, thing, measure
_Entries: TypeAlias = tuple[IntArray, IntArray, FloatArray]
_NOTHING = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))


def overlap(
    zones: Geometries | Things | Areas, things: Geometries | Things, *, where: str = "things"
) -> Overlaps:
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
        Polygons. They may overlap; a thing then counts in each. `Areas` where many things are
        measured in the same ones: they are then made ready once.
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
    zones: Geometries | Things | Areas,
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
    areas = Areas.of(zones)
    crs = areas.things.crs
    pieces: list[_Entries] = [_NOTHING]
    whole: list[FloatArray] = [np.zeros(0)]
    n_things = 0
    for chunk in chunks:
        things = chunk if isinstance(chunk, Things) else Things.of(chunk, where=where)
        if crs is not None and things.crs is not None and crs != things.crs:
            raise CrsError("zones and things are in different coordinate systems", where=where)
        if len(areas) and len(things):
            pieces += _measured(areas, areas.squares(expected), things, n_things)
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


def _measured(areas: Areas, squares: Squares, things: Things, before: int) -> list[_Entries]:
    """Return the entries of some things, `before` which others were numbered."""
    pieces: list[_Entries] = []
    for start in range(0, len(things), _CHUNK):
        region = squares.regions(things.bounds[start : start + _CHUNK])
        thing, zone = squares.zones_of(region)
        thing += start
        pieces.append((zone, thing, things.measure[thing]))
        near = start + np.flatnonzero(region == 0)
        dimension = things.dimension[near]
        pieces += _polygons(areas, squares, things, near[dimension == POLYGON])
        counts = partial(point_counts, beside=areas.beside)
        for kind, measure in ((LINE, line_lengths), (POINT, counts)):
            some = near[dimension == kind]
            if len(some):
                zone, at, measured = measure(squares, areas.shapes, things.shapes[some])
                pieces.append((zone, some[at], _snapped(measured, things.measure[some[at]])))
    return [(zone, thing + before, measure) for zone, thing, measure in pieces]


def _polygons(
    areas: Areas, squares: Squares, things: Things, near: IntArray, *, swap: bool = True
) -> list[_Entries]:
    """Return the entries of polygons that a border comes near to."""
    if not len(near):
        return []
    shapes, bounds = things.shapes[near], things.bounds[near]
    zone, at, measure, sure = cut(squares, areas.shapes, shapes, bounds, things.measure[near])
    found = [(zone, near[at], measure)]
    left = near[~sure]
    if swap:
        large = _extent(things.bounds[left]) > np.median(_extent(areas.things.bounds))
        found += _swapped(areas, things, left[large])
        left = left[~large]
    return [*found, _cut_exactly(areas.shapes, things, left)]


def _swapped(areas: Areas, things: Things, large: IntArray) -> list[_Entries]:
    """Return the entries of things larger than zones, by measuring the zones in the things.

    Most zones lie wholly inside or outside such a thing, so that its outline need not be walked
    for each of them.
    """
    if not len(large):
        return []
    roles = Areas(things.of_rows(large))
    shapely.prepare(roles.shapes)
    squares, zones = roles.squares(len(areas)), areas.things
    region = squares.regions(zones.bounds)
    zone, thing = squares.zones_of(region)
    pieces = [(thing, zone, zones.measure[zone])]
    pieces += _polygons(roles, squares, zones, np.flatnonzero(region == 0), swap=False)
    found = []
    for thing, zone, measure in pieces:
        found.append((zone, large[thing], _snapped(measure, things.measure[large[thing]])))
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
    areas: FloatArray = shapely.area(common(zones, shapes))
    return areas


def _snapped(measure: FloatArray, whole: FloatArray) -> FloatArray:
    """Return what is all of a thing but for rounding as all of it, to the last bit."""
    return np.where(np.abs(measure - whole) <= _ROUNDING * whole, whole, measure)


def _extent(bounds: FloatArray) -> FloatArray:
    extent: FloatArray = (bounds[:, 2] - bounds[:, 0]) * (bounds[:, 3] - bounds[:, 1])
    return extent
