"""What every map, sheet and page must say about itself."""

from __future__ import annotations

import re

from districttype.i18n import N_, Message, translate
from districttype.publish.edition import Edition

EMBEDDED = N_("Reconstructed from published figures, not for decisions on single plots.")
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
    said = [EMBEDDED] if edition.embedded else []
    said += [LEARNT[facet] for facet in edition.models]
    if not said:
        return None
    in_languages = {
        language: " ".join(translate(sentence, language) for sentence in said)
        for language in edition.city.languages
    }
    return Message(" ".join(said), translations=in_languages)


def attributions(edition: Edition) -> list[str]:
    """Return the words that the licences ask for, each once, with the years the data are of."""
    said: dict[tuple[str, str], list[str]] = {}
    for layer in edition.layers.values():
        for p in layer.provenance:
            words = (p.attribution or f"© {p.provider}", p.licence)
            said.setdefault(words, []).extend(_YEAR.findall(p.vintage))
    return [
        words + _span(years) + (f" ({licence})" if licence else "")
        for (words, licence), years in said.items()
    ]


def _span(years: list[str]) -> str:
    return f" {'–'.join(dict.fromkeys([min(years), max(years)]))}" if years else ""
