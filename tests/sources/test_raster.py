"""Rasters over HTTP: only the window is fetched, and what it shows is what the file holds."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from districttype.errors import ConfigError, SourceError
from districttype.provenance import State
from districttype.providers import Raster
from districttype.sources.download import Session, session
from districttype.sources.raster import polygons, read
from districttype.sources.registry import Wanted
from districttype.sources.tiles import tile_urls
from districttype.sources.windows import Window
from servers.faulty import Server
from sources.conftest import HASTY

SIDE, PIXEL = 3000, 10.0
WEST, NORTH = 370_000.0, 6_690_000.0


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tiled raster of noise with a 400 m square of trees (10) in water (80)."""
    values = np.random.default_rng(5).integers(100, 200, (SIDE, SIDE)).astype("uint8")
    values[1000:1400, 1000:1400] = 80
    values[1180:1220, 1180:1220] = 10
    path = tmp_path_factory.mktemp("picture") / "picture.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=SIDE, height=SIDE, count=1, dtype="uint8", crs=3067,
        transform=Affine(PIXEL, 0.0, WEST, 0.0, -PIXEL, NORTH), tiled=True, blockxsize=256,
        blockysize=256, compress="deflate",
    ) as target:  # fmt: skip
        target.write(values, 1)
    return path


def provider(url: str, **more: object) -> Raster:
    table = {"provider": "P", "source": "raster", "url": url}
    return Raster.model_validate(table | {"classes": {"trees": "10", "water": "80"}} | more)


def place() -> Wanted:
    x, y = WEST + 1200 * PIXEL, NORTH - 1200 * PIXEL
    box = shapely.box(x - 50, y - 50, x + 50, y + 50)
    return Wanted(area=gpd.GeoSeries([box], crs=3067).to_crs(4326).iloc[0])


def test_only_the_window_is_read(
    server: Server, hasty: Session, tmp_path: Path, picture: Path
) -> None:
    body = picture.read_bytes()
    server.scripts["/p.tif"] = lambda call: call.file(body)
    raw = read(provider(server.url + "/p.tif"), tmp_path, place())
    area = raw.frame.assign(area=raw.frame.area).groupby("class")["area"].sum()
    assert area["trees"] == 400 * 400
    fetched = server.counts["/p.tif"] * (1 << 17)
    assert fetched < len(body) / 3
    assert raw.state is State.LIVE
    asked = server.counts["/p.tif"]
    with session(HASTY):
        again = read(provider(server.url + "/p.tif"), tmp_path, place())
    assert again.state is State.CACHED
    assert again.frame.geom_equals(raw.frame).all()
    assert server.counts["/p.tif"] == asked


def test_never_the_whole_file(server: Server, hasty: Session, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="for an area only"):
        read(provider(server.url + "/p.tif"), tmp_path, Wanted())
    server.scripts["/p.tif"] = lambda call: call.reply(b"II*\0" * 100)
    with pytest.raises(SourceError, match="answered 200"):
        read(provider(server.url + "/p.tif"), tmp_path, place())


def test_a_raster_in_a_zip_is_fetched_whole_and_its_window_read(
    server: Server, hasty: Session, tmp_path: Path, picture: Path
) -> None:
    packed = tmp_path / "clc.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(picture, "Clc2018_FI20m.tif")
        archive.writestr("readme.txt", "x")
    body = packed.read_bytes()
    server.scripts["/clc.zip"] = lambda call: call.file(body)
    raw = read(provider(server.url + "/clc.zip"), tmp_path / "raw", place())
    area = raw.frame.assign(area=raw.frame.area).groupby("class")["area"].sum()
    assert area["trees"] == 400 * 400
    assert server.counts["/clc.zip"] == 1


def test_tiles_of_worldcover() -> None:
    tiled = provider("https://x.invalid/{tile}_Map.tif", tiles="worldcover")
    espoo = Wanted(area=shapely.box(24.5, 60.1, 24.9, 60.36))
    assert tile_urls(tiled, espoo) == ["https://x.invalid/N60E024_Map.tif"]
    south_west = Wanted(area=shapely.box(-0.5, -0.5, 0.5, 0.5))
    assert [url[18:25] for url in tile_urls(tiled, south_west)] == [
        "S03W003", "S03E000", "N00W003", "N00E000",
    ]  # fmt: skip


def test_captured_window_of_worldcover(shared: Path) -> None:
    path = shared / "captures" / "rasters" / "esa_worldcover_2021_v200_N00E006_saotome_256.tif"
    with rasterio.open(path) as source:
        data = source.read(1)
    classes = {"trees": "10", "built": "50", "water": "80"}
    window = Window(path, State.FILE)
    frame = polygons(window, provider("https://x.invalid/a.tif", classes=classes), Counter())
    with rasterio.open(path) as source:
        pixel = abs(source.transform.a * source.transform.e)
    drawn = frame.set_crs(None, allow_override=True).area.groupby(frame["class"]).sum() / pixel
    for name, value in (("trees", 10), ("built", 50), ("water", 80)):
        assert round(drawn.get(name, 0.0)) == (data == value).sum()


def test_a_corrected_crs_does_not_take_the_window_of_the_wrong_one(
    server: Server, hasty: Session, tmp_path: Path, picture: Path
) -> None:
    body = picture.read_bytes()
    server.scripts["/p.tif"] = lambda call: call.file(body)
    url = server.url + "/p.tif"
    read(provider(url, crs="EPSG:25835"), tmp_path, place())
    asked = server.counts["/p.tif"]
    read(provider(url, crs="EPSG:3067"), tmp_path, place())
    assert server.counts["/p.tif"] > asked
