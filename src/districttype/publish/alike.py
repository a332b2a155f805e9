"""Which districts are alike: whom to learn from."""

from __future__ import annotations

from dataclasses import dataclass

from districttype.publish.edition import Edition
from districttype.typology.alike import Comparison, LookAlike, Profile

NEAREST = 3
"""So many are named beside each district."""


@dataclass(frozen=True)
class Kin:
    """The group of a district (from 1), what it has in common, and the districts most like it."""

    group: int
    profile: Profile
    nearest: tuple[LookAlike, ...]


def kin(edition: Edition) -> dict[str, Kin]:
    """Return the kin of each district by its id; nothing where they could not be compared."""
    groups = edition.groups
    if groups is None:
        return {}
    districts = edition.results["districts"].indicators
    comparison = Comparison(districts, districts)
    return {
        str(zone): Kin(
            int(group) + 1, groups.profile[group], tuple(comparison.nearest(zone, NEAREST))
        )
        for zone, group in groups.group.items()
    }
