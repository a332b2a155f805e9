"""Cloud-optimised GeoTIFFs: of each only the city's window is read, then drawn as polygons.

rasterio over a file object that fetches byte ranges (`ranges`): GDAL's own reader of addresses
would open connections that know nothing of the cache, of proxies' keys and of politeness. The
window is kept in the cache as a small GeoTIFF, so that a second run needs no network.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from math import ceil, floor
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.features import shapes as outlines
from rasterio.transform import Affine
from rasterio.windows import Window

from districttype.errors import ConfigError, SourceError
from districttype.provenance import State
from districttype.providers import Provider, Raster
from districttype.sources.download import Session, current
from districttype.sources.features import box_of
from districttype.sources.placing import parse_crs
from districttype.sources.ranges import Blocks, RangeFile
from districttype.sources.registry import WGS84, Raw, Wanted
from districttype.sources.store import Entry, Store, file_name
from districttype.sources.transfer import Request
from districttype.sources.webfile import fetch

_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)(?:-(-?\d+(?:\.\d+)?))?")
MOST_PIXELS = 200_000_000
METRES_A_DEGREE = 111_320.0
FILE = "window.tif"
UNKNOWN = "pixels of no class of this layer"


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Read the classes of a window as polygons: columns `class` and geometry.

    Raises
    ------
    ConfigError
        If no area is wanted: a raster is never read whole.
    SourceError
        If it cannot be had, does not serve pieces, or does not touch the area.
    """
    assert isinstance(provider, Raster)
    if wanted.area is None:
        raise ConfigError("a raster is read for an area only", where=provider.provider)
    frames, changes, states = [], Counter[str](), set()
    with current() as opened:
        for url in tile_urls(provider, wanted):
            path, state = _window(opened, provider, url, directory, wanted)
            frames.append(polygons(path, provider, changes))
            states.add(state)
    table = pd.concat([frame.to_crs(frames[0].crs) for frame in frames], ignore_index=True)
    if table.empty:
        raise SourceError("has no pixel of any class in the area", where=provider.provider)
    return Raw(
        gpd.GeoDataFrame(table, geometry="geometry", crs=frames[0].crs),
        {name: count for name, count in changes.items() if count},
        state=State.LIVE if State.LIVE in states else State.CACHED,
        address=provider.url,
        vintage=provider.vintage,
    )


def tile_urls(provider: Raster, wanted: Wanted) -> list[str]:
    """Return the addresses of the tiles that the area touches."""
    if "{tile}" not in provider.url:
        return [provider.url]
    if provider.tiles != "worldcover":
        raise ConfigError(f"tiles = {provider.tiles!r} is not known", where=provider.provider)
    box = box_of(wanted, WGS84)
    assert box is not None
    west, south, east, north = (3 * floor(value / 3) for value in box)
    return [
        provider.url.replace("{tile}", f"{_pole(lat, 'NS', 2)}{_pole(lon, 'EW', 3)}")
        for lat in range(south, north + 1, 3)
        for lon in range(west, east + 1, 3)
    ]


def _pole(degrees: int, names: str, width: int) -> str:
    return f"{names[degrees < 0]}{abs(degrees):0{width}d}"


