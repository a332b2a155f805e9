"""A config file for a city of one's own: what can be found out is filled in, the rest is said."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path

from districttype.answers.draft import (
    OSM_LAYERS,
    UNKNOWN_COUNTRY,
    Draft,
    countries,
    country_code,
    draft,
)
from districttype.city import load_city
from districttype.errors import ConfigError, DistricttypeError, SourceUnavailableError, writing
from districttype.layers.collect import Say, collect
from districttype.layers.layer import Layers
from districttype.providers import read_layers_file
from districttype.sources import pvgis
from districttype.sources.download import session
from districttype.sources.nominatim import Place, ask, look_up

# What makes each layer better than OpenStreetMap alone, or there at all.
BETTER = {
    "districts": "the city's own districts, if those found are not the ones people use",
    "buildings": "a building register with use, storeys, floor area and year of completion",
    "stops": 'a timetable: [[layers.stops]] source = "gtfs", url = "..."',
    "residents": "a grid of residents and jobs (the census): GHS-POP knows no jobs",
    "plans": "plans in force and in preparation: without them nothing is said of what is to come",
    "ground": "a map of superficial deposits from the geological survey: SoilGrids knows no rock",
    "ownership": "who owns the land: without it the means of commitment are general",
    "slopes": 'a terrain model: [[slopes]] source = "terrain", file = "..."',
}

_TOLD = {"use": "use", "floors": "storeys", "year_built": "year"}  # of buildings, by their tags


def new_city(name: str, folder: Path, *, extract: Path | None = None, say: Say) -> str:
    """Write the config file of a city, and say what is known and what is missing.

    Parameters
    ----------
    name
        Name of the city, best with its country: "Tartu, Estonia".
    folder
        Where to write `<id>.toml` (and `<id>-layers.toml` for an extract).
    extract
        An extract of OpenStreetMap that holds the city; without it Nominatim is asked.
    say
        Told what is being done.

    Returns
    -------
    What was written, how to go on, and what would give better results.

    Raises
    ------
    ConfigError
        If no name is given, the file is there already, or the extract is a folder.
    SourceError
        If neither an extract nor the network tells where the city is.
    DistricttypeError
        If the folder cannot be written.
    """
    town, _, land = (part.strip() for part in name.partition(","))
    if not town:
        raise ConfigError("no city is named", where="NAME", todo='name one: "Tartu, Estonia"')
    if extract is not None and extract.is_dir():
        raise ConfigError("is a folder", where=str(extract), todo="name the .osm.pbf in it")
    with writing(folder, "--to"):
        pass  # refused before anything is asked
    say(f"Looking {town} up in {extract.name if extract else 'OpenStreetMap'}")
    place = look_up(town, extract) if extract is not None else _asked(name)
    country = place.country or country_code(land)
    made = draft(place, country, extract, pv_yield=None if extract else _pv_yield(place, say))
    file = folder / f"{made.id}.toml"
    if file.exists():
        raise ConfigError("is there already", where=str(file), todo="remove it, or name --to")
    known: list[str] = []
    if extract is not None:
        say("Reading the extract to see what it knows")
        known = ["", *knows(_read(made, extract.parent))]
    lines, run = [*_doubts(place, country, land), f"Wrote {file}"], f"districttype classify {file}"
    with writing(folder, "--to"):
        file.write_text(made.city, encoding="utf-8")
        if extract is not None:
            layers = folder / f"{made.id}-layers.toml"
            layers.write_text(made.layers, encoding="utf-8")
            lines.append(f"Wrote {layers}")
            run += f" --data {extract.parent} --layers {layers}"
    wishes = [f"  {layer:<11} {what}" for layer, what in BETTER.items()]
    better = ["", "For better results, add to the file where the city has it:", *wishes]
    return "\n".join([*lines, *known, *better, "", f"Go on with: {run}"])


def _asked(name: str) -> Place:
    """Ask Nominatim for a place; say what else may tell where it cannot be reached."""
    try:
        with session() as opened:
            return ask(name, opened)
    except SourceUnavailableError as error:
        raise SourceUnavailableError(
            error.what,
            where=error.where,
            todo="without it name a piece of OpenStreetMap that holds the city: --extract FILE",
        ) from None


def _pv_yield(place: Place, say: Say) -> float | None:
    """Ask PVGIS what 1 kWp yields there; without an answer the default stays."""
    try:
        with session() as opened:
            return pvgis.ask(place.border, opened)
    except DistricttypeError as error:
        say(f"The yield of solar panels stays at its default: {error}")
        return None


def _doubts(place: Place, country: str, land: str) -> list[str]:
    """Say what was taken for granted, so that a slip of the pen does not go unseen."""
    lines = []
    if place.point:
        lines.append(
            f"{place.name} is in the extract as a point, without a border that is whole: "
            "the city is taken to be all of the extract"
        )
    elif not place.whole:
        near = _did_you_mean(place.near)
        lines.append(
            f"No area that is whole in the extract is called {place.name}{near}: "
            "the city is taken to be all of the extract"
        )
    if country == UNKNOWN_COUNTRY:
        near = _did_you_mean(get_close_matches(land.title(), countries().values(), n=2))
        what = f"No country is called {land}{near}" if land else "Nothing tells the country"
        lines.append(
            f"{what}: local names are taken for English, and the UTM zone is used; "
            'give it in English or by its code, as in "Tartu, Estonia" or "Tartu, EE"'
        )
    return lines


def _did_you_mean(near: Collection[str]) -> str:
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def _read(made: Draft, data: Path) -> Layers:
    """Read all layers as the drafted files say, before they are written for good."""
    with tempfile.TemporaryDirectory() as trial:
        city, layers = Path(trial) / "city.toml", Path(trial) / "layers.toml"
        city.write_text(made.city, encoding="utf-8")
        layers.write_text(made.layers, encoding="utf-8")
        return collect(load_city(str(city)), read_layers_file(layers), data).layers


def knows(layers: Layers) -> list[str]:
    """Say what an extract knows of a city, a line a layer."""
    lines = ["The extract knows:"]
    for name in OSM_LAYERS:
        if name in layers:
            said = "; ".join(note for part in layers[name].provenance for note in part.notes)
            more = f" ({said})" if said and name == "districts" else ""
            lines.append(f"  {name:<13}{layers[name].rows:>8,}{_tagged(name, layers)}{more}")
    return lines


def _tagged(name: str, layers: Layers) -> str:
    """Say how much of the buildings' storeys and uses stands in their tags."""
    if name != "buildings":
        return ""
    if not layers[name].rows:
        return ""
    columns = [f"{trait}_origin" for trait in _TOLD]
    tagged = [part[columns].eq("tagged").to_numpy().sum(axis=0) for part in layers[name].by_part()]
    shares = [
        f"{what} of {number / layers[name].rows:.0%}"
        for what, number in zip(_TOLD.values(), sum(tagged), strict=True)
    ]
    return f" ({', '.join(shares)}; the rest is guessed or unknown)"
