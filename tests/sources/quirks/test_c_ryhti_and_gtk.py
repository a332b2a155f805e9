"""Section C: the national building register (Ryhti), and the Geological Survey."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import geopandas as gpd
import pytest
from shapely import box

from districttype.city import City, load_city
from districttype.errors import SchemaError, SourceError, SourceTruncatedError
from districttype.layers.collect import collect
from districttype.layers.live import services
from districttype.providers import Wfs, read_layers_file
from districttype.sources.features import OLDER
from servers.faulty import Call, Server
from sources.quirks.answers import E, GeoServer, N, collection, feature, geojson
from sources.quirks.conftest import Canonical, Read

ITEMS = "/v1/collections/avoimet_rakennukset/items"
RYHTI: dict[str, Any] = {
    "source": "ogcapi", "collection": "avoimet_rakennukset", "crs": "EPSG:3067",
}  # fmt: skip


class Ryhti:
    """Answers like Ryhti's OGC API: knows `filter`, passes over whatever else."""

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows
        self.asked: list[dict[str, str]] = []

    def __call__(self, call: Call) -> None:
        query = call.query
        self.asked.append(query)
        rows = self.rows
        if "filter" in query:
            name, _, value = query["filter"].partition("=")
            rows = [row for row in rows if row["properties"][name] == value.strip("'")]
        start, limit = int(query.get("startIndex", 0)), int(query["limit"])
        document = collection(rows[start : start + limit], numberMatched=len(rows))
        if start + limit < len(rows):
            following = urlencode({**query, "startIndex": str(start + limit)})
            document["links"] = [{"rel": "next", "href": f"{ITEMS}?{following}"}]
        crs = "<http://www.opengis.net/def/crs/EPSG/0/3067>"
        call.reply(json.dumps(document).encode(), Content_Crs=crs)


def ryhti(number: int) -> Ryhti:
    return Ryhti(
        [feature(n, {"kuntanumero": "049" if n % 2 else "091", "n": n}) for n in range(number)]
    )


def read_ryhti(server: Server, read: Read, script: Any, **more: Any) -> Any:
    server.scripts[ITEMS] = script
    return read(script, path="/v1", **RYHTI, **more)


def test_c_1_ryhtis_ignored_parameter_does_not_stream_the_country(
    server: Server, read: Read
) -> None:
    script = ryhti(23)
    with pytest.raises(SourceError, match="has 23 rows where at most 15 are plausible"):
        read_ryhti(server, read, script, params={"kuntanumero": "049"}, at_most=15, page=5)
    assert len(script.asked) == 1


def test_c_1_a_cql_filter_is_obeyed_and_no_box_goes_with_it(server: Server, read: Read) -> None:
    script = ryhti(23)
    raw = read_ryhti(server, read, script, filter="kuntanumero='049'", page=4)
    assert raw.frame["n"].tolist() == list(range(1, 23, 2))
    assert script.asked[0]["filter-lang"] == "cql-text"
    assert all("bbox" not in each for each in script.asked)


class Unsorted(GeoServer):
    """Gives rows of the first page again on the second where nothing sorts them."""

    def page(self, query: Mapping[str, str]) -> bytes:
        first = query["startindex"] == "0"
        overlapping = self.rows[:7] if first else self.rows[5:12]
        rows = (self.rows[:7] if first else self.rows[7:]) if "sortby" in query else overlapping
        return geojson(rows, numberMatched=14)


def test_c_2_missing_sortby_overlaps_pages_and_is_refused(read: Read) -> None:
    script = Unsorted("a:b", rows=[feature(n) for n in range(14)])
    with pytest.raises(SourceTruncatedError, match=r"2 rows on two pages.*sort = '...'"):
        read(script, page=7)
    assert len(read(script, page=7, sort="tunnus").frame) == 14


