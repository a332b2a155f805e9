"""A config file for a city of one's own: what can be found out is filled in, the rest is said."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

import pandas as pd
import shapely
from babel import Locale
from babel.languages import get_official_languages
from pyproj import CRS
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info

from districttype.city import load_city
from districttype.errors import ConfigError, DistricttypeError
from districttype.i18n import LANGUAGES
from districttype.layers.collect import Say, collect
from districttype.layers.schema import Layers
from districttype.providers import read_layers_file
from districttype.sources import pvgis
from districttype.sources.download import session
from districttype.sources.nominatim import Place, ask, look_up

OSM_LAYERS = ("districts", "land", "buildings", "streets", "stops", "land_use", "energy_sites",
              "services")  # fmt: skip
UNKNOWN_COUNTRY = "ZZ"
DATUMS = ("ETRS89", "WGS 84")

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


@dataclass(frozen=True)
class Draft:
    """Config files, not yet written.

    Attributes
    ----------
    city
        Text of the city's TOML file.
    layers
        Text of its layers.toml, where an extract serves all layers; else ''.
    id
        The city's id, also the name of the file.
    """

    id: str
    city: str
    layers: str = ""


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
    """
    town, _, land = (part.strip() for part in name.partition(","))
    if not town:
        raise ConfigError("no city is named", where="NAME", todo='name one: "Tartu, Estonia"')
    if extract is not None and extract.is_dir():
        raise ConfigError("is a folder", where=str(extract), todo="name the .osm.pbf in it")
    say(f"Looking {town} up in {extract.name if extract else 'OpenStreetMap'}")
    if extract is not None:
        place = look_up(town, extract)
    else:
        with session() as opened:
            place = ask(name, opened)
    country = place.country or country_code(land)
    made = draft(place, country, extract, pv_yield=None if extract else _pv_yield(place, say))
    file = folder / f"{made.id}.toml"
    if file.exists():
        raise ConfigError("is there already", where=str(file), todo="remove it, or name --to")
    known: list[str] = []
    if extract is not None:
        say("Reading the extract to see what it knows")
        known = ["", *knows(_read(made, extract.parent))]
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(made.city, encoding="utf-8")
    lines, run = [*_doubts(place, country, land), f"Wrote {file}"], f"districttype classify {file}"
    if extract is not None:
        layers = folder / f"{made.id}-layers.toml"
        layers.write_text(made.layers, encoding="utf-8")
        lines.append(f"Wrote {layers}")
        run += f" --data {extract.parent} --layers {layers}"
    wishes = [f"  {layer:<11} {what}" for layer, what in BETTER.items()]
    better = ["", "For better results, add to the file where the city has it:", *wishes]
    return "\n".join([*lines, *known, *better, "", f"Go on with: {run}"])


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
        near = _did_you_mean(get_close_matches(land.title(), _countries().values(), n=2))
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


def country_code(name: str) -> str:
    """Return the code of a country by its English name or its code.

    >>> country_code("Estonia"), country_code("ee"), country_code("Eesti")
    ('EE', 'EE', 'ZZ')
    """
    countries = _countries()
    if name.upper() in countries:
        return name.upper()
    by_name = {country.casefold(): code for code, country in countries.items()}
    return by_name.get(name.casefold(), UNKNOWN_COUNTRY)


def _countries() -> dict[str, str]:
    """Return code -> English name."""
    named = Locale("en").territories.items()
    return {code: str(name) for code, name in named if len(code) == 2 and code != UNKNOWN_COUNTRY}


def system_for(country: str, border: shapely.Geometry) -> tuple[str, str]:
    """Return the metric system to measure a city in, and its name: national, else the UTM zone."""
    table = pd.read_csv(str(files(__package__) / "national_crs.csv"), index_col="country")
    if country in table.index:
        return str(table.loc[country, "crs"]), str(table.loc[country, "name"])
    point = shapely.point_on_surface(border)
    here = AreaOfInterest(point.x, point.y, point.x, point.y)
    for datum in DATUMS:
        zones = query_utm_crs_info(datum_name=datum, area_of_interest=here, contains=True)
        plain = re.compile(rf"{datum} / UTM zone \d+[NS]")
        codes = [zone.code for zone in zones if plain.fullmatch(zone.name)]
        if codes:
            return f"EPSG:{codes[0]}", CRS.from_epsg(int(codes[0])).name
    raise ConfigError(
        "no UTM zone is defined there", where=f"{point.y:.2f}, {point.x:.2f}", todo="set crs"
    )


