"""Buildings: boxes on lots, with storeys, floor area, dwellings and use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from districttype.sources.figures.frontage import Lots, Setting
from districttype.sources.figures.plots import EMPTY, FLATS, KINDS, SMALL, Plots
from districttype.sources.figures.shapes import Bools, Floats, Ints, before
from districttype.sources.figures.targets import Targets

# Per kind: deepest building (m), proportion of width to depth, most storeys before it gets deeper.
FORM: Final = {
    "small": (12.0, 1.3, 2), "flats": (14.0, 4.0, 10), "retail": (45.0, 1.6, 3),
    "office": (22.0, 2.5, 8), "education": (26.0, 2.0, 4), "health": (24.0, 2.0, 5),
    "public": (24.0, 2.0, 4), "industrial": (45.0, 1.6, 2),
}  # fmt: skip
STOREYS: Final = {
    "retail": 1.0, "office": 4.0, "education": 2.0, "health": 3.0, "public": 2.0, "industrial": 1.0,
}  # fmt: skip
TWO_STOREYS = 0.55  # of small houses
FRONT_M = 19.0  # a detached house's share of the street
ROW_FRONT_M = 24.0
ROW_HOMES = 6
GAP_M = {"small": 3.0, "other": 6.0}


@dataclass(frozen=True)
class Houses:
    """Buildings, sorted by district.

    Attributes
    ----------
    ground
        What each of the b buildings covers, as a lot within its lot.
    kind
        (b,) number in KINDS.
    row
        (b,) whether a small house is a row of dwellings.
    storeys, floor_m2
        (b,) floor area is footprint times storeys.
    homes
        (b,) dwellings.
    fresh
        (b,) whether it came after the stock's year.
    piece
        (b,) piece in which the building's middle lies.
    """

    ground: Lots
    kind: Ints
    row: Bools
    storeys: Floats
    floor_m2: Floats
    homes: Ints
    fresh: Bools
    piece: Ints

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def owner(self) -> Ints:
        """Return the district of each building."""
        return self.ground.owner


def build(targets: Targets, setting: Setting, plots: Plots, rng: np.random.Generator) -> Houses:
    """Put buildings on their lots.

    Small houses are detached where there is frontage for each dwelling, else rows; all others are
    one building a lot. A building that does not fit grows upwards, and from its usual most storeys
    on inwards. The floor area of every kind adds up to the targets in every district.
    """
    lots = setting.lots
    small = plots.kind == SMALL
    rows = small & (plots.homes > np.maximum(np.floor(lots.width / FRONT_M), 1))
    in_rows = np.clip(
        np.ceil(plots.homes / ROW_HOMES), 1, np.maximum(np.floor(lots.width / ROW_FRONT_M), 1)
    )
    count = np.where(plots.kind == EMPTY, 0, 1)
    count = np.where(small, np.where(rows, in_rows, plots.homes), count).astype(np.int64)
    lot = np.repeat(np.arange(len(lots)), count)
    step = np.arange(len(lot)) - np.repeat(np.cumsum(count) - count, count)
    kind, owner = plots.kind[lot], lots.owner[lot]
    homes = (step + 1) * plots.homes[lot] // count[lot] - step * plots.homes[lot] // count[lot]
    part = np.maximum(homes, 1) * np.exp(0.2 * rng.standard_normal(len(lot)))
    whole = np.bincount(lot, part, minlength=len(lots))
    floor = _exact(kind, plots.floor_m2[lot] * part / whole[lot], owner, targets)
    slot = lots.width[lot] / count[lot]
    storeys = np.array([STOREYS.get(name, 1.0) for name in KINDS])[kind]
    storeys = np.where(kind == FLATS, plots.storeys[lot], storeys)
    storeys = np.where(kind == SMALL, 1.0 + (rng.random(len(lot)) < TWO_STOREYS), storeys)
    storeys, width, depth = _form(kind, floor, slot, lots.depth[lot], storeys)
    left = (step + 0.5) * slot - width / 2
    back = (lots.depth[lot] - depth) * 0.3 * rng.random(len(lot))
    along, inward = lots.along[lot], lots.inward[lot]
    start = lots.start[lot] + along * left[:, None] + inward * back[:, None]
    ground = Lots(start, along, inward, width, depth, owner)
    piece = setting.pieces.locate(ground.middle, owner)
    key = setting.pull[piece] + rng.standard_normal(len(lot))
    fresh = _fresh(kind, floor, owner, key, targets)
    return Houses(ground, kind, rows[lot], storeys, floor, homes, fresh, piece)


def _exact(kind: Ints, floor: Floats, owner: Ints, targets: Targets) -> Floats:
    group = owner * len(KINDS) + kind
    wanted = np.column_stack([targets.floor[name] for name in KINDS]).ravel()
    total = np.bincount(group, floor, minlength=len(wanted))
    return np.asarray(floor * (wanted / np.where(total > 0, total, 1.0))[group])


def _form(
    kind: Ints, floor: Floats, slot: Floats, room: Floats, storeys: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return storeys, width and depth so that width x depth x storeys is the floor area."""
    deepest, proportion, most = (
        np.array([FORM[name][i] for name in KINDS], dtype=float)[kind] for i in range(3)
    )
    gap = np.where(kind == SMALL, GAP_M["small"], GAP_M["other"])
    widest, inward = slot - gap, room - 1.0
    usual_depth = np.minimum(inward, deepest)
    needed = np.ceil(floor / (widest * usual_depth))
    depth_limit = np.where(needed > most, inward, usual_depth)
    storeys = np.maximum(storeys, np.ceil(floor / (widest * depth_limit)))
    footprint = floor / storeys
    width = np.clip(np.sqrt(footprint * proportion), footprint / depth_limit, widest)
    return storeys, width, footprint / width


def _fresh(kind: Ints, floor: Floats, owner: Ints, key: Floats, targets: Targets) -> Bools:
    """Say which homes came after the stock's year: their published floor area, best places first.

    The last one is taken if that brings the sum nearer.
    """
    fresh = np.zeros(len(kind), dtype=bool)
    for number, name in ((SMALL, "small"), (FLATS, "flats")):
        own = np.flatnonzero(kind == number)
        own = own[np.lexsort([-key[own], owner[own]])]
        wanted = (targets.fresh[name] * targets.floor[name])[owner[own]]
        fresh[own] = before(floor[own], owner[own]) + floor[own] / 2 < wanted
    return fresh
