"""Layers from their providers: columns become canonical, parts are joined by precedence.

Of several providers of a layer the first named counts; a later one adds only what lies outside the
area where the earlier ones are complete. Providers of different parts complement each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from districttype.city import City
from districttype.errors import ConfigError, DistricttypeError, EmptyResultError
from districttype.layers import canonical
from districttype.layers.area import city_area, coverage_of, in_common, inside, near_city, united
from districttype.layers.drawn import Drawings
from districttype.layers.guesses import guesses
from districttype.layers.osm import LAYERS as OSM_LAYERS
from districttype.layers.repeats import mark_repeats
from districttype.layers.schema import LAYER_NAMES, Layer, Layers, conform
from districttype.planar import common
from districttype.provenance import Provenance
from districttype.providers import LayerProviders, Provider
from districttype.sources.osmfile import is_extract, read_extract
from districttype.sources.registry import Raw, read

Say = Callable[[str], None]  # told what is being done, a line each time

FIRST = ("districts", "land", "land_use")  # what later layers are checked against or cut by
AGEING = ("buildings", "stops", "plans")  # whose rows are new, old or still to come
DOUBLED = "buildings that an earlier provider drew already dropped"


@dataclass
class Collected:
    """Layers, and what imputation learnt on the way."""

    layers: Layers
    reports: dict[str, Mapping[str, object]] = field(default_factory=dict)
    falls: list[Fall] = field(default_factory=list)


@dataclass(frozen=True)
class Fall:
    """A provider that could not be had, and why."""

    layer: str
    provider: str
    error: DistricttypeError

    @property
    def note(self) -> str:
        """Say it to a reader of the results."""
        return f"{self.provider} could not be had: {self.error.what}"


def collect(
    city: City,
    providers: LayerProviders,
    directory: Path,
    *,
    patient: bool = False,
    say: Say = lambda _: None,
) -> Collected:
    """Collect layers from their providers.

    Parameters
    ----------
    city
        Metric CRS, cell grid and degree days; 'now' is the day of the data, or today, and not that
        of the city's figures.
    providers
        Layer -> providers, first choice first.
    directory
        What file names are relative to.
    patient
        A provider that fails gives way to the next of its part, and a note says so; a layer of
        which no provider is left is not collected. Services fail, files of one's own should not.
    say
        Told of each provider what became of it.

    Raises
    ------
    ConfigError
        If a layer is named that does not exist, or there are no districts.
    DistricttypeError
        Whatever is wrong with a layer, in one line that names file, layer and column.
    """
    unknown = sorted(set(providers) - set(LAYER_NAMES))
    if unknown:
        raise ConfigError(
            f"there is no layer {', '.join(unknown)}", todo=f"known are {', '.join(LAYER_NAMES)}"
        )
    if not providers.get("districts"):
        raise ConfigError(
            "the districts are missing",
            where="layers",
            todo="name a file with their polygons, or an OpenStreetMap extract",
        )
    crs = CRS.from_user_input(city.crs)
    layers = Layers(
        crs,
        grid_origin=city.grid_origin,
        degree_day_ratio=city.energy.heating_degree_day_ratio,
        pv_yield_kwh_per_kwp=city.energy.pv_yield_kwh_per_kwp,
    )
    collected = Collected(layers)
    files = Files(providers, directory)
    drawings = Drawings(providers, directory)
    for name in (*FIRST, *(name for name in LAYER_NAMES if name not in FIRST)):
        if providers.get(name):
            layer = drawings.layer(name, collected.layers)
            if layer is None:
                layer = _layer(name, providers[name], files, collected, patient=patient, say=say)
            if layer is not None:
                collected.layers = collected.layers.having(layer)
    collected.layers = replace(collected.layers, as_of=_now(collected.layers))
    return collected


def _now(layers: Layers) -> date:
    """Return the last day that the data of what ages name; of data that name none it is today."""
    today = date.today()  # noqa: DTZ011 - a calendar day, of wherever this runs
    parts = [part for name in AGEING if name in layers for part in layers[name].provenance]
    return min(max((part.day or today for part in parts), default=today), today)


class Files:
    """Read providers; an extract of OpenStreetMap in one pass for all the layers it serves."""

    def __init__(self, providers: LayerProviders, directory: Path) -> None:
        self.directory = directory
        self._waiting: dict[str, set[str]] = {}
        self._read: dict[tuple[str, str], Raw] = {}
        for layer, some in providers.items():
            for provider in some:
                file = str(getattr(provider, "file", ""))
                if is_extract(file):
                    self._waiting.setdefault(file, set()).add(layer)

    def read(self, layer: str, provider: Provider, area: shapely.Geometry | None) -> Raw:
        """Read what a layer wants of a provider; `area` is the city in WGS 84, where known."""
        wanted = canonical.wanted(layer, provider, area)
        file = str(getattr(provider, "file", ""))
        if not is_extract(file):
            return read(provider, self.directory, wanted)
        path = self.directory / file
        waiting = self._waiting.get(file, set())
        if layer in waiting:
            # Districts say where the city is, so an extract that serves them is read whole.
            wants = {
                name: canonical.wanted(name, provider, area)
                for name in sorted(waiting)
                if name in OSM_LAYERS
            }
            found = read_extract(path, wants, area)
            self._read |= {(file, name): raw for name, raw in found.items()}
            waiting -= set(wants)
        raw = self._read.pop((file, layer), None)
        return raw or read_extract(path, {layer: wanted}, area)[layer]


def _layer(
    name: str,
    providers: Sequence[Provider],
    files: Files,
    so_far: Collected,
    *,
    patient: bool,
    say: Say,
) -> Layer | None:
    frames: list[gpd.GeoDataFrame] = []
    origins: list[Provenance] = []
    covered: dict[str, list[shapely.Geometry | None]] = {}
    fallen: dict[str, list[Fall]] = {}
    for provider in providers:
        earlier = covered.setdefault(provider.part, [])
        if None in earlier:
            continue  # complete already
        try:
            frame, origin, coverage = _part(name, provider, files, so_far.layers, earlier)
        except DistricttypeError as error:
            if not patient:
                raise
            fallen.setdefault(provider.part, []).append(Fall(name, provider.provider, error))
            say(str(error))
            continue
        say(f"{name}: {provider.provider}, {len(frame):,} rows, {origin.state}")
        notes = [*origin.notes, *(fall.note for fall in fallen.get(provider.part, []))]
        origin = origin.model_copy(update={"notes": notes})
        if name == "buildings" and frames:
            frame, doubled = _not_yet_there(frame, frames)
            changes = {**origin.changes, **({DOUBLED: doubled} if doubled else {})}
            origin = origin.model_copy(update={"changes": changes, "rows": len(frame)})
        earlier.append(coverage)
        frames.append(frame)
        origins.append(origin)
    so_far.falls += [fall for part in fallen.values() for fall in part]
    if not frames:
        if name == "districts":
            raise so_far.falls[0].error
        return None
    crs = so_far.layers.crs
    joined = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), geometry="geometry", crs=crs)
    if name == "buildings":
        origins[0] = _note_outside(joined, so_far.layers, origins[0])
        joined["building_id"] = mark_repeats(joined["building_id"])
        # A second to load, which a run without buildings of its own need not wait for.
        from districttype.layers.impute import impute_buildings  # noqa: PLC0415

        joined, report = impute_buildings(joined, so_far.layers.frame("land_use"))
        so_far.reports[name] = report
        said = [*origins[0].notes, *(guess.text() for guess in guesses(report))]
        origins[0] = origins[0].model_copy(update={"notes": said})
    coverage = in_common([united(part) for part in covered.values()])
    return Layer(name, conform(name, joined, crs), tuple(origins), coverage)


def _part(
    name: str,
    provider: Provider,
    files: Files,
    layers: Layers,
    earlier: Sequence[shapely.Geometry | None],
) -> tuple[gpd.GeoDataFrame, Provenance, shapely.Geometry | None]:
    """Read one provider: canonical rows that no earlier one covers, origin, and coverage."""
    where = f"layer {name}, {getattr(provider, 'file', '') or provider.provider}"
    try:
        raw = files.read(name, provider, city_area(layers))
        frame, changes, notes = canonical.rows(name, provider, raw, layers, files.directory)
        coverage = coverage_of(name, provider, raw, frame, layers, files.directory)
    except DistricttypeError as error:
        raise type(error)(error.what, where=_where(where, error.where), todo=error.todo) from None
    if frame.empty and name in {"districts", "buildings"}:
        raise EmptyResultError(
            "no row is left", where=where, todo="see which rows the file has, and its `where`"
        )
    near = near_city(frame, layers)
    changes["rows far from the city left out"] += int((~near).sum())
    frame = frame[near]
    if earlier:
        keep = ~inside(frame, earlier)
        changes["rows that an earlier provider covers"] += int((~keep).sum())
        frame = frame[keep]
    return frame, _provenance(provider, raw, len(frame), changes, notes), coverage


def _where(layer: str, inner: str) -> str:
    head, _, who = layer.partition(", ")
    if who and inner.startswith(who):
        return f"{head}, {inner}"
    return f"{layer}, {inner}" if inner and inner not in layer else layer


def _not_yet_there(
    frame: gpd.GeoDataFrame, earlier: Sequence[gpd.GeoDataFrame]
) -> tuple[gpd.GeoDataFrame, int]:
    """Leave out buildings most of which an earlier provider drew already, across its border."""
    shapes = frame.geometry.to_numpy()
    there = np.concatenate([other.geometry.to_numpy() for other in earlier])
    mine, other = shapely.STRtree(there).query(shapes, predicate="intersects")
    held = shapely.area(common(shapes[mine], there[other]))
    doubled = np.bincount(mine, held, len(frame)) > 0.5 * shapely.area(shapes)
    return frame[~doubled], int(doubled.sum())


def _note_outside(frame: gpd.GeoDataFrame, layers: Layers, origin: Provenance) -> Provenance:
    """Say how many buildings no district holds: they are in no number of any zone."""
    districts = layers.frame("districts")
    if districts is None:
        return origin
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    held = shapely.STRtree(districts.geometry.to_numpy()).query(points, predicate="intersects")[0]
    outside = len(frame) - len(np.unique(held))
    if not outside:
        return origin
    note = f"{outside} of {len(frame)} buildings lie in no district"
    return origin.model_copy(update={"notes": [*origin.notes, note]})


def _provenance(
    provider: Provider, raw: Raw, rows: int, changes: Counter[str], notes: Sequence[str]
) -> Provenance:
    said = [provider.note] if provider.note else []
    return Provenance(
        provider=provider.provider,
        source=provider.source,
        address=raw.address,
        vintage=provider.vintage or raw.vintage,
        licence=provider.licence,
        attribution=provider.attribution,
        lacks=provider.lacks,
        state=raw.state,
        rows=rows,
        changes={key: n for key, n in {**raw.changes, **changes}.items() if n},
        notes=[*said, *raw.notes, *notes],
    )
