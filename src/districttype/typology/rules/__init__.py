"""The rules: a module a facet, each an ordered list; the first rule that holds gives the label.

What a rule may see, and what happens where none holds, is told in `facet`.
"""

from __future__ import annotations

from collections.abc import Mapping

from districttype.typology.facet import Facet
from districttype.typology.rules.density import DENSITY
from districttype.typology.rules.development import DEVELOPMENT
from districttype.typology.rules.energy import ENERGY
from districttype.typology.rules.ground import GROUND
from districttype.typology.rules.mobility import MOBILITY
from districttype.typology.rules.ownership import OWNERSHIP
from districttype.typology.rules.use import USE

__all__ = ["FACETS", "OWNERSHIP"]

FACETS: Mapping[str, Facet] = {
    facet.name: facet for facet in (DENSITY, DEVELOPMENT, USE, MOBILITY, ENERGY, GROUND)
}
