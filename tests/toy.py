"""A toy edition, built by hand: eight districts by the sea, with one of everything."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from districttype.city import load_city
from districttype.focus.catalogue import load_catalogue
from districttype.focus.cityview import city_view
from districttype.i18n import N_, Message
from districttype.indicators.registry import Indicator
from districttype.layers.layer import Layer, Layers
from districttype.layers.schema import conform
from districttype.provenance import Provenance, State
from districttype.publish.edition import Edition, ZoneSetResult
from districttype.typology.rules import FACETS
from districttype.zones import Zones, make_zones

TM35 = CRS.from_epsg(3067)
EAST, NORTH, SIDE = 368_000.0, 6_668_000.0, 2_500.0
SCRIPT = "<script>alert(1)</script>"

# zone_id, name, name in Swedish, in Latin letters, column and row of the grid
DISTRICTS = (
    ("016", "Äyräpää", None, None, 0, 1),
    ("221", "Ísafjörður", None, None, 1, 1),
    ("312", "Львів", None, "Lviv", 2, 1),
    ("411", "Κηφισιά", None, "Kifissia", 3, 1),
    ("511", "Kladno", None, None, 0, 0),
    ("622", SCRIPT, None, None, 1, 0),
    ("713", "Espoonlahti", "Esboviken", None, 2, 0),
    ("811", "Kauklahti", "Köklax", None, 3, 0),
)

REGISTRY = (
    Indicator("far", "1", "density", "Floor area ratio: floor area over dry land",
              ("districts", "buildings"), "Finnish aluetehokkuus e_a"),
    Indicator("floor_area_m2", "m2", "density", "Floor area", ("districts", "buildings"), "sum",
              extensive=True),
    Indicator("residents", "1", "density", "Residents", ("districts", "residents"), "sum",
              extensive=True),
    Indicator("residents_per_ha", "1/ha", "density", "Residents per hectare of land",
              ("districts", "residents"), "ratio"),
    Indicator("growth_ratio", "1", "development", "Planned floor area per floor area in use",
              ("plans", "buildings"), "ratio"),
    Indicator("housing_share", "1", "use", "Share of floor area in homes", ("buildings",), "ratio"),
    Indicator("floor_near_station_share", "1", "mobility",
              "Share of floor area within 800 m of a station", ("stops", "buildings"), "distance"),
    Indicator("heat_density_mwh_per_ha", "MWh/ha", "energy", "Heat demand per hectare of dry land",
              ("buildings",), "table of demand"),
    Indicator("ground_clay_share", "1", "ground", "Share of land on clay", ("ground",), "area"),
    Indicator("green_share", "1", "green", "Share of land under green", ("land_cover",), "area"),
    Indicator("coverage_buildings", "1", "coverage", "Share of the zone the buildings cover",
              ("buildings",), "area"),
)  # fmt: skip

LABELS = {
    "density": ["dense", "sparse", "sparse", "dense", "sparse", "unknown", "dense", "sparse"],
    "development": ["stable", "infill", "new", "infill", "stable", "unknown", "infill", "new"],
    "use": ["housing", "mixed", "industry", "offices", "unbuilt", "unknown", "housing", "housing"],
    "mobility": ["car", "frequent_bus", "station_new", "station", "car", "car", "station_new",
                 "station"],
    "energy": ["individual", "borderline", "heat_network_viable", "heat_network_viable",
               "individual", "unknown", "heat_network_viable", "borderline"],
    "ground": ["bedrock_thin_cover", "clay", "till", "fill", "organic", "unknown", "mixed",
               "coarse"],
    "ownership": ["fragmented", "mixed", "few_private", "public_institution", "city", "unknown",
                  "fragmented", "city"],
}  # fmt: skip
DETAILS = {
    "density": ["compact", "low", "spacious", "dense", "rural", "", "compact", "low"],
    "development": ["", "", "brownfield", "", "", "", "", "greenfield"],
    "use": ["", "retail", "", "campus", "recreation", "", "", ""],
    "energy": ["", "", "waste_heat_source", "", "", "", "waste_heat_source", ""],
    "ground": ["", "acid_sulphate", "", "", "groundwater_area", "", "", ""],
}
REASONS = {
    "density": N_("{share_pct} of the floor area lies in cells with a floor area ratio of 0.30 or "
                  "more"),
    "use": N_("{share_pct} of the floor area is {use}"),
}  # fmt: skip
UNKNOWN = N_("no layer covers enough of the zone")

PLACES = pd.DataFrame(
    {
        "name_fi": ["Espoonlahden keskus", "Kauklahden asema"],
        "name_sv": ["Esbovikens centrum", "Köklax station"],
        "zone_set": ["districts", "districts"],
        "zones": ["713", "811;713"],
    }
)


def _bend(points: np.ndarray) -> np.ndarray:
    """Bend straight borders, the same way for both neighbours."""
    x, y = points[:, 0], points[:, 1]
    return np.column_stack([x + 260 * np.sin(y / 610.0), y + 210 * np.sin(x / 530.0 + y / 2100.0)])


def _square(column: int, row: int, side: float = SIDE) -> shapely.Polygon:
    x, y = EAST + column * side, NORTH + row * side
    return shapely.transform(shapely.segmentize(shapely.box(x, y, x + side, y + side), 60.0), _bend)


def districts() -> gpd.GeoDataFrame:
    """Eight districts that share their borders exactly."""
    ids, names, swedish, latin, columns, rows = zip(*DISTRICTS, strict=True)
    return gpd.GeoDataFrame(
        {
            "zone_id": ids,
            "name": names,
            "name_sv": swedish,
            "name_latin": latin,
            "parent": ["North"] * 4 + ["South"] * 4,
        },
        geometry=[_square(c, r) for c, r in zip(columns, rows, strict=True)],
        crs=TM35,
    )


def layers() -> Layers:
    """Land, water, streets, a park and stops, with the provenance that maps must show."""
    made = Provenance(
        provider="City of Toy & Sons <b>",
        source="vectorfile",
        address="toy.gpkg",
        vintage="2024-05-01",
        licence="CC BY 4.0",
        attribution="© City of Toy",
        state=State.FILE,
        rows=8,
    )
    land = shapely.box(EAST - 900, NORTH + 300, EAST + 4 * SIDE + 900, NORTH + 2 * SIDE + 900)
    lake = shapely.Point(EAST + 1.4 * SIDE, NORTH + 1.5 * SIDE).buffer(380)
    park = shapely.Point(EAST + 2.4 * SIDE, NORTH + 1.4 * SIDE).buffer(420)
    x = np.linspace(EAST - 300, EAST + 4 * SIDE + 300, 40)
    main = shapely.linestrings(np.column_stack([x, NORTH + SIDE + 300 * np.sin(x / 1500.0)]))
    rail = shapely.linestrings(np.column_stack([x, NORTH + 0.6 * SIDE + 200 * np.sin(x / 2000)]))
    tables = {
        "districts": districts(),
        "land": gpd.GeoDataFrame(geometry=[land], crs=TM35),
        "land_use": gpd.GeoDataFrame({"class": ["water", "park"]}, geometry=[lake, park], crs=TM35),
        "streets": gpd.GeoDataFrame({"kind": ["main", "rail"]}, geometry=[main, rail], crs=TM35),
        "stops": gpd.GeoDataFrame(
            {
                "mode": ["metro", "rail"],
                "name": ["Espoonlahti", "Kauklahti"],
                "opened": [2022.0, 1903.0],
            },
            geometry=gpd.points_from_xy(
                [EAST + 2.5 * SIDE, EAST + 3.5 * SIDE], [NORTH + 0.6 * SIDE, NORTH + 0.5 * SIDE]
            ),
            crs=TM35,
        ),
    }
    return Layers(
        TM35,
        {n: Layer(n, conform(n, t, TM35), (made,)) for n, t in tables.items()},
        as_of=date(2024, 12, 31),
    )


def indicators(ids: pd.Index, seed: int = 7) -> pd.DataFrame:
    """Made-up numbers; the sixth zone has no buildings layer, so its numbers are missing."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({i.name: rng.uniform(0.05, 0.95, len(ids)) for i in REGISTRY}, index=ids)
    table["floor_area_m2"] = np.round(table["far"] * 6.25e6)
    table["residents"] = np.round(table["residents"] * 9000)
    table["residents_per_ha"] = table["residents"] / 625.0
    table["heat_density_mwh_per_ha"] *= 400
    if len(ids) > 5:
        table.iloc[5] = np.nan
    table.iloc[0, table.columns.get_loc("growth_ratio")] = 0.0
    return table


