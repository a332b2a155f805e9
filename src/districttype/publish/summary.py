"""The end of a run in a few lines: what came out, on what it stands, and where it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from districttype.focus.cityview import By, CityView
from districttype.publish.edition import Edition
from districttype.publish.legend import LEGENDS

RANKINGS: Mapping[By, str] = {"relative_score": "stands out", "score": "comes first"}


def summary(edition: Edition, out: Path) -> str:
    """Return a short table of the result for a terminal."""
    result = edition.results["districts"]
    lines = [f"{edition.city.name}: {len(result.zones)} districts", edition.run["data_line"], ""]
    for name in LEGENDS:
        counts = result.labels[name].value_counts()
        known = "  ".join(f"{label} {n}" for label, n in counts.items() if label != "unknown")
        silent = f"unknown {counts['unknown']}" if "unknown" in counts else ""
        lines.append(f"  {name:<12} {'  '.join(part for part in (known, silent) if part)}")
    if result.city is not None:
        lines += _leads(result.city)
    others = [
        f"{len(r.zones)} {name}" for name, r in edition.results.items() if name != "districts"
    ]
    if others:
        lines += ["", f"Also classified: {', '.join(others)}"]
    if edition.run["missing_layers"]:
        lines.append(f"Not to be had: {', '.join(edition.run['missing_layers'])}")
    made = {
        "Maps": ("maps/index.html", "maps/typology.html", "maps/focus.html"),
        "Report": ("report.html",),
        "Tables": ("districts.csv", "focus.csv", "shortlist.csv", "zones.gpkg"),
    }
    lines.append("")
    for what, names in made.items():
        there = [str(out / name) for name in names if (out / name).is_file()]
        if there:
            lines.append(f"{what + ':':<9}{'  '.join(there)}")
    return "\n".join(lines)


def _leads(view: CityView) -> list[str]:
    """Return in which share each solution leads, and the warning where one nearly always does."""
    lines = []
    for ranking, title in RANKINGS.items():
        shares = view.lead_shares[ranking].sort_values(ascending=False, kind="stable")
        parts = "  ".join(f"{s} {share:.0%}" for s, share in shares.items() if share > 0)
        lines.append(f"  {title:<12} {parts or 'none'}")
        lines += [f"               {warning.text('en')}" for warning in view.warnings[ranking]]
    return lines
