"""Use: what the floor area serves."""

from __future__ import annotations

import numpy as np

from districttype.indicators import residents, stock
from districttype.indicators.facts import Scene, entropy, ratio
from districttype.indicators.zonal.overlaps import FloatArray
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
        "jobs_per_resident": ratio(scene.once(residents.working), scene.once(residents.living)),
    }
