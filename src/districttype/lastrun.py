"""What a run found, kept beside its outputs so that it can be explained and compared later."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from districttype.city import City
from districttype.errors import ConfigError, SourceError
from districttype.layers.layer import Layers
from districttype.publish.edition import Edition
from districttype.typology.learnt import SUFFIX, Learnt, load_all, save
from districttype.typology.thresholds import load_facets
from districttype.typology.zoneset import label_set
from districttype.zones import Zones, make_zones

STAGES = "stages"
NAME_COLUMNS = ("name", "name_sv", "name_latin", "parent")
ZONE_COLUMNS = (*NAME_COLUMNS, "x", "y")


@dataclass(frozen=True)
class Kept:
    """What a run keeps of every zone set (index zone_id each).

    `zones` says what the zones are called (name, name_sv, name_latin, parent) and where they are
    (`x`, `y`: a point inside, in the city's coordinates).
    """

    indicators: Mapping[str, pd.DataFrame]
    zones: Mapping[str, pd.DataFrame]
    record: Mapping[str, Any]

    @property
    def generated(self) -> tuple[str, ...]:
        """Return the layers of which no data tell: drawn by rule, not how the city is."""
        return tuple(self.record.get("standing", {}).get("generated", ()))

    def city_name(self, language: str) -> str:
        """Return what the city of the run is called in a language."""
        names = self.record["city"]["names"]
        return str(names.get(language) or next(iter(names.values())))


@dataclass(frozen=True)
class Run(Kept):
    """A run with its labels, and the learnt models (facet -> model) that gave some of them."""

    labels: Mapping[str, pd.DataFrame]
    models: Mapping[str, Learnt] = field(default_factory=dict)


def run_of(edition: Edition) -> Run:
    """Return what an edition found."""
    return Run(
        indicators={name: result.indicators for name, result in edition.results.items()},
        zones={name: _zones(result.zones.frame) for name, result in edition.results.items()},
        record=edition.run,
        labels={name: result.labels for name, result in edition.results.items()},
        models=edition.models,
    )


def save_run(edition: Edition, out: Path) -> None:
    """Keep indicators and learnt models of a run beside its outputs, each file atomically."""
    folder = out / STAGES
    folder.mkdir(parents=True, exist_ok=True)
    made = {save(learnt, folder) for learnt in edition.models.values()}
    for name, result in edition.results.items():
        file = folder / f"{name}.parquet"
        part = folder / f".{file.name}"
        _zones(result.zones.frame).join(result.indicators).to_parquet(part)
        made.add(part.replace(file))
    for stale in {*folder.glob("*.parquet"), *folder.glob(f"*{SUFFIX}")} - made:
        stale.unlink()


def read_kept(out: Path) -> Kept | None:
    """Return what the last run kept under `out`; None if there is none.

    Raises
    ------
    SourceError
        If a file of it cannot be read.
    """
    files = sorted((out / STAGES).glob("[!.]*.parquet"))
    record = out / "run.json"
    if not files or not record.is_file():
        return None
    tables = {file.stem: _read(file) for file in files}
    return Kept(
        indicators={
            name: table.drop(columns=list(ZONE_COLUMNS), errors="ignore")
            for name, table in tables.items()
        },
        zones={name: table.reindex(columns=list(ZONE_COLUMNS)) for name, table in tables.items()},
        record=_record(record),
    )


def _record(file: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from None
    return record


def _read(file: Path) -> pd.DataFrame:
    try:
        table = pd.read_parquet(file)
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from None
    table.index = table.index.astype(object)
    return table


def _unreadable(file: Path, error: Exception) -> SourceError:
    return SourceError(f"cannot be read: {error}", where=str(file), todo="run classify again")


def load_run(city: City, out: Path) -> Run | None:
    """Return the last run of a city kept under `out`, labelled anew; None if there is none.

    Raises
    ------
    ConfigError
        If the run under `out` is of another city.
    """
    kept = read_kept(out)
    if kept is None:
        return None
    found = kept.record.get("city", {}).get("id")
    if found != city.id:
        raise ConfigError(f"holds a run of {found!r}, not of {city.id!r}", where=str(out))
    facets = load_facets(city.thresholds)
    models = load_all(sorted((out / STAGES).glob(f"*{SUFFIX}")))
    return Run(
        kept.indicators,
        kept.zones,
        kept.record,
        labels=_OnDemand(
            kept.indicators,
            lambda name: label_set(name, kept.indicators[name], facets, models),
        ),
        models=models,
    )


class _OnDemand(Mapping[str, pd.DataFrame]):
    """Tables by name, each made when it is first asked for: few questions are about all of them."""

    def __init__(self, names: Iterable[str], make: Callable[[str], pd.DataFrame]) -> None:
        self._make = {name: partial(make, name) for name in names}
        self._made: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._made:
            self._made[name] = self._make[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._make)

    def __len__(self) -> int:
        return len(self._make)


def load_zones(out: Path, name: str, layers: Layers) -> Zones:
    """Return a zone set of the run under `out`, in the shapes that its `zones.gpkg` has.

    Raises
    ------
    SourceError
        If the file does not have it.
    """
    file = out / "zones.gpkg"
    columns = ["zone_id", *NAME_COLUMNS, "land_km2"]
    try:
        frame = pyogrio.read_dataframe(file, layer=name, columns=columns)
    except pyogrio.errors.DataSourceError as error:
        raise SourceError(
            f"cannot be read: {error}",
            where=str(file),
            todo="run classify again, without --tables-only",
        ) from None
    return make_zones(name, frame, layers)


def _zones(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    inside = shapely.get_coordinates(shapely.point_on_surface(frame.geometry.to_numpy()))
    names = {column: frame.get(column) for column in NAME_COLUMNS}
    return pd.DataFrame({**names, "x": inside[:, 0], "y": inside[:, 1]}, index=frame.index)
