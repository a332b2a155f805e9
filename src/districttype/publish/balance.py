"""The energy balance as a layer of its own: no label, so no facet, and drawn in steps."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from districttype.city import City
from districttype.i18n import N_
from districttype.publish import legend, svg
from districttype.publish.edition import ZoneSetResult
from districttype.publish.texts import Texts
from districttype.publish.words import Words

ID = "balance"
INDICATOR = "onsite_energy_ratio"
NAME = N_("Energy balance")
QUESTION = N_("How much of its yearly energy could its roofs yield?")
NOTE = N_(
    "Solar panels on the roofs over the heat and electricity of the buildings; at 100 % an area is "
    "energy positive. The assumptions leave a range from a third less to two fifths more."
)
LEFT_OUT = N_(
    "Cooling, plugs, processes and traffic are not in it, nor are waste heat and ground heat."
)
COOLING = N_("Cooling leads here, and the balance leaves it out: the true share is lower.")
COOLED = N_(
    "Cooling, not heating, leads the demand for energy here: cold and the sun's electricity are "
    "what districts can share."
)
CUTS = (0.1, 0.2, 0.5, 1.0)
"""Where a step ends and the next begins; the last step is energy positive."""
COLOURS = legend.SCORE_COLOURS


def of_payload(text: Texts) -> dict[str, Any]:
    """Return what a map page reads of the layer."""
    return {
        "id": ID,
        "indicator": INDICATOR,
        "name": text(NAME),
        "question": text(QUESTION),
        "note": text(NOTE),
        "left_out": text(LEFT_OUT),
        "cooling": text(COOLING),
        "cuts": list(CUTS),
        "colours": list(COLOURS),
    }


def figure(result: ZoneSetResult, words: Words) -> dict[str, Any] | None:
    """Return the small map and how many zones are in each step, as those of a facet."""
    if INDICATOR not in result.indicators or result.indicators[INDICATOR].isna().all():
        return None
    values = result.indicators[INDICATOR].reindex(result.zones.ids).to_numpy(dtype=float)
    unknown = np.isnan(values)
    steps = np.where(unknown, len(COLOURS), np.searchsorted(CUTS, values, side="right"))
    colours = (*COLOURS, legend.UNKNOWN_COLOUR)
    names = [*_step_names(words), words.t(legend.UNKNOWN_NAME)]
    counts = np.bincount(steps, minlength=len(colours))
    return {
        "id": ID,
        "name": words.t(NAME),
        "question": words.t(QUESTION),
        "map": svg.coloured((colours[step] for step in steps), "z"),
        "notes": [words.t(NOTE), words.t(LEFT_OUT)]
        + ([words.t(COOLING)] if words.edition.city.energy.cooling_led else []),
        "unknown": int(unknown.sum()),
        "rows": [
            {"name": name, "colour": colour, "count": int(n), "share": float(n) / len(values)}
            for name, colour, n in zip(names, colours, counts, strict=True)
            if n
        ],
    }


def heating(city: City, words: Words) -> list[str]:
    """Return how the city is heated, and that cooling leads where it does."""
    note = city.energy.heat_note
    said = [note.get(words.language) or note.get("en", "")]
    said += [words.t(COOLED)] if city.energy.cooling_led else []
    return [text for text in said if text]


def _step_names(words: Words) -> list[str]:
    ends = [words.number(100 * cut) for cut in (0.0, *CUTS)]
    between = [f"{low}–{high}\u00a0%" for low, high in pairwise(ends)]
    return [*between, f"≥ {ends[-1]}\u00a0%"]
