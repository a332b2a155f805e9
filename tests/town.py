"""A town of 500 m by 500 m whose numbers can be worked out on a sheet of paper.

Two districts, west and east, each of two cells of 250 m; a pond of one hectare in the far corner.

      0        250       500
    500 ┌────────┬───┬────┐          as of 1 January 2026
        │   nw   │ne │pond│
    400 │  b3    │   └────┤
        │        │   b4   │
    250 ├────────┼────────┤
        │       [b2]      │
        │   sw   │   se   │
      0 └────────┴────────┘
         west      east
"""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import shapely
from pyproj import CRS
from shapely import LineString, Point, box

from districttype.layers.layer import Layer, Layers
from districttype.layers.schema import conform
from districttype.provenance import Provenance, State
from districttype.zones import Zones, make_zones

TM35 = CRS.from_epsg(3067)
ORIGIN = Provenance(provider="drawn by hand", source="vectorfile", state=State.FILE)


def layer(
    name: str,
    *rows: dict[str, Any],
    coverage: shapely.Geometry | None = None,
    shift: tuple[float, float] = (0, 0),
) -> Layer:
    """Make a layer of rows with a `geometry` and any canonical columns."""
    frame = gpd.GeoDataFrame(list(rows), geometry="geometry", crs=TM35)
    frame["geometry"] = frame.geometry.translate(*shift)
    return Layer(name, conform(name, frame, TM35), (ORIGIN,), coverage)


def building(name: str, shape: shapely.Geometry, **values: Any) -> dict[str, Any]:
    """Make a row of the layer buildings; what is not said is unknown."""
    return {
        "building_id": name,
        "geometry": shape,
        "use": "unknown",
        "status": "existing",
        "use_origin": "register",
        "floors_origin": "register",
        "floor_area_m2_origin": "register",
        "year_built_origin": "register",
        "floor_area_m2": None,
        "year_built": None,
    } | values


DISTRICTS = {"east": box(250, 0, 500, 500), "west": box(0, 0, 250, 500)}
CELLS = {
    "ne": box(250, 250, 500, 500),
    "nw": box(0, 250, 250, 500),
    "se": box(250, 0, 500, 250),
    "sw": box(0, 0, 250, 250),
}
POND = box(400, 400, 500, 500)

