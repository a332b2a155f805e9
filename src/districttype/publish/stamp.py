"""What every map, sheet and page must say about itself."""

from __future__ import annotations

import re

from districttype.i18n import N_, Message
from districttype.publish.edition import Edition

EMBEDDED = N_("Reconstructed from published figures, not for decisions on single plots.")
MADE = N_("Made with districttype {version} from data as of {date}")
JUDGEMENT = N_(
    "Thresholds and weights are judgement. They are listed in run.json and can be changed."
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def stamp(edition: Edition) -> Message | None:
    """Return the warning that reconstructed data must carry, or nothing for real ones."""
    return Message(EMBEDDED) if edition.embedded else None


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
