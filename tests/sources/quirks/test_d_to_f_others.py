"""Sections D to F: Statistics Finland, the Environment Institute, transport."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import pytest

from districttype.city import load_city
from districttype.errors import ConfigError, SourceError
from districttype.layers.live import services
from districttype.sources.gtfs import mode_of
from districttype.sources.overpass import read_answer
from servers.faulty import Call, Server
from sources.quirks.answers import GeoServer, collection, feature
from sources.quirks.conftest import Canonical, Read


def test_d_minus_1_is_suppressed_in_the_grid_of_statistics_finland(
    read: Read, layer: Canonical
) -> None:
    rows = [feature(n, {"vaesto": people}) for n, people in enumerate([-1, 0, 57])]
    table = {"columns": {"residents": "vaesto"}, "sentinels": [-1]}
    found = layer("residents", read(GeoServer("a:b", rows=rows)), **table)
    assert found["residents"].fillna(-9).tolist() == [-9, 0, 57]


def test_d_minus_1_jobs_of_a_postal_area_are_suppressed(read: Read, layer: Canonical) -> None:
    (paavo,) = [each for _, each in services(load_city("espoo")) if "Paavo" in each.provider]
    rows = [feature(n, {"kunta": "049", "tp_tyopy": jobs}) for n, jobs in enumerate([-1, 9200])]
    raw = read(GeoServer("a:b", rows=rows))
    found = layer("residents", raw, columns=paavo.columns, sentinels=paavo.sentinels)
    assert found["jobs"].fillna(-9).tolist() == [-9, 9200]


def test_d_an_attribute_named_like_ours_does_not_hide_the_geometry(read: Read) -> None:
    raw = read(GeoServer("a:b", rows=[feature(1, {"geometry": "MultiPolygon", "bbox": [1, 2]})]))
    assert raw.frame.geometry.iloc[0].geom_type == "Polygon"
    assert raw.frame["geometry_"].tolist() == ["MultiPolygon"]


@pytest.mark.parametrize(
    ("code", "zone"),
    [(1, "pedestrian"), (3, "intensive_transit"), (5, "car"), (40, "transit"), (12, "pedestrian")],
)
def test_e_ykr_zones_by_number(read: Read, layer: Canonical, code: int, zone: str) -> None:
    raw = read(GeoServer("a:b", rows=[feature(1, {"vyoh": code, "vyohselite": "x"})]))
    table: dict[str, Any] = {"columns": {"class": "vyoh"}, "tables": {"class": "ykr_zones"}}
    assert layer("transit_zones", raw, **table)["class"].tolist() == [zone]


def test_e_ykr_zones_come_as_a_zip_that_states_no_crs(
    server: Server, read: Read, tmp_path: Any
) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("YKR/zones.geojson", json.dumps(collection([feature(1, {"vyoh": 5})])))
    body = path.read_bytes()
    table = {"source": "webfile", "crs": "EPSG:3067"}
    raw = read(lambda call: call.file(body), path="/YKRVyohykkeet2022.zip", **table)
    assert raw.frame["vyoh"].tolist() == [5]
    assert raw.frame.crs.to_epsg() == 3067


@pytest.mark.parametrize(
    ("said", "use"),
    [("0112 Rivitalot", "row"), ("0121", "apartment"), ("Asuinkerrostalot", "apartment"),
     (111, "detached"), ("0840", "education")],
)  # fmt: skip
def test_e_4_classes_of_2018_by_code_by_name_or_both(
    read: Read, layer: Canonical, said: Any, use: str
) -> None:
    raw = read(GeoServer("a:b", rows=[feature(1, {"id": "1", "k": said})]))
    table: dict[str, Any] = {"columns": {"building_id": "id", "use": "k"}}
    assert layer("buildings", raw, **table, tables={"use": "finland_2018"})["use"].tolist() == [use]


@pytest.mark.parametrize(
    ("route_type", "mode"),
    [("0", "tram"), ("1", "metro"), ("109", "rail"), ("700", "bus"), ("701", "bus"),
     ("702", "bus"), ("704", "bus"), ("900", "tram"), ("4", "ferry"), ("1000", "ferry")],
)  # fmt: skip
def test_f_hsl_extended_route_types(route_type: str, mode: str) -> None:
    assert mode_of(route_type) == mode


def test_f_line_15_is_light_rail_though_its_type_is_that_of_a_tram() -> None:
    (hsl,) = [each for _, each in services(load_city("espoo")) if hasattr(each, "modes")]
    assert hsl.modes == {"15": "light_rail"}  # type: ignore[attr-defined]


def test_f_digitraffics_gzip_and_name(server: Server, read: Read) -> None:
    """It answers 406 to whom does not take gzip, and wants to know who asks."""
    stations = json.dumps(
        collection([feature(1)], crs={"type": "name", "properties": {"name": "EPSG:3067"}})
    ).encode()

    def script(call: Call) -> None:
        if "gzip" not in call.headers.get("Accept-Encoding", ""):
            call.reply(b"Use of gzip compression is required", 406)
        elif not call.headers.get("Digitraffic-User"):
            call.reply(b"no name", 403)
        else:
            call.gzipped(stations)

    table = {"source": "webfile", "headers": {"Digitraffic-User": "districttype"}}
    assert len(read(script, path="/stations.json", **table).frame) == 1


def test_f_digitransit_without_a_key_is_told_by_the_keys_name(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DIGITRANSIT_KEY", raising=False)
    headers = {"digitransit-subscription-key": "${DIGITRANSIT_KEY}"}
    with pytest.raises(ConfigError, match="DIGITRANSIT_KEY"):
        read(lambda call: call.reply(b"", 401), path="/x.json", source="webfile", headers=headers)


@pytest.mark.parametrize("said", ['Query timed out in "query" at line 3', "out of memory"])
def test_h_overpass_remark_is_an_error_and_never_data(tmp_path: Any, said: str) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"elements": [], "remark": f"runtime error: {said}"}))
    with pytest.raises(SourceError, match="broke off: runtime error"):
        read_answer(path, where="OpenStreetMap")
