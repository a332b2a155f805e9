"""What a run's layers stand on: real data, published figures, or nothing but assumptions."""

from __future__ import annotations

from districttype.layers.layer import Layers
from districttype.provenance import State

WORDS = {
    State.LIVE: "real",
    State.CACHED: "real",
    State.FILE: "real",
    State.EMBEDDED: "published figures",
    State.GENERATED: "generated",
}


def standing(layers: Layers) -> dict[str, list[str]]:
    """Return the layers by what they stand on; one with parts of several kinds is in each.

    Returns
    -------
    dict
        `real`, `published figures`, `generated` -> names of layers, those without any left out.
    """
    found: dict[str, list[str]] = {}
    for word in dict.fromkeys(WORDS.values()):
        names = [
            name
            for name, layer in layers.items()
            if any(WORDS[part.state] == word for part in layer.provenance)
        ]
        if names:
            found[word] = names
    return found


def standing_line(layers: Layers) -> str:
    """Say it in a line, where there is more than one kind; else nothing."""
    found = standing(layers)
    if len(found) < 2:
        return ""
    return "; ".join(f"{word}: {', '.join(names)}" for word, names in found.items())
