"""Which blocks inside a zone carry the need for a solution."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from districttype.focus.catalogue import (
    BlockNeed,
    BlockSign,
    Catalogue,
    indicator_of,
    placeholders,
)
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
    home = zone_of(zones, blocks)
    places = pd.DataFrame({"zone_id": home.to_numpy(), "block_id": home.index.to_numpy()})
    places["at"] = blocks.ids.get_indexer(home.index)
    parts = [
        _in_need(places[places["zone_id"].isin(set(ids))], catalogue.blocks[key], situation, most)
        .assign(solution=key)
        for key, ids in focus.groupby("solution")["zone_id"]
        if key in catalogue.blocks
    ]  # fmt: skip
    table = pd.concat(parts or [places.iloc[:0].assign(fact=None, solution="", rank=0)])
    table = table.sort_values(["zone_id", "solution", "rank"], kind="stable", ignore_index=True)
    lookup = Reasoner(catalogue, situation, pd.DataFrame(index=blocks.ids)).lookup
    table["reason"] = [
        sentence(fact, values=fill(fact, lookup(n)))
        for fact, n in zip(table["fact"], table["at"], strict=True)
    ]
    shapes = blocks.frame.geometry.to_numpy()[table["at"]]
    return gpd.GeoDataFrame(
        table.reindex(columns=list(BLOCK_COLUMNS)), geometry=shapes, crs=blocks.frame.crs
    )


def _in_need(
    places: pd.DataFrame, need: BlockNeed, situation: Situation, most: int
) -> pd.DataFrame:
    """Return the blocks of some zones that show a sign of a need, ranked, at most so many a zone.

    The first of the signs that holds tells for a block. Those that are measured as the need is come
    before those whose sign has a measure of its own.
    """
    holds = np.stack([_holds(sign, situation) for sign in need.any], axis=1)[places["at"]]
    found = places[holds.any(axis=1)]
    sign = holds[holds.any(axis=1)].argmax(axis=1)
    measures = [sign.order_by or need.order_by for sign in need.any]
    amounts = np.stack([situation.indicator(name) for name in measures], axis=1)
    table = found.assign(
        need=amounts[found["at"], sign],
        need_of=np.array(measures, dtype=object)[sign],
        fact=[need.any[k].fact for k in sign],
        own=[bool(need.any[k].order_by) for k in sign],
    ).sort_values(
        ["zone_id", "own", "need", "block_id"], ascending=[True, True, False, True], kind="stable"
    )
    table["rank"] = table.groupby("zone_id").cumcount() + 1
    return table[table["rank"] <= most].reset_index(drop=True)


def _holds(sign: BlockSign, situation: Situation) -> NDArray[np.bool_]:
    """Return where a sign holds, and what its fact quotes is known."""
    quoted = [situation.indicator(indicator_of(name)) for name in placeholders(sign.fact["en"])]
    known = np.isfinite(np.sum(quoted, axis=0)) if quoted else True
    return np.asarray((all_of(sign.all, situation) == 1.0) & known)
