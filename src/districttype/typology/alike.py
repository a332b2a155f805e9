"""Look-alikes: groups of similar zones, and the zones nearest to one in the same or another city.

Unlike labels, groups and distances are relative: they depend on which zones are compared. They are
for finding whom to learn from, never for a label.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

from districttype.errors import EmptyResultError
from districttype.i18n import N_, Message

# Intensive indicators that every city can have; those a city lacks are left out of the comparison.
# Densities are compared by their logarithm, since twice as dense is one step wherever one starts.
LOGGED = (
    "far", "residents_per_ha", "jobs_per_ha", "heat_density_mwh_per_ha", "intersections_per_km2",
)  # fmt: skip
SHARES = (
    "dense_floor_share", "housing_share", "offices_share", "industry_share", "retail_share",
    "public_share", "recent_floor_share", "floor_near_station_share", "green_share",
)  # fmt: skip
MIN_KNOWN = 0.6  # an indicator known for fewer zones says more about the data than about the zones

PROFILE_HIGH = N_("more {indicator} than elsewhere ({value} against {mean})")
PROFILE_LOW = N_("less {indicator} than elsewhere ({value} against {mean})")


@dataclass(frozen=True)
class Groups:
    """Groups of similar zones.

    Attributes
    ----------
    group
        Group number per zone, by falling size; index zone_id.
    k
        Number of groups: of those tried, the one with the highest sum of silhouette and stability.
    silhouette, stability
        Per k tried: mean silhouette (-1 to 1), and mean adjusted Rand index between the groups of
        the whole and those of resamples (1: the same groups every time).
    profile
        Per group its size, its zone nearest the middle, and what sets it apart, as sentences.
    """

    group: pd.Series
    k: int
    silhouette: dict[int, float]
    stability: dict[int, float]
    profile: dict[int, Profile]


@dataclass(frozen=True)
class Profile:
    """What a group of zones has in common."""

    size: int
    example: str
    traits: tuple[Message, ...]


def comparable(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return the indicators that zones are compared by, logarithms taken, gaps left as they are.

    Raises
    ------
    EmptyResultError
        If fewer than three indicators are known for most zones.
    """
    known = [
        name
        for name in (*LOGGED, *SHARES)
        if name in indicators and indicators[name].notna().mean() >= MIN_KNOWN
    ]
    if len(known) < 3 or len(indicators) < 3:
        raise EmptyResultError(
            "too little is known to compare zones", where="look-alikes", todo="add layers"
        )
    table = indicators[known].astype(float).copy()
    for name in LOGGED:
        if name in table:
            table[name] = np.log1p(table[name].clip(lower=0.0) * (100.0 if name == "far" else 1.0))
    return table


def standardise(table: pd.DataFrame) -> pd.DataFrame:
    """Return z-scores; a gap becomes 0, the middle: it neither joins nor parts."""
    spread = table.std(ddof=0).replace(0.0, 1.0)
    return ((table - table.mean()) / spread).fillna(0.0)


def group_zones(
    indicators: pd.DataFrame,
    names: pd.Series,
    *,
    ks: range = range(3, 9),
    resamples: int = 20,
    seed: int = 0,
) -> Groups:
    """Group zones by k-means on standardised indicators.

    The number of groups is the one with the highest silhouette + stability, where stability is the
    mean adjusted Rand index between the groups of all zones and those of random four fifths.

    Parameters
    ----------
    indicators
        Table of `indicators.measure`, index zone_id.
    names
        Name per zone, for the examples.
    ks
        Numbers of groups to try.
    resamples
        How often stability is tried.
    seed
        Of k-means and of the resamples.
    """
    raw = comparable(indicators)
    table = standardise(raw)
    points = table.to_numpy()
    rng = np.random.default_rng(seed)
    tried: dict[int, tuple[float, float, NDArray[np.int32]]] = {}
    for k in [k for k in ks if k < len(points)]:
        whole = KMeans(k, n_init=5, random_state=seed).fit(points).labels_
        agreement = []
        for _ in range(resamples):
            part = rng.choice(len(points), size=max(k + 1, int(0.8 * len(points))), replace=False)
            again = KMeans(k, n_init=2, random_state=seed).fit(points[part]).labels_
            agreement.append(adjusted_rand_score(whole[part], again))
        tried[k] = (silhouette_score(points, whole), float(np.mean(agreement)), whole)
    k = max(tried, key=lambda k: tried[k][0] + tried[k][1])
    labels = tried[k][2]
    by_size = np.argsort(-np.bincount(labels, minlength=k), kind="stable")
    group = pd.Series(np.argsort(by_size)[labels], index=indicators.index, name="group")
    return Groups(
        group,
        k,
        {k: round(float(t[0]), 3) for k, t in tried.items()},
        {k: round(t[1], 3) for k, t in tried.items()},
        {g: _profile(group == g, table, indicators, names) for g in range(k)},
    )


def _profile(
    inside: pd.Series, table: pd.DataFrame, indicators: pd.DataFrame, names: pd.Series
) -> Profile:
    centre = table[inside].mean()
    nearest = ((table[inside] - centre) ** 2).sum(axis=1).idxmin()
    traits = []
    for name in centre.abs().sort_values(ascending=False).index[:3]:
        value, mean = indicators.loc[inside, name].mean(), indicators[name].mean()
        template = PROFILE_HIGH if centre[name] > 0 else PROFILE_LOW
        traits.append(
            Message(template, {"indicator": name, "value": float(value), "mean": float(mean)})
        )
    return Profile(int(inside.sum()), str(names[nearest]), tuple(traits))


def nearest(
    zone: str, of: pd.DataFrame, among: pd.DataFrame, *, n: int = 5
) -> list[tuple[str, float, list[str]]]:
    """Return the zones of `among` most like one zone of `of`, nearest first.

    Both tables are standardised together, on the indicators that both cities know. A zone is not
    compared with itself.

    Parameters
    ----------
    zone
        Id of the zone in `of`.
    of, among
        Tables of `indicators.measure`; the same table for look-alikes within a city.
    n
        How many.

    Returns
    -------
    list of (zone_id, distance, indicators)
        Distance is the root mean square difference in standard deviations; the indicators are the
        three that are most unusual in both zones alike: the reasons.
    """
    same = of is among
    both = of if same else pd.concat([of, among], keys=["of", "among"])
    table = standardise(comparable(both))
    if same:
        target, others = table.loc[zone], table.drop(index=zone)
    else:
        target, others = table.loc[("of", zone)], table.loc["among"]
    gap = others - target
    distance = np.sqrt((gap**2).mean(axis=1)).sort_values(kind="stable")
    found = []
    for other in distance.index[:n]:
        alike = np.minimum(target.abs(), others.loc[other].abs()) - gap.loc[other].abs()
        alike = alike[np.sign(target) == np.sign(others.loc[other])]
        reasons = list(alike.sort_values(ascending=False).index[:3])
        found.append((str(other), round(float(distance[other]), 3), reasons))
    return found
