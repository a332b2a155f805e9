"""The layers that serve any city, from their own entries and servers on loopback.

The rasters are drawn with what is odd of the real ones: tiles of GHSL in Mollweide, packed in zips;
SoilGrids in Goode's homolosine, cut in pieces under one VRT; heights in pixels twice as high as
wide, in tiles of a degree, of which those in the sea are not there.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from pydantic import TypeAdapter
from pyproj import Transformer
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from districttype.city import City, load_city
from districttype.errors import ConfigError, SourceError, SourceUnavailableError
from districttype.indicators.measure import measure
from districttype.layers.collect import collect
from districttype.layers.live import doctor
from districttype.provenance import State
from districttype.providers import Grid, LayerProviders, Provider, WebTerrain
from districttype.sources.download import Session, session
from districttype.sources.registry import Wanted, read
from districttype.sources.tiles import TILINGS, example_url, tile_urls
from districttype.zones import make_zone_set
from servers.faulty import Server
from sources.conftest import HASTY

MOLLWEIDE = "ESRI:54009"
IGH = "+proj=igh +lat_0=0 +lon_0=0 +datum=WGS84 +units=m +no_defs"
ANY: TypeAdapter[LayerProviders] = TypeAdapter(LayerProviders)


def everywhere(layer: str, kind: type[Provider], server: Server | None = None) -> Any:
    """Return the provider of any city's layer, its host changed for the server's."""
    (found,) = [p for p in load_city("lviv").layers[layer] if isinstance(p, kind)]
    if server is None:
        return found
    url = server.url + re.sub(r"https://[^/]+", "", found.url)
    return found.model_copy(update={"url": url})


def tif(data: np.ndarray, transform: Affine, crs: str, **profile: Any) -> bytes:
    """Return a GeoTIFF."""
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", height=data.shape[0], width=data.shape[1], count=1, dtype=data.dtype,
            crs=crs, transform=transform, compress="deflate", **profile,
        ) as file:  # fmt: skip
            file.write(data, 1)
        return bytes(memory.read())


def serve(server: Server, path: str, body: bytes) -> None:
    server.scripts[path] = lambda call: call.file(body)


def around(x: float, y: float, metres: float, crs: str) -> shapely.Geometry:
    """Return a square about a point as an area in WGS 84."""
    square = shapely.box(x - metres, y - metres, x + metres, y + metres)
    return gpd.GeoSeries([square], crs=crs).to_crs(4326).iloc[0]


# GHSL ---------------------------------------------------------------------------------------------


def test_tiles_of_ghsl_lie_where_its_own_scheme_says(shared: Path) -> None:
    scheme = shared / "captures" / "rasters" / "ghsl_tile_schema_cut.geojson"
    rows = [row["properties"] for row in json.loads(scheme.read_text())["features"]]
    assert len(rows) == 7
    tiling = TILINGS["ghsl"]
    for row in rows:
        assert tiling.name(row["left"], row["bottom"]) == row["tile_id"]
        inside = [row[edge] for edge in ("left", "bottom", "right", "top")]
        middle = (inside[0] + inside[2]) / 2, (inside[1] + inside[3]) / 2
        wanted = Wanted(area=around(*middle, 5_000, MOLLWEIDE))
        assert list(tiling.names(wanted)) == [row["tile_id"]]


@pytest.mark.parametrize(
    ("lon", "lat", "tile"),
    [(24.66, 60.2, "R3_C20"), (12.37, 51.34, "R3_C19"), (-21.9, 64.14, "R2_C17")],
)  # fmt: skip
def test_a_city_is_in_one_tile_of_ghsl(lon: float, lat: float, tile: str) -> None:
    for layer in ("residents", "built_up"):
        provider = everywhere(layer, Grid)
        wanted = Wanted(area=shapely.box(lon - 0.05, lat - 0.05, lon + 0.05, lat + 0.05))
        (url,) = tile_urls(provider, wanted)
        assert url.endswith(f"_{tile}.zip")


@pytest.mark.parametrize("year", [2025, "2030"])
def test_what_ghsl_projects_is_refused(year: object) -> None:
    table = everywhere("residents", Grid).model_dump() | {"bands": {"residents": year}}
    with pytest.raises(ValueError, match=f"{year} is a projection"):
        Grid.model_validate(table)
    assert Grid.model_validate(table | {"tiles": "", "url": "https://x.invalid/{band}.tif"})


EDGE = 959_000.0  # between R3_C19 and R3_C20
NORTH = 7_000_000.0
TOP = 400  # rows of 100 m from the edge of the tile to the city


def ghsl(
    server: Server, product: str, year: int, tile: str, values: np.ndarray, nodata: float
) -> None:
    """Serve a tile of GHSL of 10,000 by 10,000 pixels, with values about the middle of an edge."""
    left = EDGE if tile == "R3_C20" else EDGE - 1_000_000
    column = 0 if tile == "R3_C20" else 10_000 - values.shape[1]
    transform = Affine(100, 0, left, 0, -100, NORTH)
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", height=10_000, width=10_000, count=1, dtype=values.dtype, nodata=nodata,
            crs=MOLLWEIDE, transform=transform, sparse_ok=True, tiled=True, compress="deflate",
        ) as file:  # fmt: skip
            rows, columns = values.shape
            file.write(values, 1, window=rasterio.windows.Window(column, TOP, columns, rows))
        inner = bytes(memory.read())
    name = f"{product}_E{year}_GLOBE_R2023A_54009_100_V1_0_{tile}"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{name}.tif", inner)
        archive.writestr("GHSL_Data_Package.pdf", b"%PDF")
    folder = f"{product}_GLOBE_R2023A/{product}_E{year}_GLOBE_R2023A_54009_100"
    path = f"/ftp/jrc-opendata/GHSL/{folder}/V1-0/tiles/{name}.zip"
    serve(server, path, packed.getvalue())


def squares(first: float, last: float, dtype: str = "float64") -> np.ndarray:
    """Return twenty by twenty pixels of two values, upper and lower half."""
    values = np.full((20, 20), first, dtype=dtype)
    values[10:] = last
    return values


def on_the_edge() -> shapely.Geometry:
    """Return a square of four kilometres about the middle of the pixels of `ghsl`."""
    return around(EDGE, NORTH - (TOP + 10) * 100, 2_000, MOLLWEIDE)


def test_residents_of_two_epochs_are_those_of_the_pixels(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    for year, value in ((2020, 12.5), (2010, 10.0)):
        ghsl(server, "GHS_POP", year, "R3_C20", squares(value, 0), -200)
        ghsl(server, "GHS_POP", year, "R3_C19", squares(-200, value), -200)
    bands = {"residents": "2020", "residents_before": "2010"}
    provider = everywhere("residents", Grid, server).model_copy(update={"bands": bands})
    raw = read(provider, tmp_path, Wanted(area=on_the_edge()))
    frame = raw.frame
    assert frame.crs == MOLLWEIDE
    assert frame["residents"].sum() == pytest.approx(2 * 200 * 12.5)
    assert frame["residents_before"].sum() == pytest.approx(2 * 200 * 10)
    np.testing.assert_allclose(frame.area, 10_000)
    assert (frame["residents"] >= 0).all()
    east = frame[(frame["residents"] > 0) & (frame.geometry.bounds["minx"] >= EDGE)]
    assert east.total_bounds.tolist() == [
        EDGE, NORTH - (TOP + 10) * 100, EDGE + 2_000, NORTH - TOP * 100,
    ]  # fmt: skip
    west = frame[(frame["residents"] > 0) & (frame.geometry.bounds["maxx"] <= EDGE)]
    assert west.total_bounds.tolist() == [
        EDGE - 2_000, NORTH - (TOP + 20) * 100, EDGE, NORTH - (TOP + 10) * 100,
    ]  # fmt: skip


def test_a_tile_that_is_not_there_is_sea_and_is_known_without_a_network(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    ghsl(server, "GHS_POP", 2020, "R3_C20", squares(3, 3), -200)
    provider = everywhere("residents", Grid, server)
    wanted = Wanted(area=on_the_edge())
    raw = read(provider, tmp_path, wanted)
    assert raw.frame["residents"].sum() == 1200
    asked = len(server.calls)
    with session(HASTY):
        again = read(provider, tmp_path, wanted)
    assert (again.state, len(server.calls)) == (State.CACHED, asked)
    assert again.frame.equals(raw.frame)
    nowhere = provider.model_copy(update={"url": server.url + "/{band}/{tile}.zip"})
    with pytest.raises(SourceError, match="all sea, or the address has changed"):
        read(nowhere, tmp_path, wanted)


def test_bands_must_lie_on_the_same_pixels(server: Server, hasty: Session, tmp_path: Path) -> None:
    box = around(500_000, 6_000_000, 300, MOLLWEIDE)
    for year, side in (("2020", 100.0), ("2010", 50.0)):
        at = Affine(side, 0, 490_000, 0, -side, 6_010_000)
        body = tif(np.ones((400, 400), dtype="float32"), at, MOLLWEIDE)
        serve(server, f"/{year}.tif", body)
    provider = Grid(
        provider="P",
        source="grid",
        url=server.url + "/{band}.tif",
        bands={"a": "2020", "b": "2010"},
    )
    with pytest.raises(SourceError, match="do not lie on the same pixels"):
        read(provider, tmp_path, Wanted(area=box))
    with pytest.raises(ConfigError, match="for an area only"):
        read(provider, tmp_path, Wanted())


def city_at(x: float, y: float, crs: str, side: float, tmp_path: Path) -> LayerProviders:
    """Return the providers of two districts, north and south of a point."""
    halves = [
        shapely.box(x - side, y, x + side, y + side),
        shapely.box(x - side, y - side, x + side, y),
    ]
    frame = gpd.GeoDataFrame({"zone_id": ["n", "s"], "name": ["N", "S"]}, geometry=halves, crs=crs)
    frame.to_file(tmp_path / "districts.gpkg")
    return ANY.validate_python({"districts": [{"provider": "drawn", "file": "districts.gpkg"}]})


def test_any_city_has_residents_and_what_was_built_in_ten_years(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    for tile in ("R3_C19", "R3_C20"):
        ghsl(server, "GHS_POP", 2020, tile, squares(12, 1.0), -200)
        ghsl(server, "GHS_BUILT_S", 2020, tile, squares(4_000, 1_000, "uint16"), 65535)
        ghsl(server, "GHS_BUILT_S", 2010, tile, squares(1_000, 1_000, "uint16"), 65535)
    crs = "EPSG:32633"
    to_metres = Transformer.from_crs(MOLLWEIDE, crs, always_xy=True)
    x, y = to_metres.transform(EDGE, NORTH - (TOP + 10) * 100)
    listed = city_at(x, y, crs, 8_000, tmp_path)
    for layer in ("residents", "built_up"):
        listed[layer] = [everywhere(layer, Grid, server)]
    city = TypeAdapter(City).validate_python(
        {"id": "town", "country": "DK", "crs": crs, "names": {"en": "Town"}}
    )
    layers = collect(city, listed, tmp_path).layers
    found = measure(make_zone_set("districts", layers), layers)
    # Mollweide shears, so that the border between the districts is not quite that of the values.
    assert found["residents"].sum() == pytest.approx(400 * 12 + 400 * 1)
    assert found.loc["n", "residents"] == pytest.approx(4800, rel=0.15)
    assert found["residents_change_ratio"].isna().all()  # of an earlier count nothing is said
    assert found["jobs"].isna().all()
    assert found.loc["s", "built_up_new_share"] < 0.3
    assert found.loc["n", "built_up_new_share"] > 0.6
    origin = layers["built_up"].provenance[0]
    assert (origin.licence, origin.state) == ("CC BY 4.0", State.LIVE)
    assert "Joint Research Centre" in origin.attribution


# SoilGrids ----------------------------------------------------------------------------------------

SOIL = {"clay": "clay_100-200cm", "sand": "sand_100-200cm", "cfvo": "cfvo_100-200cm",
        "soc": "soc_30-60cm"}  # fmt: skip
X0, Y0 = 1_500_000.0, 6_500_000.0


def soilgrids(server: Server, **rows: list[int]) -> None:
    """Serve rasters of soil, each in two pieces under one VRT: four rows of pixels a value."""
    for name, values in rows.items():
        band = SOIL[name]
        data = np.repeat(np.array(values, dtype="int16"), 4)[:, None] * np.ones((1, 40), "int16")
        pieces = ""
        for part in (0, 1):
            at = Affine(250, 0, X0 + part * 5_000, 0, -250, Y0)
            body = tif(data[:, part * 20 : part * 20 + 20], at, IGH, nodata=-32768)
            path = f"{band}_mean/tileSG-{part}.tif"
            serve(server, f"/soilgrids/latest/data/{name}/{path}", body)
            rect = f'xOff="{{}}" yOff="0" xSize="20" ySize="{len(data)}"/>'
            pieces += (
                f'<SimpleSource><SourceFilename relativeToVRT="1">{path}</SourceFilename>'
                f"<SourceBand>1</SourceBand><SrcRect {rect.format(0)}"
                f"<DstRect {rect.format(part * 20)}</SimpleSource>"
            )
        text = (
            f'<VRTDataset rasterXSize="40" rasterYSize="{len(data)}"><SRS>{IGH}</SRS>'
            f"<GeoTransform>{X0}, 250, 0, {Y0}, 0, -250</GeoTransform>"
            f'<VRTRasterBand dataType="Int16" band="1"><NoDataValue>-32768</NoDataValue>{pieces}'
            "</VRTRasterBand></VRTDataset>"
        )
        serve(server, f"/soilgrids/latest/data/{name}/{band}_mean.vrt", text.encode())


def soil_city(server: Server, tmp_path: Path) -> gpd.GeoDataFrame:
    crs = "EPSG:32634"
    x, y = Transformer.from_crs(IGH, crs, always_xy=True).transform(X0 + 5_000, Y0 - 5_000)
    listed = city_at(x, y, crs, 9_000, tmp_path)
    listed["ground"] = [everywhere("ground", Grid, server)]
    city = TypeAdapter(City).validate_python(
        {"id": "town", "country": "PL", "crs": crs, "names": {"en": "Town"}}
    )
    layers = collect(city, listed, tmp_path).layers
    frame = layers["ground"].frame
    assert layers["ground"].provenance[0].attribution.startswith("SoilGrids")
    assert any("how deep the rock lies" in n for n in layers["ground"].provenance[0].notes)
    return frame.assign(row=np.round((Y0 - frame.to_crs(IGH).centroid.y) / 1000 - 0.5).astype(int))


def test_grain_of_the_soil_tells_some_classes_of_ground_and_leaves_the_rest_unknown(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    nothing = -32768
    #          sand  loam clay  silt  peat  stony town
    soilgrids(
        server,
        clay=[100, 250, 350, 200, 250, 250, nothing],
        sand=[651, 400, 300, 149, 400, 400, nothing],
        cfvo=[50, 399, 50, 50, 50, 400, nothing],
        soc=[100, 1199, 100, 100, 1200, 100, nothing],
    )  # fmt: skip
    frame = soil_city(server, tmp_path)
    classes = frame.groupby("row")["class"].unique().map(list).to_dict()
    assert classes == {0: ["coarse"], 2: ["clay"], 3: ["silt"], 4: ["organic"], 5: ["coarse"]}
    assert frame["thin_cover"].isna().all()
    # Forty pixels of 250 m a row, four rows a class, from both pieces of each raster.
    counted = frame.groupby("row").size()
    assert counted[2] == 4 * 40
    west, _, east, _ = frame.to_crs(IGH).total_bounds
    assert (round(west), round(east)) == (X0, X0 + 10_000)


def test_a_city_of_loam_has_ground_unknown(server: Server, hasty: Session, tmp_path: Path) -> None:
    soilgrids(server, clay=[250] * 8, sand=[400] * 8, cfvo=[100] * 8, soc=[100] * 8)
    assert soil_city(server, tmp_path).empty


def test_a_piece_of_soil_that_fails_is_no_hole_in_the_map(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    soilgrids(server, clay=[400], sand=[300], cfvo=[0], soc=[0])
    path = "/soilgrids/latest/data/clay/clay_100-200cm_mean/tileSG-1.tif"
    server.scripts[path] = lambda call: call.reply(b"down", 503)
    with pytest.raises(SourceUnavailableError, match="503"):
        soil_city(server, tmp_path)


# Copernicus DEM -----------------------------------------------------------------------------------


def heights(server: Server, lat: int, lon: int, rise: Callable[[Any, Any], Any]) -> None:
    """Serve a tile of heights as GLO-30 has them: coarser to the east from 50° N on, no nodata."""
    wide = 1800 if lat >= 60 else 2400 if lat >= 50 else 3600
    rows, columns = 3600, wide
    step_x, step_y = 1 / columns, 1 / rows
    at = Affine(step_x, 0, lon - step_x / 2, 0, -step_y, lat + 1 + step_y / 2)
    x = lon + np.arange(columns) * step_x
    y = lat + 1 - np.arange(rows) * step_y
    data = np.broadcast_to(rise(x[None, :], y[:, None]), (rows, columns)).astype("float32")
    name = f"Copernicus_DSM_COG_10_N{lat:02d}_00_E{lon:03d}_00_DEM"
    body = tif(data, at, "EPSG:4326", tiled=True, blockxsize=512, blockysize=512, predictor=3)
    serve(server, f"/{name}/{name}.tif", body)


def area(lon: float, lat: float, half: float) -> Wanted:
    return Wanted(area=shapely.box(lon - half, lat - half / 2, lon + half, lat + half / 2))


def test_slope_across_tiles_of_unlike_pixels_has_no_seam(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    def rise(_x: Any, y: Any) -> Any:
        return (y - 59) * 111_400 * 0.05  # a twentieth, to the north

    for lat in (59, 60):
        for lon in (24, 25):
            heights(server, lat, lon, rise)
    provider = everywhere("slopes", WebTerrain, server)
    raw = read(provider, tmp_path, area(25.0, 60.0, 0.03))
    inner = raw.frame.to_crs(4326).cx[24.96:25.04, 59.98:60.02]
    np.testing.assert_allclose(inner["slope"], 0.05, rtol=0.01)
    # Not a square is missing, at the corner of four tiles neither.
    whole = shapely.union_all(raw.frame.to_crs(4326).geometry.to_numpy())
    assert shapely.covers(whole, shapely.box(24.96, 59.98, 25.04, 60.02))
    fetched = sum(server.counts.values()) * (1 << 17)
    assert fetched < 4 * 1800 * 3600 * 4 / 3


def test_sea_has_no_tile_and_no_slope(server: Server, hasty: Session, tmp_path: Path) -> None:
    heights(server, 60, 24, lambda x, y: (x - 24) * 55_800 * 0.1)
    provider = everywhere("slopes", WebTerrain, server)
    raw = read(provider, tmp_path, area(24.5, 60.0, 0.05))
    land = raw.frame.to_crs(4326)
    assert land.total_bounds[1] >= 59.995
    assert raw.frame["slope"].median() == pytest.approx(0.1, rel=0.02)
    with pytest.raises(SourceError, match="all sea"):
        read(provider, tmp_path, area(20.5, 59.5, 0.05))


# All of them --------------------------------------------------------------------------------------


def test_a_value_that_means_no_height_makes_no_cliff(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    heights(server, 58, 26, lambda x, _: np.where(x < 26.5, 0.0, 200.0))
    there = area(26.5, 58.5, 0.02)
    cliff = everywhere("slopes", WebTerrain, server)
    assert read(cliff, tmp_path, there).frame["slope"].max() > 1
    for told in ({"nodata": [0.0]}, {"valid": (1.0, 9000.0)}):
        flat = read(cliff.model_copy(update=told), tmp_path, there).frame
        assert len(flat)
        assert flat["slope"].max() == pytest.approx(0, abs=1e-9)
        assert flat.to_crs(4326).total_bounds[0] > 26.49  # of what is not known there is no slope


def test_doctor_asks_for_a_tile_that_is_there(server: Server) -> None:
    listed = {
        "built_up": [everywhere("built_up", Grid, server)],
        "ground": [everywhere("ground", Grid, server)],
        "slopes": [everywhere("slopes", WebTerrain, server)],
    }
    for providers in listed.values():
        path = example_url(providers[0]).removeprefix(server.url)
        assert "{" not in path
        server.scripts[path] = lambda call: call.file(b"x" * 1000)
    city = TypeAdapter(City).validate_python(
        {"id": "t", "country": "FI", "crs": "EPSG:3067", "names": {"en": "T"}, "layers": listed}
    )
    checkups = {row.layer: row for row in doctor(city)}
    assert all(row.answers for row in checkups.values())
    assert checkups["slopes"].name == "Copernicus_DSM_COG_10_N60_00_E024_00_DEM.tif"
    assert checkups["built_up"].name.endswith("_E2010_GLOBE_R2023A_54009_100_V1_0_R3_C20.zip") or (
        checkups["built_up"].name.endswith("_E2020_GLOBE_R2023A_54009_100_V1_0_R3_C20.zip")
    )


def test_every_global_layer_has_its_licence() -> None:
    listed = load_city("lviv").layers
    for layer in ("residents", "built_up", "ground", "slopes", "land_cover"):
        last = listed[layer][-1]
        assert last.licence, layer
        assert last.attribution, layer
        assert last.vintage, layer
