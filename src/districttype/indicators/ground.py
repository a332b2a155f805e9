"""Ground: what a borehole, a pile or a cellar meets."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from districttype.indicators.facts import Scene, is_in
from districttype.indicators.land import class_shares, flagged_share, mean_on_land
from districttype.indicators.zonal.overlaps import BoolArray, FloatArray
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
        "thin_cover_share": np.where(known, _thin_cover(scene), np.nan),
        "mean_slope": mean_on_land(scene, "slopes", "slope"),
        **{f"{name}_share": _constrained(scene, name) for name in GROUND_CONSTRAINTS},
    }


def _thin_cover(scene: Scene) -> FloatArray:
    """Return the share of land whose rock is exposed or under thin cover, whatever covers it.

    Missing where no map tells thin cover from deep.
    """

    def rock_is_near(frame: gpd.GeoDataFrame) -> BoolArray:
        return is_in(frame, "class", "bedrock") | is_in(frame, "thin_cover", True)

    if not is_in(scene.facts.frame("ground"), "thin_cover", True, False).any():
        return np.full(len(scene), np.nan)
    return np.nan_to_num(flagged_share(scene, "ground", rock_is_near, "thin cover"))


def _constrained(scene: Scene, name: str) -> FloatArray:
    """Return the share of land under a constraint; missing where it is mapped nowhere."""
    return flagged_share(
        scene, "ground_constraints", lambda frame: is_in(frame, "constraint", name), name
    )
