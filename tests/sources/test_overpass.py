"""Overpass: what is asked, and that only whole answers are data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from districttype.errors import ConfigError, SourceError
from districttype.provenance import State
from districttype.providers import Overpass
from districttype.sources.download import Session, session
from districttype.sources.overpass import question, read, read_answer, to_raw
from districttype.sources.registry import Wanted
from servers.faulty import Server
from sources.conftest import HASTY

AREA = shapely.box(24.82, 60.18, 24.84, 60.19)
HOUSES = Wanted(AREA, {"building": None}, frozenset({"area"}), ("building", "name"))


def square(number: int, west: float) -> list[dict[str, Any]]:
    corners = [(west, 60.18), (west + 0.001, 60.18), (west + 0.001, 60.181), (west, 60.181)]
    nodes = [
        {"type": "node", "id": number * 10 + place, "lat": lat, "lon": lon}
        for place, (lon, lat) in enumerate(corners)
    ]
    refs = [node["id"] for node in nodes]
    way = {"type": "way", "id": number, "nodes": [*refs, refs[0]], "tags": {"building": "yes"}}
    return [way, *nodes]


def answer(**more: Any) -> bytes:
    stamp = {"timestamp_osm_base": "2026-03-22T20:21:00Z"}
    elements = [*square(1, 24.82), *square(2, 24.83)]
    return json.dumps({"osm3s": stamp, "elements": elements, **more}).encode()


def service(server: Server, *mirrors: str) -> Overpass:
    return Overpass(
        provider="OpenStreetMap",
        source="overpass",
        url=server.url + "/first",
        mirrors=[server.url + path for path in mirrors],
    )


def test_rows_come_whole_with_their_date(server: Server, hasty: Session, tmp_path: Path) -> None:
    server.scripts["/first/interpreter"] = lambda call: call.reply(answer())
    raw = read(service(server), tmp_path, HOUSES)
    assert list(raw.frame["osm_id"].astype(str)) == ["1", "2"]
    assert raw.frame.geometry.iloc[0].equals(shapely.box(24.82, 60.18, 24.821, 60.181))
    assert (raw.state, raw.vintage) == (State.LIVE, "2026-03-22")
    with session(HASTY):
        assert read(service(server), tmp_path, HOUSES).state is State.CACHED
    assert server.counts["/first/interpreter"] == 1


def test_overpass_remark_is_an_error_never_data_never_cached(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    said = 'runtime error: Query timed out in "query" at line 1 after 181 seconds.'
    server.scripts["/first/interpreter"] = lambda call: call.reply(answer(remark=said))
    with pytest.raises(SourceError, match="broke off: runtime error: Query timed out"):
        read(service(server), tmp_path, HOUSES)
    assert not [path for path in tmp_path.rglob("*.json") if path.name != "manifest.json"]


def test_the_next_mirror_is_asked_and_it_is_told(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    server.scripts["/first/interpreter"] = lambda call: call.reply(answer(remark="out of memory"))
    server.scripts["/b/interpreter"] = lambda call: call.reply(answer())
    raw = read(service(server, "/b"), tmp_path, HOUSES)
    assert len(raw.frame) == 2
    assert raw.address.endswith("/b")
    assert "out of memory" in raw.notes[0]


def test_question_names_box_tags_and_kinds() -> None:
    wanted = Wanted(
        AREA, {"building": None, "amenity": {"school", "a.b"}}, frozenset({"area", "point"})
    )
    asked = question(Overpass(provider="O", source="overpass"), wanted)
    assert "[bbox:60.166,24.792,60.204,24.868]" in asked
    assert 'relation["building"];' in asked
    assert 'node["amenity"~"^(a\\\\.b|school)$"];' in asked
    assert asked.endswith("out body;\n>;\nout skel qt;")


def test_without_an_area_the_municipality_is_named() -> None:
    wanted = Wanted(None, {"boundary": {"administrative"}}, frozenset({"area"}))
    named = Overpass(provider="O", source="overpass", boundary="Espoo", levels=[10, 9])
    asked = question(named, wanted)
    assert 'area["boundary"="administrative"]["name"="Espoo"]->.a;' in asked
    assert 'relation["boundary"="administrative"]["admin_level"~"^(10|9)$"](area.a);' in asked
    assert "relation(pivot.a);" in asked
    with pytest.raises(ConfigError, match="nothing says where to look"):
        question(Overpass(provider="O", source="overpass"), wanted)


@pytest.mark.parametrize("name", ["remark_out_of_memory_http200", "remark_timeout_http200"])
def test_captured_remarks(shared: Path, name: str) -> None:
    with pytest.raises(SourceError, match="broke off: runtime error"):
        read_answer(shared / "captures" / "overpass" / f"{name}.json", where="O")


@pytest.mark.parametrize(
    ("name", "tag", "rows"),
    [
        ("helsinki_kamppi_buildings_cut", "building", 46),
        ("baarle_nassau_admin10_relation_out_geom", "boundary", 1),
        ("way_out_geom_bounds", "highway", 1),
        ("leipzig_train_stops_area_query", "railway", 49),
    ],
)
def test_captured_answers(shared: Path, name: str, tag: str, rows: int) -> None:
    document = read_answer(shared / "captures" / "overpass" / f"{name}.json", where="O")
    raw = to_raw(document, Wanted(tags={tag: None}, columns=(tag,)))
    assert len(raw.frame) == rows


def test_a_relation_whose_ring_is_open_is_set_aside(shared: Path) -> None:
    path = shared / "captures" / "overpass" / "berlin_building_multipolygon_relation_body_skel.json"
    raw = to_raw(read_answer(path, where="O"), Wanted(tags={"building": None}))
    assert raw.frame.empty
    assert sum(raw.changes.values()) == 1