def test_c_2_espoo_sorts_wherever_it_reads_the_register_by_pages() -> None:
    listed = [each for _, each in services(load_city("espoo")) if "ryhti_building" in each.url]
    assert listed
    for provider in listed:
        assert isinstance(provider, Wfs)
        assert provider.sort
        assert "kuntanumero='049'" in provider.filter
        assert provider.at_most is not None


COLUMNS = {"building_id": "id", "year_built": "valmistumispaivamaara", "status": "kaytossaolo"}


def test_c_4_1904_02_29_is_no_date(read: Read, layer: Canonical) -> None:
    dates = ["1904-02-29Z", "1904-02-29", "1962-11-30Z", None]
    rows = [
        feature(n, {"id": f"{n}A", "valmistumispaivamaara": day, "kaytossaolo": None})
        for n, day in enumerate(dates)
    ]
    found = layer("buildings", read(GeoServer("a:b", rows=rows)), columns=COLUMNS)
    assert found["year_built"].fillna(0).tolist() == [0, 0, 1962, 0]


def test_c_4_demolished_and_destroyed_buildings_are_dropped(read: Read, layer: Canonical) -> None:
    states = ["Purettu uudisrakentamisen vuoksi", "Tuhoutunut", "Tyhjillään", None]
    rows = [
        feature(n, {"id": f"{n}A", "valmistumispaivamaara": None, "kaytossaolo": state})
        for n, state in enumerate(states)
    ]
    found = layer(
        "buildings", read(GeoServer("a:b", rows=rows)), columns=COLUMNS,
        tables={"status": "ryhti_status"},
    )  # fmt: skip
    assert found["building_id"].tolist() == ["2A", "3A"]


def test_c_3_the_register_is_asked_by_municipality_and_never_by_a_large_box() -> None:
    """A large box without a filter times out."""
    asked = [each for _, each in services(load_city("espoo")) if "ryhti_building" in each.url]
    assert asked
    for each in asked:
        assert isinstance(each, Wfs)
        assert each.filter.startswith("kuntanumero='049'")
        assert each.at_most is not None


def test_c_5_of_rows_with_one_id_the_latest_is_kept(read: Read) -> None:
    rows = [
        feature(1, {"id": "103940090K", "m": "2025-03-05T11:56:54.662Z", "v": "new"}),
        feature(2, {"id": "103940090K", "m": "2024-03-05T11:56:54.662Z", "v": "old"}),
        feature(3, {"id": None, "m": None, "v": "unnamed"}),
        feature(4, {"id": None, "m": None, "v": "unnamed too"}),
    ]
    raw = read(GeoServer("a:b", rows=rows), id="ID", latest="m")
    assert raw.frame["v"].tolist() == ["new", "unnamed", "unnamed too"]
    assert raw.changes[OLDER] == 1


def test_c_6_a_null_floor_area_is_not_published_and_not_zero(read: Read, layer: Canonical) -> None:
    rows = [feature(1, {"id": "1A", "kerrosala": None}), feature(2, {"id": "2B", "kerrosala": 90})]
    columns = {"building_id": "id", "floor_area_m2": "kerrosala"}
    found = layer("buildings", read(GeoServer("a:b", rows=rows)), columns=columns)
    assert found["floor_area_m2_origin"].tolist() == ["missing", "register"]
    assert found["floor_area_m2"].sum() == 90


