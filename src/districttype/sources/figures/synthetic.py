"""Figures of cities that do not exist: small ones with known labels, and Espoo many times over."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
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

# Archetypes: figures of one district each, and the labels that follow from them beyond doubt. A
# label that is left out depends on more than the archetype.
ARCHETYPES: Final = pd.read_csv(
    Path(str(files("districttype"))) / "figures_data" / "archetypes.csv", index_col="kind"
)
SETTLED: Final = ["density", "use"]
WHATEVER_THE_SIZE: Final = ["density_met_per_ha", "inhabited_land_share"]
COVER: Final = {
    "built": 0.08, "paved": 0.2, "bare": 0.05, "rock": 0.02, "field": 0.05, "low_vegetation": 0.25,
    "trees": 0.35,
}  # fmt: skip


def synthetic_figures(
    seed: int = 0,
    kinds: Sequence[str] = tuple(ARCHETYPES.index),
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
    archetypes = ARCHETYPES.loc[named].reset_index(drop=True)
    table = archetypes.drop(columns=SETTLED)
    counts = table.columns.difference([*WHATEVER_THE_SIZE, "land_km2"])
    table["land_km2"] *= size
    table[counts] = table[counts].mul(size, axis=0).round().astype(int)
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
    truth = archetypes[SETTLED].set_axis(table["id"].rename("zone_id"))
    truth.insert(0, "kind", named)
    figures = Figures(
        figures.origin, figures.districts, check_stations(stations), polygons=figures.polygons
    )
    return figures, truth.astype(object).where(truth.notna(), None)


def multiplied(figures: Figures, times: int, *, crs: CRS | None = None) -> Figures:
    """Return a city whose districts are those of another, many times over, as rectangles.

    Every row of the table stands `times` times in it, with the same figures, so that all totals are
    so many times those of the city; there are no stations and no waters. For benchmarks.
    """
    rows = np.tile(np.arange(len(figures)), times)
    return _taken(figures, rows, f"{figures.origin.name} x {times}", crs)


def sampled(figures: Figures, districts: int, seed: int = 0, *, crs: CRS | None = None) -> Figures:
    """Return a city of so many districts, each drawn by dice from those of another, as rectangles.

    As in `multiplied` there are no stations and no waters. For benchmarks.
    """
    rows = np.random.default_rng(seed).integers(0, len(figures), districts)
    return _taken(figures, rows, f"{districts} of {figures.origin.name}", crs)


def _taken(figures: Figures, rows: NDArray[np.int64], name: str, crs: CRS | None) -> Figures:
    """Return a city of some rows of another's table, each named by how often it came before."""
    table = figures.districts.iloc[rows].reset_index(drop=True)
    copy = table.groupby("id").cumcount().astype(str)
    table["id"] = table["id"].astype(str) + "x" + copy
    waters = [column for column in ("lon", "lat", "water_km2", "lake_km2") if column in table]
    return _tiled(name, table.drop(columns=waters), crs)


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
