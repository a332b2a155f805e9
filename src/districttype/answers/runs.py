"""Which run a question is about, and which zones a name in it means."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from districttype import pipeline
from districttype.city import City
from districttype.errors import ConfigError, SourceUnavailableError
from districttype.lastrun import Kept, Run, load_run, read_kept, run_of
from districttype.layers.collect import Say
from districttype.places import Place, find_place, load_places
from districttype.zones.places import PLACES


def last_or_new(
    city: City, out: Path, data: str | None, layers: Path | None, raw: Path, *, say: Say
) -> Run:
    """Return the last run under `out`, or a new one where there is none or `data` asks for it."""
    run = load_run(city, out) if data is None and layers is None else None
    if run is not None:
        say(f"As the run in {out} found it ({run.record['data_line']})")
        return run
    edition = pipeline.classify(
        city,
        data=data or "auto",
        layers_file=layers,
        zone_sets=("districts", "stations"),
        raw=raw,
        say=say,
    )
    return run_of(edition)


def kept_in(out: Path) -> Kept:
    """Return what a run kept under `out`.

    Raises
    ------
    SourceUnavailableError
        If there is no run.
    """
    kept = read_kept(out)
    if kept is None:
        raise _no_run(out)
    return kept


def run_in(city: City, out: Path) -> Run:
    """Return the run of a city that is kept under `out`.

    Raises
    ------
    SourceUnavailableError
        If there is no run.
    ConfigError
        If it is of another city.
    """
    run = load_run(city, out)
    if run is None:
        raise _no_run(out)
    return run


def _no_run(out: Path) -> SourceUnavailableError:
    return SourceUnavailableError(
        "holds no run",
        where=str(out),
        todo="name the folder that `districttype classify` wrote into, or run it",
    )


def find_zones(city: City, run: Run, zone: str) -> list[tuple[str, str]]:
    """Return (zone set, zone id) of the zones that an id, a zone's name or a place means.

    An id comes first, then the city's gazetteer, then a zone's name in any language. A place of
    several zones is explained as one, and then zone by zone.

    Raises
    ------
    ConfigError
        If nothing is called so; the nearest names are suggested.
    """
    order = sorted(run.zones, key=lambda name: (name == PLACES, name != "districts", name))
    for name in order:
        if name != PLACES and zone in run.zones[name].index:
            return [(name, zone)]
    places = load_places(city)
    place = find_place(places, zone) if places is not None else None
    if place is not None:
        found = _of_place(run, place)
        if found:
            return found
    wanted = zone.casefold()
    for name in order:
        table = run.zones[name][["name", "name_sv", "name_latin"]]
        same = table.map(lambda text: str(text).casefold() == wanted).any(axis=1)
        if same.any():
            return [(name, str(i)) for i in table.index[same]]
    raise ConfigError(
        f"no zone and no place is called {zone!r}",
        where=city.name,
        todo="ids and names stand in districts.csv; try " + ", ".join(_near(run, zone)),
    )


def find_places(city: City, run: Run, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return name -> (zone set, zone id), without the names that mean nothing in the run."""
    found = {}
    for name in names:
        with suppress(ConfigError):
            found[name] = find_zones(city, run, name)[0]
    return found


def _of_place(run: Run, place: Place) -> list[tuple[str, str]]:
    """Return the zone that the place is, or the place as one and then each of its zones."""
    members = [
        (place.zone_set, member)
        for member in place.zones
        if place.zone_set in run.zones and member in run.zones[place.zone_set].index
    ]
    if len(members) > 1 and PLACES in run.zones and place.name in run.zones[PLACES].index:
        return [(PLACES, place.name), *members]
    return members


def _near(run: Run, zone: str) -> list[str]:
    known = [str(name) for table in run.zones.values() for name in table["name"].dropna()]
    return get_close_matches(zone, known, n=3, cutoff=0.3) or sorted(set(known))[:3]
