"""The network and its faults: what is fetched is whole, what is not is an error of one line."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from districttype.errors import (
    ConfigError,
    SourceError,
    SourceTruncatedError,
    SourceUnavailableError,
)
from districttype.provenance import State
from districttype.providers import WebFile
from districttype.sources.download import Facts, Policy, Session, session
from districttype.sources.patience import retry_after
from districttype.sources.store import MANIFEST, Store
from districttype.sources.transfer import Request
from servers.faulty import Call, Server, serving

BODY = bytes(range(256)) * 400


def provider(url: str, **more: object) -> WebFile:
    return WebFile.model_validate(
        {
            "provider": "City of Espoo",
            "source": "webfile",
            "url": url,
            "licence": "CC BY 4.0",
            **more,
        }
    )


def get(
    opened: Session, server: Server, directory: Path, path: str = "/data", **more: object
) -> bytes:
    url = server.url + path
    request = Request(url, name="data", **more)  # type: ignore[arg-type]
    return opened.get(request, provider(url, timeout=1.0), directory).path.read_bytes()


def files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name not in {MANIFEST, ".lock"}
    }


def test_a_second_run_takes_it_from_the_cache(
    server: Server, policy: Policy, tmp_path: Path
) -> None:
    server.scripts["/data"] = lambda call: call.reply(BODY)
    url = server.url + "/data"
    for state in (State.LIVE, State.CACHED):
        with session(policy) as opened:
            answer = opened.get(Request(url, name="data"), provider(url), tmp_path)
        assert (answer.state, answer.path.read_bytes()) == (state, BODY)
    assert server.counts["/data"] == 1


def test_manifest_says_what_a_file_is(server: Server, hasty: Session, tmp_path: Path) -> None:
    server.scripts["/wfs"] = lambda call: call.reply(BODY, ETag='"7"')
    url = server.url + "/wfs"
    request = Request(
        url, params={"typeName": "GIS:Rakennukset"}, name="GIS:Rakennukset", suffix=".gml"
    )

    def inspect(path: Path, headers: Mapping[str, str]) -> Facts:
        assert path.read_bytes() == BODY
        assert headers["etag"] == '"7"'
        return Facts(rows=12, date="2026-08-05")

    answer = hasty.get(request, provider(url, attribution="Espoon kaupunki"), tmp_path, inspect)
    (line,) = json.loads((tmp_path / MANIFEST).read_text())["files"].items()
    name, entry = line
    assert tmp_path / name == answer.path
    assert name.startswith("city-of-espoo/gis-rakennukset-")
    assert name.endswith(".gml")
    assert entry["url"] == url + "?typeName=GIS:Rakennukset"
    assert (entry["licence"], entry["attribution"]) == ("CC BY 4.0", "Espoon kaupunki")
    assert (entry["rows"], entry["date"], entry["bytes"]) == (12, "2026-08-05", len(BODY))
    assert entry[
        "sha256"
    ] == "3a96f51d4d0b8ce5ff6d40d1d6a6d42bd5a3a4e4a9e1a6bf84ea5ba06bd3f3f3" or (
        len(entry["sha256"]) == 64
    )
    assert datetime.now(UTC) - datetime.fromisoformat(entry["fetched"]) < timedelta(minutes=1)


def test_refresh_and_max_age_fetch_anew(server: Server, policy: Policy, tmp_path: Path) -> None:
    server.scripts["/data"] = [lambda call: call.reply(b"old"), lambda call: call.reply(b"new")]
    with session(policy) as opened:
        assert get(opened, server, tmp_path) == b"old"
    with session(replace(policy, max_age=timedelta(days=1))) as opened:
        assert get(opened, server, tmp_path) == b"old"
    with session(replace(policy, max_age=timedelta(0))) as opened:
        assert get(opened, server, tmp_path) == b"new"
    with session(replace(policy, refresh=True)) as opened:
        assert get(opened, server, tmp_path) == b"new"
    assert server.counts["/data"] == 3


def test_refresh_of_what_has_not_changed_costs_no_download(
    server: Server, policy: Policy, tmp_path: Path
) -> None:
    server.scripts["/data"] = lambda call: call.file(BODY)
    for _ in range(2):
        with session(replace(policy, refresh=True)) as opened:
            assert get(opened, server, tmp_path) == BODY
    assert server.calls[-1].headers["If-None-Match"] == '"v1"'


def test_a_file_that_was_touched_is_fetched_again(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    server.scripts["/data"] = lambda call: call.reply(BODY)
    get(hasty, server, tmp_path)
    (name,) = files(tmp_path)
    (tmp_path / name).write_bytes(b"x" * len(BODY))
    assert get(hasty, server, tmp_path) == BODY
    assert server.counts["/data"] == 2


def test_old_copy_serves_where_the_service_is_gone(policy: Policy, tmp_path: Path) -> None:
    with serving() as server:
        server.scripts["/data"] = lambda call: call.reply(b"old")
        url = server.url + "/data"
        with session(policy) as opened:
            opened.get(Request(url, name="data"), provider(url), tmp_path)
    with session(replace(policy, max_age=timedelta(0))) as opened:
        answer = opened.get(Request(url, name="data"), provider(url), tmp_path)
    assert answer.path.read_bytes() == b"old"
    assert answer.state is State.CACHED
    assert "refuses the connection; the copy of 20" in answer.notes[0]
    with session(replace(policy, refresh=True)) as opened, pytest.raises(SourceUnavailableError):
        opened.get(Request(url, name="data"), provider(url), tmp_path)


def test_503_with_retry_after_is_obeyed(server: Server, hasty: Session, tmp_path: Path) -> None:
    server.scripts["/data"] = [
        lambda call: call.reply(b"busy", 503, Retry_After="1"),
        lambda call: call.reply(BODY),
    ]
    assert get(hasty, server, tmp_path) == BODY
    assert server.times[1] - server.times[0] >= 1.0


def test_retry_after_longer_than_patience_is_told(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    server.scripts["/data"] = lambda call: call.reply(b"busy", 429, Retry_After="3600")
    with pytest.raises(SourceUnavailableError, match=r"429 .*left alone for 3600 s"):
        get(hasty, server, tmp_path)
    assert server.counts["/data"] == 1


@pytest.mark.parametrize("zone", ["GMT", "-0000", ""])
def test_retry_after_may_be_a_moment_in_any_zone_or_none(zone: str) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=100)
    wait = retry_after(f"{moment:%a, %d %b %Y %H:%M:%S} {zone}".strip())
    assert wait == pytest.approx(100, abs=2)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_passes_is_tried_again(
    server: Server, hasty: Session, tmp_path: Path, status: int
) -> None:
    server.scripts["/data"] = [lambda call: call.reply(b"", status), lambda call: call.reply(BODY)]
    assert get(hasty, server, tmp_path) == BODY


@pytest.mark.parametrize(
    ("status", "hint"),
    [(400, ""), (401, "key"), (403, "refuse programs"), (404, "may have changed")],
)
def test_what_does_not_pass_is_not_tried_again(
    server: Server, hasty: Session, tmp_path: Path, status: int, hint: str
) -> None:
    server.scripts["/data"] = lambda call: call.reply(
        b"<html><body>Not <b>for</b> you</body>", status
    )
    with pytest.raises(SourceError, match=f"answered {status} ") as fault:
        get(hasty, server, tmp_path)
    assert hint in str(fault.value)
    assert server.counts["/data"] == 1
    assert not files(tmp_path)


def test_killed_mid_download_goes_on_where_it_broke_off(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    server.scripts["/data"] = [
        lambda call: call.file(BODY, break_after=60_000),
        lambda call: call.file(BODY),
    ]
    assert get(hasty, server, tmp_path, whole=True) == BODY
    assert server.calls[1].headers["Range"] == "bytes=60000-"
    assert server.calls[1].headers["If-Range"] == '"v1"'
    assert list(files(tmp_path).values()) == [BODY]


def test_a_changed_file_is_not_glued_together(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    server.scripts["/data"] = [
        lambda call: call.file(b"a" * 90_000, '"v1"', break_after=50_000),
        lambda call: call.file(b"b" * 90_000, '"v2"'),
    ]
    assert get(hasty, server, tmp_path) == b"b" * 90_000


def test_without_a_name_for_the_answer_it_begins_anew(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    def half(call: Call) -> None:
        call.start(len(BODY))
        call.wfile.write(BODY[:1000])
        call.hang_up()

    server.scripts["/data"] = [half, lambda call: call.reply(BODY)]
    assert get(hasty, server, tmp_path) == BODY
    assert "Range" not in server.calls[1].headers


def test_truncated_body_is_an_error_and_leaves_nothing(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    def half(call: Call) -> None:
        call.start(len(BODY))
        call.wfile.write(BODY[:1000])
        call.hang_up()

    server.scripts["/data"] = half
    with pytest.raises(SourceTruncatedError, match="broke off"):
        get(hasty, server, tmp_path)
    assert server.counts["/data"] == 4
    assert all(name.endswith(".part") for name in files(tmp_path))


def test_truncation_that_only_the_reader_sees_is_tried_again(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    """HTTP/1.0 without a length: the end of a broken connection looks like the end of the file."""

    def unsaid(call: Call) -> None:
        call.start(None)
        call.wfile.write(b'{"type": "Feat')

    def inspect(path: Path, _: Mapping[str, str]) -> Facts:
        try:
            json.loads(path.read_bytes())
        except ValueError:
            raise SourceTruncatedError("the answer breaks off") from None
        return Facts(rows=1)

    server.scripts["/data"] = [unsaid, lambda call: call.reply(b"{}")]
    url = server.url + "/data"
    answer = hasty.get(Request(url, name="data"), provider(url), tmp_path, inspect)
    assert answer.path.read_bytes() == b"{}"


def test_an_answer_that_the_reader_rejects_is_never_cached(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    def inspect(_: Path, __: Mapping[str, str]) -> Facts:
        raise SourceError("no such layer")

    server.scripts["/data"] = lambda call: call.reply(b"<ExceptionReport/>")
    url = server.url + "/data"
    with pytest.raises(SourceError, match="no such layer"):
        hasty.get(Request(url, name="data"), provider(url), tmp_path, inspect)
    assert server.counts["/data"] == 1
    assert not files(tmp_path)
    assert not Store(tmp_path).entries


def test_redirect_is_followed(server: Server, hasty: Session, tmp_path: Path) -> None:
    server.scripts["/data"] = lambda call: call.reply(b"", 302, Location="/moved")
    server.scripts["/moved"] = lambda call: call.reply(BODY)
    assert get(hasty, server, tmp_path) == BODY


def test_redirects_in_a_circle_end(server: Server, hasty: Session, tmp_path: Path) -> None:
    server.scripts["/data"] = lambda call: call.reply(b"", 302, Location="/data")
    with pytest.raises(SourceError, match="redirects"):
        get(hasty, server, tmp_path)


def test_gzip_is_unpacked(server: Server, hasty: Session, tmp_path: Path) -> None:
    server.scripts["/data"] = lambda call: call.gzipped(BODY)
    assert get(hasty, server, tmp_path) == BODY


def test_broken_gzip_is_tried_again(server: Server, hasty: Session, tmp_path: Path) -> None:
    server.scripts["/data"] = [
        lambda call: call.reply(b"\x1f\x8b nonsense", Content_Encoding="gzip"),
        lambda call: call.gzipped(BODY),
    ]
    assert get(hasty, server, tmp_path) == BODY


def test_slow_drip_ends(server: Server, policy: Policy, tmp_path: Path) -> None:
    server.scripts["/data"] = lambda call: call.drip(BODY[:1000], 0.05)
    begun = time.monotonic()
    with (
        session(replace(policy, slow=1000.0, slow_after=0.3, attempts=2)) as opened,
        pytest.raises(SourceUnavailableError, match="next to nothing"),
    ):
        get(opened, server, tmp_path)
    assert time.monotonic() - begun < 5


def test_a_service_that_never_answers_ends(server: Server, policy: Policy, tmp_path: Path) -> None:
    server.scripts["/data"] = lambda _: time.sleep(3)
    url = server.url + "/data"
    with (
        session(replace(policy, attempts=2)) as opened,
        pytest.raises(SourceUnavailableError, match="did not answer in time"),
    ):
        opened.get(Request(url, name="d"), provider(url, timeout=0.2), tmp_path)


def test_more_than_the_limit_is_refused(server: Server, policy: Policy, tmp_path: Path) -> None:
    server.scripts["/data"] = lambda call: call.gzipped(b"\0" * 5_000_000)
    with (
        session(replace(policy, max_bytes=2**20)) as opened,
        pytest.raises(SourceError, match="more than 1 MiB"),
    ):
        get(opened, server, tmp_path)
    assert not files(tmp_path)


def test_a_host_is_not_asked_faster_than_its_interval(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    server.scripts["/data"] = lambda call: call.reply(BODY)
    url = server.url + "/data"
    for number in range(3):
        request = Request(url, params={"page": str(number)}, name="data")
        hasty.get(request, provider(url, interval=0.2), tmp_path)
    assert server.times[2] - server.times[0] >= 0.4


def test_user_agent_names_program_and_contact(
    server: Server, policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISTRICTTYPE_CONTACT", "gis@example.org")
    server.scripts["/data"] = lambda call: call.reply(BODY)
    with session(policy) as opened:
        get(opened, server, tmp_path)
    assert server.calls[0].headers["User-Agent"].startswith("districttype/")
    assert "gis@example.org" in server.calls[0].headers["User-Agent"]


def test_0_10_digitraffic_wants_gzip_and_a_name(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    def digitraffic(call: Call) -> None:
        if "gzip" in call.headers.get("Accept-Encoding", "") and call.headers.get(
            "Digitraffic-User"
        ):
            call.gzipped(b"{}")
        else:
            call.reply(b"Use of gzip compression is required", 406)

    server.scripts["/api"] = digitraffic
    url = server.url + "/api"
    named = provider(url, headers={"Digitraffic-User": "districttype"})
    answer = hasty.get(Request(url, name="tms"), named, tmp_path)
    assert answer.path.read_bytes() == b"{}"
    with pytest.raises(SourceError, match=r"answered 406 .*gzip compression is required"):
        hasty.get(Request(url, name="other"), provider(url), tmp_path)


def test_0_8_a_portal_that_refuses_programs_is_told(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    server.scripts["/data"] = lambda call: call.reply(b"<title>403</title> Forbidden", 403)
    with pytest.raises(SourceError, match=r"answered 403 Forbidden.*refuse programs"):
        get(hasty, server, tmp_path)


def test_no_secret_in_manifest_error_or_log(
    server: Server,
    hasty: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setenv("MML_API_KEY", "s3cr3t/+key")
    url = server.url + "/items"
    keyed = provider(url, headers={"X-Key": "${MML_API_KEY}"})
    request = Request(url, params={"api-key": "${MML_API_KEY}"}, name="items")
    server.scripts["/items"] = lambda call: call.reply(BODY)
    hasty.get(request, keyed, tmp_path)
    assert server.calls[0].query["api-key"] == "s3cr3t/+key"
    assert server.calls[0].headers["X-Key"] == "s3cr3t/+key"
    manifest = (tmp_path / MANIFEST).read_text()
    assert "api-key=${MML_API_KEY}" in manifest

    server.scripts["/items"] = lambda call: call.reply(f"no {call.path}".encode(), 400)
    with pytest.raises(SourceError, match="answered 400") as fault:
        hasty.get(replace(request, name="again", suffix=".x"), keyed, tmp_path)
    for text in (manifest, str(fault.value), caplog.text):
        assert "s3cr3t" not in text


def test_a_missing_key_is_told_by_its_name(server: Server, hasty: Session, tmp_path: Path) -> None:
    url = server.url + "/items"
    with pytest.raises(ConfigError, match="NO_SUCH_KEY is not set"):
        hasty.get(Request(url, params={"key": "${NO_SUCH_KEY}"}, name="x"), provider(url), tmp_path)


def test_proxy_of_the_environment_is_used(
    server: Server, policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("NO_PROXY", "")
    server.scripts["/wfs"] = lambda call: call.reply(call.path.encode())
    url = "http://no-such-host.invalid/wfs"
    with session(policy) as opened:
        answer = opened.get(Request(url, name="x"), provider(url), tmp_path)
    assert answer.path.read_bytes() == url.encode()


@pytest.mark.slow
def test_with_every_host_gone_all_fail_fast_and_each_with_one_line(tmp_path: Path) -> None:
    """Refused, unknown and silent hosts alike; with the patience that public services get."""
    silent = socket.create_server(("127.0.0.1", 0), backlog=0)
    port = silent.getsockname()[1]
    full = [socket.socket() for _ in range(3)]  # nobody accepts: the next to come waits for ever
    for waiting in full:
        waiting.setblocking(False)
        waiting.connect_ex(("127.0.0.1", port))
    urls = [
        "http://127.0.0.1:9/wfs",
        "http://no-such-host.invalid/wfs",
        f"http://127.0.0.1:{port}/wfs",
    ]
    begun = time.monotonic()
    with session(Policy(), expected=urls) as opened:
        for url in urls * 3:
            with pytest.raises(SourceUnavailableError) as fault:
                opened.get(Request(url, name="x"), provider(url), tmp_path)
            assert "\n" not in str(fault.value)
        assert not opened.reachable(urls)
    assert time.monotonic() - begun < 12
    for each in (silent, *full):
        each.close()


def test_where_all_hosts_take_connections_and_answer_nothing_there_is_no_network() -> None:
    """So does a firewall. One such host alone, or beside one that answers, is only slow."""
    with ExitStack() as opened:
        silent = [opened.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        urls = [f"http://127.0.0.1:{each.getsockname()[1]}/wfs" for each in silent]
        begun = time.monotonic()
        with session(Policy(probe=0.3)) as asking:
            assert not asking.reachable(urls)
            assert asking.closed(urls[0]).startswith("takes the connection and answers nothing")
        with session(Policy(probe=0.3)) as asking:
            assert asking.reachable(urls[:1])
        assert time.monotonic() - begun < 5


def test_a_slow_host_beside_one_that_answers_is_asked(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/wfs"
        with session(Policy(probe=0.3)) as asking:
            assert asking.reachable([url, server.url])
            assert asking.closed(url) == ""


def test_after_two_failures_in_a_row_a_host_is_left_alone(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    server.scripts["/data"] = lambda call: call.reply(b"", 503)
    for _ in range(4):
        with pytest.raises(SourceUnavailableError):
            get(hasty, server, tmp_path)
    assert server.counts["/data"] == 8


KILLED = """
    import sys
    from pathlib import Path
    from districttype.providers import WebFile
    from districttype.sources.download import Policy, session
    from districttype.sources.transfer import Request
    url, directory = sys.argv[1], Path(sys.argv[2])
    provider = WebFile(provider="P", source="webfile", url=url)
    with session(Policy(interval=0)) as opened:
        for page in range(6):
            request = Request(url, params={"page": str(page)}, name="page", whole=page % 2 == 0)
            opened.get(request, provider, directory)
