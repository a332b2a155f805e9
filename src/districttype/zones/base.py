"""What a zone set is, and how one is made of a table of polygons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from districttype.errors import EmptyResultError
from districttype.i18n import Message
from districttype.layers.layer import Layers
from districttype.layers.schema import conform
from districttype.zones.land import dry_land


@dataclass(frozen=True)
class Zones:
    """One zone set.

    `frame` is indexed by `zone_id` with the columns name, name_sv, name_latin, parent and geometry
    (Polygon or MultiPolygon, metric CRS). `land` is the part of each zone that is not water, and
    `land_m2` its area: the published figure where the provider states one, else measured. `notes`
    say of single zones how they were drawn, where that was not as usual. `beside` are, of some
    zones of a set, those of the others that lie next to them.
    """

    name: str
    frame: gpd.GeoDataFrame
    land: gpd.GeoSeries
    land_m2: pd.Series
    notes: Mapping[str, Message] = field(default_factory=dict)
    beside: Zones | None = None

    def some(self, rows: NDArray[np.int64]) -> Zones:
        """Return the zones of some rows, in their order, with what lies beside them."""
        near = np.unique(self._tree.query(self.frame.geometry.to_numpy()[rows])[1])
        return replace(self._only(rows), beside=self._only(np.setdiff1d(near, rows)))

    def _only(self, rows: NDArray[np.int64]) -> Zones:
        return replace(
            self,
            frame=self.frame.iloc[rows],
            land=self.land.iloc[rows],
            land_m2=self.land_m2.iloc[rows],
        )

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.frame.geometry.to_numpy())

    @property
    def ids(self) -> pd.Index:
        """Return the zone ids, in the order of the rows."""
        return self.frame.index

    def __len__(self) -> int:
        return len(self.frame)


def make_zones(
    name: str,
    frame: gpd.GeoDataFrame,
    layers: Layers,
    *,
    city: shapely.Geometry | None = None,
    notes: Mapping[str, Message] | None = None,
) -> Zones:
    """Make a zone set of a table of polygons.

    Parameters
    ----------
    name
        Name of the zone set.
    frame
        Columns of the layer `districts` (zone_id, name, ... geometry).
    layers
        `land` (the outline of dry land) and the water of `land_use`, where present, cut the land
        out of the zones.
    city
        Ground beyond which nothing counts as land of a zone, where zones reach over the edge.
    notes
        What is to be said of single zones, by zone_id.

    Raises
    ------
    EmptyResultError
        If there is no zone.
    """
    if frame.empty:
        raise EmptyResultError(
            "there is no zone to classify",
            where=f"zone set {name}",
            todo="check the district layer and the city's boundary",
        )
    table = conform("districts", frame, layers.crs, where=f"zone set {name}")
    table = table.sort_values("zone_id", kind="stable").set_index("zone_id")
    land = dry_land(table.geometry, layers, within=city)
    stated = table["land_km2"] * 1e6
    land_m2 = stated.where(stated.notna(), land.area).rename("land_m2")
    return Zones(name, table.drop(columns="land_km2"), land, land_m2, dict(notes or {}))
