"""Workshop sheets: one focus area on one A3 page, to be put on a wall and written on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from districttype import __version__
from districttype.errors import ConfigError
from districttype.i18n import N_
from districttype.planar import common
from districttype.publish import svg
from districttype.publish.base import stations
from districttype.publish.edition import Edition, ZoneSetResult
from districttype.publish.focuswords import (
    blocks_of,
    chosen,
    focus_of,
    sheet_name,
    sites_of,
    steps,
)
from districttype.publish.shapes import simplify_zones
from districttype.publish.stamp import JUDGEMENT, MADE, attributions, stamp
from districttype.publish.templating import environment, static
from districttype.publish.words import Words

RATIO = 1.35
BLOCKS = 5
"""So many blocks, of the greatest need, are lettered and explained."""
SITES = 12
"""So many single spaces are numbered and explained."""
UNANSWERED = 6
"""So many questions that the data leave open are asked, and who is missing besides."""
QUESTIONS = {
    "unknown": N_("{reason}. Who knows?"),
    "borderline": N_("{facet}: is it {label} or {runner}? The data cannot tell."),
    "owner": N_("Who owns the land, and who can commit it?"),
    "judgement": N_("Part of the score is our own judgement. Does it hold here?"),
    "absent": N_("Who is missing from this table?"),
}


def write_workshops(edition: Edition, out: Path, languages: Sequence[str]) -> None:
    """Write the sheets of the shortlist into `workshop/`."""
    for row in chosen(edition.results["districts"]).to_dict("records"):
        write_workshop(edition, out, row["zone_id"], row["solution"], languages)


def write_workshop(
    edition: Edition,
    out: Path,
    zone_id: str,
    solution: str,
    languages: Sequence[str],
    *,
    zone_set: str = "districts",
) -> Path:
    """Write the sheet of one focus area, in all languages, and return its path.

    Parameters
    ----------
    edition
        What the run found.
    out
        The folder of the outputs; the sheet goes into `workshop` in it.
    zone_id, solution
        The focus area.
    languages
        Languages of the sheet, the first one first shown.
    zone_set
        The zone set of the zone.

    Raises
    ------
    ConfigError
        If there is no such zone, or the solution is not recommended there.
    """
    result = edition.results.get(zone_set)
    if result is None or zone_id not in result.zones.ids:
        raise ConfigError(f"there is no zone {zone_id!r}", where=f"zone set {zone_set}")
    mine = result.focus[result.focus["zone_id"] == zone_id] if len(result.focus) else result.focus
    if mine.empty or solution not in set(mine["solution"]):
        eligible = ", ".join(mine["solution"]) if len(mine) else "none"
        raise ConfigError(
            f"{solution} is not recommended in {zone_id}",
            where=f"zone set {zone_set}",
            todo=f"recommended there are: {eligible}",
        )
    drawing = _Map(edition, result, zone_id, solution)
    sheets = [_sheet(edition, result, zone_id, solution, lang, drawing) for lang in languages]
    html = (
        environment()
        .get_template("workshop.html")
        .render(
            sheets=sheets,
            lang=languages[0],
            style=static("page.css"),
            print=static("print.js"),
            script=static("languages.js"),
            title=f"{sheets[0]['zone']} – {sheets[0]['name']}",
        )
    )
    path = out / "workshop" / sheet_name(zone_id, solution)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")
    return path


class _Map:
    """The sheet's map: the zone among its neighbours, its blocks, sites, stations and streets."""

    def __init__(
        self, edition: Edition, result: ZoneSetResult, zone_id: str, solution: str
    ) -> None:
        land = result.zones.land
        shape = land.loc[zone_id]
        self.shape = shape if not shape.is_empty else result.zones.frame.geometry.loc[zone_id]
        self.frame = svg.sheet(self.shape.bounds, margin=0.1, ratio=RATIO)
        high = self.frame.height / self.frame.scale
        self.window = shapely.box(
            self.frame.west,
            self.frame.north - high,
            self.frame.west + svg.WIDTH / self.frame.scale,
            self.frame.north,
        )
        ground = edition.results["districts"].zones
        self.land = self._paths(simplify_zones(self._cut(ground.land), 4.0))
        outline = gpd.GeoSeries([self.shape], crs=land.crs)
        self.zone = self.frame.path(simplify_zones(outline, 3.0).iloc[0])
        self.need = self._paths(blocks_of(result, zone_id, solution).geometry)
        streets = edition.layers.select("streets", within=self.window.bounds)
        self.streets = self._paths(self._cut(streets.geometry)) if streets is not None else []
        self.stations = self._stations(edition)
        self.bar = svg.scale_bar(self.frame)

    def at(self, point: shapely.Point) -> tuple[int, int]:
        x, y = self.frame.points(shapely.get_coordinates(point))[0]
        return int(x), int(y)

    def _stations(self, edition: Edition) -> list[tuple[int, int, str]]:
        """Return where stations are and what they are called; a name shared by modes once."""
        found = stations(edition)
        if found is None:
            return []
        found = found[found.within(self.window)]
        names = found["name"].where(found["name"].notna() & ~found.duplicated("name"), "")
        points = self.frame.points(shapely.get_coordinates(found.geometry.to_numpy()))
        return [(int(x), int(y), str(name)) for (x, y), name in zip(points, names, strict=True)]

    def _cut(self, shapes: gpd.GeoSeries) -> gpd.GeoSeries:
        near = shapes[shapes.intersects(self.window)]
        return gpd.GeoSeries(common(near.to_numpy(), self.window), crs=shapes.crs)

    def _paths(self, shapes: gpd.GeoSeries) -> list[str]:
        return [path for path in map(self.frame.path, shapes) if path]


