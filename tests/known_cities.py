"""Cities whose districts are what somebody meant them to be: drawn house by house, never by rule.

A district is meant first ("a garden suburb of homes, infill coming, a new metro station, on clay,
owned by many"), then built: buildings, stops, plans, ground and parcels are drawn to be that, and
at last measured badly: numbers are off, uses and years are missing or wrong, a city lacks a layer.
What was meant is the truth. No threshold of the typology is read here, and no rule; what is meant
is meant clearly, as the ranges of the tables say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districttype.layers.layer import Layer, Layers
from districttype.layers.schema import conform
from districttype.zones import Zones, make_zones
from town import ORIGIN, TM35

SIDE = 1000.0  # of a district
APART = 3000.0  # from one district of a city to the next: nobody walks to the neighbour's station
CITY = 40_000.0  # from one city to the next
STREET = 125.0  # from one building to the next
BELT = 1  # buildings go on round the district: a town does not end at a statistical border
AS_OF = date(2024, 6, 1)

# What a district can be built like: density, whether a heat network pays, and the ranges of floor
# area ratio and of heat demand (MWh/ha) in which that is beyond doubt.
BUILT = {
    "centre": ("dense", "heat_network_viable", (0.42, 1.2), (280.0, 2000.0)),
    "garden suburb": ("sparse", "heat_network_viable", (0.14, 0.22), (230.0, 2000.0)),
    "loose suburb": ("sparse", "borderline", (0.04, 0.22), (75.0, 100.0)),
    "village": ("sparse", "individual", (0.006, 0.03), (0.0, 35.0)),
    "wood": ("sparse", "individual", (0.0002, 0.0004), (0.0, 40.0)),
}
# Yearly heat, kWh per m2 of floor area: (until 1989, from 2018).
HEAT = {"apartment": (135, 64), "detached": (160, 85), "office": (150, 84), "industrial": (110, 40),
        "retail": (155, 53), "health": (195, 115)}  # fmt: skip
USES = {
    "housing": ("apartment", (0.65, 0.95)),
    "offices": ("office", (0.65, 0.95)),
    "industry": ("industrial", (0.65, 0.95)),
    "mixed": ("apartment", (0.30, 0.42)),
}
SECONDARY = ("office", "retail", "health", "industrial", "apartment")
GROUNDS = {"bedrock": "bedrock_thin_cover", "till": "till", "coarse": "coarse", "clay": "clay",
           "organic": "organic", "fill": "fill"}  # fmt: skip
OWNERS = ("city", "public_institution", "few_private", "fragmented", "mixed")
REMOVABLE = ("buildings", "stops", "plans", "ground", "ownership")
FACETS_OF = {
    "buildings": ("density", "use", "energy"),
    "stops": ("mobility",),
    "plans": ("development",),
    "ground": ("ground",),
    "ownership": ("ownership",),
}


@dataclass(frozen=True)
class Meant:
    """What one district is meant to be: how it is built, and its label on every facet.

    `just_built` says that what is new there stands already, and is not still planned.
    """

    kind: str
    just_built: bool
    labels: dict[str, str]


def mean(dice: np.random.Generator) -> Meant:
    """Decide what a district is meant to be."""
    kind = str(dice.choice(list(BUILT), p=[0.3, 0.25, 0.2, 0.15, 0.1]))
    built_up = kind in ("centre", "garden suburb")
    density, energy, *_ = BUILT[kind]
    development = str(dice.choice(["new", "infill", "stable"] if built_up else ["new", "stable"]))
    mobility = str(dice.choice(["station_new", "station", "frequent_bus", "car"]
                               if built_up else ["station", "frequent_bus", "car"]))  # fmt: skip
    if mobility == "station_new" and development == "stable":
        development = "infill"  # a station brings infill
    use = "unbuilt" if kind == "wood" else str(dice.choice(list(USES)))
    return Meant(
        kind,
        just_built=kind in ("centre", "loose suburb", "village") and bool(dice.integers(2)),
        labels={
            "density": density,
            "development": development,
            "use": use,
            "mobility": mobility,
            "energy": energy,
            "ground": str(dice.choice([*GROUNDS.values(), "mixed"])),
            "ownership": str(dice.choice(OWNERS)),
        },
    )


def known_cities(n: int, seed: int, districts: int = 4) -> tuple[Zones, Layers, pd.DataFrame]:
    """Draw cities far apart from each other on one map.

    Returns
    -------
    zones, layers
        Of all cities together. A city that lacks a layer lies outside that layer's coverage.
    truth
        Index zone_id; the label meant per facet, `city`, and `removed`: the layer its city lacks
        ("" for none).
    """
    dice = np.random.default_rng(seed)
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in ("districts", *REMOVABLE)}
    truth = []
    cities: dict[str, list[shapely.Geometry]] = {name: [] for name in REMOVABLE}
    for city in range(n):
        corner = np.array([250_000.0 + (city % 16) * CITY, 6_600_000.0 + (city // 16) * CITY])
        corner += dice.uniform(0, 250, 2)
        removed = str(dice.choice(REMOVABLE)) if dice.random() < 0.3 else ""
        for name in REMOVABLE:
            if name != removed:
                cities[name].append(shapely.box(*(corner - APART), *(corner + districts * APART)))
        for number in range(districts):
            zone = f"c{city:03}d{number}"
            at = corner + np.array([number * APART, dice.uniform(0, APART)])
            meant = mean(dice)
            drawn = draw(dice, zone, at, meant)
            for name in drawn:
                if name != removed:
                    rows[name] += drawn[name]
            truth.append({"zone_id": zone, **meant.labels, "city": city, "removed": removed})
    tables = {
        name: Layer(
            name,
            conform(name, gpd.GeoDataFrame(found, geometry="geometry", crs=TM35), TM35),
            (ORIGIN,),
            shapely.union_all(cities[name]) if name in cities else None,
        )
        for name, found in rows.items()
        if found  # a layer that no city has is none
    }
    layers = Layers(TM35, tables, as_of=AS_OF)
    return (
        make_zones("districts", tables["districts"].frame, layers),
        layers,
        pd.DataFrame(truth).set_index("zone_id"),
    )


def draw(
    dice: np.random.Generator, zone: str, at: np.ndarray, meant: Meant
) -> dict[str, list[dict[str, object]]]:
    """Build a district as it is meant."""
    houses, floor = _houses(dice, zone, at, meant)
    return {
        "districts": [{"zone_id": zone, "name": zone, "geometry": shapely.box(*at, *(at + SIDE))}],
        "buildings": houses,
        "plans": _plans(dice, at, meant, floor),
        "stops": _stops(dice, at, meant.labels["mobility"]),
        "ground": _strips(at, _ground(dice, meant.labels["ground"])),
        "ownership": _strips(at, _owners(dice, meant.labels["ownership"])),
    }


def _houses(
    dice: np.random.Generator, zone: str, at: np.ndarray, meant: Meant
) -> tuple[list[dict[str, object]], float]:
    """Build the district's houses; return them as measured, and the true floor area inside."""
    _, _, far_range, heat_range = BUILT[meant.kind]
    new = meant.labels["development"] == "new" and meant.just_built
    steps = np.arange(-BELT, SIDE / STREET + BELT) * STREET + STREET / 2
    middle = at + np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)
    if meant.kind == "wood":
        middle = at + dice.uniform(250, 350, (1, 2))  # one hut
    n = len(middle)
    while True:
        size = dice.lognormal(0.0, 0.35, n)
        use = _uses(dice, size, meant.labels["use"], detached=far_range[1] < 0.1)
        young = _quota(dice, size, dice.uniform(0.6, 0.95)) if new else np.zeros(n, dtype=bool)
        heat = np.array([HEAT[u][int(y)] for u, y in zip(use, young, strict=True)])
        far = dice.uniform(*far_range)
        demand = far * 10 * np.average(heat, weights=size)
        if heat_range[0] <= demand <= heat_range[1]:
            break
    floor = size / size.mean() * far * (SIDE**2 if n == 1 else STREET**2)
    wide = np.clip(np.sqrt(floor / 4), 8, 70)
    middle = middle + dice.uniform(-20, 20, (n, 2))
    year = np.where(young, dice.integers(2018, 2024, n), dice.integers(1960, 1990, n)).astype(float)
    inside = ((middle >= at) & (middle < at + SIDE)).all(axis=1)
    seen = floor * dice.lognormal(0.0, 0.1, n)
    seen[dice.random(n) < (0.03 if n > 1 else 0)] = np.nan
    year[dice.random(n) < 0.1] = np.nan
    use = np.where(dice.random(n) < 0.03, dice.choice(SECONDARY, n), use)
    use = np.where(dice.random(n) < 0.08, "unknown", use)
    shapes = shapely.box(*(middle - wide[:, None] / 2).T, *(middle + wide[:, None] / 2).T)
    houses = [
        {
            "building_id": f"{zone}-{i}", "use": use[i], "floor_area_m2": seen[i],
            "year_built": year[i], "status": "existing", "use_origin": "register",
            "floors_origin": "missing", "floor_area_m2_origin": "register",
            "year_built_origin": "register", "geometry": shapes[i],
        }
        for i in range(n)
    ]  # fmt: skip
    return houses, float(floor[inside].sum())


