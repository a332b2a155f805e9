"""The only place that touches the network: polite, patient with what passes, short with what won't.

One `Session` a run. It asks each host one thing at a time and not too fast, obeys `Retry-After`,
tries again what is worth trying again (time-outs, 429, 502, 503, 504, broken connections, truncated
bodies), goes on where a download broke off, and stops asking a host that cannot be reached. What it
fetched lies in a `Store`; a second run takes it from there.

httpx, because it streams, pools, follows proxies of the environment and names its faults apart;
stamina for the waiting between attempts. OWSLib, OSMnx and GDAL could each open connections of
their own, which would know nothing of the cache, of other readers' haste, or of keys to hide; so
they, too, are given files, or (rasters) the reader of byte ranges in `ranges.py`.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import stamina

from districttype import __version__
from districttype.errors import (
    SourceError,
    SourceMissingError,
    SourceTruncatedError,
    SourceUnavailableError,
)
from districttype.provenance import State
from districttype.providers import Service
from districttype.sources.hosts import Host, Hosts, reason
from districttype.sources.keys import Secrets
from districttype.sources.patience import AGAIN, retry_after, worth_it
from districttype.sources.refusals import words
from districttype.sources.store import Entry, Store, file_name
from districttype.sources.transfer import Again, Plan, Request, ToFile, ToMemory

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Policy:
    """How a session behaves; the defaults are for public services.

    Times are seconds. `patience` is the longest `Retry-After` that is obeyed; `slow` the rate
    (bytes a second) below which a download counts as dead.
    """

    refresh: bool = False
    max_age: timedelta | None = None
    contact: str = ""
    attempts: int = 4
    interval: float = 0.3
    connect: float = 5.0
    deadline: float = 3600.0
    wait_initial: float = 1.0
    wait_max: float = 30.0
    patience: float = 120.0
    slow: float = 100.0
    slow_after: float = 60.0
    probe: float = 4.0
    max_bytes: int = 4 * 2**30


@dataclass(frozen=True)
class Facts:
    """What reading an answer told: its rows and the date its service states."""

    rows: int | None = None
    date: str = ""


@dataclass(frozen=True)
class Answer:
    """A file that was fetched, now or before."""

    path: Path
    entry: Entry
    state: State
    notes: tuple[str, ...] = ()


Inspect = Callable[[Path, Mapping[str, str]], Facts]


class Session:
    """Requests of one run.

    Parameters
    ----------
    policy
        How patient and how polite.
    expected
        Addresses that will be asked. They are knocked at, all at once, before the first request:
        with no network at all a run knows it within seconds.
    """

    def __init__(self, policy: Policy | None = None, *, expected: Iterable[str] = ()) -> None:
        self.policy = policy or Policy()
        self._secrets = Secrets()
        self._fetched: set[Path] = set()  # in this very run: never twice, --refresh or not
        contact = self.policy.contact or os.environ.get("DISTRICTTYPE_CONTACT", "")
        agent = f"districttype/{__version__} ({contact or 'contact: set DISTRICTTYPE_CONTACT'})"
        self._client = httpx.Client(
            headers={"User-Agent": agent}, follow_redirects=True, max_redirects=5
        )
        self._hosts = Hosts(self._client, self.policy.probe, expected)
        # httpx logs every address it asks, keys and all, and httpcore the headers.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)

    def get(
        self,
        request: Request,
        provider: Service,
        directory: Path,
        inspect: Inspect | None = None,
    ) -> Answer:
        """Return the answer to a request from the cache, or fetch it.

        Parameters
        ----------
        request
            What to ask; the answer's file is named after it.
        provider
            Whom; its name, licence and attribution go to the manifest.
        directory
            The cache.
        inspect
            Reads the finished file before it is accepted, and tells what is in it. What it raises
            rejects the file: a SourceTruncatedError asks for another attempt, any other does not.

        Raises
        ------
        SourceUnavailableError
            If the service cannot be reached, or keeps failing.
        SourceError
            If it refuses, or the answer is no data.
        """
        store = Store(directory)
        name = file_name(provider.provider, request.name, request.key(), request.suffix)
        old = store.whole(name)
        if old is not None and store.path(name) in self._fetched:
            return Answer(store.path(name), old, State.LIVE)
        if old is not None and not self._too_old(old):
            return Answer(store.path(name), old, State.CACHED)
        try:
            with store.alone():  # another run may be fetching this very file
                new = store.whole(name)
                if new is not None and not self._too_old(new):
                    return Answer(store.path(name), new, State.CACHED)
                answer = self._fetch(request, provider, store, name=name, inspect=inspect)
                self._fetched.add(answer.path)
                return answer
        except SourceUnavailableError as error:
            if old is None or self.policy.refresh:
                raise
            note = f"{error}; the copy of {old.fetched:%Y-%m-%d} is used"
            log.warning("%s", note)
            return Answer(store.path(name), old, State.CACHED, (note,))

    def ask(self, request: Request, provider: Service) -> tuple[bytes, Mapping[str, str]]:
        """Return an answer's body and headers without storing it; for small answers only."""
        return self._exchange(request, provider, ToMemory(limit=64 * 2**20))

    def ask_json(self, request: Request, provider: Service) -> Any:
        """Return a small JSON document without storing it.

        Raises
        ------
        SourceError
            If it does not answer, or sends something else.
        """
        body, _ = self.ask(request, provider)
        try:
            return json.loads(body)
        except ValueError:
            raise SourceError("sent no JSON", where=provider.provider) from None

    def exchange(self, request: Request, provider: Service, plan: Plan[T]) -> T:
        """Send a request and let `plan` take the answer; for readers of byte ranges."""
        return self._exchange(request, provider, plan)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def reachable(self, urls: Iterable[str]) -> bool:
        """Return whether any of these hosts answers at all."""
        return self._hosts.reachable(urls)

    def closed(self, url: str) -> str:
        """Return why a host is not asked; '' where it answers."""
        return self._hosts.at(url).closed

    def _too_old(self, entry: Entry) -> bool:
        age = datetime.now(UTC) - entry.fetched
        return self.policy.refresh or (
            self.policy.max_age is not None and age > self.policy.max_age
        )

    def _fetch(
        self,
        request: Request,
        provider: Service,
        store: Store,
        *,
        name: str,
        inspect: Inspect | None,
    ) -> Answer:
        old = store.whole(name)
        path = store.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        plan = ToFile(
            path,
            key=request.key(),
            etag=old.etag if old else "",
            whole=request.whole,
            limit=self.policy.max_bytes,
            slow=self.policy.slow,
            slow_after=self.policy.slow_after,
            deadline=self.policy.deadline,
            inspect=inspect,
        )
        done = self._exchange(request, provider, plan)
        now = datetime.now(UTC).replace(microsecond=0)
        if done is None and old is not None:  # 304: what we have is what there is
            entry = old.model_copy(update={"fetched": now})
            store.note(name, entry)
            return Answer(path, entry, State.LIVE)
        assert done is not None
        headers, facts = done
        entry = Entry(
            provider=provider.provider,
            url=request.address(),
            method=request.method,
            body=request.body(),
            fetched=now,
            date=(facts.date if facts else "") or provider.vintage,
            licence=provider.licence,
            attribution=provider.attribution,
            rows=facts.rows if facts else None,
            content_type=headers.get("content-type", ""),
            content_crs=headers.get("content-crs", "").strip("<>"),
            etag=headers.get("etag", ""),
            modified=headers.get("last-modified", ""),
        )
        return Answer(path, store.put(name, plan.part, entry), State.LIVE)

    def _exchange(self, request: Request, provider: Service, plan: Plan[T]) -> T:
        where = f"{provider.provider} ({urlsplit(request.url).hostname})"
        host = self._hosts.at(request.url)
        policy = self.policy
        try:
            for attempt in stamina.retry_context(
                on=worth_it,
                attempts=policy.attempts,
                timeout=None,
                wait_initial=policy.wait_initial,
                wait_max=policy.wait_max,
                wait_jitter=policy.wait_initial,
            ):
                with attempt:
                    if host.closed:
                        raise SourceUnavailableError(host.closed, where=where)
                    answer = self._once(
                        request, provider, plan, host, where=where, number=attempt.num
                    )
                    host.failures = 0
                    return answer
        except Again as again:
            host.failures += 1
            if host.failures >= 2:  # two requests in a row that failed whatever was tried
                host.closed = again.error.what
            raise again.error from None
        raise AssertionError("unreachable")

    def _once(
        self,
        request: Request,
        provider: Service,
        plan: Plan[T],
        host: Host,
        *,
        where: str,
        number: int,
    ) -> T:
        timeout = httpx.Timeout(provider.timeout, connect=self.policy.connect)
        hidden = self._secrets
        fill = {key: hidden.put_in(value, where=where) for key, value in request.params.items()}
        headers = {**provider.headers, **request.headers, **plan.headers()}
        sent = self._client.build_request(
            request.method,
            hidden.put_in(request.url, where=where),
            params=fill or None,
            data=dict(request.form) or None,
            json=request.json,
            headers={key: hidden.put_in(value, where=where) for key, value in headers.items()},
            timeout=timeout,
        )
        interval = self.policy.interval if provider.interval is None else provider.interval
        with host.turn:
            time.sleep(max(0.0, host.free_at - time.monotonic()))
            try:
                response = self._client.send(sent, stream=True)
                try:
                    self._judge(response, plan, where)
                    return plan.take(response, where)
                finally:
                    response.close()
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
                gone = SourceUnavailableError(hidden.take_out(reason(error)), where=where)
                if number >= 2:
                    host.closed = gone.what
                    raise gone from None
                raise Again(gone) from None
            except httpx.TimeoutException:
                late = SourceUnavailableError("did not answer in time", where=where)
                raise Again(late) from None
            except (httpx.TooManyRedirects, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
                raise SourceError(hidden.take_out(str(error)), where=where) from None
            except (httpx.TransportError, httpx.DecodingError) as error:
                cut = SourceTruncatedError(
                    f"the answer broke off ({hidden.take_out(str(error))})", where=where
                )
                raise Again(cut) from None
            finally:
                host.free_at = time.monotonic() + interval

    def _judge(self, response: httpx.Response, plan: Plan[Any], where: str) -> None:
        status = response.status_code
        if status in plan.accepts:
            return
        if status == 416:  # what we have of it is longer than it is: begin anew
            plan.forget()
            raise Again(SourceTruncatedError("the answer broke off", where=where), wait=0.0)
        body = b""
        for chunk in response.iter_bytes(4096):
            body += chunk
            if len(body) >= 4096:
                break
        said = self._secrets.take_out(words(body))
        what = f"answered {status} {response.reason_phrase}".strip() + (f": {said}" if said else "")
        if status in AGAIN:
            wait = retry_after(response.headers.get("retry-after", ""))
            if wait is not None and wait > self.policy.patience:
                raise SourceUnavailableError(
                    f"{what}; asks to be left alone for {wait:.0f} s", where=where
                )
            raise Again(SourceUnavailableError(what, where=where), wait=wait)
        if status >= 500:
            raise SourceUnavailableError(what, where=where)
        todo = {
            401: "it wants a key: see headers and params of the provider",
            403: "it may want a key, or refuse programs",
            404: "the address may have changed",
        }.get(status, "")
        kind = SourceMissingError if status == 404 else SourceError
        raise kind(what, where=where, todo=todo)


_CURRENT: ContextVar[Session | None] = ContextVar("session", default=None)


@contextmanager
def session(policy: Policy | None = None, *, expected: Iterable[str] = ()) -> Iterator[Session]:
    """Open a session that every source uses until the block ends."""
    opened = Session(policy, expected=expected)
    token = _CURRENT.set(opened)
    try:
        yield opened
    finally:
        _CURRENT.reset(token)
        opened.close()


@contextmanager
def current() -> Iterator[Session]:
    """Give the session in force, or one for this block alone."""
    found = _CURRENT.get()
    if found is not None:
        yield found
        return
    with session() as opened:
        yield opened
