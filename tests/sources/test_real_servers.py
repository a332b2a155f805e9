"""What MapServer, QGIS Server and pygeoapi serve is what is read, geometry to the millimetre."""

from __future__ import annotations

import gzip
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import httpx
import numpy as np
import pytest
import shapely
from pydantic import TypeAdapter

from districttype.city import load_city
from districttype.errors import SourceError
from districttype.layers.reconstructed import embedded_layers
from districttype.providers import AnyProvider
from districttype.sources import registry
from districttype.sources.download import Session
from districttype.sources.registry import Raw, Wanted
from servers.faulty import Call, Server
from servers.geo import mapserver, pygeoapi, qgis_server

pytestmark = pytest.mark.slow

ANY: TypeAdapter[AnyProvider] = TypeAdapter(AnyProvider)
ESPOO = Wanted(area=shapely.box(24.49, 59.89, 24.95, 60.38))
SHARED = Path(os.environ.get("DISTRICTTYPE_SHARED", Path(__file__).parents[3] / "shared" / "data"))
MM = 1e-3
SIX_DECIMALS = 0.2  # metres: how some servers write degrees
Read = Callable[..., Raw]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Real files of Espoo, or the embedded districts and stops where there are none."""
    if SHARED.is_dir():
        areas = gpd.read_file(SHARED / "espoo/espoo_pienalue_88.gpkg")
        stops = gpd.read_file(SHARED / "espoo/espoo_hsl_stops.gpkg")
        frames = {
            "areas": areas.assign(code=areas["kokotun"]),
            "stops": stops.assign(code=stops["stop_id"].astype(str)),
        }
    else:
        layers = embedded_layers(load_city("espoo"))
        areas, stops = layers.frame("districts"), layers.frame("stops")
        codes = [f"s{number:05}" for number in range(len(stops))]
        frames = {
            "areas": areas.assign(code=areas["zone_id"])[["code", "name", "geometry"]],
            "stops": stops.assign(code=codes)[["code", "name", "geometry"]],
        }
    folder = tmp_path_factory.mktemp("served")
    for name, frame in frames.items():
        # GeoPackage 1.2, which the GDAL of the servers knows
        frame.to_file(folder / f"{name}.gpkg", VERSION="1.2")
    return {name: folder / f"{name}.gpkg" for name in frames}


@pytest.fixture(scope="module")
def maps(served: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mapserver(tmp_path_factory.mktemp("mapserver"), served) as url:
        yield url


@pytest.fixture(scope="module")
def qgis(served: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with qgis_server(tmp_path_factory.mktemp("qgis"), served) as url:
        yield url


@pytest.fixture(scope="module")
def api(served: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("pygeoapi")
    files = {}
    for name, path in served.items():
        frame = gpd.read_file(path).to_crs(3067)
        frame["fid"] = [str(number) for number in range(len(frame))]
        files[name] = folder / f"{name}.geojson"
        frame.to_file(files[name], COORDINATE_PRECISION=9)
    with pygeoapi(folder, files) as url:
        yield url


@pytest.fixture
def read(hasty: Session, tmp_path: Path) -> Read:
    """Read through the registry what a table says, as a city's file would say it."""

    def reading(url: str, **table: Any) -> Raw:
        provider = ANY.validate_python({"provider": "P", "source": "wfs", "url": url} | table)
        return registry.read(provider, tmp_path, ESPOO)

    return reading


def assert_same(raw: Raw, path: Path, *, metres: float = MM, where: str = "") -> None:
    """Compare rows, values and shapes with the file served, in metres."""
    mine = raw.frame.to_crs(3067).sort_values("code").reset_index(drop=True)
    theirs = gpd.read_file(path, where=where or None).to_crs(3067)
    theirs = theirs.sort_values("code").reset_index(drop=True)
    assert len(mine) == len(theirs) > 0
    for column in theirs.columns.drop("geometry"):
        left, right = mine[column], theirs[column]
        if theirs[column].dtype.kind in "if":
            assert np.allclose(left.astype(float), right.astype(float), equal_nan=True), column
        else:
            assert left.fillna("").astype(str).tolist() == right.fillna("").astype(str).tolist()
    apart = shapely.hausdorff_distance(mine.geometry.to_numpy(), theirs.geometry.to_numpy())
    assert float(np.max(apart)) <= metres
    area = shapely.area(theirs.geometry.to_numpy()) - shapely.area(mine.geometry.to_numpy())
    length = shapely.length(theirs.geometry.to_numpy())
    assert (np.abs(area) <= length * metres + 1e-6).all()