def _quota(dice: np.random.Generator, size: np.ndarray, share: float) -> np.ndarray:
    """Choose houses at random until they hold a share of the floor area."""
    order = dice.permutation(len(size))
    chosen = np.zeros(len(size), dtype=bool)
    chosen[order] = np.cumsum(size[order]) <= share * size.sum()
    return chosen


def _uses(dice: np.random.Generator, size: np.ndarray, meant: str, *, detached: bool) -> np.ndarray:
    if meant == "unbuilt":
        return np.array(["detached"] * len(size), dtype=object)
    main, share = USES[meant]
    others = [name for name in SECONDARY if name != main]
    use = dice.choice(others, len(size)).astype(object)
    use[_quota(dice, size, dice.uniform(*share))] = main
    if detached:
        use[use == "apartment"] = "detached"
    return use


def _plans(
    dice: np.random.Generator, at: np.ndarray, meant: Meant, floor: float
) -> list[dict[str, object]]:
    """Plan what is meant to come: more than stands already, a part of it, or next to nothing."""
    label = meant.labels["development"]
    share = {"infill": (0.25, 0.7), "stable": (0.0, 0.05), "new": (1.6, 4.0)}[label]
    if label == "infill" and meant.labels["mobility"] == "station_new" and dice.integers(2):
        share = (0.0, 0.05)  # the station alone is the reason
    if label == "new" and meant.just_built:
        share = (0.0, 0.05)  # it has just been built
    reserve = floor * dice.uniform(*share) * dice.lognormal(0.0, 0.1)
    if meant.kind == "wood" and label == "new":
        reserve = dice.uniform(40_000, 200_000)
    place = at + dice.uniform(50, 500, 2)
    return [{"reserve_m2": reserve, "geometry": shapely.box(*place, *(place + 400))}]


