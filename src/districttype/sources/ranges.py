"""A file on a server, read in pieces: only the blocks asked for are fetched."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from districttype.errors import SourceError
from districttype.providers import Service
from districttype.sources.download import Session
from districttype.sources.transfer import Request, content_range

BLOCK = 1 << 17
KEPT = 256  # blocks in memory: 32 MiB
RUN = 64  # blocks of one request, at most: 8 MiB


@dataclass
class _Piece:
    """Takes one piece of a file, and the file's size."""

    start: int
    stop: int
    accepts: frozenset[int] = frozenset({206})

    def headers(self) -> Mapping[str, str]:
        """Ask for the piece."""
        return {"Range": f"bytes={self.start}-{self.stop - 1}", "Accept-Encoding": "identity"}

    def forget(self) -> None:
        """Do nothing: no attempt leaves anything."""

    def take(self, response: httpx.Response, where: str) -> tuple[bytes, int]:
        """Return the bytes and the size of the whole."""
        body = response.read()
        start, total = content_range(response.headers.get("content-range", ""))
        if total is None:
            raise SourceError("does not say how long its file is", where=where)
        if start != self.start:
            raise SourceError("sent another part than asked", where=where)
        due = min(self.stop, total) - self.start
        if len(body) != due:
            raise SourceError(f"sent {len(body)} bytes of {due}", where=where)
        return body, total


class Blocks:
    """The blocks of one file fetched so far.

    Raises
    ------
    SourceError
        If the server does not serve pieces of files.
    """

    def __init__(self, opened: Session, provider: Service, request: Request) -> None:
        self._opened, self._provider, self._request = opened, provider, request
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self.size = 0
        self._fetch(0)

    def _fetch(self, first: int, stop: int = 0) -> None:
        """Fetch blocks that lie one after the other with one request."""
        stop = max(stop, first + 1)
        piece = _Piece(first * BLOCK, stop * BLOCK)
        body, size = self._opened.exchange(self._request, self._provider, piece)
        if self.size not in (0, size):
            raise SourceError(
                "changed its file while it was read", where=self._provider.provider,
                todo="try again",
            )  # fmt: skip
        self.size = size
        for number in range(first, stop):
            at = (number - first) * BLOCK
            self._blocks[number] = body[at : at + BLOCK]
        while len(self._blocks) > KEPT:
            self._blocks.popitem(last=False)

    def block(self, number: int, last: int) -> bytes:
        """Return a block, fetched where it is not there, with those up to `last` that are not."""
        if number not in self._blocks:
            stop = number + 1
            while stop <= min(last, number + RUN - 1) and stop not in self._blocks:
                stop += 1
            self._fetch(number, stop)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def open(self) -> RangeFile:
        """Open the file; readers open and close it as they like."""
        return RangeFile(self)


class RangeFile(io.RawIOBase):
    """A seekable file over HTTP, for readers that take file objects."""

    def __init__(self, blocks: Blocks) -> None:
        super().__init__()
        self._blocks, self.size, self._at = blocks, blocks.size, 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return the place in the file."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Read from the place on."""
        stop = self.size if size is None or size < 0 else min(self.size, self._at + size)
        parts = []
        while self._at < stop:
            number, skip = divmod(self._at, BLOCK)
            part = self._blocks.block(number, (stop - 1) // BLOCK)[skip : skip + stop - self._at]
            parts.append(part)
            self._at += len(part)
        return b"".join(parts)

    def readinto(self, buffer: Any, /) -> int:
        """Read into a buffer."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)
