"""Classify the districts of a city, and show where to co-create positive energy districts.

The names below are what others may build on. Each is imported when it is first asked for, so that
`districttype --help` need not wait for maps and coordinate systems.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from districttype.city import City, load_city
    from districttype.errors import DistricttypeError
    from districttype.focus import load_catalogue, recommend
    from districttype.indicators.measure import measure
    from districttype.indicators.registry import REGISTRY
    from districttype.layers.layer import Layer, Layers
    from districttype.pipeline import classify
    from districttype.publish.edition import Edition, ZoneSetResult
    from districttype.typology.classifier import FacetClassifier
    from districttype.typology.label import label_zones
    from districttype.typology.thresholds import load_facets
    from districttype.zones import Zones, make_zones

try:
    __version__ = version("districttype")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"

_HOME = {
    "City": "city",
    "DistricttypeError": "errors",
    "Edition": "publish.edition",
    "FacetClassifier": "typology.classifier",
    "Layer": "layers.layer",
    "Layers": "layers.layer",
    "REGISTRY": "indicators.registry",
    "ZoneSetResult": "publish.edition",
    "Zones": "zones",
    "classify": "pipeline",
    "label_zones": "typology.label",
    "load_catalogue": "focus",
    "load_city": "city",
    "load_facets": "typology.thresholds",
    "make_zones": "zones",
    "measure": "indicators.measure",
    "recommend": "focus",
}

__all__ = [
    "REGISTRY",
    "City",
    "DistricttypeError",
    "Edition",
    "FacetClassifier",
    "Layer",
    "Layers",
    "ZoneSetResult",
    "Zones",
    "__version__",
    "classify",
    "label_zones",
    "load_catalogue",
    "load_city",
    "load_facets",
    "make_zones",
    "measure",
    "recommend",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
