"""The report: a page for the city, a page for each district; one file a language."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from districttype import __version__
from districttype.i18n import N_, Message, translate
from districttype.layers.guesses import guesses
from districttype.publish import balance, legend, svg
from districttype.publish.edition import Edition, ZoneSetResult
from districttype.publish.focustables import TABLES
from districttype.publish.focuswords import choice, clusters, focus_of, leads, sites_of, steps
from districttype.publish.shapes import simplify_zones
from districttype.publish.stamp import JUDGEMENT, MADE, attributions, stamp
from districttype.publish.tables import source_table
from districttype.publish.templating import environment, static
from districttype.publish.words import Words
from districttype.typology.alike import Kin

KEY_INDICATORS = (
    "residents", "jobs", "far", "mean_floors", "residents_per_ha", "dense_floor_share",
    "reserve_m2", "growth_ratio", "housing_share", "offices_share", "industry_share",
    "floor_near_station_share", "floor_near_frequent_bus_share", "floor_near_stop_share",
    "heat_demand_mwh", "heat_density_mwh_per_ha", "pv_potential_mwh", "pv_modelled_share",
    "onsite_energy_ratio", "onsite_energy_ratio_low", "onsite_energy_ratio_high", "green_share",
    "floor_area_imputed_share",
)  # fmt: skip


def write_reports(edition: Edition, out: Path, languages: Sequence[str]) -> None:
    """Write `report.html` in the first language and `report.<language>.html` in the others."""
    result = edition.results["districts"]
    sheet = _Drawing(result)
    windows = {zone: sheet.close(zone) for zone in result.zones.ids}
    for language in languages:
        words = Words(edition, language)
        html = (
            environment()
            .get_template("report.html")
            .render(
                **_shared(edition, words, sheet),
                **_city(edition, words),
                others=_links(languages, language, "report"),
                districts=[
                    _district(zone, edition, result, words) | {"close": windows[zone]}
                    for zone in result.zones.ids
                ],
            )
        )
        (out / file_name("report", language, languages)).write_text(html, encoding="utf-8")


def write_index(edition: Edition, out: Path, languages: Sequence[str]) -> None:
    """Write the first page, `maps/index.html`, and its other languages beside it."""
    sheet = _Drawing(edition.results["districts"])
    folder = out / "maps"
    folder.mkdir(exist_ok=True)
    for language in languages:
        html = (
            environment()
            .get_template("index.html")
            .render(
                **_shared(edition, Words(edition, language), sheet),
                others=_links(languages, language, "index"),
                report="../" + file_name("report", language, languages),
                sets=[
                    {"id": name, "name": translate(legend.ZONE_SETS.get(name, ""), language)}
                    for name in edition.results
                    if name != "districts"
                ],
                alike=bool(edition.kin),
                focus_files=[name for name in TABLES if (out / f"{name}.csv").is_file()],
            )
        )
        (folder / file_name("index", language, languages)).write_text(html, encoding="utf-8")


def file_name(stem: str, language: str, languages: Sequence[str]) -> str:
    """Return what a page in a language is called; the first language has no mark."""
    return f"{stem}.html" if language == languages[0] else f"{stem}.{language}.html"


def _links(languages: Sequence[str], shown: str, stem: str) -> list[dict[str, Any]]:
    return [
        {"id": lang, "href": file_name(stem, lang, languages), "shown": lang == shown}
        for lang in languages
    ]


class _Drawing:
    """The districts as paths, drawn once for all maps of a page."""

    def __init__(self, result: ZoneSetResult) -> None:
        land = result.zones.land
        self.whole = result.zones.frame.geometry
        self.land = simplify_zones(land, 25.0)
        known = land[~land.is_empty]
        self.bounds = (known if len(known) else self.whole).total_bounds
        self.frame = svg.sheet(self.bounds)
        self.paths = svg.definitions(self.land, self.frame, "z")
        self.ids = list(result.zones.ids)

    def close(self, zone_id: str) -> dict[str, Any]:
        """Return the part of the map round a zone: its frame, and which zones are in it."""
        i = self.ids.index(zone_id)
        shape = self.land.iloc[i] if not self.land.iloc[i].is_empty else self.whole.iloc[i]
        west, south, east, north = shape.bounds
        pad = 0.18 * max(east - west, north - south)
        wide = max(east - west, (north - south) * 1.5) + 2 * pad
        high = wide / 1.5
        x, y = (west + east) / 2, (south + north) / 2
        corner = self.frame.points(
            shapely.get_coordinates([shapely.Point(x - wide / 2, y + high / 2)])
        )[0]
        units = wide * self.frame.scale
        window = shapely.box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
        near = np.flatnonzero(shapely.intersects(self.land.to_numpy(), window)).tolist()
        return {
            "box": f"{corner[0]} {corner[1]} {units:.1f} {units / 1.5:.1f}",
            "near": near,
            "at": i,
            "stroke": units / 180,
        }


def _shared(edition: Edition, words: Words, drawing: _Drawing) -> dict[str, Any]:
    """Return what report and first page both say, in a language."""
    result = edition.results["districts"]
    warning = stamp(edition)
    facets = [_facet(f, result, words) for f in legend.LEGENDS.values() if f.id in result.labels]
    balanced = balance.figure(result, words)
    return {
        "w": words,
        "_": words.t,
        "lang": words.language,
        "style": static("page.css"),
        "print": static("print.js"),
        "warning": words.say(warning),
        "made": words.t(MADE, version=__version__, date=words.as_of),
        "judgement": words.t(JUDGEMENT),
        "box": drawing.frame.box,
        "paths": drawing.paths,
        "facets": facets,
        "balance": balanced,
        "figures": [*facets, *([balanced] if balanced else [])],
        "facts": _facts(edition, words),
        "energy": balance.heating(edition.city, words),
        "choice": choice(result, words),
        "credits": attributions(edition),
    }


def _city(edition: Edition, words: Words) -> dict[str, Any]:
    """Return what the report says of the city beside that."""
    result = edition.results["districts"]
    checklists = edition.catalogue.checklists if edition.catalogue else {}
    return {
        "count": len(result.zones),
        "leads": leads(result, words),
        "clusters": clusters(result, words),
        "steps": steps(edition, ";".join(checklists), words.language),
        "missing": [words.t(legend.LAYERS[name]) for name in edition.run.get("missing_layers", [])],
        "guesses": [words.say(guess) for guess in _guesses(edition)],
        "sources": [
            source | {"layer": words.t(legend.LAYERS[source["layer"]])}
            for source in source_table(edition).fillna("").to_dict("records")
        ],
        "thresholds": _thresholds(edition, words),
    }


def _guesses(edition: Edition) -> list[Message]:
    """Return what was guessed of the buildings, and how far off that is."""
    return guesses(edition.run.get("layers", {}).get("buildings", {}))


def _facet(facet: legend.FacetLegend, result: ZoneSetResult, words: Words) -> dict[str, Any]:
    """Return a facet's small map and the counts of its labels."""
    labels = result.labels.reindex(result.zones.ids)
    detail = labels.get(f"{facet.id}_detail", pd.Series("", labels.index))
    drawn = [
        legend.shown(facet, label if isinstance(label, str) else legend.UNKNOWN, d)
        for label, d in zip(labels[facet.id], detail, strict=True)
    ]
    palette = legend.palette(facet)
    names = {label.id: words.t(label.name) for label in facet.labels}
    counts = pd.Series(drawn).value_counts()
    total = max(len(drawn), 1)
    return {
        "id": facet.id,
        "name": words.t(facet.name),
        "question": words.t(facet.question),
        "map": svg.coloured((palette[key].colour for key in drawn), "z"),
        "unknown": int(counts.get(legend.UNKNOWN, 0)),
        "rows": [
            {
                "name": f"{names[label.of]}: {words.t(label.name)}"
                if label.of
                else words.t(label.name),
                "colour": label.colour,
                "count": int(counts[key]),
                "share": float(counts[key]) / total,
            }
            for key, label in palette.items()
            if counts.get(key, 0)
        ],
    }


