"""Section 0a: what captured answers show, and where they correct the rules."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from districttype.city import load_city
from districttype.errors import SourceError
from districttype.layers.live import services
from districttype.provenance import State
from districttype.providers import Gtfs, PxWeb, Raster, Wfs
from districttype.sources.features import AT_ORIGIN, DOUBLED
from districttype.sources.gml import read_gml
from districttype.sources.gtfs import read_feed
from districttype.sources.overpass import to_raw
from districttype.sources.pxweb import question
from districttype.sources.raster import polygons
from districttype.sources.registry import Raw, Wanted
from districttype.sources.wfs import newest
from districttype.sources.windows import Window
from sources.quirks.answers import GeoServer, collection, feature, geojson
from sources.quirks.conftest import Canonical, Read

MADE = Path(__file__).parents[1] / "made"
NAMES = [
    "SeutuRAMAVA_kortteli_12024", "SeutuRAMAVA_kortteli_22024", "SeutuRAMAVA_kortteli_12026",
    "SeutuRAMAVA_kortteli_22025", "SeutuRAMAVA_kortteli_20170811", "SeutuRAMAVA_kortteli_I_2024",
    "Vaestotietoruudukko_2024", "Vaestotietoruudukko_2025", "Vaestotietoruudukko_20256",
    "JH_ Keraysautojen_pysahtymispaikat_2024_kevat_vko22", "hyväksytytkaavatmal_2020_2023",
]  # fmt: skip


def test_0a_1_99_residents_are_99_residents(read: Read, layer: Canonical) -> None:
    rows = [feature(1, {"asukkaita": 99, "ika30_39": 99}), feature(2, {"asukkaita": 11})]
    table = {"columns": {"residents": "asukkaita"}, "sentinels": [999999999, -1]}
    assert layer("residents", read(GeoServer("a:b", rows=rows)), **table)["residents"].sum() == 110


@pytest.mark.parametrize(
    ("pattern", "found", "year"),
    [
        (r"SeutuRAMAVA_kortteli_(?P<part>[12])(?P<year>\d{4})", "SeutuRAMAVA_kortteli_12026", 2026),
        (r"Vaestotietoruudukko_(?P<year>\d{4})", "Vaestotietoruudukko_2025", 2025),
        (r"SeutuRAMAVA_kortteli_(?P<part>I{1,2})_(?P<year>\d{4})", "SeutuRAMAVA_kortteli_I_2024",
         2024),
        (r"SeutuRAMAVA_kortteli_(?P<part>[12])(?P<year>\d{4})\d*", "SeutuRAMAVA_kortteli_12026",
         2026),
        (r"JH_ .*_(?P<year>\d{4})_kevat_vko22",
         "JH_ Keraysautojen_pysahtymispaikat_2024_kevat_vko22", 2024),
        (r"hyväksytytkaavatmal_\d{4}_(?P<year>\d{4})", "hyväksytytkaavatmal_2020_2023", 2023),
    ],
)  # fmt: skip
def test_0a_2_dated_names_with_halves_days_blanks_and_umlauts(
    pattern: str, found: str, year: int
) -> None:
    assert newest(NAMES, pattern, where="HSY") == (found, str(year))


def test_0a_3_areas_with_owners_are_read_whatever_their_year_and_say_it() -> None:
    """Kept capabilities have them for 2014 to 2016 only, by two spellings."""
    names = ["SeutuRAMAVA_tila_2014_fme", "SeutuRAMAVA_tila_20161230", "SeutuRAMAVA_kosa_20161230"]
    (owners,) = [
        each for name, each in services(load_city("espoo"))
        if name == "ownership" and isinstance(each, Wfs) and "RAMAVA" in each.newest
    ]  # fmt: skip
    listed = [f"asuminen_ja_maankaytto:{name}" for name in names]
    assert newest(listed, owners.newest, where="HSY") == (listed[1], "2016")
    assert "by statistical area" in owners.provider
    assert owners.at_least > 1


def test_0a_4_region_statistics_name_small_areas_by_codes_that_end_with_theirs() -> None:
    """Aluesarjat: the last three digits are the `tunnus` of the small area."""
    codes = ["0496063635", "0492022222"]
    about = {"variables": [{"code": "Alue", "text": "Alue", "values": codes,
                            "valueTexts": ["Suvisaaristo", "Otaniemi"]}]}  # fmt: skip
    provider = PxWeb(provider="H", source="pxweb", url="https://x.invalid/alu_vaerak_004p.px",
                     select={"Alue": ["Otaniemi"]})  # fmt: skip
    (asked,) = question(about, provider.select, where="H")["query"]
    assert [code[-3:] for code in asked["selection"]["values"]] == ["222"]


def test_0a_5_without_fid_rows_alike_in_values_and_shape_are_one(read: Read) -> None:
    same = [feature(1, {"a": None, "b": 2}, id=None) for _ in range(3)]
    other = feature(1, {"a": None, "b": 3}, id=None)
    raw = read(GeoServer("a:b", rows=[*same, other]))
    assert raw.frame["b"].tolist() == [2, 3]
    assert raw.changes[DOUBLED] == 2


def test_0a_5_columns_that_an_answer_leaves_out_are_empty_not_an_error(
    read: Read, layer: Canonical
) -> None:
    columns = {"building_right_m2": "kala", "reserve_m2": "vara"}
    raw = read(GeoServer("a:b", rows=[feature(1, {"kala": 900})]), columns=columns)
    assert "no row has a value of vara" in raw.notes
    found = layer("plans", raw, columns=columns)
    assert found["building_right_m2"].tolist() == [900]
    assert found["reserve_m2"].isna().all()


def test_0a_5_a_file_that_brings_no_crs_is_in_the_one_asked_for(read: Read) -> None:
    body = (
        b'<wfs:FeatureCollection xmlns:wfs="w" xmlns:gml="http://www.opengis.net/gml">'
        b"<gml:featureMember><b><shape><gml:Point><gml:coordinates>25490000,6675000"
        b"</gml:coordinates></gml:Point></shape></b></gml:featureMember></wfs:FeatureCollection>"
    )
    tekla: dict[str, Any] = {"version": "1.1.0", "format": "GML2", "bbox": "plain"}
    assert read(lambda call: call.reply(body), crs="EPSG:3879", **tekla).frame.crs == "EPSG:3879"


def test_0a_6_building_ids_may_end_in_a_digit_and_stay_text(read: Read, layer: Canonical) -> None:
    rows = [feature(1, {"vtj_prt": "1039400904"}), feature(2, {"vtj_prt": 103940090.0})]
    found = layer(
        "buildings", read(GeoServer("a:b", rows=rows[:1])), columns={"building_id": "vtj_prt"}
    )
    assert found["building_id"].tolist() == ["1039400904"]


def test_0a_7_houses_have_a_floor_area_in_espoos_own_register_so_it_comes_first(
    read: Read, layer: Canonical
) -> None:
    first, second = [
        each for name, each in services(load_city("espoo"))
        if name == "buildings" and isinstance(each, Wfs) and each.columns
    ]  # fmt: skip
    assert ("kartat.espoo.fi" in first.url, "kartta.hsy.fi" in second.url) == (True, True)
    row = {"vtj_prt": "103940090K", "kayttarks": "Asuinrakennus", "kerala": 999999999}
    row |= dict.fromkeys(["kerrosten_lkm", "kavu", "asuntojen_lkm", "lammitysaine_s"])
    found = layer(
        "buildings", read(GeoServer("a:b", rows=[feature(1, row)])),
        columns=second.columns, tables=second.tables, sentinels=second.sentinels,
    )  # fmt: skip
    assert found["floor_area_m2"].isna().all()


def test_0a_8_zero_is_missing_for_area_and_storeys_but_no_dwellings_are_none(
    read: Read, layer: Canonical
) -> None:
    rows = [
        feature(1, {"id": "1A", "ala": 0, "krs": 0, "asunnot": 0}),
        feature(2, {"id": "2B", "ala": 158, "krs": 2, "asunnot": None}),
    ]
    columns = {"building_id": "id", "floor_area_m2": "ala", "floors": "krs", "dwellings": "asunnot"}
    found = layer("buildings", read(GeoServer("a:b", rows=rows)), columns=columns)
    assert found["floor_area_m2"].fillna(-1).tolist() == [-1, 158]
    assert found["floors"].fillna(-1).tolist() == [-1, 2]
    assert found["dwellings"].fillna(-1).tolist() == [0, -1]


def test_0a_9_ryhtis_features_at_0_0_dates_with_z_and_codes_under_two_addresses(
    read: Read, layer: Canonical
) -> None:
    nowhere = feature(1, {"id": "1A"})
    nowhere["geometry"] = {"type": "Point", "coordinates": [0, 0]}
    uri = "http://uri.suomi.fi/codelist/{}/heating_energy_source/code/{}"
    rows = [
        nowhere,
        feature(2, {"id": "2B", "done": "2024-12-17Z", "heat": uri.format("rytj", "01")}),
        feature(3, {"id": "3C", "done": None, "heat": uri.format("vtj", "09")}),
    ]
    raw = read(lambda call: call.reply(geojson(rows, crs=None)), crs="EPSG:3067", paging=False,
               format="application/json")  # fmt: skip
    assert raw.changes[AT_ORIGIN] == 1
    assert raw.frame.crs.to_epsg() == 3067  # which nothing in the answer says
    columns = {"building_id": "id", "year_built": "done", "heating": "heat"}
    found = layer("buildings", raw, columns=columns, tables={"heating": "finland_heating_source"})
    assert found["year_built"].fillna(0).tolist() == [2024, 0]
    assert found["heating"].tolist() == ["district_heat", "ground_heat"]


def test_0a_10_hsys_urn_4326_is_lon_lat_and_its_counts_come_after_the_features(read: Read) -> None:
    cell = feature(1, {"index": 11120})
    ring = [[24.70, 60.20], [24.71, 60.20], [24.71, 60.21], [24.70, 60.20]]
    cell["geometry"]["coordinates"] = [ring]
    body = geojson([cell], crs="urn:ogc:def:crs:EPSG::4326", numberMatched=1)
    assert body.index(b"features") < body.index(b"numberMatched")
    raw = read(lambda call: call.reply(body), format="json", version="1.0.0", bbox="suffix")
    assert raw.frame.total_bounds.round(2).tolist() == [24.70, 60.20, 24.71, 60.21]
    assert raw.changes == {}


def test_0a_11_three_exceptions_behind_a_newline_and_no_declaration(read: Read) -> None:
    one = '<ows:Exception exceptionCode="C{}"><ows:ExceptionText>e{}</ows:ExceptionText>'
    inner = "".join(one.format(n, n) + "</ows:Exception>" for n in (1, 2, 3))
    body = f'\n<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows">{inner}'
    with pytest.raises(SourceError, match=r"refuses: C1: e1; C2: e2; C3: e3"):
        read(lambda call: call.reply(f"{body}</ows:ExceptionReport>".encode()), format="GEOJSON")


def test_0a_11_field_names_with_dots(read: Read, layer: Canonical) -> None:
    rows = [feature(1, {"SHAPE.LEN": 12.5, "LAJI.KOODI": 195413})]
    columns = {"class": "LAJI.KOODI"}
    raw = read(GeoServer("a:b", rows=rows), columns=columns)
    assert raw.frame["SHAPE.LEN"].tolist() == [12.5]
    found = layer("ground", raw, columns=columns, tables={"class": "gtk_ground"})
    assert found["class"].tolist() == ["clay"]


def test_0a_12_pxweb_codes_are_dated(read: Read) -> None:
    about = {"variables": [
        {"code": "alue_23_20260101", "text": "Area", "values": ["SSS", "KU049"]},
        {"code": "timeperiod_y", "text": "Year", "values": ["2024", "2025"], "time": True},
    ]}  # fmt: skip
    asked = question(about, {"alue": ["KU049"], "time": ["last"]}, where="S")["query"]
    assert [each["code"] for each in asked] == ["alue_23_20260101", "timeperiod_y"]


def test_0a_13_a_pole_of_a_bus_and_a_tram_is_two_stops_and_blanks_are_no_type(
    tmp_path: Path,
) -> None:
    """HSL has no route type 3; one pole stands twice with one code; a vehicle type may be blank."""
    day = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date"
    feed = {
        "stops": "stop_id,stop_code,stop_name,stop_lat,stop_lon,vehicle_type\n"
        "1,E1,Aukio,60.2,24.7, \n2,E1,Aukio,60.2,24.7,0\n3,E2,Ranta,60.21,24.7,3\n",
        "routes": "route_id,route_short_name,route_type\nA,510,702\nB,13,0\n",
        "trips": "route_id,service_id,trip_id\nA,w,a\nB,w,b\n",
        "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "a,08:00:00,08:00:00,1,1\na,08:10:00,08:10:00,3,2\n"
        "b,08:00:00,08:00:00,2,1\nb,08:10:00,08:10:00,3,2\n",
        "calendar": f"{day}\nw,1,1,1,1,1,0,0,20260302,20260315\n",
    }
    path = tmp_path / "hsl.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in feed.items():
            packed.writestr(f"{name}.txt", text)
    hsl = Gtfs(provider="HSL", source="gtfs", url="https://x.invalid/hsl.zip")
    found = read_feed(path, hsl, Wanted()).frame
    assert sorted(zip(found["stop_id"], found["mode"], strict=True)) == [
        ("1", "bus"),
        ("2", "tram"),
    ]


def test_0a_15_leipzigs_metric_geojson(read: Read) -> None:
    """It declares EPSG:25833 and holds it, against the standard of GeoJSON."""
    metric = feature(1, {"OT": "00", "Name": "Zentrum"})
    metric["geometry"] = {"type": "Point", "coordinates": [317483.317, 5691380.912]}
    leipzig = Wanted(area=shapely.box(12.2, 51.2, 12.6, 51.5))
    body = geojson([metric], crs="EPSG:25833")
    raw = read(lambda call: call.reply(body), leipzig, "/Ortsteile.json", source="webfile")
    assert raw.frame.crs.to_epsg() == 25833
    assert shapely.get_coordinates(raw.frame.geometry.iloc[0])[0].tolist() == [
        317483.317, 5691380.912,
    ]  # fmt: skip
    silent = geojson([metric], crs=None)  # where it does not, the city's file says so
    table = {"source": "webfile", "crs": "EPSG:25833"}
    raw = read(lambda call: call.reply(silent), leipzig, "/Stadtbezirke.json", **table)
    assert raw.frame.crs.to_epsg() == 25833


def test_0a_16_rows_without_geometry_are_left_out(read: Read) -> None:
    rows = [feature(1), feature(2, geometry=None)]
    body = json.dumps(collection(rows, crs={"type": "name", "properties": {"name": "EPSG:3067"}}))
    raw = read(lambda call: call.reply(body.encode()), path="/tiles.geojson", source="webfile")
    assert raw.frame["tunnus"].tolist() == ["001"]


def test_0a_17_half_a_storey_and_before_1964(layer: Canonical) -> None:
    nodes = [
        {"type": "node", "id": n, "lon": 24.7 + dx, "lat": 60.2 + dy}
        for n, (dx, dy) in enumerate([(0, 0), (0.001, 0), (0.001, 0.001)], start=1)
    ]
    tags = {"building": "yes", "building:levels": "5.5", "start_date": "before 1964"}
    way = {"type": "way", "id": 9, "nodes": [1, 2, 3, 1], "tags": tags}
    wanted = Wanted(tags={"building": None}, columns=tuple(tags))
    raw: Raw = to_raw({"elements": [way, *nodes]}, wanted)
    found = layer("buildings", raw, tables={"use": "osm"})
    assert (found["floors"].item(), found["year_built"].item()) == (5.5, 1964)


def test_0a_18_pixels_that_are_not_square_and_no_nodata_value(tmp_path: Path) -> None:
    """Copernicus DEM at 60° N: pixels twice as high as wide in degrees."""
    path = tmp_path / "dem.tif"
    heights = np.array([[5.0, 5.0, 50.0, 50.0], [5.0, 5.0, 50.0, 0.0]], dtype="float32")
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=4,
        height=2,
        count=1,
        dtype="float32",
        crs="EPSG:4326",
        transform=Affine(0.2, 0, 24.5, 0, -0.1, 60.5),
    ) as file:
        file.write(heights, 1)  # fmt: skip
    provider = Raster(provider="D", source="raster", url="https://x.invalid/d.tif",
                      classes={"low": "1-10", "high": "10.1-100"})  # fmt: skip
    drawn = polygons(Window(path, State.FILE), provider, Counter()).set_index("class")
    assert drawn.geometry["low"].bounds == pytest.approx((24.5, 60.3, 24.9, 60.5))
    assert drawn.geometry["high"].area == pytest.approx(3 * 0.2 * 0.1)


def test_0a_5_tekla_writes_null_for_an_envelope_and_no_ids() -> None:
    page = read_gml(MADE / "tekla_gml3_mixed.xml", where="Espoo")
    assert page.ids == [""] * 4
    assert page.rows[1] == {"PYSYVARAKENNUSTUNNUS": "1039400904", "VALMISTUNUT": "13.06.2022"}
