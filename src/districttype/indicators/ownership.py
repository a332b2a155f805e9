"""Ownership: whose land it is, where a layer says so. It is never inferred from use."""

from __future__ import annotations

import numpy as np

from districttype.indicators.facts import Facts, Scene, codes, ratio
from districttype.indicators.pieces import pieces
from districttype.indicators.zonal import Overlaps, Things, partition
from districttype.indicators.zonal.overlaps import FloatArray, IntArray
from districttype.layers.schema import OWNERS

CLASSES = tuple(name for name in OWNERS if name != "unknown")
FEW = 5


def ownership(scene: Scene) -> dict[str, FloatArray]:
    """Return the indicators of ownership."""
    _, row = scene.facts.once(_parcels)
    frame = scene.facts.frame("ownership")
    lying = scene.once(_in_zones)
    area = lying.by_class(codes(frame, "owner_class", CLASSES)[row], len(CLASSES))
    shares = ratio(area, scene.land_area[:, None])
    known = shares.sum(axis=1)
    return {
        **{
            f"owner_{name}_share": np.where(known > 0, shares[:, i], np.nan)
            for i, name in enumerate(CLASSES)
        },
        "owner_top5_share": np.where(known > 0, _top(scene, FEW), np.nan),
        "owner_unknown_share": np.clip(1.0 - known, 0.0, 1.0),
    }


def _parcels(facts: Facts) -> tuple[Things, IntArray]:
    """Return the land as pieces that do not overlap, and the row of each."""
    frame = facts.frame("ownership")
    rank = np.asarray(codes(frame, "owner_class", OWNERS))
    order = np.argsort(rank, kind="stable")
    shapes, row = partition(frame.geometry.to_numpy()[order], order, order.tolist())
    cut, owner = pieces(shapes)
    return Things.of(cut, where="layer ownership"), np.asarray(row[owner], dtype=np.int64)


def _in_zones(scene: Scene) -> Overlaps:
    return scene.on_land(scene.facts.once(_parcels)[0])


def _top(scene: Scene, few: int) -> FloatArray:
    """Return the share of land that the largest few owners of each zone hold between them."""
    frame = scene.facts.frame("ownership")
    named = np.asarray(frame["owner_id"].notna(), dtype=bool)
    if not named.any():
        return np.full(len(scene), np.nan)
    _, row = scene.facts.once(_parcels)
    _, owner = np.unique(frame["owner_id"].fillna("").to_numpy(dtype=str), return_inverse=True)
    lying = scene.once(_in_zones).select(named[row])
    of_owner = lying.zone * len(frame) + owner[row[lying.thing]]
    holding, inverse = np.unique(of_owner, return_inverse=True)
    area, zone = np.bincount(inverse, lying.measure, len(holding)), holding // len(frame)
    order = np.lexsort((-area, zone))
    area, zone = area[order], zone[order]
    place = np.arange(len(zone)) - np.searchsorted(zone, zone)
    largest = np.bincount(zone, np.where(place < few, area, 0.0), len(scene))
    return ratio(largest, scene.land_area)
