"""What came from where, when, under which licence, and what was done to it on the way."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

# A day, or else a year that is not the beginning of a longer number.
_DAY: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:-(\d\d)-(\d\d))?(?!\d)")


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
        """The last day that the vintage names, a year's being its end; None if it names none.

        >>> origin = Provenance(provider="a", source="b", state=State.FILE, vintage="2019-2023")
        >>> str(origin.day)
        '2023-12-31'
        """
        found = _DAY.findall(self.vintage)
        days = [f"{year}-{month or '12'}-{day or '31'}" for year, month, day in found]
        try:
            return date.fromisoformat(max(days)) if days else None
        except ValueError:  # a day that no calendar has
            return None
