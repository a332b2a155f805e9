"""What was guessed of buildings, how, and how far off that is where it was tested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from districttype.i18n import N_, Message

# What was guessed and how -> how to say it.
_SAID = {
    ("use", "learnt"): N_(
        "The use of {imputed_int} of {buildings_int} buildings is a guess learnt from {known_int}; "
        "on blocks not learnt from {accuracy_pct} of such guesses are right"
    ),
    ("floors", "learnt"): N_(
        "The storeys of {imputed_int} of {buildings_int} buildings are a guess learnt from "
        "{known_int}; on blocks not learnt from such guesses are {mae} storeys off"
    ),
    ("floors", "by use"): N_(
        "The storeys of {imputed_int} of {buildings_int} buildings are a guess: the median of "
        "buildings of their use"
    ),
    ("year", "learnt"): N_(
        "The year of {imputed_int} of {buildings_int} buildings is a guess learnt from "
        "{known_int}; on blocks not learnt from such guesses are {mae} years off"
    ),
}
_SUFFIXES = {"imputed": "imputed_int", "known": "known_int", "accuracy": "accuracy_pct"}


def guesses(report: Mapping[str, Any]) -> list[Message]:
    """Say what was guessed, given the report of `impute.impute_buildings`."""
    said = []
    for (what, how), template in _SAID.items():
        found = report.get(what, {})
        if found.get("how") == how and found["imputed"]:
            values = {_SUFFIXES.get(name, name): value for name, value in found.items()}
            said.append(Message(template, values | {"buildings_int": report["buildings"]}))
    return said


def errors_found(report: Mapping[str, Any]) -> dict[str, float]:
    """Return how far off guesses were where that was tested.

    Returns
    -------
    dict
        `floors`: storeys off, as a share of the storeys there are; `use`: the share of guesses
        that were wrong. What was not tested, or not learnt after all, is left out.
    """
    found = {}
    floors, use = report.get("floors", {}), report.get("use", {})
    if floors.get("how") == "learnt":
        found["floors"] = floors["mae"] / floors["mean"]
    if use.get("how") == "learnt":
        found["use"] = 1.0 - use["accuracy"]
    return found
