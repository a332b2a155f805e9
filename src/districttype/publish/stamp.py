"""What every map, sheet and page must say about itself."""

from __future__ import annotations

import re

from districttype.i18n import N_, Message, translate
from districttype.provenance import State
from districttype.publish.edition import Edition

EMBEDDED = N_("Reconstructed from published figures, not for decisions on single plots.")
GENERATED = N_("Mostly generated from a few published figures: not how the city is.")
MIXED = N_("Only in part real data (see the sources), not for decisions on single plots.")
REAL = frozenset({State.LIVE, State.CACHED, State.FILE})
LEARNT = {
    "density": N_("Density is learnt from the city's own labels, not given by the rules."),
    "development": N_("Development is learnt from the city's own labels, not given by the rules."),
    "use": N_("Use is learnt from the city's own labels, not given by the rules."),
    "mobility": N_("Mobility is learnt from the city's own labels, not given by the rules."),
    "energy": N_("Energy is learnt from the city's own labels, not given by the rules."),
    "ground": N_("Ground is learnt from the city's own labels, not given by the rules."),
    "ownership": N_("Ownership is learnt from the city's own labels, not given by the rules."),
}
MADE = N_("Made with districttype {version} from data as of {date}")
JUDGEMENT = N_(
    "Thresholds and weights are judgement. They are listed in run.json and can be changed."
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def stamp(edition: Edition) -> Message | None:
    """Return what reconstructed data and learnt labels must say of themselves, if anything."""
    said = _of_data(edition) + [LEARNT[facet] for facet in edition.models]
    if not said:
        return None
    in_languages = {
        language: " ".join(translate(sentence, language) for sentence in said)
        for language in edition.city.languages
    }
    return Message(" ".join(said), translations=in_languages)


def _of_data(edition: Edition) -> list[str]:
    """Return what a reader must know of data that are not real, or only in part."""
    states = {part.state for layer in edition.layers.values() for part in layer.provenance}
    if states & REAL and states - REAL:
        return [MIXED]
    if State.GENERATED in states:
        return [GENERATED]
    return [EMBEDDED] if edition.embedded else []


def attributions(edition: Edition) -> list[str]:
    """Return the words that the licences ask for, each once, with the years the data are of.

    Words that name years of their own are left as they are.
    """
    said: dict[tuple[str, str], list[str]] = {}
    for layer in edition.layers.values():
        for p in layer.provenance:
            words = (p.attribution or f"© {p.provider}", p.licence)
            said.setdefault(words, []).extend(_YEAR.findall(p.vintage))
    return [
        words + ("" if _YEAR.search(words) else _span(years)) + (f" ({licence})" if licence else "")
        for (words, licence), years in said.items()
    ]


def _span(years: list[str]) -> str:
    return f" {'–'.join(dict.fromkeys([min(years), max(years)]))}" if years else ""