def pages_of(folder: Path) -> int:
    """Return how many answers with rows the cache holds."""
    kept = [path for path in folder.rglob("*") if path.suffix in {".gml", ".json"}]
    return sum("hits" not in path.name and path.name != "manifest.json" for path in kept)


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "2.0.0"])
@pytest.mark.parametrize("form", ["GML", "geojson"])
@pytest.mark.parametrize("layer", ["areas", "stops"])
def test_mapserver(
    maps: str, served: dict[str, Path], read: Read, layer: str, version: str, form: str
) -> None:
    forms = {
        "geojson": "geojson",
        "GML": {"1.0.0": "GML2", "1.1.0": "GML3", "2.0.0": ""}[version],
    }
    raw = read(maps, type=layer, version=version, format=forms[form], crs="EPSG:3067")
    assert_same(raw, served[layer])


@pytest.mark.parametrize("version", ["1.1.0", "2.0.0"])
def test_mapserver_pages_of_seven(
    maps: str, served: dict[str, Path], read: Read, tmp_path: Path, version: str
) -> None:
    raw = read(maps, type="areas", version=version, crs="EPSG:3067", page=7, paging=True)
    assert_same(raw, served["areas"])
    # Where nothing is counted, an empty page marks the end.
    assert pages_of(tmp_path) - -(-len(raw.frame) // 7) in {0, 1}


@pytest.mark.parametrize(("version", "form"), [("1.1.0", "GML3"), ("2.0.0", "")])
def test_mapserver_with_swapped_axes(
    maps: str, served: dict[str, Path], read: Read, version: str, form: str
) -> None:
    """It gives latitudes first; in 1.1.0 under a name that means longitudes first."""
    raw = read(maps, type="stops", version=version, format=form, crs="EPSG:4326", bbox="urn")
    assert raw.frame.crs.to_epsg() == 4326
    assert_same(raw, served["stops"], metres=SIX_DECIMALS)


def test_mapserver_box_of_the_wrong_order_is_told(maps: str, read: Read) -> None:
    with pytest.raises(SourceError, match="another coordinate system or axis order"):
        read(maps, type="stops", crs="EPSG:4326", bbox="plain")


def test_mapserver_filter(maps: str, served: dict[str, Path], read: Read) -> None:
    code = gpd.read_file(served["areas"])["code"].iloc[5]
    condition = (
        '<fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0"><fes:PropertyIsEqualTo>'
        f"<fes:ValueReference>code</fes:ValueReference><fes:Literal>{code}</fes:Literal>"
        "</fes:PropertyIsEqualTo></fes:Filter>"
    )
    raw = read(maps, type="areas", filter=condition, crs="EPSG:3067")
    assert_same(raw, served["areas"], where=f"code = '{code}'")


def test_mapserver_exception_is_told_in_its_words(maps: str, read: Read) -> None:
    with pytest.raises(SourceError, match="TYPENAME 'nothing' doesn't exist in this server"):
        read(maps, type="nothing")
    with pytest.raises(SourceError, match="no layer whose name matches"):
        read(maps, newest=r"areas_(?P<year>\d{4})")


def test_mapserver_that_gives_fewer_at_once_than_asked(
    served: dict[str, Path], tmp_path: Path, read: Read
) -> None:
    with mapserver(tmp_path, served, cap=5) as url:
        raw = read(url, type="areas", crs="EPSG:3067", page=7)
    assert_same(raw, served["areas"])


@pytest.mark.parametrize("form", ["GML2", "GML3", "application/vnd.geo+json"])
@pytest.mark.parametrize("layer", ["areas", "stops"])
def test_qgis_server(qgis: str, served: dict[str, Path], read: Read, layer: str, form: str) -> None:
    page = 7 if layer == "areas" else 700
    more = {"type": layer, "version": "1.1.0", "format": form, "page": page, "paging": True}
    raw = read(qgis, crs="EPSG:3067", **more)
    # Its GeoJSON is in WGS 84 whatever is asked for, and has six decimals of a degree.
    gml = form.startswith("GML")
    assert_same(raw, served[layer], metres=MM if gml else SIX_DECIMALS)
    assert raw.frame.crs.to_epsg() == (3067 if gml else 4326)


def test_qgis_server_with_swapped_axes(qgis: str, served: dict[str, Path], read: Read) -> None:
    more = {"type": "stops", "version": "1.1.0", "format": "GML3", "bbox": "urn"}
    raw = read(qgis, crs="urn:ogc:def:crs:EPSG::4326", **more)
    assert_same(raw, served["stops"], metres=SIX_DECIMALS)


def test_qgis_server_exception_is_told_in_its_words(qgis: str, read: Read) -> None:
    with pytest.raises(SourceError, match="TypeName 'nothing' could not be found"):
        read(qgis, type="nothing", version="1.1.0", format="GML3")


@pytest.mark.parametrize("crs", [None, "EPSG:3067"])
@pytest.mark.parametrize("layer", ["areas", "stops"])
def test_pygeoapi(
    api: str, served: dict[str, Path], read: Read, layer: str, crs: str | None
) -> None:
    page = 7 if layer == "areas" else 700
    raw = read(api, source="ogcapi", collection=layer, crs=crs, page=page)
    assert_same(raw, served[layer])
    assert raw.frame.crs.to_epsg() == (3067 if crs else 4326)


def test_pygeoapi_passes_over_a_filter_and_is_caught(
    api: str, served: dict[str, Path], read: Read
) -> None:
    code = gpd.read_file(served["areas"])["code"].iloc[5]
    table = {"source": "ogcapi", "collection": "areas"}
    with pytest.raises(SourceError, match="it seems not to obey the filter"):
        read(api, filter=f"code='{code}'", at_most=1, **table)
    raw = read(api, params={"code": code}, **table)
    assert_same(raw, served["areas"], where=f"code = '{code}'")


def test_pygeoapi_exception_is_told_in_its_words(api: str, read: Read) -> None:
    with pytest.raises(SourceError, match=r"404 .*Collection not found"):
        read(api, source="ogcapi", collection="nothing")


def killed(call: Call, body: bytes) -> None:
    call.start(len(body), 200, "text/xml")
    call.wfile.write(body[: len(body) // 2])
    call.wfile.flush()
    call.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    call.hang_up()


def busy(call: Call, body: bytes) -> None:
    call.reply(b"", 503, Retry_After="0")


def cut(call: Call, body: bytes) -> None:
    call.reply(body[: len(body) // 2], content_type="text/xml")


def moved(call: Call, body: bytes) -> None:
    call.reply(b"", 302, Location=call.path.replace("/ows", "/moved"))


def zipped(call: Call, body: bytes) -> None:
    assert "gzip" in call.headers["Accept-Encoding"]
    call.reply(gzip.compress(body), content_type="text/xml", Content_Encoding="gzip")


def dripping(call: Call, body: bytes) -> None:
    call.start(len(body), 200, "text/xml")
    for start in range(0, len(body), len(body) // 20 + 1):
        call.wfile.write(body[start : start + len(body) // 20 + 1])
        call.wfile.flush()
        time.sleep(0.02)


@pytest.mark.parametrize("fault", [killed, busy, cut, moved, zipped, dripping])
def test_mapserver_behind_a_bad_line(
    maps: str,
    served: dict[str, Path],
    read: Read,
    server: Server,
    fault: Callable[[Call, bytes], None],
) -> None:
    """Every first answer goes wrong on its way, and the second is as MapServer gave it."""

    def whole(call: Call) -> bytes:
        return httpx.get(f"{maps}?{call.path.partition('?')[2]}", timeout=60).content

    server.scripts["/ows"] = [
        lambda call: fault(call, whole(call)),
        lambda call: call.reply(whole(call), content_type="text/xml"),
    ]
    server.scripts["/moved"] = server.scripts["/ows"][1]
    raw = read(f"{server.url}/ows", type="areas", crs="EPSG:3067", format="GML3")
    assert_same(raw, served["areas"])
    assert server.counts["/ows"] + server.counts["/moved"] >= 2 - (fault in {zipped, dripping})
