"""Every indicator of the town in `town.py`, worked out by hand for districts and for cells."""

from __future__ import annotations

from math import log, nan

import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

from districttype.indicators.measure import measure
from districttype.indicators.registry import REGISTRY
from town import CELLS, DISTRICTS, ROWS, layer, town, zones

# Land, m²: the pond (1 ha) and its bay (0.5 ha, half of it in the pond) are no land.
EAST, NE = 112_500, 50_000
WEST, CELL = 125_000, 62_500


def around(
    points: list[tuple[float, float]], metres: float, corners: tuple[float, float, float, float]
) -> float:
    """Return the area of a rectangle within a distance of one or two points, strip by strip."""
    west, south, east, north = corners
    strips = np.linspace(west, east, 20_001)
    middle = (strips[1:] + strips[:-1]) / 2
    spans = []
    for x, y in points:
        half = np.sqrt(np.maximum(metres**2 - (middle - x) ** 2, 0))
        spans.append((np.maximum(south, y - half), np.minimum(north, y + half)))
    length = sum(np.clip(high - low, 0, None) for low, high in spans)
    if len(spans) == 2:
        (low, high), (other_low, other_high) = spans
        both = np.minimum(high, other_high) - np.maximum(low, other_low)
        length = length - np.clip(both, 0, None)
    return float((length * np.diff(strips)).sum())


def mix(*amounts: float) -> float:
    """Return the entropy of floor areas in seven uses."""
    total = sum(amounts)
    return -sum(a / total * log(a / total) for a in amounts) / log(7)


BUS, RAIL = 400 / 1.3, 800 / 1.3
BUS_STOPS = [(125, 125), (375, 375)]  # the first is frequent
STATIONS = [(-500, 250), (-600, 0)]
BOUNDS = {
    "sw": (0, 0, 250, 250), "nw": (0, 250, 250, 500),
    "se": (250, 0, 500, 250), "ne": (250, 250, 500, 500),
}  # fmt: skip
NEAR_FREQUENT = {name: around(BUS_STOPS[:1], BUS, box) for name, box in BOUNDS.items()}
NEAR_STOP = {name: around(BUS_STOPS, BUS, box) for name, box in BOUNDS.items()}
NEAR_NEW = {name: around([(-600, 0), (930, 250)], RAIL, box) for name, box in BOUNDS.items()}
NEAR_STATION = {name: around(STATIONS, RAIL, box) for name, box in BOUNDS.items()}

# Of the 100 residents of sw those in b1: its 1000 m² against 2500 m² in the west half of b2.
B1 = 100 * 1_000 / 3_500

