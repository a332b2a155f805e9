"""Slope of terrain drawn by rule, and of real models of heights."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from pyproj import CRS
from rasterio.transform import Affine

from districttype.city import load_city
from districttype.errors import CrsError, SourceError, SourceUnavailableError
from districttype.indicators.measure import measure
from districttype.layers.collect import collect
from districttype.providers import Terrain, read_layers_file
from districttype.sources.registry import Raw, Wanted, read
from districttype.sources.terrain import means, slope
from districttype.zones import make_zone_set

WEST, NORTH = 370_000.0, 6_680_000.0


def write(path: Path, height: np.ndarray, pixel: float = 10.0, crs: str | None = "EPSG:32635",
          corner: tuple[float, float] = (WEST, NORTH), **profile: object) -> None:  # fmt: skip
    rows, columns = height.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=columns, height=rows, count=1, dtype="float32", crs=crs,
        transform=Affine(pixel, 0, corner[0], 0, -pixel, corner[1]), **profile,
    ) as file:  # fmt: skip
        file.write(height.astype("float32"), 1)


def ramp(rows: int, columns: int, rise: float = 1.0) -> np.ndarray:
    """Return ground that rises to the east by `rise` a pixel."""
    return np.tile(np.arange(columns) * rise, (rows, 1))


def of(folder: Path, **options: object) -> Raw:
    provider = Terrain(provider="drawn", source="terrain", file="dem.tif", **options)
    return read(provider, folder)


def test_slope_of_a_ramp_is_its_rise_over_run_whichever_way_it_leads() -> None:
    for ground in (ramp(9, 9), ramp(9, 9).T, ramp(9, 9)[:, ::-1]):
        steep = slope(ground, 10.0)
        np.testing.assert_allclose(steep[1:-1, 1:-1], 0.1)
        assert np.isnan(steep[0]).all()
    aslant = slope(3 * ramp(9, 9) + 4 * ramp(9, 9).T, 10.0)
    np.testing.assert_allclose(aslant[1:-1, 1:-1], 0.5)


def test_horn_counts_the_next_pixels_twice_those_at_the_corners() -> None:
    ground = np.zeros((3, 3))
    ground[:, 2] = [8, 16, 0]  # east: (8 + 2 * 16 + 0) / 80; north: (8 + 0 + 0 - 0) / 80
    assert slope(ground, 10.0)[1, 1] == pytest.approx(np.hypot(40, 8) / 80)


def test_a_square_is_known_where_half_of_it_is() -> None:
    pixels = np.full((10, 30), 0.2)
    pixels[:, 10:15] = np.nan
    pixels[:, 20:26] = np.nan
    np.testing.assert_allclose(means(pixels), [[0.2, 0.2, np.nan]])


def test_squares_lie_where_the_ground_does(tmp_path: Path) -> None:
    ground = ramp(40, 40)
    ground[:, 20:] = 19.0  # a plain to the east of the ramp
    write(tmp_path / "dem.tif", ground)
    frame = of(tmp_path).frame
    assert frame.crs == CRS.from_epsg(32635)
    assert frame.area.unique() == pytest.approx([10_000])
    west = frame.cx[WEST + 10 : WEST + 90, NORTH - 390 : NORTH - 10]
    east = frame.cx[WEST + 310 : WEST + 390, NORTH - 390 : NORTH - 10]
    np.testing.assert_allclose(west["slope"], 0.1, atol=1e-6)
    np.testing.assert_allclose(east["slope"], 0.0, atol=1e-6)
    assert len(frame) == 16


@pytest.mark.parametrize("nothing", [{"nodata": -9999.0}, {}])
def test_what_is_no_height_is_not_steep(tmp_path: Path, nothing: dict[str, float]) -> None:
    ground = ramp(40, 40)
    ground[:, 20:] = -9999.0  # declared as such or not
    write(tmp_path / "dem.tif", ground, **nothing)
    frame = of(tmp_path).frame
    np.testing.assert_allclose(frame["slope"], 0.1, atol=1e-6)
    assert frame.total_bounds[2] <= WEST + 200


def test_pixels_in_degrees_are_laid_anew_in_metres(tmp_path: Path) -> None:
    # 0.001° to the east are 55.6 m at 60° N: a rise of 5.56 m makes a tenth.
    write(tmp_path / "dem.tif", ramp(40, 40, 5.58), 0.001, "EPSG:4326", (24.5, 60.02))
    steep = of(tmp_path).frame["slope"]
    assert steep.median() == pytest.approx(0.1, rel=0.01)


def test_what_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="no such file"):
        of(tmp_path)
    (tmp_path / "dem.tif").write_text("no raster")
    with pytest.raises(SourceError, match="is no readable raster"):
        of(tmp_path)
    write(tmp_path / "dem.tif", ramp(20, 20), crs=None)
    with pytest.raises(CrsError, match="nothing says in which coordinate system"):
        of(tmp_path)
    assert len(of(tmp_path, crs="EPSG:32635").frame) == 4
    write(tmp_path / "dem.tif", np.full((20, 20), -9999.0))
    with pytest.raises(SourceError, match="holds no height"):
        of(tmp_path)
    provider = Terrain(provider="drawn", source="terrain", file="dem.tif")
    with pytest.raises(SourceError, match="does not touch the area"):
        read(provider, tmp_path, Wanted(area=shapely.box(0, 50, 1, 51)))


LAYERS = """
[[districts]]
provider = "drawn"
file = "districts.gpkg"
[[slopes]]
provider = "drawn"
source = "terrain"
file = "dem.tif"
square = 50
"""


def test_a_terrain_model_among_an_analyst_s_files_gives_every_zone_its_slope(
    tmp_path: Path,
) -> None:
    ground = ramp(100, 100, 0.5)
    ground[:, 50:] = ground[0, 50]
    write(tmp_path / "dem.tif", ground)
    halves = [shapely.box(x, NORTH - 900, x + 350, NORTH - 100) for x in (WEST + 100, WEST + 550)]
    gpd.GeoDataFrame(
        {"zone_id": ["w", "e"], "name": ["W", "E"]}, geometry=halves, crs="EPSG:32635"
    ).to_file(tmp_path / "districts.gpkg")
    (tmp_path / "layers.toml").write_text(LAYERS)
    served = read_layers_file(tmp_path / "layers.toml")
    layers = collect(load_city("espoo"), served, tmp_path).layers
    zones = make_zone_set("districts", layers)
    steep = measure(zones, layers)["mean_slope"]
    assert steep.to_dict() == pytest.approx({"w": 0.05, "e": 0.0}, abs=1e-4)


def test_real_heights_of_a_flat_river_plain_are_flat(shared: Path) -> None:
    """GLO-30 at 64° N: pixels twice as high as wide, and no value declared as missing."""
    provider = Terrain(
        provider="Copernicus", source="terrain",
        file="copernicus_dem_glo30_fairbanks_N64_381x201.tif", square=250,
    )  # fmt: skip
    steep = read(provider, shared / "captures" / "rasters").frame["slope"]
    assert len(steep) > 900
    assert 0.005 < steep.median() < 0.03
    assert steep.max() < 0.3
