"""What a page's script reads: every text, number and shape once, in as few signs as will do.

Columns, not rows: a thousand cells share one list per facet of small numbers that point into the
legend. Sentences travel as a message with its values, and become words in the reader's language in
the page itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from districttype import __version__
from districttype.i18n import N_, Message
from districttype.indicators.registry import Indicator
from districttype.places import name_columns
from districttype.publish import balance, legend, shapes
from districttype.publish.base import base_map, stations
from districttype.publish.edition import Edition, ZoneSetResult
from districttype.publish.focuspayload import (
    block_shapes,
    checklists,
    focus_areas,
    scores,
    sites,
)
from districttype.publish.stamp import JUDGEMENT, MADE, attributions, stamp
from districttype.publish.tables import source_table
from districttype.publish.templating import SCRIPTS, static, template_source
from districttype.publish.texts import Texts, is_share, number, percent

MANY = 1500
"""A zone set with more zones travels light: no reasons, few indicators, few vertices."""
KEY_INDICATORS = (
    "far", "floor_area_m2", "residents", "residents_per_ha", "jobs", "housing_share",
    "offices_share", "floor_near_station_share", "floor_near_stop_share",
    "heat_density_mwh_per_ha", "onsite_energy_ratio", "onsite_energy_ratio_low",
    "onsite_energy_ratio_high", "ground_clay_share",
    "ground_bedrock_share", "green_share",
)  # fmt: skip
NO_INDICATORS = N_(
    "To keep this page light, only districts have their indicators on it; zones.gpkg holds all."
)
NO_ZONES = N_("To keep this page light, it goes without: {zones}; zones.gpkg holds them.")
_CALLS = re.compile(r"""\b(?:t\(|say\(\[)\s*"((?:[^"\\]|\\.)*)\"""")
_MARKS = re.compile(r"""data-t(?:-label|-placeholder)?="([^"]+)\"""")
_CHOICES = re.compile(r"""data-t="\{\{ '([^']+)' if .*? else '([^']+)' \}\}\"""")


def page_messages() -> set[str]:
    """Return the messages that the pages' scripts and controls say."""
    scripts = "\n".join(static(name) for name in SCRIPTS)
    controls = template_source("controls.html")
    found = {m.replace('\\"', '"') for m in _CALLS.findall(scripts)}
    found |= {m for m in _MARKS.findall(controls) if "{{" not in m}
    return found | {word for pair in _CHOICES.findall(controls) for word in pair}


def payload(
    edition: Edition, languages: Sequence[str], *, page: str, tiles: str | None = None
) -> dict[str, Any]:
    """Return what a map page reads.

    Parameters
    ----------
    edition
        What the run found.
    languages
        The first one is shown where the reader has chosen none.
    page
        `typology` (all zone sets, one layer a facet) or `focus` (those with focus areas, one
        layer a solution).
    tiles
        Template of a tile server's addresses, offered as a background that is off at first.
    """
    text = Texts()
    text.used |= page_messages() | {NO_INDICATORS, NO_ZONES}
    chosen = {
        name: result
        for name, result in edition.results.items()
        if page == "typology" or len(result.focus) or name == "districts"
    }
    if page == "typology":  # its maps do not draw them
        chosen = {name: replace(result, blocks=None) for name, result in chosen.items()}
    sets = {name: _zone_set(name, result, edition, text) for name, result in chosen.items()}
    warning = stamp(edition)
    return {
        "page": page,
        "city": {
            "names": dict(edition.city.names),
            "name": edition.city.name,
            "heating": dict(edition.city.energy.heat_note),
            "cooling_led": edition.city.energy.cooling_led,
        },
        "languages": list(languages),
        "scale": shapes.SCALE,
        "bounds": _bounds(edition),
        "facets": [_facet(f, text) for f in legend.LEGENDS.values()],
        "balance": balance.of_payload(text),
        "unknown": {
            "name": text(legend.UNKNOWN_NAME),
            "colour": legend.UNKNOWN_COLOUR,
            "line": legend.UNKNOWN_LINE,
        },
        "borderline": legend.BORDERLINE,
        "solutions": _solutions(edition),
        "steps": checklists(edition) if page == "focus" else {},
        "scores": list(legend.SCORE_COLOURS),
        "indicators": [_indicator(i, text) for i in edition.registry],
        "units": {unit: text(said) if said else "" for unit, said in legend.UNITS.items()},
        "names": _names(edition),
        "sets": sets,
        "many": MANY,
        "light": [],  # what a page that grew too large goes without: see `maps`
        "kin": _kin(edition, text),
        "base": base_map(edition),
        "sites": sites(edition, text),
        "stops": _stops(edition),
        "places": _places(edition),
        "stamp": text.cell(warning),
        "made": text.cell(
            Message(MADE, {"version": __version__, "date": edition.layers.as_of.isoformat()})
        ),
        "judgement": text(JUDGEMENT),
        "credits": attributions(edition),
        "layers": {name: text(said) for name, said in legend.LAYERS.items()},
        "sources": source_table(edition).drop(columns="notes").fillna("").to_dict("records"),
        "tiles": tiles,
        "text": text.catalogues(languages),
    }


