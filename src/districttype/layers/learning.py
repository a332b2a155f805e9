"""How use, storeys and year of completion are learnt from the buildings of which they are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.model_selection import GroupKFold

from districttype.layers.buildings import default_floors
from districttype.layers.schema import USES
from districttype.layers.seen import UNKNOWN, Bools, Codes, Plain, Seen, Traits
from districttype.layers.traits import Floats, Ints

# Rows to learn from and rows to ask about -> values of the latter (NaN or -1: no answer).
Guess = Callable[[Ints, Ints], NDArray[Any]]

SEED = 20240529
FOLDS = 5
TREES = 100
LEAST = 150  # buildings to learn from
LEAST_OF_USE = 5
LEAST_OF_FILLING = 20
LEAST_SHARE = 0.05  # fewer are the ones worth a tag, the tall ones, and say nothing of the rest
MOST = 10_000  # buildings learnt from: more make it slower, not better
SURE = 0.5  # a use less likely than this stays unknown
ASKED_TOGETHER = 50_000  # buildings: each of the trees' guesses for them are held at once


def _worth_learning(plain: Plain, known: Bools) -> Ints:
    """Return the rows to learn from, at most `MOST`; none where too few are known.

    They are drawn by lot, and the lot is told by the place: the same buildings are learnt from in
    whatever order they come.
    """
    rows = np.flatnonzero(known)
    if len(rows) < max(LEAST, LEAST_SHARE * len(known)):
        return rows[:0]
    order = np.lexsort((plain.footprint[rows], plain.lot[rows]))
    return rows[order[:MOST]]


def _unseen(seen: Seen, guess: Guess, known: Ints, values: NDArray[Any]) -> NDArray[Any] | None:
    """Return guesses for the known rows, each made without those of its own block.

    None where all stand in too few blocks to leave any out.
    """
    block = seen.blocks(known)
    folds = min(FOLDS, len(np.unique(block)))
    if folds < 2:
        return None
    made = np.empty(len(known), dtype=values.dtype)
    for learn, ask in GroupKFold(folds).split(known, groups=block):
        made[ask] = guess(known[learn], known[ask])
    return made


def _asked(
    seen: Seen, learn: Ints, told: Floats, ask: Ints, answer: Callable[[Traits], NDArray[Any]]
) -> NDArray[Any]:
    """Return answers for all that are asked about, a share of them at a time.

    `told` has the numbers of those learnt from, which neighbours look at.
    """
    shares = range(0, len(ask), ASKED_TOGETHER)
    some = (ask[first : first + ASKED_TOGETHER] for first in shares)
    return np.concatenate([answer(seen.of_rows(rows, learn, told)) for rows in some])


def uses(seen: Seen) -> tuple[Codes, dict[str, Any]]:
    """Fill uses that are at least half likely; the others stay unknown."""
    use = seen.plain.use
    known = use != UNKNOWN
    report: dict[str, Any] = {"known": int(known.sum()), "imputed": 0, "how": "not"}
    rows, ask = _worth_learning(seen.plain, known), np.flatnonzero(~known)
    if not len(rows) or not len(ask):
        return use, report

    def guess(learn: Ints, ask: Ints) -> NDArray[Any]:
        told = np.eye(len(USES))[use[learn]]
        model = ExtraTreesClassifier(TREES, min_samples_leaf=2, random_state=SEED)
        model.fit(seen.of_rows(learn, learn, told), use[learn])

        def likeliest(traits: Traits) -> Codes:
            shares = model.predict_proba(traits)
            return np.where(shares.max(axis=1) >= SURE, model.classes_[shares.argmax(axis=1)], -1)

        return _asked(seen, learn, told, ask, likeliest)

    held = _unseen(seen, guess, rows, use)
    if held is None or not (held >= 0).any():
        return use, report
    commonest = np.bincount(use[rows]).max() / len(rows)
    given = held >= 0
    report["tested"] = len(rows)
    report["accuracy"] = float((held == use[rows])[given].mean())
    report["accuracy_of_commonest"] = float(commonest)
    if report["accuracy"] < max(commonest, SURE):
        return use, report
    filled = use.copy()
    found = guess(rows, ask)
    filled[ask] = np.where(found >= 0, found, UNKNOWN)
    return filled, report | {"imputed": int((found >= 0).sum()), "how": "learnt"}


def floors(seen: Seen, use: Codes) -> tuple[Floats, dict[str, Any]]:
    """Fill all storeys: learnt where that helps, else the median of the use, else the table's."""
    stated = seen.plain.floors
    usual = default_floors()
    default = np.asarray([usual.get(name, 1.0) for name in USES])

    def by_use(learn: Ints, ask: Ints) -> Floats:
        return np.asarray(_medians(use, stated, learn, default)[use[ask]])

    def learnt(learn: Ints, ask: Ints) -> Floats:
        return np.maximum(np.round(_grown(seen, stated, learn, ask)), 1.0)

    filled, report = _better(seen, stated, learnt, by_use)
    ask = np.flatnonzero(np.isnan(stated))
    if report["how"] == "not" and len(ask):
        filled[ask] = by_use(np.flatnonzero(~np.isnan(stated)), ask)
        report |= {"imputed": len(ask), "how": "by use"}
    return filled, report


