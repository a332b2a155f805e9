"""An outline for districts of which only a point and an area are known."""

from __future__ import annotations

import numpy as np
import shapely

from districttype.sources.figures.shapes import Floats

SMOOTH = 0.4  # how far gaps between discs are closed, in radii of the mean disc
APART = 1.5  # districts whose discs, grown so much, do not meet are a territory of their own
ROUNDS = 48
TOLERANCE = 1e-6


def outline_about(sites: Floats, areas: Floats) -> shapely.Geometry:
    """Draw an outline of the area of all districts about their points.

    It is the union of one disc a district, in proportion to the districts' areas and with the gaps
    between them closed, grown until its area is theirs; districts far from all others get an
    outline of their own.

    Parameters
    ----------
    sites
        (n, 2) coordinates in metres.
    areas
        (n,) square metres.
    """
    radius = np.sqrt(areas / np.pi)
    grown = shapely.buffer(shapely.points(sites), APART * radius)
    parts = shapely.get_parts(shapely.union_all(grown))
    within = shapely.STRtree(parts).query(shapely.points(sites), predicate="intersects")[1]
    apart = [_grow(sites[within == k], areas[within == k]) for k in range(len(parts))]
    drawn = shapely.union_all(np.array(apart, dtype=object))
    meet = drawn.area < (1 - TOLERANCE) * areas.sum()
    return _grow(sites, areas) if meet else drawn


def _grow(sites: Floats, areas: Floats) -> shapely.Geometry:
    radius = np.sqrt(areas / np.pi)
    gap = SMOOTH * float(radius.mean())
    low, high = 0.5, 8.0
    drawn = shapely.Polygon()
    for _ in range(ROUNDS):
        factor = (low + high) / 2
        discs = shapely.union_all(
            shapely.buffer(shapely.points(sites), factor * radius, quad_segs=12)
        )
        drawn = shapely.buffer(shapely.buffer(discs, gap), -gap)
        if drawn.area < areas.sum():
            low = factor
        else:
            high = factor
    return drawn