def _kin(edition: Edition, text: Texts) -> dict[str, Any]:
    """Return per district its group, what that has in common, and the districts most like it."""
    return {
        zone: {
            "group": mine.group,
            "size": mine.profile.size,
            "traits": text.words(mine.profile.traits),
            "nearest": [alike.zone_id for alike in mine.nearest],
            "because": text.words(mine.nearest[0].traits),
        }
        for zone, mine in edition.kin.items()
    }


def _bounds(edition: Edition) -> list[float]:
    result = edition.results.get("districts") or next(iter(edition.results.values()))
    land = result.zones.land[~result.zones.land.is_empty]
    shown = land if len(land) else result.zones.frame.geometry
    bounds = shown.to_crs("EPSG:4326").total_bounds
    return [round(float(v), 5) for v in bounds]


def _facet(facet: legend.FacetLegend, text: Texts) -> dict[str, Any]:
    return {
        "id": facet.id,
        "name": text(facet.name),
        "question": text(facet.question),
        "labels": [{"id": x.id, "name": text(x.name), "colour": x.colour} for x in facet.labels],
        "details": [
            {"id": x.id, "of": x.of, "name": text(x.name), "colour": x.colour}
            for x in facet.details
        ],
        "words": {key: text(name) for key, name in facet.names().items()},
        "order": [entry.key for entry in facet.drawn],
    }


def _indicator(indicator: Indicator, text: Texts) -> dict[str, Any]:
    return {
        "id": indicator.name,
        "name": text(indicator.description),
        "unit": "%" if is_share(indicator) else indicator.unit,
        "facet": indicator.facet,
    }


NAMED = (
    "systems", "levels", "actors", "prerequisites", "means", "checklists", "sites", "archetypes",
    "bases",
)  # fmt: skip


def _names(edition: Edition) -> dict[str, dict[str, dict[str, str]]]:
    """Return what the catalogue's ids are called: table -> id -> language -> name."""
    if edition.catalogue is None:
        return {table: {} for table in NAMED}
    return {
        table: {key: dict(entry.name) for key, entry in getattr(edition.catalogue, table).items()}
        for table in NAMED
    }


def _solutions(edition: Edition) -> list[dict[str, Any]]:
    """Return the solutions that are recommended anywhere, or all of the catalogue's."""
    names = edition.catalogue.solution_names() if edition.catalogue else {}
    frames = [r.focus["solution"] for r in edition.results.values() if len(r.focus)]
    found = sorted(set(names) | set(pd.concat(frames) if frames else []))
    return [
        {
            "id": solution,
            "names": names.get(solution, {}),
            "colour": colour,
            "ink": legend.ink(colour),
        }
        for solution in found
        for colour in [legend.solution_colour(solution)]
    ]


