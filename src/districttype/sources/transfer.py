"""One request, and what becomes of its answer: a file that can be resumed, or a few bytes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

import httpx

from districttype.errors import (
    SourceError,
    SourceTruncatedError,
    SourceUnavailableError,
)

T_co = TypeVar("T_co", covariant=True)


class Again(Exception):  # noqa: N818 - no error, a wish
    """Raised inside an attempt that is worth another; `wait` is what the service asked for."""

    def __init__(self, error: SourceError, *, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error, self.wait = error, wait


@dataclass(frozen=True)
class Request:
    """What to ask. Secrets stand in it as `${NAME}`.

    `name` and `suffix` make the file's name; `whole` says that the answer is a file of its own
    (an archive, an extract), asked for without compression so that it can be resumed.
    """

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    suffix: str = ".bin"
    whole: bool = False

    @property
    def method(self) -> str:
        """Return GET, or POST where there is something to post."""
        return "POST" if self.form or self.json is not None else "GET"

    def address(self) -> str:
        """Return the address with its query, secrets left as `${NAME}`."""
        if not self.params:
            return self.url
        joint = "&" if "?" in self.url else "?"
        return self.url + joint + urlencode(self.params, safe=":,${}/*()'")

    def body(self) -> str:
        """Return what is posted, secrets left as `${NAME}`."""
        if self.json is not None:
            return json.dumps(self.json, ensure_ascii=False, sort_keys=True)
        return urlencode(self.form, safe=":,${}/*()'[];") if self.form else ""

    def key(self) -> str:
        """Return what makes this request differ from any other."""
        return f"{self.method}\n{self.address()}\n{self.body()}"


class Plan(Protocol[T_co]):
    """What a request does with its answer."""

    accepts: frozenset[int]

    def headers(self) -> Mapping[str, str]:
        """Return headers for the next attempt."""
        ...

    def take(self, response: httpx.Response, where: str) -> T_co:
        """Take the body in."""
        ...

    def forget(self) -> None:
        """Forget what earlier attempts brought."""
        ...


@dataclass
class ToMemory:
    """Takes a small answer into memory."""

    limit: int
    accepts: frozenset[int] = frozenset({200})

    def headers(self) -> Mapping[str, str]:
        """Return nothing of its own."""
        return {}

    def forget(self) -> None:
        """Do nothing: no attempt leaves anything."""

    def take(self, response: httpx.Response, where: str) -> tuple[bytes, Mapping[str, str]]:
        """Return body and headers."""
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self.limit:
                raise _too_long(self.limit, where)
        return bytes(body), response.headers


@dataclass
class ToFile:
    """Takes an answer into a `.part` file, going on where an earlier attempt or run broke off.

    It goes on only where the service gave the answer a name (a strong ETag, or the time of its last
    change) and is asked for that very answer; else it begins anew.
    """

    path: Path
    key: str
    etag: str
    limit: int
    slow: float
    slow_after: float
    deadline: float
    whole: bool = False
    inspect: Callable[[Path, Mapping[str, str]], Any] | None = None
    accepts: frozenset[int] = frozenset({200, 206, 304})

    @property
    def part(self) -> Path:
        """Return the unfinished file."""
        return self.path.with_name(self.path.name + ".part")

    @property
    def _about(self) -> Path:
        return self.path.with_name(self.path.name + ".part.json")

    def headers(self) -> Mapping[str, str]:
        """Return what asks for the rest, or for a change since the last time."""
        asked = {"Accept-Encoding": "identity"} if self.whole else {}
        validator = self._validator()
        if validator:
            start = self.part.stat().st_size
            return asked | {"Range": f"bytes={start}-", "If-Range": validator}
        if self.etag:
            return asked | {"If-None-Match": self.etag}
        return asked

    def forget(self) -> None:
        """Remove what earlier attempts brought."""
        for path in (self.part, self._about):
            path.unlink(missing_ok=True)

    def take(self, response: httpx.Response, where: str) -> tuple[Mapping[str, str], Any] | None:
        """Write the body, have it inspected; None where nothing has changed (304)."""
        if response.status_code == httpx.codes.NOT_MODIFIED:
            return None
        mode = "wb"
        if response.status_code == httpx.codes.PARTIAL_CONTENT:
            start, total = content_range(response.headers.get("content-range", ""))
            if start is None or not self.part.is_file() or start != self.part.stat().st_size:
                self.forget()
                raise Again(SourceTruncatedError("sent another part than asked", where=where))
            mode = "ab"
        else:
            total = _length(response.headers)
            self._remember(response.headers)
        self._write(response, mode, where)
        if total is not None and self.part.stat().st_size != total:
            raise Again(SourceTruncatedError("the answer broke off", where=where))
        self._about.unlink(missing_ok=True)
        facts = None
        if self.inspect is not None:
            try:
                facts = self.inspect(self.part, response.headers)
            except SourceTruncatedError as error:
                self.forget()
                raise Again(error) from None
            except BaseException:
                self.forget()
                raise
        return response.headers, facts

    def _write(self, response: httpx.Response, mode: str, where: str) -> None:
        begun = window = time.monotonic()
        in_window = 0
        with self.part.open(mode) as stream:
            size = stream.tell()
            for chunk in response.iter_bytes():
                stream.write(chunk)
                size += len(chunk)
                in_window += len(chunk)
                now = time.monotonic()
                if size > self.limit:
                    stream.close()
                    self.forget()
                    raise _too_long(self.limit, where)
                if now - window > self.slow_after:
                    if in_window < self.slow * (now - window):
                        raise Again(SourceUnavailableError("sends next to nothing", where=where))
                    window, in_window = now, 0
                if now - begun > self.deadline:
                    raise SourceUnavailableError(
                        f"was not done after {self.deadline:.0f} s", where=where
                    )

    def _remember(self, headers: httpx.Headers) -> None:
        """Note the answer's name before its body comes, so that the rest can be asked for."""
        self.forget()
        etag = headers.get("etag", "")
        validator = etag if etag and not etag.startswith("W/") else headers.get("last-modified", "")
        if validator and "content-encoding" not in headers:
            about = {"key": self.key, "validator": validator}
            self._about.write_text(json.dumps(about), encoding="utf-8")

    def _validator(self) -> str:
        with suppress(OSError, ValueError, KeyError):
            about = json.loads(self._about.read_text(encoding="utf-8"))
            if about["key"] == self.key and self.part.stat().st_size > 0:
                return str(about["validator"])
        self.forget()
        return ""


def _too_long(limit: int, where: str) -> SourceError:
    return SourceError(f"sent more than {limit / 2**20:.0f} MiB", where=where)


def _length(headers: httpx.Headers) -> int | None:
    if "content-encoding" in headers or not headers.get("content-length", "").isdigit():
        return None
    return int(headers["content-length"])


def content_range(value: str) -> tuple[int | None, int | None]:
    """Return the first byte and the length of the whole out of 'bytes 100-199/200'."""
    with suppress(ValueError, IndexError):
        span, _, total = value.removeprefix("bytes ").partition("/")
        return int(span.split("-")[0]), int(total) if total.isdigit() else None
    return None, None
