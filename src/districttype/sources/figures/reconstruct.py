"""A plausible city from its figures: every layer, district sums exact, single things invented.

What is real: the sums by district (floor area by use, homes, residents, jobs, intersections, bus
stops, shares of land cover, ...), the density an average resident meets, the share of residents
near a station, the places of stations, and the districts' land area and reference points. What is
not: each house, street, stop, field and shore, and the true borders of the districts. Nothing may
be decided on single plots from it.

Where people live and work, and along which streets, follows from the figures by rule. The dice
decide only what no figure is about: how large each house on a lot is and how it stands there, and
which field or wood lies where. The same figures and the same seed give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cache

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from districttype.errors import ConfigError
from districttype.sources.figures import density, points, statements, surfaces
from districttype.sources.figures.complete import complete
from districttype.sources.figures.frontage import Setting, lots, with_spares
from districttype.sources.figures.houses import Houses, build
from districttype.sources.figures.network import Network, join, scatter
from districttype.sources.figures.people import (
    jobs_at,
    residents_at,
    residents_before_at,
    residents_of,
    share_of,
    whole_numbers,
)
from districttype.sources.figures.plots import KINDS, SMALL, Plots, assign
from districttype.sources.figures.shapes import Floats, Ints, Pieces, Shapes, cut_to_grid
from districttype.sources.figures.surfaces import Surface
from districttype.sources.figures.tables import Figures
from districttype.sources.figures.targets import Targets, promise
from districttype.sources.figures.territory import Territory, survey
from districttype.sources.figures.told import told_of

SEED = 2024
CELL_M = 250.0
ATOM_M = 125.0
RECENT_YEAR = 2019  # homes since the stock's year (2016) and until the recent one (2022): between
CALIBRATIONS = 5
DRAWN_WHERE_KNOWN = ("plans", "ownership", "ground")
USE = {"flats": "apartment", **{kind: kind for kind in KINDS[2:]}}


@dataclass(frozen=True)
class Reconstruction:
    """Layers made of figures: tables with canonical columns, not yet conformed.

    `coverage` holds, for layers that are known in part of the city only, where; `generated` the
    columns of the figures that nobody published.
    """

    crs: CRS
    tables: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    coverage: dict[str, shapely.Geometry] = field(default_factory=dict)
    generated: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _City:
    """What is reconstructed first and all layers draw on."""

    figures: Figures
    territory: Territory
    targets: Targets
    setting: Setting
    network: Network
    plots: Plots
    houses: Houses
    settled: Floats
    seed: int

    def dice(self, name: str) -> np.random.Generator:
        """Return the source of randomness of one step, independent of all others."""
        return _dice(self.seed, name)


def reconstruct(
    figures: Figures,
    crs: CRS,
    *,
    seed: int = SEED,
    grid_origin: tuple[float, float] = (0.0, 0.0),
    only: Collection[str] | None = None,
) -> Reconstruction:
    """Reconstruct a city from its figures.

    Parameters
    ----------
    figures
        What is published; a figure that is missing gives no layer or column.
    crs
        The city's metric coordinate system.
    seed
        Start of the dice; it moves houses on their lots, not sums.
    grid_origin
        A corner of the city's 250 m grid, in which densities are published.
    only
        Names of the layers wanted; all without it.
    """
    figures = complete(figures, seed)
    city = _build(figures, crs, seed, grid_origin)
    land, floor = city.territory.land, city.targets.known["floor"]
    makers: dict[str, Callable[[], gpd.GeoDataFrame | None]] = {
        "districts": lambda: _districts(city, crs),
        "land": lambda: gpd.GeoDataFrame(geometry=land, crs=crs),
        "buildings": lambda: _buildings(city, crs) if floor else None,
        "streets": lambda: _streets(city, crs) if figures.has("intersections") else None,
        "stops": lambda: _stops(city, crs),
        "residents": lambda: _residents(city, crs),
        "plans": lambda: statements.plans(figures, land, crs),
        "ownership": lambda: statements.ownership(figures, land, crs),
        **_surfaces(city, grid_origin, crs),
    }
    tables = {name: make() for name, make in makers.items() if only is None or name in only}
    found = {name: table for name, table in tables.items() if table is not None}
    coverage = {
        name: shapely.union_all(found[name].geometry.to_numpy())
        for name in DRAWN_WHERE_KNOWN
        if name in found
    }
    for name in found:
        told = told_of(figures, name)
        if not told.all():
            coverage[name] = shapely.union_all(city.territory.zones[told])
    return Reconstruction(crs, found, coverage, figures.generated)


def _dice(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, *name.encode()])


def _build(figures: Figures, crs: CRS, seed: int, origin: tuple[float, float]) -> _City:
    territory = survey(figures, crs)
    targets = promise(figures)
    pieces = cut_to_grid(territory.land, CELL_M, origin)
    stations = points.station_xy(figures, crs)
    pull = density.attraction(
        figures, territory.centres, stations, xy=pieces.xy, owner=pieces.owner
    )
    wanted = density.goals(figures, pieces)
    settled = density.settle(wanted, pieces, pull, density.near_station(stations, pieces.xy))
    network = _network(figures, territory, pieces, settled)
    along = lots(network, territory.land)
    along = with_spares(along, network, territory.land, targets.total() > 0)
    setting = Setting(pieces, pull, along, pieces.locate(along.middle, along.owner))
    settled, plots = _settled(wanted, targets, setting, stations)
    houses = build(targets, setting, plots, _dice(seed, "houses"))
    return _City(figures, territory, targets, setting, network, plots, houses, settled, seed)


def _settled(
    wanted: density.Goals, targets: Targets, setting: Setting, stations: Floats
) -> tuple[Floats, Plots]:
    """Return the residents of every piece and what every lot carries, so that goals are met.

    Whether they are is tried with houses of a throw that is the same for every seed.
    """
    pieces = setting.pieces
    near = density.near_station(stations, pieces.xy)
    served = np.bincount(setting.piece, minlength=len(pieces)) > 0
    aim = wanted
    for _ in range(CALIBRATIONS):
        settled = density.settle(aim, pieces, setting.pull, near)
        settled = density.by_streets(settled, pieces, served)
        plots = assign(targets, setting, settled)
        houses = build(targets, setting, plots, _dice(SEED, "trial"))
        people = residents_of(houses.kind, houses.floor_m2, houses.owner, targets)
        met = density.density_met(residents_at(houses, targets, pieces), pieces)
        close = density.near_station(stations, houses.ground.middle)
        aim = aim.corrected(wanted, met, share_of(people, close, houses.owner, len(met)))
    return settled, plots


def _network(figures: Figures, territory: Territory, pieces: Pieces, settled: Floats) -> Network:
    n = len(figures)
    mean = pieces.sums(settled, n) / np.maximum(pieces.sums(pieces.area, n), 1.0)
    relative = settled / pieces.area / np.maximum(mean[pieces.owner], 1e-12)
    counts = figures.number("intersections")
    lively = np.nan_to_num(figures.number("residents")) + np.nan_to_num(figures.number("jobs"))
    land_km2 = figures.number("land_km2")
    # Where intersections are not known, houses still need streets to stand by; these are not shown.
    guess = land_km2 * np.clip(10 + lively / land_km2 / 100, 0, 60)
    counts = np.rint(np.where(np.isnan(counts), guess, counts)).astype(np.int64)
    xy, owner = scatter(counts, pieces, pieces.area * (0.3 + relative**0.6))
    known = ~np.isnan(figures.number("intersections"))
    short = known & (np.bincount(owner, minlength=n) < counts)
    if short.any():
        raise ConfigError(
            f"no room for so many intersections in {', '.join(figures.districts['id'][short])}",
            where=figures.origin.name,
            todo="check intersections and land_km2 of these districts",
        )
    return join(xy, shapely.union_all(shapely.buffer(territory.land, 0.05)))


def _districts(city: _City, crs: CRS) -> gpd.GeoDataFrame:
    table = city.figures.districts
    names = [
        name
        for name in ("name", "name_sv", "name_latin", "parent", "land_km2")
        if name in table.columns
    ]
    columns = table[["id", *names]].rename(columns={"id": "zone_id"})
    return gpd.GeoDataFrame(columns, geometry=city.territory.zones, crs=crs)


def _buildings(city: _City, crs: CRS) -> gpd.GeoDataFrame:
    houses, known = city.houses, city.targets.known
    ids = city.figures.districts["id"].to_numpy(dtype=str)[houses.owner]
    first = np.searchsorted(houses.owner, np.arange(len(city.figures)))
    number = np.arange(len(houses)) - first[houses.owner]
    use = np.array([USE.get(kind, "detached") for kind in KINDS], dtype=object)[houses.kind]
    use = np.where((houses.kind == SMALL) & houses.row, "row", use)
    year = np.where(houses.fresh, float(RECENT_YEAR), np.nan)
    return gpd.GeoDataFrame(
        {
            "building_id": np.char.add(np.char.add(ids, "-"), np.char.zfill(number.astype(str), 5)),
            "use": use,
            "floors": houses.storeys,
            "floor_area_m2": houses.floor_m2,
            "year_built": year,
            "dwellings": houses.homes.astype(float) if known["homes"] else np.nan,
            "status": "existing",
            "use_origin": "derived" if known["split"] else "imputed",
            "floors_origin": "imputed",
            "floor_area_m2_origin": "derived",
            "year_built_origin": np.where(houses.fresh, "derived", "missing"),
        },
        geometry=houses.ground.shapes,
        crs=crs,
    )


def _streets(city: _City, crs: CRS) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"kind": ["residential"] * len(city.network.links), "walkable": True, "cyclable": True},
        geometry=city.network.lines,
        crs=crs,
    )


def _stops(city: _City, crs: CRS) -> gpd.GeoDataFrame | None:
    if not city.figures.has("bus_stops"):
        return points.stations(city.figures, crs) if len(city.figures.stations) else None
    buses, _ = points.bus_stops(
        city.figures, city.territory.land, city.setting, city.plots.floor_m2
    )
    return points.stops(city.figures, crs, buses)


def _residents(city: _City, crs: CRS) -> gpd.GeoDataFrame | None:
    figures, pieces = city.figures, city.setting.pieces
    if not figures.has("residents") and not figures.has("jobs"):
        return None
    area, spread = pieces.area, city.settled
    weights = {
        "residents": residents_at(city.houses, city.targets, pieces),
        "residents_before": residents_before_at(city.houses, pieces),
        "jobs": jobs_at(city.houses, city.targets, pieces),
    }
    frame = gpd.GeoDataFrame(geometry=pieces.shapes, crs=crs)
    for column, weight in weights.items():
        if figures.has(column):
            fallback = np.where(pieces.sums(spread, len(figures))[pieces.owner] > 0, spread, area)
            frame[column] = whole_numbers(figures, column, pieces, weight=weight, fallback=fallback)
    numbers = frame.drop(columns="geometry")
    return frame[(numbers.fillna(1.0) > 0).any(axis=1)].reset_index(drop=True)


def _surfaces(
    city: _City, origin: tuple[float, float], crs: CRS
) -> dict[str, Callable[[], gpd.GeoDataFrame | None]]:
    """Return makers of the layers of surfaces; what they share is worked out when first needed."""
    figures = city.figures

    @cache
    def shared() -> tuple[Pieces, Ints, Floats, Floats]:
        atoms = cut_to_grid(city.territory.land, ATOM_M, origin)
        piece = city.setting.pieces.locate(atoms.xy, atoms.owner)
        floor = np.bincount(city.houses.piece, city.houses.floor_m2, minlength=len(city.settled))
        built = floor / city.setting.pieces.area
        lively = np.log(0.003 + built[piece]) + 0.3 * city.setting.pull[piece]
        return atoms, piece, lively, city.dice("surfaces").standard_normal(len(atoms))

    def use() -> gpd.GeoDataFrame:
        atoms, _, lively, noise = shared()
        floor = surfaces.floor_by_use(city.houses, atoms, city.houses.ground.middle)
        made = surfaces.land_use(figures, atoms, floor, lively, noise)
        return _with_water(made, city.territory, crs)

    def cover() -> gpd.GeoDataFrame | None:
        atoms, _, lively, noise = shared()
        return _frame(surfaces.land_cover(figures, atoms, lively, noise), "class", crs)

    def ground() -> gpd.GeoDataFrame | None:
        atoms, piece, _, noise = shared()
        patches = city.dice("ground").standard_normal(len(city.settled))[piece] + 0.2 * noise
        return _frame(surfaces.ground(figures, atoms, patches), "class", crs)

    def constraints() -> gpd.GeoDataFrame | None:
        atoms = shared()[0]
        found = surfaces.groundwater(figures, atoms, city.territory.centres)
        return _frame(found, "constraint", crs)

    def transit() -> gpd.GeoDataFrame | None:
        atoms, piece, _, _ = shared()
        found = surfaces.transit_zones(figures, atoms, city.setting.pull[piece])
        return _frame(found, "class", crs)

    return {
        "land_use": use,
        "land_cover": cover,
        "ground": ground,
        "ground_constraints": constraints,
        "transit_zones": transit,
    }


def _frame(surface: Surface | None, column: str, crs: CRS) -> gpd.GeoDataFrame | None:
    if surface is None:
        return None
    return gpd.GeoDataFrame({column: surface.label}, geometry=surface.shapes, crs=crs)


def _with_water(use: Surface, territory: Territory, crs: CRS) -> gpd.GeoDataFrame:
    waters: Shapes = np.append(territory.lakes, territory.sea)
    waters = waters[~shapely.is_empty(waters)]
    return gpd.GeoDataFrame(
        {"class": [*use.label, *["water"] * len(waters)]},
        geometry=np.append(use.shapes, waters),
        crs=crs,
    )
