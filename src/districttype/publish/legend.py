"""What every label is called and which colour it has, on every map, style and sheet.

The colours keep apart for readers with any of the three kinds of colour blindness and on a weak
projector: a test measures it. Unknown has a grey of its own, which no label uses.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

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

    @property
    def key(self) -> str:
        """Return `label` or `label.detail`."""
        return f"{self.of}.{self.id}" if self.of else self.id


@dataclass(frozen=True)
class FacetLegend:
    """One facet as people see it.

    `drawn` are labels and the details that have a colour of their own, as a legend lists them: a
    zone of a detail's label with that detail is drawn in it. `flags` are details that are only
    said.
    """

    id: str
    name: str
    question: str
    drawn: tuple[Label, ...]
    flags: Mapping[str, str]

    @property
    def labels(self) -> tuple[Label, ...]:
        """Return the labels."""
        return tuple(entry for entry in self.drawn if not entry.of)

    @property
    def details(self) -> tuple[Label, ...]:
        """Return the details with a colour of their own."""
        return tuple(entry for entry in self.drawn if entry.of)

    def names(self) -> Mapping[str, str]:
        """Return what details and flags are called."""
        return {detail.id: detail.name for detail in self.details} | dict(self.flags)


QUESTIONS: Mapping[str, tuple[str, str]] = {
    "density": (N_("Density"), N_("How densely is it built?")),
    "development": (
        N_("Development"),
        N_("Is it to be infilled, newly built, or left as it is?"),
    ),
    "use": (N_("Primary use"), N_("What is it mainly used for?")),
    "mobility": (N_("Mobility"), N_("Which mobility infrastructure does it have?")),
    "energy": (N_("Energy"), N_("Which energy infrastructure does it have or could it bear?")),
    "ground": (N_("Ground"), N_("What does it stand on?")),
    "ownership": (
        N_("Land ownership"),
        N_("Who owns the land? It changes the means, not the label."),
    ),
}
"""What each facet is called and asks, in the order in which facets are listed."""


def _read() -> dict[str, FacetLegend]:
    """Read `legend.csv`: a row a label, a detail with a colour, or (without a label) a flag."""
    text = (files("districttype.publish") / "legend.csv").read_text(encoding="utf-8")
    drawn: dict[str, list[Label]] = {facet: [] for facet in QUESTIONS}
    flags: dict[str, dict[str, str]] = {facet: {} for facet in QUESTIONS}
    for facet, label, detail, colour, name in list(csv.reader(text.splitlines()))[1:]:
        if not label:
            flags[facet][detail] = name
        elif detail:
            drawn[facet].append(Label(detail, name, colour, of=label))
        else:
            drawn[facet].append(Label(label, name, colour))
    return {
        facet: FacetLegend(facet, *said, tuple(drawn[facet]), flags[facet])
        for facet, said in QUESTIONS.items()
    }


LEGENDS: Mapping[str, FacetLegend] = _read()
"""The legend of each facet, and of the modifier `ownership`, in the order of `QUESTIONS`."""

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

LAYERS: Mapping[str, str] = {
    "districts": N_("Districts"),
    "land": N_("Dry land"),
    "buildings": N_("Buildings"),
    "streets": N_("Streets and roads"),
    "stops": N_("Stops and stations"),
    "land_use": N_("Land use"),
    "ground": N_("Ground"),
    "ground_constraints": N_("Groundwater and acid sulphate soils"),
    "plans": N_("Plans and building rights"),
    "ownership": N_("Land ownership"),
    "residents": N_("Residents and jobs"),
    "energy_sites": N_("Energy sites"),
    "services": N_("Services"),
    "land_cover": N_("Land cover"),
    "transit_zones": N_("Zones of public transport"),
    "travel_times": N_("Travel times"),
    "slopes": N_("Slopes"),
    "built_up": N_("What was built in ten years"),
    "solar_roofs": N_("Solar yield of roofs"),
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

OWN_SOLUTION_COLOUR = "#77736b"
"""Of a solution that a city's own catalogue adds."""

SCORE_COLOURS = ("#f3e3c3", "#efb67a", "#dd7a55", "#ad3f5a", "#5c1a5e")
"""Five steps of a normalised score, weak to strong."""

LIGHT_INK, DARK_INK = "#ffffff", "#17202b"

UNITS: Mapping[str, str] = {
    "1": "",
    "count": "",
    "persons": "",
    "persons/person": "",
    "year": "",
    "years": N_("years"),
    "min": "min",
    "m/m": "m/m",
    "km": "km",
    "m2": "m²",
    "km2": "km²",
    "m2/m2": "m²/m²",
    "km/km2": "km/km²",
    "1/ha": "/ha",
    "1/km2": "/km²",
    "1/h": "/h",
    "MWh/a": "MWh/a",
    "MWh/ha": "MWh/ha",
    "kWh/m2/a": "kWh/m²/a",
}
"""How a registry's unit is written behind a number; "" where the name says what is counted."""


def solution_colour(solution: str) -> str:
    """Return the colour of a solution."""
    return SOLUTION_COLOURS.get(solution, OWN_SOLUTION_COLOUR)


def ink(colour: str) -> str:
    """Return the ink, light or dark, that reads best on a colour (contrast as WCAG 2 has it)."""
    steps = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in steps]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    light, dark = 1.05 / (luminance + 0.05), (luminance + 0.05) / 0.0588
    return LIGHT_INK if light >= dark else DARK_INK


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
    entries = (*legend.drawn, Label(UNKNOWN, UNKNOWN_NAME, UNKNOWN_COLOUR))
    return {entry.key: entry for entry in entries}