def test_c_7_a_building_whose_coordinates_are_wrong_is_left_out_and_counted(tmp_path: Path) -> None:
    """Some stand in another town than the municipality that they name."""
    district = {"zone_id": "1", "name": "One", "geometry": box(E, N, E + 1000, N + 1000)}
    houses = [
        {"id": name, "use": "0121", "geometry": box(x, y, x + 10, y + 10)}
        for name, x, y in (("here", E + 50, N + 50), ("wrong", E + 90_000, N - 40_000))
    ]
    for name, rows in (("districts", [district]), ("buildings", houses)):
        gpd.GeoDataFrame(rows, crs="EPSG:3067").to_file(tmp_path / f"{name}.gpkg")
    (tmp_path / "layers.toml").write_text(
        """
[[districts]]
provider = "P"
file = "districts.gpkg"

[[buildings]]
provider = "Ryhti"
file = "buildings.gpkg"
columns = { building_id = "id", use = "use" }
tables = { use = "finland_2018" }
coverage = "whole"
""",
        encoding="utf-8",
    )
    city = City(id="town", country="FI", crs="EPSG:3067", names={"fi": "Town"})
    layers = collect(city, read_layers_file(tmp_path / "layers.toml"), tmp_path).layers
    assert layers["buildings"].frame["building_id"].tolist() == ["here"]
    (origin,) = layers["buildings"].provenance
    assert origin.changes["rows far from the city left out"] == 1


def test_c_join_by_permanent_id_fills_gaps_and_never_overwrites(
    server: Server, read: Read, layer: Canonical
) -> None:
    mine = [
        feature(1, {"VTJ": "1A", "ALA": 0, "KRS": 3}), feature(2, {"VTJ": "2B", "ALA": 500}),
    ]  # fmt: skip
    theirs = [
        feature(n, {"pysyva": key, "ala": area, "krs": 9})
        for n, (key, area) in enumerate([("2B", 999), ("1A", 120), ("3C", 1)])
    ]
    for row in theirs:
        row["geometry"] = {"type": "Point", "coordinates": [E, N]}
    server.scripts["/ryhti"] = GeoServer("r:b", rows=theirs)
    other = {
        "source": "wfs", "provider": "R", "url": server.url + "/ryhti", "type": "r:b",
        "filter": "kuntanumero='049'", "crs": "EPSG:3067",
    }  # fmt: skip
    join = {"on": "VTJ", "to": "pysyva", "fill": {"ALA": "ala", "KRS": "krs"},
            "zero_is_gap": ["ALA"], "provider": other}  # fmt: skip
    raw = read(GeoServer("a:b", rows=mine), joins=[join])
    assert raw.frame.set_index("VTJ")[["ALA", "KRS"]].astype(float).to_numpy().tolist() == [
        [120, 3], [500, 9],
    ]  # fmt: skip


def test_a_full_page_without_count_and_next_is_not_the_whole(server: Server, read: Read) -> None:
    def script(call: Call) -> None:
        call.reply(geojson([feature(n) for n in range(5)]))

    with pytest.raises(SourceTruncatedError, match="sent the 5 rows asked for, and neither"):
        read_ryhti(server, read, script, page=5)
    assert len(read_ryhti(server, read, script, page=6).frame) == 5


class GtkRest:
    """Answers like GTK's ArcGIS server: layers by name, rows by pages that say there is more."""

    def __init__(self, number: int, name: str, rows: int) -> None:
        self.number, self.name, self.rows = number, name, rows
        self.asked: list[str] = []

    def __call__(self, call: Call) -> None:
        path, query = call.path.partition("?")[0], call.query
        self.asked.append(path.rpartition("MapServer")[2])
        if path.endswith("MapServer"):
            said: Any = {"layers": [{"id": 0, "name": "Group", "subLayerIds": [self.number]},
                                    {"id": self.number, "name": self.name}]}  # fmt: skip
        elif not path.endswith("query"):
            said = {"name": self.name, "maxRecordCount": 3, "objectIdField": "OBJECTID",
                    "advancedQueryCapabilities": {"supportsPagination": True}}  # fmt: skip
        elif query.get("returnCountOnly"):
            said = {"count": self.rows}
        else:
            start = int(query["resultOffset"])
            some = range(start, min(start + int(query["resultRecordCount"]), self.rows))
            said = {
                "spatialReference": {"wkid": 3067},
                "geometryType": "esriGeometryPolygon",
                "exceededTransferLimit": some.stop < self.rows,
                "features": [self.row(n) for n in some],
            }
        call.reply(json.dumps(said).encode())

    @staticmethod
    def row(number: int) -> dict[str, Any]:
        x = E + 100 * number
        ring = [[x, N], [x, N + 90], [x + 90, N + 90], [x + 90, N], [x, N]]
        attributes = {"OBJECTID": number, "POHJAMAALAJI_KOODI": 195413 + number % 2}
        return {"attributes": attributes, "geometry": {"rings": [ring]}}


