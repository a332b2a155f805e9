"""Why a zone has its labels: numbers, thresholds, coverage, confidence, and the sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from districttype.answers.runs import find_zones
from districttype.answers.texts import number, share
from districttype.city import City
from districttype.i18n import translate
from districttype.indicators.registry import REGISTRY
from districttype.lastrun import Run
from districttype.typology.rules import FACETS, OWNERSHIP
from districttype.typology.thresholds import Facets, load_facets
from districttype.typology.values import values


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
            "name": run.zones[name].loc[zone_id, "name"],
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
            "confidence": number(labels[f"{f}_confidence"]),
            "runner_up": labels[f"{f}_runner_up"],
            "coverage": number(labels[f"{f}_coverage"]),
            "reason": labels[f"{f}_reason"].text(language),
            "indicators": {
                entry.name: {
                    "value": number(measured[entry.name]),
                    "unit": entry.unit,
                    "description": translate(entry.description, language),
                }
                for entry in REGISTRY
                if entry.facet == f and entry.name in measured
            },
            "decided_by": {name: number(seen[name]) for name in facet.reads if name in seen},
            "thresholds": {
                name: cut.model_dump(exclude={"overridden"})
                for name, cut in facets[f].thresholds.items()
            },
            "needs": facets[f].least,
        }
    return explained


def explain_text(answer: list[dict[str, Any]]) -> str:
    """Return explanations as text for a terminal."""
    lines: list[str] = []
    for zone in answer:
        lines += [f"{zone['name']} ({zone['zone_set']} {zone['zone_id']})", zone["data"]]
        for facet, said in zone["facets"].items():
            sure = "" if said["confidence"] is None else f", confidence {said['confidence']:.0%}"
            rival = f", runner-up {said['runner_up']}" if said["runner_up"] else ""
            detail = f" ({said['detail']})" if said["detail"] else ""
            known = f", coverage {share(said['coverage'])}"
            lines += [
                "",
                f"{facet}: {said['label']}{detail}{sure}{rival}{known}",
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
