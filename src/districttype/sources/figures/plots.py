"""Which lot is used for what: workplaces, blocks of flats, small houses.

First every piece of 250 m gets a programme, floor area by kind, that follows from the figures and
from where the piece lies. Then its lots are divided among the kinds, as seats are among parties,
and carry the programme. Nothing in this is left to chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from districttype.sources.figures.frontage import Lots, Setting
from districttype.sources.figures.shapes import Bools, Floats, Ints, Pieces, apportion, before
from districttype.sources.figures.targets import WORKPLACES, Targets

KINDS: Final = ("small", "flats", *WORKPLACES)
SMALL, FLATS = 0, 1
EMPTY: Final = -1

# Floor area that one lot usually carries (m2); for homes it follows from the lots' size.
TYPICAL_M2: Final = {
    "retail": 1200.0, "office": 2100.0, "education": 1800.0, "health": 1200.0, "public": 1200.0,
    "industrial": 1500.0,
}  # fmt: skip
# Floor area of one kind (m2) that a hectare of land usually carries where that kind gathers.
GATHERS_M2: Final = {
    "retail": 1200.0, "office": 1800.0, "education": 900.0, "health": 600.0, "public": 900.0,
    "industrial": 1200.0,
}  # fmt: skip
# How much each kind of workplace seeks lively places, and keeps away from homes.
SEEKS: Final = {
    "retail": (1.0, 0.0), "office": (1.0, 0.0), "education": (1.0, 0.0), "health": (1.0, 0.0),
    "public": (1.0, 0.0), "industrial": (0.2, 10.0),
}  # fmt: skip
MOST_STOREYS: Final = {
    "small": 2.5, "flats": 14.0, "retail": 4.0, "office": 12.0, "education": 4.0, "health": 6.0,
    "public": 4.0, "industrial": 2.0,
}  # fmt: skip
SMALL_FILL = 0.8  # floor area of small houses over the largest usual footprint
LEAST_M2 = 60.0  # less of a kind than this in a piece is not built there
LEAST_HA = 0.5  # scraps of cells beside borders carry no workplaces
HOMES_A_LOT = 2.0  # small houses spread over free lots until there are so few on each
SPILLS = 6
FULL = 1.25  # room over floor area from which a kind has lots enough in its district


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
        (k,) usual number of storeys of flats there.
    """

    kind: Ints
    floor_m2: Floats
    homes: Ints
    storeys: Floats


def assign(targets: Targets, setting: Setting, settled: Floats) -> Plots:
    """Give every kind of building its lots, and every lot its floor area.

    Parameters
    ----------
    targets
        Sums to meet in every district.
    setting
        Pieces and lots.
    settled
        (m,) residents that each piece should have.
    """
    lots, piece = setting.lots, setting.piece
    wanted = programme(targets, setting, settled)
    storeys = np.clip(np.rint(2.0 + settled / setting.pieces.area * 250.0), 3, 8)
    seats = _seats(_need(wanted, setting, storeys), setting)
    kind = _seated(seats, setting)
    for number, name in enumerate(KINDS):
        _ensure(kind, number, lots.owner, targets.floor[name])
        _relieve(kind, number, targets.floor[name], setting)
    _spread_out(kind, wanted[:, SMALL], targets, setting)
    floor = _floor(kind, wanted, targets, setting)
    homes = np.zeros(len(lots), dtype=np.int64)
    for number, name in ((SMALL, "small"), (FLATS, "flats")):
        weight = np.where(kind == number, floor, 0.0)
        homes += apportion(targets.homes[name].astype(np.int64), lots.owner, weight)
    # A small house without a dwelling is none: its floor area goes to those that have one.
    none = (kind == SMALL) & (homes == 0)
    kind[none] = EMPTY
    floor = np.where(kind == SMALL, homes, floor)
    floor = _scale(kind, floor, targets, lots, wanted[:, :2].sum(axis=1)[piece])
    return Plots(kind, floor, homes, storeys[piece])


