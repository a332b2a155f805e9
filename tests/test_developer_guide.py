"""What the developer's guide shows is done here as it stands there, in a copy of the program."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import pandas as pd
import pytest
from babel.messages.pofile import read_po, write_po
from babel.numbers import format_decimal
from shapely import box

import districttype
from servers.faulty import serving
from servers.geo import mapserver

ROOT = Path(__file__).parents[1]


def blocks(page: str) -> list[tuple[str, str]]:
    """Return the blocks of a page of the guide, each with what it is in."""
    text = (ROOT / "docs" / "developer" / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    skipped = shutil.ignore_patterns("__pycache__", ".*")
    for folder in ("src", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=skipped)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(clone: Path, *words: str) -> str:
    """Run Python in the copy, on the copy, and return what it said."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=clone,
        env=os.environ
        | {"PYTHONPATH": str(clone / "src"), "PYTEST_ADDOPTS": "-p no:cacheprovider"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def patch(clone: Path, changes: str) -> None:
    applied = subprocess.run(
        ["git", "apply", "-"], cwd=clone, input=changes, capture_output=True, text=True, check=False
    )
    assert applied.returncode == 0, applied.stderr


def translate(clone: Path, entries: str) -> None:
    """Fill entries into the catalogue of their language, as a translator does."""
    file = clone / "src/districttype/locale/et.po"
    catalogue = read_po(io.BytesIO(file.read_bytes()))
    for entry in read_po(io.StringIO(entries)):
        if entry.id:
            assert entry.id in catalogue, entry.id
            catalogue[entry.id].string = entry.string
    with file.open("wb") as stream:
        write_po(stream, catalogue)


def perform(
    page: str, clone: Path, toml: str = "", addresses: Mapping[str, str] = MappingProxyType({})
) -> int:
    """Do what a page shows from top to bottom; return how many lines it showed and were seen.

    Entries are added to a city's file or a catalogue, changes are applied, commands are run, and
    what the page shows as text must stand in what the commands before it said, line by line, blanks
    aside.
    """
    said, seen = "", 0
    for kind, body in blocks(page):
        if kind == "diff":
            patch(clone, body)
        elif kind == "toml":
            entry = reduce(lambda text, names: text.replace(*names), addresses.items(), body)
            with (clone / toml).open("a", encoding="utf-8") as file:
                file.write(entry + "\n")
        elif kind == "po":
            translate(clone, body)
        elif kind == "python":
            run(clone, "-c", body)
        elif kind == "sh":
            said = "".join(run(clone, "-m", *shlex.split(line)) for line in body.splitlines())
            said = " ".join(said.split())
        else:
            assert kind == "text", f"nobody knows how to do {kind}"
            for line in body.splitlines():
                assert line in said, (line, said[-3000:])
                seen += 1
    return seen


@pytest.mark.slow
def test_an_indicator_takes_one_file_one_line_and_one_test(clone: Path) -> None:
    changes = "".join(body for kind, body in blocks("indicator.md") if kind == "diff")
    patch(clone, changes)
    code = re.findall(r"^\+\+\+ b/(src/.*\.py)$", changes, re.MULTILINE)
    assert code == ["src/districttype/indicators/services.py"]
    name = "restaurants_per_1000_residents"
    tests = "tests/indicators/test_by_hand.py", "tests/test_translations.py"
    said = run(
        clone, "-m", "pytest", "-vv", "-n0", "-k", f"{name} or worked_out or message", *tests
    )
    assert name in (clone / "src/districttype/indicators/tables/indicators.csv").read_text("utf-8")
    assert re.search(rf"{name}\S* PASSED", said)


def uusikyla(folder: Path) -> dict[str, Path]:
    """Write the files that the town of the guide serves: houses in one district, offices beside."""
    x, y = 370_000, 6_670_000
    quarters = {1: ("Mäki", "AK", 4), 2: ("Ranta", "KT", 5)}
    districts = [
        {
            "code": code,
            "name": name,
            "geometry": box(x + 500 * code, y, x + 500 * code + 500, y + 500),
        }
        for code, (name, _, _) in quarters.items()
    ]
    houses = [
        {
            "id": f"{code}-{i}", "purpose": purpose, "storeys": storeys, "year": 1970 + i,
            # one area that nobody knows
            "area": 999_999_999 if i == 0 else storeys * 900,
            "geometry": box(*(west := (x + 500 * code + 60 * (i % 6) + 60, y + 60 * (i // 6) + 60)),
                            west[0] + 30, west[1] + 30),
        }
        for code, (_, purpose, storeys) in quarters.items()
        for i in range(30)
    ]  # fmt: skip
    for name, rows in (("districts", districts), ("buildings", houses)):
        frame = gpd.GeoDataFrame(rows, crs=3067)
        frame.to_file(folder / f"{name}.gpkg", VERSION="1.2")  # which the server's GDAL knows
    return {name: folder / f"{name}.gpkg" for name in ("districts", "buildings")}


@pytest.mark.slow
def test_a_provider_is_an_entry_and_a_protocol_one_module_one_model_and_one_line(
    clone: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    served = tmp_path_factory.mktemp("served")
    stops = "name\twkt\nSilta\tPOINT (371100 6670250)\nTori\tPOINT (371300 6670250)\n"
    with mapserver(served, uusikyla(served)) as maps, serving() as buses:
        buses.scripts["/stops.tsv"] = lambda call: call.reply(stops.encode())
        addresses = {
            "https://maps.example.org/ows": maps,
            "https://buses.example.org": buses.url,
        }
        assert perform("provider.md", clone, "uusikyla.toml", addresses) == 6


@pytest.mark.slow
def test_a_language_is_a_file(clone: Path) -> None:
    assert perform("language.md", clone) == 2
    floor = pd.read_csv(clone / "out/districts.csv", encoding="utf-8-sig")["floor_area_m2"].sum()
    report = (clone / "out/report.html").read_text(encoding="utf-8")
    assert '<html lang="et">' in report
    shown = format_decimal(round(floor), locale="et") + "\N{NO-BREAK SPACE}m²"
    assert f"<dt>Brutopind</dt><dd>{shown}</dd>" in report
    assert "<dt>Land area</dt>" in report  # not translated yet
    page = (clone / "out/maps/typology.html").read_text(encoding="utf-8")
    assert '"languages":["et","en","fi","sv"]' in page
    assert '"Densely built":"Tihedalt ehitatud"' in page


@pytest.mark.slow
def test_the_stages_run_from_python_as_shown(clone: Path) -> None:
    shown = "".join(body for kind, body in blocks("python.md") if kind == "python")
    counted = "print(len(zones), len(indicators), len(labels), {*focus['zone_id']} <= {*zones.ids})"
    assert run(clone, "-c", shown + counted) == "88 88 88 True\n"


def test_every_public_name_is_explained() -> None:
    page = (ROOT / "docs" / "developer" / "python.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+`) \|", page, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert told == {*districttype.__all__} - {"__version__"}
