"""What is not known of a building, learnt from the buildings that have it, and marked as guessed.

Use, storeys and year of completion are learnt in this order from form, neighbours, land use and
place (`traits`), each from buildings of the same layer only. How far off the guesses are is tested
on whole blocks of the city that were not learnt from. Where too few buildings are known, or
learning does no better than the median of the buildings of the same use, that median stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.model_selection import GroupKFold

from districttype.layers.buildings import default_floors
from districttype.layers.schema import USES
from districttype.layers.traits import Bools, Floats, form, setting, told_by_neighbours

Ints = NDArray[np.int64]
# Rows to learn from and rows to ask about -> values of the latter (NaN or -1: no answer).
Guess = Callable[[Ints, Ints], NDArray[Any]]

SEED = 20240529
BLOCK = 500.0  # m: side of the blocks that are left out together
FOLDS = 5
TREES = 100
LEAST = 150  # buildings to learn from
LEAST_OF_USE = 5
LEAST_OF_FILLING = 20
LEAST_SHARE = 0.05  # fewer are the ones worth a tag, the tall ones, and say nothing of the rest
MOST = 10_000  # buildings learnt from: more make it slower, not better
SURE = 0.5  # a use less likely than this stays unknown
UNKNOWN = USES.index("unknown")


def impute_buildings(
    buildings: gpd.GeoDataFrame, land_use: gpd.GeoDataFrame | None = None
) -> tuple[gpd.GeoDataFrame, dict[str, Any]]:
    """Fill use, storeys and year where they are missing, and the floor area that follows.

    What is stated is never changed. What is filled is marked `imputed`; a floor area that rests on
    guessed storeys, too. Floor area is less than footprint times storeys, because not every part of
    a building has all its storeys: where enough buildings state both, the share that is filled is
    learnt by use, and holds for derived floor areas as well. A use that is not at least half likely
    stays unknown. A year is filled only where learning helps, for the demand of heat; it is no
    evidence of age.

    Parameters
    ----------
    buildings
        The layer `buildings`, its origins stated.
    land_use
        The layer `land_use`, where there is one.

    Returns
    -------
    buildings, report
        The same rows; and per column (use, floors, year) how many were `known` and `imputed` and
        `how` (`learnt`, `by use`, `not`), the error on `tested` buildings of blocks not seen
        (`mae` in storeys or years, of which the `mean` is stated; `accuracy` of the uses given),
        and `mae_by_use` or
        `accuracy_of_commonest`: what is had without learning. `filling` is the share of footprint
        times storeys that is floor area.
    """
    table = buildings.copy()
    known = {
        "use": table["use"].ne("unknown").to_numpy(dtype=bool),
        "floors": table["floors"].notna().to_numpy(dtype=bool),
        "year": table["year_built"].notna().to_numpy(dtype=bool),
    }
    lacking = [name for name in known if not known[name].all()]
    report: dict[str, Any] = {"buildings": len(table)}
    if lacking:
        seen = _Seen.of(table, land_use)
        use = pd.Categorical(table["use"], categories=USES).codes.astype(np.int64)
        use, report["use"] = _uses(seen, use, known["use"])
        table["use"] = _texts(np.asarray(USES, dtype=object)[use], table)
        seen.traits["use"] = use
        floors = table["floors"].to_numpy(dtype=float)
        table["floors"], report["floors"] = _floors(seen, floors, known["floors"])
        years = table["year_built"].to_numpy(dtype=float)
        table["year_built"], report["year"] = _years(seen, years, known["year"])
    for column, origin, was in (
        ("use", "use_origin", known["use"]),
        ("floors", "floors_origin", known["floors"]),
        ("year_built", "year_built_origin", known["year"]),
    ):
        now = table["use"].ne("unknown") if column == "use" else table[column].notna()
        table.loc[now.to_numpy(dtype=bool) & ~was, origin] = "imputed"
    ratio, report["filling"] = _filling(table)
    by_storeys = table.area.to_numpy() * table["floors"].to_numpy(dtype=float) * ratio
    area = table["floor_area_m2"].to_numpy(dtype=float)
    origin = table["floor_area_m2_origin"].to_numpy(dtype=object)
    guessed = np.isnan(area)
    table["floor_area_m2"] = np.where(guessed | (origin == "derived"), by_storeys, area)
    table["floor_area_m2_origin"] = _texts(np.where(guessed, "imputed", origin), table)
    return table, report


def _texts(values: NDArray[Any], table: pd.DataFrame) -> pd.Series:
    """Return a column of plain objects, which pandas would otherwise make strings of its own."""
    return pd.Series(values, index=table.index, dtype=object)


@dataclass(frozen=True)
class _Seen:
    """What is seen of all buildings.

    Attributes
    ----------
    traits
        One row a building.
    xy
        (n, 2) centroids.
    block
        Number of the block each stands in.
    """

    traits: pd.DataFrame
    xy: Floats
    block: Ints

    @classmethod
    def of(cls, table: gpd.GeoDataFrame, land_use: gpd.GeoDataFrame | None) -> _Seen:
        shapes = table.geometry.to_numpy()
        traits = pd.concat([form(shapes), setting(shapes, land_use)], axis=1)
        for name in ("height_m", "dwellings"):  # a provider may not have them
            told = table[name] if name in table else pd.Series(np.nan, index=table.index)
            traits[name] = pd.to_numeric(told, errors="coerce").to_numpy(dtype=float)
        xy = shapely.get_coordinates(shapely.centroid(shapes))
        square = np.floor(xy / BLOCK).astype(np.int64)
        block = np.unique(square, axis=0, return_inverse=True)[1].reshape(-1)
        return cls(traits, xy, block)

    def with_told(self, values: Floats, known: Ints) -> Floats:
        """Return the traits, and what the nearest known buildings say."""
        may = np.zeros(len(self.xy), dtype=bool)
        may[known] = True
        told = told_by_neighbours(self.xy, values, may)
        return np.column_stack([self.traits.to_numpy(dtype=float), told.to_numpy(dtype=float)])

    def unseen(self, guess: Guess, known: Ints, values: NDArray[Any]) -> NDArray[Any] | None:
        """Return guesses for the known rows, each made without those of its own block.

        None where all stand in too few blocks to leave any out.
        """
        folds = min(FOLDS, len(np.unique(self.block[known])))
        if folds < 2:
            return None
        made = np.empty(len(known), dtype=values.dtype)
        for learn, ask in GroupKFold(folds).split(known, groups=self.block[known]):
            made[ask] = guess(known[learn], known[ask])
        return made


def _worth_learning(known: Bools) -> Ints:
    """Return the rows to learn from, at most `MOST`; none where too few are known."""
    rows = np.flatnonzero(known)
    if len(rows) < max(LEAST, LEAST_SHARE * len(known)):
        return rows[:0]
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, MOST, replace=False))
    return rows


def _uses(seen: _Seen, use: Ints, known: Bools) -> tuple[Ints, dict[str, Any]]:
    """Fill uses that are at least half likely; the others stay unknown."""
    report: dict[str, Any] = {"known": int(known.sum()), "imputed": 0, "how": "not"}
    rows, ask = _worth_learning(known), np.flatnonzero(~known)
    if not len(rows) or not len(ask):
        return use, report
    kinds = np.eye(len(USES))[use]

    def guess(learn: Ints, ask: Ints) -> Ints:
        traits = _numbers(seen.with_told(kinds, learn))
        model = ExtraTreesClassifier(TREES, min_samples_leaf=2, random_state=SEED)
        shares = model.fit(traits[learn], use[learn]).predict_proba(traits[ask])
        best = shares.argmax(axis=1)
        sure = shares[np.arange(len(ask)), best] >= SURE
        return np.where(sure, model.classes_[best], -1)

    held = seen.unseen(guess, rows, use)
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


def _floors(seen: _Seen, floors: Floats, known: Bools) -> tuple[Floats, dict[str, Any]]:
    """Fill all storeys: learnt where that helps, else the median of the use, else the table's."""
    use = seen.traits["use"].to_numpy()
    usual = default_floors()
    default = np.asarray([usual.get(name, 1.0) for name in USES])

    def by_use(learn: Ints, ask: Ints) -> Floats:
        return np.asarray(_medians(use, floors, learn, default)[use[ask]])

    def learnt(learn: Ints, ask: Ints) -> Floats:
        return np.maximum(np.round(_grown(seen, floors, learn, ask)), 1.0)

    filled, report = _better(seen, floors, known, learnt, by_use)
    ask = np.flatnonzero(~known)
    if report["how"] == "not" and len(ask):
        filled[ask] = by_use(np.flatnonzero(known), ask)
        report |= {"imputed": len(ask), "how": "by use"}
    return filled, report


