"""Energy: how much heat and electricity the buildings need, where, and what could give it.

Demand is floor area times a figure by use and age (`tables/heat_demand.csv`): net space heating,
corrected for the city's degree days, and hot water.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd

from districttype.indicators import stock, table
from districttype.indicators.cells import cells
from districttype.indicators.facts import HECTARE, Facts, Scene, is_in, known_total, ratio
from districttype.indicators.zonal import within
from districttype.indicators.zonal.overlaps import FloatArray
from districttype.layers.schema import USES

WASTE_HEAT = ("data_centre", "waste_water", "power_plant", "refrigeration", "ice_rink")
WASTE_HEAT_REACH = 1000.0  # m
HEAT_SOURCES = (
    "district_heat", "electricity", "ground_heat", "heat_pump", "oil", "gas", "wood", "other",
)  # fmt: skip
NEW_FROM = 2010  # from here on hot water and electricity are those of new buildings


@dataclass(frozen=True)
class Demand:
    """Yearly demand of each building in use, MWh; NaN where its floor area is unknown."""

    heat: FloatArray
    electricity: FloatArray


def energy(scene: Scene) -> dict[str, FloatArray]:
    """Return the indicators of energy."""
    facts, parts = scene.facts, scene.once(stock.in_zones)
    need = facts.once(demand)
    heat = known_total(parts, need.heat)
    squares = facts.once(cells)
    near = squares.of_buildings(squares.smoothed(need.heat)) * HECTARE
    sites, lying = facts.frame("energy_sites"), scene.overlap("energy_sites")
    lines = is_in(sites, "kind", "power_line")
    return {
        "heat_demand_mwh": heat,
        "electricity_demand_mwh": known_total(parts, need.electricity),
        "heat_density_mwh_per_ha": ratio(heat, scene.land_m2 / HECTARE),
        "heat_density_cell_mwh_per_ha": ratio(
            parts.total(need.heat * near), parts.total(need.heat)
        ),
        "roof_area_m2": parts.total(),
        "waste_heat_sources": within(
            scene.zones.frame.geometry, facts.once(_waste_heat), WASTE_HEAT_REACH
        ).total(),
        **_heat_sources(scene),
        "substations": lying.count(is_in(sites, "kind", "substation")),
        "power_line_km": lying.select(lines).total() / 1e3,
    }


def demand(facts: Facts) -> Demand:
    """Return the yearly demand for heat and electricity of the buildings in use."""
    houses = facts.once(stock.stock)
    new = (houses.year >= NEW_FROM).astype(int)
    space = space_heating(houses.use, houses.year) * facts.layers.degree_day_ratio
    per_use = _by_use()
    hot_water = per_use[["hot_water_old", "hot_water_new"]].to_numpy()[houses.use, new]
    electricity = per_use[["electricity_old", "electricity_new"]].to_numpy()[houses.use, new]
    return Demand(houses.floor * (space + hot_water) / 1e3, houses.floor * electricity / 1e3)


def space_heating(use: np.ndarray, year: FloatArray) -> FloatArray:
    """Return net space heating, kWh per m² of floor area and year, at the table's degree days.

    Parameters
    ----------
    use
        Position in USES of each building.
    year
        Year of completion, NaN where unknown.
    """
    heat, group = _heat_table(), _by_use()["group"].to_numpy()
    columns = {name: i for i, name in enumerate(heat.columns)}
    column = np.asarray([columns.get(name, -1) for name in group])[use]
    began = heat.index.to_numpy(dtype=float)[1:]
    row = np.where(np.isnan(year), 0, np.searchsorted(began, year, side="right"))
    found: FloatArray = heat.to_numpy(dtype=float)[row, column]
    return np.where(column < 0, 0.0, found)


@cache
def _heat_table() -> pd.DataFrame:
    return table.read("heat_demand.csv").set_index("built_from")


@cache
def _by_use() -> pd.DataFrame:
    return table.read("demand_by_use.csv").set_index("use").loc[[*USES]]


def _waste_heat(facts: Facts) -> gpd.GeoSeries:
    sites = facts.frame("energy_sites")
    return sites.geometry[is_in(sites, "kind", *WASTE_HEAT)]


def _heat_sources(scene: Scene) -> dict[str, FloatArray]:
    """Return the shares of the floor area whose source of heat is known, by source."""
    houses, parts = scene.facts.once(stock.stock), scene.once(stock.in_zones)
    place = {name: i for i, name in enumerate(HEAT_SOURCES)}
    other = place["other"]
    source = np.asarray(
        [-1 if name is None else place.get(name, other) for name in houses.heating], dtype=np.int64
    )
    floor = parts.by_class(source, len(HEAT_SOURCES), houses.floor)
    known = floor.sum(axis=1)
    shares = ratio(floor, known[:, None])
    return {
        **{f"heat_source_{name}_share": shares[:, i] for name, i in place.items()},
        "heat_source_unknown_share": 1.0 - ratio(known, parts.total(houses.floor)),
    }
