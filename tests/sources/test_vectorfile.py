"""Files on disk: every format, and everything that is commonly wrong with them."""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from districttype.errors import (
    CrsError,
    SourceError,
    SourceTruncatedError,
    SourceUnavailableError,
)
from districttype.providers import VectorFile, WebFile
from districttype.sources.download import Session
from districttype.sources.registry import Wanted, read
from districttype.sources.texts import mend
from districttype.sources.vectorfile import Options, read_file
from servers.faulty import Server

NAMES = ["Äyräpää", "Ísafjörður", "Львів", "Κηφισιά", "Maia", "Kladno"]
ESPOO = Wanted(area=shapely.box(24.5, 60.1, 24.9, 60.4))


def squares(names=NAMES, crs="EPSG:3067") -> gpd.GeoDataFrame:
    """Return one square of 10 m a name, in Espoo, side by side."""
    x = 380000 + 20 * np.arange(len(names))
    shapes = shapely.box(x, 6670000, x + 10, 6670010)
    frame = gpd.GeoDataFrame({"name": names, "n": range(len(names))}, geometry=shapes, crs=3067)
    return frame.to_crs(crs)


def write(frame: gpd.GeoDataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".kml":
        frame.to_file(path, driver="KML")
    else:
        frame.to_file(path)
    return path


@pytest.mark.parametrize(
    ("name", "crs"),
    [
        ("x.gpkg", "EPSG:3067"), ("x.shp", "EPSG:3067"), ("x.fgb", "EPSG:3879"),
        ("x.parquet", "EPSG:3879"), ("x.geojson", "EPSG:4326"), ("x.gml", "EPSG:3067"),
        ("x.kml", "EPSG:4326"),
    ],
)  # fmt: skip
def test_every_format_gives_back_what_was_written(tmp_path, name, crs):
    frame = squares(crs=crs)
    raw = read_file(write(frame, tmp_path / name), wanted=ESPOO)
    column = "Name" if name == "x.kml" else "name"
    assert sorted(raw.frame[column]) == sorted(NAMES)  # FlatGeobuf sorts rows by place
    assert raw.frame.crs == frame.crs
    assert raw.changes == {}
    raw.frame["place"] = raw.frame[column].map(NAMES.index)
    raw = replace(raw, frame=raw.frame.sort_values("place"))
    got, due = raw.frame.to_crs(3067).geometry, frame.to_crs(3067).geometry
    assert shapely.hausdorff_distance(got.array, due.array).max() < 0.001


def test_nothing_is_left_beside_a_gml_file(tmp_path):
    path = write(squares(), tmp_path / "x.gml")
    before = sorted(tmp_path.iterdir())
    (tmp_path / "x.gfs").unlink(missing_ok=True)
    read_file(path)
    assert not (tmp_path / "x.gfs").exists()
    assert [p for p in before if p.suffix != ".gfs"] == sorted(tmp_path.iterdir())


@pytest.mark.parametrize("encoding", ["UTF-8", "CP1252"])
@pytest.mark.parametrize("stated", [True, False])
def test_shapefile_with_and_without_stated_encoding(tmp_path, encoding, stated):
    names = ["Äyräpää", "Nurmijärvi", "Malmö"]
    path = tmp_path / "x.shp"
    pyogrio.write_dataframe(squares(names), path, encoding=encoding)
    if not stated:
        path.with_suffix(".cpg").unlink(missing_ok=True)
    assert read_file(path).frame["name"].tolist() == names


def test_csv_with_decimal_commas_and_lon_lat(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes("nimi;Lon;Lat\nKilo;24,78;60,21\nTyhjä;;\n".encode("cp1252"))
    raw = read_file(path, wanted=ESPOO)
    assert raw.frame["nimi"].tolist() == ["Kilo"]
    assert raw.frame.geometry.iloc[0].coords[0] == (24.78, 60.21)
    assert raw.changes == {"rows without geometry dropped": 1}


def test_csv_with_named_columns_needs_a_crs(tmp_path):
    (tmp_path / "x.csv").write_text("E,N\n380000,6670000\n", encoding="utf-8")
    with pytest.raises(CrsError, match="nothing says in which coordinate system"):
        read_file(tmp_path / "x.csv", Options(x="e", y="n"))
    raw = read_file(tmp_path / "x.csv", Options(x="e", y="n", crs="EPSG:3067"), ESPOO)
    assert raw.frame.crs == 3067


def test_csv_without_coordinates_names_its_columns(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"no columns 'lon' and 'lat'.*columns there: a, b"):
        read_file(tmp_path / "x.csv")


@pytest.mark.parametrize("name", ["x.gpkg", "x.shp", "x.fgb", "x.parquet", "x.geojson", "x.kml"])
@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.95])
def test_truncated_file_is_one_line(tmp_path, name, part):
    path = write(
        squares([f"name {i}" for i in range(500)], "EPSG:4326" if "j" in name else "EPSG:3067"),
        tmp_path / name,
    )
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
    with pytest.raises(SourceError) as caught:
        read_file(path)
    assert str(caught.value).startswith(name)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_truncated_geopackage_says_by_how_much(tmp_path):
    path = write(squares(), tmp_path / "x.gpkg")
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(SourceTruncatedError, match=f"50,000 bytes of {size:,}"):
        read_file(path)


