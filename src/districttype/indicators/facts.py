"""What measuring works out once: from the layers alone, and from one zone set with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import geopandas as gpd
import numpy as np
from numpy.typing import ArrayLike

from districttype.indicators.batch import Asked, Extent
from districttype.indicators.zonal import Areas, Overlaps, Things, overlap
from districttype.indicators.zonal.overlaps import BoolArray, FloatArray, IntArray
from districttype.layers.layer import Layers
from districttype.layers.schema import empty
from districttype.zones import Zones

HECTARE = 1e4  # m²
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class _Once:
    _known: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, work: Callable[[Self], T], *key: object) -> T:
        """Return what `work` makes of this, working it out the first time only.

        A theme that needs an intermediate others may need too writes it as a module-level function
        and asks for it here, so that nothing is computed twice and nobody keeps a list of what
        there is. `key` tells apart functions made on the spot.
        """
        name = key or (work,)
        if name not in self._known:
            self._known[name] = work(self)
        known: T = self._known[name]
        return known


@dataclass(frozen=True, eq=False)
class Facts(_Once):
    """The layers, and what follows from them alone, whatever the zones.

    Made once and given to `measure` for every zone set, it keeps districts, stations, blocks and
    cells from working out the same things four times.
    """

    layers: Layers = field(kw_only=True)
    asked: Asked = field(default_factory=Asked, init=False, repr=False)

    def frame(self, layer: str) -> gpd.GeoDataFrame:
        """Return a layer's table; one without rows where there is no such layer."""

        def read(facts: Facts) -> gpd.GeoDataFrame:
            frame = facts.layers.frame(layer)
            return empty(layer, facts.layers.crs) if frame is None else frame

        return self.once(read, "frame", layer)

    def things(self, layer: str) -> Things:
        """Return a layer's shapes, checked and measured."""
        return self.once(
            lambda facts: Things.of(facts.frame(layer).geometry, where=f"layer {layer}"),
            "things",
            layer,
        )


@dataclass(frozen=True, eq=False)
class Scene(_Once):
    """One zone set among the facts; `whole` where every indicator of it is measured."""

    zones: Zones = field(kw_only=True)
    facts: Facts = field(kw_only=True)
    whole: bool = field(default=True, kw_only=True)

    def __len__(self) -> int:
        return len(self.zones)

    @property
    def land_m2(self) -> FloatArray:
        """Return the dry land of each zone, m²: the published figure where there is one."""
        return np.asarray(self.zones.land_m2, dtype=float)

    @property
    def land_area(self) -> FloatArray:
        """Return the area of the land as drawn, m²: the whole of which shares are taken."""
        return np.asarray(self.zones.land.area, dtype=float)

    def overlap(self, layer: str) -> Overlaps:
        """Return what lies in each zone, water included."""
        return self.once(lambda s: s.among(s.facts.things(layer)), "overlap", layer)

    def among(self, things: Things) -> Overlaps:
        """Return how much of each thing lies in each zone, water included."""
        return self._overlap("all", things)

    def on_land(self, things: Things) -> Overlaps:
        """Return how much of each thing lies on the dry land of each zone."""
        return self._overlap("land", things)

    def areas(self, extent: Extent) -> Areas:
        """Return the zones, or their land, made ready to be measured in."""
        grounds = [
            zones.land if extent == "land" else zones.frame.geometry
            for zones in (self.zones, self.zones.beside)
            if zones is not None
        ]
        return Areas.of(grounds[0], *(ground.to_numpy() for ground in grounds[1:]))

    def _overlap(self, extent: Extent, things: Things) -> Overlaps:
        """Return an overlap, at once with all that an earlier zone set asked of the same facts.

        Who wants a few indicators only is not given what all of them need.
        """
        asked, areas = self.facts.asked, self.once(lambda s: s.areas(extent), "areas", extent)
        if not self.whole:
            return overlap(areas, things)
        for known, overlaps in self.once(lambda _: asked.answers(extent, areas), "answers", extent):
            if known is things:
                return overlaps
        asked.remember(extent, things)
        return overlap(areas, things)


def ratio(above: ArrayLike, below: ArrayLike) -> FloatArray:
    """Return above / below; missing where there is nothing to divide by."""
    above, below = np.broadcast_arrays(np.asarray(above, float), np.asarray(below, float))
    quotient: FloatArray = np.divide(
        above, below, out=np.full(below.shape, np.nan), where=below > 0
    )
    return quotient


def entropy(amounts: FloatArray) -> FloatArray:
    """Return Shannon's entropy of each column over its greatest value; NaN where all are 0."""
    share = ratio(amounts, amounts.sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        surprise = np.where(share > 0, -share * np.log(share), share * 0.0)
    return np.asarray(surprise.sum(axis=0) / np.log(len(amounts)))


def known_total(overlaps: Overlaps, values: ArrayLike) -> FloatArray:
    """Return the sum per zone of what is known; missing where things lie there, all unknown.

    Nothing there is a measured zero.
    """
    numbers = np.asarray(values, dtype=float)
    known = overlaps.count(~np.isnan(numbers))
    silent = (known == 0) & (overlaps.count() > 0)
    return np.where(silent, np.nan, overlaps.total(numbers))


def known_any(values: ArrayLike) -> bool:
    """Tell whether any value is known."""
    return bool((~np.isnan(np.asarray(values, dtype=float))).any())


def codes(frame: gpd.GeoDataFrame, column: str, classes: tuple[str, ...]) -> IntArray:
    """Return the position of each row's class in `classes`; -1 for any other or none."""
    place = {name: i for i, name in enumerate(classes)}
    return np.asarray([place.get(value, -1) for value in frame[column]], dtype=np.int64)


def is_in(frame: gpd.GeoDataFrame, column: str, *values: object) -> BoolArray:
    """Tell which rows have one of the values."""
    return np.asarray(frame[column].isin(values).fillna(False), dtype=bool)


def numbers(frame: gpd.GeoDataFrame, column: str) -> FloatArray:
    """Return a column as floats, NaN where unknown."""
    return np.asarray(frame[column], dtype=float)