# name: (east, west), (ne, nw, se, sw)
EXPECTED: dict[str, tuple[tuple[float, float], tuple[float, float, float, float]]] = {
    "land_km2": ((0.1125, 0.125), (0.05, 0.0625, 0.0625, 0.0625)),
    # b2 (5000 m²) straddles the border in halves; b5 is being built; b6 is unknown
    "floor_area_m2": ((7_500, 23_500), (5_000, 20_000, 2_500, 3_500)),
    "footprint_m2": ((6_000, 3_100), (5_000, 2_500, 1_000, 600)),
    "buildings": ((2.5, 2.5), (1, 1, 1.5, 1.5)),
    "far": ((7_500 / EAST, 0.188), (0.1, 0.32, 0.04, 0.056)),
    "gsi": ((6_000 / EAST, 0.0248), (0.1, 0.04, 0.016, 0.0096)),
    # b6 (500 m²) has no known floor area, so its footprint does not count here
    "mean_floors": ((7_500 / 5_500, 23_500 / 3_100), (1, 8, 5, 3_500 / 600)),
    "osr": (
        ((EAST - 6_000) / 7_500, (WEST - 3_100) / 23_500),
        (9, 3, (CELL - 1_000) / 2_500, (CELL - 600) / 3_500),
    ),
    "buildings_per_ha": ((2.5 / 11.25, 0.2), (0.2, 0.16, 0.24, 0.24)),
    # 100 in sw live in b1 and the west half of b2 by floor area (28.57 and 71.43), 40 across the
    # border in b2, 50 in ne, where there is no home, all over its land
    "residents": ((70, 120), (50, 0, 20, 120)),
    "residents_per_ha": ((70 / 11.25, 9.6), (10, 0, 3.2, 19.2)),
    "jobs": ((4, 14), (nan, 0, 4, 14)),
    "jobs_per_ha": ((4 / 11.25, 1.12), (nan, 0, 0.64, 2.24)),
    # only the cell nw reaches 0.30; all nine cells round any of the four are these four
    "dense_floor_share": ((0, 20_000 / 23_500), (0, 1, 0, 0)),
    "dense_floor_share_smoothed": ((0, 0), (0, 0, 0, 0)),
    "rural_land_share": ((0, 0), (0, 0, 0, 0)),
    # the second plan lies half in nw and half in ne; the third states no reserve
    "reserve_m2": ((3_000, 8_000), (3_000, 3_000, nan, 5_000)),
    "reserve_housing_m2": ((nan, 4_000), (nan, nan, nan, 4_000)),
    "under_construction_m2": ((3_000, 0), (0, 0, 3_000, 0)),
    "growth_ratio": ((0.8, 8_000 / 23_500), (0.6, 0.15, nan, 5_000 / 3_500)),
    "planned_residents": ((nan, 60), (nan, nan, nan, 60)),
    "planned_residents_ratio": ((nan, 0.5), (nan, nan, nan, 0.5)),
    "planned_brownfield_share": ((nan, 1), (nan, nan, nan, 1)),
    # b1 1975 (1000 m²), b3 1990 (20,000), b2 2020 (5000); b4 is of unknown year, and with it two
    # thirds of the eastern district
    "recent_floor_share": ((nan, 2_500 / 23_500), (nan, 0, 1, 2_500 / 3_500)),
    "median_year_built": ((nan, 1990), (nan, 1990, 2020, 2020)),
    "year_built_iqr": ((nan, 0), (nan, 0, 0, 45)),
    "floor_share_1960_89": ((nan, 1_000 / 23_500), (nan, 0, 0, 1_000 / 3_500)),
    "construction_land_share": ((5_000 / EAST, 0), (0, 0, 0.08, 0)),
    "brownfield_land_share": ((0, 0), (0, 0, 0, 0)),
    "greenfield_land_share": ((0, 0), (0, 0, 0, 0)),
    "surface_parking_share": ((0, 0.02), (0, 0.04, 0, 0)),
    # half of the middle square is in sw, half in se; in ne nothing stood before
    "built_up_new_share": ((1 - 500 / 1100, 1 - 2500 / 3600), (1, nan, 1 / 6, 1 - 2500 / 3600)),
    "residents_change_ratio": ((70 / 120, 1.2), (0.5, nan, 1, 1.2)),
    # the Gate (-600, 0) opened in 2023, the Future (930, 250) opens in 2030: b4 is 565 m from it,
    # the 50 residents of ne 593 m, and everybody else more than 800/1.3
    "new_station_floor_share": ((2 / 3, 0), (1, 0, 0, 0)),
    "residents_near_new_station_share": ((50 / 70, 0), (1, nan, 0, 0)),
    "land_near_new_station_share": (
        (
            (NEAR_NEW["se"] + NEAR_NEW["ne"] - (CELL - NE)) / EAST,
            (NEAR_NEW["sw"] + NEAR_NEW["nw"]) / WEST,
        ),
        (
            (NEAR_NEW["ne"] - (CELL - NE)) / NE,
            NEAR_NEW["nw"] / CELL, NEAR_NEW["se"] / CELL, NEAR_NEW["sw"] / CELL,
        ),
    ),
    "housing_share": ((1 / 3, 3_500 / 23_500), (0, 0, 1, 1)),
    "offices_share": ((0, 20_000 / 23_500), (0, 1, 0, 0)),
    "industry_share": ((2 / 3, 0), (1, 0, 0, 0)),
    "retail_share": ((0, 0), (0, 0, 0, 0)),
    "public_share": ((0, 0), (0, 0, 0, 0)),
    "leisure_share": ((0, 0), (0, 0, 0, 0)),
    "other_use_share": ((0, 0), (0, 0, 0, 0)),
    "use_unknown_share": ((0, 0), (0, 0, 0, 0)),
    "campus_share": ((0, 0), (0, 0, 0, 0)),
    "use_mix": ((mix(2_500, 5_000), mix(3_500, 20_000)), (0, 0, 0, 0)),
    # nobody serves in b1, b2 (homes) or b3 (offices)
    "ground_floor_services_share": ((0, 0), (nan, 0, 0, 0)),
    "jobs_per_resident": ((4 / 70, 14 / 120), (nan, nan, 0.2, 14 / 120)),
    # the third bus stop opens in 2035
    "stops_bus": ((1, 1), (1, 0, 0, 1)),
    "stops_tram": ((0, 0), (0, 0, 0, 0)),
    "stations": ((0, 0), (0, 0, 0, 0)),
    "floor_near_stop_share": ((1, 1), (1, 1, 1, 1)),
    # b1 (141 m off), b2 (125 m) and b3 (200 m) are near; b4 is (320 m, more than 400/1.3)
    "floor_near_frequent_bus_share": ((1 / 3, 1), (0, 1, 1, 1)),
    # from the train (-500, 250) to b1 571 m, to b3 629 m; from the Gate (-600, 0) to b1 625 m
    "floor_near_station_share": ((0, 1_000 / 23_500), (0, 0, 0, 1_000 / 3_500)),
    "residents_near_stop_share": ((1, 1), (1, nan, 1, 1)),
    # b1 and b2 are near, the 50 in ne (about 330 m off) are not
    "residents_near_frequent_bus_share": ((20 / 70, 1), (0, nan, 1, 1)),
    "residents_near_station_share": ((0, B1 / 120), (0, nan, 0, B1 / 120)),
    "land_near_stop_share": (
        ((NE + NEAR_STOP["se"]) / EAST, (CELL + NEAR_STOP["nw"]) / WEST),
        (1, NEAR_STOP["nw"] / CELL, NEAR_STOP["se"] / CELL, 1),
    ),
    "land_near_frequent_bus_share": (
        (
            (NEAR_FREQUENT["se"] + NEAR_FREQUENT["ne"]) / EAST,
            (CELL + NEAR_FREQUENT["nw"]) / WEST,
        ),
        (NEAR_FREQUENT["ne"] / NE, NEAR_FREQUENT["nw"] / CELL, NEAR_FREQUENT["se"] / CELL, 1),
    ),
    "land_near_station_share": (
        (0, (NEAR_STATION["sw"] + NEAR_STATION["nw"]) / WEST),
        (0, NEAR_STATION["nw"] / CELL, 0, NEAR_STATION["sw"] / CELL),
    ),
    # 30 minutes in sw, 45 in the north, not known in se
    "minutes_to_centre": ((45, 37.5), (45, 45, nan, 30)),
    "departures_per_hour": ((2, 6), (2, 0, 0, 6)),
    # the main street runs along the border of the cells: half of it belongs to either side
    "street_km_per_km2": (
        (0.35 / 0.1125, 0.5 / 0.125),
        (0.125 / 0.05, 0.125 / 0.0625, 0.225 / 0.0625, 0.375 / 0.0625),
    ),
    "cycleway_km_per_km2": ((0.2 / 0.1125, 0), (0, 0, 0.2 / 0.0625, 0)),
    "footway_km_per_km2": ((0, 0.1 / 0.125), (0, 0.1 / 0.0625, 0, 0)),
    # one crossing (125, 250); ends at (0, 250), (500, 250), (125, 0), (375, 0) and (375, 100)
    "intersections_per_km2": ((0, 8), (0, 16, 0, 0)),
    "dead_end_share": ((1, 2 / 3), (1, 1 / 2, 1, 1)),
    "bike_share_stations": ((0, 1), (0, 0, 0, 1)),
    "car_share_places": ((1, 0), (0, 0, 1, 0)),
    "charging_points": ((0, 1), (0, 0, 0, 1)),
    "parking_places": ((30, 0), (30, 0, 0, 0)),
    "parking_m2_per_floor_m2": ((0, 2_500 / 23_500), (0, 0.125, 0, 0)),
    "transit_zone_pedestrian_share": ((0, 0), (0, 0, 0, 0)),
    "transit_zone_intensive_transit_share": ((0, 0), (0, 0, 0, 0)),
    "transit_zone_transit_share": ((0, 1), (0, 1, 0, 1)),
    "transit_zone_edge_share": ((0, 0), (0, 0, 0, 0)),
    "transit_zone_car_share": ((1, 0), (1, 0, 1, 0)),
    "public_transport_zone_share": ((0, 1), (0, 1, 0, 1)),
    # the 20 of se live in b2, the middle of which lies on the border of the zone
    "residents_in_public_transport_zone_share": ((20 / 70, 1), (0, nan, 1, 1)),
    # kWh/m², degree days 1.5: b1 130 x 1.5 + 29 = 224 -> 224 MWh; b2 38 x 1.5 + 26 = 83 -> 415;
    # b3 104 x 1.5 + 29 = 185 -> 3700; b4 135 x 1.5 = 202.5 -> 1012.5
    "heat_demand_mwh": ((1_220, 4_131.5), (1_012.5, 3_700, 207.5, 431.5)),
    # b1 10, b2 22, b3 and b4 25 kWh/m²
    "electricity_demand_mwh": ((180, 565), (125, 500, 55, 65)),
    "heat_density_mwh_per_ha": (
        (1_220 / 11.25, 4_131.5 / 12.5),
        (1_012.5 / 5, 3_700 / 6.25, 207.5 / 6.25, 431.5 / 6.25),
    ),
    # the nine cells round any of the four are these four
    "heat_density_cell_mwh_per_ha": ((5_351.5 / 23.75,) * 2, (5_351.5 / 23.75,) * 4),
    "roof_area_m2": ((6_000, 3_100), (5_000, 2_500, 1_000, 600)),
    # 0.4 of the roof x 0.195 kWp/m² x 0.95 of 1000 kWh/kWp = 74.1 kWh/m²; b3 is modelled: 130 MWh
    "pv_potential_mwh": ((444.6, 174.46), (370.5, 130, 74.1, 44.46)),
    # of b6 the floor area is unknown: its 37.05 MWh are left out
    "pv_potential_kwh_per_m2": (
        (407.55 / 7.5, 174.46 / 23.5),
        (370.5 / 5, 130 / 20, nan, 44.46 / 3.5),
    ),
    "pv_modelled_share": ((0, 2_500 / 3_100), (0, 1, 0, 0)),
    # over heat and electricity; half of what stands in se is of unknown floor area
    "onsite_energy_ratio": (
        (444.6 / 1_400, 174.46 / 4_696.5),
        (370.5 / 1_137.5, 130 / 4_200, nan, 44.46 / 496.5),
    ),
    # 0.3 x 0.18 x 0.9 = 48.6 kWh/m²; 0.5 x 0.21 = 105 kWh/m²; modelled: 0.18 and 0.21 over 0.195
    "onsite_energy_ratio_low": (
        (291.6 / 1_400, (150.66 - 121.5 + 120) / 4_696.5),
        (243 / 1_137.5, 120 / 4_200, nan, 29.16 / 496.5),
    ),
    "onsite_energy_ratio_high": (
        (630 / 1_400, (325.5 - 262.5 + 140) / 4_696.5),
        (525 / 1_137.5, 140 / 4_200, nan, 63 / 496.5),
    ),
    # the data centre is 800 m west of west; the ice rink reaches all; heat plants waste none
    "waste_heat_sources": ((1, 2), (1, 2, 1, 2)),
    # b1 burns straw, b2 is on district heat, b3 is unknown, b4 burns oil
    "heat_source_district_heat_share": ((1 / 3, 2_500 / 3_500), (0, nan, 1, 2_500 / 3_500)),
    "heat_source_electricity_share": ((0, 0), (0, nan, 0, 0)),
    "heat_source_ground_heat_share": ((0, 0), (0, nan, 0, 0)),
    "heat_source_heat_pump_share": ((0, 0), (0, nan, 0, 0)),
    "heat_source_oil_share": ((2 / 3, 0), (1, nan, 0, 0)),
    "heat_source_gas_share": ((0, 0), (0, nan, 0, 0)),
    "heat_source_wood_share": ((0, 0), (0, nan, 0, 0)),
    "heat_source_other_share": ((0, 1_000 / 3_500), (0, nan, 0, 1_000 / 3_500)),
    "heat_source_unknown_share": ((0, 20_000 / 23_500), (0, 1, 0, 0)),
    "substations": ((1, 0), (1, 0, 0, 0)),
    "power_line_km": ((0.25, 0.25), (0.25, 0.25, 0, 0)),
    # rock under the whole of ne; till in the south, under the clay of sw
    "ground_bedrock_share": ((NE / EAST, 0), (1, nan, 0, 0)),
    "ground_till_share": ((25_000 / EAST, 0), (0, nan, 0.4, 0)),
    "ground_coarse_share": ((0, 0), (0, nan, 0, 0)),
    "ground_silt_share": ((0, 0), (0, nan, 0, 0)),
    "ground_clay_share": ((0, 0.5), (0, nan, 0, 1)),
    "ground_organic_share": ((0, 0), (0, nan, 0, 0)),
    "ground_fill_share": ((0, 0), (0, nan, 0, 0)),
    "ground_unknown_share": ((37_500 / EAST, 0.5), (0, 1, 0.6, 0)),
    "thin_cover_share": ((NE / EAST, 0), (1, nan, 0, 0)),
    # a slope of 0.1 in the southern 100 m, 0.2 in the rest of sw
    "mean_slope": ((0.1, 0.16), (nan, nan, 0.1, 0.16)),
    # two groundwater areas, one in the other
    "groundwater_area_share": ((5_000 / EAST, 0.04), (0, 0, 0.08, 0.08)),
    "acid_sulphate_share": ((nan, nan), (nan, nan, nan, nan)),
    "green_share": ((12_500 / EAST, 0.25), (0, 0.5, 0.2, 0)),
    "tree_share": ((0, 0.25), (0, 0.5, 0, 0)),
    "sealed_share": ((0, 0.16), (0, 0, 0, 0.32)),
    "water_share": ((0.1, 0), (0.2, 0, 0, 0)),
    "recreation_land_share": ((400 / EAST, 0.12), (0, 0.24, 400 / CELL, 0)),
    "protected_share": ((0, 0.04), (0, 0.08, 0, 0)),
    # park and reserve beside it make 1.5 ha, 293 m from b2, 375 m from b1; that in se is small
    "residents_near_park_share": ((1, 1 - B1 / 120), (1, nan, 1, 1 - B1 / 120)),
    # the school is 633 m from b1, 845 m from b2 (1000/1.3 = 769)
    "residents_near_school_share": ((0, B1 / 120), (0, nan, 0, B1 / 120)),
    "residents_near_day_care_share": ((nan, nan), (nan, nan, nan, nan)),
    "residents_near_grocery_share": ((1, 1), (1, nan, 1, 1)),
    "residents_near_health_share": ((nan, nan), (nan, nan, nan, nan)),
    "residents_near_culture_share": ((1, 1), (1, nan, 1, 1)),
    "residents_near_sport_share": ((nan, nan), (nan, nan, nan, nan)),
    # two restaurants and a culture house in sw; the grocery in ne
    "services": ((1, 3), (1, 0, 0, 3)),
    "services_diversity": (
        (0, (2 / 3 * log(3 / 2) + 1 / 3 * log(3)) / log(11)),
        (0, nan, nan, (2 / 3 * log(3 / 2) + 1 / 3 * log(3)) / log(11)),
    ),
    "vacant_places": ((1, 1), (0, 0, 1, 1)),
    # where city and private overlap, the city's own map stands
    "owner_city_share": ((0, 0.5), (0, nan, 0, 1)),
    "owner_state_share": ((0, 0), (0, nan, 0, 0)),
    "owner_public_institution_share": ((0, 0), (0, nan, 0, 0)),
    "owner_private_share": ((31_250 / EAST, 0), (0, nan, 0.5, 0)),
    "owner_housing_company_share": ((2_500 / EAST, 0), (2_500 / NE, nan, 0, 0)),
    # of private land only; the nameless housing company of ne is one of many
    "owner_top5_share": ((31_250 / 33_750, nan), (0, nan, 1, nan)),
    "owner_unknown_share": (((EAST - 33_750) / EAST, 0.5), (1 - 2_500 / NE, 1, 0.5, 0)),
    **{
        f"coverage_{layer}": ((1, 1), (1, 1, 1, 1))
        for layer in (
            "buildings", "streets", "stops", "land_use", "ground_constraints", "residents",
            "energy_sites", "services", "transit_zones", "plans", "ownership", "land_cover",
            "travel_times", "slopes", "built_up", "solar_roofs",
        )
    },
    "coverage_ground": ((75_000 / EAST, 0.5), (1, 0, 0.4, 1)),
    "floor_area_register_share": ((0, 1_000 / 23_500), (0, 0, 0, 1_000 / 3_500)),
    "floor_area_tagged_share": ((0, 20_000 / 23_500), (0, 1, 0, 0)),
    "floor_area_derived_share": ((1 / 3, 2_500 / 23_500), (0, 0, 1, 2_500 / 3_500)),
    "floor_area_imputed_share": ((2 / 3, 0), (1, 0, 0, 0)),
    "floor_area_unknown_share": ((500 / 6_000, 0), (0, 0, 0.5, 0)),
    "use_imputed_share": ((2 / 3, 0), (1, 0, 0, 0)),
    "year_imputed_share": ((0, 0), (0, 0, 0, 0)),
    "year_unknown_share": ((2 / 3, 0), (1, 0, 0, 0)),
}  # fmt: skip