def programme(targets: Targets, setting: Setting, settled: Floats) -> Floats:
    """Return the floor area (m2) of every kind that every piece should carry, (m, kinds).

    Homes follow the residents. Workplaces fill the pieces they like best, each up to what usually
    gathers on a hectare; where a district has too many for that, all get more.
    """
    pieces, pull = setting.pieces, setting.pull
    owner, n = pieces.owner, len(targets.jobs["anywhere"])
    share = small_share(settled / pieces.area * 1e4, settled, pieces, targets)
    wanted = np.zeros((len(pieces), len(KINDS)))
    wanted[:, SMALL] = settled * share * _per(targets, "small")[owner]
    wanted[:, FLATS] = settled * (1 - share) * _per(targets, "flats")[owner]
    served = np.bincount(setting.piece, minlength=len(pieces)) > 0
    usable = served & (pieces.area >= LEAST_HA * 1e4)
    usable |= served & (pieces.sums(usable.astype(float), n) == 0)[owner]
    for number, use in enumerate(WORKPLACES, start=2):
        lively, shy = SEEKS[use]
        room = np.where(usable, pieces.area / 1e4 * GATHERS_M2[use], 0.0)
        room *= np.maximum(targets.floor[use] / np.maximum(pieces.sums(room, n), 1e-9), 1.0)[owner]
        order = np.lexsort([-lively * pull + shy * (settled > 0), owner])
        left = targets.floor[use][owner[order]] - before(room[order], owner[order])
        wanted[order, number] = np.clip(left, 0.0, room[order])
    return wanted


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


def _per(targets: Targets, name: str) -> Floats:
    """Return the floor area of a resident of one kind of house."""
    people = targets.residents[name]
    return np.where(people > 0, targets.floor[name] / np.maximum(people, 1e-9), 0.0)


def _need(wanted: Floats, setting: Setting, storeys: Floats) -> Floats:
    """Return how many lots each kind would usually take in each piece, (m, kinds)."""
    lots, count = setting.lots, len(wanted)
    usual = (lots.width - 6) * np.minimum(lots.depth - 1, 14.0)
    number = np.maximum(np.bincount(setting.piece, minlength=count), 1)
    footprint = np.bincount(setting.piece, usual, minlength=count) / number
    carries = np.empty_like(wanted)
    carries[:, SMALL] = footprint * SMALL_FILL
    carries[:, FLATS] = footprint * storeys
    carries[:, 2:] = [TYPICAL_M2[use] for use in WORKPLACES]
    need = np.where(carries > 0, wanted / np.where(carries > 0, carries, 1.0), 0.0)
    return np.where(wanted >= LEAST_M2, need, 0.0)


def _seats(need: Floats, setting: Setting) -> Ints:
    """Divide the lots of every piece among the kinds by the highest averages, (m, kinds).

    No kind gets more lots than it needs.
    """
    per_piece = np.bincount(setting.piece, minlength=len(need))
    seats = np.zeros(need.shape, dtype=np.int64)
    rows = np.arange(len(need))
    for _ in range(int(per_piece.max(initial=0))):
        average = np.where(seats < np.ceil(need), (need + 0.5 * (seats == 0)) / (seats + 0.5), 0.0)
        best = np.argmax(average, axis=1)
        given = (average[rows, best] > 0) & (seats.sum(axis=1) < per_piece)
        if not given.any():
            break
        seats[rows[given], best[given]] += 1
    return seats


def _seated(seats: Ints, setting: Setting) -> Ints:
    """Give the lots of every piece to its kinds: deepest to workplaces, then flats, then houses."""
    order = np.array([*range(len(KINDS) - 1, FLATS, -1), FLATS, SMALL])
    ends = np.cumsum(seats[:, order], axis=1)
    rank = _rank(setting.piece, -setting.lots.depth)
    which = (rank[:, None] >= ends[setting.piece]).sum(axis=1)
    return np.asarray(np.append(order, EMPTY)[which])


def _rank(group: Ints, key: Floats) -> Ints:
    """Return the position of each member in its group when sorted by a key, from 0."""
    order = np.lexsort([key, group])
    ones = np.ones(len(group))
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = before(ones, group[order]).astype(np.int64)
    return rank


