"""Which blocks inside a zone carry the need for a solution."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from districttype.focus.catalogue import Catalogue
from districttype.focus.conditions import Situation, all_of
from districttype.focus.reasons import Reasoner, fill, sentence
from districttype.zones import Zones

BLOCK_COLUMNS = ("zone_id", "solution", "block_id", "need", "need_of", "rank", "reason")


def zone_of(zones: Zones, parts: Zones) -> pd.Series:
    """Return for each part (a block) the zone that holds a point on its surface; None outside all.

    Where zones overlap, as the surroundings of stations do, a part belongs to each of them: the
    index then repeats.
    """
    points = shapely.point_on_surface(parts.frame.geometry.to_numpy())
    part, zone = shapely.STRtree(zones.frame.geometry.to_numpy()).query(
        points, predicate="covered_by"
    )
    return pd.Series(zones.ids.to_numpy()[zone], parts.ids[part], name="zone_id", dtype=object)


def blocks_in_need(
    focus: pd.DataFrame,
    zones: Zones,
    blocks: Zones,
    indicators: pd.DataFrame,
    catalogue: Catalogue,
    *,
    labels: pd.DataFrame | None = None,
    most: int = 10,
) -> gpd.GeoDataFrame:
    """Find the blocks that carry the need for the solutions of their zone.

    Parameters
    ----------
    focus
        What `recommend` returned for `zones`.
    blocks, indicators, labels
        The zone set of blocks with its own indicators (and labels); index: block id.
    most
        At most so many blocks per zone and solution.

    Returns
    -------
    One row per zone × solution × block, the greatest need first, with the block's polygon: `need`
    is the indicator named in `need_of`, `reason` a `Message`. A block of which it is not known
    whether the conditions hold is not listed.
    """
    situation = Situation(
        labels.reindex(blocks.ids) if labels is not None else pd.DataFrame(index=blocks.ids),
        indicators,
    )
    reasoner = Reasoner(catalogue, situation, pd.DataFrame(index=blocks.ids))
    home = zone_of(zones, blocks)
    position = {block: n for n, block in enumerate(blocks.ids)}
    listed = {s: set(group["zone_id"]) for s, group in focus.groupby("solution")}
    rows: list[dict[str, Any]] = []
    for solution, need in catalogue.blocks.items():
        held = np.stack([all_of(a.all, situation) == 1.0 for a in need.any], axis=1)
        amount = situation.indicator(need.order_by)
        inside = home[home.isin(listed.get(solution, set()))]
        for block, zone in inside.items():
            n = position[block]
            for alternative, holds in zip(need.any, held[n], strict=True):
                values = None
                if holds and alternative.fact is not None:
                    values = fill(alternative.fact, reasoner.lookup(n))
                if values is not None and alternative.fact is not None:
                    rows.append(
                        {
                            "zone_id": zone,
                            "solution": solution,
                            "block_id": block,
                            "need": amount[n],
                            "need_of": need.order_by,
                            "reason": sentence(alternative.fact, values=values),
                        }
                    )
                    break
    table = pd.DataFrame(rows, columns=[c for c in BLOCK_COLUMNS if c != "rank"])
    table = table.sort_values(
        ["zone_id", "solution", "need", "block_id"],
        ascending=[True, True, False, True],
        kind="stable",
    )
    table["rank"] = table.groupby(["zone_id", "solution"]).cumcount() + 1
    table = table.loc[table["rank"] <= most, list(BLOCK_COLUMNS)].reset_index(drop=True)
    shapes = blocks.frame.geometry.reindex(table["block_id"]).to_numpy()
    return gpd.GeoDataFrame(table, geometry=shapes, crs=blocks.frame.crs)
