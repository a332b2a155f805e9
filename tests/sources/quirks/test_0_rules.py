"""Section 0: what all connectors learned from probes of the services."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import shapely

from districttype.city import load_city
from districttype.errors import CrsError, SourceError, SourceTruncatedError
from districttype.layers.live import services
from districttype.sources.features import DOUBLED
from districttype.sources.placing import SWAPPED
from districttype.sources.registry import Wanted
from servers.faulty import Call, Server
from sources.quirks.answers import E, GeoServer, N, feature, geojson, hits
from sources.quirks.conftest import Canonical, Read

MADE = Path(__file__).parents[1] / "made"
NOTHING = b'<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" numberOfFeatures="0"/>'
TEKLA = {"version": "1.1.0", "format": "GML2", "crs": "EPSG:3879"}


def test_first_page_again_is_not_the_whole_where_nothing_counts(read: Read) -> None:
    def script(call: Call) -> None:
        if call.query.get("resultType") == "hits":
            call.reply(hits("unknown"), content_type="text/xml")
        else:
            call.reply(geojson([feature(n) for n in range(7)]))

    form = "application/json"
    with pytest.raises(SourceTruncatedError, match="first 7 rows again"):
        read(script, page=7, format=form)
    assert len(read(script, page=8, format=form, path="/all").frame) == 7


def test_0_1_http_200_with_an_exception_inside_is_an_error_in_the_services_words(
    server: Server, read: Read
) -> None:
    def script(call: Call) -> None:
        call.reply((MADE / "gtk_exception.xml").read_bytes(), content_type="text/xml")

    with pytest.raises(SourceError, match=r"P: refuses: .*OutputFormat .* not supported"):
        read(script)
    assert server.counts["/wfs"] == 1  # asking again would change nothing


@pytest.mark.parametrize(
    ("offered", "asked"),
    [
        (["GML32", "GEOJSON", "GEOJSON+ZIP", "CSV"], "GEOJSON"),
        (["text/xml; subtype=gml/3.2", "application/json", "json"], "application/json"),
        (["GML2", "GML3"], "GML3"),
        (["GML2", "SHAPE-ZIP"], "GML2"),
    ],
)
def test_0_2_format_is_that_of_getfeature_not_of_describefeaturetype(
    read: Read, offered: list[str], asked: str
) -> None:
    script = GeoServer("a:b", rows=[feature(1)], formats=offered)
    read(script)
    assert script.asked[1]["outputformat"] == asked


def test_0_3_arcgis_without_numbermatched_wants_typenames_and_is_paged_to_the_end(
    read: Read,
) -> None:
    script = GeoServer("a:b", rows=[feature(n) for n in range(14)], said=False)
    assert len(read(script, page=7).frame) == 14
    asked = [each for each in script.asked if each["request"] == "GetFeature"]
    assert {each["typenames"] for each in asked} == {"a:b"}
    starts = {each["startindex"] for each in asked if "startindex" in each}
    assert starts == {"0", "7", "14"}  # two full pages, and an empty one


def test_0_3_rows_missing_without_numbermatched_are_noticed(read: Read) -> None:
    class Short(GeoServer):
        def page(self, query: Any) -> bytes:
            return geojson(self.rows[:5] if query["startindex"] == "0" else [])

    with pytest.raises(SourceTruncatedError, match="sent 5 rows of 14"):
        read(Short("a:b", rows=[feature(n) for n in range(14)], said=False))


def test_0_3_pages_that_the_service_caps_come_whole(read: Read) -> None:
    script = GeoServer("a:b", rows=[feature(n) for n in range(23)])
    script.cap = 5
    assert sorted(read(script, page=7).frame["tunnus"]) == [f"{n:03}" for n in range(23)]


def test_0_3_a_service_that_gives_the_first_page_again_is_not_read_twice(read: Read) -> None:
    class Same(GeoServer):
        def page(self, query: Any) -> bytes:
            return geojson(self.rows[:5])

    with pytest.raises(SourceTruncatedError, match="sent 5 rows of 9"):
        read(Same("a:b", rows=[feature(n) for n in range(9)]), page=5)


def test_0_4_tekla_bbox_suffix_gives_nothing_and_the_likely_cause_is_named(read: Read) -> None:
    tekla = (MADE / "tekla_gml3_mixed.xml").read_bytes()

    def script(call: Call) -> None:
        call.reply(NOTHING if "EPSG" in call.query["BBOX"] else tekla, content_type="text/xml")

    with pytest.raises(SourceError, match="another coordinate system or axis order"):
        read(script, **TEKLA, bbox="suffix")
    assert len(read(script, **TEKLA, bbox="plain").frame) == 3  # the fourth has no geometry


def test_0_4_each_service_gets_the_box_in_the_words_it_understands(read: Read) -> None:
    boxes = {}
    for bbox in ("suffix", "urn", "plain", "none"):
        script = GeoServer("a:b", rows=[feature(1)])
        read(script, crs="EPSG:4258", bbox=bbox)
        boxes[bbox] = script.asked[-1].get("bbox", "")
    assert boxes["suffix"] == "24.472,60.086,24.928,60.314,EPSG:4258"
    assert boxes["urn"] == "60.086,24.472,60.314,24.928,urn:ogc:def:crs:EPSG::4258"
    assert boxes["plain"] == "24.472,60.086,24.928,60.314"
    assert boxes["none"] == ""


def test_0_4_rows_outside_the_box_are_an_error_that_says_how_far(read: Read) -> None:
    far = feature(1)
    far["geometry"] = {"type": "Point", "coordinates": [E, N + 500_000]}
    with pytest.raises(CrsError, match=r"the data lie \d+ km from where"):
        read(GeoServer("a:b", rows=[far]), bbox="none")


def test_0_5_lat_lon_of_a_urn_is_turned(read: Read) -> None:
    urn = "urn:ogc:def:crs:EPSG::4326"
    point = f'<gml:Point srsName="{urn}"><gml:pos>60.2 24.7</gml:pos></gml:Point>'
    body = (
        '<wfs:FeatureCollection xmlns:wfs="w" xmlns:gml="http://www.opengis.net/gml">'
        f"<gml:featureMember><b><shape>{point}</shape></b></gml:featureMember>"
        "</wfs:FeatureCollection>"
    )
    raw = read(lambda call: call.reply(body.encode()), format="GML3", version="1.1.0", bbox="none")
    assert shapely.get_coordinates(raw.frame.geometry.iloc[0]).tolist() == [[24.7, 60.2]]
    assert raw.changes == {}


def test_0_5_axes_swapped_against_the_documents_word_are_turned_and_counted(read: Read) -> None:
    swapped = feature(1)
    swapped["geometry"] = {"type": "Point", "coordinates": [60.2, 24.7]}
    raw = read(lambda call: call.reply(geojson([swapped], crs=None)), format="json", paging=False)
    assert raw.frame.crs.to_epsg() == 4326
    assert raw.frame.geometry.iloc[0].x == 24.7
    assert raw.changes[SWAPPED] == 1


def test_0_6_sentinels_are_missing_and_a_zero_is_a_zero(read: Read, layer: Canonical) -> None:
    rows = [
        feature(n, {"asukkaita": n_people})
        for n, n_people in enumerate([302, 999999999, -1, 0, None])
    ]
    table = {"columns": {"residents": "asukkaita"}, "sentinels": [999999999, -1]}
    found = layer("residents", read(GeoServer("a:b", rows=rows)), **table)
    assert found["residents"].fillna(-99).tolist() == [302, -99, -99, 0, -99]


def test_0_6_sentinel_999999999_of_any_kind_of_number_is_no_floor_area(
    read: Read, layer: Canonical
) -> None:
    rows = [
        feature(n, {"vtj_prt": f"1{n}A", "kerala": area, "kavu": year})
        for n, (area, year) in enumerate([(120, 1965), (999999999, 999999999), ("999999999", 0)])
    ]
    columns = {"building_id": "vtj_prt", "floor_area_m2": "kerala", "year_built": "kavu"}
    found = layer("buildings", read(GeoServer("a:b", rows=rows)), columns=columns)
    assert found["floor_area_m2"].fillna(-99).tolist() == [120, -99, -99]
    assert found["year_built"].fillna(-99).tolist() == [1965, -99, -99]


@pytest.mark.parametrize("said", [None, "urn:ogc:def:crs:EPSG::4326"])
def test_0_7_crs_that_geoserver_leaves_out_or_lies_about(read: Read, said: str | None) -> None:
    def script(call: Call) -> None:
        call.reply(geojson([feature(1)], crs=said))

    raw = read(script, crs="EPSG:3067", format="application/json", paging=False)
    assert raw.frame.crs.to_epsg() == 3067


def test_0_9_espoo_does_not_depend_on_helsinkis_map_service() -> None:
    assert all("kartta.hel.fi" not in each.url for _, each in services(load_city("espoo")))


@pytest.mark.parametrize("digits", ["2025", "2024"])
def test_0_11_newest_of_dated_names_is_read_and_its_year_is_the_vintage(
    read: Read, digits: str
) -> None:
    names = [f"a:Vaestotietoruudukko_{year}" for year in ("2015", "2023", digits)]
    script = GeoServer(*names, rows=[feature(1)])
    raw = read(script, newest=r"a:Vaestotietoruudukko_(?P<year>\d{4})")
    assert script.asked[1]["typenames"] == f"a:Vaestotietoruudukko_{digits}"
    assert raw.vintage == digits


def test_0_11_no_dated_name_fails_loudly(read: Read) -> None:
    with pytest.raises(SourceError, match=r"no layer whose name matches .*pno_tilasto_"):
        read(GeoServer("a:b", rows=[]), newest=r"postialue:pno_tilasto_(?P<year>\d{4})")
    names = [f"a:x{n}" for n in range(300)]
    with pytest.raises(SourceError, match=r"it has postialue:Tilastot26, a:x0, .* and 293 more"):
        read(
            GeoServer(*names, "postialue:Tilastot26", rows=[]), path="/many",
            newest=r"postialue:pno_tilasto_(?P<year>\d{4})",
        )  # fmt: skip


def test_0_12_an_empty_collection_is_a_failure(read: Read) -> None:
    with pytest.raises(SourceError, match="gives 0 rows where at least 1 are plausible"):
        read(GeoServer("a:b", rows=[]))


def test_0_12_rows_given_twice_count_once(read: Read) -> None:
    raw = read(GeoServer("a:b", rows=[feature(1), feature(1, id=None), feature(2)]))
    assert raw.frame["tunnus"].tolist() == ["001", "002"]
    assert raw.changes[DOUBLED] == 1


def test_0_12_without_an_area_the_whole_layer_is_asked_for(read: Read) -> None:
    script = GeoServer("a:b", rows=[feature(1)])
    assert len(read(script, Wanted()).frame) == 1
    assert "bbox" not in script.asked[1]
