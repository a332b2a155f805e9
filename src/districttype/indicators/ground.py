"""Ground: what a borehole, a pile or a cellar meets."""

from __future__ import annotations

import numpy as np

from districttype.indicators.facts import Facts, Scene, is_in, ratio
from districttype.indicators.land import land_share
from districttype.indicators.pieces import pieces
from districttype.indicators.zonal import Things, partition
from districttype.indicators.zonal.overlaps import FloatArray, IntArray
from districttype.layers.schema import GROUND_CLASSES, GROUND_CONSTRAINTS

# Where maps overlap, what was laid last lies on top: fill over peat over clay, and so on down to
# the rock. What is mapped as water or unknown says nothing of the land.
TOP_DOWN = (
    "fill", "organic", "clay", "silt", "coarse", "till", "bedrock", "water", "unknown",
)  # fmt: skip
CLASSES = tuple(name for name in GROUND_CLASSES if name not in ("water", "unknown"))


def _mapped(facts: Facts) -> tuple[Things, IntArray]:
    """Return the ground as pieces that do not overlap, and the class of each."""
    frame = facts.frame("ground")
    shapes, classes = partition(frame.geometry, np.asarray(frame["class"], dtype=object), TOP_DOWN)
    cut, owner = pieces(shapes)
    place = {name: i for i, name in enumerate(CLASSES)}
    code = np.asarray([place.get(name, -1) for name in classes], dtype=np.int64)
    return Things.of(cut, where="layer ground"), code[owner]


def _shares(scene: Scene) -> FloatArray:
    """Return the share of each zone's land that is of each class, (zones, classes)."""
    things, code = scene.facts.once(_mapped)
    area = scene.on_land(things).by_class(code, len(CLASSES))
    shares: FloatArray = ratio(area, scene.land_area[:, None])
    return shares


def unknown_share(scene: Scene) -> FloatArray:
    """Return the share of each zone's land whose class nobody states."""
    return np.asarray(np.clip(1.0 - scene.once(_shares).sum(axis=1), 0.0, 1.0))


def ground(scene: Scene) -> dict[str, FloatArray]:
    """Return the indicators of the ground."""
    shares, unknown = scene.once(_shares), scene.once(unknown_share)
    known = unknown < 1.0
    return {
        **{
            f"ground_{name}_share": np.where(known, shares[:, i], np.nan)
            for i, name in enumerate(CLASSES)
        },
        "ground_unknown_share": unknown,
        "thin_cover_share": np.where(known, _thin_cover(scene), np.nan),
        **{f"{name}_share": _constraint(scene, name) for name in GROUND_CONSTRAINTS},
    }


def _thin_cover(scene: Scene) -> FloatArray:
    """Return the share of land mapped as rock under thin cover; missing if the map never says."""
    if not scene.facts.frame("ground")["thin_cover"].notna().any():
        return np.full(len(scene), np.nan)
    return land_share(scene, "ground", "thin_cover", True)


def _constraint(scene: Scene, name: str) -> FloatArray:
    """Return the share of land under a constraint; missing if it is mapped nowhere at all."""
    if not is_in(scene.facts.frame("ground_constraints"), "constraint", name).any():
        return np.full(len(scene), np.nan)
    return land_share(scene, "ground_constraints", "constraint", name)
