"""Layers from their providers: columns become canonical, parts are joined by precedence.

Of several providers of a layer the first named counts; a later one adds only what lies outside the
area where the earlier ones are complete. Providers of different parts complement each other.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import shapely
from pyproj import CRS

from districttype.city import City
from districttype.errors import ConfigError, DistricttypeError, EmptyResultError
from districttype.layers import canonical, streets
from districttype.layers.area import city_area, coverage_of, in_common, inside, near_city, united
from districttype.layers.drawn import Drawings
from districttype.layers.files import Files
from districttype.layers.guesses import guesses
from districttype.layers.laid import Laid, give_back
from districttype.layers.layer import Layer, Layers
from districttype.layers.parts import Told, Windows, rows_by_windows
from districttype.layers.repeats import APART, mark_repeats
from districttype.layers.schema import LAYER_NAMES, conform
from districttype.layers.shelf import Room, Shelf, mostly_there, outside_districts
from districttype.provenance import Provenance
from districttype.providers import LayerProviders, Provider
from districttype.sources.registry import Abundant, Raw

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
    room: Room | None = None,
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
    room
        Where rows are laid down that are too many to be held; None holds all, however many.
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
    files = Files(providers, directory, room)
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


def _layer(
    name: str,
    providers: Sequence[Provider],
    files: Files,
    so_far: Collected,
    *,
    patient: bool,
    say: Say,
) -> Layer | None:
    shelf = Shelf(name, so_far.layers, files.room)
    origins: list[Provenance] = []
    covered: dict[str, list[shapely.Geometry | None]] = {}
    fallen: dict[str, list[Fall]] = {}
    for provider in providers:
        earlier = covered.setdefault(provider.part, [])
        if None in earlier:
            continue  # complete already
        try:
            origin, coverage = _Reading(name, provider, files, shelf, earlier).put(say)
        except DistricttypeError as error:
            if not patient:
                raise
            fallen.setdefault(provider.part, []).append(Fall(name, provider.provider, error))
            say(str(error))
            continue
        say(f"{name}: {provider.provider}, {origin.rows:,} rows, {origin.state}")
        notes = [*origin.notes, *(fall.note for fall in fallen.get(provider.part, []))]
        earlier.append(coverage)
        origins.append(origin.model_copy(update={"notes": notes}))
    so_far.falls += [fall for part in fallen.values() for fall in part]
    if shelf.empty:
        if name == "districts":
            raise so_far.falls[0].error
        return None
    coverage = in_common([united(part) for part in covered.values()])
    if name == "buildings":
        return _buildings(shelf, so_far, origins, coverage)
    return _made(shelf, origins, coverage)


def _made(shelf: Shelf, origins: Sequence[Provenance], coverage: shapely.Geometry | None) -> Layer:
    """Return a layer of the rows that were gathered."""
    if shelf.laying is not None:
        return _of_laid(shelf.name, shelf.laying.done(), tuple(origins), coverage)
    frame = conform(shelf.name, shelf.joined(), shelf.layers.crs)
    return Layer(shelf.name, frame, tuple(origins), coverage)


def _of_laid(
    name: str, laid: Laid, origins: tuple[Provenance, ...], coverage: shapely.Geometry | None
) -> Layer:
    return Layer(name, laid.bare, origins, coverage, laid)


def _buildings(
    shelf: Shelf,
    so_far: Collected,
    origins: list[Provenance],
    coverage: shapely.Geometry | None,
) -> Layer:
    """Return the buildings, with what is not known of them filled in from those that tell it."""
    # A second to load, which a run without buildings of its own need not wait for.
    from districttype.layers.impute import impute_buildings, impute_laid  # noqa: PLC0415

    layers = shelf.layers
    if shelf.laying is not None:
        laid, report = impute_laid(
            shelf.laying.done(),
            lambda box: layers.select("land_use", within=box),
            shelf.laying.folder.with_name("buildings.filled"),
        )
        shutil.rmtree(shelf.laying.folder)
        give_back()
        rows, outside = len(laid), shelf.outside
        layer = _of_laid(shelf.name, laid, (), coverage)
    else:
        joined = shelf.joined()
        rows, outside = len(joined), outside_districts(joined, layers)
        joined["building_id"] = mark_repeats(joined["building_id"])
        joined, report = impute_buildings(joined, layers.frame("land_use"))
        layer = Layer(shelf.name, conform(shelf.name, joined, layers.crs), (), coverage)
    so_far.reports[shelf.name] = report
    said = [f"{outside} of {rows} buildings lie in no district"] if outside else []
    said = [*origins[0].notes, *said, *(guess.text() for guess in guesses(report))]
    origins[0] = origins[0].model_copy(update={"notes": said})
    return replace(layer, provenance=tuple(origins))


@dataclass(frozen=True)
class _Reading:
    """One provider of a layer, to be read and put on the shelf; all of it, or nothing."""

    name: str
    provider: Provider
    files: Files
    shelf: Shelf
    earlier: Sequence[shapely.Geometry | None]

    def put(self, say: Say) -> tuple[Provenance, shapely.Geometry | None]:
        """Put on the shelf what no earlier provider covers; return origin and coverage."""
        where = getattr(self.provider, "file", "") or self.provider.provider
        with _named(f"layer {self.name}, {where}"):
            try:
                raw = self.files.read(self.name, self.provider, city_area(self.shelf.layers))
            except Abundant as many:
                return self._by_windows(many.rows, say)
            told = Told()
            frame, changes, notes = canonical.rows(
                self.name, self.provider, raw, self.shelf.layers, self.files.directory
            )
            told.read(raw)
            told.take(len(frame), changes, notes)
            coverage = self._coverage(told, raw, frame)
            rows = self._shelve([frame], told.changes)
        return _provenance(self.provider, raw, rows, told), coverage

    def _by_windows(self, about: int, say: Say) -> tuple[Provenance, shapely.Geometry | None]:
        """Do the same window by window, where there are about so many rows."""
        windows = Windows.of(self.shelf.layers, about, self.files.large)
        who = self.provider.provider
        say(f"{self.name}: {who}, some {about:,} rows, in {len(windows)} windows")
        told, shelf = Told(), self.shelf
        raws = self.files.windows(self.name, self.provider, windows)
        frames = rows_by_windows(
            self.name, self.provider, raws, windows, self.files.directory, told
        )
        with shelf.in_parts():
            since, apart = shelf.rows, shelf.apart
            rows = self._shelve(frames, told.changes)
            told.changes[APART] = shelf.apart - apart  # windows see those at their edge twice
            if self.name == "streets" and canonical.is_osm(self.provider):
                rows = _cut(shelf, since)
            raw = told.raw(shelf.layers.crs)
            coverage = self._coverage(told, raw, told.traced())
        return _provenance(self.provider, raw, rows, told), coverage

    def _coverage(self, told: Told, raw: Raw, frame: gpd.GeoDataFrame) -> shapely.Geometry | None:
        if not told.rows and self.name in {"districts", "buildings"}:
            raise EmptyResultError(
                "no row is left", todo="see which rows the file has, and its `where`"
            )
        layers, directory = self.shelf.layers, self.files.directory
        return coverage_of(self.name, self.provider, raw, frame, layers, directory)

    def _shelve(self, frames: Iterable[gpd.GeoDataFrame], changes: Counter[str]) -> int:
        """Put on the shelf the rows near the city that no earlier provider covers or has drawn.

        Returns how many these are; what is left out is counted.
        """
        there = self.shelf.there() if self.name == "buildings" else None
        rows = 0
        for frame in frames:
            near = near_city(frame, self.shelf.layers)
            changes["rows far from the city left out"] += int((~near).sum())
            kept = frame[near]
            if self.earlier:
                covered = inside(kept, self.earlier)
                changes["rows that an earlier provider covers"] += int(covered.sum())
                kept = kept[~covered]
            if there is not None and len(kept):
                doubled = mostly_there(kept, there(tuple(kept.total_bounds)))
                changes[DOUBLED] += int(doubled.sum())
                kept = kept[~doubled]
            self.shelf.add(kept)
            rows += len(kept)
        return rows


def _cut(shelf: Shelf, since: int) -> int:
    """Cut streets of OpenStreetMap where they meet, once all parts are there; return how many."""
    assert shelf.laying is not None
    parts = (part for part in shelf.laying.done().by_part() if part.index.min() >= since)
    shared = streets.vertices_shared(parts)
    shelf.rewrite(lambda part: streets.cut(part, shared), since)
    return shelf.rows - since


@contextmanager
def _named(where: str) -> Iterator[None]:
    """Have an error say of which layer and provider it is."""
    try:
        yield
    except DistricttypeError as error:
        raise type(error)(error.what, where=_where(where, error.where), todo=error.todo) from None


def _where(layer: str, inner: str) -> str:
    head, _, who = layer.partition(", ")
    if who and inner.startswith(who):
        return f"{head}, {inner}"
    return f"{layer}, {inner}" if inner and inner not in layer else layer


def _provenance(provider: Provider, raw: Raw, rows: int, told: Told) -> Provenance:
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
        changes={key: n for key, n in told.changes.items() if n},
        notes=[*said, *told.notes],
    )
