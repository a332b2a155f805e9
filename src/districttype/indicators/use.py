"""Use: what the floor area serves."""

from __future__ import annotations

import numpy as np
import shapely

from districttype.indicators import residents, stock
from districttype.indicators.facts import Facts, Scene, entropy, ratio
from districttype.indicators.services import serving
from districttype.indicators.zonal.overlaps import BoolArray, FloatArray
from districttype.layers.schema import USES

# Which uses make up which share. All shares together are the whole floor area.
GROUPS = {
    "housing": ("detached", "row", "apartment"),
    "offices": ("office",),
    "industry": ("industrial", "warehouse"),
    "retail": ("retail",),
    "public": ("education", "health", "public"),
    "leisure": ("leisure",),
    "other_use": ("transport", "utility", "agricultural", "outbuilding", "other"),
    "use_unknown": ("unknown",),
}

# Homes and offices of so many storeys may stand on a shop, a café or a surgery.
ABOVE, STOREYS = (*GROUPS["housing"], *GROUPS["offices"]), 2.0


def use(scene: Scene) -> dict[str, FloatArray]:
    """Return the indicators of use."""
    houses, parts = scene.facts.once(stock.stock), scene.once(stock.in_zones)
    by_use = parts.by_class(houses.use, len(USES), houses.floor)
    floor = by_use.sum(axis=1)
    columns = [[USES.index(name) for name in names] for names in GROUPS.values()]
    groups = np.stack([by_use[:, some].sum(axis=1) for some in columns])
    shares = zip(GROUPS, ratio(groups, floor), strict=True)
    return {
        **{f"{name}_share": share for name, share in shares},
        "campus_share": ratio(by_use[:, USES.index("education")], floor),
        "use_mix": entropy(groups[:-1]),
        "ground_floor_services_share": _above_services(scene),
        "jobs_per_resident": ratio(scene.once(residents.working), scene.once(residents.living)),
    }


def _above_services(scene: Scene) -> FloatArray:
    """Return the share of the footprint of stacked homes and offices that services lie in."""
    facts, parts = scene.facts, scene.once(stock.in_zones)
    houses = facts.once(stock.stock)
    stacked = np.isin(houses.use, [USES.index(name) for name in ABOVE])
    stacked &= houses.floor >= STOREYS * houses.footprint
    footprint = np.where(stacked, houses.footprint, 0.0)
    return ratio(parts.total(footprint * facts.once(_served)), parts.total(footprint))


def _served(facts: Facts) -> BoolArray:
    """Tell in which buildings in use any service lies that is not vacant."""
    houses = facts.once(stock.stock).things.shapes
    points = shapely.point_on_surface(facts.frame("services").geometry.to_numpy())
    found = shapely.STRtree(houses).query(points[facts.once(serving) >= 0], predicate="intersects")
    served = np.zeros(len(houses), dtype=bool)
    served[found[1]] = True
    return served
