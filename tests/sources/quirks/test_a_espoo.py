"""Section A: Espoo's Tekla service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import shapely

from districttype.city import load_city
from districttype.errors import SourceError
from districttype.layers.live import services
from districttype.providers import Wfs
from districttype.sources.registry import Raw
from servers.faulty import Call, Server
from sources.quirks.answers import GeoServer, feature, geojson
from sources.quirks.conftest import Canonical, Read

TEKLA: dict[str, Any] = {
    "version": "1.1.0", "format": "GML2", "crs": "EPSG:3879", "bbox": "plain",
}  # fmt: skip
COLUMNS = {
    "building_id": "PYSYVARAKENNUSTUNNUS", "use": "KAYTTOTARKOITUS", "floors": "KERROSLUKU",
    "floor_area_m2": "KERROSALA", "year_built": "VALMISTUNUT",
}  # fmt: skip


@pytest.fixture
def mixed(read: Read) -> Raw:
    body = (Path(__file__).parents[1] / "made" / "tekla_gml3_mixed.xml").read_bytes()
    return read(lambda call: call.reply(body, content_type="text/xml"), **TEKLA)


def test_a_point_and_polygon_in_one_multigeometry_is_the_polygon(
    mixed: Raw, layer: Canonical
) -> None:
    columns = {"building_id": "pysyvarakennustunnus", "floor_area_m2": "kerrosala"}
    found = layer("buildings", mixed, columns=columns)
    assert len(found) == 3
    first = found.set_index("building_id").loc["103940090K"]
    assert first["floor_area_m2"] == 503
    assert first.geometry.area == pytest.approx(20 * 10 - 5 * 4, rel=2e-3)  # scale of the grid
    assert first.geometry.geom_type == "Polygon"


def test_a_polyhedral_surface_of_rings_of_curves_is_a_polygon(mixed: Raw) -> None:
    shape = mixed.frame.set_index("PYSYVARAKENNUSTUNNUS").geometry["1039400904"]
    assert shape.equals(shapely.box(25490100, 6675000, 25490110, 6675010))


def test_a_polyhedral_surface_of_two_patches_is_what_they_cover(read: Read) -> None:
    def patch(west: int) -> str:
        corners = [(west, 0), (west + 10, 0), (west + 10, 10), (west, 10), (west, 0)]
        text = " ".join(f"{25490000 + x} {6675000 + y} 12.5" for x, y in corners)
        ring = f'<gml:LinearRing><gml:posList srsDimension="3">{text}</gml:posList>'
        return (
            f"<gml:PolygonPatch><gml:exterior>{ring}</gml:LinearRing></gml:exterior>"
            "</gml:PolygonPatch>"
        )

    body = (
        '<wfs:FeatureCollection xmlns:wfs="w" xmlns:gml="http://www.opengis.net/gml">'
        "<gml:featureMember><b><Geometry><gml:PolyhedralSurface><gml:patches>"
        f"{patch(0)}{patch(10)}</gml:patches></gml:PolyhedralSurface></Geometry></b>"
        "</gml:featureMember></wfs:FeatureCollection>"
    )
    (shape,) = read(lambda call: call.reply(body.encode()), **TEKLA).frame.geometry
    assert shape.equals(shapely.box(25490000, 6675000, 25490020, 6675010))


def test_a_gml2_and_gml3_coordinates_in_one_answer(mixed: Raw) -> None:
    assert mixed.frame.geometry.area.tolist() == [180, 100, 50]


def test_a_byte_order_mark_before_the_declaration(mixed: Raw) -> None:
    body = (Path(__file__).parents[1] / "made" / "tekla_gml3_mixed.xml").read_bytes()
    assert body.startswith(b"\xef\xbb\xbf<?xml")
    assert mixed.frame.crs.to_epsg() == 3879


@pytest.mark.parametrize("write", [str.upper, str.title, str.lower])
def test_a_fields_in_capitals_or_camel_case(read: Read, layer: Canonical, write: Any) -> None:
    row = {write(name): value for name, value in zip(
        COLUMNS.values(), ["1A", "0121 Asuinkerrostalot", 7, 3325, "03.12.1987"], strict=True
    )}  # fmt: skip
    found = layer("buildings", served(read, row), columns=COLUMNS, tables={"use": "finland_2018"})
    assert found[["use", "floors", "floor_area_m2", "year_built"]].to_numpy().tolist() == [
        ["apartment", 7, 3325, 1987]
    ]


def test_a_zero_floor_area_and_zero_storeys_are_missing(read: Read, layer: Canonical) -> None:
    row = dict(zip(COLUMNS.values(), ["1A", "Omakotitalot", 0, 0, "15.06.1982"], strict=True))
    found = layer("buildings", served(read, row), columns=COLUMNS, tables={"use": "finland_2018"})
    assert found[["floors", "floor_area_m2"]].isna().all(axis=None)
    assert found["use"].tolist() == ["detached"]
    assert found["floor_area_m2_origin"].tolist() == ["missing"]


def test_a_restricted_layers_answer_401_and_that_is_told(server: Server, read: Read) -> None:
    def closed(call: Call) -> None:
        call.reply(b"", 401, WWW_Authenticate="Basic")

    with pytest.raises(SourceError, match="401"):
        read(closed, **TEKLA)
    assert server.counts["/wfs"] == 1


def test_a_no_paging_and_no_json_are_asked_of_it() -> None:
    tekla = [each for _, each in services(load_city("espoo")) if "teklaogcweb" in each.url]
    assert tekla
    for provider in tekla:
        assert isinstance(provider, Wfs)
        assert (provider.version, provider.crs) == ("1.1.0", "EPSG:3879")
        assert provider.format in {"GML2", "GML3"}
        assert provider.bbox in {"plain", "none"}


def test_a_a_layer_whose_name_is_not_known_for_sure_is_found_by_what_it_is_like(read: Read) -> None:
    names = ["GIS:Rakennukset", "GIS:Espoon_Maanomistus"]
    script = GeoServer(*names, rows=[feature(1)])
    table: dict[str, Any] = {"like": "(gis|kanta):.*maanomistus.*", "path": "/land"}
    read(script, **table)
    assert script.asked[1]["typenames"] == "GIS:Espoon_Maanomistus"
    two = GeoServer(*names, "kanta:maanomistus", rows=[])
    with pytest.raises(SourceError, match="has 2 layers whose name matches"):
        read(two, **{**table, "path": "/two"})
    with pytest.raises(SourceError, match="has no layers whose name matches"):
        read(GeoServer("GIS:Rakennukset", rows=[]), **{**table, "path": "/none"})


def served(read: Read, row: dict[str, Any]) -> Raw:
    body = geojson([feature(1, row)])
    return read(lambda call: call.reply(body), format="json", version="1.1.0")
