"""Models of heights, on disk or on the web: how steep the ground is, square by square.

Slope is rise over run by the window of 3 × 3 pixels of Horn (1981). Heights are laid anew on a
grid in metres first: pixels in degrees are twice as high as wide at 60° N, and one of half a metre
sees every kerb.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile
from rasterio.merge import merge
from rasterio.transform import Affine
from rasterio.vrt import WarpedVRT

from districttype.errors import CrsError, SourceError, SourceUnavailableError
from districttype.providers import Provider, Terrain, WebTerrain
from districttype.sources.placing import box_in, parse_crs
from districttype.sources.registry import Raw, Wanted
from districttype.sources.windows import Window, state_of, windows

Floats = NDArray[np.float64]

PIXELS = 10  # along the side of a square
MOST_PIXELS = 200_000_000
LOWEST, HIGHEST = -450.0, 9000.0  # what lies beyond is no height, whatever the file declares
LEAST = 0.5  # of a square must be known


@dataclass(frozen=True)
class _Grid:
    """Squares in metres: lower left corner, side of a square, columns and rows of squares.

    `fine` tells whether the pixels of the file are smaller than those of the grid.
    """

    crs: CRS
    west: float
    south: float
    square: float
    columns: int
    rows: int
    fine: bool

    @property
    def pixel(self) -> float:
        """Return the side of a pixel, m."""
        return self.square / PIXELS

    def boxes(self, row: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.object_]:
        """Return squares, rows counted from the north."""
        x = self.west + column * self.square
        y = self.south + (self.rows - 1 - row) * self.square
        return np.asarray(shapely.box(x, y, x + self.square, y + self.square))


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Read the slope of the ground by squares: columns `slope` (m/m) and geometry.

    Raises
    ------
    SourceUnavailableError
        If there is no such file, or no service answers.
    SourceError
        If it is no raster, does not touch the area, or holds no height.
    CrsError
        If its coordinate system is not known.
    """
    if isinstance(provider, WebTerrain):
        found = windows(provider, directory, wanted)
        with _joined(found, provider) as file:
            frame = _squares(file, provider, wanted, provider.provider)
        return Raw(frame, state=state_of(found), address=provider.url)
    assert isinstance(provider, Terrain)
    path = directory / provider.file
    if not path.exists():
        raise SourceUnavailableError("there is no such file", where=path.name)
    try:
        with rasterio.open(path) as file:
            return Raw(_squares(file, provider, wanted, provider.file), address=path.name)
    except RasterioError as error:
        text = " ".join(str(error).replace(str(path), path.name).split())
        raise SourceError(f"is no readable raster ({text})", where=path.name) from None


@contextmanager
def _joined(found: Sequence[Window], provider: WebTerrain) -> Iterator[rasterio.DatasetReader]:
    """Open windows of several tiles as one raster, with the pixels of the finest of them."""
    with ExitStack() as stack:
        files = [stack.enter_context(_known(window, provider)) for window in found]
        if len(files) == 1:
            yield files[0]
            return
        finest = np.min([file.res for file in files], axis=0)
        height, transform = merge(
            files, res=tuple(finest), nodata=np.nan, dtype="float32", resampling=Resampling.bilinear
        )
        yield stack.enter_context(_in_memory(height[0], transform, files[0].crs))


@contextmanager
def _known(window: Window, provider: WebTerrain) -> Iterator[rasterio.DatasetReader]:
    """Open a window in which what is no height is NaN: before it is laid anew with its neighbours.

    Afterwards a mean of a height and of -9999 could be taken for a height.
    """
    data, known, transform, crs = window.read(provider)
    known &= (data >= LOWEST) & (data <= HIGHEST)
    with _in_memory(np.where(known, data, np.nan), transform, crs) as file:
        yield file


@contextmanager
def _in_memory(
    height: NDArray[np.floating], transform: Affine, crs: object
) -> Iterator[rasterio.DatasetReader]:
    """Open heights (NaN where not known) as a raster."""
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", count=1, dtype="float32", crs=crs, transform=transform, nodata=np.nan,
            width=height.shape[1], height=height.shape[0],
        ) as made:  # fmt: skip
            made.write(height.astype("float32"), 1)
        with memory.open() as file:
            yield file


