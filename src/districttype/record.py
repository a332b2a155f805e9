"""What run.json says of a run: versions, thresholds, provenance, counts and times."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from districttype import __version__
from districttype.city import City
from districttype.focus import Catalogue
from districttype.layers.gather import Gathered
from districttype.layers.standing import standing
from districttype.publish.edition import ZoneSetResult
from districttype.typology.alike import Groups
from districttype.typology.learnt import Learnt
from districttype.typology.thresholds import Facets
from districttype.typology.zoneset import SEED


def run_record(
    city: City,
    gathered: Gathered,
    results: Mapping[str, ZoneSetResult],
    facets: Facets,
    catalogue: Catalogue,
    seconds: Mapping[str, float],
    started: datetime,
) -> dict[str, Any]:
    """Return what run.json says: versions, config, thresholds, provenance, counts and times."""
    libraries = ("geopandas", "shapely", "pyogrio", "scikit-learn", "folium", "osmnx", "rasterio")
    ended = datetime.now(UTC)
    return {
        "program": {"name": "districttype", "version": __version__},
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in libraries},
        "city": city.model_dump(mode="json", exclude={"layers"}),
        "data": gathered.kind,
        "data_line": gathered.line,
        "standing": standing(gathered.layers),
        "as_of": gathered.layers.as_of.isoformat(),
        "seed": SEED,
        "thresholds": {
            facet: {name: cut.model_dump() for name, cut in table.thresholds.items()}
            for facet, table in facets.items()
        },
        "needs": {facet: table.least for facet, table in facets.items()},
        "layers": {
            name: {
                "rows": layer.rows,
                "parts": [part.model_dump(mode="json") for part in layer.provenance],
                **gathered.reports.get(name, {}),
            }
            for name, layer in gathered.layers.items()
        },
        "missing_layers": gathered.missing,
        "falls": [
            {"layer": fall.layer, "provider": fall.provider, "problem": fall.error.what}
            for fall in gathered.falls
        ],
        "zone_sets": {
            name: {
                "zones": len(result.zones),
                "labels": {
                    facet: result.labels[facet].value_counts().to_dict()
                    for facet in facets
                    if facet in result.labels
                },
            }
            for name, result in results.items()
        },
        "focus": {
            name: result.city.record(catalogue)
            for name, result in results.items()
            if result.city is not None
        },
        "started": started.isoformat(timespec="seconds"),
        "ended": ended.isoformat(timespec="seconds"),
        "seconds": dict(seconds),
    }


def models_record(models: Mapping[str, Learnt]) -> dict[str, dict[str, Any]]:
    """Return which facets' labels are learnt, of which city's labels, and how well that went."""
    return {facet: {"city": m.city, "test": m.report} for facet, m in models.items()}


def alike_record(groups: Groups | None) -> dict[str, Any] | None:
    """Return how many groups of districts there are, and how their number was chosen."""
    if groups is None:
        return None
    return {"k": groups.k, "silhouette": groups.silhouette, "stability": groups.stability}
