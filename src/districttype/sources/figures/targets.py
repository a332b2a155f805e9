"""What the figures promise: floor area by use, homes and residents by house, jobs by sector.

Everything that is built later adds up to these sums exactly, district by district.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from districttype.sources.figures.shapes import Bools, Floats
from districttype.sources.figures.tables import Figures

# Residents of a home and floor area of a job, as in the figures' own estimates (README there).
PERSONS: Final = {"small": 2.72, "flats": 1.72}
JOB_FLOOR_M2: Final = {"education": 85.0, "health": 35.0, "public": 35.0}
HOME_M2: Final = {"small": 135.0, "flats": 72.0}  # gross, where no figure tells

SECTORS: Final = {
    "office": "jobs_offices", "retail": "jobs_retail", "industrial": "jobs_industry",
    "education": "jobs_education", "health": "jobs_health", "public": "jobs_administration",
}  # fmt: skip
FLOORS: Final = {
    "retail": "floor_retail_m2", "office": "floor_offices_m2", "industrial": "floor_industry_m2",
}  # fmt: skip
WORKPLACES: Final = ("retail", "office", "education", "health", "public", "industrial")


@dataclass(frozen=True)
class Targets:
    """Sums per district; arrays of n districts, NaN nowhere (what is unknown is not built).

    Attributes
    ----------
    floor
        Floor area by `small` houses, `flats` and each of WORKPLACES, in square metres.
    fresh
        Share of the floor area of `small` and `flats` that came after the stock's year.
    homes
        Whole numbers of dwellings in `small` houses and in `flats`.
    residents
        Residents of `small` houses and of `flats`.
    jobs
        Jobs by WORKPLACES, and `anywhere` for those of no sector or without such floor area.
    known
        `floor`, `split` (homes by kind of house), `fresh`, `homes`: what the figures tell.
    """

    floor: dict[str, Floats]
    fresh: dict[str, Floats]
    homes: dict[str, Floats]
    residents: dict[str, Floats]
    jobs: dict[str, Floats]
    known: dict[str, bool]

    def total(self) -> Floats:
        """Return the floor area of all uses."""
        return np.asarray(sum(self.floor.values()))


def promise(figures: Figures) -> Targets:
    """Work out the sums that the reconstruction must meet.

    Homes of the recent year by kind of house are not published: growth goes to small houses and
    flats as the dwellings of the district are divided, and a fall takes of both alike. Workplaces
    are of the older year, scaled to the published recent total where it says less.
    """
    number = figures.number
    n = len(figures)
    split = figures.has("floor_small_m2", "floor_flats_m2")
    old = {kind: np.nan_to_num(number(f"floor_{kind}_m2")) for kind in PERSONS}
    dwellings = {kind: np.nan_to_num(number(f"dwellings_{kind}")) for kind in PERSONS}
    if not figures.has("dwellings_small") and figures.has("dwellings"):
        flats = _flats_by_density(figures)
        dwellings = {
            "small": np.rint(np.nan_to_num(number("dwellings")) * (1 - flats)),
            "flats": np.rint(np.nan_to_num(number("dwellings")) * flats),
        }
    recent = number("floor_homes_recent_m2")
    if not split:
        guess = {kind: dwellings[kind] * HOME_M2[kind] for kind in PERSONS}
        scale = _ratio(recent, guess["small"] + guess["flats"], 1.0)
        scale = np.where(np.isnan(recent), 1.0, scale)
        old = {kind: guess[kind] * scale for kind in PERSONS}
    stock = old["small"] + old["flats"]
    recent = np.where(np.isnan(recent), stock, recent)
    growth = np.maximum(recent - stock, 0.0)
    in_flats = _ratio(dwellings["flats"], dwellings["small"] + dwellings["flats"], 1.0)
    added = {"small": growth * (1 - in_flats), "flats": growth * in_flats}
    keep = np.minimum(_ratio(recent, stock, 1.0), 1.0)
    floor = {kind: old[kind] * keep + added[kind] for kind in PERSONS}
    fresh = {kind: _ratio(added[kind], floor[kind], 0.0) for kind in PERSONS}
    homes = {
        kind: np.rint(dwellings[kind] * _ratio(floor[kind], old[kind], 1.0)) for kind in PERSONS
    }
    homes = {kind: np.where(floor[kind] > 0, np.maximum(homes[kind], 1), 0) for kind in PERSONS}
    floor |= _workplaces(figures, recent)
    weight = {kind: homes[kind] * PERSONS[kind] for kind in PERSONS}
    share = _ratio(weight["small"], weight["small"] + weight["flats"], 0.0)
    people = np.nan_to_num(number("residents"))
    residents = {"small": people * share, "flats": people * (1 - share)}
    known = {
        "floor": bool(np.any(floor["small"] + floor["flats"] > 0)),
        "split": split,
        "fresh": split and figures.has("floor_homes_recent_m2"),
        "homes": figures.has("dwellings_small") or figures.has("dwellings"),
    }
    return Targets(floor, fresh, homes, residents, _jobs(figures, floor, n), known)


def _workplaces(figures: Figures, homes: Floats) -> dict[str, Floats]:
    floor = {use: np.nan_to_num(figures.number(column)) for use, column in FLOORS.items()}
    public = np.nan_to_num(figures.number("floor_public_m2"))
    jobs = {
        use: np.nan_to_num(figures.number(SECTORS[use])) * area
        for use, area in JOB_FLOOR_M2.items()
    }
    served = np.asarray(sum(jobs.values()))
    for use in JOB_FLOOR_M2:
        floor[use] = public * _ratio(jobs[use], served, 1.0 if use == "public" else 0.0)
    before = np.asarray(sum(floor.values()))
    now = figures.number("floor_total_recent_m2") - homes
    scale = np.where(np.isnan(now), 1.0, _ratio(np.maximum(np.nan_to_num(now), 0.0), before, 1.0))
    return {use: floor[use] * scale for use in WORKPLACES}


def _jobs(figures: Figures, floor: dict[str, Floats], n: int) -> dict[str, Floats]:
    total = np.nan_to_num(figures.number("jobs"))
    jobs: dict[str, Floats] = {}
    placed = np.zeros(n)
    for use, column in SECTORS.items():
        there = floor[use] > 0
        jobs[use] = np.where(there, np.nan_to_num(figures.number(column)), 0.0)
        placed += jobs[use]
    scale = np.minimum(_ratio(total, placed, 1.0), 1.0)
    jobs = {use: value * scale for use, value in jobs.items()}
    jobs["anywhere"] = np.maximum(total - placed * scale, 0.0)
    return jobs


def _flats_by_density(figures: Figures) -> Floats:
    """Guess the share of dwellings in flats by the density of residents.

    Logistic on the logarithm of density with slope 2.5, half at 45 residents a hectare: the curve
    the Espoo figures were made with, fitted there per postal area.
    """
    density = figures.number("density_met_per_ha")
    mean = np.nan_to_num(figures.number("residents")) / (figures.number("land_km2") * 100)
    density = np.where(np.isnan(density), 1.8 * mean, density)
    with np.errstate(divide="ignore"):
        return 1 / (1 + (45.0 / density) ** 2.5)


def _ratio(part: Floats, whole: Floats, otherwise: float) -> Floats:
    positive: Bools = whole > 0
    return np.where(positive, part / np.where(positive, whole, 1.0), otherwise)
