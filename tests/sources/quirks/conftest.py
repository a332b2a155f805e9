"""Serve a script, and read it as a provider of a city: the rows as read, or the canonical ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from pydantic import TypeAdapter
from pyproj import CRS

from districttype.layers import canonical
from districttype.layers.layer import Layers
from districttype.providers import AnyProvider
from districttype.sources import registry
from districttype.sources.download import Session
from districttype.sources.registry import Raw, Wanted
from servers.faulty import Script, Server
from sources.quirks.answers import AREA

ANY: TypeAdapter[AnyProvider] = TypeAdapter(AnyProvider)
ESPOO = Wanted(area=shapely.box(*AREA))
Read = Callable[..., Raw]
Canonical = Callable[..., gpd.GeoDataFrame]


@pytest.fixture
def read(server: Server, hasty: Session, tmp_path: Path) -> Read:
    """Serve a script under a path and read it, by WFS unless the table says otherwise."""

    def reading(
        script: Script | list[Script], wanted: Wanted = ESPOO, path: str = "/wfs", **table: Any
    ) -> Raw:
        server.scripts[path] = script
        named = {"source": "wfs"} if "source" in table else {"source": "wfs", "type": "a:b"}
        if table.keys() & {"newest", "like"}:
            del named["type"]
        provider = ANY.validate_python(
            {"provider": "P", "url": server.url + path, **named, **table}
        )
        return registry.read(provider, tmp_path, wanted)

    return reading


@pytest.fixture
def layer(tmp_path: Path) -> Canonical:
    """Return the canonical rows that a provider's rows become."""

    def made(name: str, raw: Raw, **table: Any) -> gpd.GeoDataFrame:
        provider = ANY.validate_python({"provider": "P", "file": "x", **table})
        rows, _, _ = canonical.rows(name, provider, raw, Layers(crs=CRS.from_epsg(3067)), tmp_path)
        return rows

    return made
