"""What a run hands to the publishers: the tables of every stage, and nothing computed anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import geopandas as gpd
import pandas as pd

from districttype.city import City
from districttype.focus.catalogue import Catalogue
from districttype.focus.cityview import CityView
from districttype.indicators.registry import Indicator
from districttype.layers.layer import Layers
from districttype.typology.alike import Kin
from districttype.typology.learnt import Learnt
from districttype.zones import Zones


@dataclass(frozen=True)
class ZoneSetResult:
    """All that was found for one zone set.

    Attributes
    ----------
    zones
        The zones.
    indicators
        One row a zone (index zone_id), one column an indicator; missing is NaN.
    labels
        One row a zone; per facet `F` (a label, `unknown` included), `F_detail` (flags and detail,
        `;`-separated, may be empty), `F_confidence` (0–1, NaN where unknown), `F_runner_up`,
        `F_coverage` (0–1), `F_reason` (a `reasons.Reason`: a message id with its values), and the
        modifier `ownership` with `ownership_reason`.
    focus
        One row per zone × eligible solution, best first; columns of the contract of focus.csv.
    sites
        Named sites (points, city CRS): zone_id, solution, kind, name, reason.
    blocks
        The blocks that carry the need (polygons, city CRS): zone_id, solution, block_id, rank,
        need, need_of, reason.
    city
        Which solutions lead, where to begin, and clusters of neighbours; None without focus areas.
    """

    zones: Zones
    indicators: pd.DataFrame
    labels: pd.DataFrame
    focus: pd.DataFrame = field(default_factory=pd.DataFrame)
    sites: gpd.GeoDataFrame | None = None
    blocks: gpd.GeoDataFrame | None = None
    city: CityView | None = None

    @cached_property
    def focus_of(self) -> Mapping[str, list[dict[str, Any]]]:
        """Return the rows of `focus` by zone: pages ask for them zone by zone."""
        return _by_zone(self.focus)

    @cached_property
    def sites_of(self) -> Mapping[str, list[dict[str, Any]]]:
        """Return the rows of `sites` by zone."""
        return _by_zone(pd.DataFrame() if self.sites is None else self.sites)


def _by_zone(table: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_dict("records"):
        found[row["zone_id"]].append(row)
    return dict(found)


@dataclass(frozen=True)
class Edition:
    """One run's results for one city, ready to be published.

    `run` is what goes to run.json: versions, config, thresholds in force, layers with provenance,
    times. `embedded` asks for the stamp "reconstructed from published figures". `registry` says
    what the indicators are, in the order of their columns; `catalogue` names solutions,
    actors, means and sites in each language; `places` are the names people use, as
    `places.load_places` gives them. `models` are the learnt classifiers whose labels stand in place
    of the rules' (facet -> model), and `kin` the districts that are like each (by its id),
    empty where they could not be compared.
    """

    city: City
    layers: Layers
    results: Mapping[str, ZoneSetResult]
    run: Mapping[str, Any]
    embedded: bool = False
    registry: tuple[Indicator, ...] = ()
    catalogue: Catalogue | None = None
    places: pd.DataFrame | None = None
    models: Mapping[str, Learnt] = field(default_factory=dict)
    kin: Mapping[str, Kin] = field(default_factory=dict)
