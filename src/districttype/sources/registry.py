"""The registry of sources: one module a protocol, each with one function `read`.

A source knows how a file or a service is read and nothing of what the data mean: it hands over the
rows as they are, in the coordinate system they came in, and says what it had to repair.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

import geopandas as gpd
import shapely
from pyproj import CRS

from districttype.provenance import State
from districttype.providers import Provider

WGS84 = CRS.from_epsg(4326)

# One module a protocol; imported when first asked for, so that reading a file needs no network
# library and the other way round.
SOURCES: dict[str, str] = {
    "vectorfile": "districttype.sources.vectorfile",
    "wfs": "districttype.sources.wfs",
    "ogcapi": "districttype.sources.ogcapi",
    "arcgis": "districttype.sources.arcgis",
    "overpass": "districttype.sources.overpass",
    "overture": "districttype.sources.overture",
    "webfile": "districttype.sources.webfile",
    "webosm": "districttype.sources.webosm",
    "gtfs": "districttype.sources.gtfs",
    "raster": "districttype.sources.raster",
    "grid": "districttype.sources.grid",
    "burned": "districttype.sources.burned",
    "pxweb": "districttype.sources.pxweb",
    "terrain": "districttype.sources.terrain",
    "webterrain": "districttype.sources.terrain",
}

Tags = Mapping[str, Collection[str] | None]


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a source, in words that every protocol understands.

    Attributes
    ----------
    area
        Polygon in WGS 84 (longitude, latitude) that the rows should touch; rows are handed over
        whole, never cut at its edge. None: everything there is. A source that cannot filter may
        give more than this, never less.
    tags
        Only for sources of OpenStreetMap, whose one table holds everything: keep what has one of
        these keys, with one of these values (None: any value).
    shapes
        Kinds of geometry asked for: `point`, `line`, `area`; again for OpenStreetMap, where a
        closed line may be either.
    columns
        Tags of OpenStreetMap to hand over as columns; others are left out.
    most
        More rows than this are not read, by a source that can tell beforehand and give them window
        by window: it raises `Abundant`.
    part
        Whether this is such a window, of which nothing is to be expected: it may have no row.
    """

    area: shapely.Geometry | None = None
    tags: Tags = field(default_factory=dict)
    shapes: frozenset[str] = frozenset({"point", "line", "area"})
    columns: tuple[str, ...] = ()
    most: int | None = None
    part: bool = False


class Abundant(Exception):  # noqa: N818 - no error: it is answered by asking for less at a time
    """There are more rows than are wanted at once: about how many."""

    def __init__(self, rows: int) -> None:
        super().__init__(f"{rows:,} rows")
        self.rows = rows


@dataclass(frozen=True)
class Raw:
    """What a source read: rows as their publisher wrote them, and what happened on the way.

    Attributes
    ----------
    frame
        The provider's own columns and CRS (never None), geometry valid, neither null nor empty.
    changes
        What was repaired, set aside or dropped, with counts.
    extent
        The area the file or service itself says it is complete in, in WGS 84; None if unsaid.
    state
        live, cached, file or embedded.
    address
        URL or file name, without any secret.
    vintage
        The data's own date where the source states one ('' otherwise).
    notes
        What a reader of the results must know.
    """

    frame: gpd.GeoDataFrame
    changes: dict[str, int] = field(default_factory=dict)
    extent: shapely.Geometry | None = None
    state: State = State.FILE
    address: str = ""
    vintage: str = ""
    notes: tuple[str, ...] = ()


class Source(Protocol):
    """What every source module offers."""

    def read(self, provider: Provider, directory: Path, wanted: Wanted) -> Raw:
        """Read what is wanted of one provider.

        `directory` is where files are: those of an analyst, or the cache of what was fetched.
        """
        ...


def read(provider: Provider, directory: Path, wanted: Wanted | None = None) -> Raw:
    """Read one provider through the source it names.

    Raises
    ------
    SourceError
        If the file or service cannot be read; SourceUnavailableError if it is not there.
    CrsError
        If nothing says in which coordinate system the rows are.
    """
    module = cast("Source", import_module(SOURCES[provider.source]))
    return module.read(provider, directory, wanted or Wanted())
