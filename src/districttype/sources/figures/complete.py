"""What no figure tells, generated from assumptions: a city of which only little is published.

Sums follow from the city's assumptions (`tables.Assumed`) and from rules of thumb fitted to the 88
districts of Espoo; how they are spread over the districts is made up, with dice. Ground, plans,
owners and land cover are not made up: they stay unknown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from districttype.errors import ConfigError
from districttype.sources.figures.density import inhabited_share
from districttype.sources.figures.shapes import Floats
from districttype.sources.figures.tables import Assumed, Figures

# Gross floor area of a job, as in the figures of Espoo.
FLOOR_OF_JOB_M2: Final = {
    "offices": 36.0, "retail": 60.0, "industry": 100.0, "administration": 40.0, "education": 85.0,
    "health": 45.0,
}  # fmt: skip
FLOOR_COLUMN: Final = {
    "offices": "floor_offices_m2", "retail": "floor_retail_m2", "industry": "floor_industry_m2",
    "administration": "floor_public_m2", "education": "floor_public_m2",
    "health": "floor_public_m2",
}  # fmt: skip
# Jobs of a sector grow with the density of residents to this power: offices seek the centre,
# schools are where people live, industry is where land is.
CENTRALITY: Final = {
    "offices": 1.0, "retail": 0.7, "industry": -0.6, "administration": 1.0, "education": 0.1,
    "health": 0.4,
}  # fmt: skip
SPREAD = 0.5  # deviation of the logarithm of a sector's jobs in a district
DENSITY_RANGE = (0.1, 10.0)  # of the city's mean: a hamlet's density says nothing more
# Per km2 of inhabited land, per resident, per job: least squares over the districts of Espoo.
BUS_STOPS: Final = (8.1, 0.0018, 0.0014)
INTERSECTIONS: Final = (42.0, 0.0, 0.0043)


def complete(figures: Figures, seed: int) -> Figures:
    """Generate the columns without which no houses, stops and streets can be drawn.

    A column that holds a single figure is left as it is. Without assumptions nothing is generated.

    Raises
    ------
    ConfigError
        If a sector of the assumptions does not exist.
    """
    if figures.assumed is None:
        return figures
    strange = sorted(set(figures.assumed.sectors) - set(FLOOR_OF_JOB_M2))
    if strange:
        raise ConfigError(
            f"there is no sector {', '.join(strange)}",
            where="figures.toml, assumed.sectors",
            todo=f"known are {', '.join(FLOOR_OF_JOB_M2)}",
        )
    made = _made(figures, figures.assumed, np.random.default_rng([seed, *b"complete"]))
    made = {name: values for name, values in made.items() if not figures.has(name)}
    if figures.has("dwellings_small") or figures.has("dwellings_flats"):
        made.pop("dwellings", None)
    return replace(
        figures,
        districts=figures.districts.assign(**made),
        generated=figures.generated | frozenset(made),
    )


def _made(figures: Figures, assumed: Assumed, dice: np.random.Generator) -> dict[str, Floats]:
    residents = figures.number("residents")  # where they are unknown, so is all that follows
    made = {"dwellings": np.rint(residents / assumed.persons_per_home)}
    jobs = _jobs(figures, assumed, residents, dice)
    for sector, number in jobs.items():
        made[f"jobs_{sector}"] = number
        floor = np.rint(number * FLOOR_OF_JOB_M2[sector])
        column = FLOOR_COLUMN[sector]
        made[column] = made.get(column, np.zeros(len(figures))) + floor
    made["jobs"] = np.asarray(sum(jobs.values()))
    lived = inhabited_share(figures) * figures.number("land_km2")
    for column, (land, person, job) in {
        "bus_stops": BUS_STOPS,
        "intersections": INTERSECTIONS,
    }.items():
        made[column] = np.rint(land * lived + person * residents + job * made["jobs"])
    return made


def _jobs(
    figures: Figures, assumed: Assumed, residents: Floats, dice: np.random.Generator
) -> dict[str, Floats]:
    """Return whole numbers of jobs by sector and district."""
    land = figures.number("land_km2")
    known = ~np.isnan(residents)
    mean = residents[known].sum() / land[known].sum()
    relative = np.clip(residents / land / max(mean, 1e-9), *DENSITY_RANGE)
    total = assumed.jobs_per_resident * residents[known].sum()
    whole = sum(assumed.sectors.values())
    jobs = {}
    for sector, share in assumed.sectors.items():
        luck = np.exp(SPREAD * dice.standard_normal(len(figures)))
        weight = residents * relative ** CENTRALITY[sector] * luck
        jobs[sector] = np.rint(total * share / whole * weight / weight[known].sum())
    return jobs
