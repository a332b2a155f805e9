"""What every map, sheet and page must say about itself."""

from __future__ import annotations

from districttype.i18n import N_, Message
from districttype.publish.edition import Edition

EMBEDDED = N_("Reconstructed from published figures, not for decisions on single plots.")
MADE = N_("Made with districttype {version} from data as of {date}")
JUDGEMENT = N_(
    "Thresholds and weights are judgement. They are listed in run.json and can be changed."
)


def stamp(edition: Edition) -> Message | None:
    """Return the warning that reconstructed data must carry, or nothing for real ones."""
    return Message(EMBEDDED) if edition.embedded else None


def attributions(edition: Edition) -> list[str]:
    """Return the words that the licences ask for, each once, in the order of the layers."""
    words = [
        " ".join(part for part in (p.attribution or f"© {p.provider}", p.vintage) if part)
        + (f" ({p.licence})" if p.licence else "")
        for layer in edition.layers.values()
        for p in layer.provenance
    ]
    return list(dict.fromkeys(words))
