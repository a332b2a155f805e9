"""The workbook: labels, indicators with their units, focus areas, sources, and how to read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from districttype import __version__
from districttype.i18n import N_
from districttype.indicators.registry import Indicator
from districttype.publish import legend
from districttype.publish.edition import Edition
from districttype.publish.stamp import JUDGEMENT, MADE, stamp
from districttype.publish.tables import focus_ids, focus_table, source_table
from districttype.publish.texts import is_share
from districttype.publish.words import Words

LONGEST = 60
DETAIL, CONFIDENCE, WHY = N_("detail"), N_("Confidence"), N_("Why")
README = (
    N_("labels: one row a district; per facet the label, its details, how sure it is, and why"),
    N_("indicators: one row a district; the second row holds the units"),
    N_("focus: one row per zone and solution that fits, best first"),
    N_("sources: where the data come from, of what day, and under which licence"),
    N_("An empty cell is unknown, not zero."),
    N_("Confidence is the share of draws that keep the label when data and thresholds vary."),
)


def write_workbook(edition: Edition, path: Path, language: str) -> None:
    """Write `districts.xlsx`. Text stays text: no cell of it becomes a formula or a link."""
    words = Words(edition, language)
    day = datetime.combine(edition.layers.as_of, time(), UTC)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"title": f"{words.city}: districttype", "created": day})
        sheets = _Sheets(book, words.say(stamp(edition)))
        sheets.write("labels", *_labels(edition, words), freeze=2)
        sheets.write("indicators", *_indicators(edition, words), freeze=2, units=True)
        focus = _focus(edition, words)
        sheets.write("focus", list(focus.columns), focus.to_numpy(dtype=object))
        sources = source_table(edition, language)
        sheets.write("sources", list(sources.columns), sources.to_numpy(dtype=object))
        lines = [
            words.t(MADE, version=__version__, date=words.as_of),
            *(words.t(line) for line in README),
            words.t(JUDGEMENT),
        ]
        sheets.write("readme", [words.city], [[line] for line in lines])


class _Sheets:
    """Write tables as sheets that look alike, each with the warning on top where there is one."""

    def __init__(self, book: Any, warning: str) -> None:
        self.book, self.warning = book, warning
        box = {"border": 1, "border_color": "#C9D3DE", "bg_color": "#E6EEF7"}
        self.head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", **box})
        self.unit = book.add_format({"italic": True, "font_color": "#4C5866"})
        self.warn = book.add_format({"bold": True, "font_color": "#8A3A00"})
        self.number = book.add_format({"num_format": "#,##0.###"})
        self.year = book.add_format({"num_format": "0"})
        self.percent = book.add_format({"num_format": "0 %"})

    def write(
        self,
        name: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        formats: Sequence[str] = (),
        *,
        freeze: int = 1,
        units: bool = False,
    ) -> None:
        sheet = self.book.add_worksheet(name[:31])
        top = 0
        if self.warning:
            sheet.write_string(0, 0, self.warning, self.warn)
            top = 1
        sheet.write_row(top, 0, columns, self.head)
        widths = [max(8, min(len(str(c)), 22)) for c in columns]
        last = top
        for r, row in enumerate(rows, start=top + 1):
            last = r
            for c, value in enumerate(row):
                self._cell(sheet, r, c, value, formats, is_unit=units and r == top + 1)
                if isinstance(value, str):
                    widths[c] = max(widths[c], min(len(value), LONGEST))
        for c, width in enumerate(widths):
            sheet.set_column(c, c, width + 2)
        sheet.freeze_panes(top + 1 + int(units), freeze)
        if len(columns) > 1 and not units:
            sheet.autofilter(top, 0, last, len(columns) - 1)

    def _cell(
        self, sheet: Any, r: int, c: int, value: Any, formats: Sequence[str], *, is_unit: bool
    ) -> None:
        if value is None or (isinstance(value, float | np.floating) and not np.isfinite(value)):
            return
        if isinstance(value, str):
            sheet.write_string(r, c, value, self.unit if is_unit else None)
        elif isinstance(value, bool | np.bool_):
            sheet.write_boolean(r, c, bool(value))
        else:
            form = getattr(self, formats[c]) if c < len(formats) else self.number
            sheet.write_number(r, c, float(value), form)


def _names(edition: Edition, words: Words) -> pd.DataFrame:
    result = edition.results["districts"]
    return pd.DataFrame(
        {
            "zone_id": result.zones.ids.astype(str),
            "name": [words.zone_name(result, zone) for zone in result.zones.ids],
        }
    )


def _labels(edition: Edition, words: Words) -> tuple[list[str], list[list[Any]], list[str]]:
    result = edition.results["districts"]
    columns = ["zone_id", words.t(N_("Name"))]
    formats = ["number", "number"]
    rows: list[list[Any]] = _names(edition, words).to_numpy(dtype=object).tolist()
    first = True
    for row, zone in zip(rows, result.zones.ids, strict=True):
        for label in words.labels(result, zone):
            row += [
                label["label"],
                ", ".join(label["details"]),
                label["confidence"],
                label["reason"],
            ]
            if first:
                columns += [
                    label["facet"],
                    f"{label['facet']}: {words.t(DETAIL)}",
                    f"{label['facet']}: {words.t(CONFIDENCE)}",
                    f"{label['facet']}: {words.t(WHY)}",
                ]
                formats += ["number", "number", "percent", "number"]
        first = False
    columns.append(words.t(N_("Focus areas, best first")))
    for row, ids in zip(rows, focus_ids(result), strict=True):
        row.append(ids)
    return columns, rows, formats


def _indicators(edition: Edition, words: Words) -> tuple[list[str], list[list[Any]], list[str]]:
    result = edition.results["districts"]
    chosen = [i for i in edition.registry if i.name in result.indicators]
    columns = ["zone_id", words.t(N_("Name")), *(words.t(i.description) for i in chosen)]
    units = ["", "", *(_unit(i, words) for i in chosen)]
    values = result.indicators[[i.name for i in chosen]].to_numpy(dtype=object)
    rows = [
        [*name, *line]
        for name, line in zip(
            _names(edition, words).to_numpy(dtype=object).tolist(), values, strict=True
        )
    ]
    formats = ["number", "number"] + [
        "percent" if is_share(i) else "year" if i.unit == "year" else "number" for i in chosen
    ]
    return columns, [units, *rows], formats


def _unit(indicator: Indicator, words: Words) -> str:
    if is_share(indicator):
        return "%"
    unit = legend.UNITS[indicator.unit]
    return words.t(unit) if unit else ""


def _focus(edition: Edition, words: Words) -> pd.DataFrame:
    table = focus_table(edition, words.language)
    small = {name for name, r in edition.results.items() if len(r.zones) <= 500}
    table = table[table["zone_set"].isin(small)].copy()
    columns = {"level": "levels", "convener": "actors"}
    for name in ("level", "systems", "actors", "prerequisites", "means", "convener"):
        if name in table:
            table[name] = [
                ", ".join(words.named(columns.get(name, name), ids)) for ids in table[name]
            ]
    if len(table):
        title = [words.solution(key) for key in table["solution"]]
        table.insert(table.columns.get_loc("solution") + 1, "solution_name", title)
    return table
