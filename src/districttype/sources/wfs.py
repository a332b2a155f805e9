"""Web Feature Services 1.0.0, 1.1.0 and 2.0.0: GeoServer, ArcGIS, Tekla/Trimble, MapServer, QGIS.

Our own requests and not OWSLib's: it opens connections of its own (see `download`), knows nothing
of the ways in which these servers fail in silence, and leaves reading the answer to the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree
from pyproj import CRS

from districttype.errors import SourceError, SourceTruncatedError, SourceUnavailableError
from districttype.providers import Provider, Wfs
from districttype.sources.download import Facts, Session, current
from districttype.sources.features import (
    Pages,
    box_of,
    finish,
    numbers,
    refuse_too_many,
)
from districttype.sources.gml import Page, north_first
from districttype.sources.placing import parse_crs
from districttype.sources.refusals import refusal
from districttype.sources.registry import Raw, Wanted
from districttype.sources.transfer import Request

# Best first. GeoJSON has one axis order and types; GML3 says its coordinate system; GML2 is last.
FORMATS = (
    "application/json", "json", "application/geo+json", "application/vnd.geo+json", "geojson",
    "application/json; subtype=geojson", "application/gml+xml; version=3.2",
    "text/xml; subtype=gml/3.2.1", "text/xml; subtype=gml/3.2", "gml32",
    "text/xml; subtype=gml/3.1.1", "gml3", "text/xml; subtype=gml/2.1.2", "gml2", "text/xml",
)  # fmt: skip
_OLDEST = 1990
MOST_SAID = 8  # names in a line


@dataclass(frozen=True)
class Capabilities:
    """What a service says it can: names of its types, and output formats."""

    types: tuple[str, ...]
    formats: tuple[str, ...]


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Read a feature type.

    Raises
    ------
    SourceError
        If the service refuses, lacks the type, gives implausibly few rows, or not all it says.
    """
    assert isinstance(provider, Wfs)
    with current() as opened:
        read_, name, vintage = read_pages(opened, provider, directory, wanted)
        return finish(
            read_, provider, wanted, directory, address=f"{provider.url} {name}", vintage=vintage
        )


def read_pages(
    opened: Session, provider: Wfs, directory: Path, wanted: Wanted
) -> tuple[Pages, str, str]:
    """Read all pages of a feature type; return them, the type's name, and its year where dated.

    Raises
    ------
    SourceError
        If the service refuses, lacks the type, or does not give all it says.
    """
    name, vintage, known = _resolve(opened, provider, directory)
    form = provider.format or _format(opened, provider, directory, known)
    read_ = Pages()
    asked = _parameters(provider, name, form, wanted)
    if "BBOX" not in asked:
        wanted = replace(wanted, most=None)  # a window would not be less
    _read_pages(opened, provider, directory, asked, wanted, read_)
    read_.check(provider.provider)
    return read_, name, vintage


def count(provider: Wfs, directory: Path, opened: Session) -> tuple[str, int | None, str]:
    """Return the type's name, how many rows it has (None where the service does not say), date."""
    name, vintage, _ = _resolve(opened, provider, directory)
    asked = _parameters(provider, name, provider.format, Wanted())
    return name, _hits(opened, provider, directory, asked), vintage


def _resolve(
    opened: Session, provider: Wfs, directory: Path
) -> tuple[str, str, Capabilities | None]:
    if provider.type:
        return provider.type, "", None
    known = capabilities(opened, provider, directory)
    where = provider.provider
    if provider.like:
        return alike(known.types, provider.like, where=where), "", known
    name, year = newest(known.types, provider.newest, where=where)
    return name, year, known


def alike(names: Iterable[str], pattern: str, *, where: str) -> str:
    """Return the one name that matches a pattern whole, whatever its case.

    Raises
    ------
    SourceError
        If none does, or several.
    """
    names = list(names)
    found = sorted({name for name in names if re.fullmatch(pattern, name, re.IGNORECASE)})
    if len(found) != 1:
        raise SourceError(
            f"has {len(found) or 'no'} layers whose name matches {pattern}",
            where=where,
            todo=f"name one in `type`: {', '.join(found)}" if found else offered(names, pattern),
        )
    return found[0]


