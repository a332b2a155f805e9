"""Density: how much is built, and how many live and work, on how much dry land.

Floor area ratio (*aluetehokkuus*, e_a) is floor area over dry land; with the ground space index it
gives mean storeys and the open space ratio of Spacematrix. Whether a place is dense is asked of its
250 m cells first, as they are; SYKE's cut between town and country is asked of each cell together
with its eight neighbours.
"""

from __future__ import annotations

import numpy as np

from districttype.indicators import residents, stock
from districttype.indicators.cells import Cells, cells
from districttype.indicators.coverage import share_covered
from districttype.indicators.facts import HECTARE, Facts, Scene, known_total, ratio
from districttype.indicators.zonal import Things
from districttype.indicators.zonal.overlaps import BoolArray, FloatArray

DENSE = 0.30  # 'compact' begins here, doi 10.1080/09654313.2024.2370314
RURAL = 0.02  # SYKE, densely and sparsely built localities


def density(scene: Scene) -> dict[str, FloatArray]:
    """Return the indicators of density."""
    houses, parts = scene.facts.once(stock.stock), scene.once(stock.in_zones)
    land = scene.land_m2
    floor = known_total(parts, houses.floor)
    footprint = parts.total()
    far, gsi = ratio(floor, land), ratio(footprint, land)
    of_known_floor = parts.select(~np.isnan(houses.floor)).total()
    people, jobs = scene.once(residents.living), scene.once(residents.working)
    return {
        "land_km2": land / 1e6,
        "floor_area_m2": floor,
        "footprint_m2": footprint,
        "buildings": parts.count(),
        "far": far,
        "gsi": gsi,
        "mean_floors": ratio(floor, of_known_floor),
        "osr": ratio(1.0 - gsi, far),
        "buildings_per_ha": ratio(parts.count(), land / HECTARE),
        "residents": people,
        "residents_per_ha": ratio(people, land / HECTARE),
        "jobs": jobs,
        "jobs_per_ha": ratio(jobs, land / HECTARE),
    }


def settlement(scene: Scene) -> dict[str, FloatArray]:
    """Return how much of a zone lies in dense and in rural cells of 250 m."""
    houses, squares = scene.facts.once(stock.stock), scene.facts.once(cells)
    return {
        "dense_floor_share": _floor_in(scene, squares, squares.density(houses.floor) >= DENSE),
        "dense_floor_share_smoothed": _floor_in(
            scene, squares, squares.smoothed(houses.floor) >= DENSE
        ),
        "rural_land_share": _rural_land_share(scene),
    }


def _floor_in(scene: Scene, squares: Cells, chosen: BoolArray) -> FloatArray:
    """Return the share of each zone's floor area that stands in the chosen cells.

    What a building has in a zone is taken to lie in its cells as the whole building does: exact
    unless one building straddles a zone's border and a cell's.
    """
    houses, parts = scene.facts.once(stock.stock), scene.once(stock.in_zones)
    within = houses.floor * squares.of_buildings(chosen.astype(float))
    return ratio(parts.total(within), parts.total(houses.floor))


def _town(facts: Facts) -> Things:
    """Return the cells that are not rural."""
    squares = facts.once(cells)
    smoothed = squares.smoothed(facts.once(stock.stock).floor)
    return Things.of(squares.boxes[smoothed >= RURAL], where="cells")


def _rural_land_share(scene: Scene) -> FloatArray:
    """Return the share of the land where buildings are known that lies in rural cells."""
    town = scene.on_land(scene.facts.once(_town)).total()
    known = scene.land_area * share_covered(scene, "buildings")
    return np.clip(1.0 - ratio(town, known), 0.0, 1.0)
