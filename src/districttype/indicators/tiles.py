"""Measuring in tiles: what lies between zones and layers is held for one tile at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd

from districttype.indicators.facts import Facts
from districttype.indicators.measure import measure
from districttype.zones import Zones

MOST = 20_000  # zones of a tile


def measure_in_tiles(
    zones: Zones, facts: Facts, *, most: int = MOST, names: Collection[str] | None = None
) -> pd.DataFrame:
    """Measure as `measure` does, at most `most` zones at once.

    A zone's indicators hang on no other zone, so that the result is the same; zones of one tile lie
    together, so that each tile meets few of the layers' things.

    Parameters
    ----------
    zones, names
        As in `measure`.
    facts
        The layers, and what follows from them alone: worked out once for all tiles.
    most
        How many zones a tile has at most.
    """
    if len(zones) <= most:
        return measure(zones, facts, names=names)
    parts = [measure(tile, facts, names=names) for tile in tiles(zones, most)]
    return pd.concat(parts).loc[zones.ids].set_index(zones.ids)


def tiles(zones: Zones, most: int) -> Iterator[Zones]:
    """Yield the zones in groups that lie together: along a Hilbert curve."""
    order = np.argsort(zones.frame.geometry.hilbert_distance().to_numpy(), kind="stable")
    for begin in range(0, len(order), most):
        rows = np.sort(order[begin : begin + most])
        yield Zones(
            zones.name,
            zones.frame.iloc[rows],
            zones.land.iloc[rows],
            zones.land_m2.iloc[rows],
            zones.notes,
        )
