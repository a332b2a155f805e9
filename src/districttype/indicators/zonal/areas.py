"""Zones made ready once, for any number of things to be measured in them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely

from districttype.errors import SchemaError
from districttype.indicators.zonal.overlaps import Geometries, Shapes
from districttype.indicators.zonal.squares import Squares
from districttype.indicators.zonal.things import POLYGON, Things


@dataclass(frozen=True, eq=False)
class Areas:
    """Polygons that things are measured in, with the squares laid over them so far.

    `beside` are their neighbours that are measured elsewhere, which points on a border may be of.
    """

    things: Things
    beside: Shapes = field(default_factory=lambda: np.zeros(0, dtype=object))
    _laid: dict[int, Squares] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, zones: Geometries | Things | Areas, beside: Shapes | None = None) -> Areas:
        """Check and prepare zones.

        Raises
        ------
        SchemaError
            If a shape is missing, invalid, or no polygon.
        CrsError
            If areas cannot be measured in their coordinate system.
        """
        if isinstance(zones, Areas):
            return zones
        things = zones if isinstance(zones, Things) else Things.of(zones, where="zones")
        if (things.dimension != POLYGON).any():
            raise SchemaError("only polygons can be zones", where="zones")
        shapely.prepare(things.shapes)
        return cls(things) if beside is None else cls(things, beside)

    def __len__(self) -> int:
        return len(self.things)

    @property
    def shapes(self) -> Shapes:
        """Return the zones."""
        return self.things.shapes

    def squares(self, n_things: int) -> Squares:
        """Return squares fine enough for so many things; finer ones laid before will do."""
        enough = [n for n in self._laid if n >= n_things]
        if not enough:
            self._laid[n_things] = Squares.over(self.shapes, n_things)
            return self._laid[n_things]
        return self._laid[min(enough)]