def newest(names: Iterable[str], pattern: str, *, where: str) -> tuple[str, str]:
    """Return the newest of the names that match a pattern whole, and its year.

    Raises
    ------
    SourceError
        If none does.
    """
    found, names = [], list(names)
    for name in names:
        match = re.fullmatch(pattern, name) or re.fullmatch(pattern, name.rpartition(":")[2])
        if match is None:
            continue
        groups = match.groupdict()
        if not _OLDEST <= int(groups["year"]) <= datetime.now(UTC).year + 1:
            continue  # 'kortteli_20170811' is not half 2 of the year 170
        found.append((int(groups["year"]), groups.get("part") or "", name))
    if not found:
        raise SourceError(
            f"has no layer whose name matches {pattern}",
            where=where,
            todo=f"change `newest`; {offered(names, pattern)}",
        )
    year, _, name = max(found)
    return name, str(year)


def offered(names: Iterable[str], pattern: str) -> str:
    """Say what a service has in place of what was looked for, the names most like it first.

    A service of the region has some 400 layers: of those only as many as fit a line.
    """
    words = [word.casefold() for word in re.findall(r"[^\W\d_]{4,}", pattern)]

    def likeness(name: str) -> int:
        return -sum(word in name.casefold() for word in words)

    listed = sorted(set(names), key=lambda name: (likeness(name), name))
    more = f" and {len(listed) - MOST_SAID} more" if len(listed) > MOST_SAID else ""
    return f"it has {', '.join(listed[:MOST_SAID]) or 'none at all'}{more}"


def capabilities(opened: Session, provider: Wfs, directory: Path) -> Capabilities:
    """Return what a service says of itself, from the cache where it was asked before."""
    request = Request(
        provider.url,
        params={
            "SERVICE": "WFS",
            "VERSION": provider.version,
            "REQUEST": "GetCapabilities",
            **provider.params,
        },
        name="capabilities",
        suffix=".xml",
    )
    where = provider.provider

    def inspect(path: Path, headers: Mapping[str, str]) -> Facts:
        return Facts(rows=len(read_capabilities(path, where=where).types))

    answer = opened.get(request, provider, directory, inspect)
    return read_capabilities(answer.path, where=where)


def read_capabilities(path: Path, *, where: str) -> Capabilities:
    """Read a capabilities document of any version.

    Raises
    ------
    SourceError
        If it is an exception or none.
    """
    body = path.read_bytes()
    said = refusal(body[:65536])
    if said is not None:
        raise SourceError(f"refuses: {said}", where=where)
    try:
        root = etree.fromstring(
            body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        )
    except etree.XMLSyntaxError as error:
        raise SourceTruncatedError(f"sent broken capabilities ({error.msg})", where=where) from None
    if not str(etree.QName(root).localname).endswith("Capabilities"):
        raise SourceError("sent no capabilities", where=where)
    types = tuple(
        (name.text or "").strip()
        for listed in root.iter("{*}FeatureType")
        for name in listed.findall("{*}Name")
    )
    formats: list[str] = []
    for operation in root.iter("{*}Operation"):
        if operation.get("name") == "GetFeature":
            for parameter in operation.findall("{*}Parameter"):
                if parameter.get("name", "").lower() == "outputformat":
                    formats += [(value.text or "").strip() for value in parameter.iter("{*}Value")]
    for operation in root.iter("{*}GetFeature"):  # 1.0.0
        for result in operation.iter("{*}ResultFormat"):
            formats += [str(etree.QName(form).localname) for form in result]
    return Capabilities(types, tuple(formats))


def best_format(offered: Iterable[str]) -> str:
    """Return the offered format that is read best, as the service writes it; '' for none known."""
    by_name = {" ".join(form.lower().split()): form for form in offered}
    return next((by_name[form] for form in FORMATS if form in by_name), "")


def _format(opened: Session, provider: Wfs, directory: Path, known: Capabilities | None) -> str:
    return best_format((known or capabilities(opened, provider, directory)).formats)


def _parameters(provider: Wfs, name: str, form: str, wanted: Wanted) -> dict[str, str]:
    two = provider.version == "2.0.0"
    asked = {
        "SERVICE": "WFS",
        "VERSION": provider.version,
        "REQUEST": "GetFeature",
        "typeNames" if two else "typeName": name,
    }
    if form:
        asked["outputFormat"] = form
    if provider.crs:
        asked["srsName"] = provider.crs
    if provider.properties:
        asked["propertyName"] = ",".join(provider.properties)
    if provider.sort:
        asked["sortBy"] = provider.sort
    if provider.filter:  # a filter and a box exclude each other
        asked["FILTER" if provider.filter.lstrip().startswith("<") else "CQL_FILTER"] = (
            provider.filter
        )
    elif provider.bbox != "none" and wanted.area is not None:
        asked["BBOX"] = _box(provider, wanted)
    return asked | provider.params