# b3 has two roofs; of b4's nothing is known; the last stood on a house that is no more.
SOLAR_ROOFS = [
    {"panel_m2": 600, "yield_kwh": 100_000, "geometry": box(100, 300, 140, 350)},
    {"panel_m2": 200, "yield_kwh": 30_000, "geometry": box(140, 300, 150, 350)},
    {"panel_m2": 900, "geometry": box(320, 300, 420, 350)},
    {"panel_m2": 300, "yield_kwh": 50_000, "geometry": box(200, 300, 220, 320)},
]


@pytest.fixture(scope="module")
def measured() -> tuple[pd.DataFrame, pd.DataFrame]:
    layers = town().having(layer("solar_roofs", *SOLAR_ROOFS))
    return tuple(measure(zones(shapes, layers), layers) for shapes in (DISTRICTS, CELLS))


def test_every_indicator_has_been_worked_out() -> None:
    assert sorted(EXPECTED) == sorted(entry.name for entry in REGISTRY)


def test_permits_alone_leave_the_reserve_of_every_zone_unknown() -> None:
    """They say what is being built: that a zone has none does not make its reserve zero."""
    permit = {"under_construction_m2": 3_000, "geometry": box(400, 0, 500, 100)}
    layers = town().having(layer("plans", permit))
    found = measure(zones(CELLS, layers), layers)
    assert found["reserve_m2"].isna().all()
    assert found["growth_ratio"].isna().all()
    assert found.loc["se", "under_construction_m2"] == 3_000


