"""Captured files, rasters and descriptions of layers and tables, read right to the value."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely

from districttype.errors import SourceError
from districttype.provenance import State
from districttype.providers import ArcGis, Raster
from districttype.sources.arcgis import choose, describe
from districttype.sources.features import read_json, read_page
from districttype.sources.overpass import read_answer, to_raw
from districttype.sources.placing import SWAPPED, settle
from districttype.sources.pxweb import question
from districttype.sources.raster import polygons
from districttype.sources.registry import Wanted
from districttype.sources.vectorfile import Options, read_file
from districttype.sources.windows import Window

LEIPZIG = shapely.box(12.2, 51.2, 12.6, 51.5)


@pytest.fixture
def captures(shared: Path) -> Path:
    return shared / "captures"


@pytest.mark.parametrize(
    ("name", "rows", "crs", "values"),
    [
        ("hsy/vaestotietoruudukko_2020_r5py_helsinki_epsg4326.gpkg", 92, 4326,
         {"population": 389}),
        ("rasters/ghsl_tile_schema_cut.geojson", 7, 4326, {"tile_id": "R2_C17", "top": 8000000}),
        ("leipzig/Ortsteile_Leipzig_UTM33N_cut1of63.json", 1, 25833, {"Name": "Zentrum"}),
        ("tekla_espoo/rakennukset_2023-11-16_fields_renamed_cut.geojson", 65, 4326,
         {"permanent_building_identifier": "1039400904", "floor_area": 503,
          "purpose_of_use": "Toimistorakennukset"}),
    ],
)  # fmt: skip
def test_vector_files(
    captures: Path, name: str, rows: int, crs: int, values: dict[str, Any]
) -> None:
    frame = read_file(captures / name, Options(), Wanted()).frame
    assert len(frame) == rows
    assert frame.crs.to_epsg() == crs
    assert {key: frame[key].iloc[0] for key in values} == values


def test_ghsl_tile_of_espoo(captures: Path) -> None:
    frame = read_file(captures / "rasters/ghsl_tile_schema_cut.geojson", Options(), Wanted()).frame
    assert frame[frame.covers(shapely.Point(24.65, 60.2))]["tile_id"].tolist() == ["R3_C20"]


def test_stops_of_hsl_as_a_table(captures: Path) -> None:
    """Stops are a CSV: an empty `vehicle_type` is one blank."""
    path = captures / "gtfs/hsl_stops_2026-09-20_cut.csv"
    frame = read_file(path, Options(crs="EPSG:4326", x="stop_lon", y="stop_lat"), Wanted()).frame
    first = frame.iloc[0]
    assert (first["stop_code"], first.geometry.x, first.geometry.y) == (
        "H2527",
        24.96105,
        60.176109,
    )
    assert frame["stop_code"].duplicated().any()  # one pole, for bus and tram


def test_leipzig_with_swapped_axes_under_the_name_of_crs84(captures: Path) -> None:
    path = captures / "leipzig/leipzig_ortsteile_axes_swapped_but_CRS84_cut2of63.json"
    frame, turned = settle(read_file(path, Options(), Wanted()).frame, LEIPZIG, where="L")
    assert turned == {SWAPPED: 2}
    assert frame.total_bounds[0] == pytest.approx(12.36, abs=0.05)


@pytest.mark.parametrize(
    ("name", "border", "share"),
    [
        # low ground: the share of pixels not above the border, counted with numpy alone
        ("rasters/copernicus_dem_glo30_fairbanks_N64_381x201.tif", 135.0, 0.488),
        ("rasters/copernicus_dem_glo30_losangeles_N34_191x191.tif", 200.0, 0.513),
        ("hel/korkeusmalli_2021_50cm_lapinlahti_epsg4326.tif", 4.5, 0.495),
    ],
)
def test_elevation_models(captures: Path, name: str, border: float, share: float) -> None:
    """No nodata value, and pixels twice as wide as high in degrees at 60° N."""
    provider = Raster(
        provider="D", source="raster", url="https://x.invalid/d.tif",
        classes={"low": f"-1-{border}", "high": f"{border + 1e-6}-9000"},
    )  # fmt: skip
    with rasterio.open(captures / name) as file:
        low = float((file.read(1) <= border).mean())
        wide = file.width * file.transform.a * file.height * -file.transform.e
    changes: Counter[str] = Counter()
    drawn = (
        polygons(Window(captures / name, State.FILE), provider, changes).dissolve("class").geometry
    )
    areas = dict(zip(drawn.index, shapely.area(drawn.to_numpy()), strict=True))  # square degrees
    assert low == pytest.approx(share, abs=0.03)
    assert areas["low"] / sum(areas.values()) == pytest.approx(low, abs=1e-6)
    assert sum(areas.values()) == pytest.approx(wide, rel=1e-9)
    assert not +changes


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("us-ca-carson-metadata", ("Address Points", 2000, "OBJECTID", False)),
        ("us-il-chicago-metadata", ("Census Designated Places", 2000, "OBJECTID", True)),
    ],
)
def test_descriptions_of_arcgis_layers(
    captures: Path, name: str, expected: tuple[str, int, str, bool]
) -> None:
    layer = describe(read_json(captures / f"arcgis/{name}.json", where="A"), 0, "", 2000)
    assert (layer.name, layer.page, layer.key, layer.pages) == expected


def test_counts_and_ids_of_arcgis(captures: Path) -> None:
    assert read_json(captures / "arcgis/us-ca-carson-count-only.json", where="A") == {
        "count": 30551
    }
    ids = read_json(captures / "arcgis/us-ca-carson-ids-only.json", where="A")
    assert ids["objectIdFieldName"] == "OBJECTID"
    assert ids["objectIds"][:3] == [70193, 70194, 70195]


def test_layers_of_ruian_by_name_groups_left_out(captures: Path) -> None:
    known = read_json(
        captures / "cuzk_ruian/ags_cuzk_BodovaPole_MapServer_pjson_cut.json", where=""
    )
    url = "https://x.invalid/MapServer"
    named = ArcGis(provider="ČÚZK", source="arcgis", url=url, layer="bod ztbp")
    assert choose(known, named, []) == (48, "Bod ZTBP")
    group = ArcGis(provider="ČÚZK", source="arcgis", url=url, layer="Tíhové bodové pole")
    with pytest.raises(SourceError, match="no layers named Tíhové"):
        choose(known, group, [])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("15_okres_query_quoted", {"kod": 3210, "nazev": "Praha-západ"}),
        ("17_kraj_query_quoted", {"kod": 27, "nazev": "Středočeský kraj"}),
        ("4_ulice_query_quoted", {"kod": 428582, "nazev": "Revoluční"}),
    ],
)
def test_rows_of_ruian(captures: Path, name: str, values: dict[str, Any]) -> None:
    page = read_page(captures / f"cuzk_ruian/ruian_mapserver_{name}.json", where="ČÚZK")
    assert page.rows == [values]


def test_tables_of_statistics_finland_whose_codes_are_dated(captures: Path) -> None:
    about = read_json(captures / "statfin/pxweb_v1_table_metadata_11re_en_cut.json", where="S")
    asked = question(about, {"Area": ["Espoo"], "ikaryhma": ["SSS"], "time": ["last"]}, where="S")
    assert [(each["code"], each["selection"]["values"]) for each in asked["query"]][:2] == [
        ("alue_23_20260101", ["KU049"]), ("ikaryhma_10_20180101", ["SSS"]),
    ]  # fmt: skip
    months = read_json(captures / "statfin/pxweb_v1_table_metadata_labour_force.json", where="S")
    (newest,) = question(months, {"Kuukausi": ["last"]}, where="S")["query"]
    assert newest["code"] == "timeperiod_m"
    assert newest["selection"]["values"] == [max(months["variables"][0]["values"])]


def test_small_areas_in_the_questions_of_region_statistics(captures: Path) -> None:
    """The last three digits are the number of the small area."""
    path = captures / "aluesarjat/request_espoo_population_by_age_alu_vaerak_004p.json"
    codes = json.loads(path.read_text(encoding="utf-8"))["query"][0]["selection"]["values"]
    areas = [code for code in codes if code != "0490000000"]
    assert len(areas) == len({code[-3:] for code in areas})
    assert "0492022222" in areas


def test_a_relation_with_a_centre_only_is_set_aside(captures: Path) -> None:
    path = captures / "overpass/rivne_admin_relation_out_center.json"
    raw = to_raw(read_answer(path, where="O"), Wanted(tags={"boundary": None}))
    assert raw.frame.empty
    assert sum(raw.changes.values()) == 1


def test_ryhtis_features_at_0_0(captures: Path) -> None:
    page = read_page(captures / "ryhti/open_building_92_features_2025-03.json", where="R")
    xy = shapely.get_coordinates(np.array(page.shapes, dtype=object))
    assert int((xy == 0).all(axis=1).sum()) == 3  # features at 0, 0