def labels(ids: pd.Index) -> pd.DataFrame:
    """One row a zone; the toy's eight labels repeat where there are more zones."""
    n = len(ids)
    table = pd.DataFrame(index=ids)
    confidence = np.resize([0.97, 0.55, 0.88, 1.0, 0.72, np.nan, 0.93, 0.64], n)
    for facet in FACETS:
        known = np.resize(LABELS[facet], n)
        unknown = known == "unknown"
        table[facet] = known
        table[f"{facet}_detail"] = np.resize(DETAILS.get(facet, [""]), n)
        table[f"{facet}_confidence"] = np.where(unknown, np.nan, np.nan_to_num(confidence, nan=0.8))
        table[f"{facet}_runner_up"] = np.where(unknown, None, np.resize(LABELS[facet][::-1], n))
        table[f"{facet}_coverage"] = np.where(unknown, 0.1, 1.0)
        template = REASONS.get(facet, N_("the toy says so"))
        table[f"{facet}_reason"] = [
            Message(UNKNOWN)
            if bare
            else Message(
                template, {"share_pct": 0.713, "use": "housing"} if "{" in template else {}
            )
            for bare in unknown
        ]
    table["ownership"] = np.resize(LABELS["ownership"], n)
    table["ownership_reason"] = [Message(UNKNOWN)] * n
    return table