def test_missing_file_names_its_neighbours(tmp_path):
    write(squares(), tmp_path / "houses.gpkg")
    with pytest.raises(SourceUnavailableError, match=r"no such file.*houses\.gpkg"):
        read_file(tmp_path / "house.gpkg")


def test_layer_that_is_not_there_names_those_that_are(tmp_path):
    path = tmp_path / "x.gpkg"
    squares().to_file(path, layer="one")
    squares().to_file(path, layer="two")
    with pytest.raises(SourceError, match="has no layer 'three'; layers there: one, two"):
        read_file(path, Options(layer="three"))
    with pytest.raises(SourceError, match="has several layers; name one"):
        read_file(path)
    assert len(read_file(path, Options(layer="two")).frame) == len(NAMES)


def test_no_rows(tmp_path):
    squares().iloc[:0].to_file(tmp_path / "x.gpkg")
    with pytest.raises(SourceError, match="has no rows"):
        read_file(tmp_path / "x.gpkg")


def test_no_crs_is_an_error_unless_one_is_stated(tmp_path):
    path = tmp_path / "x.shp"
    squares().to_file(path)
    path.with_suffix(".prj").unlink()
    with pytest.raises(CrsError, match=r"x\.shp: nothing says .* crs = 'EPSG:\.\.\.'"):
        read_file(path)
    raw = read(VectorFile(provider="x", file="x.shp", crs="EPSG:3067"), tmp_path, ESPOO)
    assert raw.frame.crs == 3067
    with pytest.raises(CrsError, match="'EPSG:99999' is no coordinate system"):
        read_file(path, Options(crs="EPSG:99999"))


def test_metric_coordinates_in_geojson(tmp_path):
    """As Leipzig publishes them: metres, and nothing that says so."""
    path = tmp_path / "x.geojson"
    body = json.loads(squares().to_json(drop_id=True))
    body.pop("crs", None)
    path.write_text(json.dumps(body), encoding="utf-8")
    with pytest.raises(CrsError, match=r"6,670,010 are no degrees"):
        read_file(path)
    assert read_file(path, Options(crs="EPSG:3067"), ESPOO).frame.crs == 3067


def test_bad_geometry_is_repaired_or_dropped_and_counted(tmp_path):
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    mixed = shapely.GeometryCollection(
        [shapely.box(20, 0, 30, 10), shapely.Point(5, 5), shapely.LineString([(0, 0), (1, 1)])]
    )
    flat = shapely.Polygon([(0, 0), (5, 0), (9, 0)])
    high = shapely.force_3d(shapely.box(40, 0, 50, 10), 7.0)
    frame = gpd.GeoDataFrame(
        {"n": range(6)},
        geometry=[bow_tie, mixed, flat, high, None, shapely.Polygon()],
        crs=3067,
    )
    raw = read_file(write(frame, tmp_path / "x.gpkg"))
    assert raw.frame["n"].tolist() == [0, 1, 3]
    assert raw.frame.geometry.area.tolist() == pytest.approx([50, 100, 100])
    assert not raw.frame.geometry.has_z.any()
    assert raw.changes == {
        "rows without geometry dropped": 2,
        "mixed geometries reduced to their polygons": 1,
        "invalid polygons repaired": 2,
        "polygons without area dropped": 1,
    }


