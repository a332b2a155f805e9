"""Development: how old the place is, and how much is still to come.

Growth is what may still be built and what is being built, over what stands: the reserve of
SeutuRAMAVA (building right less floor area in use) against the floor area in use.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from districttype.indicators import residents, stock
from districttype.indicators.coverage import ENOUGH, share_covered, share_of_known_floor
from districttype.indicators.facts import (
    Facts,
    Scene,
    is_in,
    known_any,
    known_total,
    numbers,
    ratio,
)
from districttype.indicators.land import mapped_share
from districttype.indicators.mobility import (
    WALK_TO_STATION,
    is_station,
    new_stations,
    nowhere,
)
from districttype.indicators.near import shares
from districttype.indicators.zonal.overlaps import FloatArray, Overlaps

RECENT = 10  # years
RENEWAL = (1960, 1989)  # suburbs whose houses now come to be renewed
CHANGE = ("construction", "brownfield", "greenfield")
MOST = 100.0  # growth where nearly nothing stands is given as a hundredfold


def development(scene: Scene) -> dict[str, FloatArray]:
    """Return the indicators of development."""
    plans, planned = scene.facts.frame("plans"), scene.overlap("plans")
    reserve = _stated(planned, _reserve(scene.facts))
    started = scene.once(_under_construction)
    people = scene.once(residents.living)
    to_come = _stated(planned, numbers(plans, "planned_residents"))
    return {
        "reserve_m2": reserve,
        "reserve_housing_m2": _stated(planned, numbers(plans, "reserve_housing_m2")),
        "under_construction_m2": started,
        "growth_ratio": _growth(reserve + np.nan_to_num(started), scene.once(_in_use)),
        "planned_residents": to_come,
        "planned_residents_ratio": _growth(to_come, people),
        "planned_brownfield_share": ratio(
            known_total(planned, _on_brownfield(plans, "planned_residents")), to_come
        ),
        **_years(scene, np.nan_to_num(started)),
        **{
            f"{name}_land_share": mapped_share(scene, "land_use", (name,), CHANGE)
            for name in CHANGE
        },
        "surface_parking_share": mapped_share(scene, "land_use", ("parking",)),
        "built_up_new_share": _built_up_since(scene),
        "residents_change_ratio": ratio(people, scene.once(residents.living_before)),
        **_new_stations(scene),
    }


def _on_brownfield(plans: gpd.GeoDataFrame, column: str) -> FloatArray:
    """Return what is planned on land that was built on before; 0 where the site is not said."""
    amounts = numbers(plans, column)
    return np.where(is_in(plans, "site", "brownfield"), amounts, 0.0 * amounts)


def _stated(planned: Overlaps, amounts: FloatArray) -> FloatArray:
    """Return the sum per zone; missing everywhere where plans are of a kind that never states it.

    Permits say what is being built and not how much more may be: a zone without one has no reserve
    of zero.
    """
    total = known_total(planned, amounts)
    return total if known_any(amounts) or not len(amounts) else np.full_like(total, np.nan)


def _reserve(facts: Facts) -> FloatArray:
    """Return the unused building right of each plan; where not stated, right less use."""
    plans = facts.frame("plans")
    reserve = numbers(plans, "reserve_m2")
    left = np.maximum(numbers(plans, "building_right_m2") - numbers(plans, "used_m2"), 0.0)
    return np.where(np.isnan(reserve), left, reserve)


def _under_construction(scene: Scene) -> FloatArray:
    """Return the floor area begun: as plans state it where they are known, else what is seen of it.

    Where plans are known for a part of a zone, theirs and that of buildings under construction are
    both the least that it can be: the larger is taken.
    """
    floor = scene.facts.once(stock.sites).floor
    by_building = known_total(scene.once(stock.sites_in_zones), floor)
    by_building[share_covered(scene, "buildings") == 0] = np.nan
    by_plan = _stated(
        scene.overlap("plans"), numbers(scene.facts.frame("plans"), "under_construction_m2")
    )
    known = share_covered(scene, "plans")
    by_plan[known == 0] = np.nan
    larger = np.fmax(by_plan, by_building)
    return np.where((known >= ENOUGH) & ~np.isnan(by_plan), by_plan, larger)


def _in_use(scene: Scene) -> FloatArray:
    """Return the floor area in use: of the buildings where it is known, else as plans state it.

    Plans speak for a zone only if each that states a reserve there states what is in use, too.
    """
    floor = known_total(scene.once(stock.in_zones), scene.facts.once(stock.stock).floor)
    planned = scene.overlap("plans")
    used = numbers(scene.facts.frame("plans"), "used_m2")
    silent = planned.count(np.isnan(used) & ~np.isnan(_reserve(scene.facts))) > 0
    by_plan = np.where(silent, np.nan, known_total(planned, used))
    return np.where(share_of_known_floor(scene) >= ENOUGH, floor, by_plan)


def _growth(to_come: FloatArray, in_use: FloatArray) -> FloatArray:
    """Return what is to come over what stands, at most `MOST`; 0 where nothing is to come."""
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.minimum(to_come / in_use, MOST)
    return np.where((to_come == 0) & ~np.isnan(in_use), 0.0, growth)


def _years(scene: Scene, started: FloatArray) -> dict[str, FloatArray]:
    """Return what the years of completion say, by floor area of known year.

    Missing where the years of too little floor area are known: a register that dates only what is
    newest would make every place a new one. `year_unknown_share` says how much that is.
    """
    houses, parts = scene.facts.once(stock.stock), scene.once(stock.in_zones)
    floor, year = houses.floor, houses.dated
    dated = parts.total(np.where(np.isnan(year), np.nan, floor))
    recent = parts.total(np.where(scene.facts.layers.as_of.year - year < RECENT, floor, 0.0))
    renewal = parts.total(np.where((year >= RENEWAL[0]) & (year <= RENEWAL[1]), floor, 0.0))
    quarters = [parts.quantile(year, q, floor) for q in (0.25, 0.5, 0.75)]
    said = {
        "recent_floor_share": ratio(recent + started, dated + started),
        "median_year_built": quarters[1],
        "year_built_iqr": quarters[2] - quarters[0],
        f"floor_share_{RENEWAL[0]}_{RENEWAL[1] % 100}": ratio(renewal, dated),
    }
    enough = dated >= ENOUGH * parts.total(floor)
    return {name: np.where(enough, value, np.nan) for name, value in said.items()}


def _built_up_since(scene: Scene) -> FloatArray:
    """Return the share of the built-up surface that was not there at the earlier epoch."""
    frame, parts = scene.facts.frame("built_up"), scene.overlap("built_up")
    now = known_total(parts, numbers(frame, "built_m2"))
    before = known_total(parts, numbers(frame, "built_before_m2"))
    return np.maximum(1.0 - ratio(before, now), 0.0)


def _new_stations(scene: Scene) -> dict[str, FloatArray]:
    """Return what lies near a new or planned station; missing if no opening is known."""
    opened = numbers(scene.facts.frame("stops"), "opened")[is_station(scene.facts)]
    near = shares(scene, "new_station", scene.facts.once(new_stations), WALK_TO_STATION)
    if len(opened) and not known_any(opened):
        near = nowhere(scene, near)
    return {
        "new_station_floor_share": near["floor_near_new_station_share"],
        "residents_near_new_station_share": near["residents_near_new_station_share"],
        "land_near_new_station_share": near["land_near_new_station_share"],
    }
