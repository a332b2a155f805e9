"""Windows of rasters on the web: of each only what the city needs is read, and kept in the cache.

rasterio over file objects that fetch byte ranges (`ranges`): GDAL's own reader of addresses would
open connections that know nothing of the cache, of proxies' keys and of politeness. A window is
kept as a small GeoTIFF, so that a second run needs no network.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.windows import Window as Part

from districttype.errors import ConfigError, SourceError, SourceMissingError
from districttype.provenance import State
from districttype.providers import Pixels
from districttype.sources.download import Session, current
from districttype.sources.features import box_of
from districttype.sources.placing import parse_crs
from districttype.sources.ranges import Blocks
from districttype.sources.registry import WGS84, Wanted
from districttype.sources.store import Entry, Store, file_name
from districttype.sources.tiles import TILE, tile_urls
from districttype.sources.transfer import Request
from districttype.sources.webfile import fetch

MOST_PIXELS = 200_000_000
METRES_A_DEGREE = 111_320.0


@dataclass(frozen=True)
class Window:
    """A window in the cache, and how it came there."""

    path: Path
    state: State

    def read(self, provider: Pixels) -> tuple[NDArray[Any], NDArray[np.bool_], Affine, Any]:
        """Return the pixels, which of them are known, their transform and their system."""
        with rasterio.open(self.path) as source:
            data, nodata = source.read(1), source.nodata
            transform, crs = source.transform, source.crs
        known = np.isfinite(data) if data.dtype.kind == "f" else np.ones(data.shape, dtype=bool)
        for value in [*provider.nodata, *([nodata] if nodata is not None else [])]:
            known &= data != value
        if provider.valid is not None:
            known &= (data >= provider.valid[0]) & (data <= provider.valid[1])
        return data, known, transform, provider.crs or crs


def windows(
    provider: Pixels,
    directory: Path,
    wanted: Wanted,
    *,
    url: str = "",
    resampling: Resampling = Resampling.average,
) -> list[Window]:
    """Return the windows of a city, one a tile that is there.

    Parameters
    ----------
    provider, directory, wanted
        As for `registry.read`.
    url
        In place of the provider's own.
    resampling
        What becomes of pixels that are read coarser than they are.

    Raises
    ------
    ConfigError
        If no area is wanted: a raster is never read whole.
    SourceError
        If it cannot be had, does not serve pieces, or does not touch the area.
    """
    if wanted.area is None:
        raise ConfigError("a raster is read for an area only", where=provider.provider)
    found: list[Window] = []
    with current() as opened:
        for address in tile_urls(provider, wanted, url):
            window = _window(opened, provider, address, directory, wanted, resampling)
            found += [] if window is None else [window]
    if not found:
        raise SourceError(
            "does not touch the area"
            if TILE not in provider.url
            else "has no tile in the area: it is all sea, or the address has changed",
            where=provider.provider,
        )
    return found


def state_of(found: list[Window]) -> State:
    """Say how windows came: live where any did."""
    return State.LIVE if any(w.state is State.LIVE for w in found) else State.CACHED


def _window(
    opened: Session,
    provider: Pixels,
    url: str,
    directory: Path,
    wanted: Wanted,
    resampling: Resampling,
) -> Window | None:
    """Return the window of one raster, from the cache or over the network; None for no tile."""
    store = Store(directory)
    box = box_of(wanted, WGS84)
    key = " ".join(map(str, (url, box, provider.resolution, *filter(None, [provider.crs]))))
    name = file_name(provider.provider, "window", key, ".tif")
    sea = file_name(provider.provider, "no-tile", url, ".txt")
    policy = opened.policy
    if not policy.refresh:
        if store.whole(name, max_age=policy.max_age) is not None:
            return Window(store.path(name), State.CACHED)
        if store.whole(sea, max_age=policy.max_age) is not None:
            return None
    entry = Entry(
        provider=provider.provider,
        url=f"{url} (window {box})",
        fetched=datetime.now(UTC).replace(microsecond=0),
        date=provider.vintage,
        licence=provider.licence,
        attribution=provider.attribution,
    )
    try:
        one = provider.model_copy(update={"url": url})
        packed = fetch(one, directory).path if url.endswith(".zip") else None
        with (
            _plain_errors(provider.provider),
            _opened(opened, provider, url, packed, directory) as source,
        ):
            cut = _cut(source, provider, wanted, resampling)
    except SourceMissingError:
        if TILE not in provider.url:
            raise
        # Kept, too: a run without a network must know that nothing is missing.
        with store.alone():
            _part(store, sea).write_text("no such tile\n", encoding="utf-8")
            store.put(sea, _part(store, sea), entry)
        return None
    if cut is None:
        return None
    data, profile = cut
    with store.alone():
        with rasterio.open(_part(store, name), "w", **profile) as target:
            target.write(data, 1)
        store.put(name, _part(store, name), entry)
    return Window(store.path(name), State.LIVE)


def _part(store: Store, name: str) -> Path:
    path = store.path(name).with_name(store.path(name).name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def _opened(
    opened: Session, provider: Pixels, url: str, packed: Path | None, directory: Path
) -> Iterator[Any]:
    """Open a raster over the network, of which pieces are fetched, or the one packed in a zip."""
    if packed is not None:
        with zipfile.ZipFile(packed) as archive:
            inside = [name for name in archive.namelist() if name.lower().endswith(".tif")]
        if len(inside) != 1:
            raise SourceError(f"holds {len(inside)} rasters, not one", where=provider.provider)
        with rasterio.open(f"/vsizip/{packed}/{inside[0]}") as source:
            yield source
        return
    files = _Files(opened, provider, url, directory)
    try:
        with (
            rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"),
            rasterio.open(files.first, opener=files.opener()) as source,
        ):
            yield source
    except RasterioError:
        if files.error is None:
            raise
    if files.error is not None:  # of a piece that cannot be had GDAL makes a hole
        raise files.error


class _Files:
    """What GDAL may open: a raster, and where it is a VRT the rasters it names beside it."""

    def __init__(self, opened: Session, provider: Pixels, url: str, directory: Path) -> None:
        self._opened, self._provider = opened, provider
        self._folder, _, self.first = url.rpartition("/")
        self._whole = self._blocks = None
        self.error: SourceError | None = None
        if self.first.endswith(".vrt"):  # a list of tiles: needed whole, and for every city
            one = provider.model_copy(update={"url": url})
            self._whole = fetch(one, directory, ".vrt").path
        else:
            self._blocks = Blocks(opened, provider, Request(url, params=provider.params))
        self._others: dict[str, Blocks] = {}

    def opener(self) -> Callable[..., BinaryIO]:
        """Return what opens files for GDAL, and none of those it looks for beside a raster."""

        def opened(path: str, mode: str = "rb") -> BinaryIO:
            if mode != "rb":
                raise FileNotFoundError(path)
            if path.endswith(self.first):
                if self._whole is not None:
                    return self._whole.open("rb")
                assert self._blocks is not None
                return cast(BinaryIO, self._blocks.open())
            if self._whole is None or not path.lower().endswith((".tif", ".tiff")):
                raise FileNotFoundError(path)
            return cast(BinaryIO, self._beside(path).open())

        return opened

    def _beside(self, path: str) -> Blocks:
        if path not in self._others:
            request = Request(f"{self._folder}/{path.removeprefix('./')}")
            try:
                self._others[path] = Blocks(self._opened, self._provider, request)
            except SourceError as error:
                self.error = error
                raise
        return self._others[path]


@contextmanager
def _plain_errors(where: str) -> Iterator[None]:
    try:
        yield
    except RasterioError as error:
        raise SourceError(
            f"is no readable raster ({' '.join(str(error).split())})", where=where
        ) from None


def _cut(
    source: Any, provider: Pixels, wanted: Wanted, resampling: Resampling
) -> tuple[NDArray[Any], dict[str, Any]] | None:
    """Read the pixels of an area and say where they lie; None where it has none there."""
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
        return None
    part = Part(left, top, right - left, bottom - top)
    step_x, step_y = _steps(source, crs, provider, (box[1] + box[3]) / 2)
    shape = ceil((bottom - top) / step_y), ceil((right - left) / step_x)
    if shape[0] * shape[1] > MOST_PIXELS:
        raise SourceError(
            f"has {shape[0] * shape[1]:,} pixels in the area", where=where,
            todo="read it coarser: resolution = ...",
        )  # fmt: skip
    data = source.read(1, window=part, out_shape=shape, resampling=resampling)
    wide, tall = (right - left) / shape[1], (bottom - top) / shape[0]
    a, b, c, d, e, f = source.transform[:6]
    corner = c + a * left + b * top, f + d * left + e * top
    profile = {
        "driver": "GTiff", "width": shape[1], "height": shape[0], "count": 1,
        "dtype": data.dtype, "crs": crs.to_wkt(), "compress": "deflate", "nodata": source.nodata,
        "transform": Affine(a * wide, b * tall, corner[0], d * wide, e * tall, corner[1]),
    }  # fmt: skip
    return data, profile


def _steps(source: Any, crs: CRS, provider: Pixels, middle: float) -> tuple[float, float]:
    """Return how many pixels of the raster make one that is read; they need not be square."""
    if provider.resolution is None:
        return 1.0, 1.0
    wide, tall = abs(source.transform.a), abs(source.transform.e)
    if crs.is_geographic:
        wide *= METRES_A_DEGREE * np.cos(np.radians(middle))
        tall *= METRES_A_DEGREE
    return max(1.0, provider.resolution / wide), max(1.0, provider.resolution / tall)
