"""Polygons too many to keep, as land cover of two metres is: burned into a raster tile by tile.

What is in memory is one tile and the raster; a polygon on the edge of two tiles comes twice and is
burned twice, which changes nothing. No page is asked by its number: that takes a service long.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor
from pathlib import Path

import numpy as np
import shapely
from pyproj import CRS
from rasterio.features import rasterize
from rasterio.transform import Affine

from districttype.boxes import Box
from districttype.errors import ConfigError, SourceError
from districttype.provenance import State
from districttype.providers import Burned, Provider, Wfs
from districttype.sources.download import Session, current
from districttype.sources.features import box_of, numbers
from districttype.sources.placing import parse_crs
from districttype.sources.raster import draw
from districttype.sources.registry import Raw, Wanted
from districttype.sources.wfs import count as count_type
from districttype.sources.wfs import read_pages

NO_WORD = Wanted()


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Read the classes round an area as polygons of pixels: columns `class` and geometry.

    Raises
    ------
    ConfigError
        If no area is wanted: such a layer is never read whole.
    SourceError
        If a type is not there, the service refuses, or nothing lies in the area.
    """
    assert isinstance(provider, Burned)
    crs = parse_crs(provider.crs, where=provider.provider)
    box = box_of(wanted, crs)
    if box is None:
        raise ConfigError("it is read for an area only", where=provider.provider)
    west, south, east, north = _on_tiles(box, provider.tile)
    side = provider.resolution
    transform = Affine(side, 0.0, west, 0.0, -side, north)
    grid = np.zeros((ceil((north - south) / side), ceil((east - west) / side)), dtype=np.int16)
    years, states = set(), set()
    with current() as opened:
        for number, patterns in enumerate(provider.classes.values(), start=1):
            for pattern in patterns:
                for tile in _tiles((west, south, east, north), provider.tile):
                    one = _wfs(provider, pattern, tile, crs)
                    pages, _, year = read_pages(opened, one, directory, NO_WORD)
                    years.add(year)
                    states |= {answer.state for answer in pages.answers}
                    shapes = [s for page in pages.pages for s in page.shapes if s is not None]
                    _burn(shapes, number, grid, transform)
    if not grid.any():
        raise SourceError("has no row of any class in the area", where=provider.provider)
    return Raw(
        draw(grid, list(provider.classes), transform, crs),
        state=State.LIVE if State.LIVE in states else State.CACHED,
        address=provider.url,
        vintage=max(years),
        notes=(f"burned into pixels of {side:g} m",),
    )


def count(provider: Burned, directory: Path, opened: Session) -> tuple[str, int | None, str]:
    """Return name, number of rows and year of the first type."""
    (pattern, *_), *_ = provider.classes.values()
    return count_type(_wfs(provider, pattern, None, parse_crs(provider.crs, where="")), directory,
                      opened)  # fmt: skip


def _on_tiles(box: Box, side: float) -> Box:
    """Return the whole tiles that a box touches, counted from the origin of the system."""
    west, south = (floor(edge / side) * side for edge in box[:2])
    east, north = (ceil(edge / side) * side for edge in box[2:])
    return west, south, east, north


def _tiles(box: Box, side: float) -> Iterator[Box]:
    west, south, east, north = box
    for bottom in np.arange(south, north, side):
        for left in np.arange(west, east, side):
            yield left, bottom, left + side, bottom + side


def _wfs(provider: Burned, pattern: str, tile: Box | None, crs: CRS) -> Wfs:
    box = {} if tile is None else {"BBOX": f"{numbers(tile)},EPSG:{crs.to_epsg()}"}
    return Wfs(
        source="wfs", provider=provider.provider, url=provider.url, newest=pattern,
        crs=provider.crs, bbox="none", params={**provider.params, **box}, page=provider.page,
        properties=[provider.geometry], licence=provider.licence,
        attribution=provider.attribution, interval=provider.interval, timeout=provider.timeout,
    )  # fmt: skip


def _burn(shapes: list[shapely.Geometry], number: int, grid: np.ndarray, transform: Affine) -> None:
    """Give the pixels whose middle lies in one of the shapes the number of a class."""
    if shapes:
        rasterize(((shape, number) for shape in shapes), out=grid, transform=transform)