def _stops(dice: np.random.Generator, at: np.ndarray, meant: str) -> list[dict[str, object]]:
    if meant in ("station", "station_new"):
        opened = dice.integers(1960, 2006) if meant == "station" else dice.integers(2020, 2031)
        middle = at + SIDE / 2 + dice.uniform(-80, 80, 2)
        return [{"mode": str(dice.choice(["rail", "metro"])), "opened": opened,
                 "geometry": shapely.Point(middle)}]  # fmt: skip
    poles = at + np.array([[250, 250], [250, 750], [750, 250], [750, 750]])
    poles = poles + dice.uniform(-50, 50, poles.shape)
    departures = dice.integers(*((5, 16) if meant == "frequent_bus" else (0, 3)), len(poles))
    return [
        {"mode": "bus", "departures_peak_hour": often, "geometry": shapely.Point(pole)}
        for often, pole in zip(departures, poles, strict=True)
    ]


def _ground(dice: np.random.Generator, meant: str) -> list[tuple[float, dict[str, object]]]:
    """Return shares of land with the row of each; up to a tenth is not mapped."""
    classes = list(dice.permutation(list(GROUNDS)))
    if meant == "mixed":
        shares = [0.4, 0.3, 0.2]
    else:
        main = next(name for name, label in GROUNDS.items() if label == meant)
        classes = [main, *(name for name in classes if name != main)]
        first = dice.uniform(0.65, 0.9)
        shares = [first, (0.97 - first) * 0.6, (0.97 - first) * 0.3]
    return [(share, {"class": str(name)}) for share, name in zip(shares, classes, strict=False)]


def _owners(dice: np.random.Generator, meant: str) -> list[tuple[float, dict[str, object]]]:
    most = dice.uniform(0.68, 0.85)
    if meant == "mixed":
        parts = [(0.35, "city", 1), (0.33, "private", 6), (0.25, "state", 1)]
    else:
        owner, holders = {
            "city": ("city", 1), "public_institution": ("public_institution", 1),
            "few_private": ("private", 3), "fragmented": ("private", 20),
        }[meant]  # fmt: skip
        rest = "private" if owner != "private" else "city"
        parts = [(most, owner, holders), (0.95 - most, rest, 4)]
    return [
        (share / holders, {"owner_class": owner, "owner_id": f"{owner}{i}"})
        for share, owner, holders in parts
        for i in range(holders)
    ]


def _strips(
    at: np.ndarray, parts: Iterable[tuple[float, dict[str, object]]]
) -> list[dict[str, object]]:
    """Lay parts beside each other from west to east; what is left over stays empty."""
    rows, west = [], at[0]
    for share, row in parts:
        east = west + share * SIDE
        rows.append({**row, "geometry": shapely.box(west, at[1], east, at[1] + SIDE)})
        west = east
    return rows
