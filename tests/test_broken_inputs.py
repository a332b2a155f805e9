"""What a user can do wrong: one clear line, exit code 1, and nothing already written is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

SRC = Path(__file__).parents[1] / "src"
CRS = "EPSG:3067"
X, Y = 380000.0, 6670000.0

CITY = """
id = "town"
country = "FI"
crs = "EPSG:3067"
names = { fi = "Town" }
"""
LAYERS = """
[[districts]]
provider = "City"
file = "areas.gpkg"
columns = { zone_id = "code", name = "name" }

[[buildings]]
provider = "City"
file = "buildings.gpkg"
columns = { building_id = "id", use = "use", floors = "floors", floor_area_m2 = "area" }
tables = { use = "finland_2018" }
coverage = "whole"
"""


def square(x: float, y: float, size: float) -> shapely.Geometry:
    return shapely.box(X + x, Y + y, X + x + size, Y + y + size)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    areas = {"code": ["011", "012"], "name": ["Länsi", "Itä"]}
    gpd.GeoDataFrame(areas, geometry=[square(0, 0, 500), square(500, 0, 500)], crs=CRS).to_file(
        tmp_path / "areas.gpkg"
    )
    buildings(tmp_path)
    (tmp_path / "layers.toml").write_text(LAYERS, encoding="utf-8")
    (tmp_path / "town.toml").write_text(CITY, encoding="utf-8")
    return tmp_path


def buildings(folder: Path, *, crs: str | None = CRS, dx: float = 0.0, shapes=None) -> None:
    shapes = shapes or [square(100, 100, 50), square(300, 300, 20), square(700, 100, 40)]
    frame = gpd.GeoDataFrame(
        {
            "id": [f"b{i}" for i in range(len(shapes))],
            "use": ["0121"] * len(shapes),
            "floors": ["4"] * len(shapes),
            "area": [9000.0] * len(shapes),
        },
        geometry=[shapely.transform(s, lambda xy: xy + np.array([dx, 0.0])) for s in shapes],
        crs=crs,
    )
    frame.to_file(folder / "buildings.gpkg")


def run(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "districttype", "classify", "town.toml", "--data", ".",
         "--zones", "districts", "--out", "out", *more],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(SRC)}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


def table(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "out" / "districts.csv", dtype={"zone_id": str}).set_index(
        "zone_id"
    )


def test_a_good_town_is_classified(town: Path) -> None:
    done = run(town)
    assert done.returncode == 0, done.stderr
    rows = table(town)
    assert list(rows["name"]) == ["Länsi", "Itä"]
    # 18,000 m² and 9,000 m² of floor on 250,000 m² of land each
    assert rows["far"].tolist() == pytest.approx([0.072, 0.036])
    assert (town / "out" / "maps" / "typology.html").stat().st_size > 100_000


def truncate(folder: Path) -> None:
    file = folder / "buildings.gpkg"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 3])


def without_crs(folder: Path) -> None:
    (folder / "buildings.gpkg").unlink()
    frame = gpd.GeoDataFrame(
        {"id": ["a"], "use": ["0121"], "floors": ["1"], "area": [100.0]},
        geometry=[square(0, 0, 10)],
    )
    with pytest.warns(UserWarning, match="crs"):
        frame.to_file(folder / "buildings.shp")
    text = LAYERS.replace("buildings.gpkg", "buildings.shp")
    (folder / "layers.toml").write_text(text, encoding="utf-8")


def without_column(folder: Path) -> None:
    (folder / "layers.toml").write_text(LAYERS.replace('"floors"', '"storeys"'), encoding="utf-8")


def far_away(folder: Path) -> None:
    buildings(folder, dx=100_000.0)


def without_rows(folder: Path) -> None:
    frame = gpd.read_file(folder / "buildings.gpkg").iloc[:0]
    frame.to_file(folder / "buildings.gpkg")


def without_file(folder: Path) -> None:
    (folder / "buildings.gpkg").unlink()


def wrong_key(folder: Path) -> None:
    (folder / "town.toml").write_text(CITY + 'colour = "blue"\n', encoding="utf-8")


def wrong_crs(folder: Path) -> None:
    (folder / "town.toml").write_text(CITY.replace("3067", "306799"), encoding="utf-8")


def no_toml(folder: Path) -> None:
    (folder / "layers.toml").write_text("[[districts]\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (truncate, ["buildings.gpkg"]),
        (without_crs, ["buildings.shp", "coordinate system", "crs = "]),
        (without_column, ["buildings.gpkg", "'storeys'", "floors"]),
        (far_away, ["buildings.gpkg", " 99 km from"]),
        (without_rows, ["buildings.gpkg", "row"]),
        (without_file, ["buildings.gpkg", "no such file"]),
        (wrong_key, ["town.toml", "colour", "unknown key"]),
        (wrong_crs, ["town.toml", "crs", "306799"]),
        (no_toml, ["layers.toml", "TOML"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@pytest.mark.slow
def test_bad_input_is_one_clear_line_and_loses_nothing(town, spoil, words) -> None:
    assert run(town).returncode == 0
    before = {f: f.read_bytes() for f in (town / "out").rglob("*") if f.is_file()}
    spoil(town)
    done = run(town)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("districttype: ")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in lines[0]
    after = {f: f.read_bytes() for f in (town / "out").rglob("*") if f.is_file()}
    assert after == before


@pytest.mark.slow
def test_self_crossing_polygons_are_repaired_and_counted(town: Path) -> None:
    bow_tie = shapely.Polygon(
        [(X + 100, Y + 100), (X + 140, Y + 140), (X + 140, Y + 100), (X + 100, Y + 140)]
    )
    buildings(town, shapes=[bow_tie, square(300, 300, 20)])
    done = run(town)
    assert done.returncode == 0, done.stderr
    said = json.loads((town / "out" / "run.json").read_text(encoding="utf-8"))
    assert said["layers"]["buildings"]["parts"][0]["changes"]["invalid polygons repaired"] == 1
    assert table(town)["buildings"].sum() == pytest.approx(2.0)


def test_wrong_usage_is_exit_code_two(town: Path) -> None:
    assert run(town, "--colour", "blue").returncode == 2
    done = run(town, "--zones", "quarters")
    assert done.returncode == 1
    assert "there is no zone set quarters" in done.stderr
