"""The files of a city of one's own, as text: what is known of the place is filled in."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pandas as pd
import shapely
from babel import Locale
from babel.languages import get_official_languages
from pyproj import CRS
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info

from districttype.errors import ConfigError
from districttype.i18n import LANGUAGES
from districttype.sources.nominatim import Place

OSM_LAYERS = ("districts", "land", "buildings", "streets", "stops", "land_use", "energy_sites",
              "services")  # fmt: skip
UNKNOWN_COUNTRY = "ZZ"
DATUMS = ("ETRS89", "WGS 84")


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


def country_code(name: str) -> str:
    """Return the code of a country by its English name or its code.

    >>> country_code("Estonia"), country_code("ee"), country_code("Eesti")
    ('EE', 'EE', 'ZZ')
    """
    known = countries()
    if name.upper() in known:
        return name.upper()
    by_name = {country.casefold(): code for code, country in known.items()}
    return by_name.get(name.casefold(), UNKNOWN_COUNTRY)


def countries() -> dict[str, str]:
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


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "my-city"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
