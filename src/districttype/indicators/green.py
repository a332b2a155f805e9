"""Green and blue: what grows, what is sealed, what is water, and who has a park nearby."""

from __future__ import annotations

import numpy as np
import shapely

from districttype.indicators import land, residents
from districttype.indicators.coverage import share_covered
from districttype.indicators.facts import Facts, Scene, is_in, ratio
from districttype.indicators.land import mapped_share
from districttype.indicators.near import residents_share
from districttype.indicators.zonal import Things, nearest
from districttype.indicators.zonal.overlaps import BoolArray, FloatArray

# What counts as green where land cover is known, and where only land use is.
GREEN_COVER = ("trees", "low_vegetation", "field")
GREEN_USE = (
    "park", "recreation", "forest", "farmland", "allotments", "cemetery", "nature_reserve",
    "wetland",
)  # fmt: skip
RECREATION = ("park", "recreation", "sport", "forest", "nature_reserve")
PARKS = ("park", "recreation", "nature_reserve")
PARK_M2 = 10_000.0
PARK_REACH = 300.0  # m, as the crow flies (WHO Europe, Urban green spaces, 2016)


def cover(scene: Scene) -> dict[str, FloatArray]:
    """Return what is seen from above; how green it is also where only land use is known."""
    return {
        "green_share": _green(scene),
        "tree_share": mapped_share(scene, "land_cover", ("trees",)),
        "sealed_share": mapped_share(scene, "land_cover", ("built", "paved")),
    }


def green(scene: Scene) -> dict[str, FloatArray]:
    """Return the indicators of water and of green one can go to."""
    return {
        "water_share": _water(scene),
        "recreation_land_share": mapped_share(scene, "land_use", RECREATION),
        "protected_share": mapped_share(scene, "land_use", ("nature_reserve",)),
        "residents_near_park_share": _near_park(scene),
    }


def _green(scene: Scene) -> FloatArray:
    """Return the share of land that is green, by the layer that covers more of the zone."""
    cover, use = (share_covered(scene, layer) for layer in ("land_cover", "land_use"))
    green = mapped_share(scene, "land_cover", GREEN_COVER)
    if (cover >= use).all():  # as where land cover is known everywhere: land use need not be cut
        return green
    return np.where(cover >= use, green, mapped_share(scene, "land_use", GREEN_USE))


def _water(scene: Scene) -> FloatArray:
    """Return the share of water in what of each zone lies in the city: beyond, nobody tells."""
    within = scene.facts.once(_city)
    if within is None:
        land_m2, whole = scene.land_area, np.asarray(scene.zones.frame.geometry.area)
    else:
        land_m2, whole = scene.on_land(within).total(), scene.among(within).total()
    return np.clip(1.0 - ratio(land_m2, whole), 0.0, 1.0)


def _city(facts: Facts) -> Things | None:
    ground = facts.once(land.city)
    return None if ground is None else Things.of(ground, where="the city's outline")


def _near_park(scene: Scene) -> FloatArray:
    """Return the share of residents near a park; missing if no park is mapped anywhere."""
    if not is_in(scene.facts.frame("land_use"), "class", *PARKS).any():
        return np.full(len(scene), np.nan)
    return residents_share(scene, scene.facts.once(_homes_near_park))


def _homes_near_park(facts: Facts) -> BoolArray:
    frame = facts.frame("land_use")
    green = shapely.union_all(frame.geometry.to_numpy()[is_in(frame, "class", *PARKS)])
    parks = shapely.get_parts(green)
    parks = parks[shapely.area(parks) >= PARK_M2]
    return np.isfinite(nearest(facts.once(residents.spots), parks, PARK_REACH))