def years(seen: Seen, use: Codes) -> tuple[Floats, dict[str, Any]]:
    """Fill years where learning does better than the median year of the use; else leave them."""
    stated = seen.plain.year

    def by_use(learn: Ints, ask: Ints) -> Floats:
        middle = np.full(len(USES), np.median(stated[learn]))
        return np.asarray(_medians(use, stated, learn, middle)[use[ask]])

    def learnt(learn: Ints, ask: Ints) -> Floats:
        return np.round(_grown(seen, stated, learn, ask))

    return _better(seen, stated, learnt, by_use)


def _better(
    seen: Seen, values: Floats, learnt: Guess, by_use: Guess
) -> tuple[Floats, dict[str, Any]]:
    """Fill values by learning if that errs less than `by_use` on blocks not seen."""
    known = ~np.isnan(values)
    report: dict[str, Any] = {"known": int(known.sum()), "imputed": 0, "how": "not"}
    rows, ask = _worth_learning(seen.plain, known), np.flatnonzero(~known)
    filled = values.copy()
    if not len(rows) or not len(ask):
        return filled, report
    held, plain = (_unseen(seen, guess, rows, values) for guess in (learnt, by_use))
    if held is None or plain is None:
        return filled, report
    report["tested"] = len(rows)
    report["mae"] = float(np.abs(held - values[rows]).mean())
    report["mean"] = float(values[rows].mean())
    report["mae_by_use"] = float(np.abs(plain - values[rows]).mean())
    if report["mae"] < report["mae_by_use"]:
        filled[ask] = learnt(rows, ask)
        report |= {"imputed": len(ask), "how": "learnt"}
    return filled, report


def _grown(seen: Seen, values: Floats, learn: Ints, ask: Ints) -> Floats:
    """Return the median of what many trees guess: a few towers do not pull it up.

    On held-out blocks of a real register it erred less than the trees' mean, than random forests
    and than boosted trees.
    """
    told = values[learn][:, None]
    model = ExtraTreesRegressor(TREES, min_samples_leaf=3, max_features=0.5, random_state=SEED)
    model.fit(seen.of_rows(learn, learn, told), values[learn])

    def middle(traits: Traits) -> Floats:
        return np.asarray(np.median([tree.predict(traits) for tree in model.estimators_], axis=0))

    return _asked(seen, learn, told, ask, middle)


def filling(plain: Plain, use: Codes) -> tuple[Floats, dict[str, Any]]:
    """Return for each use the share of footprint times storeys that is floor area."""
    box = plain.footprint * plain.floors
    stated = plain.observed & (plain.floor_area > 0) & (box > 0)
    if stated.sum() < LEAST:
        return np.ones(len(USES)), {"known": int(stated.sum()), "share": 1.0}
    kind, area, box = use[stated], plain.floor_area[stated], box[stated]
    often = np.bincount(kind, minlength=len(USES)) >= LEAST_OF_FILLING
    of_use = _sums(kind, area)[often] / _sums(kind, box)[often]
    middle = float(np.median(of_use) if often.any() else area.sum() / box.sum())
    share = np.full(len(USES), middle)
    share[often] = of_use
    report = {"known": int(stated.sum()), "share": round(min(middle, 1.0), 3)}
    return np.minimum(share, 1.0), report


def _sums(use: Codes, sizes: Floats) -> Floats:
    return np.asarray(np.bincount(use, sizes, minlength=len(USES)))


def _medians(use: Codes, values: Floats, learn: Ints, default: Floats) -> Floats:
    """Return the median by use, or the default where too few of the use are known."""
    of_use = np.bincount(use, minlength=len(USES))
    medians = default.copy()
    for kind in np.unique(use[learn]):
        rows = learn[use[learn] == kind]
        if len(rows) >= max(LEAST_OF_USE, LEAST_SHARE * of_use[kind]):
            medians[kind] = np.median(values[rows])
    return medians
