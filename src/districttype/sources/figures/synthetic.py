"""Figures of cities that do not exist: small ones with known labels, and Espoo many times over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from districttype.sources.figures.shapes import Floats, Shapes
from districttype.sources.figures.tables import (
    WGS84,
    Figures,
    Origin,
    check_districts,
    check_stations,
)

CORNER: Final = (385_000.0, 6_672_000.0)

# Archetypes: figures of one district each, and the labels that follow from them beyond doubt.
# A facet that is left out depends on more than the archetype.
ARCHETYPES: Final[dict[str, dict[str, float]]] = {
    "centre": {
        "land_km2": 1.0, "residents": 7000, "residents_before": 6900, "density_met_per_ha": 110,
        "inhabited_land_share": 0.9, "dwellings_small": 40, "dwellings_flats": 3900,
        "floor_small_m2": 6000, "floor_flats_m2": 254_000, "floor_offices_m2": 150_000,
        "floor_retail_m2": 120_000, "floor_industry_m2": 4000, "floor_public_m2": 60_000,
        "jobs": 8200, "jobs_offices": 4200, "jobs_retail": 2400, "jobs_industry": 50,
        "jobs_education": 600, "jobs_health": 650, "jobs_administration": 300,
        "bus_stops": 30, "intersections": 70,
    },
    "estate": {
        "land_km2": 1.2, "residents": 9000, "residents_before": 9100, "density_met_per_ha": 115,
        "inhabited_land_share": 0.8, "dwellings_small": 150, "dwellings_flats": 4800,
        "floor_small_m2": 20_000, "floor_flats_m2": 350_000, "floor_offices_m2": 4000,
        "floor_retail_m2": 9000, "floor_industry_m2": 1000, "floor_public_m2": 22_000,
        "jobs": 900, "jobs_offices": 110, "jobs_retail": 180, "jobs_industry": 10,
        "jobs_education": 250, "jobs_health": 330, "jobs_administration": 20,
        "bus_stops": 22, "intersections": 65,
    },
    "suburb": {
        "land_km2": 3.0, "residents": 4500, "residents_before": 4450, "density_met_per_ha": 20,
        "inhabited_land_share": 0.9, "dwellings_small": 1600, "dwellings_flats": 50,
        "floor_small_m2": 220_000, "floor_flats_m2": 4000, "floor_offices_m2": 2000,
        "floor_retail_m2": 2000, "floor_industry_m2": 1000, "floor_public_m2": 8000,
        "jobs": 420, "jobs_offices": 60, "jobs_retail": 40, "jobs_industry": 10,
        "jobs_education": 90, "jobs_health": 150, "jobs_administration": 10,
        "bus_stops": 20, "intersections": 110,
    },
    "offices": {
        "land_km2": 1.5, "residents": 300, "residents_before": 300, "density_met_per_ha": 20,
        "inhabited_land_share": 0.15, "dwellings_small": 30, "dwellings_flats": 130,
        "floor_small_m2": 4000, "floor_flats_m2": 10_000, "floor_offices_m2": 500_000,
        "floor_retail_m2": 20_000, "floor_industry_m2": 5000, "floor_public_m2": 10_000,
        "jobs": 14_700, "jobs_offices": 14_000, "jobs_retail": 400, "jobs_industry": 60,
        "jobs_education": 60, "jobs_health": 130, "jobs_administration": 50,
        "bus_stops": 20, "intersections": 60,
    },
    "works": {
        "land_km2": 3.0, "residents": 200, "residents_before": 200, "density_met_per_ha": 5,
        "inhabited_land_share": 0.2, "dwellings_small": 70, "dwellings_flats": 0,
        "floor_small_m2": 9000, "floor_flats_m2": 0, "floor_offices_m2": 15_000,
        "floor_retail_m2": 12_000, "floor_industry_m2": 300_000, "floor_public_m2": 2000,
        "jobs": 4000, "jobs_offices": 420, "jobs_retail": 240, "jobs_industry": 3300,
        "jobs_education": 10, "jobs_health": 20, "jobs_administration": 10,
        "bus_stops": 12, "intersections": 45,
    },
    "village": {
        "land_km2": 15.0, "residents": 250, "residents_before": 255, "density_met_per_ha": 2,
        "inhabited_land_share": 0.15, "dwellings_small": 95, "dwellings_flats": 0,
        "floor_small_m2": 14_000, "floor_flats_m2": 0, "floor_offices_m2": 300,
        "floor_retail_m2": 200, "floor_industry_m2": 1000, "floor_public_m2": 300,
        "jobs": 40, "jobs_offices": 8, "jobs_retail": 4, "jobs_industry": 20,
        "jobs_education": 4, "jobs_health": 4, "jobs_administration": 0,
        "bus_stops": 14, "intersections": 60,
    },
}  # fmt: skip
LABELS: Final[dict[str, dict[str, str]]] = {
    "centre": {"density": "dense", "use": "mixed"},
    "estate": {"density": "dense", "use": "housing"},
    "suburb": {"density": "sparse", "use": "housing"},
    "offices": {"use": "offices"},
    "works": {"density": "sparse", "use": "industry"},
    "village": {"density": "sparse", "use": "housing"},
}
COVER: Final = {
    "built": 0.08, "paved": 0.2, "bare": 0.05, "rock": 0.02, "field": 0.05, "low_vegetation": 0.25,
    "trees": 0.35,
}  # fmt: skip


def synthetic_figures(
    seed: int = 0,
    kinds: Sequence[str] = tuple(ARCHETYPES),
    *,
    vary: float = 0.1,
    crs: CRS | None = None,
) -> tuple[Figures, pd.DataFrame]:
    """Make the figures of a city of rectangles, and the labels its districts have by construction.

    Parameters
    ----------
    seed
        Start of the dice: the order of the districts and how far they differ from their archetype.
    kinds
        Archetypes, one a district.
    vary
        Standard deviation of the districts' size, as a share; densities and uses stay.
    crs
        Metric system in which the districts are rectangles (EPSG:3067 without one).

    Returns
    -------
    The figures, with a new station in every `centre`, and a table indexed by zone_id with the
    columns `kind`, `density`, `use` (None where the archetype does not settle the facet).
    """
    dice = np.random.default_rng(seed)
    order = dice.permutation(len(kinds))
    named = [kinds[i] for i in order]
    size = np.exp(vary * dice.standard_normal(len(named)))
    fixed = ("density_met_per_ha", "inhabited_land_share")
    rows = [
        {
            name: value
            if name in fixed
            else value * one
            if name == "land_km2"
            else round(value * one)
            for name, value in ARCHETYPES[kind].items()
        }
        for kind, one in zip(named, size, strict=True)
    ]
    table = pd.DataFrame(rows)
    table.insert(0, "id", [f"{i:03d}" for i in range(len(named))])
    table.insert(1, "name", [f"{kind} {i}" for i, kind in enumerate(named)])
    for name, share in COVER.items():
        table[f"cover_{name}"] = share
    figures = _tiled("Synthetic city", table, crs)
    centres = shapely.centroid(figures.polygons.to_numpy()) if figures.polygons is not None else []
    stations = pd.DataFrame(
        [
            {"name": f"Station {row}", "mode": "metro", "lon": point.x, "lat": point.y,
             "opened": 2022, "approximate": "no"}
            for row, (kind, point) in enumerate(zip(named, centres, strict=True))
            if kind == "centre"
        ],
        columns=["name", "mode", "lon", "lat", "opened", "approximate"],
    )  # fmt: skip
    truth = pd.DataFrame([{"kind": kind, **LABELS[kind]} for kind in named], index=table["id"])
    truth = truth.reindex(columns=["kind", "density", "use"]).astype(object)
    figures = Figures(
        figures.origin, figures.districts, check_stations(stations), polygons=figures.polygons
    )
    return figures, truth.where(truth.notna(), None).rename_axis("zone_id")


def multiplied(figures: Figures, times: int, *, crs: CRS | None = None) -> Figures:
    """Return a city whose districts are those of another, many times over, as rectangles.

    Every row of the table stands `times` times in it, with the same figures, so that all totals are
    so many times those of the city; there are no stations and no waters. For benchmarks.
    """
    table = pd.concat([figures.districts] * times, ignore_index=True)
    copy = np.repeat(np.arange(times), len(figures)).astype(str)
    table["id"] = np.char.add(np.char.add(table["id"].to_numpy(dtype=str), "x"), copy)
    waters = [name for name in ("lon", "lat", "water_km2", "lake_km2") if name in table.columns]
    return _tiled(f"{figures.origin.name} x {times}", table.drop(columns=waters), crs)


def _tiled(name: str, table: pd.DataFrame, crs: CRS | None) -> Figures:
    origin = Origin(name=name, provider="districttype (invented)", licence="CC0-1.0")
    shapes = _tiles(table["land_km2"].to_numpy(dtype=float) * 1e6)
    polygons = gpd.GeoSeries(shapes, crs=crs or CRS.from_epsg(3067)).to_crs(WGS84)
    return Figures(origin, check_districts(table), polygons=polygons)


def _tiles(areas: Floats) -> Shapes:
    """Return rectangles of the given areas that fill a square, each as square as can be."""
    side = float(np.sqrt(areas.sum()))
    boxes = np.zeros((len(areas), 4))
    todo = [(np.arange(len(areas)), (*CORNER, CORNER[0] + side, CORNER[1] + side))]
    while todo:
        which, (west, south, east, north) = todo.pop()
        if len(which) == 1:
            boxes[which[0]] = west, south, east, north
            continue
        running = np.cumsum(areas[which])
        middle = int(np.argmin(np.abs(running[:-1] - running[-1] / 2))) + 1
        part = running[middle - 1] / running[-1]
        if east - west > north - south:
            cut = west + part * (east - west)
            halves = (west, south, cut, north), (cut, south, east, north)
        else:
            cut = south + part * (north - south)
            halves = (west, south, east, cut), (west, cut, east, north)
        todo += [(which[:middle], halves[0]), (which[middle:], halves[1])]
    return np.asarray(shapely.box(*boxes.T), dtype=object)
