"""Vector files on the web: fetched whole (and resumed where broken off), then read as on disk."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from districttype.errors import SourceError, SourceTruncatedError
from districttype.providers import Provider, Service, WebFile
from districttype.sources.download import Answer, Facts, current
from districttype.sources.features import check_count, without_doubles
from districttype.sources.refusals import refusal
from districttype.sources.registry import Raw, Wanted
from districttype.sources.transfer import Request
from districttype.sources.vectorfile import Options, read_file

_SUFFIXES = (".geojson", ".json", ".gpkg", ".gml", ".zip", ".csv", ".parquet", ".fgb", ".kml",
             ".gpkg.gz", ".json.gz", ".geojson.gz", ".csv.gz", ".osm.pbf", ".osm")  # fmt: skip

_TEXTS = {".geojson", ".json", ".gml", ".csv", ".kml"}  # smaller compressed; others are resumed


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Fetch and read a file.

    Raises
    ------
    SourceError
        If it cannot be had, or is a web page in place of data; and as `vectorfile.read_file`.
    """
    assert isinstance(provider, WebFile)
    answer = fetch(provider, directory)
    options = Options(provider.layer, provider.crs, provider.x, provider.y, provider.encoding)
    try:
        raw = _read(answer.path, options, wanted)
    except SourceError as error:
        raise type(error)(error.what, where=provider.provider, todo=error.todo) from None
    changes: Counter[str] = Counter(raw.changes)
    check_count(len(raw.frame), provider, wanted, provider.provider)
    frame = raw.frame
    if provider.id is not None:
        frame = without_doubles(frame, provider, changes, provider.provider)
    kept = {key: count for key, count in changes.items() if count}
    return of_answer(replace(raw, frame=frame, changes=kept), answer, provider)


def _read(path: Path, options: Options, wanted: Wanted) -> Raw:
    if path.suffix != ".gz" or path.name.endswith(".csv.gz"):
        return read_file(path, options, wanted)
    with tempfile.TemporaryDirectory(prefix="districttype-") as folder:
        plain = Path(folder) / path.stem
        try:
            with gzip.open(path) as packed, plain.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
        except (EOFError, OSError, zlib.error) as error:
            raise SourceTruncatedError(
                f"is damaged ({error})", where=path.name, todo="fetch it anew: --refresh"
            ) from None
        return read_file(plain, options, wanted)


def fetch(provider: Service, directory: Path, suffix: str = "") -> Answer:
    """Fetch a provider's file, or find it in the cache."""
    name = urlsplit(provider.url).path.rpartition("/")[2].lower()
    fits = [known for known in _SUFFIXES if name.endswith(known)]
    ending = suffix or max(fits, key=len, default=".json")
    stem = name.removesuffix(ending) or "file"

    def inspect(path: Path, headers: Mapping[str, str]) -> Facts:
        with path.open("rb") as stream:
            said = refusal(stream.read(65536))
        if said is not None:
            raise SourceError(f"sent {said}", where=provider.provider)
        return Facts(date=_day(headers.get("last-modified", "")))

    request = Request(
        provider.url, params=provider.params, name=stem, suffix=ending,
        whole=ending not in _TEXTS,
    )  # fmt: skip
    with current() as opened:
        return opened.get(request, provider, directory, inspect)


def of_answer(raw: Raw, answer: Answer, provider: Service) -> Raw:
    """Say of rows read from a fetched file where they came from."""
    return replace(
        raw,
        state=answer.state,
        address=provider.url,
        vintage=provider.vintage or raw.vintage or answer.entry.date,
        notes=(*raw.notes, *answer.notes),
    )


def _day(modified: str) -> str:
    """Return the day of a Last-Modified header; '' for none."""
    try:
        return parsedate_to_datetime(modified).date().isoformat()
    except ValueError:
        return ""
