"""Answers that real services gave, read by the code of their protocol, right to the value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from districttype.errors import SourceError, SourceTruncatedError
from districttype.sources.features import read_json, read_page
from districttype.sources.wfs import best_format, newest, read_capabilities


@pytest.fixture
def captures(shared: Path) -> Path:
    return shared / "captures"


PAGES: list[tuple[str, int, int | None, str, int | None, tuple[float, float], dict[str, Any]]] = [
    # file, rows, EPSG, kind of geometry, numberMatched, first coordinates, values of the first row
    ("tekla_espoo/Oppilaaksiottoalueet_ruotsinkielinen_ala_aste.gml", 2, 3879, "Polygon", None,
     (25472304.083, 6674424.434), {"Nimi": "Lagstads skola", "Id": "495230929"}),
    ("tekla_espoo/Oppilaaksiottoalueet_suomenkielinen.gml", 2, 3879, "Polygon", None,
     (25484429.72, 6669577.299), {"Nimi": "Tapiolan oppilasalue"}),
    ("tekla_lahti/wfs110_getfeature_YlAlLuvat_gml311_cut2.xml", 2, 3880, "Point", None,
     (26481435.0, 6763183.0), {"Lupanumero": "398-2021-201", "PintaAla": "25"}),
    ("tekla_turku/accessories.gml", 8, 3877, "Point", None, (23461078.866, 6706312.683),
     {"Varusteryhma_koodi": "4"}),
    ("tekla_turku/addresses.gml", 3, 3877, "Point", None, (23466798.343, 6697796.876),
     {"Osoite_suomeksi": "Rauhalankalliontie"}),
    ("tekla_turku/bicycle_stands.gml", 3, 3877, "Point", None, (23460755.89, 6704068.09),
     {"ObjectId": "0"}),
    ("tekla_turku/bicycle_stands.xml", 3, 3877, "Point", None, (23465137.461, 6699745.292), {}),
    ("tekla_turku/payment_zones.gml", 2, 3877, "Polygon", None, (23458760.64, 6703805.1),
     {"maksullisuus_arki": "9-18"}),
    ("tekla_turku/scooter_no_parking_zones.gml", 3, 3877, "Polygon", None,
     (23459201.417, 6705062.395), {}),
    ("tekla_turku/scooter_parkings.gml", 3, 3877, "Point", None, (23459472.93, 6704586.643), {}),
    ("tekla_turku/scooter_speed_limits.gml", 3, 3877, "Polygon", None, (23459831.96, 6704380.21),
     {"Tunnus": "Kauppiaskatu"}),
    ("tekla_turku/speed_limits.gml", 3, 3877, "Polygon", None, (23460058.29, 6700344.12),
     {"rajoitus": "20"}),
    ("gtk/wfs200_getfeature_gml32.xml", 2, 3067, "MultiLineString", 154,
     (468891.7313, 7463669.8161),
     {"GTK_ID": "PGF1000", "SITE_NAME": "Vaalajärvi", "@id": "postglasiaalisiirros.1"}),
    ("leipzig/Ortsteile_Leipzig_UTM33N_cut1of63.json", 1, 25833, "Polygon", None,
     (316776.7238, 5690381.3408), {"OT": "00", "Name": "Zentrum"}),
    ("ryhti/open_building_92_features_2025-03.json", 92, None, "Point", None, (260854.0, 6730700.0),
     {"permanent_building_identifier": "104180099B", "completion_date": "2024-12-17Z"}),
    ("arcgis/us-ca-carson-0.json", 6, 4326, "Point", None, (-118.266125844, 33.832255761),
     {"OBJECTID": 1, "SITENUMBER": "555"}),
    ("reykjavik/borgarvefsja_over_layer23_query_geojson_quoted1.json", 1, None, "LineString", None,
     (-21.844136998, 64.134729728), {"OBJECTID": 25081812, "VEGNR": "0707"}),
    ("cuzk_ruian/ruian_mapserver_1_adresni_misto_query_quoted.json", 1, None, "Point", None,
     (14.218078986, 50.116579393), {"kod": 6265154, "cislodomovni": 93}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rows", "epsg", "kind", "matched", "corner", "values"), PAGES,
    ids=[page[0] for page in PAGES],
)  # fmt: skip
def test_answers_with_rows(
    captures: Path,
    tmp_path: Path,
    name: str,
    rows: int,
    epsg: int | None,
    kind: str,
    matched: int | None,
    corner: tuple[float, float],
    values: dict[str, Any],
) -> None:
    path = captures / name
    if "lahti" in name:  # was cut from 100 rows to 2, and still says 100
        with pytest.raises(SourceTruncatedError, match="2 rows and says they are 100"):
            read_page(path, where=name)
        path = tmp_path / "whole.xml"
        text = (captures / name).read_text(encoding="utf-8")
        path.write_text(text.replace('"100"', '"2"'), encoding="utf-8")
    page = read_page(path, where=name)
    assert len(page.rows) == rows
    assert (page.crs.to_epsg() if page.crs else None) == epsg
    assert page.matched == matched
    first = page.shapes[0]
    assert first.geom_type == kind
    assert first.bounds[:2] == pytest.approx(corner, abs=1e-3)
    assert {key: page.rows[0][key] for key in values} == values
    assert shapely.is_valid(np.array([s for s in page.shapes if s is not None], dtype=object)).all()


@pytest.mark.parametrize(
    ("name", "rows", "values"),
    [
        ("cuzk_ruian/ruian_mapserver_12_obec_query_quoted.json", 1, {"nazev": "Dobrovíz"}),
        ("cuzk_ruian/ruian_mapserver_11_castobce_query_empty_quoted.json", 0, {}),
        (
            "statfin/wfs200_paavo_pno_tilasto_2021_00340_nogeom.json",
            1,
            {"postinumeroalue": "00340"},
        ),
        ("arcgis/outstatistics_us-ca-tuolumne.json", 1, {"MAX(SHAPE.fid) AS THE_MAX": 167}),
    ],
)
def test_answers_without_geometry(
    captures: Path, name: str, rows: int, values: dict[str, Any]
) -> None:
    page = read_page(captures / name, where=name)
    assert len(page.rows) == rows
    assert all(shape is None for shape in page.shapes)
    for key, value in values.items():
        assert page.rows[0][key] == value


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gtk/wfs200_exception_outputformat_typenames.xml",
         "OutputFormat 'application/json' not supported"),
        ("arcgis/error_http200_us-mi-kent-statistics.json", "400 Unable to complete operation"),
        ("gtk/wfs200_describefeaturetype.xml", "<schema> in place of features"),
        ("hel/wfs200_describefeaturetype_geoserver_metroasemat.xml",
         "<schema> in place of features"),
        ("arcgis/us-ca-carson-metadata.json", "without features"),
    ],
)  # fmt: skip
def test_refusals_and_other_things_are_told(captures: Path, name: str, words: str) -> None:
    with pytest.raises(SourceError) as fault:
        read_page(captures / name, where="P")
    assert words in str(fault.value)


def test_fewer_rows_than_stated_are_no_answer(captures: Path) -> None:
    """The capture was cut from 173 rows to 11 and still says 173: as a broken-off answer does."""
    path = captures / "hsy" / "vaestotietoruudukko_2025_cut11of173.geojson"
    with pytest.raises(SourceTruncatedError, match="11 rows and says they are 173"):
        read_page(path, where="HSY")
    document = read_json(path, where="HSY")
    full = [
        row["properties"] for row in document["features"] if row["properties"]["index"] == 11120
    ]
    assert full[0]["ika30_39"] == 99  # a real count, not the sign for 'suppressed'


def test_capabilities_of_hsy_name_the_newest_of_dated_layers(captures: Path) -> None:
    known = read_capabilities(captures / "hsy" / "wfs100_capabilities_cut.xml", where="HSY")
    assert best_format(known.formats).lower() in {"json", "application/json"}
    name, year = newest(
        known.types, r"asuminen_ja_maankaytto:Vaestotietoruudukko_(?P<year>\d{4})", where="HSY"
    )
    assert name == f"asuminen_ja_maankaytto:Vaestotietoruudukko_{year}"
    pattern = r".*SeutuRAMAVA_kortteli_(?P<part>[12])(?P<year>\d{4})"
    listed = [n for n in known.types if "SeutuRAMAVA_kortteli" in n]
    if listed:
        name, year = newest(known.types, pattern, where="HSY")
        assert 2015 <= int(year) <= 2030


def test_capabilities_of_gtk_say_how_arcgis_writes_geojson(captures: Path) -> None:
    known = read_capabilities(captures / "gtk" / "wfs200_capabilities_maapera_cut.xml", where="GTK")
    assert best_format(known.formats) == "GEOJSON"
    assert known.types
