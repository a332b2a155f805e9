"""MapServer, QGIS Server and pygeoapi on loopback serve real polygons; all are read as served."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pydantic import TypeAdapter

from districttype.errors import SourceError
from districttype.providers import AnyProvider
from districttype.sources.download import Session
from districttype.sources.registry import Raw, Wanted, read
from needs import require_system
from servers.cgi import cgi

ANY: TypeAdapter[AnyProvider] = TypeAdapter(AnyProvider)
MM = 1e-3
QGIS = Path("/usr/lib/cgi-bin/qgis_mapserv.fcgi")


def made(rows: int = 23) -> gpd.GeoDataFrame:
    """Return rows of polygons with holes, parts and odd names, round Espoo in EPSG:3067."""
    chance = np.random.default_rng(7)
    shapes = []
    for number in range(rows):
        x, y = 370_000 + 500 * (number % 5) + chance.random(), 6_670_000 + 500 * (number // 5)
        shell = shapely.box(x, y, x + 200.1234, y + 100.4567)
        if number % 3 == 1:
            shell = shell.difference(shapely.box(x + 20, y + 20, x + 40, y + 40))
        if number % 5 == 2:
            shell = shapely.MultiPolygon([shell, shapely.box(x + 300, y, x + 350.5, y + 60)])
        shapes.append(shell)
    return gpd.GeoDataFrame(
        {
            "code": [f"0{number:03d}" for number in range(rows)],
            "name": [f"Tönttiö & Söderskog {number}" for number in range(rows)],
            "floors": [number % 7 for number in range(rows)],
        },
        geometry=shapes,
        crs=3067,
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "town.gpkg"
    made().to_file(path, layer="town", driver="GPKG")
    return path


def same(raw: Raw, expected: gpd.GeoDataFrame, within: float = MM) -> None:
    """Assert that rows and shapes are those served."""
    got = raw.frame.to_crs(expected.crs)
    got = got.assign(code=got["code"].astype(str).str.zfill(4)).set_index("code").sort_index()
    want = expected.set_index("code").sort_index()
    assert list(got.index) == list(want.index)
    assert list(got["name"]) == list(want["name"])
    assert [int(value) for value in got["floors"]] == list(want["floors"])
    for mine, theirs in zip(got.geometry, want.geometry, strict=True):
        assert mine.normalize().equals_exact(theirs.normalize(), within) or (
            shapely.hausdorff_distance(mine.boundary, theirs.boundary) < within
            and mine.geom_type.removeprefix("Multi") == theirs.geom_type.removeprefix("Multi")
        )


def area_of(frame: gpd.GeoDataFrame) -> shapely.Geometry:
    return frame.to_crs(4326).union_all().convex_hull


MAPFILE = """
MAP
  NAME "town"
  EXTENT 360000 6660000 390000 6690000
  PROJECTION "init=epsg:3067" END
  WEB METADATA
    "ows_title" "town" "ows_onlineresource" "{url}" "ows_srs" "EPSG:3067 EPSG:4326 EPSG:3879"
    "ows_enable_request" "*" "wfs_encoding" "UTF-8" "wfs_getfeature_formatlist" "{formats}"
    {extra}
  END END
  OUTPUTFORMAT
    NAME "geojson" DRIVER "OGR/GeoJSON" MIMETYPE "application/json"
    FORMATOPTION "STORAGE=stream" FORMATOPTION "FORM=SIMPLE"
    FORMATOPTION "LCO:COORDINATE_PRECISION=9"
  END
  LAYER
    NAME "town" TYPE POLYGON STATUS ON
    CONNECTIONTYPE OGR CONNECTION "{path}" DATA "town"
    PROJECTION "init=epsg:3067" END
    METADATA
      "wfs_title" "town" "gml_include_items" "all" "gml_featureid" "fid"
      "wfs_geomtype" "multipolygon"
      "gml_types" "auto" "wfs_use_default_extent_for_getfeature" "false"
      "wfs_srs" "EPSG:3067 EPSG:4326 EPSG:3879"
    END
  END