"""


@pytest.mark.slow
def test_killed_at_any_moment_and_started_again_it_ends_with_the_same_files(
    server: Server, tmp_path: Path
) -> None:
    def page(call: Call) -> None:
        body = (BODY + call.query["page"].encode()) * 5
        if call.headers.get("Accept-Encoding") == "identity":
            call.file(body, etag=f'"{call.query["page"]}"')
            return
        call.start(len(body))
        for at in range(0, len(body), 50_000):
            call.wfile.write(body[at : at + 50_000])
            time.sleep(0.01)

    server.scripts["/data"] = page
    script = tmp_path / "run.py"
    script.write_text(textwrap.dedent(KILLED))

    def start(directory: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(script), server.url + "/data", str(directory)]
        return subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        )

    undisturbed, disturbed = tmp_path / "a", tmp_path / "b"
    begun = time.monotonic()
    assert start(undisturbed).wait(60) == 0
    took = time.monotonic() - begun
    for share in (0.5, 0.7, 0.8, 0.9, 0.95):
        run = start(disturbed)
        time.sleep(took * share)
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert start(disturbed).wait(60) == 0
    assert files(disturbed) == files(undisturbed)
    sums = [
        {name: entry.sha256 for name, entry in Store(directory).entries.items()}
        for directory in (undisturbed, disturbed)
    ]
    assert sums[0] == sums[1]
    assert len(sums[0]) == 6
