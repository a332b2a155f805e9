"""Surfaces with published shares: land cover, land use, ground, groundwater, transit zones.

Only the shares are known, so that places are chosen by rule: what is built and paved lies where
most floor area is, forest and fields where least is, and so on. The shares are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from districttype.sources.figures.houses import Houses
from districttype.sources.figures.plots import KINDS
from districttype.sources.figures.shapes import (
    Bools,
    Floats,
    Ints,
    Pieces,
    Shapes,
    before,
    carve,
    dissolve,
)
from districttype.sources.figures.tables import COVERS, GROUNDS, TRANSIT, Figures

USES: Final = {
    "small": "housing", "flats": "housing", "retail": "retail", "office": "offices",
    "education": "education", "health": "health", "public": "public", "industrial": "industry",
}  # fmt: skip
UNBUILT: Final = "forest"
OTHER: Final = "other"
ROUNDING = 0.02  # of published shares together
MINGLING = 0.6  # how far classes of land cover mix, in deviations of liveliness


@dataclass(frozen=True)
class Surface:
    """Polygons with a class and a district each, sorted by both."""

    shapes: Shapes
    owner: Ints
    label: list[str]


def floor_by_use(houses: Houses, atoms: Pieces, middle: Floats) -> Floats:
    """Return the floor area of every kind of building in every atom, (m, kinds)."""
    atom = atoms.locate(middle, houses.owner)
    inside = atom >= 0
    flat = atom[inside] * len(KINDS) + houses.kind[inside]
    total = np.bincount(flat, houses.floor_m2[inside], minlength=len(atoms) * len(KINDS))
    return np.asarray(total.reshape(len(atoms), len(KINDS)))


def land_cover(figures: Figures, atoms: Pieces, lively: Floats, noise: Floats) -> Surface | None:
    """Return land cover: built and paved where most floor area is, trees where least is."""
    if not figures.has(*(f"cover_{name}" for name in COVERS)):
        return None
    shares = _but_for_rounding([figures.number(f"cover_{name}") for name in COVERS])
    order = -lively - MINGLING * noise
    return _surface(atoms, *carve(atoms, order, shares), (*COVERS, "unknown"))


def land_use(
    figures: Figures, atoms: Pieces, floor: Floats, lively: Floats, noise: Floats
) -> Surface:
    """Return land use: protected land and fields far from houses, else what most floor area is.

    Land without buildings is forest as far as the share of trees goes (all of it where that is not
    known), and other land for the rest.
    """
    empty = floor.sum(axis=1) <= 0
    shares = np.column_stack([figures.number("protected_share"), figures.number("cover_field")])
    shares[:, 1] = np.minimum(np.nan_to_num(shares[:, 1]), 1 - np.nan_to_num(shares[:, 0]))
    shapes, atom, label = carve(atoms, lively + 0.3 * noise - 10.0 * empty, shares)
    uses = list(dict.fromkeys(USES.values()))
    names = ["nature_reserve", "farmland", *uses, UNBUILT, OTHER]
    column = np.array([names.index(USES[kind]) for kind in KINDS])
    built = column[np.argmax(floor, axis=1)]
    wooded = _woods(figures, atoms, empty, lively)
    bare = np.where(wooded, names.index(UNBUILT), names.index(OTHER))
    rest = np.where(empty, bare, built)[atom]
    return _surface(atoms, shapes, atom, np.where(label == 2, rest, label), tuple(names))


def _woods(figures: Figures, atoms: Pieces, empty: Bools, lively: Floats) -> Bools:
    """Say which atoms are woods: empty ones, liveliest last, up to the share of trees."""
    trees = figures.number("cover_trees")
    n = len(figures)
    wanted = np.where(np.isnan(trees), 1.0, trees) * atoms.sums(atoms.area, n)
    order = np.lexsort([lively, ~empty, atoms.owner])
    owner = atoms.owner[order]
    area = atoms.area[order]
    wooded = np.zeros(len(atoms), dtype=bool)
    wooded[order] = before(area, owner) + area <= wanted[owner]
    return np.asarray(wooded & empty)


def ground(figures: Figures, atoms: Pieces, noise: Floats) -> Surface | None:
    """Return the ground of the districts whose figures tell of it; the rest of them is unknown."""
    names = [name for name in GROUNDS if figures.has(f"ground_{name}")]
    if not names:
        return None
    shares = np.column_stack([figures.number(f"ground_{name}") for name in names])
    told = ~np.isnan(shares).any(axis=1)
    shapes, atom, label = carve(atoms, noise, shares)
    keep = told[atoms.owner[atom]]
    return _surface(atoms, shapes[keep], atom[keep], label[keep], (*names, "unknown"))


def groundwater(figures: Figures, atoms: Pieces, centres: Floats) -> Surface | None:
    """Return groundwater areas, each near the next district that has one too."""
    if not figures.has("groundwater_area_share"):
        return None
    share = np.nan_to_num(figures.number("groundwater_area_share"))
    having = np.flatnonzero(share > 0)
    towards = centres.copy()
    if len(having) > 1:
        towards[having] = centres[having][
            cKDTree(centres[having]).query(centres[having], k=2)[1][:, 1]
        ]
    order = np.hypot(*(atoms.xy - towards[atoms.owner]).T)
    shapes, atom, label = carve(atoms, order, share[:, None])
    keep = label == 0
    return _surface(atoms, shapes[keep], atom[keep], label[keep], ("groundwater_area",))


def transit_zones(figures: Figures, atoms: Pieces, pull: Floats) -> Surface | None:
    """Return the zones of the urban structure, the walking zone where the pull is strongest."""
    if not figures.has(*(f"transit_{name}" for name in TRANSIT)):
        return None
    shares = _but_for_rounding([figures.number(f"transit_{name}") for name in TRANSIT])
    return _surface(atoms, *carve(atoms, -pull, shares), (*TRANSIT, "unknown"))


def _but_for_rounding(columns: list[Floats]) -> Floats:
    """Let shares be a whole that are one but for rounding; where more is lacking, it is unknown."""
    shares = np.column_stack(columns)
    total = shares.sum(axis=1, keepdims=True)
    rounded = np.abs(total - 1.0) <= ROUNDING
    return np.asarray(shares / np.where(rounded, total, np.maximum(total, 1.0)))


def _surface(
    atoms: Pieces, shapes: Shapes, atom: Ints, label: Ints, names: tuple[str, ...]
) -> Surface:
    merged, owner, which = dissolve(atoms, shapes, atom, label)
    return Surface(merged, owner, [names[one] for one in which])
