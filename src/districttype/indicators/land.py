"""The ground of the city: its outline, what is known of it, its water and its dry land."""

from __future__ import annotations

import numpy as np
import shapely

from districttype.indicators.facts import Facts, Scene, is_in, ratio
from districttype.indicators.pieces import pieces
from districttype.indicators.zonal import Things, partition
from districttype.indicators.zonal.overlaps import FloatArray, Shapes
from districttype.zones.land import keep, take_out


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


def dissolved(facts: Facts, layer: str, column: str, *values: object) -> Things:
    """Return the polygons of a layer with one of some values as pieces that do not overlap.

    What two polygons cover counts once.
    """

    def work(facts: Facts) -> Things:
        frame = facts.frame(layer)
        some = frame.geometry.to_numpy()[is_in(frame, column, *values)]
        some, _ = partition(some, np.zeros(len(some), dtype=int), [0])
        return Things.of(pieces(some)[0], where=f"layer {layer}")

    return facts.once(work, "dissolved", layer, column, values)


def land_share(scene: Scene, layer: str, column: str, *values: object) -> FloatArray:
    """Return the share of each zone's dry land that a layer gives one of some values."""
    common = scene.on_land(dissolved(scene.facts, layer, column, *values)).total()
    return np.minimum(ratio(common, scene.land_area), 1.0)


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


def mapped_share(
    scene: Scene, layer: str, classes: tuple[str, ...], family: tuple[str, ...] = ()
) -> FloatArray:
    """Return the share of land of some classes; missing if their family is mapped nowhere at all.

    A layer of lakes and fields says nothing of building sites. The family is the classes
    themselves where none is given.
    """
    if not is_in(scene.facts.frame(layer), "class", *(family or classes)).any():
        return np.full(len(scene), np.nan)
    return land_share(scene, layer, "class", *classes)
