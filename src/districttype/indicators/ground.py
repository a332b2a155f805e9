"""Ground: what a borehole, a pile or a cellar meets."""

from __future__ import annotations

import numpy as np

from districttype.indicators.facts import Scene, is_in
from districttype.indicators.land import class_shares, flagged_share, mean_on_land
from districttype.indicators.zonal.overlaps import FloatArray
from districttype.layers.schema import GROUND_CONSTRAINTS


def unknown_share(scene: Scene) -> FloatArray:
    """Return the share of each zone's land whose class nobody states (or that is called water)."""
    known = np.asarray(sum(class_shares(scene, "ground").values()), dtype=float)
    return np.clip(1.0 - known, 0.0, 1.0)


def ground(scene: Scene) -> dict[str, FloatArray]:
    """Return the indicators of the ground."""
    unknown = scene.once(unknown_share)
    known = unknown < 1.0
    return {
        **{
            f"ground_{name}_share": np.where(known, share, np.nan)
            for name, share in class_shares(scene, "ground").items()
        },
        "ground_unknown_share": unknown,
        # Missing where no map tells thin cover from deep, or maps such a constraint at all.
        "thin_cover_share": np.where(known, _thin_cover(scene), np.nan),
        "mean_slope": mean_on_land(scene, "slopes", "slope"),
        **{
            f"{name}_share": flagged_share(scene, "ground_constraints", "constraint", name)
            for name in GROUND_CONSTRAINTS
        },
    }


def _thin_cover(scene: Scene) -> FloatArray:
    if is_in(scene.facts.frame("ground"), "thin_cover", True, False).any():
        return np.nan_to_num(flagged_share(scene, "ground", "thin_cover", True))
    return np.full(len(scene), np.nan)
