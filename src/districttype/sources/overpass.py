"""OpenStreetMap through Overpass: one question a layer, an answer that is whole or an error.

An answer with a `remark` broke off on the server ("Query timed out", "out of memory") though its
status is 200: it is an error, never data, never cached; then the next mirror is asked. OSMnx asks
the same question, but over connections of its own, and its areas are put together in Python; here
the answer is written out as an extract and read by the same code as files are (`osmfile`), so that
the same objects come out whichever way they came in.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from districttype.errors import ConfigError, SourceError, SourceUnavailableError
from districttype.providers import Overpass, Provider
from districttype.sources.download import Answer, Facts, Session, current
from districttype.sources.features import box_of, check_count, read_json
from districttype.sources.osmfile import read_extract
from districttype.sources.refusals import json_refusal, refusal
from districttype.sources.registry import WGS84, Raw, Wanted
from districttype.sources.transfer import Request

MOST_MEMORY = 1 << 30
_KINDS = {"point": ("node",), "line": ("way",), "area": ("way", "relation")}


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Ask for what one layer wants, of the first service that gives it whole.

    Raises
    ------
    ConfigError
        If nothing says where to look.
    SourceError
        If no service does: what the first said, and what the last.
    """
    assert isinstance(provider, Overpass)
    query = question(provider, wanted)
    with current() as opened:
        answer, url, notes = _first_whole(opened, provider, directory, query)
    document = read_answer(answer.path, where=provider.provider)
    raw = to_raw(document, wanted)
    check_count(len(raw.frame), provider, wanted, provider.provider)
    return replace(
        raw,
        state=answer.state,
        address=url,
        vintage=provider.vintage or answer.entry.date,
        notes=(*raw.notes, *answer.notes, *notes),
    )


def _first_whole(
    opened: Session, provider: Overpass, directory: Path, query: str
) -> tuple[Answer, str, list[str]]:
    errors: list[SourceError] = []

    def inspect(path: Path, headers: Mapping[str, str]) -> Facts:
        document = read_answer(path, where=provider.provider)
        day = str((document.get("osm3s") or {}).get("timestamp_osm_base", ""))[:10]
        return Facts(rows=len(document["elements"]), date=day)

    for url in (provider.url, *provider.mirrors):
        request = Request(
            url.rstrip("/") + "/interpreter", form={"data": query}, name="overpass", suffix=".json"
        )
        try:
            answer = opened.get(request, provider, directory, inspect)
        except SourceError as error:
            errors.append(error)
            continue
        failed = [str(error) for error in errors]
        return answer, url, [f"another service was asked because: {failed[0]}"] if failed else []
    gone = all(isinstance(error, SourceUnavailableError) for error in errors)
    first, last = errors[0], errors[-1]
    others = f"; the last of {len(errors)}: {last.what}" if len(errors) > 1 else ""
    kind = SourceUnavailableError if gone else SourceError
    raise kind(f"{first.what}{others}", where=first.where) from None


def question(provider: Overpass, wanted: Wanted) -> str:
    """Write the question in the language of Overpass.

    Raises
    ------
    ConfigError
        If neither an area nor a `boundary` says where to look.
    """
    box = box_of(wanted, WGS84)
    head = f"[out:json][timeout:{provider.timeout:.0f}][maxsize:{MOST_MEMORY}]"
    within, pivot = "", ""
    if box is not None:
        west, south, east, north = box
        head += f"[bbox:{south:.3f},{west:.3f},{north:.3f},{east:.3f}]"
        lines = [head + ";"]
    elif provider.boundary:
        name = _quoted(provider.boundary)
        lines = [head + ";", f'area["boundary"="administrative"]["name"={name}]->.a;']
        within, pivot = "(area.a)", "relation(pivot.a);"
    else:
        raise ConfigError(
            "nothing says where to look",
            where=provider.provider,
            todo="name the municipality: boundary = '...'",
        )
    kinds = sorted({kind for shape in wanted.shapes for kind in _KINDS[shape]})
    lines.append("(")
    lines += [
        f"{kind}{_test(key, values)}{_levels(provider, kind, key)}{within};"
        for key, values in sorted(wanted.tags.items())
        for kind in kinds
    ]
    lines += [pivot] if pivot else []
    lines += [");", "out body;", ">;", "out skel qt;"]
    return "\n".join(lines)