FACTS = {
    "land_km2": (N_("Land area"), 1.0, "km²"),
    "residents": (N_("Residents"), 1.0, ""),
    "jobs": (N_("Jobs"), 1.0, ""),
    "floor_area_m2": (N_("Floor area"), 1.0, "m²"),
    "heat_demand_mwh": (N_("Heat demand"), 1e3, "GWh/a"),
    "reserve_m2": (N_("Unused building right"), 1.0, "m²"),
}
"""What is summed over the city, its name, and the unit it is shown in with that unit's size."""
PARTLY = N_("known in {n} of {count} districts")


def _facts(edition: Edition, words: Words) -> list[dict[str, str]]:
    """Return the totals of the city; one that is not known everywhere says so."""
    table = edition.results["districts"].indicators
    found = []
    for name, (title, size, unit) in FACTS.items():
        n = int(table[name].notna().sum()) if name in table else 0
        if n:
            partly = words.t(PARTLY, n=n, count=len(table)) if n < len(table) else ""
            value = f"{words.number(table[name].sum() / size)}\u00a0{unit}".strip()
            found.append({"name": words.t(title), "value": value, "note": partly})
    return found


def _thresholds(edition: Edition, words: Words) -> list[dict[str, Any]]:
    found = []
    for facet, cuts in dict(edition.run.get("thresholds", {})).items():
        for name, cut in cuts.items():
            found.append(
                {
                    "facet": words.t(legend.LEGENDS[facet].name),
                    "name": name,
                    "value": words.number(cut["value"], 3),
                    "unit": "" if cut.get("unit") == "1" else cut.get("unit", ""),
                    "basis": words.t(str(cut.get("basis", ""))),
                    "source": cut.get("source", ""),
                }
            )
    return found


def _district(
    zone: str,
    edition: Edition,
    result: ZoneSetResult,
    words: Words,
) -> dict[str, Any]:
    frame = result.zones.frame
    known = {indicator.name: indicator for indicator in edition.registry}
    values = result.indicators.loc[zone]
    return {
        "id": str(zone),
        "name": words.zone_name(result, zone),
        "also": [
            str(v)
            for v in (frame.loc[zone].get(c) for c in ("name", "name_sv", "name_latin"))
            if isinstance(v, str) and v != words.zone_name(result, zone)
        ],
        "parent": frame.loc[zone].get("parent"),
        "land": words.number(result.zones.land_m2.loc[zone] / 1e6, 2),
        "labels": words.labels(result, zone),
        "focus": focus_of(result, zone, words),
        "numbers": [
            (words.t(known[n].description), words.quantity(values[n], known[n]))
            for n in KEY_INDICATORS
            if n in known and n in values and pd.notna(values[n])
        ],
        "sites": sites_of(result, zone, words),
        "alike": _alike(edition.kin.get(str(zone)), result, words),
    }


def _alike(mine: Kin | None, result: ZoneSetResult, words: Words) -> dict[str, Any]:
    """Return the districts most like one, and what the nearest of them has alike with it."""
    if mine is None:
        return {}
    return {
        "nearest": [
            {"id": alike.zone_id, "name": words.zone_name(result, alike.zone_id)}
            for alike in mine.nearest
        ],
        "because": words.sentences(mine.nearest[0].traits),
    }
