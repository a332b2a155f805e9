"""What a run found, kept beside its outputs so that it can be explained and compared later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from districttype.city import City
from districttype.errors import ConfigError, SourceError
from districttype.publish.edition import Edition
from districttype.typology.label import label_zones
from districttype.typology.thresholds import load_facets

STAGES = "stages"
NAME_COLUMNS = ("name", "name_sv", "name_latin", "parent")


@dataclass(frozen=True)
class Run:
    """Indicators, names and labels of every zone set of one run (index zone_id each)."""

    indicators: Mapping[str, pd.DataFrame]
    names: Mapping[str, pd.DataFrame]
    labels: Mapping[str, pd.DataFrame]
    record: Mapping[str, Any]


def run_of(edition: Edition) -> Run:
    """Return what an edition found."""
    return Run(
        indicators={name: result.indicators for name, result in edition.results.items()},
        names={name: _names(result.zones.frame) for name, result in edition.results.items()},
        labels={name: result.labels for name, result in edition.results.items()},
        record=edition.run,
    )


def save_run(edition: Edition, out: Path) -> None:
    """Keep the indicators of every zone set beside the outputs, atomically."""
    folder = out / STAGES
    folder.mkdir(parents=True, exist_ok=True)
    for name, result in edition.results.items():
        table = _names(result.zones.frame).join(result.indicators)
        part = folder / f".{name}.parquet"
        table.to_parquet(part)
        part.replace(folder / f"{name}.parquet")
    for stale in folder.glob("*.parquet"):
        if stale.stem not in edition.results:
            stale.unlink()


def load_run(city: City, out: Path) -> Run | None:
    """Return the last run of a city kept under `out`, labelled anew; None if there is none.

    Raises
    ------
    ConfigError
        If the run under `out` is of another city.
    """
    files = sorted((out / STAGES).glob("[!.]*.parquet"))
    record = out / "run.json"
    if not files or not record.is_file():
        return None
    said = json.loads(record.read_text(encoding="utf-8"))
    found = said.get("city", {}).get("id")
    if found != city.id:
        raise ConfigError(f"holds a run of {found!r}, not of {city.id!r}", where=str(out))
    facets = load_facets(city.thresholds)
    indicators, names, labels = {}, {}, {}
    for file in files:
        try:
            table = pd.read_parquet(file)
            table.index = table.index.astype(object)
        except (OSError, ValueError) as error:
            raise SourceError(
                f"cannot be read: {error}", where=str(file), todo="run classify again"
            ) from None
        names[file.stem] = _names(table)
        indicators[file.stem] = table.drop(columns=list(NAME_COLUMNS), errors="ignore")
        labels[file.stem] = label_zones(
            indicators[file.stem], facets, draws=200 if len(table) > 1000 else 1000
        )
    return Run(indicators, names, labels, said)


def _names(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {column: frame.get(column) for column in NAME_COLUMNS},
        index=frame.index,
    )