@pytest.mark.parametrize("number", [46, 12])
def test_c_gtk_layer_is_found_by_name_whatever_its_number_and_read_to_the_true_end(
    server: Server, read: Read, layer: Canonical, number: int
) -> None:
    script = GtkRest(number, "maapera_20k_pohjamaalajit", rows=7)
    base = "/Maapera/MapServer"
    for path in (base, f"{base}/{number}", f"{base}/{number}/query"):
        server.scripts[path] = script
    columns = {"class": "POHJAMAALAJI_KOODI"}
    table = {"source": "arcgis", "layer": "maapera_20k_pohjamaalajit", "number": 46}
    raw = read(script, path=base, crs="EPSG:3067", columns=columns, **table)
    assert len(raw.frame) == 7
    assert script.asked.count(f"/{number}/query") == 1 + 3  # the count, and pages of three
    found = layer("ground", raw, columns=columns, tables={"class": "gtk_ground"})
    assert set(found["class"]) == {"clay"}


def test_an_old_server_that_counts_nothing_and_leaves_rows_out_is_told(
    server: Server, read: Read
) -> None:
    def script(call: Call) -> None:
        said: dict[str, Any] = {"name": "old", "objectIdField": "OBJECTID"}
        if call.body:
            asked = parse_qs(call.body.decode())["objectIds"][0].split(",")
            rows = [GtkRest.row(int(number)) for number in asked[:2]]
            said = {"spatialReference": {"wkid": 3067}, "geometryType": "esriGeometryPolygon",
                    "features": rows}  # fmt: skip
        elif call.query.get("returnIdsOnly"):
            said = {"objectIds": [1, 2, 3]}
        elif call.path.partition("?")[0].endswith("query"):
            said = {}
        call.reply(json.dumps(said).encode())

    server.scripts["/MapServer/3"] = server.scripts["/MapServer/3/query"] = script
    with pytest.raises(SourceTruncatedError, match="sent 2 rows of 3"):
        read(script, path="/MapServer", source="arcgis", number=3, crs="EPSG:3067")


def test_c_gtk_json_error_with_http_200_is_told(server: Server, read: Read) -> None:
    error = {"error": {"code": 400, "message": "Unable to complete operation.", "details": []}}

    def script(call: Call) -> None:
        call.reply(json.dumps(error).encode())

    server.scripts["/MapServer/3"] = script
    with pytest.raises(SourceError, match="400 Unable to complete operation"):
        read(script, path="/MapServer", source="arcgis", number=3)


def test_c_gtk_classes_by_other_words_are_told_and_not_taken_for_nothing(
    read: Read, layer: Canonical
) -> None:
    """The words of acid sulphate soils are from another of its maps."""
    table: dict[str, Any] = {
        "columns": {"constraint": "LUOKKA"},
        "tables": {"constraint": "gtk_acid_sulphate"},
    }
    new = [feature(n, {"LUOKKA": said}) for n, said in enumerate(["A1", "A2"])]
    with pytest.raises(SchemaError, match=r"no value of LUOKKA .* add .* mean: A1, A2"):
        layer("ground_constraints", read(GeoServer("a:b", rows=new)), **table)
    none = [feature(1, {"LUOKKA": "Pieni"})]
    raw = read(GeoServer("a:c", rows=none), path="/none")
    assert layer("ground_constraints", raw, **table).empty  # unlikely there is an answer, too
