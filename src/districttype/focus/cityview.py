"""The city as a whole: which solution leads where, clusters of neighbours, and a shortlist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from districttype.focus.catalogue import Catalogue
from districttype.focus.scoring import CLOSE
from districttype.i18n import N_, Message
from districttype.zones import Zones

By = Literal["score", "relative_score"]
RANKINGS: tuple[By, ...] = ("score", "relative_score")
TOUCHING_M = 1.0
"""Borders digitised apart by less than this still touch."""

_LEADS = {
    "score": N_(
        "{solution} comes first in {share_pct} of the areas; look at what stands out instead"
    ),
    "relative_score": N_(
        "{solution} stands out most in {share_pct} of the areas; look at one map a solution instead"
    ),
}


@dataclass(frozen=True)
class CityView:
    """What a zone set says of the city as a whole.

    Attributes
    ----------
    lead_shares
        Index solution; in which share of the zones it leads by `score` (the plain ranking) and by
        `relative_score` (more than elsewhere).
    warnings
        By the same names: which solutions lead nearly everywhere; () where none does.
    shortlist
        The zones to begin with (`shortlist`).
    clusters
        Neighbouring zones with the same leading solution (`focus_clusters`).
    """

    lead_shares: pd.DataFrame
    warnings: Mapping[By, tuple[Message, ...]]
    shortlist: pd.DataFrame
    clusters: gpd.GeoDataFrame

    def record(self, catalogue: Catalogue) -> dict[str, Any]:
        """Return what run.json says of it."""
        return {
            "lead_limit": catalogue.rules.lead_limit,
            "lead_shares": {
                by: shares[shares > 0].round(4).to_dict() for by, shares in self.lead_shares.items()
            },
            "warnings": {by: [m.text("en") for m in said] for by, said in self.warnings.items()},
            "clusters": len(self.clusters),
            "shortlist": [
                f"{zone} {solution}"
                for zone, solution in self.shortlist[["zone_id", "solution"]].to_numpy()
            ],
        }


def city_view(focus: pd.DataFrame, zones: Zones, catalogue: Catalogue) -> CityView:
    """Look at the recommendations of a zone set as a whole.

    Parameters
    ----------
    focus
        What `recommend` returned for `zones`.
    """
    shares = {by: lead_shares(focus, by=by) for by in RANKINGS}
    return CityView(
        lead_shares=pd.DataFrame(shares, index=list(catalogue.solutions)).fillna(0.0),
        warnings={by: tuple(dominance(focus, catalogue, by=by)) for by in RANKINGS},
        shortlist=shortlist(focus, zones, n=catalogue.rules.shortlist, top=catalogue.rules.top),
        clusters=focus_clusters(focus, zones),
    )


def leaders(focus: pd.DataFrame, *, by: By = "relative_score") -> pd.DataFrame:
    """Return the leading solution of each zone.

    Parameters
    ----------
    by
        `score`: the plain ranking; `relative_score`: more than elsewhere.

    Returns
    -------
    Columns zone_id, solution, value, tie. Solutions that tie for the lead are all listed, marked.
    A zone in which no solution has more points than the city's mean leads in nothing by
    `relative_score`, and is not listed.
    """
    best = focus.groupby("zone_id")[by].transform("max")
    leads = (focus[by] >= best - CLOSE) & (focus[by] > CLOSE)
    table = focus.loc[leads, ["zone_id", "solution", by]]
    table = table.rename(columns={by: "value"}).reset_index(drop=True)
    return table.assign(tie=table.duplicated("zone_id", keep=False))


def lead_shares(focus: pd.DataFrame, *, by: By = "relative_score") -> pd.Series:
    """Return the share of the zones in which each solution leads; zones with a tie are divided."""
    led = leaders(focus, by=by)
    part = 1.0 / led.groupby("zone_id")["solution"].transform("size")
    shares = part.groupby(led["solution"]).sum() / max(focus["zone_id"].nunique(), 1)
    return shares.rename("share").sort_values(ascending=False, kind="stable")


def dominance(
    focus: pd.DataFrame, catalogue: Catalogue, *, by: By = "relative_score"
) -> list[Message]:
    """Say which solution leads in so many zones that a map of leaders tells little; [] if none."""
    shares = lead_shares(focus, by=by)
    return [
        Message(_LEADS[by], {"solution": str(solution), "share_pct": float(share)})
        for solution, share in shares.items()
        if share > catalogue.rules.lead_limit
    ]


def focus_clusters(
    focus: pd.DataFrame, zones: Zones, *, by: By = "relative_score"
) -> gpd.GeoDataFrame:
    """Join neighbouring zones that have the same leading solution.

    Neighbours touch, be it in one point (queen contiguity). A zone whose lead is shared belongs to
    the clusters of each of its leaders.

    Returns
    -------
    Columns cluster (number from 1, the largest first), solution, zones (how many), zone_ids
    (`;`-separated), score (mean of `by`), geometry (MultiPolygon). A zone alone is a cluster of
    one.
    """
    led = leaders(focus, by=by)
    shapes = zones.frame.geometry.reindex(led["zone_id"]).to_numpy()
    one, two = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=TOUCHING_M)
    solution = led["solution"].to_numpy()
    same = solution[one] == solution[two]
    graph = coo_array((np.ones(same.sum()), (one[same], two[same])), shape=(len(led), len(led)))
    _, member = connected_components(graph, directed=False)
    rows = [
        {
            "solution": group["solution"].iloc[0],
            "zones": len(group),
            "zone_ids": ";".join(group["zone_id"].astype(str)),
            "score": group["value"].mean(),
            "geometry": _multi(shapely.union_all(shapes[group.index])),
        }
        for _, group in led.groupby(member)
    ]
    table = pd.DataFrame(rows, columns=["solution", "zones", "zone_ids", "score", "geometry"])
    table = table.sort_values(["zones", "score"], ascending=False, kind="stable")
    table = table.reset_index(drop=True)
    table.insert(0, "cluster", np.arange(1, len(table) + 1))
    return gpd.GeoDataFrame(table, geometry="geometry", crs=zones.frame.crs)


def _multi(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == 3])


def shortlist(
    focus: pd.DataFrame, zones: Zones, *, n: int = 12, spread: float = 0.5, top: int = 3
) -> pd.DataFrame:
    """Choose zones to begin with: strong and firm recommendations, unlike each other.

    Maximal marginal relevance (Carbonell and Goldstein 1998): each step takes the entry with the
    best of (1 - spread) × worth - spread × likeness to what has been taken. Worth is the entry's
    place among all by relative score, times its stability. Likeness is the mean of: same
    archetype, same solution, and nearness on the scale of the ground that one of n zones would
    have to itself.

    Parameters
    ----------
    n
        At most so many; a zone is taken once.
    spread
        0 takes the best only, 1 the most unlike only.
    top
        Only entries of this rank in their zone, or better.

    Returns
    -------
    The chosen rows of `focus` in the order of choice, with `choice` (from 1).
    """
    entries = focus[focus["rank"] <= top].reset_index(drop=True)
    entries = entries[entries["zone_id"].isin(zones.ids)].reset_index(drop=True)
    worth = (entries["relative_score"].rank(pct=True) * entries["stability"]).to_numpy()
    points = shapely.point_on_surface(zones.frame.geometry.reindex(entries["zone_id"]).to_numpy())
    reach = np.sqrt(shapely.area(zones.frame.geometry.to_numpy()).sum() / max(n, 1))
    open_ = np.ones(len(entries), dtype=bool)
    likeness = np.zeros(len(entries))
    chosen: list[int] = []
    while open_.any() and len(chosen) < n:
        value = np.where(open_, (1 - spread) * worth - spread * likeness, -np.inf)
        best = int(value.argmax())
        chosen.append(best)
        open_ &= (entries["zone_id"] != entries["zone_id"].iloc[best]).to_numpy()
        likeness = np.maximum(likeness, _like(entries, points, best, reach))
    table = entries.iloc[chosen].reset_index(drop=True)
    table.insert(0, "choice", np.arange(1, len(table) + 1))
    return table


def _like(
    entries: pd.DataFrame, points: NDArray[np.object_], one: int, reach: float
) -> NDArray[np.float64]:
    """Return how much each entry is like one of them, 0 to 1."""
    same = [
        (entries[column] == entries[column].iloc[one]).to_numpy(dtype=float)
        for column in ("archetype", "solution")
    ]
    near = np.exp(-shapely.distance(points, points[one]) / reach)
    return np.asarray((same[0] + same[1] + near) / 3)
