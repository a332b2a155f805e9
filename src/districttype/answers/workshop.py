"""A workshop sheet on demand, of what the last run found."""

from __future__ import annotations

from pathlib import Path

from districttype import pipeline
from districttype.answers.runs import find_zones, run_in
from districttype.city import City
from districttype.errors import ConfigError
from districttype.focus import load_catalogue
from districttype.layers.collect import Say
from districttype.publish.workshop import write_workshop


def write_sheet(
    city: City,
    out: Path,
    zone: str,
    solution: str,
    *,
    data: str | None,
    layers: Path | None,
    raw: Path,
    language: str | None,
    say: Say,
) -> Path:
    """Write the sheet of a zone and a solution beside the last run's outputs, and return its path.

    Raises
    ------
    SourceUnavailableError
        If `out` holds no run.
    ConfigError
        If there is no such zone or solution, or it is not recommended there.
    """
    run = run_in(city, out)
    known = load_catalogue(city.catalogue_file).solutions
    if solution not in known:
        raise ConfigError(
            f"there is no solution {solution!r}",
            where="workshop",
            todo=f"known are {', '.join(known)}",
        )
    zone_set, zone_id = find_zones(city, run, zone)[0]
    languages = pipeline.first(city.languages, language)
    with pipeline.reopened(
        city, out, run, zone_set, data=data, layers_file=layers, raw=raw, say=say
    ) as edition:
        return write_workshop(edition, out, zone_id, solution, languages, zone_set=zone_set)
