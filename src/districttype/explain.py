"""Why a zone has its labels: numbers, thresholds, coverage, confidence, and the sentence."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from districttype import pipeline
from districttype.city import City
from districttype.errors import ConfigError
from districttype.i18n import translate
from districttype.indicators.registry import REGISTRY
from districttype.lastrun import Run, load_run, run_of
from districttype.places import Place, find_place, load_places
from districttype.typology.rules import FACETS, OWNERSHIP
from districttype.typology.thresholds import Facets, load_facets
from districttype.typology.validate import compare, read_expected
from districttype.typology.values import values


def last_or_new(
    city: City, out: Path, data: str | None, layers: Path | None, raw: Path, *, say: pipeline.Say
) -> Run:
    """Return the last run under `out`, or a new one where there is none or `data` asks for it."""
    run = load_run(city, out) if data is None and layers is None else None
    if run is not None:
        say(f"As the run in {out} found it ({run.record['data_line']})")
        return run
    edition = pipeline.classify(
        city,
        data=data or "auto",
        layers_file=layers,
        zone_sets=("districts", "stations"),
        raw=raw,
        say=say,
    )
    return run_of(edition)


def find_zones(city: City, run: Run, zone: str) -> list[tuple[str, str]]:
    """Return (zone set, zone id) of the zones that an id, a zone's name or a place means.

    An id comes first, then the city's gazetteer, then a zone's name in any language. A place of
    several zones is explained as one, and then zone by zone.

    Raises
    ------
    ConfigError
        If nothing is called so; the nearest names are suggested.
    """
    order = sorted(run.names, key=lambda name: (name == "places", name != "districts", name))
    for name in order:
        if name != "places" and zone in run.names[name].index:
            return [(name, zone)]
    places = load_places(city)
    place = find_place(places, zone) if places is not None else None
    if place is not None:
        found = _of_place(run, place)
        if found:
            return found
    wanted = zone.casefold()
    for name in order:
        table = run.names[name][["name", "name_sv", "name_latin"]]
        same = table.map(lambda text: str(text).casefold() == wanted).any(axis=1)
        if same.any():
            return [(name, str(i)) for i in table.index[same]]
    raise ConfigError(
        f"no zone and no place is called {zone!r}",
        where=city.name,
        todo="ids and names stand in districts.csv; try " + ", ".join(_near(run, zone)),
    )


def _of_place(run: Run, place: Place) -> list[tuple[str, str]]:
    """Return the zone that the place is, or the place as one and then each of its zones."""
    members = [
        (place.zone_set, member)
        for member in place.zones
        if place.zone_set in run.names and member in run.names[place.zone_set].index
    ]
    if len(members) > 1 and "places" in run.names and place.name in run.names["places"].index:
        return [("places", place.name), *members]
    return members


def _near(run: Run, zone: str) -> list[str]:
    known = [str(name) for table in run.names.values() for name in table["name"].dropna()]
    return get_close_matches(zone, known, n=3, cutoff=0.3) or sorted(set(known))[:3]


def explain_zone(city: City, run: Run, zone: str, *, language: str = "en") -> list[dict[str, Any]]:
    """Explain every zone that `zone` means.

    Returns
    -------
    list of dict
        One a zone: zone_set, zone_id, name, data (the line on what the run stands on), and
        `facets`: per facet label, detail, confidence, runner_up, coverage, reason, `indicators`
        (value, unit, description) and `thresholds` (value, unit, basis, source).
    """
    facets = load_facets(city.thresholds)
    return [
        {
            "zone_set": name,
            "zone_id": zone_id,
            "name": run.names[name].loc[zone_id, "name"],
            "data": run.record["data_line"],
            "facets": _facets(run, name, zone_id, facets, language),
        }
        for name, zone_id in find_zones(city, run, zone)
    ]


def _facets(
    run: Run, zone_set: str, zone_id: str, facets: Facets, language: str
) -> dict[str, dict[str, Any]]:
    labels = run.labels[zone_set].loc[zone_id]
    measured = run.indicators[zone_set].loc[zone_id]
    seen = values(run.indicators[zone_set].loc[[zone_id]]).iloc[0]
    explained = {}
    for facet in (*FACETS.values(), OWNERSHIP):
        f = facet.name
        explained[f] = {
            "label": labels[f],
            "detail": labels[f"{f}_detail"],
            "confidence": _number(labels[f"{f}_confidence"]),
            "runner_up": labels[f"{f}_runner_up"],
            "coverage": _number(labels[f"{f}_coverage"]),
            "reason": labels[f"{f}_reason"].text(language),
            "indicators": {
                entry.name: {
                    "value": _number(measured[entry.name]),
                    "unit": entry.unit,
                    "description": translate(entry.description, language),
                }
                for entry in REGISTRY
                if entry.facet == f and entry.name in measured
            },
            "decided_by": {name: _number(seen[name]) for name in facet.reads if name in seen},
            "thresholds": {
                name: cut.model_dump(exclude={"overridden"})
                for name, cut in facets[f].thresholds.items()
            },
            "needs": dict(facets[f].needs),
        }
    return explained


def _number(value: Any) -> float | None:
    return None if value is None or np.isnan(value) else round(float(value), 4)


def explain_text(answer: list[dict[str, Any]]) -> str:
    """Return explanations as text for a terminal."""
    lines: list[str] = []
    for zone in answer:
        lines += [f"{zone['name']} ({zone['zone_set']} {zone['zone_id']})", zone["data"]]
        for facet, said in zone["facets"].items():
            sure = "" if said["confidence"] is None else f", confidence {said['confidence']:.0%}"
            rival = f", runner-up {said['runner_up']}" if said["runner_up"] else ""
            detail = f" ({said['detail']})" if said["detail"] else ""
            lines += [
                "",
                f"{facet}: {said['label']}{detail}{sure}{rival}, coverage {said['coverage']:.0%}",
                f"  why: {said['reason']}",
            ]
            lines += _table("  indicators", said["indicators"])
            lines += [
                f"  threshold {name} = {cut['value']:g} {cut['unit']} ({cut['basis']}: "
                f"{cut['source']})"
                for name, cut in said["thresholds"].items()
            ]
            lines += [
                f"  needs {name} of at least {least:g}" for name, least in said["needs"].items()
            ]
        lines.append("")
    return "\n".join(lines).rstrip()


def _table(title: str, found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    known = {name: row for name, row in found.items() if row["value"] is not None}
    missing = [name for name in found if name not in known]
    lines = [
        f"    {name:<32} {row['value']:>14,.3f} {row['unit']}".replace(",", " ")
        for name, row in known.items()
    ]
    if missing:
        lines.append(f"    not known: {', '.join(missing)}")
    return [f"{title}:", *lines] if lines else []


def validate_labels(city: City, run: Run, labels: Path | None) -> dict[str, dict[str, Any]]:
    """Compare a run's labels with those of a file, or with the city's built-in ones.

    Raises
    ------
    ConfigError
        If no file is named and the city has no built-in labels.
    """
    if labels is None:
        if city.expected_labels is None:
            raise ConfigError(
                f"there are no built-in labels of {city.name}",
                where="validate",
                todo="name a file with --labels",
            )
        labels = Path(str(files("districttype"))) / "cities" / city.expected_labels
    expected = read_expected(labels)
    found: dict[str, pd.Series] = {}
    for place in expected.index:
        try:
            zone_set, zone_id = find_zones(city, run, place)[0]
        except ConfigError:
            continue  # listed as not found below
        found[place] = run.labels[zone_set].loc[zone_id]
    report = compare(pd.DataFrame(found).T, expected)
    absent = [place for place in expected.index if place not in found]
    for entry in report.values():
        entry["not_found"] = absent
    return report


def validate_text(report: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a comparison as text for a terminal."""
    lines = [f"{'facet':<12} {'n':>3} {'agree':>6}  95 % interval  {'kappa':>6}  unknown"]
    for facet, entry in report.items():
        kappa = "-" if entry["kappa"] is None else f"{entry['kappa']:.2f}"
        lines.append(
            f"{facet:<12} {entry['n']:>3} {entry['agreement']:>6.0%}  "
            f"{entry['low']:.0%} - {entry['high']:.0%}".ljust(40)
            + f"  {kappa:>5}  {entry['unknown']}"
        )
    for facet, entry in report.items():
        if entry["disagreements"]:
            lines += ["", f"{facet}: disagreements"]
        lines += [
            f"  {row['place']}: expected {row['expected']}"
            + (f" ({row['expected_confidence']})" if row["expected_confidence"] else "")
            + f", found {row['label']}. {row['reason']}"
            for row in entry["disagreements"]
        ]
    absent: list[str] = next((entry["not_found"] for entry in report.values()), [])
    if absent:
        lines += ["", f"not found: {', '.join(absent)}"]
    return "\n".join(lines)
