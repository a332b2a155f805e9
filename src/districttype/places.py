"""Places: the names people use, in every language of a city, and the zones they mean."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import pandas as pd

from districttype.city import City
from districttype.errors import ConfigError

COLUMNS = ("zone_set", "zones")


@dataclass(frozen=True)
class Place:
    """One name with the zones it means."""

    name: str
    zone_set: str
    zones: tuple[str, ...]
    note: str = ""


def load_places(city: City) -> pd.DataFrame | None:
    """Load the gazetteer of a city; None where it has none.

    Returns
    -------
    DataFrame
        Columns `name_<language>` (one or more, the first is the place's id), `zone_set`, `zones`
        (ids, `;`-separated) and `note`; all text.

    Raises
    ------
    ConfigError
        If the file is not there or lacks a column.
    """
    if city.places is None:
        return None
    path = city.beside(city.places)
    try:
        table = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    except FileNotFoundError:
        raise ConfigError("no such file", where=f"places = {city.places!r}") from None
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing or not any(name.startswith("name") for name in table.columns):
        lacking = ", ".join(missing) or "name_<language>"
        raise ConfigError(f"column {lacking} is missing", where=str(path))
    if "note" not in table.columns:
        table["note"] = ""
    return table


def name_columns(places: pd.DataFrame) -> list[str]:
    """Return the columns that hold names."""
    return [name for name in places.columns if name.startswith("name")]


def find_place(places: pd.DataFrame, name: str) -> Place | None:
    """Find a place by its name in any language, whatever the case and, failing that, the accents.

    >>> table = pd.DataFrame({"name_fi": ["Kauklahti"], "name_sv": ["Köklax"],
    ...                       "zone_set": ["districts"], "zones": ["511"], "note": [""]})
    >>> find_place(table, "köklax").zones
    ('511',)
    >>> find_place(table, "Koklax").name
    'Kauklahti'
    >>> find_place(table, "Nowhere") is None
    True
    """
    columns = name_columns(places)
    for fold in (str.casefold, _plain):
        wanted = fold(name.strip())
        hit = places[columns].map(fold).eq(wanted).any(axis=1)
        if wanted and hit.any():
            row = places[hit].iloc[0]
            zones = tuple(zone for zone in row["zones"].split(";") if zone)
            return Place(row[columns[0]], row["zone_set"], zones, row["note"])
    return None


def _plain(text: str) -> str:
    """Fold case and accents: what somebody types without an ä on the keyboard."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))
