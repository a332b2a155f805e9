"""Ownership: whose land it is, where a layer says so. It is never inferred from use."""

from __future__ import annotations

import numpy as np

from districttype.indicators.coverage import ENOUGH
from districttype.indicators.facts import Facts, Scene, codes, is_in, ratio
from districttype.indicators.land import share_of_land
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
    shares = share_of_land(scene, area)
    known = shares.sum(axis=1)
    return {
        **{
            f"owner_{name}_share": np.where(known > 0, shares[:, i], np.nan)
            for i, name in enumerate(CLASSES)
        },
        "owner_top5_share": _largest_private(scene),
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


def _largest_private(scene: Scene) -> FloatArray:
    """Return the share of private land that its few largest owners hold between them.

    Housing companies hold a plot each, so that nameless ones are many. Whether nameless owners of
    other kinds are few or many nobody tells: missing where too much of the land is theirs, and
    where nothing is private.
    """
    frame = scene.facts.frame("ownership")
    _, row = scene.facts.once(_parcels)
    private, companies, named = (
        flag[row]
        for flag in (
            is_in(frame, "owner_class", "private", "housing_company"),
            is_in(frame, "owner_class", "housing_company"),
            np.asarray(frame["owner_id"].notna(), dtype=bool),
        )
    )
    lying = scene.once(_in_zones)
    land_m2, told_m2 = (
        lying.select(some).total() for some in (private, private & (named | companies))
    )
    _, owner = np.unique(frame["owner_id"].fillna("").to_numpy(dtype=str), return_inverse=True)
    held = _of_largest(lying.select(private & named), owner[row], FEW)
    return np.where(told_m2 >= ENOUGH * land_m2, ratio(held, land_m2), np.nan)


def _of_largest(lying: Overlaps, owner: IntArray, few: int) -> FloatArray:
    """Return what the few largest owners of each zone hold there between them, m²."""
    n_owners = int(owner.max(initial=-1)) + 1
    holding, inverse = np.unique(lying.zone * n_owners + owner[lying.thing], return_inverse=True)
    area, zone = np.bincount(inverse, lying.measure, len(holding)), holding // max(n_owners, 1)
    order = np.lexsort((-area, zone))
    area, zone = area[order], zone[order]
    place = np.arange(len(zone)) - np.searchsorted(zone, zone)
    held = np.bincount(zone, np.where(place < few, area, 0.0), lying.n_zones)
    return held.astype(np.float64)
