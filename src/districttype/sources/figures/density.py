"""Where in a district people live: on how much land, how densely, and how many near a station.

The table states of every district how many residents it has, on which share of its land they live
(in 250 m cells) and how dense the cell of an average resident is. Two numbers fix a distribution of
cell densities of two parameters (Weibull: between an even spread and a peak that is sharper than
exponential); a third thing, the order in which cells get the densities, is a rule: nearer to a
station, to the district's centre, and towards denser neighbours is denser. Densities are quantiles
of the distribution and not draws from it, so that the dice decide nothing here.

Where the share of residents within 800 m of a station is published, the land within that and the
rest of the district have their residents by it, and each its own order of cells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from districttype.sources.figures.shapes import Bools, Floats, Ints, Pieces, before
from districttype.sources.figures.tables import Figures

STATION_REACH_M = 600.0  # a station's pull falls to 1 / e over this distance
STATION_PULL = 6.0
NEAR_STATION_M = 800.0
NEIGHBOUR_PULL = 1.0
CENTRE_PULL = 0.7
SHARPEST = 4.0  # largest exponent of the Weibull quantiles
DEFAULT_SPREAD = 1.5  # density met over mean density of inhabited land; Espoo's median
ROUNDS = 8
LARGEST_STEP = (0.6, 1.4)  # of a correction of the density to be met, as a ratio
FARTHEST_AIM = (0.5, 2.5)  # of what is wanted


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
    return pull + STATION_PULL * np.exp(-_to_station(stations, xy) / STATION_REACH_M)


def near_station(stations: Floats, xy: Floats) -> Bools:
    """Say which places have a station within 800 m as the crow flies, as the figure counts."""
    return _to_station(stations, xy) <= NEAR_STATION_M


def _to_station(stations: Floats, xy: Floats) -> Floats:
    if not len(stations):
        return np.full(len(xy), np.inf)
    return np.asarray(cKDTree(stations).query(xy, k=1)[0])


def _standard(values: Floats, owner: Ints) -> Floats:
    """Return the values of each district with mean 0 and deviation 1."""
    count = np.maximum(np.bincount(owner), 1)
    mean = np.bincount(owner, values) / count
    centred = values - mean[owner]
    deviation = np.sqrt(np.bincount(owner, centred**2) / count)
    return centred / np.maximum(deviation, 1e-9)[owner]


@dataclass(frozen=True)
class Goals:
    """How the residents of every district should live, each of (n,) numbers.

    Attributes
    ----------
    residents
        How many there are.
    inhabited_m2
        On how much land they live.
    met_per_ha
        How dense the cell of an average resident is.
    near_station
        Share of them near a station; NaN where that is not known.
    """

    residents: Floats
    inhabited_m2: Floats
    met_per_ha: Floats
    near_station: Floats

    @property
    def mean_per_ha(self) -> Floats:
        """Return the density of an even spread over the inhabited land."""
        return self.residents / self.inhabited_m2 * 1e4

    def corrected(self, wanted: Goals, met: Floats, near: Floats) -> Goals:
        """Aim higher where the houses built so far fell short of what is wanted, lower elsewhere.

        Parameters
        ----------
        wanted
            Goals to reach.
        met, near
            (n,) what was reached with these goals.
        """
        ratio = np.where(met > 0, wanted.met_per_ha / np.where(met > 0, met, 1.0), 1.0)
        return replace(
            self,
            met_per_ha=np.clip(
                self.met_per_ha * np.clip(ratio, *LARGEST_STEP),
                *(limit * wanted.met_per_ha for limit in FARTHEST_AIM),
            ),
            near_station=np.clip(self.near_station + wanted.near_station - near, 0.0, 1.0),
        )


def goals(figures: Figures, pieces: Pieces) -> Goals:
    """Return what the figures tell of how residents live; what is not known is guessed."""
    residents = np.nan_to_num(figures.number("residents"))
    land = pieces.sums(pieces.area, len(figures))
    inhabited = np.maximum(inhabited_share(figures) * land, 1.0)
    met = figures.number("density_met_per_ha")
    guess = DEFAULT_SPREAD * residents / inhabited * 1e4
    near = figures.number("residents_near_station_share")
    return Goals(residents, inhabited, np.where(np.isnan(met), guess, met), near)


def settle(aim: Goals, pieces: Pieces, pull: Floats, near: Bools) -> Floats:
    """Return the residents of every piece.

    Parameters
    ----------
    aim
        How they should live.
    pieces
        Cells of 250 m cut by the districts.
    pull
        (m,) attraction of each.
    near
        (m,) whether it is near a station.
    """
    half = pieces.owner * 2 + (near & ~np.isnan(aim.near_station)[pieces.owner])
    ground = np.bincount(half, pieces.area, minlength=2 * len(aim.residents)).astype(float)
    people, live = _halves(aim, ground)
    area, rank = pieces.area, np.lexsort([-pull, half])
    place = np.empty(len(pieces))
    place[rank] = before(area[rank], half[rank]) + area[rank] / 2
    lived = area * np.clip((live[half] - (place - area / 2)) / area, 0.0, 1.0)
    # The densest place always is inhabited, however small the share.
    u = np.clip(place / live[half], 1e-4, 1 - 1e-4)
    log_quantile = np.log(-np.log(u))
    met, mean = aim.met_per_ha, aim.mean_per_ha
    residents = np.zeros(len(pieces))
    for _ in range(ROUNDS):
        residents = _spread(met, people, half, lived, log_quantile)
        found = density_met(residents, pieces)
        ratio = np.where(found > 0, aim.met_per_ha / np.where(found > 0, found, 1.0), 1.0)
        met = np.clip(met * ratio**0.8, mean, mean * 40)
    return residents


def _halves(aim: Goals, ground: Floats) -> tuple[Floats, Floats]:
    """Divide residents and inhabited land between the land far from stations and that near them.

    Residents are divided as wanted, as far as the land drawn near and far has room for them at the
    density they meet; inhabited land like the residents.

    Parameters
    ----------
    aim
        How residents should live.
    ground
        (2 n,) land of each district far from stations, then near them (m2).

    Returns
    -------
    (2 n,) residents and (2 n,) inhabited land.
    """
    far, close = ground[::2], ground[1::2]
    room = np.sqrt(aim.met_per_ha / np.maximum(aim.residents, 1.0) / 1e4)
    share = np.clip(np.nan_to_num(aim.near_station), 1 - room * np.sqrt(far), room * np.sqrt(close))
    share = np.where(close > 0, np.where(far > 0, share, 1.0), 0.0)
    live = np.clip(share * aim.inhabited_m2, aim.inhabited_m2 - far, close)
    people = np.column_stack([aim.residents * (1 - share), aim.residents * share])
    inhabited = np.column_stack([aim.inhabited_m2 - live, live])
    return people.ravel(), np.maximum(inhabited.ravel(), 1.0)


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


def _spread(met: Floats, people: Floats, half: Ints, area: Floats, log_quantile: Floats) -> Floats:
    """Return residents who meet a density of `met` on average, were every cell in one district."""
    n = len(met)
    total = people.reshape(n, 2).sum(axis=1)
    low, high = np.zeros(n), np.full(n, SHARPEST)
    for _ in range(25):
        power = (low + high) / 2
        density = np.exp(power[half // 2] * log_quantile)
        once = np.maximum(np.bincount(half, density * area, minlength=2 * n), 1e-9)
        twice = np.bincount(half, density**2 * area, minlength=2 * n)
        found = (people**2 * twice / once**2).reshape(n, 2).sum(axis=1) * 1e4
        few = found < met * total
        low, high = np.where(few, power, low), np.where(few, high, power)
    return np.asarray(density * area * (people / once)[half])