def _squares(
    file: rasterio.DatasetReader, provider: Terrain | WebTerrain, wanted: Wanted, where: str
) -> gpd.GeoDataFrame:
    """Return squares with their slopes."""
    grid = _grid(file, provider, wanted, where)
    height = _heights(file, grid, provider)
    steep = means(slope(height, grid.pixel))
    row, column = np.nonzero(np.isfinite(steep))
    if not len(row):
        raise SourceError("holds no height in the area", where=where)
    return gpd.GeoDataFrame(
        {"slope": steep[row, column]}, geometry=grid.boxes(row, column), crs=grid.crs
    )


def slope(height: Floats, pixel: float) -> Floats:
    """Return rise over run by Horn's method; NaN at the edge and beside what is not known.

    Parameters
    ----------
    height
        (rows, columns), m; NaN where not known.
    pixel
        Side of a pixel, m.
    """
    z = np.pad(height, 1, constant_values=np.nan)
    north, middle, south = z[:-2], z[1:-1], z[2:]
    # The next row or column counts twice what those at the corners do.
    east_west = sum(
        weight * (row[:, 2:] - row[:, :-2]) for row, weight in ((north, 1), (middle, 2), (south, 1))
    )
    north_south = sum(
        weight * (north[:, part] - south[:, part])
        for part, weight in (
            (slice(None, -2), 1), (slice(1, -1), 2), (slice(2, None), 1),
        )
    )  # fmt: skip
    return np.asarray(np.hypot(east_west, north_south) / (8 * pixel))


def means(pixels: Floats) -> Floats:
    """Return the mean of each square of `PIXELS` by `PIXELS`; NaN where too little is known."""
    rows, columns = (size // PIXELS for size in pixels.shape)
    blocks = pixels.reshape(rows, PIXELS, columns, PIXELS)
    known = np.isfinite(blocks)
    count = known.sum(axis=(1, 3))
    total = np.where(known, blocks, 0.0).sum(axis=(1, 3))
    return np.where(count >= LEAST * PIXELS**2, total / np.maximum(count, 1), np.nan)


def _grid(
    file: rasterio.DatasetReader, provider: Terrain | WebTerrain, wanted: Wanted, where: str
) -> _Grid:
    """Lay squares over what the file and the wanted area have in common."""
    stated = parse_crs(provider.crs, where=where) if provider.crs else file.crs
    if stated is None:
        raise CrsError(
            "nothing says in which coordinate system the data are",
            where=where,
            todo="state it beside the file's name: crs = 'EPSG:...'",
        )
    outline = shapely.box(*file.bounds)
    edge = gpd.GeoSeries(
        [shapely.segmentize(outline, outline.length / 64)], crs=CRS.from_user_input(stated)
    )
    crs = edge.estimate_utm_crs()
    low_x, low_y, high_x, high_y = edge.to_crs(crs).total_bounds
    fine = (high_y - low_y) / file.height < provider.square / PIXELS
    if wanted.area is not None:
        box = box_in(wanted.area, crs)
        low_x, low_y = max(low_x, box[0]), max(low_y, box[1])
        high_x, high_y = min(high_x, box[2]), min(high_y, box[3])
    side = provider.square
    west, south = np.floor(low_x / side) * side, np.floor(low_y / side) * side
    columns, rows = int(np.ceil((high_x - west) / side)), int(np.ceil((high_y - south) / side))
    if columns <= 0 or rows <= 0:
        raise SourceError("does not touch the area", where=where)
    if columns * rows * PIXELS**2 > MOST_PIXELS:
        raise SourceError(
            f"has {columns * rows:,} squares in the area", where=where, todo="set a larger square"
        )
    return _Grid(crs, float(west), float(south), side, columns, rows, fine)


def _heights(file: rasterio.DatasetReader, grid: _Grid, provider: Terrain | WebTerrain) -> Floats:
    """Return the heights of a grid's pixels; NaN where there is none."""
    north = grid.south + grid.rows * grid.square
    with WarpedVRT(
        file,
        src_crs=provider.crs or file.crs,
        crs=grid.crs.to_wkt(),
        transform=Affine(grid.pixel, 0, grid.west, 0, -grid.pixel, north),
        width=grid.columns * PIXELS,
        height=grid.rows * PIXELS,
        resampling=Resampling.average if grid.fine else Resampling.bilinear,
        nodata=np.nan,
        dtype="float32",
    ) as laid:
        height: Floats = laid.read(1).astype(np.float64)
    height[~((height >= LOWEST) & (height <= HIGHEST))] = np.nan
    return height