def _years(seen: _Seen, years: Floats, known: Bools) -> tuple[Floats, dict[str, Any]]:
    """Fill years where learning does better than the median year of the use; else leave them."""
    use = seen.traits["use"].to_numpy()

    def by_use(learn: Ints, ask: Ints) -> Floats:
        middle = np.full(len(USES), np.median(years[learn]))
        return np.asarray(_medians(use, years, learn, middle)[use[ask]])

    def learnt(learn: Ints, ask: Ints) -> Floats:
        return np.round(_grown(seen, years, learn, ask))

    return _better(seen, years, known, learnt, by_use)


def _better(
    seen: _Seen, values: Floats, known: Bools, learnt: Guess, by_use: Guess
) -> tuple[Floats, dict[str, Any]]:
    """Fill values by learning if that errs less than `by_use` on blocks not seen."""
    report: dict[str, Any] = {"known": int(known.sum()), "imputed": 0, "how": "not"}
    rows, ask = _worth_learning(known), np.flatnonzero(~known)
    filled = values.copy()
    if not len(rows) or not len(ask):
        return filled, report
    held, plain = (seen.unseen(guess, rows, values) for guess in (learnt, by_use))
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


def _grown(seen: _Seen, values: Floats, learn: Ints, ask: Ints) -> Floats:
    """Return the median of what many trees guess: a few towers do not pull it up.

    On held-out blocks of a real register it erred less than the trees' mean, than random forests
    and than boosted trees.
    """
    traits = _numbers(seen.with_told(values[:, None], learn))
    model = ExtraTreesRegressor(TREES, min_samples_leaf=3, max_features=0.5, random_state=SEED)
    model.fit(traits[learn], values[learn])
    guesses = [tree.predict(traits[ask]) for tree in model.estimators_]
    return np.asarray(np.median(guesses, axis=0))


