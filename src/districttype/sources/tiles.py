"""Rasters of the whole world come in tiles: which of them a city touches, and what they are called.

The names follow from where the tiles lie; no list of tiles is fetched. That of GHSL, for one, has
rows without geometry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import floor
from typing import Final

from pyproj import CRS

from districttype.errors import ConfigError
from districttype.providers import Pixels
from districttype.sources.features import box_of
from districttype.sources.registry import WGS84, Wanted

MOLLWEIDE: Final = CRS.from_user_input("ESRI:54009")
TILE, BAND = "{tile}", "{band}"


@dataclass(frozen=True)
class Tiling:
    """Square tiles of one size.

    Attributes
    ----------
    crs
        The system in which they are square.
    side
        Side, in units of that system.
    west, south
        A corner of some tile.
    name
        Name of the tile of a lower left corner.
    example
        A tile that exists: what `doctor` asks for.
    """

    crs: CRS
    side: float
    west: float
    south: float
    name: Callable[[float, float], str]
    example: str

    def names(self, wanted: Wanted) -> Iterator[str]:
        """Yield the names of the tiles that an area and its surroundings touch, from the south."""
        box = box_of(wanted, self.crs)
        assert box is not None
        first, bottom, last, top = (
            floor((edge - corner) / self.side)
            for edge, corner in zip(box, (self.west, self.south) * 2, strict=True)
        )
        for row in range(bottom, top + 1):
            for column in range(first, last + 1):
                yield self.name(self.west + column * self.side, self.south + row * self.side)


def _pole(degrees: float, names: str, width: int) -> str:
    return f"{names[degrees < 0]}{abs(int(degrees)):0{width}d}"


def _worldcover(lon: float, lat: float) -> str:
    return _pole(lat, "NS", 2) + _pole(lon, "EW", 3)


def _degree(lon: float, lat: float) -> str:
    return f"{_pole(lat, 'NS', 2)}_00_{_pole(lon, 'EW', 3)}_00"


def _ghsl(x: float, y: float) -> str:
    """Name a tile by its row, counted from the north pole, and its column, from the date line."""
    return f"R{round((9_000_000 - y) / 1_000_000)}_C{round((x + 18_041_000) / 1_000_000) + 1}"


TILINGS: Final = {
    "worldcover": Tiling(WGS84, 3.0, 0.0, 0.0, _worldcover, "N60E024"),
    "degree": Tiling(WGS84, 1.0, 0.0, 0.0, _degree, "N60_00_E024_00"),
    "ghsl": Tiling(MOLLWEIDE, 1_000_000.0, -41_000.0, 0.0, _ghsl, "R3_C20"),
}


def tile_urls(provider: Pixels, wanted: Wanted, url: str = "") -> list[str]:
    """Return the addresses of the tiles that the area touches.

    Raises
    ------
    ConfigError
        If the address has a place for a tile's name, and nothing says how tiles are named.
    """
    url = url or provider.url
    if TILE not in url:
        return [url]
    tiling = _tiling(provider)
    return [url.replace(TILE, name) for name in tiling.names(wanted)]


def example_url(provider: Pixels) -> str:
    """Return the address of one raster that is there, for asking whether the service answers."""
    url = provider.url
    for band in getattr(provider, "bands", {}).values():
        url = url.replace(BAND, band)
    return url.replace(TILE, _tiling(provider).example) if TILE in url else url


def _tiling(provider: Pixels) -> Tiling:
    if not provider.tiles:
        raise ConfigError(
            "nothing says how its tiles are named",
            where=provider.provider,
            todo=f"tiles = one of {', '.join(TILINGS)}",
        )
    return TILINGS[provider.tiles]
