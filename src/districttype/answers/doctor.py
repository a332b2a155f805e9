"""Which of a city's live providers answer now, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from districttype.answers.texts import columns
from districttype.layers.live import Checkup

HEADS = ("layer", "answers", "provider", "host", "rows", "date", "what")


def checkups_text(checkups: Sequence[Checkup]) -> str:
    """Return a row a provider: whether it answers, how many rows of what date it has, or why not.

    Services that do not count their rows, or do not date them, leave those columns empty.
    """
    lines = columns([HEADS, *map(_cells, checkups)], to_the_right=HEADS.index("rows"))
    answering = sum(checkup.answers for checkup in checkups)
    return "\n".join([*lines, f"{answering} of {len(checkups)} providers answer"])


def _cells(checkup: Checkup) -> tuple[str, ...]:
    return (
        checkup.layer,
        "yes" if checkup.answers else "no",
        checkup.provider,
        checkup.host,
        "" if checkup.count is None else f"{checkup.count:,}",
        checkup.date,
        checkup.name if checkup.answers else checkup.problem,
    )
