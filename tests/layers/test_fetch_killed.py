"""`fetch`, killed at any moment and started again, ends with the files of an undisturbed run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import shapely

from servers.faulty import Call, serving

pytestmark = pytest.mark.slow

CITY = """
id = "town"
country = "FI"
crs = "EPSG:3067"
names = {{ en = "Town" }}

[[layers.districts]]
source = "wfs"
provider = "City"
url = "{url}/districts"
type = "districts"
format = "json"
crs = "EPSG:3067"
bbox = "none"
columns = {{ zone_id = "n", name = "n" }}

[[layers.buildings]]
source = "wfs"
provider = "Register"
url = "{url}/buildings"
type = "buildings"
format = "json"
crs = "EPSG:3067"
page = 20
columns = {{ building_id = "n" }}
coverage = "whole"
"""
SIDE = {"districts": 1000, "buildings": 20}


def answer(call: Call) -> None:
    """Serve a hundred squares by pages, a piece at a time."""
    kind = call.path.partition("?")[0].strip("/")
    start, count = int(call.query.get("startIndex", 0)), int(call.query.get("count", 100))
    rows = [
        {
            "type": "Feature", "id": f"{kind}.{n}", "properties": {"n": f"{n}"},
            "geometry": shapely.geometry.mapping(square(n, SIDE[kind])),
        }
        for n in range(start, min(start + count, 100))
    ]  # fmt: skip
    crs = {"type": "name", "properties": {"name": "EPSG:3067"}}
    document = {"type": "FeatureCollection", "numberMatched": 100, "features": rows, "crs": crs}
    body = json.dumps(document).encode()
    call.start(len(body), 200, "application/json")
    for at in range(0, len(body), 2000):
        call.wfile.write(body[at : at + 2000])
        call.wfile.flush()
        time.sleep(0.01)


def square(number: int, side: int) -> shapely.Geometry:
    x, y = 370_000 + 1000 * (number % 10), 6_670_000 + 1000 * (number // 10)
    return shapely.box(x, y, x + side, y + side)


def kept(folder: Path) -> dict[str, bytes]:
    """Return what a run leaves, the times in the manifest left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            text = path.read_bytes()
            if path.name == "manifest.json":
                text = b"\n".join(line for line in text.splitlines() if b'"fetched"' not in line)
            found[str(path.relative_to(folder))] = text
    return found


def test_fetch_killed_at_any_moment_and_started_again(tmp_path: Path) -> None:
    with serving() as server:
        server.scripts["/districts"] = server.scripts["/buildings"] = answer
        (tmp_path / "town.toml").write_text(CITY.format(url=server.url), encoding="utf-8")

        def start(raw: Path) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", "districttype", "fetch", str(tmp_path / "town.toml")]
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
            return subprocess.Popen([*command, "--raw", str(raw)], env=environment)

        begun = time.monotonic()
        assert start(tmp_path / "undisturbed").wait(120) == 0
        took = time.monotonic() - begun
        for share in (0.5, 0.8, 0.95):
            run = start(tmp_path / "disturbed")
            time.sleep(took * share)
            run.send_signal(signal.SIGKILL)
            run.wait()
        assert start(tmp_path / "disturbed").wait(120) == 0
    files = kept(tmp_path / "undisturbed")
    assert sum(name.endswith(".json") for name in files) == 1 + 1 + 5  # with the manifest
    assert kept(tmp_path / "disturbed") == files
