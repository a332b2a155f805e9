"""How much of each thing lies in each zone."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
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
from districttype.layers.schema import require_metric

_POINT, _LINE, _POLYGON = 0, 1, 2
_CHUNK = 1 << 17


@dataclass(frozen=True)
class Things:
    """Valid shapes with their bounds and measure, ready for any number of zone sets.

    Attributes
    ----------
    shapes
        Geometries, of any mix of points, lines and polygons.
    bounds
        (n, 4): low x, low y, high x, high y; NaN where a shape is empty.
    measure
        m² of polygons, m of lines, number of points.
    dimension
        0 for points, 1 for lines, 2 for polygons, -1 for empty collections.
    crs
        Coordinate system; None where the shapes came without one.
    """

    shapes: Shapes
    bounds: FloatArray
    measure: FloatArray
    dimension: IntArray
    crs: object

    @classmethod
    def of(cls, things: Geometries, *, where: str = "things") -> Things:
        """Check shapes and measure them once.

        Raises
        ------
        SchemaError
            If a shape is missing or invalid: its area would be a wrong number.
        CrsError
            If areas cannot be measured in their coordinate system.
        """
        shapes, crs = _unpack(things, where)
        _check_valid(shapes, where)
        dimension = shapely.get_dimensions(shapes).astype(np.int64)
        if len(shapes) and dimension.min() == dimension.max() == _POLYGON:
            measure = shapely.area(shapes)
        else:
            measure = np.select(
                [dimension == _POLYGON, dimension == _LINE],
                [shapely.area(shapes), shapely.length(shapes)],
                np.where(dimension < 0, 0, shapely.get_num_coordinates(shapes)),
            ).astype(np.float64)
        return cls(shapes, shapely.bounds(shapes), measure, dimension, crs)

    def __len__(self) -> int:
        return len(self.shapes)


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
    areas, crs = _unpack(zones, "zones")
    _check_valid(areas, "zones")
    if len(areas) and (shapely.get_dimensions(areas) != _POLYGON).any():
        raise SchemaError("only polygons can be zones", where="zones")
    if not isinstance(things, Things):
        things = Things.of(things, where=where)
    if crs is not None and things.crs is not None and crs != things.crs:
        raise CrsError("zones and things are in different coordinate systems", where=where)
    if not len(areas) or not len(things):
        nothing = np.zeros(0, dtype=np.int64)
        measure = np.zeros(0)
        return Overlaps(nothing, nothing, measure, measure, len(areas), len(things))

    squares = Squares.over(areas, len(things))
    pieces, near = [], []
    for start in range(0, len(things), _CHUNK):
        region = squares.regions(things.bounds[start : start + _CHUNK])
        thing, zone = squares.zones_of(region)
        thing += start
        pieces.append((zone, thing, things.measure[thing]))
        near.append(start + np.flatnonzero(region == 0))
    shapely.prepare(areas)
    pieces += _near_borders(squares, areas, things, np.concatenate(near))
    zone, thing, measure = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    order = np.lexsort((thing, zone))
    order = order[measure[order] > 0]
    zone, thing, measure = zone[order], thing[order], measure[order]
    whole = things.measure[thing]
    share = np.divide(measure, whole, out=np.zeros(len(whole)), where=whole > 0)
    return Overlaps(zone, thing, measure, np.minimum(share, 1.0), len(areas), len(things))


def _near_borders(
    squares: Squares, zones: Shapes, things: Things, near: IntArray
) -> list[tuple[IntArray, IntArray, FloatArray]]:
    """Return the entries (zone, thing, measure) of things that a border comes near to."""
    of_dimension = {d: near[things.dimension[near] == d] for d in (_POINT, _LINE, _POLYGON)}
    found = []
    polygons = of_dimension[_POLYGON]
    for start in range(0, len(polygons), _CHUNK):
        some = polygons[start : start + _CHUNK]
        zone, at, measure, sure = cut(
            squares, zones, things.shapes[some], things.bounds[some], things.measure[some]
        )
        found += [(zone, some[at], measure), _cut_exactly(zones, things, some[~sure])]
    for dimension, measured in ((_LINE, borders.line_lengths), (_POINT, borders.point_counts)):
        some = of_dimension[dimension]
        if len(some):
            shapes = things.shapes[some]
            zone, at = shapely.STRtree(shapes).query(zones, predicate="intersects")
            found.append((zone, some[at], measured(zones, zone, shapes, at)))
    return found


def _cut_exactly(
    zones: Shapes, things: Things, some: IntArray
) -> tuple[IntArray, IntArray, FloatArray]:
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


def _unpack(shapes: Geometries, where: str) -> tuple[Shapes, object]:
    """Return the shapes as a plain array, and their coordinate system where one is stated."""
    if isinstance(shapes, (gpd.GeoSeries, gpd.GeoDataFrame)):
        return shapes.geometry.to_numpy(), require_metric(shapes.crs, where=where)
    return np.asarray(shapes, dtype=object), None


def _check_valid(shapes: Shapes, where: str) -> None:
    valid = np.concatenate(in_threads(shapely.is_valid, shapes))
    if valid.all():
        return
    bad = np.flatnonzero(~valid)
    reason = "missing" if shapes[bad[0]] is None else shapely.is_valid_reason(shapes[bad[0]])
    raise SchemaError(
        f"{len(bad)} of {len(shapes)} shapes are missing or invalid, the first in row {bad[0]}: "
        f"{reason}",
        where=where,
        todo="repair them first, e.g. shapely.make_valid(shapes, method='structure')",
    )
