"""The territory: districts drawn from their figures, and the land and water within them."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer

from districttype.errors import ConfigError
from districttype.planar import common, polygonal, without
from districttype.sources.figures import power
from districttype.sources.figures.outline import outline_about
from districttype.sources.figures.shapes import Floats, Shapes, nothing
from districttype.sources.figures.tables import WGS84, Figures

LEAST_WATER_M2 = 100.0  # less sea than this is an error of rounding, not a shore
LEAST_PART_M2 = 400.0  # smaller scraps of land beside water are left out


@dataclass(frozen=True)
class Territory:
    """The districts' shapes, in metres.

    Attributes
    ----------
    zones
        (n,) the districts with their water, a partition of the municipality.
    land
        (n,) the dry part of each; it touches neither sea nor lakes.
    sea, lakes
        (n,) the water of each, empty where there is none.
    centres
        (n, 2) the districts' reference points.
    """

    zones: Shapes
    land: Shapes
    sea: Shapes
    lakes: Shapes
    centres: Floats

    @property
    def land_m2(self) -> Floats:
        """Return the drawn land area of each district in square metres."""
        return np.asarray(shapely.area(self.land), dtype=float)


def survey(figures: Figures, crs: CRS) -> Territory:
    """Draw the districts and their water.

    Districts are the cells of a power diagram (see `power`), or the polygons that came with the
    figures. A drawn cell is larger than the district's land where there is water in it. Lakes are
    cut out as discs of the published area about a corner of the district, the one it shares with
    most other districts that have lakes, so that a lake between districts is one lake. What is then
    left over is sea, and lies along the district's part of the municipality's outer edge (or, in a
    district that does not reach it, where it is nearest to it).

    Without figures of water all is land. Where the outline does not hold all of a district, its
    land is drawn smaller than published; the published area counts for densities all the same.
    """
    lakes_m2 = _zero(figures.number("lake_km2")) * 1e6
    water_m2 = np.maximum(_zero(figures.number("water_km2")) * 1e6, lakes_m2)
    land_m2 = figures.number("land_km2") * 1e6
    if figures.polygons is not None:
        zones = np.asarray(figures.polygons.to_crs(crs).to_numpy(), dtype=object)
        centres = _centres(figures, crs, zones)
    else:
        centres = _centres(figures, crs, None)
        zones = _draw(figures, centres, land_m2 + lakes_m2, land_m2 + water_m2, crs)
    lakes = _lakes(zones, centres, lakes_m2)
    dry = without(zones, lakes)
    excess = np.clip(shapely.area(dry) - land_m2, 0.0, water_m2 - lakes_m2)
    sea = _around(_shores(zones), dry, np.where(excess < LEAST_WATER_M2, 0.0, excess))
    land = polygonal(without(dry, sea), least=LEAST_PART_M2)
    return Territory(zones, land, polygonal(sea), polygonal(lakes), centres)


def _zero(values: Floats) -> Floats:
    # Water that no figure speaks of is not drawn; this is about drawing, not about measuring.
    return np.nan_to_num(values, nan=0.0)


def _centres(figures: Figures, crs: CRS, zones: Shapes | None) -> Floats:
    if figures.has("lon", "lat"):
        to_crs = Transformer.from_crs(WGS84, crs, always_xy=True)
        x, y = to_crs.transform(figures.number("lon"), figures.number("lat"))
        return np.column_stack([x, y])
    return np.asarray(shapely.get_coordinates(shapely.point_on_surface(zones)), dtype=float)


def _draw(figures: Figures, sites: Floats, low: Floats, high: Floats, crs: CRS) -> Shapes:
    outline = outline_about(sites, low)
    if figures.outline is not None:
        outline = gpd.GeoSeries([figures.outline], crs=WGS84).to_crs(crs).iloc[0]
    weights = figures.number("weight_m2")
    if np.isnan(weights).any():
        weights = power.fit(sites, low, high, outline)
    zones = power.diagram(sites, weights, outline).cells
    nothing = figures.districts["id"][shapely.is_empty(zones)]
    if len(nothing):
        raise ConfigError(
            f"no room in the outline for {', '.join(nothing)}",
            where=figures.origin.name,
            todo="check lon, lat and land_km2 of these districts",
        )
    return zones


def _lakes(zones: Shapes, centres: Floats, areas: Floats) -> Shapes:
    """Return discs of the given areas, each within its zone."""
    having = np.flatnonzero(areas > 0)
    if not len(having):
        return nothing(len(zones))
    corner, owner = shapely.get_coordinates(zones[having], return_index=True)
    point = shapely.points(corner)
    near, zone = shapely.STRtree(zones[having]).query(point, predicate="dwithin", distance=1.0)
    shared = np.bincount(near[zone != owner[near]], minlength=len(corner))
    away = np.linalg.norm(corner - centres[having][owner], axis=1)
    order = np.lexsort([corner[:, 1], corner[:, 0], -away, -shared, owner])
    middle = nothing(len(zones))
    _, first = np.unique(owner[order], return_index=True)
    middle[having] = point[order[first]]
    return _around(middle, zones, areas)


def _around(seeds: Shapes, zones: Shapes, areas: Floats) -> Shapes:
    """Return the part of each zone that lies nearest to its seed and has the given area."""
    parts = nothing(len(zones))
    having = np.flatnonzero((areas > 0) & ~shapely.is_empty(seeds))
    bounds = shapely.bounds(zones[having])
    low = np.zeros(len(having))
    high = np.hypot(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    for _ in range(36):
        radius = (low + high) / 2
        part = common(shapely.buffer(seeds[having], radius, quad_segs=4), zones[having])
        small = shapely.area(part) < areas[having]
        low, high = np.where(small, radius, low), np.where(small, high, radius)
    parts[having] = part
    return parts


def _shores(zones: Shapes) -> Shapes:
    """Return where each zone lies on the outer edge of them all, or its point nearest to it."""
    whole = shapely.get_parts(shapely.union_all(zones))
    edge = shapely.union_all(shapely.get_exterior_ring(whole))
    # Zones and their union share corners but for the last bit: a grain of tolerance.
    shores = shapely.intersection(shapely.boundary(zones), shapely.buffer(edge, 0.01))
    nearest = shapely.get_point(shapely.shortest_line(zones, edge), 0)
    return np.asarray(np.where(shapely.length(shores) > 1.0, shores, nearest), dtype=object)