def _box(provider: Wfs, wanted: Wanted) -> str:
    crs = parse_crs(provider.crs or "EPSG:4326", where=provider.provider)
    box = box_of(wanted, crs)
    assert box is not None
    code = crs.to_epsg()
    if provider.bbox == "plain":
        return numbers(box)
    if provider.bbox == "suffix" and provider.crs:
        return f"{numbers(box)},EPSG:{code}"
    return f"{numbers(_register_order(box, crs))},urn:ogc:def:crs:EPSG::{code}"


def _register_order(
    box: tuple[float, float, float, float], crs: CRS
) -> tuple[float, float, float, float]:
    return (box[1], box[0], box[3], box[2]) if north_first(crs) else box


def _read_pages(
    opened: Session,
    provider: Wfs,
    directory: Path,
    asked: dict[str, str],
    wanted: Wanted,
    read_: Pages,
) -> None:
    two = provider.version == "2.0.0"
    paging = two if provider.paging is None else provider.paging
    size = "count" if two else "maxFeatures"
    while True:
        params = dict(asked)
        if paging:
            params |= {size: str(provider.page), "startIndex": str(read_.rows)}
        suffix = ".json" if "json" in asked.get("outputFormat", "").lower() else ".gml"
        request = Request(
            provider.url,
            params=params,
            name=asked.get("typeNames") or asked["typeName"],
            suffix=suffix,
        )
        short = bool(read_.pages) and len(read_.pages[-1].rows) < provider.page
        try:
            page = read_.fetch(opened, request, provider, directory)
        except SourceUnavailableError:
            raise
        except SourceError:
            if short and read_.complete:  # the question was only whether there is more
                return
            raise
        if len(read_.pages) == 1:
            read_.total = page.matched
            if read_.total is None:
                with suppress(SourceError):  # not every service counts
                    read_.total = _hits(opened, provider, directory, asked)
            refuse_too_many(read_.total, provider, wanted)
        elif _same_start(page, read_.pages[0]):
            read_.pages.pop()  # it does not page, and gave the first one again
            if read_.total is None and read_.rows == provider.page:
                raise SourceTruncatedError(
                    f"gives the first {provider.page:,} rows again, and does not say how many "
                    "there are",
                    where=provider.provider,
                    todo="ask for more at once: page = ...",
                )
            return
        # Of a total that no page confirms nothing is believed: a server that caps its answers may
        # cap its count as well. Then an empty page marks the end.
        done = page.matched is not None and read_.complete
        if not paging or done or not page.rows:
            return


def _same_start(page: Page, first: Page) -> bool:
    return bool(page.rows) and (page.rows[0], page.shapes[0]) == (first.rows[0], first.shapes[0])


def _hits(opened: Session, provider: Wfs, directory: Path, asked: Mapping[str, str]) -> int | None:
    """Ask how many rows there are; None where the answer does not tell."""
    if provider.version == "1.0.0":
        return None
    left = ("outputFormat", "sortBy", "propertyName", "srsName", "maxFeatures", "count")
    params = {key: value for key, value in asked.items() if key not in left}
    params["resultType"] = "hits"
    name = asked.get("typeNames") or asked["typeName"]
    request = Request(provider.url, params=params, name=f"{name} hits", suffix=".xml")

    def inspect(path: Path, headers: Mapping[str, str]) -> Facts:
        return Facts(rows=read_hits(path.read_bytes(), where=provider.provider))

    return opened.get(request, provider, directory, inspect).entry.rows


def read_hits(body: bytes, *, where: str) -> int | None:
    """Read the answer to the question how many rows there are; None for 'unknown'.

    Raises
    ------
    SourceError
        If it is an exception.
    """
    said = refusal(body)
    if said is not None:
        raise SourceError(f"refuses: {said}", where=where)
    found = re.search(rb"numberMatched=[\"'](\d+)", body) or re.search(
        rb"numberOfFeatures=[\"'](\d+)", body
    )
    return int(found[1]) if found else None
