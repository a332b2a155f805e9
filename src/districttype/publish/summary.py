"""The end of a run in a few lines: what came out, on what it stands, and where it is."""

from __future__ import annotations

from pathlib import Path

from districttype.publish.edition import FACETS, Edition


def summary(edition: Edition, out: Path) -> str:
    """Return a short table of the result for a terminal."""
    result = edition.results["districts"]
    lines = [f"{edition.city.name}: {len(result.zones)} districts", edition.run["data_line"], ""]
    for name in (*FACETS, "ownership"):
        counts = result.labels[name].value_counts()
        known = "  ".join(f"{label} {n}" for label, n in counts.items() if label != "unknown")
        silent = f"unknown {counts['unknown']}" if "unknown" in counts else ""
        lines.append(f"  {name:<12} {'  '.join(part for part in (known, silent) if part)}")
    if len(result.focus):
        best = result.focus.groupby("zone_id", sort=False)["solution"].first().value_counts()
        lines.append(f"  {'focus':<12} " + "  ".join(f"{s} {n}" for s, n in best.items()))
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
        "Tables": ("districts.csv", "zones.gpkg"),
    }
    lines.append("")
    for what, names in made.items():
        there = [str(out / name) for name in names if (out / name).is_file()]
        if there:
            lines.append(f"{what + ':':<9}{'  '.join(there)}")
    return "\n".join(lines)