def _zone_set(name: str, result: ZoneSetResult, edition: Edition, text: Texts) -> dict[str, Any]:
    zones = result.zones
    many = len(zones) > MANY
    land = shapes.simplify_zones(zones.land, 12.0 if many else 8.0)
    frame = zones.frame
    names = [str(value) for value in frame["name"]]
    return {
        "name": text(legend.ZONE_SETS.get(name, name)),
        "ids": [str(zone) for zone in zones.ids],
        "names": None if many and names == [str(zone) for zone in zones.ids] else names,
        "also": {
            column.removeprefix("name_"): [None if pd.isna(v) else str(v) for v in frame[column]]
            for column in ("name_sv", "name_latin")
            if column in frame and frame[column].notna().any()
        },
        "parents": [None if pd.isna(v) else str(v) for v in frame["parent"]]
        if not many and "parent" in frame and frame["parent"].notna().any()
        else None,
        "land": [number(v) for v in zones.land_m2 / 1e6],
        "shapes": shapes.encode_polygons(land),
        "centres": shapes.encode_points(land.representative_point()),
        "facets": {
            f.id: _labels(f, result.labels.reindex(zones.ids), text, many=many)
            for f in legend.LEGENDS.values()
            if f.id in result.labels
        },
        "indicators": {
            i.name: [number(v, 3 if many else 4) for v in result.indicators[i.name]]
            for i in edition.registry
            if i.name in result.indicators
            and (not many or i.name in KEY_INDICATORS)
            and result.indicators[i.name].notna().any()
        },
        "focus": {} if many else focus_areas(result, text),
        "blocks": [] if many or result.blocks is None else block_shapes(result.blocks),
        "scores": scores(result) if many else {},
        "warnings": {} if result.city is None else _said(result.city.warnings, text),
    }


def _said(said: Mapping[Any, Iterable[Message]], text: Texts) -> dict[str, list[Any]]:
    return {str(key): [text.cell(message) for message in told] for key, told in said.items()}


def _labels(
    facet: legend.FacetLegend, labels: pd.DataFrame, text: Texts, *, many: bool
) -> dict[str, Any]:
    """Return the columns of a facet: places in the legend (-1 is unknown), shares in percent."""
    order = [label.id for label in facet.labels]
    columns: dict[str, Any] = {"label": _codes(labels[facet.id], order)}
    detail = labels.get(f"{facet.id}_detail")
    if detail is not None and detail.fillna("").ne("").any():
        codes, words = pd.factorize(detail.map(lambda v: ";".join(legend.details(v))))
        columns["detail"], columns["details"] = codes.tolist(), [str(word) for word in words]
    confidence = labels.get(f"{facet.id}_confidence")
    if confidence is not None:
        columns["confidence"] = percent(confidence)
    coverage = labels.get(f"{facet.id}_coverage")
    if coverage is not None and not (coverage == 1.0).all():
        columns["coverage"] = percent(coverage)
    runner = labels.get(f"{facet.id}_runner_up")
    if runner is not None and not many:
        columns["runner_up"] = _codes(runner, order)
    reason = labels.get(f"{facet.id}_reason")
    if reason is not None and not many:
        columns["reason"] = [text.cell(v) for v in reason]
    return columns


def _codes(labels: pd.Series, order: list[str]) -> list[int]:
    return [int(code) for code in pd.Index(order).get_indexer(pd.Index(labels))]


def _stops(edition: Edition) -> list[dict[str, Any]]:
    found = stations(edition)
    if found is None:
        return []
    points = shapes.encode_points(found.geometry)
    return [
        {"at": point, "mode": mode, "name": name if isinstance(name, str) else ""}
        for point, mode, name in zip(points, found["mode"], found["name"], strict=True)
    ]


def _places(edition: Edition) -> list[dict[str, Any]]:
    """Return what people call places: names, and the zone that is the place, or its zones."""
    if edition.places is None:
        return []
    columns = name_columns(edition.places)
    whole = set(edition.results["places"].zones.ids) if "places" in edition.results else set()
    found = []
    for row in edition.places.to_dict("records"):
        names = list(dict.fromkeys(str(row[c]) for c in columns if isinstance(row[c], str)))
        parts = [zone.strip() for zone in str(row["zones"]).split(";") if zone.strip()]
        one = names[0] in whole
        found.append(
            {
                "names": names,
                "set": "places" if one else str(row["zone_set"]),
                "zones": names[:1] if one else parts,
            }
        )
    return found
