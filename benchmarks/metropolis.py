"""One city of any size in files, and what its run takes: seconds and the most memory it held.

The city is a square of districts of about 2 x 2 km. Each is ruled into 200 plots of 200 x 100 m
with a street round each; houses stand in rows along the long sides. The middle of the city has more
apartments and offices, its edge more houses and forest. As in real registers, much is not stated.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from held import peak_mb
from numpy.typing import NDArray

from districttype.city import load_city
from districttype.pipeline import classify

CRS = "EPSG:3067"
EAST, NORTH = 200_000.0, 6_700_000.0  # the city's corner
SIDE = 2000.0  # m of a district, before its corners are moved
MOVED = 150.0  # m by which a corner that districts share is moved, at most
BENT = 12.0  # m by which streets and what stands along them leave a straight line
WIDE, DEEP = 200.0, 100.0  # m of a plot
CELL = 250.0  # m of a cell in which residents are counted
PER_DISTRICT = 5_550  # buildings, on average
AT_ONCE = 100_000  # buildings laid down in one go
STATED = {"use": 0.8, "storeys": 0.6, "floor_area": 0.5, "year": 0.7}  # share of the buildings
Table = pd.DataFrame


class Plot(NamedTuple):
    """What may lie on a plot: its land use, and the houses in either of its two rows."""

    land_use: str
    uses: tuple[str, ...]
    lots: int  # houses of a row
    depth: tuple[float, float]  # m
    storeys: tuple[int, int]
    share: tuple[float, float]  # of the plots in the middle and at the edge of the city


PLOTS = (
    Plot("housing", ("detached", "detached", "row"), 20, (7, 12), (1, 2), (0.30, 0.75)),
    Plot("housing", ("apartment",), 8, (11, 15), (3, 8), (0.35, 0.08)),
    Plot("offices", ("office", "office", "retail"), 4, (15, 30), (3, 9), (0.14, 0.01)),
    Plot("industry", ("industrial", "warehouse"), 3, (25, 38), (1, 2), (0.07, 0.04)),
    Plot("education", ("education", "public"), 2, (15, 30), (1, 4), (0.04, 0.02)),
    Plot("park", (), 0, (0, 0), (0, 0), (0.07, 0.02)),
    Plot("forest", (), 0, (0, 0), (0, 0), (0.01, 0.06)),
    Plot("water", (), 0, (0, 0), (0, 0), (0.02, 0.02)),
)

LAYERS = """
[[districts]]
provider = "Metropolis"
file = "districts.gpkg"
columns = { zone_id = "id", name = "name" }

[[buildings]]
provider = "Metropolis"
file = "buildings.gpkg"
columns = { building_id = "id", use = "use", floors = "storeys", floor_area_m2 = "floor_area", \
year_built = "year" }

[[streets]]
provider = "Metropolis"
file = "streets.gpkg"
columns = { kind = "kind" }

[[land_use]]
provider = "Metropolis"
file = "land_use.gpkg"
columns = { class = "class" }

[[stops]]
provider = "Metropolis"
file = "stops.gpkg"
columns = { mode = "mode", name = "name" }

[[residents]]
provider = "Metropolis"
file = "residents.gpkg"
columns = { residents = "residents", jobs = "jobs" }
"""
CITY = f'id = "metropolis"\ncountry = "FI"\ncrs = "{CRS}"\nnames = {{ en = "Metropolis" }}\n'


def write_metropolis(folder: Path, buildings: int, seed: int = 1) -> dict[str, Any]:
    """Write the files of a city of about so many buildings, some districts at a time.

    Returns
    -------
    dict
        `buildings` and `districts` written, `seconds` it took, and `file_mb` of all files.
    """
    begin, written = time.perf_counter(), 0
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "layers.toml").write_text(LAYERS, encoding="utf-8")
    (folder / "metropolis.toml").write_text(CITY, encoding="utf-8")
    columns = max(2, round(np.sqrt(buildings / PER_DISTRICT)))
    rows = max(2, round(buildings / PER_DISTRICT / columns))
    waiting: dict[str, list[Table]] = {}
    for number in range(columns * rows):
        for name, table in _district(number, columns, rows, seed):
            waiting.setdefault(name, []).append(table)
        if sum(map(len, waiting["buildings"])) >= AT_ONCE or number == columns * rows - 1:
            written += sum(map(len, waiting["buildings"]))
            for name, parts in waiting.items():
                _append(folder / f"{name}.gpkg", pd.concat(parts, ignore_index=True))
            waiting = {}
    return {
        "buildings": written,
        "districts": columns * rows,
        "seconds": time.perf_counter() - begin,
        "file_mb": sum(file.stat().st_size for file in folder.iterdir()) / 1e6,
    }


def _append(file: Path, rows: Table) -> None:
    if file.stem != "residents":  # which are counted on a straight grid
        rows["geometry"] = shapely.transform(rows["geometry"].to_numpy(), _winding)
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)
    pyogrio.write_dataframe(frame, file, layer=file.stem, append=file.exists(), use_arrow=True)


def _winding(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bend what is straight, the same way at the same place: no street runs along a cell's edge."""
    return xy + BENT * np.sin(xy[:, ::-1] / 311.0 + xy / 407.0)


