"""What gathering a city takes of memory: by windows hardly more for a city four times as large."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

X, Y = 380_000.0, 6_670_000.0
LARGE = 10_000

# Each city is gathered in a process of its own, which tells the most memory it ever held, MB.
GATHER = """
import re, sys
from pathlib import Path
from districttype.city import City
from districttype.layers.collect import collect
from districttype.layers.impute import impute_laid  # so that no run pays for what it loads
from districttype.layers.shelf import Room
from districttype.providers import read_layers_file

folder, large = Path(sys.argv[1]), int(sys.argv[2])
town = City(id="town", country="FI", crs="EPSG:3067", names={"en": "Town"})
room = Room(folder / "room", large) if large else None
found = collect(town, read_layers_file(folder / "layers.toml"), folder, room=room)
print(found.layers["buildings"].rows, found.reports["buildings"]["floors"]["imputed"])
# Not of getrusage, which counts what the process held that started this one.
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1e3)
"""


def write_city(folder: Path, rows: int) -> Path:
    """Write a city of rows by rows houses, 20 m apart; of every fourth the storeys are unknown."""
    folder.mkdir()
    x, y = (some.ravel() * 20.0 for some in np.meshgrid(np.arange(rows), np.arange(rows)))
    floors = np.where(np.arange(rows * rows) % 4 == 0, np.nan, 1 + (x // 500) % 5)
    houses = gpd.GeoDataFrame(
        {"building_id": np.arange(rows * rows).astype(str), "floors": floors, "use": "detached"},
        geometry=shapely.box(X + x, Y + y, X + x + 10, Y + y + 12),
        crs="EPSG:3067",
    )
    houses.to_file(folder / "houses.gpkg")
    whole = shapely.box(X, Y, X + rows * 20, Y + rows * 20)
    gpd.GeoDataFrame({"zone_id": ["a"], "name": ["A"]}, geometry=[whole], crs="EPSG:3067").to_file(
        folder / "districts.gpkg"
    )
    (folder / "layers.toml").write_text(
        '[[districts]]\nprovider = "City"\nfile = "districts.gpkg"\n'
        '[[buildings]]\nprovider = "City"\nfile = "houses.gpkg"\n',
        encoding="utf-8",
    )
    return folder


def peak_mb(folder: Path, buildings: int, large: int) -> float:
    """Gather a city; return the most memory that its process held, MB."""
    done = subprocess.run(
        [sys.executable, "-c", GATHER, str(folder), str(large)],
        capture_output=True,
        text=True,
        check=True,
    )
    told = done.stdout.split()
    assert [int(number) for number in told[:2]] == [buildings, buildings // 4]
    return float(told[2])


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux says what a process held at most"
)
def test_memory_does_not_follow_how_many_buildings_a_city_has(tmp_path: Path) -> None:
    small, large = write_city(tmp_path / "small", 180), write_city(tmp_path / "large", 360)
    whole = peak_mb(large, 129_600, 0) - peak_mb(small, 32_400, 0)
    parts = peak_mb(large, 129_600, LARGE) - peak_mb(small, 32_400, LARGE)
    # Held whole, each building more takes over a kilobyte; in parts its plain numbers only.
    assert whole > 100
    assert parts < 0.5 * whole
