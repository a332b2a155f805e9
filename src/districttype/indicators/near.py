"""What can be walked to: along the streets where they are known, else by the crow and a detour."""

from __future__ import annotations

import numpy as np
import shapely

from districttype.indicators import residents, stock
from districttype.indicators.facts import Facts, Scene, ratio
from districttype.indicators.pieces import pieces
from districttype.indicators.zonal import Things, nearest
from districttype.indicators.zonal.overlaps import BoolArray, FloatArray, Shapes

DETOUR = 1.3  # walks in towns are 1.2 to 1.4 times as long as the crow's flight
_CORNERS = 32  # of a quarter circle: its area is true to a thousandth


def walked(facts: Facts, starts: Shapes, goals: Shapes, limit: float) -> BoolArray:
    """Tell from which starts any goal is at most `limit` metres of walking away.

    Parameters
    ----------
    facts
        Among them the streets.
    starts
        Points.
    goals
        Points or polygons; a polygon is reached at its edge.
    limit
        m.
    """
    return nearest(starts, goals, limit / DETOUR) <= limit / DETOUR


def shares(scene: Scene, name: str, goals: Shapes, limit: float) -> dict[str, FloatArray]:
    """Return the shares of floor area, of residents and of land from which goals can be walked to.

    Parameters
    ----------
    scene
        The zones and the facts.
    name
        What the goals are; the indicators are `floor_near_<name>_share` and so on.
    goals
        Points or polygons.
    limit
        m of walking. For land, of which each point would need a walk, it is the crow's flight
        over the detour.
    """
    return {
        f"floor_near_{name}_share": _floor_share(scene, name, goals, limit),
        f"residents_near_{name}_share": _homes_share(scene, name, goals, limit),
        f"land_near_{name}_share": _ground_share(scene, name, goals, limit),
    }


def residents_share(scene: Scene, chosen: BoolArray) -> FloatArray:
    """Return the share of residents who live at the chosen places (`residents.spread`)."""
    parts = scene.once(residents.in_zones)
    living = scene.facts.once(residents.spread).people(scene.facts, "residents")
    return ratio(parts.total(living * chosen), parts.total(living))


def _floor_share(scene: Scene, name: str, goals: Shapes, limit: float) -> FloatArray:
    def near(facts: Facts) -> BoolArray:
        return walked(facts, facts.once(stock.spots), goals, limit)

    floor, parts = scene.facts.once(stock.stock).floor, scene.once(stock.in_zones)
    chosen = scene.facts.once(near, "floor near", name)
    return ratio(parts.total(floor * chosen), parts.total(floor))


def _homes_share(scene: Scene, name: str, goals: Shapes, limit: float) -> FloatArray:
    def near(facts: Facts) -> BoolArray:
        return walked(facts, facts.once(residents.spots), goals, limit)

    return residents_share(scene, scene.facts.once(near, "homes near", name))


def _ground_share(scene: Scene, name: str, goals: Shapes, limit: float) -> FloatArray:
    def near(_: Facts) -> Things:
        around = shapely.buffer(goals, limit / DETOUR, quad_segs=_CORNERS)
        return Things.of(pieces(np.asarray([shapely.union_all(around)]))[0], where="surroundings")

    ground = scene.facts.once(near, "ground near", name)
    return np.minimum(ratio(scene.on_land(ground).total(), scene.land_area), 1.0)
