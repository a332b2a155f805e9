"""Sentences with a zone's own figures in them, put together from the catalogue's wordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from districttype.focus.catalogue import Catalogue, Fact, Words, indicator_of, placeholders
from districttype.focus.conditions import Situation, all_of
from districttype.i18n import Message
from districttype.indicators.mobility import WALK_TO_STATION, YEARS_NEW
from districttype.layers.layer import Layers
from districttype.layers.schema import STATION_MODES
from districttype.zones import Zones

Value = float | str
Lookup = Callable[[str], Value | None]


def fill(words: Words, lookup: Lookup) -> dict[str, Value] | None:
    """Return the values of a text's placeholders, or None where one of them is not known."""
    values: dict[str, Value] = {}
    for name in placeholders(words["en"]):
        value = lookup(indicator_of(name))
        if value is None or (isinstance(value, float) and not np.isfinite(value)):
            return None
        values[name] = value
    return values


def sentence(*parts: Words, values: Mapping[str, Value] | None = None) -> Message:
    """Join texts to one sentence in every language that one of them has, English for the rest."""
    languages = sorted({language for part in parts for language in part})
    joined = {
        language: _capital(" – ".join(part.get(language, part["en"]) for part in parts))
        for language in languages
    }
    return Message(joined["en"], dict(values or {}), joined)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def speak(facts: Sequence[Words], lookup: Lookup, *then: Words | None, otherwise: Words) -> Message:
    """Return the first fact whose figures are known (else `otherwise`), and what comes then."""
    behind = [words for words in then if words is not None]
    for fact in facts:
        values = fill(fact, lookup)
        if values is not None:
            return sentence(fact, *behind, values=values)
    return sentence(otherwise, *behind)


class Reasoner:
    """Says for one zone why a row of the matrix, or an alternative of a gate, holds.

    Parameters
    ----------
    situation
        The zones' labels and indicators.
    extra
        Index zone_id; further facts by name (`station`, `opened`), None where there is none.
    """

    def __init__(self, catalogue: Catalogue, situation: Situation, extra: pd.DataFrame) -> None:
        self._catalogue = catalogue
        self._columns: dict[str, NDArray[np.float64]] = {}
        self._situation = situation
        extra = extra.reindex(situation.index)
        self._extra = {name: extra[name].to_numpy(dtype=object) for name in extra}
        self._said: dict[tuple[str, int], NDArray[np.bool_]] = {}

    def of_row(self, row: str, solution: str, zone: int) -> Message:
        """Return why a row speaks for a solution in the zone at a position."""
        entry = self._catalogue.rows[row]
        facts = [
            fact.text for n, fact in enumerate(entry.facts) if self._holds((row, n), fact, zone)
        ]
        return speak(
            facts, self.lookup(zone), entry.why.get(solution), otherwise=entry.facts[-1].text
        )

    def quote(self, words: Words, zone: int) -> list[Message]:
        """Return a text with the figures of the zone at a position; none where one is unknown."""
        values = fill(words, self.lookup(zone))
        return [] if values is None else [sentence(words, values=values)]

    def lookup(self, zone: int) -> Lookup:
        """Return a function that finds figures of the zone at a position by name."""

        def find(name: str) -> Value | None:
            if name in self._extra:
                value = self._extra[name][zone]
                return value if isinstance(value, str) else None
            if name not in self._columns:
                self._columns[name] = self._situation.indicator(name)
            return float(self._columns[name][zone])

        return find

    def _holds(self, key: tuple[str, int], fact: Fact, zone: int) -> bool:
        if not fact.when:
            return True
        if key not in self._said:
            self._said[key] = all_of(fact.when, self._situation) == 1.0
        return bool(self._said[key][zone])


def station_facts(zones: Zones, layers: Layers | None) -> pd.DataFrame:
    """Name the new or planned station nearest to each zone, where there is one within 800 m.

    Returns
    -------
    Index zone_id; `station` with `opened` (month/year, or the year where no month is known), or
    `station_planned`; None elsewhere.
    """
    table = pd.DataFrame(None, zones.ids, ["station", "opened", "station_planned"], dtype=object)
    stops = None if layers is None else layers.select("stops", where={"mode": STATION_MODES})
    if layers is None or stops is None:
        return table
    today = decimal_year(layers.as_of)
    stops = stops[stops["name"].notna() & (stops["opened"] >= layers.as_of.year - YEARS_NEW)]
    points = stops.geometry.to_numpy()
    shapes = zones.frame.geometry.to_numpy()
    near, station = shapely.STRtree(points).query(
        shapes, predicate="dwithin", distance=WALK_TO_STATION
    )
    pairs = pd.DataFrame({"zone": near, "station": station})
    pairs["out"] = shapely.distance(shapes[near], points[station]).round()
    pairs["off"] = shapely.distance(shapely.point_on_surface(shapes[near]), points[station])
    nearest = pairs.sort_values(["zone", "out", "off"], kind="stable").drop_duplicates("zone")
    for zone, row in zip(nearest["zone"], nearest["station"], strict=True):
        name, opened = stops["name"].iloc[row], float(stops["opened"].iloc[row])
        if opened > today:
            table.iloc[zone, 2] = name
        else:
            table.iloc[zone, 0], table.iloc[zone, 1] = name, month_and_year(opened)
    return table


def decimal_year(day: date) -> float:
    """Return a day as a year with its fraction."""
    return float(day.year + (day.timetuple().tm_yday - 1) / 365.25)


def month_and_year(opened: float) -> str:
    """Return a decimal year as "12/2022"; a whole year says that the month is not known."""
    year = int(opened)
    month = int(round((opened - year) * 12, 3))
    return f"{month + 1}/{year}" if opened != year else str(year)
