"""Coverage: how much of a zone is known, and what the numbers rest on."""

from __future__ import annotations

import numpy as np

from districttype.indicators import ground, land, stock
from districttype.indicators.facts import Scene, ratio
from districttype.indicators.zonal import Things, overlap
from districttype.indicators.zonal.overlaps import FloatArray, IntArray, Shapes
from districttype.layers.schema import LAYER_NAMES, ORIGINS

# The zones and the land are what coverage is a share of.
LAYERS = tuple(name for name in LAYER_NAMES if name not in ("districts", "land"))
ENOUGH = 0.8  # share of a zone from which what is known of a part is said of the whole
_DIGITS = 6  # a share of the land is no better known than to a square metre in a square kilometre


def share_covered(scene: Scene, layer: str) -> FloatArray:
    """Return the share of each zone's dry land (of all of it, if it is all water) that is covered.

    0 where there is no such layer. A layer that covers "the whole city" ends where the city does.
    """
    if layer not in scene.facts.layers:
        return np.zeros(len(scene))
    if scene.facts.layers[layer].coverage is None:
        return scene.once(_share_in_city)
    return scene.once(lambda s: _share_of(s, land.covered(s.facts, layer)), "share covered", layer)


def _share_in_city(scene: Scene) -> FloatArray:
    return _share_of(scene, scene.facts.once(land.city))


def _share_of(scene: Scene, ground: Shapes | None) -> FloatArray:
    if ground is None:
        return np.ones(len(scene))
    all_water = scene.zones.land.area.to_numpy() <= 0
    asked = scene.zones.land.where(~all_water, scene.zones.frame.geometry)
    common = overlap(asked, Things.of(ground, where="coverage")).total()
    return np.clip(np.round(ratio(common, asked.area), _DIGITS), 0.0, 1.0)


def share_of_known_floor(scene: Scene) -> FloatArray:
    """Return the share of each zone whose floor area is known.

    Where buildings are known, less the share of their footprint whose floor area is not. Where
    nothing stands, all of the floor area is known: it is none.
    """
    return share_covered(scene, "buildings") * (1.0 - np.nan_to_num(unknown_floor(scene)))


def unknown_floor(scene: Scene) -> FloatArray:
    """Return the share of each zone's footprint whose floor area is unknown."""
    parts = scene.once(stock.in_zones)
    silent = np.isnan(scene.facts.once(stock.stock).floor)
    return ratio(parts.select(silent).total(), parts.total())


def coverage(scene: Scene) -> dict[str, FloatArray]:
    """Return the indicators of coverage."""
    houses, parts = scene.facts.once(stock.stock), scene.once(stock.in_zones)
    known = np.where(np.isnan(houses.floor), 0.0, houses.floor)
    floor = parts.total(known)

    def of_origin(origins: IntArray, *names: str) -> FloatArray:
        chosen = np.isin(origins, [ORIGINS.index(name) for name in names])
        return ratio(parts.total(np.where(chosen, known, 0.0)), floor)

    floor_origin = {
        f"floor_area_{name}_share": of_origin(houses.floor_origin, name)
        for name in ORIGINS
        if name != "missing"
    }
    ground_known = 1.0 - scene.once(ground.unknown_share)
    return {
        **{f"coverage_{layer}": share_covered(scene, layer) for layer in LAYERS},
        "coverage_ground": np.where(share_covered(scene, "ground") > 0, ground_known, 0.0),
        **floor_origin,
        "floor_area_unknown_share": unknown_floor(scene),
        "use_imputed_share": of_origin(houses.use_origin, "imputed"),
        "year_imputed_share": of_origin(houses.year_origin, "imputed"),
        "year_unknown_share": ratio(parts.total(np.where(np.isnan(houses.dated), known, 0)), floor),
    }
