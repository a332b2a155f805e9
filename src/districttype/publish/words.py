"""An edition's words, numbers and names in one language, for pages that people read and print."""

from __future__ import annotations

from typing import Any

import pandas as pd
from babel.dates import format_date
from babel.numbers import format_decimal

from districttype.i18n import N_, translate
from districttype.indicators.registry import Indicator
from districttype.publish import legend
from districttype.publish.edition import Edition, ZoneSetResult
from districttype.publish.tables import say
from districttype.publish.texts import is_share

BORDERLINE = N_("borderline")
UNKNOWN = N_("unknown")


class Words:
    """Say what an edition holds in a language."""

    def __init__(self, edition: Edition, language: str) -> None:
        self.edition, self.language = edition, language

    def t(self, message: str, **values: Any) -> str:
        """Return a message, with values put in where it has names in braces."""
        text = translate(message, self.language)
        return text.format(**values) if values else text

    def say(self, cell: Any) -> str:
        """Return a cell of a table as text."""
        return say(cell, self.language)

    def sentences(self, cell: Any) -> list[str]:
        """Return a cell that holds several messages as a list of texts."""
        if cell is None or isinstance(cell, float):
            return []
        cells = cell if isinstance(cell, list | tuple) else [cell]
        return [text for text in map(self.say, cells) if text]

    def named(self, table: str, ids: Any) -> list[str]:
        """Return what `;`-separated ids of the catalogue are called."""
        keys = [key for key in str(ids or "").split(";") if key and key != "nan"]
        catalogue = self.edition.catalogue
        if catalogue is None:
            return keys
        known = getattr(catalogue, table)
        return [catalogue.name(table, k, self.language) if k in known else k for k in keys]

    def solution(self, key: str) -> str:
        """Return the name of a solution."""
        return next(iter(self.named("solutions", key)), key)

    @property
    def city(self) -> str:
        """Return the city's name."""
        return self.edition.city.names.get(self.language, self.edition.city.name)

    @property
    def as_of(self) -> str:
        """Return the day the data are of."""
        return str(format_date(self.edition.layers.as_of, format="long", locale=self.language))

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number in the reader's form."""
        form = "#,##0" + ("." + "#" * digits if digits else "")
        return str(format_decimal(float(value), format=form, locale=self.language))

    def percent(self, share: float | None) -> str:
        """Return a share as a percentage, a dash where it is missing."""
        return "–" if share is None or pd.isna(share) else f"{self.number(share * 100)}\u00a0%"

    def quantity(self, value: float | None, indicator: Indicator) -> str:
        """Return an indicator's value with its unit."""
        if value is None or pd.isna(value):
            return self.t(UNKNOWN)
        if is_share(indicator):
            return self.percent(value)
        if indicator.unit == "year":  # no thousands in it
            return str(round(value))
        size = abs(value)
        shown = self.number(value, 0 if size >= 100 else 1 if size >= 10 else 2)
        unit = legend.UNITS[indicator.unit]
        return f"{shown}\u00a0{self.t(unit)}" if unit else shown

    def zone_name(self, result: ZoneSetResult, zone_id: str) -> str:
        """Return a zone's name in the language, or in its own."""
        row = result.zones.frame.loc[zone_id]
        own = row.get(f"name_{self.language}")
        return str(own) if isinstance(own, str) and own else str(row["name"])

    def labels(self, result: ZoneSetResult, zone_id: str) -> list[dict[str, Any]]:
        """Return what is known of a zone on each facet, in words, with the colour of its label."""
        row = result.labels.loc[zone_id]
        found = []
        for facet in legend.LEGENDS.values():
            if facet.id not in row:
                continue
            label = row[facet.id] if isinstance(row[facet.id], str) else legend.UNKNOWN
            detail = row.get(f"{facet.id}_detail")
            entry = legend.palette(facet)[legend.shown(facet, label, detail)]
            names = {x.id: x.name for x in facet.labels} | {legend.UNKNOWN: legend.UNKNOWN_NAME}
            sure = row.get(f"{facet.id}_confidence")
            known = label != legend.UNKNOWN
            runner = row.get(f"{facet.id}_runner_up")
            found.append(
                {
                    "id": facet.id,
                    "facet": self.t(facet.name),
                    "label": self.t(names[label]),
                    "known": known,
                    "colour": entry.colour,
                    "details": [
                        self.t(facet.names().get(word, word))
                        for word in legend.details(detail)
                        if word != label
                    ],
                    "confidence": float(sure) if known and pd.notna(sure) else None,
                    "borderline": bool(known and pd.notna(sure) and sure < legend.BORDERLINE),
                    "runner_up": self.t(names[runner]) if runner in names else "",
                    "reason": self.say(row.get(f"{facet.id}_reason")),
                }
            )
        return found
