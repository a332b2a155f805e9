"""What the rules read: indicators of a zone, put into the words of the typology.

Indicators are measured; here only choices are made, each stated: which share stands for "near a
station" where there are no buildings, and what a share means when part of the whole is unknown.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from districttype.indicators.coverage import ENOUGH

Get = Callable[[str], NDArray[np.float64]]


def values(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return the values that the rules of all facets read, one row a zone.

    Parameters
    ----------
    indicators
        Table of `indicators.measure`, index zone_id. A column that is absent is missing (NaN).
    """

    def get(name: str) -> NDArray[np.float64]:
        if name in indicators:
            return np.asarray(indicators[name], dtype=float)
        return np.full(len(indicators), np.nan)

    found = {
        name: get(name)
        for name in (
            "dense_floor_share", "rural_land_share", "far", "floor_area_m2",
            "brownfield_land_share", "greenfield_land_share", "campus_share",
            "planned_brownfield_share", "built_up_new_share",
            "heat_density_cell_mwh_per_ha", "waste_heat_sources", "groundwater_area_share",
            "acid_sulphate_share", "coverage_stops",
        )
    }  # fmt: skip
    floor_known = _floor_known(get)
    return pd.DataFrame(
        {
            **found,
            "floor_known_share": floor_known,
            **_development(get),
            "plan_evidence": _plan_evidence(get),
            **_uses(get),
            **_near(get, floor_known),
            **_ground(get),
            **_owners(get),
            "imputed_floors": _zero(get("floor_area_imputed_share")),
            "imputed_use": _zero(get("use_imputed_share")),
        },
        index=indicators.index,
    )


def _zero(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.nan_to_num(values, nan=0.0))


def _first(*choices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the first choice that is known, zone by zone."""
    best = choices[0]
    for choice in choices[1:]:
        best = np.where(np.isnan(best), choice, best)
    return best


def _floor_known(get: Get) -> NDArray[np.float64]:
    """Return the share of the zone whose floor area is known.

    Where buildings are known, less the share of their footprint whose floor area is not: what a
    handful of houses add up to is not the floor area of the hundred that stand beside them.
    """
    return np.asarray(get("coverage_buildings") * (1.0 - _zero(get("floor_area_unknown_share"))))


def _development(get: Get) -> dict[str, NDArray[np.float64]]:
    """Evidence of change.

    Growth is what plans add over what is there, in floor area or in residents, whichever is
    published; the larger where both are. It is seen where plans are known that state either. Where
    too few building years are known, the homes of residents who came since the earlier count stand
    for recent floor area: 1 - 1/ratio of the homes' share.
    """
    ratio = get("residents_change_ratio")
    with np.errstate(divide="ignore", invalid="ignore"):
        came = np.clip(1.0 - 1.0 / ratio, 0.0, 1.0) * get("housing_share")
    growth = np.fmax(get("growth_ratio"), get("planned_residents_ratio"))
    return {
        "growth": growth,
        "growth_seen_share": np.where(np.isnan(growth), 0.0, _zero(get("coverage_plans"))),
        "recent_share": _first(get("recent_floor_share"), came),
        "change_land_share": _change_land(get),
    }


def _change_land(get: Get) -> NDArray[np.float64]:
    """Return the share of land that is a site of change; missing where no kind of it is mapped."""
    land = [get(f"{kind}_land_share") for kind in ("construction", "brownfield", "greenfield")]
    return np.where(np.isnan(land).all(axis=0), np.nan, np.nansum(land, axis=0))


def _plan_evidence(get: Get) -> NDArray[np.float64]:
    """Return the share of land for which something is known of what is to come.

    Plans cover it, or it is mapped as a site of change. The two may lie on the same ground: the
    larger is the least that their union can be.
    """
    return _zero(np.fmax(get("coverage_plans"), _change_land(get)))


def _uses(get: Get) -> dict[str, NDArray[np.float64]]:
    """Shares of the floor area whose use is known."""
    unknown = get("use_unknown_share")
    known = np.where(unknown < 1.0, 1.0 - unknown, np.nan)
    names = (
        "housing", "offices", "industry", "retail", "public", "leisure", "other_use", "campus",
    )  # fmt: skip
    shares = {f"{name}_share": get(f"{name}_share") / known for name in names}
    recreation = np.fmax(get("recreation_land_share"), get("green_share"))
    return {
        **shares,
        "use_known_share": _zero(1.0 - unknown),
        "recreation_land_share": recreation,
    }


def _near(get: Get, floor_known: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Nearness by floor area where it is known, else by residents, else by land."""

    def near(what: str, floor: str = "floor_near_{}_share") -> NDArray[np.float64]:
        by_floor = np.where(floor_known >= ENOUGH, get(floor.format(what)), np.nan)
        return _first(by_floor, get(f"residents_near_{what}_share"), get(f"land_near_{what}_share"))

    frequent = _first(
        near("frequent_bus"),
        get("residents_in_public_transport_zone_share"),
        get("public_transport_zone_share"),
    )
    return {
        "near_station_share": near("station"),
        "near_new_station_share": near("new_station", "{}_floor_share"),
        "near_frequent_bus_share": frequent,
        "near_stop_share": near("stop"),
    }


def _ground(get: Get) -> dict[str, NDArray[np.float64]]:
    """Shares of the land whose ground is known; rock counts with thin cover, silt with clay."""
    unknown = get("ground_unknown_share")
    known = np.where(unknown < 1.0, 1.0 - unknown, np.nan)

    def share(*classes: str) -> NDArray[np.float64]:
        return np.asarray(np.sum([get(f"ground_{name}_share") for name in classes], axis=0) / known)

    thin = np.fmax(_zero(get("thin_cover_share")), get("ground_bedrock_share"))
    return {
        "ground_known_share": 1.0 - unknown,
        "bedrock_known_share": thin / known,
        "till_known_share": share("till"),
        "coarse_known_share": share("coarse"),
        "clay_known_share": share("clay", "silt"),
        "organic_known_share": share("organic"),
        "fill_known_share": share("fill"),
    }


def _owners(get: Get) -> dict[str, NDArray[np.float64]]:
    """Shares of the land whose owner is known; the five largest hold a share of what is private."""
    unknown = get("owner_unknown_share")
    known = np.where(unknown < 1.0, 1.0 - unknown, np.nan)
    return {
        "owner_known_share": 1.0 - unknown,
        "owner_city_share": get("owner_city_share") / known,
        "owner_public_share": (get("owner_state_share") + get("owner_public_institution_share"))
        / known,
        "owner_private_share": (get("owner_private_share") + get("owner_housing_company_share"))
        / known,
        "owner_top5_share": get("owner_top5_share"),
    }
