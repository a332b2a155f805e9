"""The zone sets by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from districttype.layers.layer import Layers
from districttype.zones.base import Zones, make_zones
from districttype.zones.blocks import make_blocks
from districttype.zones.cells import make_cells
from districttype.zones.file import read_zones
from districttype.zones.stations import make_stations


def _districts(layers: Layers) -> Zones | None:
    table = layers.frame("districts")
    return None if table is None else make_zones("districts", table, layers)


_MAKERS: Mapping[str, Callable[[Layers], Zones | None]] = {
    "districts": _districts,
    "stations": make_stations,
    "blocks": make_blocks,
    "cells": make_cells,
}
ZONE_SETS = tuple(_MAKERS)


def make_zone_set(name: str, layers: Layers, *, file: Path | None = None) -> Zones | None:
    """Return a zone set by its name, or that of a file of the user's own.

    Parameters
    ----------
    name
        One of `ZONE_SETS`, or any name for a file.
    layers
        All layers of the run.
    file
        A file of polygons; see `read_zones`.

    Returns
    -------
    Zones or None
        None where the layers that the set is drawn from are missing, or hold nothing for it: no
        stations without stops, no blocks without streets.

    Raises
    ------
    EmptyResultError, SchemaError, CrsError, SourceError
        If districts or the file do not make zones.
    """
    if file is not None:
        return make_zones(name, read_zones(file, layers), layers)
    return _MAKERS[name](layers)