ROWS: dict[str, list[dict[str, Any]]] = {
    "districts": [
        {"zone_id": name, "name": name, "geometry": shape} for name, shape in DISTRICTS.items()
    ],
    "buildings": [
        building("b1", box(20, 20, 30, 30), use="detached", floor_area_m2=1_000, year_built=1975,
                 heating="straw"),
        building("b2", box(240, 100, 260, 150), use="apartment", floor_area_m2=5_000,
                 year_built=2020, floor_area_m2_origin="derived", heating="district_heat"),
        building("b3", box(100, 300, 150, 350), use="office", floor_area_m2=20_000,
                 year_built=1990, floor_area_m2_origin="tagged"),
        building("b4", box(320, 300, 420, 350), use="industrial", floor_area_m2=5_000,
                 floor_area_m2_origin="imputed", use_origin="imputed", heating="oil"),
        building("b5", box(400, 50, 420, 70), use="apartment", floor_area_m2=2_000,
                 status="construction"),
        building("b6", box(450, 100, 470, 125), use="education"),
    ],
    # Nothing is walked here, so that walks are the crow's flight times 1.3.
    "streets": [
        {"walkable": False, "geometry": LineString(points), **values}
        for points, values in (
            ([(0, 250), (125, 250), (250, 250), (500, 250)], {"kind": "main"}),
            ([(125, 0), (125, 250)], {"kind": "residential"}),
            ([(300, 100), (300, 200)], {"kind": "cycleway"}),
            ([(50, 300), (50, 400)], {"kind": "path"}),
            ([(400, 50), (450, 50)], {"kind": "service"}),
            ([(375, 0), (375, 100)], {"kind": "residential", "cycleway": True}),
        )
    ],
    "stops": [
        {"mode": "bus", "departures_peak_hour": 6, "geometry": Point(125, 125)},
        {"mode": "bus", "departures_peak_hour": 2, "geometry": Point(375, 375)},
        {"mode": "bus", "opened": 2035, "departures_peak_hour": 9, "geometry": Point(375, 125)},
        {"mode": "rail", "name": "Away", "opened": 1903, "geometry": Point(-500, 250)},
        {"mode": "metro", "name": "Future", "opened": 2030, "geometry": Point(930, 250)},
        {"mode": "light_rail", "name": "Gate", "opened": 2023, "geometry": Point(-600, 0)},
    ],
    "land_use": [
        {"class": "water", "geometry": POND},
        {"class": "water", "geometry": box(450, 350, 500, 450)},
        {"class": "construction", "geometry": box(250, 0, 300, 100)},
        {"class": "parking", "geometry": box(200, 450, 250, 500)},
        {"class": "park", "geometry": box(0, 400, 100, 500)},
        {"class": "nature_reserve", "geometry": box(100, 400, 150, 500)},
        {"class": "park", "geometry": box(300, 200, 320, 220)},
    ],
    "land_cover": [
        {"class": "trees", "geometry": box(0, 250, 125, 500)},
        {"class": "trees", "geometry": box(0, 250, 50, 500)},
        {"class": "low_vegetation", "geometry": box(250, 0, 500, 50)},
        {"class": "built", "geometry": box(0, 0, 100, 100)},
        {"class": "paved", "geometry": box(100, 0, 200, 100)},
    ],
    "plans": [
        {"reserve_m2": 5_000, "reserve_housing_m2": 4_000, "planned_residents": 60,
         "site": "brownfield",
         "geometry": box(0, 0, 250, 250)},
        {"building_right_m2": 10_000, "used_m2": 4_000, "geometry": box(125, 250, 375, 500)},
        {"under_construction_m2": 3_000, "geometry": box(400, 0, 500, 100)},
    ],
    "ownership": [
        {"owner_class": "unknown", "geometry": box(0, 250, 250, 300)},
        {"owner_class": "private", "owner_id": "p", "geometry": box(125, 0, 375, 250)},
        {"owner_class": "city", "owner_id": "c", "geometry": box(0, 0, 250, 250)},
        {"owner_class": "housing_company", "geometry": box(250, 400, 300, 450)},
    ],
    "ground": [
        {"class": "clay", "geometry": box(0, 0, 250, 250)},
        {"class": "till", "geometry": box(0, 0, 500, 100)},
        {"class": "bedrock", "thin_cover": True, "geometry": box(250, 250, 500, 500)},
    ],
    "ground_constraints": [
        {"constraint": "groundwater_area", "geometry": box(200, 0, 300, 100)},
        {"constraint": "groundwater_area", "geometry": box(200, 0, 300, 50)},
    ],
    "residents": [
        {"residents": 100, "jobs": 10, "residents_before": 80, "geometry": box(0, 0, 250, 250)},
        {"residents": 50, "residents_before": 100, "geometry": box(250, 250, 500, 500)},
        {"residents": 40, "jobs": 8, "residents_before": 40, "geometry": box(125, 0, 375, 250)},
    ],
    "energy_sites": [
        {"kind": "charging", "geometry": Point(20, 20)},
        {"kind": "heat_plant", "geometry": Point(10, 10)},
        {"kind": "data_centre", "geometry": Point(-800, 125)},
        {"kind": "ice_rink", "geometry": box(440, -60, 460, -50)},
        {"kind": "substation", "geometry": Point(300, 300)},
        {"kind": "power_line", "geometry": LineString([(0, 375), (500, 375)])},
    ],
    "services": [
        {"class": "bike_share", "geometry": Point(10, 10)},
        {"class": "car_share", "geometry": Point(260, 10)},
        {"class": "parking", "capacity": 30, "geometry": Point(450, 450)},
        {"class": "parking", "geometry": Point(10, 20)},
        {"class": "school", "geometry": Point(-600, 125)},
        {"class": "grocery", "geometry": Point(499, 499)},
        {"class": "restaurant", "geometry": Point(60, 60)},
        {"class": "restaurant", "geometry": Point(61, 60)},
        {"class": "culture", "geometry": box(70, 70, 80, 80)},
        {"class": "shop", "vacant": True, "geometry": Point(30, 30)},
        {"class": "vacant_premises", "geometry": Point(300, 30)},
    ],
    "transit_zones": [
        {"class": "transit", "geometry": DISTRICTS["west"]},
        {"class": "car", "geometry": DISTRICTS["east"]},
    ],
    "travel_times": [
        {"minutes": 30, "geometry": box(0, 0, 250, 250)},
        {"minutes": 45, "geometry": box(0, 250, 500, 500)},
    ],
    "slopes": [
        {"slope": 0.1, "geometry": box(0, 0, 500, 100)},
        {"slope": 0.2, "geometry": box(0, 100, 250, 250)},
    ],
    "built_up": [
        {"built_m2": 3000, "built_before_m2": 2000, "geometry": box(0, 0, 100, 100)},
        {"built_m2": 1200, "built_before_m2": 1000, "geometry": box(200, 0, 300, 100)},
        {"built_m2": 500, "built_before_m2": 0, "geometry": box(300, 300, 400, 400)},
    ],
}  # fmt: skip


def town(shift: tuple[float, float] = (0.0, 0.0)) -> Layers:
    """Return the town's layers, moved by a vector."""
    tables = {name: layer(name, *rows, shift=shift) for name, rows in ROWS.items()}
    return Layers(
        TM35,
        tables,
        as_of=date(2026, 1, 1),
        grid_origin=shift,
        degree_day_ratio=1.5,
        pv_yield_kwh_per_kwp=1000.0,
    )


def zones(
    shapes: dict[str, shapely.Geometry], layers: Layers, shift: tuple[float, float] = (0.0, 0.0)
) -> Zones:
    """Return a zone set of named shapes."""
    frame = gpd.GeoDataFrame(
        {"zone_id": list(shapes), "name": list(shapes)}, geometry=list(shapes.values()), crs=TM35
    )
    frame["geometry"] = frame.geometry.translate(*shift)
    return make_zones("drawn", frame, layers)