def _sheet(
    edition: Edition,
    result: ZoneSetResult,
    zone_id: str,
    solution: str,
    language: str,
    drawing: _Map,
) -> dict[str, Any]:
    words = Words(edition, language)
    focus = next(f for f in focus_of(result, zone_id, words, most=99) if f["solution"] == solution)
    labels = words.labels(result, zone_id)
    sites = sites_of(result, zone_id, words, solution)
    need = blocks_of(result, zone_id, solution).head(BLOCKS)
    row = result.focus[
        (result.focus["zone_id"] == zone_id) & (result.focus["solution"] == solution)
    ].iloc[0]
    return {
        "lang": language,
        "_": words.t,
        "city": words.city,
        "zone": words.zone_name(result, zone_id),
        "name": focus["name"],
        "focus": focus,
        "labels": labels,
        "sites": [s | {"at": drawing.at(s["point"])} for s in sites[:SITES]],
        "blocks": [
            {
                "at": drawing.at(shape.representative_point()),
                "letter": letter,
                "reason": words.say(reason),
            }
            for letter, shape, reason in zip(
                ascii_uppercase, need.geometry, need["reason"], strict=False
            )
        ],
        "steps": steps(edition, str(row["checklists"]), language),
        "questions": _questions(labels, row, words),
        "map": drawing,
        "bar": words.number(drawing.bar["metres"]) + "\u00a0m",
        "warning": words.say(stamp(edition)),
        "made": words.t(MADE, version=__version__, date=words.as_of),
        "judgement": words.t(JUDGEMENT),
        "credits": attributions(edition),
        "percent": words.percent,
    }


def _questions(labels: list[dict[str, Any]], row: pd.Series, words: Words) -> list[str]:
    """Return what the data leave open, as questions to those at the table."""
    asked = []
    for label in labels:
        if not label["known"] and label["id"] != "ownership":
            reason = label["reason"]
            asked.append(words.t(QUESTIONS["unknown"], reason=reason[:1].upper() + reason[1:]))
        elif label["borderline"] and label["runner_up"]:
            asked.append(
                words.t(
                    QUESTIONS["borderline"],
                    facet=label["facet"],
                    label=label["label"].lower(),
                    runner=label["runner_up"].lower(),
                )
            )
    if any(label["id"] == "ownership" and not label["known"] for label in labels):
        asked.append(words.t(QUESTIONS["owner"]))
    if "inference" in str(row.get("weakest_evidence", "")):
        asked.append(words.t(QUESTIONS["judgement"]))
    return [*asked[:UNANSWERED], words.t(QUESTIONS["absent"])]
