"""What lies near: straight-line distances."""

from __future__ import annotations

import numpy as np
import shapely

from districttype.indicators.zonal.overlaps import FloatArray, Geometries, Overlaps
from districttype.indicators.zonal.things import Things


def nearest(shapes: Geometries, targets: Geometries, limit: float = np.inf) -> FloatArray:
    """Return the straight-line distance from each shape to the nearest target, m.

    Parameters
    ----------
    shapes, targets
        Geometries in the same metric coordinate system.
    limit
        How far to look, m. What has no target so near is infinitely far: `inf`, not missing.
    """
    origin, goal = Things.of(shapes), Things.of(targets, where="targets")
    distance = np.full(len(origin), np.inf)
    if len(origin) and len(goal):
        tree = shapely.STRtree(goal.shapes)
        pairs, found = tree.query_nearest(
            origin.shapes,
            max_distance=None if np.isinf(limit) else limit,
            return_distance=True,
            all_matches=False,
        )
        distance[pairs[0]] = found
    return distance


def within(zones: Geometries, things: Geometries, distance: float) -> Overlaps:
    """Return which things come within a straight-line distance of which zones.

    Parameters
    ----------
    zones, things
        Geometries in the same metric coordinate system.
    distance
        m; a thing exactly so far away counts.

    Returns
    -------
    Overlaps
        Measure and share are 1 for each pair, so that `total()` counts the things near a zone and
        `total(values)` sums what they hold. A thing near several zones counts in each.
    """
    near, far = Things.of(zones, where="zones"), Things.of(things)
    zone = thing = np.zeros(0, dtype=np.int64)
    if len(near) and len(far):
        zone, thing = shapely.STRtree(far.shapes).query(
            near.shapes, predicate="dwithin", distance=distance
        )
        order = np.lexsort((thing, zone))
        zone, thing = zone[order], thing[order]
    one = np.ones(len(zone))
    return Overlaps(zone, thing, one, one, len(near), len(far))