def _window(
    opened: Session, provider: Raster, url: str, directory: Path, wanted: Wanted
) -> tuple[Path, State]:
    """Return the window as a file in the cache."""
    store = Store(directory)
    box = box_of(wanted, WGS84)
    key = f"{url} {box} {provider.resolution}"
    name = file_name(provider.provider, "window", key, ".tif")
    policy = opened.policy
    if not policy.refresh and store.whole(name, max_age=policy.max_age) is not None:
        return store.path(name), State.CACHED
    packed = fetch(provider, directory).path if url.endswith(".zip") else None
    with store.alone():
        part = store.path(name).with_name(store.path(name).name + ".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        with _plain_errors(provider.provider), _opened(opened, provider, url, packed) as source:
            data, profile = _read_window(source, provider, wanted)
        with rasterio.open(part, "w", **profile) as target:
            target.write(data, 1)
        entry = Entry(
            provider=provider.provider,
            url=f"{url} (window {box})",
            fetched=datetime.now(UTC).replace(microsecond=0),
            date=provider.vintage,
            licence=provider.licence,
            attribution=provider.attribution,
        )
        store.put(name, part, entry)
    return store.path(name), State.LIVE


@contextmanager
def _opened(opened: Session, provider: Raster, url: str, packed: Path | None) -> Iterator[Any]:
    """Open a raster over the network, of which pieces are fetched, or the one packed in a zip."""
    if packed is not None:
        with zipfile.ZipFile(packed) as archive:
            inside = [name for name in archive.namelist() if name.lower().endswith(".tif")]
        if len(inside) != 1:
            raise SourceError(f"holds {len(inside)} rasters, not one", where=provider.provider)
        with rasterio.open(f"/vsizip/{packed}/{inside[0]}") as source:
            yield source
        return
    blocks = Blocks(opened, provider, Request(url, params=provider.params))
    with (
        rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"),
        rasterio.open(FILE, opener=_opener(blocks)) as source,
    ):
        yield source


def _opener(blocks: Blocks) -> Callable[..., RangeFile]:
    """Return what opens the file for GDAL, and none of those it looks for beside it."""

    def opened(path: str, mode: str = "rb") -> RangeFile:
        if mode != "rb" or not path.endswith(FILE):
            raise FileNotFoundError(path)
        return blocks.open()

    return opened


@contextmanager
def _plain_errors(where: str) -> Iterator[None]:
    try:
        yield
    except RasterioError as error:
        raise SourceError(
            f"is no readable raster ({' '.join(str(error).split())})", where=where
        ) from None


def _read_window(source: Any, provider: Raster, wanted: Wanted) -> tuple[Any, dict[str, Any]]:
    where = provider.provider
    crs = parse_crs(provider.crs, where=where) if provider.crs else source.crs
    if crs is None:
        raise SourceError("does not say its coordinate system", where=where, todo="state it: crs")
    crs = CRS.from_user_input(crs)
    box = box_of(wanted, crs)
    assert box is not None
    there = ~source.transform
    x, y = np.array([(x, y) for x in box[0::2] for y in box[1::2]]).T
    corners = np.column_stack(
        [there.a * x + there.b * y + there.c, there.d * x + there.e * y + there.f]
    )
    left, top = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    right, bottom = min(right, source.width), min(bottom, source.height)
    if right <= left or bottom <= top:
        raise SourceError("does not touch the area", where=where)
    window = Window(left, top, right - left, bottom - top)
    step_x, step_y = _steps(source, crs, provider, (box[1] + box[3]) / 2)
    shape = ceil((bottom - top) / step_y), ceil((right - left) / step_x)
    if shape[0] * shape[1] > MOST_PIXELS:
        raise SourceError(
            f"has {shape[0] * shape[1]:,} pixels in the area", where=where,
            todo="read it coarser: resolution = ...",
        )  # fmt: skip
    data = source.read(1, window=window, out_shape=shape, resampling=Resampling.mode)
    wide, tall = (right - left) / shape[1], (bottom - top) / shape[0]
    a, b, c, d, e, f = source.transform[:6]
    corner = c + a * left + b * top, f + d * left + e * top
    profile = {
        "driver": "GTiff", "width": shape[1], "height": shape[0], "count": 1,
        "dtype": data.dtype, "crs": crs.to_wkt(), "compress": "deflate", "nodata": source.nodata,
        "transform": Affine(a * wide, b * tall, corner[0], d * wide, e * tall, corner[1]),
    }  # fmt: skip
    return data, profile


def _steps(source: Any, crs: CRS, provider: Raster, middle: float) -> tuple[float, float]:
    """Return how many pixels of the raster make one that is read; they need not be square."""
    if provider.resolution is None:
        return 1.0, 1.0
    wide, tall = abs(source.transform.a), abs(source.transform.e)
    if crs.is_geographic:
        wide *= METRES_A_DEGREE * np.cos(np.radians(middle))
        tall *= METRES_A_DEGREE
    return max(1.0, provider.resolution / wide), max(1.0, provider.resolution / tall)


def polygons(path: Path, provider: Raster, changes: Counter[str]) -> gpd.GeoDataFrame:
    """Draw the classes of a raster file; what is no data is left out, not made a class."""
    with rasterio.open(path) as source:
        data, transform, crs, nodata = source.read(1), source.transform, source.crs, source.nodata
    known = np.ones(data.shape, dtype=bool)
    if data.dtype.kind == "f":
        known &= np.isfinite(data)
    for value in [*provider.nodata, *([nodata] if nodata is not None else [])]:
        known &= data != value
    if provider.valid is not None:
        known &= (data >= provider.valid[0]) & (data <= provider.valid[1])
    names = list(provider.classes)
    number = np.zeros(data.shape, dtype=np.int16)
    for place, name in enumerate(names, start=1):
        number[known & _is_in(data, provider.classes[name], provider.provider)] = place
    changes[UNKNOWN] += int((known & (number == 0)).sum())
    return draw(number, names, transform, crs)


def draw(
    number: NDArray[Any], names: Sequence[str], transform: Affine, crs: Any
) -> gpd.GeoDataFrame:
    """Draw the pixels of each class as polygons.

    Parameters
    ----------
    number
        Place of a pixel's class in `names`, counted from 1; 0 for none.
    names, transform, crs
        The classes, and where the pixels lie.
    """
    drawn = list(outlines(number, mask=number > 0, transform=transform))
    geometry = [shapely.geometry.shape(shape) for shape, _ in drawn]
    return gpd.GeoDataFrame(
        {"class": [names[int(value) - 1] for _, value in drawn]}, geometry=geometry, crs=crs
    )


def _is_in(data: Any, said: str, where: str) -> Any:
    """Return where pixels have one of the values of '10,95' or '30-39'."""
    found = np.zeros(data.shape, dtype=bool)
    for part in said.split(","):
        written = _RANGE.fullmatch(part.strip())
        if written is None:
            raise ConfigError(f"{said!r} is no list of values", where=where)
        low, high = written.groups(default=written[1])
        found |= (data >= float(low)) & (data <= float(high))
    return found
