"""Extracts of OpenStreetMap on the web: fetched whole (and resumed), then read as on disk."""

from __future__ import annotations

from pathlib import Path

from districttype.errors import SourceError
from districttype.providers import Provider, WebOsm
from districttype.sources.features import check_count
from districttype.sources.osmfile import read_extract
from districttype.sources.registry import Raw, Wanted
from districttype.sources.webfile import fetch, of_answer


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Fetch an extract and read what one layer wants of it.

    Raises
    ------
    SourceError
        If it cannot be had, or is no extract.
    """
    assert isinstance(provider, WebOsm)
    suffix = ".osm" if provider.url.endswith(".osm") else ".osm.pbf"
    answer = fetch(provider, directory, suffix)
    try:
        raw = read_extract(answer.path, {"": wanted})[""]
    except SourceError as error:
        raise type(error)(error.what, where=provider.provider, todo=error.todo) from None
    check_count(len(raw.frame), provider, wanted, provider.provider)
    return of_answer(raw, answer, provider)