def _numbers(traits: Floats) -> NDArray[np.float32]:
    """Return traits as trees read them; unknown is a number below all others."""
    return np.nan_to_num(traits, nan=-9.0).astype(np.float32)


def _filling(table: gpd.GeoDataFrame) -> tuple[Floats, dict[str, Any]]:
    """Return for each building the share of footprint times storeys that is floor area."""
    area, floors = (table[name].to_numpy(dtype=float) for name in ("floor_area_m2", "floors"))
    box = table.area.to_numpy() * floors
    stated = (
        table["floor_area_m2_origin"].isin(["register", "tagged"]).to_numpy(dtype=bool)
        & table["floors_origin"].isin(["register", "tagged"]).to_numpy(dtype=bool)
        & (area > 0)
        & (box > 0)
    )
    if stated.sum() < LEAST:
        return np.ones(len(table)), {"known": int(stated.sum()), "share": 1.0}
    sums = pd.DataFrame({"use": table["use"], "area": area, "box": box})[stated].groupby("use")
    of_use = sums["area"].sum() / sums["box"].sum()
    of_use = of_use[sums.size() >= LEAST_OF_FILLING]
    middle = (
        float(of_use.median()) if len(of_use) else float(area[stated].sum() / box[stated].sum())
    )
    share = table["use"].map(of_use).fillna(middle).clip(upper=1.0).to_numpy(dtype=float)
    return share, {"known": int(stated.sum()), "share": round(min(middle, 1.0), 3)}


def _medians(use: Ints, values: Floats, learn: Ints, default: Floats) -> Floats:
    """Return the median by use, or the default where too few of the use are known."""
    of_use = np.bincount(use, minlength=len(USES))
    medians = default.copy()
    for kind in np.unique(use[learn]):
        rows = learn[use[learn] == kind]
        if len(rows) >= max(LEAST_OF_USE, LEAST_SHARE * of_use[kind]):
            medians[kind] = np.median(values[rows])
    return medians
