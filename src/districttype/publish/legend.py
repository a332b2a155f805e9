"""What every label is called and which colour it has, on every map, style and sheet.

The colours keep apart for readers with any of the three kinds of colour blindness and on a weak
projector: a test measures it. Unknown has a grey of its own, which no label uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from districttype.i18n import N_

UNKNOWN = "unknown"
UNKNOWN_NAME = N_("Unknown")
UNKNOWN_COLOUR = "#c9c7c3"
UNKNOWN_LINE = "#a3a09a"
BORDERLINE = 0.7
"""A label that fewer draws than this keep is drawn hatched."""


@dataclass(frozen=True)
class Label:
    """One label, or one detail of the label `of`, with its name and colour."""

    id: str
    name: str
    colour: str
    of: str = ""


@dataclass(frozen=True)
class FacetLegend:
    """One facet as people see it.

    `details` are those that have a colour of their own: a zone of their label with one of them is
    drawn in it. `flags` are details that are only said. `legend` puts labels and details, named
    `label` or `label.detail`, in the order in which they are listed.
    """

    id: str
    name: str
    question: str
    labels: tuple[Label, ...]
    details: tuple[Label, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict)
    legend: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[str, ...]:
        """Return labels and details in the order in which a legend lists them."""
        return self.legend or tuple(label.id for label in self.labels)

    def names(self) -> Mapping[str, str]:
        """Return what details and flags are called."""
        return {detail.id: detail.name for detail in self.details} | dict(self.flags)


FACETS: tuple[FacetLegend, ...] = (
    FacetLegend(
        "density",
        N_("Density"),
        N_("How densely is it built?"),
        (
            Label("dense", N_("Densely built"), "#2f7fb9"),
            Label("sparse", N_("Spaciously or sparsely built"), "#a5d9ab"),
        ),
        (
            Label("dense", N_("dense"), "#23308f", of="dense"),
            Label("spacious", N_("spacious"), "#3aaebb", of="sparse"),
            Label("rural", N_("rural"), "#efe6a4", of="sparse"),
        ),
        {"compact": N_("compact"), "low": N_("low")},
        ("dense.dense", "dense", "sparse.spacious", "sparse", "sparse.rural"),
    ),
    FacetLegend(
        "development",
        N_("Development"),
        N_("Is it to be infilled, newly built, or left as it is?"),
        (
            Label("infill", N_("Existing area to be infilled"), "#e8a200"),
            Label("new", N_("Area for new construction"), "#7b1f7a"),
            Label("stable", N_("Stable"), "#a9cfe8"),
        ),
        flags={"brownfield": N_("brownfield"), "greenfield": N_("greenfield")},
    ),
    FacetLegend(
        "use",
        N_("Primary use"),
        N_("What is it mainly used for?"),
        (
            Label("housing", N_("Housing"), "#f2b447"),
            Label("offices", N_("Offices"), "#1769aa"),
            Label("industry", N_("Industry"), "#4b2a63"),
            Label("mixed", N_("Mixed use"), "#cf6f9f"),
            Label("unbuilt", N_("Unbuilt"), "#cfe3c4"),
        ),
        flags={
            "campus": N_("campus"),
            "retail": N_("retail"),
            "public": N_("public services"),
            "recreation": N_("recreation"),
        },
    ),
    FacetLegend(
        "mobility",
        N_("Mobility"),
        N_("Which mobility infrastructure does it have?"),
        (
            Label("station_new", N_("New or planned station"), "#c2410c"),
            Label("station", N_("Station"), "#174a7e"),
            Label("frequent_bus", N_("Frequent bus"), "#58b0dc"),
            Label("car", N_("Mainly by car"), "#e9dcae"),
        ),
    ),
    FacetLegend(
        "energy",
        N_("Energy"),
        N_("Which energy infrastructure does it have or could it bear?"),
        (
            Label("heat_network_viable", N_("Heat network is viable"), "#a61e2b"),
            Label("borderline", N_("Heat network is borderline"), "#f0a35e"),
            Label("individual", N_("Building by building"), "#a6d5ef"),
        ),
        flags={"waste_heat_source": N_("waste heat nearby"), "strong": N_("strong")},
    ),
    FacetLegend(
        "ground",
        N_("Ground"),
        N_("What does it stand on?"),
        (
            Label("bedrock_thin_cover", N_("Bedrock and thin cover"), "#a8322d"),
            Label("till", N_("Till"), "#d9b26a"),
            Label("coarse", N_("Sand and gravel"), "#4f9d69"),
            Label("clay", N_("Clay"), "#78b7e6"),
            Label("organic", N_("Peat and mud"), "#5a3a78"),
            Label("fill", N_("Fill"), "#2b2b2b"),
            Label("mixed", N_("Mixed ground"), "#f1ecc9"),
        ),
        flags={
            "groundwater_area": N_("groundwater area"),
            "acid_sulphate": N_("acid sulphate soils"),
        },
    ),
    FacetLegend(
        "ownership",
        N_("Land ownership"),
        N_("Who owns the land? It changes the means, not the label."),
        (
            Label("city", N_("City"), "#1f6fb2"),
            Label("few_private", N_("A few private owners"), "#c8500f"),
            Label("fragmented", N_("Many owners"), "#f2c04e"),
            Label("public_institution", N_("A public institution"), "#3a1747"),
            Label("mixed", N_("Mixed ownership"), "#e8f3c0"),
        ),
    ),
)

# Words that travel inside other messages: what facets are called there, and on what a cut rests.
WORDS = (
    N_("density"), N_("development"), N_("use"), N_("mobility"), N_("energy"), N_("ground"),
    N_("ownership"), N_("own choice"), N_("source"), N_("unknown"),
)  # fmt: skip

ZONE_SETS: Mapping[str, str] = {
    "districts": N_("Districts"),
    "stations": N_("Station surroundings"),
    "blocks": N_("Blocks"),
    "cells": N_("250 m cells"),
    "places": N_("Places"),
}

SOLUTION_COLOURS: Mapping[str, str] = {
    "A1": "#c2410c",
    "A2": "#1769aa",
    "A3": "#23303f",
    "A4": "#e8a200",
    "A5": "#b3206a",
    "A6": "#2c7a4d",
    "A7": "#8f7fd0",
    "A8": "#8fd3e0",
}

SCORE_COLOURS = ("#f3e3c3", "#efb67a", "#dd7a55", "#ad3f5a", "#5c1a5e")
"""Five steps of a normalised score, weak to strong."""

UNITS: Mapping[str, str] = {
    "count": "",
    "unit": "",
    "persons": "",
    "m2": "m²",
    "km2": "km²",
    "m2/m2": "m²/m²",
    "m2/person": "m²",
    "1/ha": "/ha",
    "1/km2": "/km²",
    "1/h": "/h",
    "km/km2": "km/km²",
    "MWh/ha": "MWh/ha",
    "MWh": "MWh",
    "m": "m",
    "year": "",
}


def facet(name: str) -> FacetLegend:
    """Return the legend of a facet, or of the modifier `ownership`."""
    return next(legend for legend in FACETS if legend.id == name)


def details(value: object) -> list[str]:
    """Return the details of a label: the words of a `;`-separated cell, none where it is empty."""
    return [word for word in str(value).split(";") if word] if isinstance(value, str) else []


def shown(legend: FacetLegend, label: str, detail: object) -> str:
    """Return what a zone is drawn as: `label`, or `label.detail` where that has its own colour."""
    words = details(detail)
    own = (d.id for d in legend.details if d.of == label and d.id in words)
    found = next(own, "")
    return f"{label}.{found}" if found else label


def palette(legend: FacetLegend) -> dict[str, Label]:
    """Return name and colour of all that a zone can be drawn as, unknown last."""
    labels = {label.id: label for label in legend.labels}
    found = {}
    for key in legend.order:
        label, _, detail = key.partition(".")
        own = next((d for d in legend.details if (d.of, d.id) == (label, detail)), None)
        found[key] = own or labels[label]
    return found | {UNKNOWN: Label(UNKNOWN, UNKNOWN_NAME, UNKNOWN_COLOUR)}
