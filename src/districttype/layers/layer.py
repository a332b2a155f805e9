"""A layer, and all layers of a run: tables with their origin, in memory or in files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import geopandas as gpd
import shapely
from pyproj import CRS

from districttype.boxes import Box
from districttype.layers.rows import Rows, Where, chosen
from districttype.provenance import Provenance


@dataclass(frozen=True)
class Layer:
    """One canonical table with its origin.

    `coverage` is the area within which the provider is known to be complete, in the city's metric
    CRS; None says that it covers the whole city. It is what tells "nothing there" from "not known".
    Of a layer too large to be held, `laid` has the rows, and `frame` only their columns.
    """

    name: str
    frame: gpd.GeoDataFrame
    provenance: tuple[Provenance, ...]
    coverage: shapely.Geometry | None = None
    laid: Rows | None = None

    @property
    def lacks(self) -> frozenset[str]:
        """Return the modes of stops that none of its providers has: none seen is not none there."""
        lacks = [set(part.lacks) for part in self.provenance]
        return frozenset(set.intersection(*lacks)) if lacks else frozenset()

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return len(self.frame) if self.laid is None else len(self.laid)

    def select(self, within: Box | None = None, where: Where | None = None) -> gpd.GeoDataFrame:
        """Return the rows whose box touches a box, and that have one of the values, in order."""
        if self.laid is not None:
            return self.laid.read(within, where)
        return chosen(self.frame, within, where)

    def by_part(self) -> Iterator[gpd.GeoDataFrame]:
        """Yield some rows after others, each under its number: all at once where in memory."""
        if self.laid is not None:
            return self.laid.by_part()
        return iter((self.frame.reset_index(drop=True),))


@dataclass(frozen=True)
class Layers(Mapping[str, Layer]):
    """All layers of one run: an immutable mapping from layer name to `Layer`.

    Beside the tables stand the few facts of the city that measuring needs, so that an indicator
    is a function of (zones, layers) and of nothing else: the metric CRS, the day that "now" means,
    a corner of the 250 m cell grid, degree days relative to those of the demand table, and what a
    solar panel of 1 kWp yields in a year, kWh. Of a window of a city there is one more that only
    all its streets can tell: how long an island of them must be to count, m.
    """

    crs: CRS
    tables: Mapping[str, Layer] = field(default_factory=dict)
    as_of: date = field(default_factory=date.today)
    grid_origin: tuple[float, float] = (0.0, 0.0)
    degree_day_ratio: float = 1.0
    pv_yield_kwh_per_kwp: float = 870.0
    least_island: float | None = None

    def __getitem__(self, name: str) -> Layer:
        return self.tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def frame(self, name: str) -> gpd.GeoDataFrame | None:
        """Return the layer's whole table, or None where there is no such layer."""
        return self.select(name)

    def select(
        self,
        name: str,
        *,
        within: Box | None = None,
        where: Where | None = None,
    ) -> gpd.GeoDataFrame | None:
        """Return some rows of a layer, in their order; None where there is no such layer.

        Parameters
        ----------
        name
            The layer.
        within
            A box (west, south, east, north; city CRS, m): the rows whose own box touches it, whole.
        where
            Column -> values of which a row must have one.
        """
        return self.tables[name].select(within, where) if name in self.tables else None

    def without(self, *names: str) -> Layers:
        """Return the same layers less the named ones."""
        return replace(self, tables={k: v for k, v in self.tables.items() if k not in names})

    def having(self, layer: Layer) -> Layers:
        """Return the same layers with `layer` put in (or in place of the one of its name)."""
        return replace(self, tables={**self.tables, layer.name: layer})
