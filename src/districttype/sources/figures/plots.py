"""Which lot is used for what: workplaces, blocks of flats, small houses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from districttype.sources.figures.frontage import Lots, Setting
from districttype.sources.figures.shapes import Bools, Floats, Ints, Pieces, apportion
from districttype.sources.figures.targets import WORKPLACES, Targets

KINDS: Final = ("small", "flats", *WORKPLACES)
SMALL, FLATS = 0, 1
EMPTY: Final = -1

# What one lot usually carries, in square metres of floor.
TYPICAL_M2: Final = {
    "retail": 2000.0, "office": 3500.0, "education": 3000.0, "health": 2000.0, "public": 2000.0,
    "industrial": 2500.0,
}  # fmt: skip
MOST_STOREYS: Final = {
    "small": 2.5, "flats": 12.0, "retail": 4.0, "office": 12.0, "education": 4.0, "health": 6.0,
    "public": 4.0, "industrial": 2.0,
}  # fmt: skip
# How much each kind of workplace seeks lively places, keeps away from homes, and follows chance.
SEEKS: Final = {
    "retail": (1.0, 0.0, 0.3), "office": (0.8, 0.0, 0.4), "education": (0.5, 0.0, 1.0),
    "health": (0.5, 0.0, 1.0), "public": (0.8, 0.0, 0.5), "industrial": (0.3, 3.0, 0.3),
}  # fmt: skip
MOST_WORKPLACES = 0.6  # of a district's lots
MOST_RESERVED = 0.55  # of the lots of a piece are kept for the homes that it should have
SMALL_FILL = 0.8  # floor area of small houses over the largest usual footprint
LEAST_FLATS_M2 = 300.0  # less than this in a piece is no block of flats
LEAST_SMALL_M2 = 60.0
SPILLS = 6


@dataclass(frozen=True)
class Plots:
    """What every lot carries.

    Attributes
    ----------
    kind
        (k,) number in KINDS, or EMPTY.
    floor_m2
        (k,) floor area; adds up to the targets in every district.
    homes
        (k,) whole number of dwellings.
    storeys
        (k,) usual number of storeys there.
    """

    kind: Ints
    floor_m2: Floats
    homes: Ints
    storeys: Floats


def assign(targets: Targets, setting: Setting, settled: Floats, rng: np.random.Generator) -> Plots:
    """Give every kind of building its lots, and every lot its floor area.

    Parameters
    ----------
    targets
        Sums to meet in every district.
    setting
        Pieces and lots.
    settled
        (m,) residents that each piece should have.
    rng
        Source of randomness.
    """
    pieces, lots, piece = setting.pieces, setting.lots, setting.piece
    n = len(targets.jobs["anywhere"])
    kind = np.full(len(lots), EMPTY, dtype=np.int64)
    place = _rank(piece, rng.random(len(lots)))
    demand = _demand(targets, pieces, settled)
    per_piece = np.bincount(piece, minlength=len(pieces))
    area = _footprint(setting)
    need = _blocks(demand, area) + _terraces(demand, area)
    homely = need[piece] > 0
    kept = np.minimum(need, np.ceil(MOST_RESERVED * per_piece))
    reserved = place >= (per_piece - kept)[piece]
    wanted = _workplaces(targets, np.bincount(lots.owner, minlength=n))
    for number, use in enumerate(WORKPLACES, start=2):
        lively, shy, chance = SEEKS[use]
        key = (
            lively * setting.pull[piece] - shy * homely + chance * rng.standard_normal(len(lots))
            - 0.5 * place / per_piece[piece] + 0.06 * lots.depth
        )  # fmt: skip
        _claim(kind, number, lots.owner, wanted[use], key - 100.0 * reserved)
    _homes(kind, targets, setting, demand, place)
    floor = _floor(kind, targets, setting, demand, rng)
    weight = np.where(kind == SMALL, floor, 0.0)
    homes = apportion(
        targets.homes["small"].astype(np.int64), lots.owner, weight, rng.random(n)
    )  # fmt: skip
    homes += apportion(
        targets.homes["flats"].astype(np.int64),
        lots.owner,
        np.where(kind == FLATS, floor, 0.0),
        rng.random(n),
    )
    # A small house without a dwelling is none: its floor area goes to those that have one.
    floor = np.where((kind == SMALL) & (homes == 0), 0.0, floor)
    kind = np.where((kind == SMALL) & (homes == 0), EMPTY, kind)
    floor = np.where(kind == SMALL, homes * np.exp(0.1 * rng.standard_normal(len(lots))), floor)
    floor = _scale(kind, floor, targets, lots, _dense(demand, piece))
    return Plots(kind, floor, homes, demand.storeys[piece])


def _rank(group: Ints, key: Floats) -> Ints:
    """Return the position of each member in its group when sorted by a key, from 0."""
    order = np.lexsort([key, group])
    sorted_group = group[order]
    begins = np.diff(sorted_group, prepend=-2) != 0
    position = np.arange(len(group))
    position = position - np.maximum.accumulate(np.where(begins, position, 0))
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = position
    return rank


def _workplaces(targets: Targets, lots: Ints) -> dict[str, Ints]:
    """Return how many lots each kind of workplace gets in each district."""
    wanted = {use: np.ceil(targets.floor[use] / TYPICAL_M2[use]) for use in WORKPLACES}
    crowd = sum(wanted.values()) / np.maximum(MOST_WORKPLACES * lots, 1.0)
    return {
        use: np.where(count > 0, np.maximum(np.floor(count / np.maximum(crowd, 1.0)), 1), 0).astype(
            np.int64
        )
        for use, count in wanted.items()
    }


def _claim(kind: Ints, number: int, owner: Ints, wanted: Ints, key: Floats) -> None:
    """Give the free lots with the highest keys of each district to a kind, so many as wanted."""
    free = np.flatnonzero(kind == EMPTY)
    rank = _rank(owner[free], -key[free])
    kind[free[rank < wanted[owner[free]]]] = number


def small_share(density: Floats, settled: Floats, pieces: Pieces, targets: Targets) -> Floats:
    """Return the share of each piece's residents that live in small houses.

    Logistic on the logarithm of density with slope 2.5, as in the figures' own estimate; where half
    live in small houses is found for every district, so that its small houses hold their residents.
    """
    wanted = targets.residents["small"]
    n = len(wanted)
    low, high = np.full(n, -6.0), np.full(n, 12.0)
    logs = np.log(np.maximum(density, 1e-6))
    share = np.zeros(len(density))
    for _ in range(40):
        half = (low + high) / 2
        share = 1 / (1 + np.exp(np.clip(2.5 * (logs - half[pieces.owner]), -60, 60)))
        few = pieces.sums(settled * share, n) < wanted
        low, high = np.where(few, half, low), np.where(few, high, half)
    return share


@dataclass(frozen=True)
class _Demand:
    """What every piece should carry: floor area of both kinds of homes, and storeys of flats."""

    small_m2: Floats
    flats_m2: Floats
    storeys: Floats


def _demand(targets: Targets, pieces: Pieces, settled: Floats) -> _Demand:
    density = settled / pieces.area * 1e4
    share = small_share(density, settled, pieces, targets)
    return _Demand(
        settled * share * _per(targets, "small")[pieces.owner],
        settled * (1 - share) * _per(targets, "flats")[pieces.owner],
        np.clip(np.rint(2.0 + density / 40.0), 3, 8),
    )


def _footprint(setting: Setting) -> Floats:
    """Return the largest usual footprint of homes on a lot of each piece, in the mean."""
    lots, count = setting.lots, len(setting.pieces)
    usual = (lots.width - 6) * np.minimum(lots.depth - 1, 14.0)
    number = np.bincount(setting.piece, minlength=count)
    return np.asarray(np.bincount(setting.piece, usual, minlength=count) / np.maximum(number, 1))


def _blocks(demand: _Demand, area: Floats) -> Floats:
    """Return how many lots of a piece its flats need."""
    lots = np.ceil(demand.flats_m2 / np.maximum(area * demand.storeys, 1.0))
    return np.where((demand.flats_m2 >= LEAST_FLATS_M2) & (area > 0), lots, 0)


def _terraces(demand: _Demand, area: Floats) -> Floats:
    """Return how many lots of a piece its small houses need."""
    lots = np.ceil(demand.small_m2 / np.maximum(area * SMALL_FILL, 1.0))
    return np.where((demand.small_m2 > LEAST_SMALL_M2) & (area > 0), lots, 0)


def _homes(kind: Ints, targets: Targets, setting: Setting, demand: _Demand, place: Ints) -> None:
    """Divide the free lots of every piece between blocks of flats and small houses."""
    piece, area = setting.piece, _footprint(setting)
    free = kind == EMPTY
    lots_free = np.bincount(piece[free], minlength=len(area))
    small, flats = demand.small_m2, demand.flats_m2
    blocks, terraces = _blocks(demand, area), _terraces(demand, area)
    crowded = np.maximum(blocks + terraces, 1)
    fair = np.where(crowded > lots_free, np.floor(lots_free * blocks / crowded + 0.5), blocks)
    leave = ((terraces > 0) & (lots_free > 1)) | (small > flats)
    blocks = np.minimum(fair, np.maximum(lots_free - leave, 0))
    chosen = np.flatnonzero(free & ((small + flats)[piece] > 0))
    rank = _rank(piece[chosen], place[chosen].astype(float))
    kind[chosen] = np.where(rank < blocks[piece[chosen]], FLATS, SMALL)
    for number, name in ((SMALL, "small"), (FLATS, "flats")):
        _ensure(kind, number, setting.lots.owner, targets.floor[name])


def _per(targets: Targets, name: str) -> Floats:
    """Return the floor area of a resident of one kind of house."""
    people = targets.residents[name]
    return np.where(people > 0, targets.floor[name] / np.maximum(people, 1e-9), 0.0)


def _ensure(kind: Ints, number: int, owner: Ints, floor: Floats) -> None:
    """Give a lot to a kind that should be in a district but got none; an empty one, if there is."""
    there = np.bincount(owner[kind == number], minlength=len(floor)) > 0
    for district in np.flatnonzero((floor > 0) & ~there):
        own = np.flatnonzero(owner == district)
        often = np.bincount(kind[own] + 1, minlength=len(KINDS) + 1)
        most = EMPTY if often[0] else int(np.argmax(often)) - 1
        kind[own[kind[own] == most][0]] = number


def _floor(
    kind: Ints, targets: Targets, setting: Setting, demand: _Demand, rng: np.random.Generator
) -> Floats:
    """Return floor areas in proportion: homes follow the residents, workplaces the room."""
    lots, piece = setting.lots, setting.piece
    dense = _dense(demand, piece)
    floor = lots.width * np.minimum(lots.depth, 30.0)
    floor = floor * np.exp(0.25 * rng.standard_normal(len(lots)))
    for number, wanted in ((SMALL, demand.small_m2), (FLATS, demand.flats_m2)):
        own = kind == number
        sharing = np.bincount(piece[own], lots.width[own], minlength=len(wanted))
        part = wanted[piece] * lots.width / np.maximum(sharing[piece], 1e-9)
        floor = np.where(own, np.maximum(part, 1e-3), floor)
    return _scale(kind, floor, targets, lots, dense)


def _scale(kind: Ints, floor: Floats, targets: Targets, lots: Lots, dense: Floats) -> Floats:
    """Scale floor areas so that they add up to the targets, and fill lots no higher than usual.

    What is too much for a lot goes to the others of its kind in the district, by the room they have
    and the density they are in; only where all are full do they all grow.
    """
    owner = lots.owner
    storeys = np.array([MOST_STOREYS[name] for name in KINDS])[kind]
    room = (lots.width - 6) * np.minimum(lots.depth - 1, 30.0) * storeys
    scaled = np.zeros(len(floor))
    for number, name in enumerate(KINDS):
        own: Bools = kind == number
        wanted, who, most = targets.floor[name], owner[own], room[own]
        part = floor[own] * _ratio(wanted, who, floor[own])[who]
        for _ in range(SPILLS):
            part = np.minimum(part, most)
            missing = wanted - np.bincount(who, part, minlength=len(wanted))
            spill = (most - part) * dense[own]
            part = part + spill * np.maximum(_ratio(missing, who, spill), 0.0)[who]
        scaled[own] = part * _ratio(wanted, who, part)[who]
    return scaled


def _dense(demand: _Demand, piece: Ints) -> Floats:
    """Return how readily each lot takes what does not fit on others: by the homes around it."""
    return np.asarray(1.0 + demand.small_m2 + demand.flats_m2)[piece]


def _ratio(wanted: Floats, owner: Ints, values: Floats) -> Floats:
    """Return what is wanted in each district over what is there."""
    total = np.bincount(owner, values, minlength=len(wanted))
    return np.asarray(np.where(total > 0, wanted / np.where(total > 0, total, 1.0), 0.0))