def _district(number: int, columns: int, rows: int, seed: int) -> Iterator[tuple[str, Table]]:
    """Yield the rows of each layer in a district's square."""
    rng = np.random.default_rng([seed, number])
    row, column = divmod(number, columns)
    west, south = EAST + column * SIDE, NORTH + row * SIDE
    corners = [(column + x, row + y) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
    border = shapely.Polygon([_corner(x, y, columns, rows, seed) for x, y in corners])
    names = {"id": [f"{number:04d}"], "name": [f"Quarter {column + 1}-{row + 1}"]}
    yield "districts", pd.DataFrame({**names, "geometry": [border]})
    away = np.hypot((column + 0.5) / columns - 0.5, (row + 0.5) / rows - 0.5) * 2
    plots = _plots(rng, np.exp(-3 * away**2), west, south)
    yield "land_use", plots[["class", "geometry"]]
    houses, truth = _houses(rng, plots, number)
    yield "buildings", houses
    yield "residents", _residents(houses, truth, west, south)
    yield "streets", _streets(west, south, rail=row % 2 == 0)
    yield "stops", _stops(number, west, south, rail=row % 2 == 0)


def _corner(x: int, y: int, columns: int, rows: int, seed: int) -> tuple[float, float]:
    """Return a corner of districts, moved by dice the same for all of them, but within the city."""
    east, north = np.random.default_rng([seed, x, y, 1]).uniform(-MOVED, MOVED, 2)
    east, north = east * (0 < x < columns), north * (0 < y < rows)
    return EAST + x * SIDE + east, NORTH + y * SIDE + north


def _plots(rng: np.random.Generator, inner: float, west: float, south: float) -> Table:
    """Draw what lies on each plot of a district: `inner` is 1 in the middle, 0 at the edge."""
    share = np.array([inner * plot.share[0] + (1 - inner) * plot.share[1] for plot in PLOTS])
    share *= rng.gamma(4.0, 0.25, len(share))  # no two districts are alike
    x = west + WIDE * np.arange(SIDE / WIDE)
    y = south + DEEP * np.arange(SIDE / DEEP)
    x, y = (grid.ravel() for grid in np.meshgrid(x, y))
    kind = rng.choice(len(PLOTS), len(x), p=share / share.sum())
    return pd.DataFrame(
        {
            "kind": kind,
            "x": x,
            "y": y,
            "class": np.array([plot.land_use for plot in PLOTS], dtype=object)[kind],
            "geometry": shapely.box(x + 5, y + 5, x + WIDE - 5, y + DEEP - 5),
        }
    )


def _houses(rng: np.random.Generator, plots: Table, district: int) -> tuple[Table, Table]:
    """Build the houses of plots; return what a register states of them, and what is true."""
    lots = np.array([plot.lots for plot in PLOTS])
    there = plots.loc[np.repeat(plots.index, 2 * lots[plots["kind"]])]
    kind, n = there["kind"].to_numpy(), len(there)
    lot, far_row = np.divmod(there.groupby(level=0).cumcount().to_numpy(), 2)
    pitch = (WIDE - 20) / lots[kind]
    wide = pitch * rng.uniform(0.6, 0.9, n)
    deep = _between(rng, [plot.depth for plot in PLOTS], kind)
    x = there["x"].to_numpy() + 10 + lot * pitch
    y = there["y"].to_numpy() + np.where(far_row, DEEP - 10 - deep, 10.0)
    shapes = np.where(rng.random(n) < 0.25, _corners(x, y, wide, deep), _boxes(x, y, wide, deep))
    chosen = [plot.uses or ("other",) for plot in PLOTS]
    pick = (rng.random(n) * np.array([len(some) for some in chosen])[kind]).astype(int)
    longest = max(map(len, chosen))
    uses = np.array([[*some, *some[-1:] * (longest - len(some))] for some in chosen], dtype=object)
    storeys = np.round(_between(rng, [plot.storeys for plot in PLOTS], kind))
    year = np.clip(np.round(rng.normal(1960 + 8 * kind, 18, n)), 1880, 2020)
    truth = pd.DataFrame(
        {
            "use": uses[kind, pick],
            "storeys": storeys,
            "floor_area": np.round(shapely.area(shapes) * storeys * rng.uniform(0.85, 1.0, n)),
            "year": year,
        }
    )
    stated = {name: truth[name].where(rng.random(n) < share) for name, share in STATED.items()}
    ids = district * 100_000 + np.arange(n)
    return pd.DataFrame({"id": ids, **stated, "geometry": shapes}), truth


def _between(
    rng: np.random.Generator, limits: list[tuple[float, float]], kind: NDArray[np.int64]
) -> NDArray[np.float64]:
    low, high = np.array(limits, dtype=float)[kind].T
    return np.asarray(rng.uniform(low, high))


def _boxes(x: Any, y: Any, wide: Any, deep: Any) -> NDArray[np.object_]:
    return np.asarray(shapely.box(x, y, x + wide, y + deep))


def _corners(x: Any, y: Any, wide: Any, deep: Any) -> NDArray[np.object_]:
    """Return houses in the shape of an L."""
    across = np.stack([x, x + wide, x + wide, x + wide / 2, x + wide / 2, x], axis=1)
    along = np.stack([y, y, y + deep / 2, y + deep / 2, y + deep, y + deep], axis=1)
    return np.asarray(shapely.polygons(np.stack([across, along], axis=2)))


def _residents(houses: Table, truth: Table, west: float, south: float) -> Table:
    """Count who lives and works in each cell: one in 40 m2 of homes, one in 35 m2 of offices."""
    side = int(SIDE / CELL)
    low_x, low_y, _, _ = shapely.bounds(houses["geometry"].to_numpy()).T
    cell = ((low_y - south) // CELL * side + (low_x - west) // CELL).astype(int)
    homes = truth["use"].isin(["detached", "row", "apartment"]).to_numpy()
    area = truth["floor_area"].to_numpy()
    living = np.bincount(cell, np.where(homes, area / 40, 0.0), side * side)
    working = np.bincount(cell, np.where(homes, 0.0, area / 35), side * side)
    y, x = np.divmod(np.arange(side * side), side)
    x, y = west + x * CELL, south + y * CELL
    shapes = shapely.box(x, y, x + CELL, y + CELL)
    return pd.DataFrame(
        {"residents": np.round(living), "jobs": np.round(working), "geometry": shapes}
    )


def _streets(west: float, south: float, *, rail: bool) -> Table:
    """Draw the streets between plots, crossing by crossing, and a railway through the middle."""
    x = west + WIDE * np.arange(SIDE / WIDE)
    y = south + DEEP * np.arange(SIDE / DEEP)
    x, y = (grid.ravel() for grid in np.meshgrid(x, y))
    along = shapely.linestrings(np.stack([np.c_[x, y], np.c_[x + WIDE, y]], axis=1))
    across = shapely.linestrings(np.stack([np.c_[x, y], np.c_[x, y + DEEP]], axis=1))
    kinds = np.concatenate([_kinds(y - south), _kinds(x - west)])
    lines = np.concatenate([along, across])
    if rail:
        middle = south + SIDE / 2 + DEEP / 2
        track = shapely.linestrings([[west, middle], [west + SIDE, middle]])
        kinds, lines = np.append(kinds, "rail"), np.append(lines, track)
    return pd.DataFrame({"kind": kinds, "geometry": lines})


def _kinds(beyond: NDArray[np.float64]) -> NDArray[np.object_]:
    """Return the kinds of streets by how far they lie from the district's first one, m."""
    return np.where(beyond == 0, "main", np.where(beyond == SIDE / 2, "collector", "residential"))


def _stops(number: int, west: float, south: float, *, rail: bool) -> Table:
    """Put bus stops along the two largest streets, and two stations on the railway."""
    steps = np.arange(250.0, SIDE, 500.0)
    x = np.concatenate([west + steps, np.full(len(steps), west + SIDE / 2)])
    y = np.concatenate([np.full(len(steps), south), south + steps])
    modes, names = ["bus"] * len(x), [f"Stop {number}-{i}" for i in range(len(x))]
    if rail:
        x = np.append(x, [west + SIDE / 4, west + 3 * SIDE / 4])
        y = np.append(y, np.full(2, south + SIDE / 2 + DEEP / 2))
        modes += ["rail", "rail"]
        names += [f"West Station {number}", f"East Station {number}"]
    return pd.DataFrame({"mode": modes, "name": names, "geometry": shapely.points(x, y)})


def run_metropolis(folder: Path, zones: str = "districts", *options: str) -> dict[str, Any]:
    """Classify the city in a process of its own, with nothing kept from before.

    Returns
    -------
    dict
        `seconds` from start to end, the `districts` classified, and `peak_mb`, the most memory
        that the process held.
    """
    command = [sys.executable, str(Path(__file__)), "classify", "metropolis.toml"]
    command += ["--data", ".", "--raw", "raw", "--out", "out", "--zones", zones, *options]
    shutil.rmtree(folder / "out", ignore_errors=True)
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise RuntimeError(done.stderr)
    table = pd.read_csv(folder / "out" / "districts.csv", usecols=["zone_id"])
    peak = float(done.stdout.rsplit(maxsplit=1)[-1])
    return {"seconds": seconds, "districts": len(table), "peak_mb": peak}


def bench(sizes: Sequence[int], small: int) -> dict[str, Any]:
    """Run cities of several sizes, and a small one in one piece and by windows."""
    numbers: dict[str, Any] = {"runs": []}
    for size in sizes:
        with tempfile.TemporaryDirectory() as scratch:
            written = write_metropolis(Path(scratch), size)
            run = run_metropolis(Path(scratch), "districts", "--tables-only")
            if size == sizes[0]:
                numbers["with_maps"] = run_metropolis(Path(scratch), "districts,stations,cells")
        numbers["runs"].append(
            {
                "buildings": written["buildings"],
                "writing_seconds": written["seconds"],
                "file_mb": written["file_mb"],
                **run,
                "buildings_per_second": written["buildings"] / run["seconds"],
            }
        )
    first, last = numbers["runs"][0], numbers["runs"][-1]
    return numbers | {
        "times_buildings": last["buildings"] / first["buildings"],
        "times_peak_mb": last["peak_mb"] / first["peak_mb"],
        "windows": compare(small),
    }


def compare(buildings: int) -> dict[str, Any]:
    """Classify a city in one piece and by windows of its files, and compare all tables.

    Returns
    -------
    dict
        `tables` and their `rows`; how many of their words differ (`different_words`; labels are
        words); and the `largest_difference` of numbers: relative, absolute of those below 1.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_metropolis(folder, buildings)
        for run, large in (("whole", sys.maxsize), ("windows", buildings // 10)):
            classify(
                load_city(str(folder / "metropolis.toml")), data=scratch, raw=folder / "raw",
                out=folder / run, tables_only=True, large=large,
            )  # fmt: skip
        found = [
            (pd.read_csv(file), pd.read_csv(folder / "windows" / file.name))
            for file in sorted((folder / "whole").glob("*.csv"))
        ]
    return {
        "tables": len(found),
        "rows": sum(len(one) for one, _ in found),
        "different_words": sum(_different_words(one, other) for one, other in found),
        "largest_difference": max(_difference(one, other) for one, other in found),
    }


def _different_words(one: Table, other: Table) -> int:
    a, b = (table.select_dtypes(exclude="number").fillna("") for table in (one, other))
    return int((a.to_numpy() != b.to_numpy()).sum()) if a.shape == b.shape else a.size + b.size


def _difference(one: Table, other: Table) -> float:
    """Return the largest difference of two numbers: infinite where one is not known."""
    a, b = (table.select_dtypes("number").to_numpy(float) for table in (one, other))
    if a.shape != b.shape or (np.isnan(a) != np.isnan(b)).any():
        return float("inf")
    return float(np.nanmax(np.abs(a - b) / np.maximum(np.abs(a), 1.0), initial=0.0))


def main() -> None:
    """Run the command, and print the most memory that it held, MB."""
    from districttype.cli import main as command

    try:
        command()
    finally:
        print(peak_mb())


if __name__ == "__main__":
    main()
