"""How a run measures: what it did before it recalls, and a large city it takes tile by tile."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from districttype.indicators.facts import Facts
from districttype.indicators.memory import Memory, recalled
from districttype.indicators.tiles import MOST, Tiling, measure_in_tiles
from districttype.zones import Zones


@dataclass(frozen=True)
class Measurer:
    """Measures zone sets of one city.

    Attributes
    ----------
    facts
        The layers, and what follows from them alone.
    memory
        What an earlier run has measured; None measures all anew.
    tiling
        How a large city is measured; None measures any from memory.
    """

    facts: Facts
    memory: Memory | None = None
    tiling: Tiling | None = None

    def __call__(
        self, zones: Zones, names: Collection[str] | None = None, *, most: int = MOST
    ) -> pd.DataFrame:
        """Return the indicators of a zone set (index zone_id), or those named.

        Parameters
        ----------
        zones, names
            As in `measure`.
        most
            How many zones a tile has at most.
        """
        return recalled(
            self.memory,
            zones,
            lambda: measure_in_tiles(zones, self.facts, most=most, names=names, tiling=self.tiling),
            names,
        )