def test_swapped_axes_are_turned_once(tmp_path):
    frame = squares(crs="EPSG:4326")
    swapped = frame.set_geometry(shapely.transform(frame.geometry.array, lambda xy: xy[:, ::-1]))
    raw = read_file(write(swapped.set_crs(4326), tmp_path / "x.gpkg"), wanted=ESPOO)
    assert raw.changes == {"rows with swapped axes turned": len(NAMES)}
    assert raw.frame.to_crs(3067).total_bounds == pytest.approx(squares().total_bounds, abs=0.001)


def test_wrong_system_says_how_far_off(tmp_path):
    moved = squares().translate(0, 100_000)
    frame = squares().set_geometry(moved)
    with pytest.raises(CrsError, match=r"the data lie 7\d km from where they are expected"):
        read_file(write(frame, tmp_path / "x.gpkg"), wanted=ESPOO)
    # Coordinates of the city's own system, said to be in the national one.
    frame = squares(crs="EPSG:3879").set_crs(3067, allow_override=True)
    with pytest.raises(CrsError, match="where they are expected"):
        read_file(write(frame, tmp_path / "y.gpkg"), wanted=ESPOO)


def test_text_read_twice_is_mended_and_counted(tmp_path):
    garbled = [name.encode().decode("cp1252", "surrogateescape") for name in ("Björn", "Åbo")]
    raw = read_file(write(squares([*garbled, "Öljy"]), tmp_path / "x.gpkg"))
    assert raw.frame["name"].tolist() == ["Björn", "Åbo", "Öljy"]
    assert raw.changes == {"garbled texts mended": 2}


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x58F)))
def test_garbling_is_undone(text):
    try:
        garbled = text.encode().decode("cp1252")
    except UnicodeDecodeError:
        return
    assert mend(garbled) == (text if not text.isascii() else garbled)


@pytest.mark.parametrize(
    "text", ["Äyräpää", "Ísafjörður", "Львів", "Κηφισιά", "São João", "Ã", "A€"]
)
def test_right_text_is_left_alone(text):
    assert mend(text) == text


def test_real_files(shared, tmp_path):
    cp1252 = read_file(shared / "cities/broken_files/finnish_municipalities_cp1252.shp")
    assert any("Nurmijärvi" in str(row) for row in cp1252.frame.to_numpy().tolist())
    commune = read_file(
        shared / "cities/olemps_bdtopo/olemps_bdtopo_v3_shp.zip", Options(layer="BATIMENT")
    )
    assert len(commune.frame) > 1000
    metric = read_file(shared / "cities/maia/matosinhos_freguesias_epsg3763.geojson")
    assert metric.frame.crs == 3763
    for name in ("vermont-crs84-unknown", "vermont-custom", "vermont-utm"):
        frame = read_file(shared / f"cities/broken_files/example-crs_{name}.parquet").frame
        assert 42 < frame.to_crs(4326).total_bounds[1] < 43
    # A file that may not be written beside, with columns of lists.
    copy = shutil.copy(
        shared / "cities/helsinki/nls_buildings_helsinki_vallila_arabia.gpkg", tmp_path
    )
    assert len(read_file(Path(copy)).frame) == 2328


def test_csv_of_addresses(shared):
    frame = read_file(shared / "cities/reykjavik/reykjavik_addresses_2026-09.csv.gz").frame
    assert len(frame) == 23848
    assert isinstance(frame, pd.DataFrame)


@pytest.mark.parametrize("name", ["places.csv.gz", "places.geojson.gz"])
def test_a_packed_file_that_broke_off_is_told(
    server: Server, hasty: Session, tmp_path: Path, name: str
) -> None:
    packed = gzip.compress(b"lon,lat\n24.7,60.2\n" * 9_000)[:-30]
    server.scripts[f"/{name}"] = lambda call: call.reply(packed)
    provider = WebFile(provider="P", source="webfile", url=f"{server.url}/{name}")
    with pytest.raises(SourceTruncatedError, match="P: is damaged"):
        read(provider, tmp_path, ESPOO)
