"""Look-alikes: groups of similar zones, and the zones nearest to one in the same or another city.

Unlike labels, groups and distances are relative: they depend on which zones are compared. They are
for finding whom to learn from, never for a label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from districttype.errors import EmptyResultError
from districttype.i18n import N_, Message

# Intensive indicators that every city can have, as they are called in a sentence; those a city
# lacks are left out of the comparison. Densities are compared by their logarithm, since twice as
# dense is one step wherever one starts.
DENSITIES = {
    "far": N_("floor area ratio"),
    "residents_per_ha": N_("density of residents per hectare"),
    "jobs_per_ha": N_("density of jobs per hectare"),
    "heat_density_mwh_per_ha": N_("density of heat demand in MWh per hectare"),
    "intersections_per_km2": N_("density of crossings per square kilometre"),
}
SHARES = {
    "dense_floor_share": N_("share of floor area in dense cells"),
    "housing_share": N_("share of homes"),
    "offices_share": N_("share of offices"),
    "industry_share": N_("share of industry"),
    "retail_share": N_("share of shops"),
    "public_share": N_("share of public services"),
    "recent_floor_share": N_("share of floor area younger than ten years"),
    "floor_near_station_share": N_("share of floor area near a station"),
    "green_share": N_("share of green"),
}
MIN_KNOWN = 0.6  # an indicator known for fewer zones says more about the data than about the zones
LEAST_SPREAD = 0.05  # what differs by less from zone to zone is the same for all
LEAST_EACH = 3  # zones a group has on average, at least
TRAITS = 3  # named of a group or a pair, at most
NOTABLE = 0.25  # standard deviations from the middle, at least, for a trait to be named

# What sets a group, or two zones alike, apart: (is it a share, is it high) -> the words.
OF_GROUP = {
    (False, True): N_("a high {what} ({here}, on average {mean})"),
    (False, False): N_("a low {what} ({here}, on average {mean})"),
    (True, True): N_("a high {what} ({here_pct}, on average {mean_pct})"),
    (True, False): N_("a low {what} ({here_pct}, on average {mean_pct})"),
}
OF_BOTH = {
    (False, True): N_("a high {what} ({here} and {there}, on average {mean})"),
    (False, False): N_("a low {what} ({here} and {there}, on average {mean})"),
    (True, True): N_("a high {what} ({here_pct} and {there_pct}, on average {mean_pct})"),
    (True, False): N_("a low {what} ({here_pct} and {there_pct}, on average {mean_pct})"),
}


@dataclass(frozen=True)
class Groups:
    """Groups of similar zones.

    Attributes
    ----------
    group
        Group number per zone, by falling size; index zone_id. Zones of which too little is known
        to compare them are in no group.
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


@dataclass(frozen=True)
class LookAlike:
    """A zone that is like another: how far apart they are, and what both have alike.

    `distance` is the root mean square difference in standard deviations.
    """

    zone_id: str
    distance: float
    traits: tuple[Message, ...]


@dataclass(frozen=True)
class Kin:
    """The group of a zone (from 1), what it has in common, and the zones most like this one."""

    group: int
    profile: Profile
    nearest: tuple[LookAlike, ...]


def known(*tables: pd.DataFrame) -> list[str]:
    """Return the indicators that are known for most zones of every table.

    Raises
    ------
    EmptyResultError
        If there are fewer than three.
    """
    names = [
        name
        for name in (*DENSITIES, *SHARES)
        if all(name in table and table[name].notna().mean() >= MIN_KNOWN for table in tables)
    ]
    if len(names) < 3:
        raise EmptyResultError(
            "too little is known to compare zones", where="look-alikes", todo="add layers"
        )
    return names


