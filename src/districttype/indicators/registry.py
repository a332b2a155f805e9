"""Every indicator with its name, unit, facet, description, layers and the source of its method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Facet = Literal[
    "density", "development", "use", "mobility", "energy", "ground", "ownership", "green",
    "services", "coverage",
]  # fmt: skip


@dataclass(frozen=True)
class Indicator:
    """One number per zone.

    `unit` is "1" for shares and ratios. `extensive` indicators add up over a partition of zones.
    `layers` are those without which the indicator is missing.
    """

    name: str
    unit: str
    facet: Facet
    description: str
    layers: tuple[str, ...]
    source: str
    extensive: bool = False
