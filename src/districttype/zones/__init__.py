"""Zone sets: the polygons that get classified, and the land within them."""

from districttype.zones.base import Zones, make_zones
from districttype.zones.land import dry_land
from districttype.zones.sets import ZONE_SETS, make_zone_set

__all__ = ["ZONE_SETS", "Zones", "dry_land", "make_zone_set", "make_zones"]
