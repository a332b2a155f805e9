"""Services: what people can walk to from home, how many there are, and what stands empty."""

from __future__ import annotations

import numpy as np

from districttype.indicators.facts import Facts, Scene, codes, entropy, is_in
from districttype.indicators.near import homes_near, residents_share
from districttype.indicators.zonal.overlaps import BoolArray, FloatArray, IntArray
from districttype.layers.schema import SERVICES

REACH = 1000.0  # m of walking
DAILY = ("school", "day_care", "grocery", "health", "culture", "sport")
# Things of mobility, and premises without any service in them, are no services.
SERVING = tuple(
    name
    for name in SERVICES
    if name not in ("car_share", "bike_share", "parking", "vacant_premises")
)


def services(scene: Scene) -> dict[str, FloatArray]:
    """Return the indicators of services."""
    frame, lying = scene.facts.frame("services"), scene.overlap("services")
    by_class = lying.by_class(scene.facts.once(serving), len(SERVING), np.ones(len(frame)))
    return {
        **{f"residents_near_{name}_share": _near(scene, name) for name in DAILY},
        "services": by_class.sum(axis=1),
        "services_diversity": entropy(by_class.T),
        "vacant_places": lying.count(vacant(scene.facts)),
    }


def serving(facts: Facts) -> IntArray:
    """Return the kind of each service, its position in `SERVING`; -1 for what serves nobody."""
    return np.where(vacant(facts), -1, codes(facts.frame("services"), "class", SERVING))


def vacant(facts: Facts) -> BoolArray:
    """Tell which premises stand empty."""
    frame = facts.frame("services")
    return is_in(frame, "class", "vacant_premises") | is_in(frame, "vacant", True)


def _near(scene: Scene, name: str) -> FloatArray:
    """Return the share of residents near a service; missing if its kind is mapped nowhere."""

    def homes(facts: Facts) -> BoolArray:
        open_ones = facts.once(serving) == SERVING.index(name)
        goals = facts.frame("services").geometry.to_numpy()[open_ones]
        return homes_near(facts, goals, REACH)

    if not is_in(scene.facts.frame("services"), "class", name).any():
        return np.full(len(scene), np.nan)
    return residents_share(scene, scene.facts.once(homes, "homes near service", name))
