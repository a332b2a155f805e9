"""A provider's rows window by window, where there are more than are read at once.

The windows tile the city and its surroundings. Each is read with a margin, because parts of one
building lie beside each other; a row belongs to the first window that it touches, so that it comes
once and whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, sqrt
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from districttype.layers import canonical
from districttype.layers.area import SURROUNDINGS, WGS84, traces
from districttype.layers.layer import Layers
from districttype.provenance import State
from districttype.providers import Provider
from districttype.sources.registry import Raw

WHOLE = ("districts", "land", "stops")  # layers that are small, and that others are checked against
MARGIN = 500.0  # m round a window
FINER = 4  # windows for each `large` rows: where the city is dense they hold more than elsewhere


@dataclass(frozen=True)
class Windows:
    """Boxes that tile a city and its surroundings.

    Attributes
    ----------
    boxes
        (n,) polygons in the city's CRS.
    layers
        The layers so far, the districts among them.
    """

    boxes: NDArray[np.object_]
    layers: Layers

    @classmethod
    def of(cls, layers: Layers, rows: int, large: int) -> Windows:
        """Return windows of a city that has about so many rows."""
        districts = layers.frame("districts")
        assert districts is not None
        west, south, east, north = districts.total_bounds
        west, south, east, north = (
            west - SURROUNDINGS, south - SURROUNDINGS, east + SURROUNDINGS, north + SURROUNDINGS,
        )  # fmt: skip
        side = sqrt((east - west) * (north - south) / (FINER * rows / large))
        x = np.linspace(west, east, ceil((east - west) / side) + 1)
        y = np.linspace(south, north, ceil((north - south) / side) + 1)
        column, row = (some.ravel() for some in np.meshgrid(range(len(x) - 1), range(len(y) - 1)))
        return cls(shapely.box(x[column], y[row], x[column + 1], y[row + 1]), layers)

    def __len__(self) -> int:
        return len(self.boxes)

    def areas(self, provider: Provider) -> list[shapely.Geometry]:
        """Return the windows with their margins in WGS 84, in which they are asked for."""
        wide = shapely.bounds(self.boxes) + np.array([-1, -1, 1, 1]) * _margin(provider)
        outlines = shapely.segmentize(shapely.box(*wide.T), float(np.ptp(wide[0])) / 8 + 1.0)
        return list(gpd.GeoSeries(outlines, crs=self.layers.crs).to_crs(WGS84))

    def owner(self, shapes: gpd.GeoSeries) -> NDArray[np.int64]:
        """Return the number of the first window that each shape touches; their count for none."""
        own = shapes.to_crs(self.layers.crs).to_numpy()
        shape, window = shapely.STRtree(self.boxes).query(own, predicate="intersects")
        first = np.full(len(own), len(self), dtype=np.int64)
        np.minimum.at(first, shape, window)
        return first


def _margin(provider: Provider) -> float:
    return MARGIN + (provider.radius or 0.0)


@dataclass
class Told:
    """What the parts tell together: what was changed, what a reader must know, where they lie."""

    changes: Counter[str] = field(default_factory=Counter)
    notes: dict[str, None] = field(default_factory=dict)
    traces: list[gpd.GeoDataFrame] = field(default_factory=list)
    states: set[State] = field(default_factory=set)
    first: Raw | None = None
    rows: int = 0

    def read(self, raw: Raw) -> None:
        """Take down what the source said of a part."""
        if self.first is None or self.first.frame.empty:
            self.first = raw
        self.states.add(raw.state)
        self.changes.update(raw.changes)
        self.notes |= dict.fromkeys(raw.notes)

    def take(self, rows: int, changes: Counter[str], notes: Sequence[str]) -> None:
        """Take down what became of a part's rows, and how many canonical ones they make."""
        self.rows += rows
        self.changes.update(changes)
        self.notes |= dict.fromkeys(notes)

    def raw(self, crs: object) -> Raw:
        """Return what the source said of all parts together."""
        assert self.first is not None
        nothing = gpd.GeoDataFrame(geometry=[], crs=crs)
        state = State.LIVE if State.LIVE in self.states else self.first.state
        return replace(self.first, frame=nothing, changes={}, notes=tuple(self.notes), state=state)

    def traced(self) -> gpd.GeoDataFrame:
        """Return rows that lie where all the rows do."""
        if not self.traces:  # an extract may have nothing of a layer in any window
            return gpd.GeoDataFrame(geometry=[])
        return gpd.GeoDataFrame(pd.concat(self.traces, ignore_index=True), geometry="geometry")


def rows_by_windows(
    layer: str,
    provider: Provider,
    raws: Sequence[Raw] | Iterator[Raw],
    windows: Windows,
    directory: Path,
    told: Told,
) -> Iterator[gpd.GeoDataFrame]:
    """Yield the canonical rows that belong to each window in turn, once.

    Parameters
    ----------
    layer, provider, directory
        As in `canonical.rows`.
    raws
        What the source gives of each window and its margin.
    windows
        The windows.
    told
        Takes down what the parts tell.

    Raises
    ------
    SchemaError
        If a column or table is not there, or no part has a row of the layer's.
    """

    def canonical_of(raw: Raw) -> tuple[gpd.GeoDataFrame, Counter[str], list[str]]:
        return canonical.rows(layer, provider, raw, windows.layers, directory, part=True)

    for number, raw in enumerate(raws):
        told.read(raw)
        if raw.frame.empty:
            continue
        frame, changes, notes = canonical_of(raw)
        beside = raw.frame[windows.owner(raw.frame.geometry) != number]
        if len(beside):  # what happens to rows of other windows is counted there
            changes = changes - canonical_of(replace(raw, frame=beside))[1]
        frame = frame[windows.owner(frame.geometry) == number].reset_index(drop=True)
        told.take(len(frame), changes, notes)
        told.traces.append(traces(layer, provider, raw, frame, windows.layers))
        yield frame
    if told.first is not None and not told.rows:  # what is wrong with one part is with all
        canonical.rows(layer, provider, told.first, windows.layers, directory)
