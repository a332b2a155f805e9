"""Runs that were kept: the tables a command finds beside a city's outputs, made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

# What is known of every zone, so that each facet speaks; a zone's own numbers replace it.
KNOWN = {
    "coverage_buildings": 1.0, "coverage_stops": 1.0, "coverage_plans": 1.0, "floor_area_m2": 1e5,
    "growth_ratio": 0.0, "rural_land_share": 0.0, "use_unknown_share": 0.0, "retail_share": 0.0,
    "industry_share": 0.0, "public_share": 0.0, "leisure_share": 0.0, "campus_share": 0.0,
    "new_station_floor_share": 0.0, "floor_near_frequent_bus_share": 0.2,
}  # fmt: skip
KINDS = {
    "centre": {"far": 0.8, "dense_floor_share": 0.95, "residents_per_ha": 90.0,
               "housing_share": 0.4, "offices_share": 0.45, "floor_near_station_share": 0.9,
               "heat_density_cell_mwh_per_ha": 600.0},
    "suburb": {"far": 0.15, "dense_floor_share": 0.2, "residents_per_ha": 25.0,
               "housing_share": 0.95, "offices_share": 0.0, "floor_near_station_share": 0.1,
               "heat_density_cell_mwh_per_ha": 90.0},
    "village": {"far": 0.01, "dense_floor_share": 0.0, "residents_per_ha": 0.8,
                "housing_share": 0.9, "offices_share": 0.0, "floor_near_station_share": 0.0,
                "heat_density_cell_mwh_per_ha": 12.0},
}  # fmt: skip


def indicators(prefix: str, seed: int, each: int = 6) -> pd.DataFrame:
    """Return districts of every kind, each a little different from the next."""
    dice = np.random.default_rng(seed)
    rows = {
        f"{prefix}{kind}{i}": {**KNOWN, **{k: v * dice.uniform(0.93, 1.05) for k, v in own.items()}}
        for kind, own in KINDS.items()
        for i in range(each)
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("zone_id")


def keep_run(folder: Path, city: str, name: str, seed: int) -> Path:
    """Write a city's file and a run of it; return the city's file."""
    config = folder / f"{city}.toml"
    config.write_text(
        f'id = "{city}"\ncountry = "LI"\ncrs = "EPSG:2056"\nnames = {{ en = "{name}" }}\n',
        encoding="utf-8",
    )
    table = indicators(city[0], seed)
    where = np.random.default_rng(seed).uniform(0, 9000, (2, len(table)))
    names = {"name": table.index.str.title(), "name_sv": None, "name_latin": None, "parent": None,
             "x": where[0], "y": where[1]}  # fmt: skip
    stages = folder / city / "stages"
    stages.mkdir(parents=True)
    table.assign(**names).to_parquet(stages / "districts.parquet")
    record = {"city": {"id": city, "names": {"en": name}}, "data_line": f"{name} by hand"}
    (folder / city / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return config
