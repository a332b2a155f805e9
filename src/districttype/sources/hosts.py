"""Which hosts answer, and whose turn it is: one request at a time to each, and none to the dead."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx


@dataclass
class Host:
    """One host: who is asking it, when it may be asked again, and why it is not asked any more."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    free_at: float = 0.0
    failures: int = 0
    closed: str = ""
    silent: bool = False  # took the knock and said nothing to it


class Hosts:
    """All hosts of a session.

    Those that are expected to be asked are knocked at, all at once, before the first request, so
    that with no network at all a run knows it within seconds.
    """

    def __init__(self, client: httpx.Client, patience: float, expected: Iterable[str]) -> None:
        self._client, self._patience = client, patience
        self._expected = {origin(url) for url in expected}
        self._hosts: dict[str, Host] = {}
        self._knocked: set[str] = set()
        self._lock, self._knocking = threading.Lock(), threading.Lock()

    def at(self, url: str) -> Host:
        """Return the host of an address, knocked at."""
        self._knock(self._expected | {origin(url)})
        return self._host(origin(url))

    def reachable(self, urls: Iterable[str]) -> bool:
        """Return whether any of these hosts answers at all.

        One that takes a connection and says nothing is slow. Where all do, of several, something
        on the way (a firewall, a proxy) takes them and passes nothing on.
        """
        origins = {origin(url) for url in urls}
        self._knock(origins)
        there = [host for host in map(self._host, origins) if not host.closed]
        if len(there) > 1 and all(host.silent for host in there):
            for host in there:
                host.closed = "takes the connection and answers nothing, like all others"
            return False
        return bool(there)

    def _host(self, name: str) -> Host:
        with self._lock:
            return self._hosts.setdefault(name, Host())

    def _knock(self, origins: set[str]) -> None:
        with self._knocking:  # whoever comes second waits for what the first finds out
            self._knock_alone(origins - self._knocked)
            self._knocked |= origins

    def _knock_alone(self, new: set[str]) -> None:
        # Daemons: a name server that hangs must not keep the program from ending.
        threads = [threading.Thread(target=self._try, args=(name,), daemon=True) for name in new]
        for name, thread in zip(new, threads, strict=True):
            self._host(name).closed = "does not answer"
            thread.start()
        until = time.monotonic() + 2 * self._patience + 1
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _try(self, name: str) -> None:
        host = self._host(name)
        for again in (True, False):
            try:
                with self._client.stream(
                    "HEAD", name + "/", timeout=self._patience, follow_redirects=False
                ):
                    host.closed = ""
                    return
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
                host.closed = reason(error)
                if again:
                    time.sleep(0.3)
            except httpx.HTTPError as error:  # it is there, and that was the question
                host.closed, host.silent = "", isinstance(error, httpx.ReadTimeout)
                return


def origin(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def reason(error: Exception) -> str:
    """Say why a host cannot be reached."""
    text = str(error).lower()
    if isinstance(error, httpx.ProxyError):
        return f"the proxy says: {error}"
    if isinstance(error, httpx.ConnectTimeout) or "timed out" in text:
        return "does not answer"
    if any(sign in text for sign in ("name or service", "getaddrinfo", "nodename", "resolution")):
        return "cannot be reached: its name is not known here (no network?)"
    if "refused" in text:
        return "refuses the connection"
    if "certificate" in text:
        return f"has no certificate to be trusted ({error})"
    return f"cannot be reached ({error})"
