"""The ground of the city: its outline, what is known of it, its water and its dry land."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import geopandas as gpd
import numpy as np
import shapely

from districttype.indicators.facts import Facts, Scene, codes, is_in, numbers, ratio
from districttype.indicators.pieces import pieces
from districttype.indicators.zonal import Things, partition
from districttype.indicators.zonal.overlaps import BoolArray, FloatArray, IntArray, Shapes
from districttype.zones.land import keep, take_out

# Where polygons of a layer overlap, the class named first keeps the ground. Of land use the special
# lies within the general (a nature reserve in a forest); land cover is what is seen from above; of
# the ground, what was laid last lies on top. Classes that no indicator asks for are not named.
PRECEDENCE: Mapping[str, tuple[str, ...]] = {
    "land_use": (
        "construction", "brownfield", "greenfield", "parking", "nature_reserve", "allotments",
        "cemetery", "park", "sport", "recreation", "wetland", "farmland", "forest",
    ),
    "land_cover": ("trees", "built", "paved", "low_vegetation", "field"),
    "ground": ("fill", "organic", "clay", "silt", "coarse", "till", "bedrock"),
    "transit_zones": ("pedestrian", "intensive_transit", "transit", "edge", "car"),
}  # fmt: skip
_ROUNDING, _SLIVER = 1e-6, 1.0  # a share, and m²: what cutting and adding up may be off


def city(facts: Facts) -> Shapes | None:
    """Return the city in pieces, its waters included; None where no layer says where it ends."""
    outline = _outline(facts, "districts", "land")
    return None if outline is None else pieces(outline)[0]


def _outline(facts: Facts, *layers: str) -> Shapes | None:
    """Return the polygons of the first of some layers that there is."""
    for layer in layers:
        frame = facts.layers.frame(layer)
        if frame is not None and len(frame):
            return np.asarray(frame.geometry.to_numpy(), dtype=object)
    return None


def covered(facts: Facts, layer: str) -> Shapes | None:
    """Return where a layer is known to be complete, in pieces; None means everywhere."""

    def cut(facts: Facts) -> Shapes | None:
        coverage = facts.layers[layer].coverage
        return facts.once(city) if coverage is None else pieces(np.asarray([coverage]))[0]

    return facts.once(cut, "covered", layer)


def dry(facts: Facts, shapes: Shapes) -> Shapes:
    """Return the part of each polygon that is land of the city: no sea, no lake, no neighbour."""
    shore = _outline(facts, "land", "districts")
    inside = shapes if shore is None else keep(shapes, shore)
    frame = facts.frame("land_use")
    lakes = frame.geometry.to_numpy()[is_in(frame, "class", "water")]
    return np.asarray(take_out(inside, lakes), dtype=object)


def mapped(facts: Facts, layer: str) -> tuple[Things, IntArray]:
    """Return a layer's polygons as pieces that do not overlap, and the class of each.

    Where polygons overlap, the class that stands first in `PRECEDENCE` keeps the ground; the code
    is its position there. What has no place there is left out.
    """

    def work(facts: Facts) -> tuple[Things, IntArray]:
        frame = facts.frame(layer)
        code = codes(frame, "class", PRECEDENCE[layer])
        some = code >= 0
        shapes, code = partition(
            frame.geometry.to_numpy()[some], code[some], range(len(PRECEDENCE[layer]))
        )
        cut, owner = pieces(shapes)
        return Things.of(cut, where=f"layer {layer}"), np.asarray(code, dtype=np.int64)[owner]

    return facts.once(work, "mapped", layer)


def class_shares(scene: Scene, layer: str) -> Mapping[str, FloatArray]:
    """Return the share of each zone's dry land that is of each class of a layer.

    All together are at most 1; what they lack of it is ground of other classes, or unknown. Where
    polygons overlap, `PRECEDENCE` settles who keeps the ground.
    """

    def work(scene: Scene) -> Mapping[str, FloatArray]:
        things, code = mapped(scene.facts, layer)
        area = scene.on_land(things).by_class(code, len(PRECEDENCE[layer]))
        return dict(zip(PRECEDENCE[layer], share_of_land(scene, area).T, strict=True))

    return scene.once(work, "class shares", layer)


def share_of_land(scene: Scene, area: FloatArray) -> FloatArray:
    """Return areas on the dry land of each zone as shares of it.

    Were they to hold more than the land of a zone, by more than rounding, something was counted
    twice, and nothing is said of any of them there.

    Parameters
    ----------
    scene
        The zones.
    area
        m², shape (n_zones,), or (n_zones, n_classes) for classes that share the ground.
    """
    parts = area.reshape(len(scene), -1)
    held, there = parts.sum(axis=1), scene.land_area
    share = ratio(parts, np.maximum(held, there)[:, None])
    share[held > there * (1 + _ROUNDING) + _SLIVER] = np.nan
    return share.reshape(area.shape)


def mapped_share(
    scene: Scene, layer: str, classes: Sequence[str], family: Sequence[str] = ()
) -> FloatArray:
    """Return the share of land of some classes; missing if their family is mapped nowhere at all.

    A layer of lakes and fields says nothing of building sites. The family is the classes
    themselves where none is given.
    """
    if not is_in(scene.facts.frame(layer), "class", *(family or classes)).any():
        return np.full(len(scene), np.nan)
    shares = class_shares(scene, layer)
    return np.asarray(sum(shares[name] for name in classes), dtype=float)


def flagged_share(
    scene: Scene, layer: str, flagged: Callable[[gpd.GeoDataFrame], BoolArray], *key: object
) -> FloatArray:
    """Return the share of land of the rows of a layer that are flagged; missing if none is.

    What two polygons cover counts once. `key` tells one flag of a layer from another.
    """

    def work(facts: Facts) -> Things:
        frame = facts.frame(layer)
        some = frame.geometry.to_numpy()[flagged(frame)]
        some, _ = partition(some, np.zeros(len(some), dtype=int), [0])
        return Things.of(pieces(some)[0], where=f"layer {layer}")

    things = scene.facts.once(work, "flagged", layer, *key)
    if not len(things):
        return np.full(len(scene), np.nan)
    return share_of_land(scene, scene.on_land(things).total())


def mean_on_land(scene: Scene, layer: str, column: str) -> FloatArray:
    """Return the mean of a number over the land for which a layer states it, by area."""
    known = scene.on_land(scene.facts.things(layer))
    return known.mean(numbers(scene.facts.frame(layer), column))


def dry_area(facts: Facts, boxes: Shapes, layer: str) -> FloatArray:
    """Return the dry land of the city in each box where a layer is known, m².

    Parameters
    ----------
    facts
        Among them the outline of the city's land and its waters.
    boxes
        Polygons.
    layer
        The layer whose coverage counts: ground it is silent about is left out.
    """
    ground = dry(facts, boxes)
    coverage = facts.layers[layer].coverage if layer in facts.layers else None
    if coverage is not None:
        ground = keep(ground, np.asarray([coverage]))
    return np.asarray(shapely.area(ground), dtype=float)
