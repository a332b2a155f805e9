"""Every indicator with its name, unit, facet, description, layers and the source of its method.

The entries themselves are one line each in `tables/indicators.csv`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from typing import Literal, cast, get_args

from districttype.layers.schema import LAYER_NAMES

Facet = Literal[
    "density", "development", "use", "mobility", "energy", "ground", "ownership", "green",
    "services", "coverage",
]  # fmt: skip


@dataclass(frozen=True)
class Indicator:
    """One number per zone.

    `unit` is "1" for shares and ratios. `extensive` indicators add up over a partition of zones.
    `theme` names what measures it (`measure.THEMES`).
    `layers` are those without which the indicator is missing; "a|b" means that either will do.
    """

    name: str
    unit: str
    facet: Facet
    description: str
    layers: tuple[str, ...]
    source: str
    extensive: bool = False
    theme: str = ""

    @property
    def needs(self) -> tuple[tuple[str, ...], ...]:
        """Return the layers it cannot do without; of each inner tuple one is enough."""
        return tuple(tuple(layer.split("|")) for layer in self.layers)


def _read() -> tuple[Indicator, ...]:
    table = files("districttype.indicators") / "tables" / "indicators.csv"
    with StringIO(table.read_text(encoding="utf-8")) as stream:
        entries = [
            Indicator(
                name=row["name"],
                unit=row["unit"],
                facet=cast(Facet, row["facet"]),
                description=row["description"],
                layers=tuple(row["layers"].split()),
                source=row["source"],
                extensive=row["extensive"] == "yes",
                theme=row["theme"],
            )
            for row in csv.DictReader(stream, strict=True)
        ]
    strange: set[str] = {str(entry.facet) for entry in entries} - set(get_args(Facet))
    strange |= {layer for e in entries for need in e.needs for layer in need} - {*LAYER_NAMES}
    assert not strange, f"indicators.csv names what does not exist: {sorted(strange)}"
    assert len({entry.name for entry in entries}) == len(entries), "an indicator stands twice"
    return tuple(entries)


REGISTRY: tuple[Indicator, ...] = _read()
