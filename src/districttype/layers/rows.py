"""Some rows of a layer: those in a box, those of some kinds; wherever the layer's rows are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

import geopandas as gpd
import numpy as np

from districttype.boxes import Box, touching

Where = Mapping[str, Collection[str | bool]]  # column -> values of which a row must have one


class Rows(Protocol):
    """The rows of one layer where they are not held in memory."""

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def read(self, within: Box | None = None, where: Where | None = None) -> gpd.GeoDataFrame:
        """Return the rows whose box touches a box, and that have one of the values, in order."""
        ...

    def by_part(self) -> Iterator[gpd.GeoDataFrame]:
        """Yield some rows after others, each under its number in the layer."""
        ...


def chosen(
    frame: gpd.GeoDataFrame, within: Box | None = None, where: Where | None = None
) -> gpd.GeoDataFrame:
    """Return the rows of a table whose box touches a box, and that have one of the values."""
    if within is None and not where:
        return frame
    keep = np.ones(len(frame), dtype=bool)
    if within is not None:
        keep &= touching(frame.bounds.to_numpy(), within)
    for column, values in (where or {}).items():
        keep &= frame[column].isin(values).to_numpy(dtype=bool)
    return frame[keep].reset_index(drop=True)
