"""Layers out of live services and their cache; which of them answer; and fetching them all.

Each layer has its providers in the city's file, first choice first. One that fails gives way to the
next, and what happened stands in the provenance of the layer.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from districttype.city import City
from districttype.errors import DistricttypeError, SourceUnavailableError
from districttype.layers.collect import Collected, Say, collect
from districttype.layers.openings import with_opening_years
from districttype.layers.shelf import Room
from districttype.providers import Overpass, Pixels, PxWeb, Service
from districttype.sources.download import Policy, Session, session
from districttype.sources.registry import SOURCES
from districttype.sources.store import Store
from districttype.sources.tiles import example_url
from districttype.sources.transfer import Request

QUICK = Policy(probe=1.8, attempts=2, wait_max=2.0, patience=5.0)
PATIENT = Policy(probe=3.0)
CHECKUP = Policy(probe=3.0, attempts=1, patience=0.0, deadline=30.0)
NO_NETWORK = "no live service answers and nothing is cached"


@dataclass(frozen=True)
class Checkup:
    """What one provider answers now."""

    layer: str
    provider: str
    source: str
    host: str
    answers: bool
    name: str = ""
    count: int | None = None
    date: str = ""
    seconds: float = 0.0
    problem: str = ""


def services(city: City) -> Iterator[tuple[str, Service]]:
    """Yield every live provider of a city with its layer, those that are joined among them."""
    for layer, providers in city.layers.items():
        for provider in providers:
            if isinstance(provider, Service):
                yield layer, provider
                yield from ((layer, join.provider) for join in provider.joins)


def reachable(city: City, raw: Path) -> bool:
    """Say, within five seconds, whether live data are worth a try: cached, or a host answers."""
    if Store(raw).entries:
        return True
    urls = [provider.url for _, provider in services(city)]
    opened = Session(QUICK)
    try:
        return bool(urls) and opened.reachable(urls)
    finally:
        opened.close()


def collect_live(
    city: City,
    raw: Path,
    *,
    refresh: bool = False,
    policy: Policy | None = None,
    room: Room | None = None,
    say: Say = lambda _: None,
) -> Collected:
    """Collect the layers of a city from its live providers, through the cache.

    Parameters
    ----------
    city
        Its providers.
    raw
        The cache, a folder of this city alone.
    refresh
        Fetch anew what is cached.
    policy
        How patient to be; left out, as with public services.
    room
        As for `collect`.
    say
        Told of each provider what became of it.

    Raises
    ------
    DistricttypeError
        If no provider gives the districts. Any other layer may be missing from the result.
    """
    with _opened(city, replace(policy or PATIENT, refresh=refresh)):
        found = collect(city, city.layers, raw, patient=True, room=room, say=say)
    if "stops" in found.layers:
        found.layers = found.layers.having(with_opening_years(found.layers["stops"], city))
    return found


def fetch(
    city: City,
    raw: Path,
    *,
    refresh: bool = False,
    max_age: timedelta | None = None,
    say: Say = lambda _: None,
) -> Collected:
    """Fetch all layers of a city into the cache.

    Parameters
    ----------
    city, raw, say
        As for `collect_live`.
    refresh
        Fetch anew what is cached.
    max_age
        Fetch anew what was fetched longer ago.

    Raises
    ------
    SourceUnavailableError
        If no host can be reached: `say` is told why, one line a provider.
    DistricttypeError
        If no provider gives the districts.
    """
    with _opened(city, replace(PATIENT, refresh=refresh, max_age=max_age)) as opened:
        listed = list(services(city))
        if not opened.reachable(provider.url for _, provider in listed):
            for layer, provider in listed:
                say(f"{layer}: {provider.provider} ({host(provider)}): "
                    f"{opened.closed(provider.url)}")  # fmt: skip
            raise SourceUnavailableError(
                f"none of {len(listed)} providers can be reached",
                where=city.name,
                todo="is there a network? Behind a proxy, set HTTPS_PROXY",
            )
        return collect(city, city.layers, raw, patient=True, say=say)


def doctor(city: City) -> list[Checkup]:
    """Ask every provider what it has now, all hosts at once; nothing comes from the cache."""
    listed = list(services(city))
    with (
        tempfile.TemporaryDirectory(prefix="districttype-") as folder,
        _opened(city, CHECKUP) as opened,
    ):
        opened.reachable(provider.url for _, provider in listed)
        with ThreadPoolExecutor(8) as pool:
            return list(
                pool.map(lambda each: _check(each[0], each[1], Path(folder), opened), listed)
            )


def _check(layer: str, provider: Service, folder: Path, opened: Session) -> Checkup:
    begun = time.monotonic()
    row = Checkup(layer, provider.provider, provider.source, host(provider), answers=False)
    asked = provider.model_copy(update={"timeout": min(provider.timeout, 20.0)})
    try:
        name, count, day = _ask(asked, folder, opened)
    except DistricttypeError as error:
        problem = "; ".join(filter(None, (error.what, error.todo)))
        return replace(row, problem=problem, seconds=round(time.monotonic() - begun, 1))
    return replace(
        row, answers=True, name=name, count=count, date=day or provider.vintage,
        seconds=round(time.monotonic() - begun, 1),
    )  # fmt: skip


def _ask(provider: Service, folder: Path, opened: Session) -> tuple[str, int | None, str]:
    """Return name, number of rows and date, as far as a provider tells them without the data."""
    if isinstance(provider, Overpass):
        opened.ask(Request(provider.url.rstrip("/") + "/status"), provider)
        return "status", None, ""
    count: Any = getattr(import_module(SOURCES[provider.source]), "count", None)
    if count is not None:
        found: tuple[str, int | None, str] = count(provider, folder, opened)
        return found
    if isinstance(provider, PxWeb):
        opened.ask(Request(provider.url), provider)
        return urlsplit(provider.url).path.rpartition("/")[2], None, ""
    url = example_url(provider) if isinstance(provider, Pixels) else provider.url
    return opened.exchange(Request(url, params=provider.params), provider, _Head())


class _Head:
    """Looks at the head of an answer and leaves its body."""

    accepts: frozenset[int] = frozenset({200, 206})

    def headers(self) -> dict[str, str]:
        """Ask for one byte."""
        return {"Range": "bytes=0-0", "Accept-Encoding": "identity"}

    def forget(self) -> None:
        """Do nothing: there is nothing to forget."""

    def take(self, response: httpx.Response, where: str) -> tuple[str, int | None, str]:
        """Return the file's name and the time of its last change."""
        name = urlsplit(str(response.url)).path.rpartition("/")[2]
        return name, None, response.headers.get("last-modified", "")


def host(provider: Service) -> str:
    """Return the host of a provider."""
    return urlsplit(provider.url).hostname or ""


@contextmanager
def _opened(city: City, policy: Policy) -> Iterator[Session]:
    urls = [provider.url for _, provider in services(city)]
    with session(policy, expected=urls) as opened:
        yield opened