def test_without_a_model_of_the_roofs_their_yield_is_the_estimate() -> None:
    layers = town()
    found = measure(zones(CELLS, layers), layers).loc["nw"]
    assert found["pv_potential_mwh"] == pytest.approx(2_500 * 74.1 / 1e3)
    assert found["pv_modelled_share"] == 0
    assert found["coverage_solar_roofs"] == 0


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("level", [0, 1], ids=["districts", "cells"])
def test_by_hand(measured: tuple[pd.DataFrame, ...], level: int, name: str) -> None:
    # Circles are drawn with corners, so what lies near is known to a thousandth only.
    drawn = name.startswith("land_near")
    np.testing.assert_allclose(
        measured[level][name],
        EXPECTED[name][level],
        rtol=0 if drawn else 1e-9,
        atol=1e-3 if drawn else 1e-12,
    )


# What the town lacks, other towns have: the same but that the rows of a layer where one column has
# a value have another in the same or another column. By layer: what is so, what it becomes, and the
# indicator of the other town whose values are those of an indicator here.
ALIKE: dict[str, list[tuple[dict[str, str], dict[str, str], dict[str, str]]]] = {
    "buildings": [
        ({"use": "industrial"}, {"use": use}, {f"{name}_share": "industry_share"})
        for use, name in (
            ("education", "campus"), ("health", "public"), ("retail", "retail"),
            ("leisure", "leisure"), ("transport", "other_use"), ("unknown", "use_unknown"),
        )
    ]
    + [
        ({"heating": "oil"}, {"heating": fuel},
         {f"heat_source_{fuel}_share": "heat_source_oil_share"})
        for fuel in ("electricity", "ground_heat", "heat_pump", "gas", "wood")
    ]
    + [
        ({"use_origin": "imputed"}, {"year_built_origin": "imputed"},
         {"year_imputed_share": "use_imputed_share"}),
    ],
    "stops": [
        ({"mode": "bus"}, {"mode": "tram"}, {"stops_tram": "stops_bus", "stations": "stops_bus"}),
    ],
    "transit_zones": [
        ({"class": "transit"}, {"class": name},
         {f"transit_zone_{name}_share": "transit_zone_transit_share"})
        for name in ("pedestrian", "intensive_transit", "edge")
    ],
    "land_use": [
        ({"class": "construction"}, {"class": name},
         {f"{name}_land_share": "construction_land_share"})
        for name in ("brownfield", "greenfield")
    ],
    # what lies over the till still does
    "ground": [
        ({"class": old}, {"class": new}, {f"ground_{new}_share": f"ground_{old}_share"})
        for old, new in (("till", "coarse"), ("till", "silt"), ("clay", "organic"),
                         ("clay", "fill"))
    ],
    "ground_constraints": [
        ({"constraint": "groundwater_area"}, {"constraint": "acid_sulphate"},
         {"acid_sulphate_share": "groundwater_area_share"}),
    ],
    "services": [
        ({"class": "school"}, {"class": name},
         {f"residents_near_{name}_share": "residents_near_school_share"})
        for name in ("day_care", "health", "sport")
    ],
    "ownership": [
        ({"owner_class": "housing_company"}, {"owner_class": name},
         {f"owner_{name}_share": "owner_housing_company_share"})
        for name in ("state", "public_institution")
    ],
}  # fmt: skip
# The same, worked out by hand. 111,000 m² on the 237,500 m² of all four cells are dense; nothing
# planned is in use; a grocery in b2 is below 500 of the 3100 m² of stacked homes and offices in
# west; 1000 m² of 1975, 1000 of 1990 and 2500 of 2020 have their quarters in 1990 and 2020.
OTHERS: dict[str, tuple[str, dict[str, object], dict[str, object], object]] = {
    "dense_floor_share_smoothed": (
        "buildings", {"building_id": "b3"}, {"floor_area_m2": 100_000}, ((1, 1), (1, 1, 1, 1))
    ),
    "rural_land_share": (
        "buildings", {"status": "existing"}, {"status": "planned"}, ((1, 1), (1, 1, 1, 1))
    ),
    "ground_floor_services_share": (
        "services", {"class": "grocery"}, {"geometry": Point(245, 120)},
        ((1, 500 / 3_100), (nan, 0, 1, 500 / 600)),
    ),
    "year_built_iqr": (
        "buildings", {"building_id": "b3"}, {"floor_area_m2": 1_000}, ((nan, 30), (nan, 0, 0, 45))
    ),
    "use_mix": (
        "buildings", {"building_id": "b1"}, {"use": "office"},
        ((mix(2_500, 5_000), mix(2_500, 21_000)), (0, 0, 0, mix(1_000, 2_500))),
    ),
}  # fmt: skip
CHANGES = [
    (layer, here, there, {name: EXPECTED[like] for name, like in alike.items()})
    for layer, changes in ALIKE.items()
    for here, there, alike in changes
] + [(layer, here, there, {name: values}) for name, (layer, here, there, values) in OTHERS.items()]


@pytest.mark.parametrize(
    ("name", "here", "there", "expected"), CHANGES, ids=["+".join(c[3]) for c in CHANGES]
)
def test_other_towns_by_hand(
    name: str, here: dict[str, object], there: dict[str, object], expected: dict[str, object]
) -> None:
    changed = [row | there if here.items() <= row.items() else row for row in ROWS[name]]
    assert changed != ROWS[name]
    layers = town().having(layer(name, *changed))
    for level, shapes in enumerate((DISTRICTS, CELLS)):
        table = measure(zones(shapes, layers), layers)
        for indicator, values in expected.items():
            np.testing.assert_allclose(table[indicator], values[level], rtol=1e-9, atol=1e-12)


def test_every_indicator_is_worked_out_to_something_at_two_levels() -> None:
    """A value of nothing by hand would be right for an indicator that is never computed."""
    worked_out = [*EXPECTED.items()]
    worked_out += [pair for *_, expected in CHANGES for pair in expected.items()]
    for level in (0, 1):
        some = {name for name, values in worked_out if np.nansum(np.abs(values[level])) > 0}
        assert some == {entry.name for entry in REGISTRY}, f"level {level}"
