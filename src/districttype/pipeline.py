"""The line: sources, layers, indicators, typology, focus, publish; one step a function.

Read `classify` from top to bottom and you know the program.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from districttype.city import City
from districttype.errors import ConfigError, EmptyResultError, SourceUnavailableError
from districttype.focus import (
    Catalogue,
    blocks_in_need,
    city_view,
    find_sites,
    load_catalogue,
    recommend,
)
from districttype.i18n import require_language
from districttype.indicators.facts import Facts
from districttype.indicators.measurer import Measurer
from districttype.indicators.memory import Memory
from districttype.indicators.registry import REGISTRY
from districttype.indicators.tiles import LARGE, Spread, Tiling, room_for
from districttype.lastrun import STAGES, Run, load_zones, save_run
from districttype.layers.collect import Say
from districttype.layers.gather import gather
from districttype.layers.guesses import errors_found
from districttype.layers.layer import Layers
from districttype.places import load_places
from districttype.publish.edition import Edition, ZoneSetResult
from districttype.publish.postgis import check_postgis
from districttype.publish.write import publish, require_folder
from districttype.record import alike_record, models_record, run_record
from districttype.typology.alike import Groups, group_zones, kin_of
from districttype.typology.learnt import Learnt, load_all
from districttype.typology.thresholds import Facets, as_tested, load_facets, moved
from districttype.typology.zoneset import SMALL, label_set
from districttype.zones import ZONE_SETS, Zones, make_zone_set
from districttype.zones.places import PLACES, make_places

DEFAULT_SETS = ("districts", "stations", "cells")
RAW = Path("data/raw")


@dataclass
class Clock:
    """Tell what is being done, and remember how long each stage took."""

    say: Say
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, what: str) -> Iterator[None]:
        """Time one stage."""
        self.say(what)
        begin = time.perf_counter()
        yield
        spent = time.perf_counter() - begin
        self.seconds[name] = round(self.seconds.get(name, 0.0) + spent, 3)


def classify(
    city: City,
    *,
    data: str = "auto",
    layers_file: Path | None = None,
    zone_sets: Sequence[str] = DEFAULT_SETS,
    zones_files: Sequence[Path] = (),
    raw: Path = RAW,
    out: Path | None = None,
    language: str | None = None,
    to: str | None = None,
    refresh: bool = False,
    models: Sequence[Path] = (),
    tables_only: bool = False,
    spread: Spread = map,
    large: int = LARGE,
    say: Say = lambda _: None,
) -> Edition:
    """Classify a city and publish the result.

    Parameters
    ----------
    city
        The city's configuration.
    data
        `auto`, `live`, `embedded`, or a directory with files.
    layers_file
        Which file serves which layer, where `data` is a directory; its `layers.toml` by default.
    zone_sets
        Zone sets to classify beside the districts.
    zones_files
        Polygon files of the user's own, each classified as one more zone set of its name.
    raw
        Where fetched data are cached, one folder a city.
    out
        Where to write; nothing is written if None.
    language
        Language shown first; the city's first by default.
    to
        A database to publish into as well, `postgresql://...`; checked before anything is done.
    refresh
        Fetch anew what is cached.
    models
        Files of `districttype learn`: their labels stand in place of those of the rules.
    tables_only
        Write neither maps nor pages nor GeoPackage.
    spread
        Measures the tiles of a large city, as `map` does.
    large
        Buildings, or rows of another layer, from which a city is large: its layers are laid down in
        files while it is classified, and are gone when this returns.
    say
        Told what is being done, one line a stage.

    Raises
    ------
    DistricttypeError
        With one clear line; nothing already written is lost.
    """
    started = datetime.now(UTC)
    clock = Clock(say)
    languages = first(city.languages, language)
    _require_zones(zone_sets, zones_files)
    if to is not None:
        check_postgis(to)
    if out is not None:
        require_folder(out)  # after what may be refused: it makes the folder
    facets = load_facets(city.thresholds)
    for line in moved(facets):
        say(line)
    learnt = load_all(models)
    catalogue = load_catalogue(city.catalogue_file)
    places = load_places(city)
    with room_for(out, large) as room:
        with clock.stage("layers", "Reading the layers"):
            gathered = gather(
                city, data, layers_file=layers_file, raw=raw, refresh=refresh, room=room, say=say
            )
        say(gathered.line)
        layers = gathered.layers
        for note in () if gathered.embedded else _borders(layers):  # that they are drawn was said
            say(note)
        facets = as_tested(facets, errors_found(gathered.reports.get("buildings", {})))
        measurer = _measurer(layers, out, Tiling(room, spread))
        results: dict[str, ZoneSetResult] = {}
        for zones in _zone_sets(layers, zone_sets, zones_files, places, clock):
            results[zones.name] = classify_zones(zones, measurer, facets, learnt, clock)
        with clock.stage("focus", "Recommending what to co-create"):
            results |= recommend_in(results, measurer, catalogue)
        with clock.stage("typology", "Comparing the districts with each other"):
            groups = _groups(results["districts"], say)
        edition = Edition(
            city=city,
            layers=layers,
            results=results,
            run=run_record(city, gathered, results, facets, catalogue, clock.seconds, started)
            | {"models": models_record(learnt), "alike": alike_record(groups)},
            embedded=gathered.embedded,
            registry=REGISTRY,
            catalogue=catalogue,
            places=places,
            models=learnt,
            kin={} if groups is None else kin_of(results["districts"].indicators, groups),
        )
        if out is not None:
            with clock.stage("publish", "Drawing maps and writing tables"):
                publish(edition, out, languages=languages, to=to, tables_only=tables_only)
                save_run(edition, out)
    return edition


def _borders(layers: Layers) -> list[str]:
    """Return what is to be known of the districts and the sea: which they are, gaps, overlaps."""
    parts = [part for name in ("districts", "land") if name in layers
             for part in layers[name].provenance]  # fmt: skip
    return [f"{part.provider}: {note}" for part in parts for note in part.notes]


@contextmanager
def reopened(
    city: City,
    out: Path,
    run: Run,
    zone_set: str,
    *,
    data: str | None = None,
    layers_file: Path | None = None,
    raw: Path = RAW,
    large: int = LARGE,
    say: Say = lambda _: None,
) -> Iterator[Edition]:
    """Bring back, for a while, what a run found in the districts and one more zone set.

    Nothing is measured anew: the numbers are those that the run has kept, the shapes those that it
    has published, and only what the maps show beside them comes from the layers.

    Raises
    ------
    ConfigError
        If the run stands on files of the user's own and `data` does not name them.
    """
    kind = data or run.record["data"]
    if kind == "files":
        raise ConfigError(
            "the run stands on files of your own", where=str(out), todo="name them with --data DIR"
        )
    with room_for(None, large) as room:
        gathered = gather(city, kind, layers_file=layers_file, raw=raw, room=room, say=say)
        say(gathered.line)
        catalogue = load_catalogue(city.catalogue_file)
        results = {}
        for name in dict.fromkeys(("districts", zone_set, "blocks")):
            if name in run.indicators:
                zones = load_zones(out, name, gathered.layers)
                indicators, labels = run.indicators[name], run.labels[name]
                results[name] = ZoneSetResult(
                    zones, indicators.reindex(zones.ids), labels.reindex(zones.ids)
                )
        results |= recommend_in(results, _measurer(gathered.layers, out, Tiling(room)), catalogue)
        yield Edition(
            city=city,
            layers=gathered.layers,
            results=results,
            run=run.record,
            embedded=gathered.embedded,
            registry=REGISTRY,
            catalogue=catalogue,
            places=load_places(city),
            models=run.models,
        )


def _measurer(layers: Layers, out: Path | None, tiling: Tiling) -> Measurer:
    """Return what measures zone sets, and recalls what a run into `out` has measured already."""
    memory = None if out is None else Memory.of(layers, out / STAGES / "measured")
    return Measurer(Facts(layers=layers), memory, tiling)


def first(languages: Sequence[str], shown: str | None) -> tuple[str, ...]:
    """Return languages with the one to be shown first in front.

    Raises
    ------
    ConfigError
        If the program does not speak that one.
    """
    if shown is not None:
        require_language(shown)
    return tuple(languages) if shown is None else (shown, *(x for x in languages if x != shown))


def classify_zones(
    zones: Zones,
    measurer: Measurer,
    facets: Facets,
    models: Mapping[str, Learnt],
    clock: Clock,
) -> ZoneSetResult:
    """Measure and label one zone set."""
    with clock.stage("indicators", f"Measuring {len(zones)} {zones.name}"):
        indicators = measurer(zones)
    with clock.stage("typology", f"Labelling {len(zones)} {zones.name}"):
        labels = label_set(zones.name, indicators, facets, models)
    return ZoneSetResult(zones, indicators, labels)


def _groups(districts: ZoneSetResult, say: Say) -> Groups | None:
    """Group the districts that are alike, where there are enough and enough is known of them."""
    try:
        return group_zones(districts.indicators, districts.zones.frame["name"])
    except EmptyResultError as error:
        say(str(error))
        return None


def recommend_in(
    results: Mapping[str, ZoneSetResult], measurer: Measurer, catalogue: Catalogue
) -> dict[str, ZoneSetResult]:
    """Recommend in every zone set large enough: solutions, blocks in need, single spaces."""
    layers = measurer.facts.layers
    blocks = _blocks(results, measurer, catalogue)
    found = {}
    for name, result in results.items():
        if name in SMALL:
            continue
        zones = result.zones
        focus = recommend(zones, result.labels, result.indicators, catalogue, layers=layers)
        found[name] = replace(
            result,
            focus=focus,
            sites=find_sites(zones, layers, focus, catalogue),
            blocks=None if blocks is None else blocks_in_need(focus, zones, *blocks, catalogue),
            city=city_view(focus, zones, catalogue),
        )
    return found


def _blocks(
    results: Mapping[str, ZoneSetResult], measurer: Measurer, catalogue: Catalogue
) -> tuple[Zones, pd.DataFrame] | None:
    """Return the blocks of the city, and of their indicators those that the catalogue asks for."""
    if "blocks" in results:
        return results["blocks"].zones, results["blocks"].indicators
    blocks = make_zone_set("blocks", measurer.facts.layers)
    if blocks is None:
        return None
    return blocks, measurer(blocks, catalogue.block_indicators(), most=len(blocks))


def _require_zones(names: Sequence[str], zones_files: Sequence[Path]) -> None:
    """Refuse zones that are not there before the layers are read, which may take long."""
    unknown = sorted(set(names) - set(ZONE_SETS))
    if unknown:
        raise ConfigError(
            f"there is no zone set {', '.join(unknown)}",
            where="--zones",
            todo=f"known are {', '.join(ZONE_SETS)}; or name a polygon file",
        )
    taken = {*ZONE_SETS, PLACES}
    for file in zones_files:
        if not file.exists():
            raise SourceUnavailableError(
                "there is no such file", where=f"--zones, {file}", todo="name a polygon file"
            )
        if file.stem in taken:
            raise ConfigError(
                f"there is a zone set {file.stem} already",
                where=f"--zones, {file}",
                todo="give the file another name, which will be its zone set's",
            )
        taken.add(file.stem)


def _zone_sets(
    layers: Layers,
    names: Sequence[str],
    zones_files: Sequence[Path],
    places: pd.DataFrame | None,
    clock: Clock,
) -> Iterator[Zones]:
    made: dict[str, Zones] = {}
    for name in ("districts", *(n for n in ZONE_SETS if n in names and n != "districts")):
        with clock.stage("zones", f"Drawing the zone set {name}"):
            zones = make_zone_set(name, layers)
        if zones is not None:
            made[name] = zones
            yield zones
    for file in zones_files:
        own = make_zone_set(file.stem, layers, file=file)
        if own is not None:
            yield own
    if places is not None:
        named = make_places(places, made)
        if named is not None:
            yield named
