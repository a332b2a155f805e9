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
    facts = scene.facts
    houses, parts = facts.once(stock.stock), scene.once(stock.in_zones)
    people, of_people = facts.once(residents.spread), scene.once(residents.in_zones)
    living = people.people(facts, "residents")

    def floor(facts: Facts) -> BoolArray:
        return walked(facts, facts.once(stock.spots), goals, limit)

    def homes(facts: Facts) -> BoolArray:
        return walked(facts, shapely.point_on_surface(people.things.shapes), goals, limit)

    def ground(facts: Facts) -> Things:
        around = shapely.union_all(shapely.buffer(goals, limit / DETOUR, quad_segs=_CORNERS))
        return Things.of(pieces(np.asarray([around]))[0], where="surroundings")

    near_floor = facts.once(floor, "floor near", name)
    near_homes = facts.once(homes, "homes near", name)
    near_ground = facts.once(ground, "ground near", name)
    return {
        f"floor_near_{name}_share": ratio(
            parts.total(houses.floor * near_floor), parts.total(houses.floor)
        ),
        f"residents_near_{name}_share": ratio(
            of_people.total(living * near_homes), of_people.total(living)
        ),
        f"land_near_{name}_share": np.minimum(
            ratio(scene.on_land(near_ground).total(), scene.land_area), 1.0
        ),
    }
