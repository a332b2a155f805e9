"""Several cities in one run, each whole by itself: in turn, or side by side on a cluster.

Each city is one piece of work that writes into a folder of its own, all or nothing, so that a
worker that dies costs the time of its city and no result: the scheduler gives the city to another.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypedDict, Unpack

import pandas as pd

from districttype import pipeline
from districttype.city import City, known_cities, load_city
from districttype.errors import ConfigError, DistricttypeError, EmptyResultError
from districttype.i18n import N_, Message
from districttype.indicators.tiles import Measure, Spread, Tile
from districttype.lastrun import Kept, read_kept
from districttype.layers import gather
from districttype.layers.collect import Say
from districttype.publish.cities import CityResult, write_cities
from districttype.publish.stamp import stamp
from districttype.typology.alike import Comparison

LOCAL, IN_TURN = "local", "none"
ALIKE = ("city", "zone_id", "name", "other_city", "other_zone_id", "other_name", "distance", "both",
         "generated")  # fmt: skip
DISTRICTS = N_("{n_int} districts.")
REAL = N_("Data of live services or from files.")
WORKERS = 2
RETRIES = 3  # of a city whose worker died


class How(TypedDict, total=False):
    """How each of several cities is classified: what `pipeline.classify` takes by these names."""

    zone_sets: Sequence[str]
    raw: Path
    language: str | None
    refresh: bool
    models: Sequence[Path]
    tables_only: bool
    large: int


@dataclass(frozen=True)
class Job:
    """One city to classify, and how; small enough to be sent to another machine."""

    city: City
    out: Path
    data: str
    how: How


@dataclass(frozen=True)
class Outcome:
    """What became of a city: `error` is the one clear line where it failed.

    `told` is what a page says of it: how many districts it has, and what the data are.
    """

    city: City
    out: Path
    line: str = ""
    told: tuple[Message, ...] = ()
    seconds: float = 0.0
    error: str = ""


def named_cities(names: str) -> list[City]:
    """Return the cities of a comma-separated list of ids and TOML files; `all` are the package's.

    Raises
    ------
    ConfigError
        If none is named, one is not known, or two have the same id.
    """
    listed = known_cities() if names.strip() == "all" else names.split(",")
    cities = [load_city(name.strip()) for name in listed if name.strip()]
    if not cities:
        raise ConfigError("names no city", where="--cities", todo="name some, or all")
    ids = [city.id for city in cities]
    twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
    if twice:
        raise ConfigError(f"{', '.join(twice)} is named twice", where="--cities")
    return cities


def classify_cities(
    cities: Sequence[City],
    out: Path,
    *,
    data: str = "auto",
    scheduler: str = LOCAL,
    workers: int = WORKERS,
    say: Say = lambda _: None,
    **how: Unpack[How],
) -> list[Outcome]:
    """Classify several cities, and write one table, look-alikes and a page of all of them.

    Parameters
    ----------
    cities
        The cities.
    out
        Folder of all outputs; each city's are in a folder of its id.
    data
        As in `pipeline.classify`; a directory of files has a folder for each city, of its id.
    scheduler
        `local` (a cluster on this machine), the address of a Dask scheduler whose workers see the
        same folders (tcp://...), or `none` (one city after another).
    workers
        Of a local cluster.
    say
        Told which city is done.
    how
        As in `pipeline.classify`, the same for all; large cities are measured tile by tile, the
        tiles side by side.

    Returns
    -------
    One outcome a city, in the order of `cities`.

    Raises
    ------
    DistricttypeError
        If no city succeeded.
    """
    how["raw"] = how.get("raw", pipeline.RAW).resolve()  # workers may stand in other folders
    how["models"] = [file.resolve() for file in how.get("models", ())]
    jobs = [
        Job(
            city,
            (out / city.id).resolve(),
            data if data in gather.KINDS else str(Path(data).resolve() / city.id),
            how,
        )
        for city in cities
    ]
    found: dict[str, Outcome] = {}
    for outcome in _outcomes(jobs, scheduler, workers, say):
        found[outcome.city.id] = outcome
        said = outcome.error or f"{outcome.line} ({outcome.seconds:.0f} s)"
        say(f"{len(found)} of {len(jobs)}: {outcome.city.id}: {said}")
    done = [found[city.id] for city in cities if not found[city.id].error]
    if not done:
        raise DistricttypeError("no city could be classified", todo=found[cities[0].id].error)
    kept = {o.city.id: run for o in done if (run := read_kept(o.out)) is not None}
    results = [
        CityResult(o.city, o.out, o.told, run.record["data"], run.generated)
        for o in done
        if (run := kept.get(o.city.id)) is not None
    ]
    write_cities(
        results,
        out,
        alike_elsewhere(kept),
        first=how.get("language"),
        tables_only=how.get("tables_only", False),
    )
    return [found[city.id] for city in cities]


def run_job(job: Job, spread: Spread = map) -> Outcome:
    """Classify one city, on whatever machine this is; its tiles, if it is large, by `spread`."""
    begin = time.perf_counter()
    try:
        edition = pipeline.classify(job.city, data=job.data, out=job.out, spread=spread, **job.how)
    except DistricttypeError as error:
        return Outcome(job.city, job.out, error=str(error))
    except Exception as error:  # noqa: BLE001 - one city's fault, whatever it is, stops no other
        return Outcome(job.city, job.out, error=f"{type(error).__name__}: {error}")
    districts = len(edition.results["districts"].zones)
    line = f"{districts} districts. {edition.run['data_line']}"
    told = (Message(DISTRICTS, {"n_int": districts}), stamp(edition) or Message(REAL))
    return Outcome(job.city, job.out, line, told, round(time.perf_counter() - begin, 1))


def run_on_worker(job: Job) -> Outcome:
    """Classify one city on a worker of a cluster, whose other workers help with its tiles."""
    return run_job(job, side_by_side)


def side_by_side(work: Measure, tiles: Sequence[Tile]) -> list[pd.DataFrame]:
    """Measure tiles on the workers of the cluster that this runs on, before cities in wait."""
    with _dask("").worker_client() as client:
        futures = client.map(work, tiles, pure=False, retries=RETRIES, priority=1)
        found: list[pd.DataFrame] = client.gather(futures)
    return found


def _outcomes(jobs: Sequence[Job], scheduler: str, workers: int, say: Say) -> Iterator[Outcome]:
    if scheduler == IN_TURN or (scheduler == LOCAL and len(jobs) == 1):
        yield from map(run_job, jobs)
        return
    with cluster(scheduler, workers) as client:
        say(f"{len(jobs)} cities on {len(client.scheduler_info()['workers'])} workers")
        futures = client.map(run_on_worker, jobs, pure=False, retries=RETRIES)
        waiting = dict(zip(futures, jobs, strict=True))
        for future in _dask(scheduler).as_completed(futures):
            error = future.exception()
            job = waiting[future]
            yield future.result() if error is None else Outcome(job.city, job.out, error=str(error))


@contextmanager
def cluster(scheduler: str, workers: int) -> Iterator[Any]:
    """Open a client of a Dask scheduler, or of a cluster of its own on this machine.

    Raises
    ------
    ConfigError
        If Dask is not installed, or no scheduler answers at the address.
    """
    dask = _dask(scheduler)
    if scheduler != LOCAL:
        try:
            with dask.Client(scheduler, timeout=10) as client:
                yield client
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"no scheduler answers: {error}",
                where=f"--scheduler {scheduler}",
                todo="start one with: dask scheduler",
            ) from None
        return
    own = dask.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=None,
        silence_logs=logging.ERROR,
    )
    with own, dask.Client(own) as client:
        yield client


def _dask(scheduler: str) -> Any:
    """Return Dask's module: an extra that only clusters need."""
    try:
        return import_module("dask.distributed")
    except ImportError:
        raise ConfigError(
            "Dask is not installed",
            where=f"--scheduler {scheduler}",
            todo="pip install 'districttype[cluster]', or --scheduler none",
        ) from None


def alike_elsewhere(kept: Mapping[str, Kept]) -> pd.DataFrame:
    """Find for every district the one most like it in another city.

    Returns
    -------
    DataFrame
        city, zone_id, name, other_city, other_zone_id, other_name, distance, both (what they have
        alike, in English), generated (the layers of either city that are drawn by rule, so that
        likeness in them says nothing); cities and districts of which too little is known are left
        out.
    """
    rows = []
    everywhere = {
        city: run.indicators["districts"].rename(lambda zone, city=city: f"{city}:{zone}")
        for city, run in kept.items()
    }
    for city, run in kept.items():
        elsewhere = [table for other, table in everywhere.items() if other != city]
        if not elsewhere:
            continue
        try:
            comparison = Comparison(run.indicators["districts"], pd.concat(elsewhere).astype(float))
        except EmptyResultError:
            continue
        for zone in run.indicators["districts"].index:
            for best in comparison.nearest(zone, 1):  # none where too little is known of it
                other, there = best.zone_id.split(":", 1)
                rows.append(
                    {
                        "city": city,
                        "zone_id": zone,
                        "name": run.zones["districts"].loc[zone, "name"],
                        "other_city": other,
                        "other_zone_id": there,
                        "other_name": kept[other].zones["districts"].loc[there, "name"],
                        "distance": best.distance,
                        "both": "; ".join(trait.text("en") for trait in best.traits),
                        "generated": ";".join(
                            dict.fromkeys([*run.generated, *kept[other].generated])
                        ),
                    }
                )
    return pd.DataFrame(rows, columns=list(ALIKE))
