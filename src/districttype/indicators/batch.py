"""Many things measured at once: what zones cost is paid once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from districttype.indicators.zonal import Areas, Overlaps, Things, overlap

Extent = Literal["all", "land"]


@dataclass(frozen=True, eq=False)
class Asked:
    """The things that were asked for: what one zone set asks for, the next will ask for, too."""

    things: dict[Extent, list[Things]] = field(default_factory=lambda: {"all": [], "land": []})

    def remember(self, extent: Extent, things: Things) -> None:
        """Note that things were asked for on all ground of the zones, or on their land."""
        if not any(known is things for known in self.things[extent]):
            self.things[extent].append(things)

    def answers(self, extent: Extent, zones: Areas) -> list[tuple[Things, Overlaps]]:
        """Return the overlaps of all that were asked for before with these zones."""
        things = [*self.things[extent]]
        if not things:
            return []
        return [*zip(things, split(overlap(zones, joined(things)), things), strict=True)]


def joined(parts: Sequence[Things]) -> Things:
    """Return several lots of things as one, in their order."""
    return Things(
        shapes=np.concatenate([part.shapes for part in parts]),
        bounds=np.concatenate([part.bounds for part in parts]),
        measure=np.concatenate([part.measure for part in parts]),
        dimension=np.concatenate([part.dimension for part in parts]),
        crs=next((part.crs for part in parts if part.crs is not None), None),
    )


def split(overlaps: Overlaps, parts: Sequence[Things]) -> list[Overlaps]:
    """Return the overlaps of each lot of things that were measured as one."""
    first = np.cumsum([0, *(len(part) for part in parts)])
    part = np.searchsorted(first, overlaps.thing, side="right") - 1
    # Stable: within a lot entries stay ordered by zone and thing.
    order = np.argsort(part.astype(np.int16), kind="stable")
    ends = np.searchsorted(part[order], np.arange(len(parts) + 1))
    return [
        Overlaps(
            zone=overlaps.zone[some],
            thing=overlaps.thing[some] - first[i],
            measure=overlaps.measure[some],
            share=overlaps.share[some],
            n_zones=overlaps.n_zones,
            n_things=len(parts[i]),
        )
        for i, some in enumerate(np.split(order, ends[1:-1]))
    ]
