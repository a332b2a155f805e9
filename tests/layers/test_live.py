"""Live layers: the next provider where one fails, what is written of it, and no network at all."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import shapely
from pydantic import TypeAdapter

from districttype.answers.doctor import checkups_text
from districttype.city import City, load_city
from districttype.cli import main
from districttype.errors import SourceError, SourceUnavailableError
from districttype.focus.catalogue import load_catalogue
from districttype.layers.gather import gather
from districttype.layers.live import (
    QUICK,
    collect_live,
    doctor,
    fetch,
    reachable,
    services,
)
from districttype.layers.schema import LAYER_NAMES
from districttype.pipeline import classify
from districttype.provenance import State
from districttype.record import run_record
from servers.faulty import Call, Server, serving

HASTY = replace(QUICK, interval=0.0, wait_initial=0.01, wait_max=0.02, connect=2.0)
CITY: TypeAdapter[City] = TypeAdapter(City)


def features(rows: list[tuple[dict[str, object], shapely.Geometry]]) -> bytes:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "numberMatched": len(rows),
            "features": [
                {"type": "Feature", "id": str(n), "properties": values,
                 "geometry": shapely.geometry.mapping(shape)}
                for n, (values, shape) in enumerate(rows)
            ],
            "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3067"}},
        }
    ).encode()  # fmt: skip


DISTRICTS = features(
    [
        ({"tunnus": f"{n}", "nimi": f"District {n}"},
         shapely.box(370_000 + 1000 * n, 6_670_000, 371_000 + 1000 * n, 6_671_000))
        for n in range(4)
    ]
)  # fmt: skip
BUILDINGS = features(
    [
        ({"vtj": f"10{n}A", "kaytto": "0121", "ala": 400 + n, "kerrokset": 0},
         shapely.box(370_100 + 50 * n, 6_670_100, 370_120 + 50 * n, 6_670_120))
        for n in range(20)
    ]
)  # fmt: skip


def city(url: str, *, figures: str | None = None) -> City:
    def wfs(path: str, **more: object) -> dict[str, object]:
        return {
            "source": "wfs", "provider": f"P{path}", "url": url + path, "type": "t",
            "crs": "EPSG:3067", "format": "application/json", **more,
        }  # fmt: skip

    district = {"columns": {"zone_id": "tunnus", "name": "nimi"}, "bbox": "none"}
    building = {
        "columns": {"building_id": "vtj", "use": "kaytto", "floor_area_m2": "ala"},
        "tables": {"use": "finland_2018"},
        "coverage": "whole",
    }
    return CITY.validate_python(
        {
            "id": "town", "country": "FI", "crs": "EPSG:3067", "names": {"en": "Town"},
            "figures": figures,
            "layers": {
                "districts": [wfs("/first", **district), wfs("/second", **district)],
                "buildings": [wfs("/register", **building), wfs("/other", **building)],
                "residents": [wfs("/people", columns={"residents": "n"})],
            },
        }
    )  # fmt: skip


EXCEPTION = (
    b"<ExceptionReport><Exception><ExceptionText>no such type</ExceptionText></Exception>"
    b"</ExceptionReport>"
)


def scripts(server: Server) -> None:
    server.scripts["/first"] = lambda call: call.reply(EXCEPTION)
    server.scripts["/second"] = lambda call: call.reply(DISTRICTS)
    server.scripts["/register"] = lambda call: call.reply(BUILDINGS)
    server.scripts["/people"] = lambda call: call.reply(b"<html>maintenance</html>", 503)


@pytest.fixture
def server() -> object:
    with serving() as running:
        yield running


@pytest.fixture
def town(server: Server, monkeypatch: pytest.MonkeyPatch) -> City:
    """Return a town whose services answer, one by one or not at all, and whose runs wait little."""
    scripts(server)
    monkeypatch.setattr("districttype.layers.live.PATIENT", HASTY)
    return city(server.url)


def test_a_failing_provider_falls_to_the_next_and_the_fall_is_recorded(
    server: Server, tmp_path: Path
) -> None:
    scripts(server)
    found = collect_live(city(server.url), tmp_path, policy=HASTY)
    (origin,) = found.layers["districts"].provenance
    assert (origin.provider, origin.state, origin.rows) == ("P/second", State.LIVE, 4)
    assert any("P/first could not be had" in n and "no such type" in n for n in origin.notes)
    assert found.layers["buildings"].rows == 20
    assert "residents" not in found.layers
    assert [(fall.layer, fall.provider) for fall in found.falls] == [
        ("districts", "P/first"), ("residents", "P/people"),
    ]  # fmt: skip
    assert server.counts["/other"] == 0


def test_falls_and_layers_that_nobody_gave_stand_in_the_record_of_the_run(
    town: City, tmp_path: Path
) -> None:
    gathered = gather(town, "live", raw=tmp_path)
    record = run_record(
        town, gathered, {}, {}, load_catalogue(town.catalogue), {}, datetime.now(UTC)
    )
    assert record["falls"][0] == {
        "layer": "districts", "provider": "P/first", "problem": "refuses: no such type",
    }  # fmt: skip
    assert [fall["layer"] for fall in record["falls"]] == ["districts", "residents"]
    assert "residents" in record["missing_layers"]
    (districts,) = record["layers"]["districts"]["parts"]
    assert "P/first could not be had: refuses: no such type" in districts["notes"]


def test_what_was_fetched_is_what_is_classified(server: Server, town: City, tmp_path: Path) -> None:
    fetch(town, tmp_path / "raw" / town.id)
    asked = server.counts["/second"], server.counts["/register"]
    edition = classify(town, data="live", zone_sets=["districts"], raw=tmp_path / "raw")
    assert (server.counts["/second"], server.counts["/register"]) == asked
    assert [part.state for part in edition.layers["districts"].provenance] == [State.CACHED]
    assert [path.name for path in (tmp_path / "raw").iterdir()] == [town.id]


def test_the_next_run_comes_from_the_cache(server: Server, tmp_path: Path) -> None:
    scripts(server)
    town = city(server.url)
    first = collect_live(town, tmp_path, policy=HASTY)
    asked = server.counts["/second"], server.counts["/register"]
    again = collect_live(town, tmp_path, policy=HASTY)
    assert (server.counts["/second"], server.counts["/register"]) == asked
    assert again.layers["buildings"].provenance[0].state is State.CACHED
    assert again.layers.frame("buildings").equals(first.layers.frame("buildings"))
    assert reachable(town, tmp_path)


def test_fetch_asks_again_only_for_what_is_too_old(
    server: Server, town: City, tmp_path: Path
) -> None:
    asked = []
    for max_age in (None, timedelta(days=1), timedelta(0)):
        fetch(town, tmp_path, max_age=max_age)
        asked.append(server.counts["/second"])
    assert asked[1] == asked[0] < asked[2]


def test_without_districts_there_is_no_live_run(server: Server, tmp_path: Path) -> None:
    server.scripts["/first"] = server.scripts["/second"] = lambda call: call.reply(EXCEPTION)
    with pytest.raises(SourceError, match="layer districts, P/first: refuses: no such type"):
        collect_live(city(server.url), tmp_path, policy=HASTY)


def test_a_box_that_the_service_misreads_is_named_as_the_likely_cause(
    server: Server, tmp_path: Path
) -> None:
    scripts(server)
    server.scripts["/register"] = lambda call: call.reply(features([]))
    server.scripts["/other"] = lambda call: call.reply(features([]))
    found = collect_live(city(server.url), tmp_path, policy=HASTY)
    assert "buildings" not in found.layers
    assert "another coordinate system or axis order" in str(found.falls[-3].error)


@pytest.mark.slow
@pytest.mark.parametrize("takes", [False, True], ids=["never accepts", "accepts, says nothing"])
def test_espoo_behind_a_wall_fails_within_15_seconds_with_a_line_a_provider(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, takes: bool
) -> None:
    """All of its hosts are asked through a proxy that drops whatever comes."""
    with ExitStack() as opened:
        wall = opened.enter_context(
            socket.create_server(("127.0.0.1", 0), backlog=200 if takes else 0)
        )
        address = wall.getsockname()
        for _ in range(0 if takes else 3):  # the queue is full: the next to come waits for ever
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{address[1]}")
        espoo, said = load_city("espoo"), list[str]()
        providers = len(list(services(espoo)))
        begun = time.monotonic()
        with pytest.raises(SourceUnavailableError, match=f"none of {providers} providers"):
            fetch(espoo, tmp_path, say=said.append)
        assert time.monotonic() - begun < 15
        assert len(said) == providers
        assert not any("\n" in line for line in said)


def test_no_host_no_wait(tmp_path: Path) -> None:
    town = city("http://127.0.0.1:9")
    begun, said = time.monotonic(), list[str]()
    assert not reachable(town, tmp_path)
    with pytest.raises(SourceUnavailableError, match="none of 5 providers"):
        fetch(town, tmp_path, say=said.append)
    assert len(said) == 5
    assert all("refuses the connection" in line for line in said)
    rows = doctor(town)
    assert len(rows) == 5
    assert not any(row.answers for row in rows)
    assert time.monotonic() - begun < 15


def test_auto_without_network_takes_the_figures_and_says_why(tmp_path: Path) -> None:
    espoo = load_city("espoo")
    town = espoo.model_copy(update={"layers": city("http://127.0.0.1:9").layers})
    found = gather(town, "auto", raw=tmp_path)
    assert found.embedded
    assert "no live service answers and nothing is cached" in found.line
    with pytest.raises(SourceUnavailableError):
        gather(town, "live", raw=tmp_path)


def test_doctor_says_what_answers_and_how_much(server: Server) -> None:
    def hits(call: Call) -> None:
        assert call.query["resultType"] == "hits"
        call.reply(b'<wfs:FeatureCollection xmlns:wfs="w" numberMatched="88" numberReturned="0"/>')

    scripts(server)
    server.scripts["/second"] = hits
    rows = {row.provider: row for row in doctor(city(server.url))}
    assert (rows["P/second"].answers, rows["P/second"].count) == (True, 88)
    assert "no such type" in rows["P/first"].problem
    assert "503" in rows["P/people"].problem
    head, first, second, *_, last = checkups_text(list(rows.values())).splitlines()
    assert head.split() == ["layer", "answers", "provider", "host", "rows", "date", "what"]
    assert first.split()[:3] == ["districts", "no", "P/first"]
    assert first.endswith("refuses: no such type")
    assert second.split() == ["districts", "yes", "P/second", "127.0.0.1", "88", "t"]
    assert last == "2 of 5 providers answer"


def test_doctor_and_fetch_fail_where_nothing_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("districttype.city.load_city", lambda _: city("http://127.0.0.1:9"))
    for line in (["doctor", "town"], ["fetch", "town", "--raw", str(tmp_path)]):
        monkeypatch.setattr("sys.argv", ["districttype", *line])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 1
    said = capsys.readouterr()
    assert said.out.count("refuses the connection") == 5
    assert said.err.count("refuses the connection") == 5
    assert "districttype: Town: none of 5 providers can be reached" in said.err


def test_every_provider_of_espoo_has_licence_and_attribution() -> None:
    listed = list(services(load_city("espoo")))
    assert {layer for layer, _ in listed} >= {"districts", "buildings", "stops", "ground", "plans"}
    for _, provider in listed:
        assert provider.licence
        assert provider.attribution
        assert provider.url.startswith("https://")


def test_espoo_has_a_live_provider_for_every_layer_that_is_measured() -> None:
    listed = load_city("espoo").layers
    # Nobody publishes openly how long one travels.
    assert set(listed) == set(LAYER_NAMES) - {"travel_times"}
    assert not [name for name, providers in listed.items() if not providers]
