"""The cache of what was fetched: files as they came, and a manifest that says what each one is.

A file is written beside its place (`.part`) and put there in one step, and its line in the manifest
after it. Whatever moment a run is killed at, a file without a line, or one that differs from its
line, counts for nothing and is fetched again.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

try:
    import fcntl
except ImportError:  # Windows: two runs at a time are at their own risk
    fcntl = None  # type: ignore[assignment]

MANIFEST = "manifest.json"


class Entry(BaseModel):
    """What the manifest says of one file."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    provider: str
    url: str = Field(description="Address asked, secrets left as ${NAME}")
    method: str = "GET"
    body: str = Field(default="", description="What was sent with a POST")
    fetched: datetime
    date: str = Field(default="", description="The data's own date, as the service states it")
    licence: str = ""
    attribution: str = ""
    rows: int | None = Field(default=None, description="Rows in the file, where it has rows")
    bytes: int = 0
    sha256: str = ""
    content_type: str = ""
    content_crs: str = ""
    etag: str = ""
    modified: str = Field(default="", description="Last-Modified of the answer")


class Store:
    """One folder of fetched files with its manifest."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._entries: dict[str, Entry] | None = None

    @property
    def entries(self) -> dict[str, Entry]:
        """Return the manifest: file name, relative to the folder, to what it is."""
        if self._entries is None:
            self._entries = _read(self.directory / MANIFEST)
        return self._entries

    def path(self, name: str) -> Path:
        """Return where a file of that name lies."""
        return self.directory / name

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs from writing here until the block ends."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / ".lock").open("w") as lock:
            if fcntl is not None:
                fcntl.flock(
                    lock, fcntl.LOCK_EX
                )  # let go when the file is closed, or its run killed
            self._entries = None
            yield

    def whole(self, name: str, *, max_age: timedelta | None = None) -> Entry | None:
        """Return the line of a file that is there, unharmed and not too old; else None."""
        entry = self.entries.get(name)
        path = self.path(name)
        if entry is None or not path.is_file() or path.stat().st_size != entry.bytes:
            return None
        if max_age is not None and datetime.now(UTC) - entry.fetched > max_age:
            return None
        return entry if checksum(path) == entry.sha256 else None

    def put(self, name: str, part: Path, entry: Entry) -> Entry:
        """Put a finished file in its place, then its line in the manifest."""
        entry = entry.model_copy(update={"bytes": part.stat().st_size, "sha256": checksum(part)})
        part.replace(self.path(name))
        self.note(name, entry)
        return entry

    def note(self, name: str, entry: Entry) -> None:
        """Write a file's line in the manifest, keeping what others wrote meanwhile."""
        entries = _read(self.directory / MANIFEST)
        entries[name] = entry
        text = json.dumps(
            {"files": {key: _plain(entries[key]) for key in sorted(entries)}},
            ensure_ascii=False,
            indent=1,
        )
        beside = self.directory / (MANIFEST + ".part")
        beside.write_text(text + "\n", encoding="utf-8")
        beside.replace(self.directory / MANIFEST)
        self._entries = entries


def file_name(provider: str, name: str, key: str, suffix: str) -> str:
    """Return the name of the file for one request, readable and the same on every run."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:12]
    return f"{slug(provider)}/{slug(name)}-{digest}{suffix}"


def slug(text: str) -> str:
    """Return letters, digits and hyphens of a text, at most 60 of them."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "x"


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _plain(entry: Entry) -> dict[str, Any]:
    return {key: value for key, value in entry.model_dump(mode="json").items() if value != ""}


def _read(path: Path) -> dict[str, Entry]:
    """Read a manifest; what cannot be read in it counts as not fetched."""
    entries: dict[str, Entry] = {}
    with suppress(OSError, ValueError, AttributeError):
        for name, line in json.loads(path.read_text(encoding="utf-8"))["files"].items():
            with suppress(ValidationError):
                entries[name] = Entry.model_validate(line)
    return entries