def draft(
    place: Place, country: str, extract: Path | None, *, pv_yield: float | None = None
) -> Draft:
    """Return the files of a city that was found; `pv_yield` is kWh/a of 1 kWp, where known."""
    crs, system = system_for(country, place.border)
    local = (get_official_languages(country) or ("en",))[0] if country != UNKNOWN_COUNTRY else "en"
    names = {local: place.name} | {
        language: place.names.get(language) or place.name for language in LANGUAGES
    }
    id_ = _slug(place.names.get("en") or place.name)
    boundary = place.name if place.whole else ""
    head = _HEAD.format(
        name=place.name,
        id=id_,
        country=country,
        crs=crs,
        system=system,
        names=", ".join(f"{language} = {_quoted(text)}" for language, text in names.items()),
        languages=", ".join(_quoted(word) for word in LANGUAGES),
        local=local,
        sun=f"pv_yield_kwh_per_kwp = {pv_yield:.0f}.0         # PVGIS: 14 % losses, best tilt"
        if pv_yield is not None
        else "# pv_yield_kwh_per_kwp = 870.0       # what PVGIS says of a roof here",
    )
    live = _OSM.format(boundary=_quoted(place.name)) if place.whole else ""
    if extract is None:
        return Draft(id_, head + live)
    served = [layer for layer in OSM_LAYERS if layer != "land" or place.coast]
    own = "".join(_provider(layer, extract.name, boundary) for layer in served)
    return Draft(id_, head + live, own.lstrip())


_HEAD = """\
# {name}: written by `districttype new-city`; every line may be changed.
id = "{id}"
country = "{country}"
crs = "{crs}"              # {system}: everything is measured in it
names = {{ {names} }}
languages = [{languages}]         # of the maps, the first one shown first
local_language = "{local}"

# Thresholds that differ here, each with its reason: see `thresholds` in run.json for all of them.
# [thresholds.energy]
# viable_heat_density = 139.0

[energy]
# heating_degree_day_ratio = 1.0     # degree days over those of southern Finland (about 4,500)
{sun}
# cooling_led = false                # true where cooling, not heating, leads the demand
# heat_note = {{ en = "" }}            # how the city heats, in a sentence a language

# Who serves which layer, first choice first: the city's own data, where it publishes any, as in
# cities/espoo.toml of the program, for instance
# [[layers.stops]]
# source = "gtfs"
# provider = "..."
# url = "https://..."
# Where OpenStreetMap lacks houses, Overture has them with those that machines saw from above (but
# no years and fewer uses):
# [[layers.buildings]]
# source = "overture"
# provider = "Overture Maps"
"""
_OSM = """
# What serves any city comes last, for every layer it serves: OpenStreetMap, ESA WorldCover (land
# cover), GHSL (residents, what was built 2010-2020), SoilGrids (ground), Copernicus (slopes).
[osm]
boundary = {boundary}
# levels = [10, 9, 8]                # administrative levels of the districts, in this order
"""


def _provider(layer: str, extract: str, boundary: str) -> str:
    lines = ["", f"[[{layer}]]", 'provider = "OpenStreetMap"', f"file = {_quoted(extract)}"]
    if layer == "districts":
        lines += [f"boundary = {_quoted(boundary)}"] if boundary else []
        lines += ["# levels = [10, 9, 8]    # administrative levels to ask, in this order"]
    lines += ['licence = "ODbL 1.0"', 'attribution = "© OpenStreetMap contributors"']
    return "\n".join(lines) + "\n"


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
    frame = layers[name].frame
    if frame.empty:
        return ""
    shares = [
        f"{what} of {frame[f'{column}_origin'].eq('tagged').mean():.0%}"
        for column, what in (("use", "use"), ("floors", "storeys"), ("year_built", "year"))
    ]
    return f" ({', '.join(shares)}; the rest is guessed or unknown)"


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "my-city"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