def comparable(indicators: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return indicators as zones are compared by them: logarithms taken, gaps left as they are."""
    table = indicators.reindex(columns=list(names)).astype(float)
    for name in table.columns.intersection(list(DENSITIES)):
        table[name] = np.log1p(table[name].clip(lower=0.0) * (100.0 if name == "far" else 1.0))
    return table


def well_known(table: pd.DataFrame) -> pd.Series:
    """Tell which zones are known by most of what they are compared by.

    Gaps stand in the middle, so that a zone of which hardly anything is known is near to all.
    """
    return table.notna().mean(axis=1) >= MIN_KNOWN


def standardise(table: pd.DataFrame) -> pd.DataFrame:
    """Return z-scores; a gap becomes 0, the middle: it neither joins nor parts."""
    spread = table.std(ddof=0).clip(lower=LEAST_SPREAD)
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

    Raises
    ------
    EmptyResultError
        If there are too few zones, or too little is known of them.
    """
    if len(indicators) < LEAST_EACH * min(ks):
        raise _too_few(indicators)
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - see _try

    table = comparable(indicators, known(indicators))
    table = table[well_known(table)]
    if len(table) < LEAST_EACH * min(ks):
        raise _too_few(table)
    indicators, table = indicators.loc[table.index], standardise(table)
    points = table.to_numpy()
    with threadpool_limits(1):  # so few points are grouped faster by one thread than by many
        tried = {k: _try(points, k, resamples, seed) for k in ks if LEAST_EACH * k <= len(points)}
    k = max(tried, key=lambda k: tried[k][0] + tried[k][1])
    labels = tried[k][2]
    by_size = np.argsort(-np.bincount(labels, minlength=k), kind="stable")
    group = pd.Series(np.argsort(by_size)[labels], index=indicators.index, name="group")
    return Groups(
        group,
        k,
        {k: round(t[0], 3) for k, t in tried.items()},
        {k: round(t[1], 3) for k, t in tried.items()},
        {g: _profile(group == g, table, indicators, names) for g in range(k)},
    )


def _too_few(zones: pd.DataFrame) -> EmptyResultError:
    return EmptyResultError(
        f"{len(zones)} zones are too few to group", where="look-alikes", todo="add zones"
    )


def _try(
    points: NDArray[np.float64], k: int, resamples: int, seed: int
) -> tuple[float, float, NDArray[np.int32]]:
    """Return silhouette, stability and the groups for one number of groups."""
    # Slow to import, and most of what imports this module groups nothing.
    from sklearn.cluster import KMeans  # noqa: PLC0415
    from sklearn.metrics import adjusted_rand_score, silhouette_score  # noqa: PLC0415

    whole = KMeans(k, n_init=5, random_state=seed).fit(points).labels_
    dice = np.random.default_rng(seed)
    agreement = []
    for _ in range(resamples):
        part = dice.choice(len(points), size=max(k + 1, int(0.8 * len(points))), replace=False)
        again = KMeans(k, n_init=2, random_state=seed).fit(points[part]).labels_
        agreement.append(adjusted_rand_score(whole[part], again))
    return float(silhouette_score(points, whole)), float(np.mean(agreement)), whole


def _profile(
    inside: pd.Series, table: pd.DataFrame, indicators: pd.DataFrame, names: pd.Series
) -> Profile:
    centre = table[inside].mean()
    # Two of a group are as near to its middle: the first is named, whatever the last digits say.
    example = ((table[inside] - centre) ** 2).sum(axis=1).round(9).idxmin()
    traits = [
        _trait(
            OF_GROUP,
            name,
            high=centre[name] > 0,
            here=indicators.loc[inside, name].mean(),
            mean=indicators[name].mean(),
        )
        for name in _notable(centre.abs())
    ]
    return Profile(int(inside.sum()), str(names[example]), tuple(traits))


def _notable(unusual: pd.Series) -> list[str]:
    return list(unusual[unusual >= NOTABLE].sort_values(ascending=False).index[:TRAITS])


def _trait(
    words: Mapping[tuple[bool, bool], str], name: str, *, high: bool, **numbers: float
) -> Message:
    share = name in SHARES
    said = {f"{key}_pct" if share else key: float(value) for key, value in numbers.items()}
    what = SHARES[name] if share else DENSITIES[name]
    return Message(words[share, bool(high)], {"what": what, **said})


def _part(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table[table.index.get_level_values(0) == name].droplevel(0)


class Comparison:
    """Zones of one table beside those of another, standardised together on what both know.

    Parameters
    ----------
    of, among
        Tables of `indicators.measure`: whose look-alikes are sought, and where. For look-alikes
        within a city the same table twice.

    Raises
    ------
    EmptyResultError
        If both know too little.
    """

    def __init__(self, of: pd.DataFrame, among: pd.DataFrame) -> None:
        self.of, self.among = of, among
        names = known(of, among)
        both = of if of is among else pd.concat([of, among], keys=["of", "among"])
        table = comparable(both, names)
        table = standardise(table[well_known(table)])
        self._of, self._among = (
            (table, table) if of is among else (_part(table, "of"), _part(table, "among"))
        )
        self._mean = both[names].mean()

    def nearest(self, zone: str, n: int = 5) -> list[LookAlike]:
        """Return the zones most like one of `of`, nearest first; never the zone itself.

        None where too little is known of the zone itself; others like that are passed over.
        """
        if zone not in self._of.index:
            return []
        target = self._of.loc[zone]
        others = self._among.drop(index=zone) if self.of is self.among else self._among
        gap = others - target
        distance = np.sqrt((gap**2).mean(axis=1)).sort_values(kind="stable")[:n]
        return [
            LookAlike(str(other), round(float(apart), 3), self._traits(zone, other))
            for other, apart in distance.items()
        ]

    def _traits(self, zone: str, other: str) -> tuple[Message, ...]:
        """Say what is far from the middle in both, on the same side, and little apart."""
        here, there = self._of.loc[zone], self._among.loc[other]
        unusual = np.minimum(here.abs(), there.abs()) - (here - there).abs()
        unusual = unusual[np.sign(here) == np.sign(there)]
        return tuple(
            _trait(
                OF_BOTH,
                name,
                high=here[name] > 0,
                here=self.of.loc[zone, name],
                there=self.among.loc[other, name],
                mean=self._mean[name],
            )
            for name in _notable(unusual)
        )


def kin_of(indicators: pd.DataFrame, groups: Groups, *, n: int = 3) -> dict[str, Kin]:
    """Return the kin of each zone that was grouped, by its id.

    Parameters
    ----------
    indicators
        The table that was grouped.
    n
        So many zones are named as most like each.
    """
    comparison = Comparison(indicators, indicators)
    return {
        str(zone): Kin(
            int(group) + 1, groups.profile[group], tuple(comparison.nearest(str(zone), n))
        )
        for zone, group in groups.group.items()
    }
