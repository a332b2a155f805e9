"""What to co-create, where, with whom and by what means."""

from __future__ import annotations

from districttype.focus.blocks import blocks_in_need
from districttype.focus.catalogue import Catalogue, load_catalogue
from districttype.focus.cityview import (
    CityView,
    city_view,
    dominance,
    focus_clusters,
    lead_shares,
    leaders,
    shortlist,
)
from districttype.focus.recommend import recommend
from districttype.focus.sites import find_sites

__all__ = [
    "Catalogue",
    "CityView",
    "blocks_in_need",
    "city_view",
    "dominance",
    "find_sites",
    "focus_clusters",
    "lead_shares",
    "leaders",
    "load_catalogue",
    "recommend",
    "shortlist",
]