def _test(key: str, values: Iterable[str] | None) -> str:
    if values is None:
        return f"[{_quoted(key)}]"
    listed = sorted(values)
    if "*" in listed or not listed:
        return f"[{_quoted(key)}]"
    if len(listed) == 1:
        return f"[{_quoted(key)}={_quoted(listed[0])}]"
    pattern = "|".join(_escaped(value) for value in listed)
    return f"[{_quoted(key)}~{_quoted(f'^({pattern})$')}]"


def _levels(provider: Overpass, kind: str, key: str) -> str:
    """Leave out the borders of counties and countries, which are long."""
    if key != "boundary" or kind == "node" or not provider.levels:
        return ""
    return f'["admin_level"~"^({"|".join(str(level) for level in provider.levels)})$"]'


def _escaped(value: str) -> str:
    return "".join("\\" + c if c in ".^$*+?()[]{}|\\" else c for c in value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read_answer(path: Path, *, where: str) -> dict[str, Any]:
    """Read an answer.

    Raises
    ------
    SourceError
        If it holds a remark, or is none.
    """
    with path.open("rb") as stream:
        head = stream.read(65536)
    if head.lstrip().startswith(b"<"):
        raise SourceError(f"sent {refusal(head) or 'XML'} in place of data", where=where)
    document = read_json(path, where=where)
    said = json_refusal(document)
    if said is not None or not isinstance(document, dict):
        raise SourceError(f"refuses: {said or 'no object'}", where=where)
    remark = document.get("remark")
    if remark:
        raise SourceError(f"broke off: {remark}", where=where)
    if not isinstance(document.get("elements"), list):
        raise SourceError("sent JSON without elements", where=where)
    return document


def to_raw(document: Mapping[str, Any], wanted: Wanted) -> Raw:
    """Return the rows of an answer, through an extract of its own."""
    with tempfile.TemporaryDirectory(prefix="districttype-") as folder:
        path = Path(folder) / "answer.osm"
        write_extract(document["elements"], path)
        return read_extract(path, {"": replace(wanted, area=None)})[""]


def write_extract(elements: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Write elements as an extract (.osm), sorted; geometry given inline becomes nodes."""
    nodes: dict[int, tuple[float, float, Mapping[str, str]]] = {}
    ways: dict[int, tuple[list[int], Mapping[str, str]]] = {}
    relations: dict[int, Mapping[str, Any]] = {}
    made: dict[tuple[float, float], int] = {}

    def node_at(point: Mapping[str, float], number: int | None = None) -> int:
        place = (point["lat"], point["lon"])
        if number is None:
            number = made.setdefault(place, (1 << 35) + len(made))
        nodes.setdefault(number, (*place, {}))
        return number

    for element in elements:
        number, tags = int(element["id"]), element.get("tags") or {}
        kind, geometry = element["type"], element.get("geometry")
        if kind == "node" and (number not in nodes or tags):
            nodes[number] = (element["lat"], element["lon"], tags)
        elif kind == "way" and (number not in ways or tags):
            refs = [int(ref) for ref in element.get("nodes") or []]
            if geometry:
                known = refs if len(refs) == len(geometry) else [None] * len(geometry)
                refs = [node_at(p, r) for p, r in zip(geometry, known, strict=True) if p]
            ways[number] = (refs, tags)
        elif kind == "relation" and (number not in relations or tags):
            relations[number] = element
            for member in element.get("members") or []:
                if member["type"] == "way" and member.get("geometry"):
                    line = [node_at(p) for p in member["geometry"] if p]
                    ways.setdefault(int(member["ref"]), (line, {}))
                elif member["type"] == "node" and "lat" in member:
                    node_at(member, int(member["ref"]))
    with path.open("w", encoding="utf-8") as out:
        out.write("<?xml version='1.0' encoding='UTF-8'?>\n<osm version='0.6'>\n")
        for number in sorted(nodes):
            lat, lon, tags = nodes[number]
            out.write(
                f"<node id='{number}' version='1' lat='{lat}' lon='{lon}'>{_tags(tags)}</node>\n"
            )
        for number in sorted(ways):
            refs, tags = ways[number]
            points = "".join(f"<nd ref='{ref}'/>" for ref in refs)
            out.write(f"<way id='{number}' version='1'>{points}{_tags(tags)}</way>\n")
        for number in sorted(relations):
            element = relations[number]
            members = "".join(
                f"<member type='{m['type']}' ref='{m['ref']}' role={quoteattr(m.get('role', ''))}/>"
                for m in element.get("members") or []
            )
            tags = _tags(element.get("tags") or {})
            out.write(f"<relation id='{number}' version='1'>{members}{tags}</relation>\n")
        out.write("</osm>\n")


def _tags(tags: Mapping[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())