END
"""


@pytest.fixture(scope="module")
def mapserver(served: Path) -> Iterator[str]:
    program = shutil.which("mapserv") or "/usr/lib/cgi-bin/mapserv"
    require_system("mapserv", present=Path(program).exists(), install="cgi-mapserver")
    folder = served.parent
    mapfile = folder / "town.map"
    config = folder / "mapserver.conf"
    config.write_text('CONFIG\n  ENV\n    MS_MAP_PATTERN "."\n  END\nEND\n')
    text = MAPFILE.format(
        url="http://localhost/ows", path=served, extra="", formats="gml3,gml32,gml,geojson"
    )
    mapfile.write_text(text)
    with cgi(program, {"MS_MAPFILE": str(mapfile), "MAPSERVER_CONFIG_FILE": str(config)}) as url:
        yield url


def wfs(url: str, **more: object) -> AnyProvider:
    table = {"provider": "P", "source": "wfs", "url": url, "type": "town", "crs": "EPSG:3067"}
    return ANY.validate_python(table | more)


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "2.0.0"])
@pytest.mark.parametrize("crs", ["EPSG:3067", "EPSG:4326", "EPSG:3879"])
def test_mapserver_every_version_and_axis_order(
    mapserver: str, hasty: Session, tmp_path: Path, version: str, crs: str
) -> None:
    form = {"1.0.0": "gml2", "1.1.0": "text/xml; subtype=gml/3.1.1", "2.0.0": ""}[version]
    # Where the register puts the northing first, only the URN says in which order a box is meant.
    box = "suffix" if version == "1.0.0" or crs == "EPSG:3067" else "urn"
    provider = wfs(mapserver, version=version, crs=crs, format=form, at_least=20, bbox=box)
    raw = read(provider, tmp_path, Wanted(area=area_of(made())))
    assert len(raw.frame) == 23
    # MapServer writes degrees with six decimals in its GML.
    same(raw, made(), within=0.12 if crs == "EPSG:4326" and version != "2.0.0" else 2 * MM)


def test_mapserver_pages_of_seven(mapserver: str, hasty: Session, tmp_path: Path) -> None:
    raw = read(wfs(mapserver, page=7, sort="code"), tmp_path, Wanted())
    same(raw, made())
    pages = [path for path in (tmp_path / "p").glob("town-*") if "hits" not in path.name]
    assert len(pages) == 4


def test_mapserver_version_one_one_pages_too(
    mapserver: str, hasty: Session, tmp_path: Path
) -> None:
    raw = read(wfs(mapserver, version="1.1.0", paging=True, page=7), tmp_path, Wanted())
    same(raw, made())


def test_mapserver_filter(mapserver: str, hasty: Session, tmp_path: Path) -> None:
    fes = (
        "<Filter><PropertyIsEqualTo><PropertyName>floors</PropertyName>"
        "<Literal>3</Literal></PropertyIsEqualTo></Filter>"
    )
    raw = read(wfs(mapserver, version="1.1.0", filter=fes), tmp_path, Wanted())
    want = made()
    same(raw, want[want["floors"] == 3])


def test_mapserver_box_leaves_out_what_is_far(
    mapserver: str, hasty: Session, tmp_path: Path
) -> None:
    far = made()
    few = area_of(far[:1])
    for crs, box in (("EPSG:3067", "suffix"), ("EPSG:3879", "urn")):
        raw = read(wfs(mapserver, crs=crs, bbox=box), tmp_path, Wanted(area=few))
        assert 1 <= len(raw.frame) < 23


def test_mapserver_exception_is_told_in_its_words(
    mapserver: str, hasty: Session, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="nosuch"):
        read(wfs(mapserver, type="nosuch"), tmp_path, Wanted())


def test_mapserver_newest_of_dated_names(mapserver: str, hasty: Session, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no layer whose name matches"):
        read(wfs(mapserver, type="", newest=r"town_(?P<year>\d{4})"), tmp_path, Wanted())
