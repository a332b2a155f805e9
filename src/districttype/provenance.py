"""What came from where, when, under which licence, and what was done to it on the way."""

from __future__ import annotations

import re
from calendar import monthrange
from contextlib import suppress
from datetime import date
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

# A day, a month or a year that is not the beginning of a longer number.
_MONTH: Final = r"-(0[1-9]|1[0-2])(?!\d)"
_DAY: Final = re.compile(rf"(?<!\d)((?:19|20)\d\d)(?!\d)(?:{_MONTH}(?:-(\d\d)(?!\d))?)?")


class State(StrEnum):
    """How the rows of a layer came to be here."""

    LIVE = "live"
    CACHED = "cached"
    FILE = "file"
    EMBEDDED = "embedded"  # reconstructed from published figures
    GENERATED = "generated"  # made up, no figure behind it


class Provenance(BaseModel):
    """The origin of one layer, or of one part of it; written to run.json and on every map."""

    model_config = ConfigDict(extra="forbid")

    provider: str = Field(description="Who publishes the data")
    source: str = Field(description="How it was read: the name of a source module")
    address: str = Field(default="", description="URL, or the file's name; never a secret in it")
    vintage: str = Field(default="", description="The data's own date, as its publisher states it")
    lacks: tuple[str, ...] = Field(
        default=(), description="Modes of stops that are not in the data, though the city has them"
    )
    licence: str = Field(default="", description="Licence of the data")
    attribution: str = Field(default="", description="The words the licence asks for")
    state: State = Field(description="live, cached, file, embedded or generated")
    rows: int = Field(default=0, ge=0, description="Rows in the canonical layer")
    changes: dict[str, int] = Field(
        default_factory=dict,
        description="What was repaired, set aside or dropped on the way, with counts",
    )
    notes: list[str] = Field(default_factory=list, description="What a reader must know")

    @property
    def day(self) -> date | None:
        """The last day that the vintage names; None if it names none. See `last_day`."""
        return last_day(self.vintage)


def last_day(vintage: str) -> date | None:
    """Return the last day that a text names, of a month or a year its end; None if it names none.

    >>> [str(last_day(text)) for text in ("2019-2023", "as of 2024-02", "2015-07-03", "spring")]
    ['2023-12-31', '2024-02-29', '2015-07-03', 'None']
    """
    days = []
    for year, month, day in _DAY.findall(vintage):
        of_month = int(month or 12)
        with suppress(ValueError):  # a day that no calendar has
            days.append(date(int(year), of_month, int(day or monthrange(int(year), of_month)[1])))
    return max(days, default=None)
