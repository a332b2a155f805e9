"""Where a place is and what its borders are: Nominatim, or an extract of OpenStreetMap.

A name alone may find a shop, a school or a mere point; only an administrative area with a border
will do.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from districttype.errors import EmptyResultError, SourceError
from districttype.i18n import LANGUAGES
from districttype.providers import Service
from districttype.sources.download import Session
from districttype.sources.osmfile import read_extract
from districttype.sources.refusals import json_refusal
from districttype.sources.registry import Wanted
from districttype.sources.transfer import Request

NOMINATIM: Final = Service(
    provider="OpenStreetMap Nominatim",
    url="https://nominatim.openstreetmap.org/search",
    licence="ODbL 1.0",
    attribution="© OpenStreetMap contributors",
    interval=1.0,
)
ADMINISTRATIVE: Final = ("boundary", "administrative")
NAMES: Final = ("name", "int_name", "official_name", *(f"name:{one}" for one in LANGUAGES))
CODES: Final = ("ISO3166-1", "ISO3166-1:alpha2")
COUNTRY: Final = 2  # admin_level of countries
TOWNS: Final = {"city", "town", "village", "municipality", "borough", "suburb", "quarter"}


@dataclass(frozen=True)
class Place:
    """A municipality.

    Attributes
    ----------
    name
        As those who live there write it.
    names
        Language -> name, where OpenStreetMap has it.
    country
        ISO 3166-1 alpha-2 code; '' where nothing tells.
    border
        Polygon in WGS 84, or the extent of the extract where no border is whole.
    whole
        Whether `border` is the municipality's own.
    coast
        Whether there is, or may be, a coastline near.
    point
        Whether the map has it without a border that is whole, as a point.
    near
        Areas and towns that are called nearly so, where none is called so.
    """

    name: str
    names: Mapping[str, str] = field(default_factory=dict)
    country: str = ""
    border: shapely.Geometry = field(default_factory=shapely.Polygon)
    whole: bool = True
    coast: bool = True
    point: bool = False
    near: tuple[str, ...] = ()


def ask(name: str, session: Session) -> Place:
    """Ask Nominatim for a place.

    Raises
    ------
    SourceError
        If it does not answer, or refuses.
    EmptyResultError
        If it knows no administrative area of that name.
    """
    params = {
        "q": name, "format": "json", "polygon_geojson": "1", "addressdetails": "1",
        "namedetails": "1", "limit": "10", "dedupe": "0",
    }  # fmt: skip
    results = session.ask_json(Request(NOMINATIM.url, params=params), NOMINATIM)
    if not isinstance(results, list):
        said = json_refusal(results) or "it sent no list of places"
        raise SourceError(f"refuses: {said}", where=NOMINATIM.provider)
    return choose(results, name)


def choose(results: Sequence[Mapping[str, Any]], name: str) -> Place:
    """Return the first result that is an administrative area with a border.

    A national park, a historic or a postal area may have the city's name and a border as well.

    Raises
    ------
    EmptyResultError
        If none is: it says what was found instead.
    """
    for result in results:
        shape = result.get("geojson") or {}
        area = str(shape.get("type", "")).endswith("Polygon")
        kind = result.get("class") or result.get("category"), result.get("type")
        if area and kind == ADMINISTRATIVE:
            return _place(result, shapely.from_geojson(json.dumps(shape)))
    found = ", ".join(f"{r.get('type', '?')} {r.get('name') or ''}".strip() for r in results[:3])
    raise EmptyResultError(
        f"no administrative area is called {name!r}",
        where=NOMINATIM.provider,
        todo=f"found were: {found or 'nothing'}; name it as its country does, or give --extract",
    )


def _place(result: Mapping[str, Any], border: shapely.Geometry) -> Place:
    told = result.get("namedetails") or {}
    name = told.get("name") or result.get("name") or str(result["display_name"]).split(",")[0]
    return Place(
        name=name,
        names={key[5:]: value for key, value in told.items() if key.startswith("name:")},
        country=str((result.get("address") or {}).get("country_code", "")).upper(),
        border=border,
    )


def look_up(name: str, extract: Path) -> Place:
    """Look a place up in an extract of OpenStreetMap, by its name in any language.

    Where no area of that name is whole in it, the extract's own extent stands for the place; it may
    be there as a point, and else what is called nearly so is named.

    Raises
    ------
    SourceError
        If the extract cannot be read.
    EmptyResultError
        If it has no area at all, and does not say where it lies.
    """
    wanted = Wanted(
        tags={"boundary": {"administrative"}},
        shapes=frozenset({"area"}),
        columns=("admin_level", *NAMES, *CODES),
    )
    sea = Wanted(tags={"natural": {"coastline"}}, shapes=frozenset({"line"}))
    points = Wanted(tags={"place": TOWNS}, shapes=frozenset({"point"}), columns=NAMES)
    read = read_extract(extract, {"areas": wanted, "sea": sea, "towns": points})
    raw, coast = read["areas"], not read["sea"].frame.empty
    areas = raw.frame.assign(level=pd.to_numeric(raw.frame["admin_level"], errors="coerce"))
    country = _country(areas)
    hits = areas[_called(name, areas)].sort_values("level")
    if not hits.empty:
        row = hits.iloc[0]
        told = {key[5:]: row[key] for key in NAMES if key.startswith("name:") and row[key]}
        return Place(row["name"] or name, told, country, row.geometry, coast=coast)
    if raw.extent is None and areas.empty:
        raise EmptyResultError(
            "has no administrative area, and does not say where it lies",
            where=extract.name,
            todo="name an extract that holds the whole city and what is round it",
        )
    extent = raw.extent if raw.extent is not None else shapely.box(*areas.total_bounds)
    towns = read["towns"].frame
    point = bool(_called(name, towns).any())
    near = () if point else _near(name, [*areas["name"].dropna(), *towns["name"].dropna()])
    return Place(
        name, country=country, border=extent, whole=False, coast=coast, point=point, near=near
    )


def _called(name: str, frame: gpd.GeoDataFrame) -> pd.Series:
    """Tell which rows have a name, in any language."""
    return frame[list(NAMES)].map(_plain).eq(_plain(name)).any(axis=1)


def _near(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that are spelt nearly like one."""
    known = {_plain(word): str(word) for word in names}
    return tuple(known[word] for word in get_close_matches(_plain(name), known, n=3, cutoff=0.75))


def _country(areas: gpd.GeoDataFrame) -> str:
    nations = areas[areas["level"].eq(COUNTRY)]
    codes = pd.concat([nations[code] for code in CODES]).dropna()
    return str(codes.iloc[0]) if len(codes) else ""


def _plain(text: object) -> str:
    """Fold case and accents, so that what is typed without them is found."""
    parts = unicodedata.normalize("NFKD", str(text or "").casefold().strip())
    return "".join(part for part in parts if not unicodedata.combining(part))
