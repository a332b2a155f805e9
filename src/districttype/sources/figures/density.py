"""Where in a district people live: its share of inhabited land and the density a resident meets.

The table states of every district how many residents it has, on which share of its land they live
(in 250 m cells) and how dense the cell of an average resident is. Two numbers fix a distribution of
cell densities of two parameters (Weibull: between an even spread and a peak that is sharper than
exponential); a third thing, the order in which cells get the densities, is a rule: nearer to a
station, to the district's centre, and towards denser neighbours is denser. Densities are quantiles
of the distribution and not draws from it, so that the dice decide little.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from districttype.sources.figures.shapes import Bools, Floats, Ints, Pieces, before
from districttype.sources.figures.tables import Figures

STATION_REACH_M = 600.0  # a station's pull falls to 1 / e over this distance
STATION_PULL = 2.0
NEIGHBOUR_PULL = 1.0
CENTRE_PULL = 0.7
SHARPEST = 4.0  # largest exponent of the Weibull quantiles
DEFAULT_SPREAD = 1.5  # density met over mean density of inhabited land; Espoo's median
ROUNDS = 8


def attraction(
    figures: Figures, centres: Floats, stations: Floats, *, xy: Floats, owner: Ints
) -> Floats:
    """Return how attractive places are to build densely at; comparable within a district only.

    Parameters
    ----------
    figures
        Residents and jobs of the districts, where known.
    centres, stations
        (n, 2) and (s, 2) coordinates.
    xy, owner
        (m, 2) places and the district each lies in.
    """
    land_ha = figures.number("land_km2") * 100
    lively = (
        np.nan_to_num(figures.number("residents")) + np.nan_to_num(figures.number("jobs"))
    ) / land_ha
    near, which = cKDTree(centres).query(xy, k=min(6, len(centres)))
    near, which = near.reshape(len(xy), -1), which.reshape(len(xy), -1)
    closeness = 1 / (near**2 + 300.0**2)
    around = (closeness * np.log1p(lively)[which]).sum(axis=1) / closeness.sum(axis=1)
    reach = np.sqrt(land_ha * 1e4 / np.pi)
    own = np.exp(-np.sum((xy - centres[owner]) ** 2, axis=1) / reach[owner] ** 2)
    pull = NEIGHBOUR_PULL * _standard(around, owner) + CENTRE_PULL * _standard(own, owner)
    if len(stations):
        distance = cKDTree(stations).query(xy, k=1)[0]
        pull += STATION_PULL * np.exp(-distance / STATION_REACH_M) * 3
    return pull


def _standard(values: Floats, owner: Ints) -> Floats:
    """Return the values of each district with mean 0 and deviation 1."""
    count = np.maximum(np.bincount(owner), 1)
    mean = np.bincount(owner, values) / count
    centred = values - mean[owner]
    deviation = np.sqrt(np.bincount(owner, centred**2) / count)
    return centred / np.maximum(deviation, 1e-9)[owner]


def settle(figures: Figures, pieces: Pieces, pull: Floats, stress: Floats | float = 1.0) -> Floats:
    """Return the residents of every piece.

    Parameters
    ----------
    figures
        `residents`; `inhabited_land_share` and `density_met_per_ha` where known.
    pieces
        Cells of 250 m cut by the districts.
    pull
        (m,) attraction of each.
    stress
        (n,) factor on the density to be met, where houses that do not fit will spread people out.
    """
    n = len(figures)
    total = np.nan_to_num(figures.number("residents"))
    owner, area = pieces.owner, pieces.area
    rank = np.lexsort([-pull, owner])
    place = np.empty(len(pieces))
    place[rank] = before(area[rank], owner[rank]) + area[rank] / 2
    live = np.maximum(inhabited_share(figures) * pieces.sums(area, n), 1.0)
    lived = np.clip((live[owner] - (place - area / 2)) / area, 0.0, 1.0)
    # The densest place always is inhabited, however small the share.
    u = np.clip(place / live[owner], 1e-4, 1 - 1e-4)
    log_quantile = np.log(-np.log(u))
    met = figures.number("density_met_per_ha")
    mean = total / live * 1e4
    met = np.where(np.isnan(met), DEFAULT_SPREAD * mean, met) * stress
    aim = met.copy()
    residents = np.zeros(len(pieces))
    for _ in range(ROUNDS):
        wanted = aim / np.where(mean > 0, mean, 1.0)
        residents = _spread(wanted, total, owner, area * lived, log_quantile)
        found = density_met(residents, pieces)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(found > 0, met / found, 1.0)
        aim = np.clip(aim * ratio**0.8, mean, mean * 40)
    return residents


def by_streets(residents: Floats, pieces: Pieces, served: Bools) -> Floats:
    """Move those whose piece has no street to houses elsewhere in their district, in proportion."""
    n = int(pieces.owner.max(initial=-1)) + 1
    left = np.where(served, residents, 0.0)
    there = pieces.sums(left, n)
    factor = pieces.sums(residents, n) / np.where(there > 0, there, 1.0)
    return left * factor[pieces.owner]


def inhabited_share(figures: Figures) -> Floats:
    """Return the share of inhabited land, or a guess by the mean density where it is not known."""
    mean = np.nan_to_num(figures.number("residents")) / (figures.number("land_km2") * 100)
    share = figures.number("inhabited_land_share")
    # Fitted to the 88 districts of Espoo (mean error 0.11): half of the land at 8 per hectare.
    return np.clip(np.where(np.isnan(share), 1 - np.exp(-mean / 11.6), share), 1e-6, 1.0)


def density_met(residents: Floats, pieces: Pieces) -> Floats:
    """Return per district the density (residents per hectare) of its average resident's cell."""
    n = int(pieces.owner.max(initial=-1)) + 1
    cells, cell = np.unique(pieces.cell, return_inverse=True)
    full = np.bincount(cell, residents, minlength=len(cells)) / (pieces.size**2 / 1e4)
    weighted = np.bincount(pieces.owner, residents * full[cell], minlength=n)
    return weighted / np.maximum(np.bincount(pieces.owner, residents, minlength=n), 1e-9)


def _spread(
    wanted: Floats, total: Floats, owner: Ints, area: Floats, log_quantile: Floats
) -> Floats:
    """Return residents who meet a density `wanted` times their mean density."""
    n = len(wanted)
    low, high = np.zeros(n), np.full(n, SHARPEST)
    for _ in range(24):
        power = (low + high) / 2
        density = np.exp(power[owner] * log_quantile)
        once = np.bincount(owner, density * area, minlength=n)
        twice = np.bincount(owner, density**2 * area, minlength=n)
        land = np.bincount(owner, area, minlength=n)
        ratio = twice * land / np.maximum(once, 1e-9) ** 2
        low, high = np.where(ratio < wanted, power, low), np.where(ratio < wanted, high, power)
    density = np.exp(((low + high) / 2)[owner] * log_quantile)
    once = np.bincount(owner, density * area, minlength=n)
    return np.asarray(density * area * (total / np.maximum(once, 1e-9))[owner])
