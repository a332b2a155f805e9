"""What is not known of a building, learnt from the buildings that have it, and marked as guessed.

Use, storeys and year of completion are learnt in this order from form, neighbours, land use and
place (`traits`), each from buildings of the same layer only. How far off the guesses are is tested
on whole blocks of the city that were not learnt from. Where too few buildings are known, or
learning does no better than the median of the buildings of the same use, that median stands.

A city too large to be held comes part by part: its buildings are passed once for the plain numbers,
once for the traits, and once to be filled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from districttype.layers.laid import Laid, Laying
from districttype.layers.learning import filling, floors, uses, years
from districttype.layers.schema import USES
from districttype.layers.seen import UNKNOWN, Codes, LandUse, Parts, Plain, Seen
from districttype.layers.traits import Floats


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
    numbered = buildings.reset_index(drop=True)
    found = _Found.of(lambda: [numbered], len(buildings), lambda _: land_use)
    return found.filled(numbered).set_index(buildings.index), found.report


def impute_laid(buildings: Laid, land_use: LandUse, folder: Path) -> tuple[Laid, dict[str, Any]]:
    """Fill the buildings of a city too large to be held, as `impute_buildings` does others.

    Of geometry there is a part at a time in memory; of each building some 100 bytes.

    Parameters
    ----------
    buildings
        The layer `buildings` in files, its origins stated.
    land_use
        Given a box, the rows of the layer `land_use` that touch it; None where there is no layer.
    folder
        Where the filled rows are laid down, with the numbers that they have; not where they are.

    Returns
    -------
    buildings, report
        As of `impute_buildings`.
    """

    def parts() -> Iterator[gpd.GeoDataFrame]:
        if not len(buildings):
            yield buildings.bare
        yield from buildings.by_part()

    found = _Found.of(parts, len(buildings), land_use, folder)
    laying = Laying("buildings", folder)
    for part in parts():
        laying.add(found.filled(part).reset_index(drop=True), part.index.to_numpy())
    return laying.done(), found.report


@dataclass(frozen=True, eq=False)
class _Found:
    """What was found of all buildings, in the order of `plain`.

    Attributes
    ----------
    plain
        What was told.
    use, floors, year
        With what is filled; a use still `UNKNOWN` or a year still NaN was not.
    share
        For each use: of footprint times storeys, what is floor area.
    report
        As of `impute_buildings`.
    """

    plain: Plain
    use: Codes
    floors: Floats
    year: Floats
    share: Floats
    report: dict[str, Any]

    @classmethod
    def of(cls, parts: Parts, count: int, land_use: LandUse, folder: Path | None = None) -> _Found:
        """Find what can be found; traits are kept in a folder, or in memory if None."""
        plain = Plain.of(parts, count)
        report: dict[str, Any] = {"buildings": count}
        use, storeys, year = plain.use, plain.floors, plain.year
        if (use == UNKNOWN).any() or np.isnan(storeys).any() or np.isnan(year).any():
            seen = Seen.of(parts, plain, land_use, folder)
            use, report["use"] = uses(seen)
            seen = replace(seen, use=use)
            storeys, report["floors"] = floors(seen, use)
            year, report["year"] = years(seen, use)
        share, report["filling"] = filling(plain, use)
        return cls(plain, use, storeys, year, share, report)

    def filled(self, part: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return numbered rows with what was found of them, marked where it was not told."""
        table, at = part.copy(), self.plain.at(part)
        use, storeys, year = self.use[at], self.floors[at], self.year[at]
        table["use"] = _texts(np.asarray(USES, dtype=object)[use], table)
        table["floors"], table["year_built"] = storeys, year
        for name, new in (
            ("use", (use != UNKNOWN) & (self.plain.use[at] == UNKNOWN)),
            ("floors", ~np.isnan(storeys) & np.isnan(self.plain.floors[at])),
            ("year_built", ~np.isnan(year) & np.isnan(self.plain.year[at])),
        ):
            table.loc[new, f"{name}_origin"] = "imputed"
        by_storeys = self.plain.footprint[at] * storeys * self.share[use]
        area = self.plain.floor_area[at]
        origin = table["floor_area_m2_origin"].to_numpy(dtype=object)
        guessed = np.isnan(area)
        table["floor_area_m2"] = np.where(guessed | (origin == "derived"), by_storeys, area)
        table["floor_area_m2_origin"] = _texts(np.where(guessed, "imputed", origin), table)
        return table


def _texts(values: NDArray[Any], table: pd.DataFrame) -> pd.Series:
    """Return a column of plain objects, which pandas would otherwise make strings of its own."""
    return pd.Series(values, index=table.index, dtype=object)