def _ensure(kind: Ints, number: int, owner: Ints, floor: Floats) -> None:
    """Give a lot to a kind that should be in a district but got none; an empty one, if there is."""
    there = np.bincount(owner[kind == number], minlength=len(floor)) > 0
    for district in np.flatnonzero((floor > 0) & ~there):
        own = np.flatnonzero(owner == district)
        often = np.bincount(kind[own] + 1, minlength=len(KINDS) + 1)
        most = EMPTY if often[0] else int(np.argmax(often)) - 1
        kind[own[kind[own] == most][0]] = number


def _relieve(kind: Ints, number: int, floor: Floats, setting: Setting) -> None:
    """Give empty lots to a kind that would have to build higher than usual, liveliest first."""
    lots = setting.lots
    room = _room(np.full(len(lots), number), lots)
    own = kind == number
    there = np.bincount(lots.owner[own], room[own], minlength=len(floor))
    free = np.flatnonzero(kind == EMPTY)
    free = free[np.lexsort([-setting.pull[setting.piece[free]], lots.owner[free]])]
    short = (FULL * floor - there)[lots.owner[free]]
    kind[free[before(room[free], lots.owner[free]) < short]] = number


def _spread_out(kind: Ints, wanted: Floats, targets: Targets, setting: Setting) -> None:
    """Let small houses have the empty lots of their pieces, until few stand on each."""
    pieces, piece = setting.pieces, setting.piece
    homes = targets.homes["small"] / np.maximum(targets.floor["small"], 1.0)
    lots = np.bincount(piece[kind == SMALL], minlength=len(pieces))
    more = np.ceil(wanted * homes[pieces.owner] / HOMES_A_LOT) - lots
    free = np.flatnonzero((kind == EMPTY) & (lots > 0)[piece])
    kind[free[_rank(piece[free], free.astype(float)) < more[piece[free]]]] = SMALL


def _room(kind: Ints, lots: Lots) -> Floats:
    """Return the floor area that each lot holds at the usual most storeys of its kind."""
    storeys = np.array([MOST_STOREYS[name] for name in KINDS])[kind]
    return np.asarray((lots.width - 6) * np.minimum(lots.depth - 1, 30.0) * storeys)


def _floor(kind: Ints, wanted: Floats, targets: Targets, setting: Setting) -> Floats:
    """Return floor areas: the programme of each piece, over its lots by their size."""
    lots, piece = setting.lots, setting.piece
    size = lots.width * np.minimum(lots.depth, 30.0)
    floor = np.zeros(len(lots))
    for number in range(len(KINDS)):
        own = kind == number
        sharing = np.bincount(piece[own], size[own], minlength=len(wanted))
        part = wanted[piece[own], number] * size[own] / sharing[piece[own]]
        floor[own] = np.maximum(part, LEAST_M2 / 2)
    return _scale(kind, floor, targets, lots, wanted[:, :2].sum(axis=1)[piece])


def _scale(kind: Ints, floor: Floats, targets: Targets, lots: Lots, homes: Floats) -> Floats:
    """Scale floor areas so that they add up to the targets, and fill lots no higher than usual.

    What is too much for a lot goes to the others of its kind in the district, by the room they have
    and the homes around them; only where all are full do they all grow.
    """
    owner = lots.owner
    room = _room(kind, lots)
    scaled = np.zeros(len(floor))
    for number, name in enumerate(KINDS):
        own: Bools = kind == number
        wanted, who, most = targets.floor[name], owner[own], room[own]
        part = floor[own] * _ratio(wanted, who, floor[own])[who]
        for _ in range(SPILLS):
            part = np.minimum(part, most)
            missing = wanted - np.bincount(who, part, minlength=len(wanted))
            spill = (most - part) * (1.0 + homes[own])
            part = part + spill * np.maximum(_ratio(missing, who, spill), 0.0)[who]
        scaled[own] = part * _ratio(wanted, who, part)[who]
    return scaled


def _ratio(wanted: Floats, owner: Ints, values: Floats) -> Floats:
    """Return what is wanted in each district over what is there."""
    total = np.bincount(owner, values, minlength=len(wanted))
    return np.asarray(np.where(total > 0, wanted / np.where(total > 0, total, 1.0), 0.0))
