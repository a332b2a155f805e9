"""Measure the program beside its peers, in one run on one machine: `make bench`.

Prints one line a number and writes all of them to `benchmarks/results.json`. Ratios are above 1
where this program is faster. Every peer's results are compared with the kernel's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cityscape
import country
import geopandas as gpd
import metropolis
import numpy as np
import pages
import peers
import rasterio
import shapely
from held import peak_mb
from rasterio.transform import Affine
from synthetic_osm import write_extract

from districttype.indicators.facts import Facts
from districttype.indicators.measure import measure
from districttype.indicators.zonal import overlap, overlap_chunks, raster_shares
from districttype.sources.osmfile import read_extract
from districttype.sources.registry import Wanted
from districttype.zones import ZONE_SETS, make_zone_set

HERE = Path(__file__).parent
Numbers = dict[str, Any]


def timed(work: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """Return the shortest time of some runs, s, and the result."""
    best, found = np.inf, None
    for _ in range(repeats):
        start = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - start)
    return best, found


def farthest(found: np.ndarray, truth: np.ndarray) -> float:
    """Return the largest relative difference."""
    return float(np.max(np.abs(found - truth) / np.maximum(np.abs(truth), 1.0)))


def bench_kernel(quick: bool) -> Numbers:
    """Measure building area by district, beside what a user would write instead."""
    n = 35_000 if quick else 350_000
    shapes = cityscape.buildings(n)
    numbers: Numbers = {"buildings": n, "peers": {}}
    for name, borders in (("straight", cityscape.districts()),
                          ("natural", cityscape.natural_districts())):  # fmt: skip
        zones = gpd.GeoDataFrame({"zone": np.arange(len(borders))}, geometry=borders.to_numpy(),
                                 crs=borders.crs)  # fmt: skip
        table = gpd.GeoDataFrame({"building": np.arange(n)}, geometry=shapes, crs=borders.crs)
        seconds, pieces = timed(lambda z=zones, t=table: overlap(z, t), 5)
        found = pieces.total()
        slower, truth = timed(lambda z=zones, t=table: peers.overlay(z, t), 1 if n > 1e5 else 2)
        suffix = "" if name == "straight" else "_natural_borders"
        numbers |= {
            f"zones{suffix}": len(zones),
            f"seconds{suffix}": seconds,
            f"buildings_per_second{suffix}": n / seconds,
            f"speedup_vs_overlay{suffix}": slower / seconds,
            f"max_relative_error{suffix}": farthest(found, truth),
        }
        if name == "straight":
            for peer in ("momepy", "tobler", "sedonadb"):
                work = peers.PEERS[peer]
                slower, theirs = timed(lambda z=zones, t=table, w=work: w(z, t))
                as_they_round = peers.tobler_rounds(pieces) if peer == "tobler" else found
                numbers["peers"][peer] = {
                    "seconds": slower,
                    "speedup": slower / seconds,
                    "max_relative_difference": farthest(theirs, as_they_round),
                }
    differences = [numbers["max_relative_error"], numbers["max_relative_error_natural_borders"]]
    differences += [peer["max_relative_difference"] for peer in numbers["peers"].values()]
    return numbers | {"largest_difference": max(differences)}


def bench_streets(quick: bool) -> Numbers:
    """Measure street length by district, beside OSMnx on the truncated graph."""
    lines, graph = cityscape.street_grid(600.0 if quick else 150.0)
    borders = cityscape.districts()
    zones = gpd.GeoDataFrame(geometry=borders)
    seconds, ours = timed(
        lambda: overlap(borders, gpd.GeoSeries(lines, crs=borders.crs)).total(), 3
    )
    slower, theirs = timed(lambda: peers.osmnx(zones, graph))
    city = shapely.union_all(borders.to_numpy())
    truth = shapely.length(shapely.intersection(lines, city)).sum()
    return {
        "streets": len(lines),
        "seconds": seconds,
        "speedup_vs_osmnx": slower / seconds,
        "relative_error": abs(ours.sum() / truth - 1),
        "osmnx_relative_error": abs(theirs.sum() / truth - 1),
    }


def bench_raster(quick: bool) -> Numbers:
    """Measure land cover by district and by building, beside rasterstats."""
    borders = cityscape.districts()
    low_x, low_y, high_x, high_y = borders.total_bounds
    cell = 50.0 if quick else 20.0
    rows, columns = int((high_y - low_y) / cell) + 1, int((high_x - low_x) / cell) + 1
    values = [1, 2, 3, 4]
    classes = np.random.default_rng(1).integers(1, 5, (rows, columns), dtype="uint8")
    houses = gpd.GeoDataFrame(geometry=cityscape.buildings(200 if quick else 2000), crs=borders.crs)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cover.tif"
        with rasterio.open(
            path, "w", driver="GTiff", height=rows, width=columns, count=1, dtype="uint8",
            crs=borders.crs.to_wkt(), transform=Affine(cell, 0, low_x, 0, -cell, high_y), nodata=0,
        ) as file:  # fmt: skip
            file.write(classes, 1)
        zones = gpd.GeoDataFrame(geometry=borders)
        seconds, ours = timed(lambda: raster_shares(zones, path, values))
        slower, theirs = timed(lambda: peers.rasterstats(zones, path, values))
        small = raster_shares(houses, path, values)
        small_theirs = peers.rasterstats(houses, path, values)
    return {
        "cells": rows * columns,
        "seconds": seconds,
        "speedup_vs_rasterstats": slower / seconds,
        "largest_difference_of_shares": float(np.nanmax(np.abs(ours[:, :-1] - theirs))),
        "small_zones_empty": float((small[:, :-1].sum(axis=1) == 0).mean()),
        "small_zones_empty_rasterstats": float(np.isnan(small_theirs[:, 0]).mean()),
    }


def bench_indicators(quick: bool) -> Numbers:
    """Measure all indicators of all zone sets of the embedded Espoo."""
    layers = cityscape.espoo()
    sets = ZONE_SETS[:2] if quick else ZONE_SETS
    numbers: Numbers = {"zones": {}, "seconds": {}}
    drawn = 0.0
    zone_sets = []
    for name in sets:
        seconds, zones = timed(lambda name=name: make_zone_set(name, layers))
        drawn += seconds
        if zones is not None:
            zone_sets.append(zones)
    facts = Facts(layers=layers)
    for zones in zone_sets:
        seconds, table = timed(lambda zones=zones: measure(zones, facts))
        numbers["zones"][zones.name] = len(table)
        numbers["seconds"][zones.name] = seconds
    numbers["espoo_seconds"] = sum(numbers["seconds"].values())
    numbers["espoo_drawing_zones_seconds"] = drawn
    return numbers


def bench_scaling(quick: bool) -> Numbers:
    """Measure the kernel on more and more buildings, each count in a process of its own."""
    counts = [10_000, 100_000] if quick else [100_000, 1_000_000, 10_000_000]
    runs = []
    for n in counts:
        command = [sys.executable, str(Path(__file__)), "--scale", str(n)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    slope = np.polyfit(
        np.log([r["buildings"] for r in runs]), np.log([r["seconds"] for r in runs]), 1
    )
    return {
        "exponent": float(slope[0]),
        "peak_mb": max(run["peak_mb"] for run in runs),
        "runs": runs,
    }


def scale(n: int) -> None:
    """Measure n buildings that come in chunks; print one line of JSON."""
    zones, making = cityscape.districts(), 0.0

    def chunks() -> Any:
        nonlocal making
        made = cityscape.chunks(n)
        while True:
            seconds, chunk = timed(lambda: next(made, None))
            making += seconds
            if chunk is None:
                return
            yield gpd.GeoSeries(chunk, crs=zones.crs)

    total, found = timed(lambda: overlap_chunks(zones, chunks(), expected=n))
    seconds = total - making
    numbers = {
        "buildings": n,
        "seconds": seconds,
        "buildings_per_second": n / seconds,
        "entries": len(found.zone),
        "peak_mb": peak_mb(),
    }
    print(json.dumps(numbers))


def bench_osm(quick: bool) -> Numbers:
    """Read an extract of OpenStreetMap into a table of buildings, beside pyrosm."""
    n = 20_000 if quick else 200_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "city.osm.pbf"
        write_extract(path, n)
        runs = {}
        for reader in READERS:
            command = [sys.executable, str(Path(__file__)), "--read", str(path), "--reader", reader]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            runs[reader] = json.loads(done.stdout.splitlines()[-1])
    ours, theirs = runs["districttype"], runs["pyrosm"]
    return {
        "buildings": ours["buildings"],
        "buildings_per_second": ours["buildings_per_second"],
        "peak_mb": ours["peak_mb"],
        "pyrosm_buildings_per_second": theirs["buildings_per_second"],
        "pyrosm_peak_mb": theirs["peak_mb"],
        "speedup_vs_pyrosm": ours["buildings_per_second"] / theirs["buildings_per_second"],
    }


def read(path: Path, reader: str) -> None:
    """Read the buildings of an extract; print one line of JSON."""
    seconds, table = timed(lambda: READERS[reader](path))
    numbers = {
        "buildings": len(table),
        "buildings_per_second": len(table) / seconds,
        "peak_mb": peak_mb(),
    }
    print(json.dumps(numbers))


def read_ours(path: Path) -> gpd.GeoDataFrame:
    """Return the buildings as this program reads them."""
    wanted = Wanted(
        tags={"building": None}, shapes=frozenset({"area"}),
        columns=("building", "building:levels", "addr:street"),
    )  # fmt: skip
    return read_extract(path, {"buildings": wanted})["buildings"].frame


READERS = {"districttype": read_ours, "pyrosm": peers.pyrosm}


def bench_pages(_: bool) -> Numbers:
    """Measure the pages of the embedded Espoo, the same in a quick run."""
    with tempfile.TemporaryDirectory() as folder:
        seconds, _ = timed(lambda: pages.write_pages(Path(folder)))
        return {
            "writing_seconds": seconds,
            **pages.sizes(Path(folder)),
            **pages.times(Path(folder)),
        }


def bench_classify(_: bool) -> Numbers:
    """Measure the command from start to end, with nothing kept and with all of it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", "from districttype.cli import main; main()"]
        command += ["classify", "espoo", "--data", "embedded"]
        runs = [
            timed(lambda: subprocess.run(command, cwd=folder, capture_output=True, check=True))
            for _ in range(2)
        ]
    return {"first_seconds": runs[0][0], "second_seconds": runs[1][0]}