def focus(zones: Zones) -> pd.DataFrame:
    """Three solutions; the sixth zone gets none."""
    rows = []
    for i, (zone_id, name) in enumerate(zip(zones.ids, zones.frame["name"], strict=True)):
        if zone_id == "622":
            continue
        for rank, solution in enumerate(("A5", "A1", "A8")[: 1 + i % 3]):
            rows.append(
                {
                    "zone_set": zones.name,
                    "zone_id": zone_id,
                    "name": name,
                    "solution": solution,
                    "score": 9.0 - 2 * rank,
                    "share_of_max": 0.9 - 0.2 * rank - 0.03 * i,
                    "relative_score": 0.3 - 0.25 * rank + 0.05 * ((i * (rank + 3)) % 5),
                    "rank": rank + 1,
                    "tie": False,
                    "stability": 0.9 - 0.1 * rank,
                    "level": "district;block",
                    "systems": "energy;mobility",
                    "actors": "energy_company;residents;companies",
                    "prerequisites": "P5;P1",
                    "means": "development_commitment",
                    "convener": "city",
                    "checklists": "energy;common",
                    "archetype": "",
                    "reasons": [Message(REASONS["use"], {"share_pct": 0.713, "use": "housing"})],
                    "cautions": [],
                    "basis": "use=seed",
                    "weakest_evidence": "use=inference",
                }
            )
    return pd.DataFrame(rows)


def edition(*, embedded: bool = False, cells: int = 12) -> Edition:
    """Return the toy edition: districts, two stations, and cells x cells cells."""
    table = layers()
    zones = make_zones("districts", districts(), table)
    stations = make_zones(
        "stations",
        gpd.GeoDataFrame(
            {"zone_id": ["s1", "s2"], "name": ["Espoonlahti", "Kauklahti"]},
            geometry=table["stops"].frame.geometry.buffer(800).to_numpy(),
            crs=TM35,
        ),
        table,
    )
    side = 4 * SIDE / cells
    grid = make_zones(
        "cells",
        gpd.GeoDataFrame(
            {
                "zone_id": [f"c{i:04}" for i in range(cells * cells // 2)],
                "name": [f"c{i:04}" for i in range(cells * cells // 2)],
            },
            geometry=[
                shapely.box(
                    EAST + (i % cells) * side,
                    NORTH + 400 + (i // cells) * side,
                    EAST + (i % cells + 1) * side,
                    NORTH + 400 + (i // cells + 1) * side,
                )
                for i in range(cells * cells // 2)
            ],
            crs=TM35,
        ),
        table,
    )
    sites = gpd.GeoDataFrame(
        {
            "zone_id": ["713", "312"],
            "solution": ["A1", "A5"],
            "kind": ["station", "data_centre"],
            "name": ["Espoonlahti", SCRIPT],
            "reason": [Message(N_("a station that opened a short while ago"))] * 2,
        },
        geometry=gpd.points_from_xy(
            [EAST + 2.5 * SIDE, EAST + 2.2 * SIDE], [NORTH + 0.6 * SIDE, NORTH + 1.7 * SIDE]
        ),
        crs=TM35,
    )
    blocks = gpd.GeoDataFrame(
        {
            "zone_id": ["713", "713"],
            "solution": ["A5", "A5"],
            "block_id": ["713-001", "713-002"],
            "need": [812.4, 90.0],
            "need_of": ["heat_demand_mwh"] * 2,
            "rank": [1, 2],
            "reason": [Message(N_("heat demand of the toy block"))] * 2,
        },
        geometry=[shapely.box(EAST + x, NORTH, EAST + x + 90, NORTH + 90) for x in (3500, 3700)],
        crs=TM35,
    )
    solutions = load_catalogue()
    results = {
        "districts": ZoneSetResult(
            zones,
            indicators(zones.ids),
            labels(zones.ids),
            focus(zones),
            sites,
            blocks,
            city_view(focus(zones), zones, solutions),
        ),
        "stations": ZoneSetResult(
            stations,
            indicators(stations.ids, 8),
            labels(stations.ids),
            focus(stations),
            city=city_view(focus(stations), stations, solutions),
        ),
        "cells": ZoneSetResult(grid, indicators(grid.ids, 9), labels(grid.ids)),
    }
    run = {
        "version": "0.1.0",
        "city": "espoo",
        "start": "2024-12-31T10:00:00Z",
        "end": "2024-12-31T10:01:00Z",
        "layers": {
            name: {
                "rows": layer.rows,
                "parts": [p.model_dump(mode="json") for p in layer.provenance],
            }
            for name, layer in table.items()
        },
    }
    return Edition(load_city("espoo"), table, results, run, embedded, REGISTRY, solutions, PLACES)
