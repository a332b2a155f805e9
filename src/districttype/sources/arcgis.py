"""ArcGIS REST map and feature services: a layer found by name, read a page at a time.

Asked for the server's own JSON, which names its coordinate system and says whether there is more;
its GeoJSON is read too, where a server has nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from districttype.errors import SourceError
from districttype.providers import ArcGis, Provider
from districttype.sources.download import Facts, Session, current
from districttype.sources.features import Pages, box_of, finish, numbers, read_json, refuse_too_many
from districttype.sources.gml import Page
from districttype.sources.placing import parse_crs
from districttype.sources.refusals import json_refusal
from districttype.sources.registry import Raw, Wanted
from districttype.sources.transfer import Request

DEFAULT_CRS = "EPSG:4326"
IDS_AT_ONCE = 250
CHOOSING = ("where", "geometry", "geometryType", "inSR", "spatialRel")  # which rows


@dataclass(frozen=True)
class Layer:
    """What a server says of one layer."""

    number: int
    name: str
    page: int
    key: str
    pages: bool


@dataclass(frozen=True)
class Query:
    """What is asked of one layer of a server."""

    opened: Session
    provider: ArcGis
    directory: Path
    layer: Layer
    asked: Mapping[str, str]

    @property
    def url(self) -> str:
        """Return where rows are asked for."""
        return f"{self.provider.url.rstrip('/')}/{self.layer.number}/query"

    def count(self) -> int | None:
        """Return how many rows there are; None where the server does not say."""
        counted = self.told("returnCountOnly").get("count")
        return counted if isinstance(counted, int) else None

    def told(self, only: str) -> dict[str, Any]:
        """Return what the server says of the rows without giving them."""
        asked = {**self.asked, only: "true"}
        return _ask(self.opened, self.provider, self.directory, self.url, asked)

    def fetch(
        self,
        read_: Pages,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Page:
        """Fetch a page, asked for in the address, or in a form where much is to be said."""
        name = self.layer.name or "layer"
        request = Request(self.url, params or {}, form or {}, name=name, suffix=".json")
        return read_.fetch(self.opened, request, self.provider, self.directory)


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Read a layer.

    Raises
    ------
    SourceError
        If the server refuses, has no such layer, or gives less than it counts.
    """
    assert isinstance(provider, ArcGis)
    read_ = Pages()
    with current() as opened:
        layer = find_layer(opened, provider, directory, read_.notes)
        query = Query(opened, provider, directory, layer, _parameters(provider, wanted))
        read_.total = query.count()
        refuse_too_many(read_.total, provider, wanted)
        (_by_offset if layer.pages else _by_id)(query, read_)
        read_.check(provider.provider)
        return finish(
            read_, provider, wanted, directory, address=f"{provider.url} {layer.name}".strip()
        )


def count(provider: ArcGis, directory: Path, opened: Session) -> tuple[str, int | None, str]:
    """Return the layer's name, how many rows it has (None if untold), and no date."""
    layer = find_layer(opened, provider, directory, [])
    query = Query(opened, provider, directory, layer, _parameters(provider, Wanted()))
    return layer.name, query.count(), ""


def find_layer(opened: Session, provider: ArcGis, directory: Path, notes: list[str]) -> Layer:
    """Find the layer by its name, else by its number, and read how much it gives at once."""
    number, name = provider.number, ""
    if provider.layer:
        known = _ask(opened, provider, directory, provider.url, {"f": "json"})
        number, name = choose(known, provider, notes)
    assert number is not None
    said = _ask(opened, provider, directory, f"{provider.url.rstrip('/')}/{number}", {"f": "json"})
    return describe(said, number, name, provider.page)


