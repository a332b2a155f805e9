"""A country of generated cities, classified by one worker and by two: time, memory, speed-up.

The cities' sizes have a heavy tail (the k-th largest has about 1/k^0.8 of the largest's districts);
each district is one of the embedded Espoo's, drawn by dice. Every city goes the whole line, from
figures to focus areas and tables, on a real cluster of processes with one thread each.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import psutil
from pydantic import TypeAdapter

from districttype.city import City
from districttype.many import classify_cities
from districttype.sources.figures import load_figures, sampled

TAIL = 0.8
PER_DISTRICT = 407  # buildings of a district drawn from the embedded Espoo's, on average
CITY: TypeAdapter[City] = TypeAdapter(City)


def write_country(folder: Path, cities: int, buildings: int) -> list[City]:
    """Write the figures of a country's cities; return their configurations, largest first."""
    espoo = load_figures("espoo")
    share = np.arange(1, cities + 1) ** -TAIL
    sizes = np.maximum(2, np.round(share / share.sum() * buildings / PER_DISTRICT)).astype(int)
    made = []
    for number, size in enumerate(sizes):
        figures = sampled(espoo, int(size), seed=number)
        place = folder / f"city{number:03d}"
        place.mkdir(parents=True)
        origin = figures.origin
        (place / "figures.toml").write_text(
            f'name = "{origin.name}"\nprovider = "{origin.provider}"\nlicence = "CC0-1.0"\n',
            encoding="utf-8",
        )
        figures.districts.to_csv(place / "districts.csv", index=False)
        shapes = gpd.GeoDataFrame({"id": figures.districts["id"]}, geometry=figures.polygons)
        shapes.to_file(place / "districts.geojson", driver="GeoJSON")
        made.append(
            CITY.validate_python(
                {"id": place.name, "country": "FI", "crs": "EPSG:3067",
                 "names": {"en": f"City {number}"}, "figures": str(place)}
            )
        )  # fmt: skip
    return made


def run(cities: list[City], workers: int, folder: Path) -> dict[str, Any]:
    """Classify the cities; return seconds, buildings, and the most memory a worker held, MB."""
    peak, stop = {}, threading.Event()

    def watch() -> None:
        while not stop.wait(0.5):
            for process in psutil.Process().children(recursive=True):
                try:
                    held = process.memory_info().rss / 1e6
                except psutil.Error:
                    continue
                peak[process.pid] = max(peak.get(process.pid, 0.0), held)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    begin = time.perf_counter()
    outcomes = classify_cities(
        cities, folder / "out", data="embedded", zone_sets=["districts"], raw=folder / "raw",
        workers=workers, tables_only=True,
    )  # fmt: skip
    seconds = time.perf_counter() - begin
    stop.set()
    watcher.join()
    failed = [outcome.error for outcome in outcomes if outcome.error]
    if failed:
        raise RuntimeError(failed[0])
    table = pd.read_csv(folder / "out" / "cities.csv", usecols=["buildings"])
    return {
        "workers": workers,
        "seconds": seconds,
        "buildings": int(table["buildings"].sum()),
        "districts": len(table),
        "peak_mb": max(peak.values()),
    }


def bench(cities: int, buildings: int, sample: int) -> dict[str, Any]:
    """Classify a country by two workers, and every `sample`-th of its cities by one and by two."""
    numbers: dict[str, Any] = {"cities": cities, "cores": os.cpu_count(), "one_in": sample}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        everyone = write_country(folder / "figures", cities, buildings)
        some = everyone[sample // 2 :: sample]
        one = run(some, 1, folder / "one")
        two = run(some, 2, folder / "two")
        numbers |= {
            "sample_cities": len(some),
            "sample_buildings": two["buildings"],
            "one_worker_seconds": one["seconds"],
            "two_workers_seconds": two["seconds"],
            "speedup_of_two_workers": one["seconds"] / two["seconds"],
            "same_tables": _same(folder / "one" / "out", folder / "two" / "out"),
        }
        whole = two if sample == 1 else run(everyone, 2, folder / "all")
        numbers |= {f"country_{name}": value for name, value in whole.items()}
        numbers["country_buildings_per_second"] = whole["buildings"] / whole["seconds"]
    return numbers


def _same(one: Path, two: Path) -> bool:
    """Tell whether the joint tables of two runs are the same, byte for byte."""
    return (one / "cities.csv").read_bytes() == (two / "cities.csv").read_bytes()