def bench_country(quick: bool) -> Numbers:
    """Classify a country's cities by one worker and by two."""
    return country.bench(30, 250_000, 1) if quick else country.bench(300, 5_000_000, 10)


def bench_metropolis(quick: bool) -> Numbers:
    """Classify single cities of files, from small to larger than memory."""
    if quick:
        return metropolis.bench((25_000, 100_000), 25_000)
    return metropolis.bench((250_000, 1_000_000, 5_000_000), 60_000)


def machine() -> Numbers:
    """Return what the numbers depend on beside the program."""
    names = ("shapely", "geopandas", "numpy", "momepy", "tobler", "sedonadb", "osmnx",
             "rasterstats", "pyrosm", "exactextract")  # fmt: skip
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "geos": shapely.geos_version_string,
        "load_before": os.getloadavg()[0],
        "versions": {name: version(name) for name in names},
    }


PARTS: dict[str, Callable[[bool], Numbers]] = {
    "kernel": bench_kernel,
    "streets": bench_streets,
    "raster": bench_raster,
    "indicators": bench_indicators,
    "scaling": bench_scaling,
    "osm": bench_osm,
    "pages": bench_pages,
    "classify": bench_classify,
    "country": bench_country,
    "metropolis": bench_metropolis,
}


def show(numbers: Numbers, before: str = "") -> None:
    """Print one line a number."""
    for name, value in numbers.items():
        if isinstance(value, dict):
            show(value, f"{before}{name}.")
        elif isinstance(value, float):
            print(f"{before + name:<52}{value:>16,.4g}", flush=True)
        elif isinstance(value, int):
            print(f"{before + name:<52}{value:>16,}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, to try it out")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part")
    parser.add_argument("--scale", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--reader", help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # the peers' own
    if options.scale:
        scale(options.scale)
        return
    if options.read:
        read(options.read, options.reader)
        return
    results: Numbers = {"quick": options.quick, "machine": machine()}
    for name in options.only or PARTS:
        results[name] = PARTS[name](options.quick)
        show(results[name], f"{name}.")
    path = HERE / "results.json"
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"written to {path}")


if __name__ == "__main__":
    main()