def choose(known: Mapping[str, Any], provider: ArcGis, notes: list[str]) -> tuple[int, str]:
    """Return number and name of the layer that the provider's pattern matches.

    Raises
    ------
    SourceError
        If none does, or several, and no number is given.
    """
    listed = {
        int(layer["id"]): str(layer.get("name", ""))
        for layer in known.get("layers") or []
        if not layer.get("subLayerIds")
    }
    fits = [n for n, name in listed.items() if re.fullmatch(provider.layer, name, re.IGNORECASE)]
    if len(fits) == 1:
        return fits[0], listed[fits[0]]
    what = f"has {len(fits) or 'no'} layers named {provider.layer}"
    if provider.number is None or (not fits and provider.number not in listed):
        some = ", ".join(f"{n} {name}" for n, name in list(listed.items())[:12])
        raise SourceError(what, where=provider.provider, todo=f"it has {some or 'none at all'}")
    name = listed.get(provider.number, "")
    notes.append(f"the service {what}; its layer {provider.number} ({name}) was read")
    return provider.number, name


def describe(said: Mapping[str, Any], number: int, name: str, page: int) -> Layer:
    """Return what matters of a layer's description."""
    able = said.get("advancedQueryCapabilities") or {}
    key = said.get("objectIdField") or next(
        (f["name"] for f in said.get("fields") or [] if f.get("type") == "esriFieldTypeOID"), ""
    )
    return Layer(
        number,
        name or str(said.get("name", "")),
        min(page, int(said.get("maxRecordCount") or page)),
        str(key),
        bool(able.get("supportsPagination", said.get("supportsPagination", False))),
    )


def _parameters(provider: ArcGis, wanted: Wanted) -> dict[str, str]:
    crs = parse_crs(provider.crs or DEFAULT_CRS, where=provider.provider)
    asked = {
        "f": "json",
        "where": provider.filter or "1=1",
        "outFields": "*",
        "returnGeometry": "true",
        "outSR": str(crs.to_epsg()),
    }
    box = box_of(wanted, crs)
    if box is not None:
        asked |= {
            "geometry": numbers(box),
            "geometryType": "esriGeometryEnvelope",
            "inSR": str(crs.to_epsg()),
            "spatialRel": "esriSpatialRelIntersects",
        }
    return asked | provider.params


def _by_offset(query: Query, read_: Pages) -> None:
    """Read page after page while the server says that there is more."""
    order = {"orderByFields": query.layer.key} if query.layer.key else {}
    while True:
        place = {"resultOffset": str(read_.rows), "resultRecordCount": str(query.layer.page)}
        page = query.fetch(read_, params={**query.asked, **order, **place})
        missing = read_.total is not None and read_.rows < read_.total
        if not page.rows or not (page.more or missing):
            return


def _by_id(query: Query, read_: Pages) -> None:
    """Read the rows of a server too old to page: first their numbers, then the rows by number."""
    ids = sorted(query.told("returnIdsOnly").get("objectIds") or [])
    read_.total = max(read_.total or 0, len(ids))  # also where the server does not count
    step = min(query.layer.page, IDS_AT_ONCE)
    plain = {key: value for key, value in query.asked.items() if key not in CHOOSING}
    for at in range(0, len(ids), step):
        some = ",".join(str(number) for number in ids[at : at + step])
        query.fetch(read_, form={**plain, "objectIds": some})


def _ask(
    opened: Session, provider: ArcGis, directory: Path, url: str, params: Mapping[str, str]
) -> dict[str, Any]:
    """Ask for a small document; an error object in it is an error."""
    where = provider.provider

    def inspect(path: Path, headers: Mapping[str, str]) -> Facts:
        document = read_json(path, where=where)
        said = json_refusal(document)
        if said is not None:
            raise SourceError(f"refuses: {said}", where=where)
        if not isinstance(document, dict):
            raise SourceError("sent JSON that is no object", where=where)
        return Facts()

    request = Request(url, params=params, name="about", suffix=".json")
    answer = opened.get(request, provider, directory, inspect)
    document: dict[str, Any] = read_json(answer.path, where=where)
    return document
