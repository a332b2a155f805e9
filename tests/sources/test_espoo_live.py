"""Each provider of Espoo reads an answer of the form and columns that its publisher gives."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from pyproj import CRS

from districttype.city import load_city
from districttype.layers import canonical
from districttype.layers.layer import Layers
from districttype.layers.schema import conform
from districttype.providers import ArcGis, Provider, Service, WebFile, Wfs
from districttype.sources import registry
from districttype.sources.download import Session
from districttype.sources.registry import Wanted
from servers.faulty import Call, Server
from sources.quirks.answers import capabilities

ESPOO = load_city("espoo")
CRS_3067 = CRS.from_epsg(3067)
CENTRE = shapely.Point(373_000, 6_675_000)
AREA = Wanted(area=gpd.GeoSeries([CENTRE.buffer(3000)], crs=3067).to_crs(4326).iloc[0])
GTK = "Geological Survey of Finland, superficial deposits 1:"

# layer, provider, name of the type, the row as published, and what it becomes
ANSWERS: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = [
    ("districts", "City of Espoo, statistical areas", "kanta:TilastollinenAlue",
     {"tunnus": "222", "nimi": "Otaniemi", "tyyppi": "pienalue"},
     {"zone_id": "222", "name": "Otaniemi"}),
    ("districts", "HSY, regional map of districts",
     "taustakartat_ja_aluejaot:seutukartta_pien_2021",
     {"kokotun": "0492022222", "kunta": "049", "suur": "2", "tila": "022", "pien": "222",
      "nimi": "Otaniemi"},
     {"zone_id": "222", "name": "Otaniemi", "parent": "022"}),
    ("buildings", "City of Espoo, buildings", "GIS:Rakennukset",
     {"PYSYVARAKENNUSTUNNUS": "103940090K", "KAYTTOTARKOITUS": "Asuinkerrostalot",
      "KERROSLUKU": 4, "KERROSALA": 3325, "VALMISTUNUT": "13.06.1974", "ASUNNOT": 40,
      "POLTTOAINE": "Kauko- tai aluelämpö"},
     {"building_id": "103940090K", "use": "apartment", "floors": 4, "floor_area_m2": 3325,
      "year_built": 1974, "dwellings": 40, "heating": "district_heat"}),
    ("buildings", "HSY, buildings of the region",
     "asuminen_ja_maankaytto:pks_rakennukset_paivittyva",
     {"kunta": "049", "vtj_prt": "103940090K", "kavu": 1974, "kayttarks": "Toimistorakennus",
      "kerala": 999999999, "asuntojen_lkm": 0, "kerrosten_lkm": 999999999,
      "lammitysaine_s": "Sähkö"},
     {"building_id": "103940090K", "use": "office", "year_built": 1974, "dwellings": 0,
      "heating": "electricity", "floor_area_m2": None, "floors": None}),
    ("residents", "HSY, population grid", "asuminen_ja_maankaytto:Vaestotietoruudukko_2025",
     {"index": 11120, "asukkaita": 302, "asvaljyys": 36, "ika30_39": 99}, {"residents": 302}),
    ("residents", "Statistics Finland, population grid", "vaestoruutu:vaki2025_1km",
     {"kunta": "049", "vaesto": 1234}, {"residents": 1234}),
    ("residents", "HSY, jobs grid", "asuminen_ja_maankaytto:Tyopaikkaruudukko_2024",
     {"index": 11120, "TYOPAIKAT": 140, "teollisuus": -1}, {"jobs": 140}),
    ("residents", "Statistics Finland, postal areas (Paavo)", "postialue:pno_tilasto_2026",
     {"postinumeroalue": "02150", "kunta": "049", "tp_tyopy": 9200}, {"jobs": 9200}),
    ("plans", "HSY, SeutuRAMAVA building reserve",
     "asuminen_ja_maankaytto:SeutuRAMAVA_kortteli_12026",
     {"kunta": "049", "kala": 137777, "karayht": 116900, "laskvar_yh": 27659, "rakerayht": 8092},
     {"building_right_m2": 137777, "used_m2": 116900, "reserve_m2": 27659,
      "under_construction_m2": 8092}),
    ("plans", "Ryhti, building permits (Finnish Environment Institute)",
     "ryhti_building:avoimet_lupa_rakennukset",
     {"rakennusavain": "x", "kuntanumero": "049", "toimenpiteen_tila": "Aloitettu",
      "kokonaisala": 2400},
     {"under_construction_m2": 2400, "stage": "Aloitettu"}),
    ("plans", "City of Espoo, detailed plans in preparation", "GIS:Kaavoitushankkeet",
     {"KaavanNimi": "Keran keskus", "Kaavatunnus": "130500", "Kaavatilanne": "Ehdotus"},
     {"stage": "Ehdotus"}),
    ("ground", f"{GTK}20 000", "maapera_20k_pohjamaalajit",
     {"PINTAMAALAJI_KOODI": 195512, "POHJAMAALAJI_KOODI": 195413}, {"class": "clay"}),
    ("ground", f"{GTK}200 000", "Rajapinnat_GTK_Maapera_WFS:maapera_200k_maalajit",
     {"POHJAMAALAJI_KOODI": 195210}, {"class": "till"}),
    ("ground_constraints", "Geological Survey of Finland, acid sulphate soils 1:250 000",
     "happamat_sulfaattimaat_250k_alueet", {"LUOKKA": "Suuri"}, {"constraint": "acid_sulphate"}),
    ("ground_constraints", "SYKE and the regional centres, groundwater areas", "",
     {"PVNimi": "Puolarmetsä"}, {"constraint": "groundwater_area"}),
    ("ownership", "City of Espoo, land of the city", "GIS:Espoon_maanomistus",
     {"OBJECTID": 1}, {"owner_class": "city"}),
    ("ownership", "HSY, SeutuRAMAVA by statistical area",
     "asuminen_ja_maankaytto:SeutuRAMAVA_tila_20161230",
     {"KUNTA": "049", "NIMI": "KANTA-KAUKLAHTI", "OMLAJI_1": 3}, {"owner_class": "city"}),
    ("ownership", "HSY, SeutuRAMAVA by statistical area",
     "asuminen_ja_maankaytto:SeutuRAMAVA_tila_20161230",
     {"KUNTA": "049", "OMLAJI_1": 2}, {"owner_class": "public_institution"}),  # Helsinki's land
    ("solar_roofs", "HSY, solar potential of roofs",
     "ilmasto_ja_energia:rakennukset_aurinkosahkopotentiaali",
     {"panel_ala": 212.5, "elec_kwh_v": 31450.0}, {"panel_m2": 212.5, "yield_kwh": 31450.0}),
    ("transit_zones", "SYKE and Statistics Finland, YKR urban zones", "",
     {"vyoh": 3, "vyohselite": "intensiivinen joukkoliikennevyöhyke"},
     {"class": "intensive_transit"}),
]  # fmt: skip


def shape_in(crs: str, row: Mapping[str, Any]) -> shapely.Geometry:
    """A square in Espoo; a permit is a point."""
    shape = CENTRE if "kokonaisala" in row else CENTRE.buffer(50, cap_style="square")
    return gpd.GeoSeries([shape], crs=3067).to_crs(crs).iloc[0]


def geojson(row: Mapping[str, Any], crs: str) -> bytes:
    feature = {
        "type": "Feature", "id": "1", "properties": dict(row),
        "geometry": shapely.geometry.mapping(shape_in(crs, row)),
    }  # fmt: skip
    named = {"type": "name", "properties": {"name": crs}}
    document = {"type": "FeatureCollection", "features": [feature], "crs": named}
    return json.dumps(document | {"numberMatched": 1}).encode()


def gml(row: Mapping[str, Any], crs: str) -> bytes:
    """Answer like Tekla: GML2, the geometry a point and a polygon in one."""
    shape = shape_in(crs, row)
    ring = " ".join(f"{x:.3f},{y:.3f}" for x, y in shapely.get_coordinates(shape))
    centre = f"{shape.centroid.x:.3f},{shape.centroid.y:.3f}"
    values = "".join(f"<GIS:{name}>{value}</GIS:{name}>" for name, value in row.items())
    srs = f"http://www.opengis.net/gml/srs/epsg.xml#{crs.removeprefix('EPSG:')}"
    return (
        '<?xml version="1.0"?><wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" '
        'xmlns:gml="http://www.opengis.net/gml" xmlns:GIS="http://www.tekla.com/schemas/GIS">'
        f"<gml:featureMember><GIS:X>{values}<GIS:Geometry><gml:MultiGeometry srsName='{srs}'>"
        f"<gml:geometryMember><gml:Point><gml:coordinates>{centre}</gml:coordinates></gml:Point>"
        "</gml:geometryMember><gml:geometryMember><gml:Polygon><gml:outerBoundaryIs>"
        f"<gml:LinearRing><gml:coordinates>{ring}</gml:coordinates></gml:LinearRing>"
        "</gml:outerBoundaryIs></gml:Polygon></gml:geometryMember></gml:MultiGeometry>"
        "</GIS:Geometry></GIS:X></gml:featureMember></wfs:FeatureCollection>"
    ).encode()


def wfs(call: Call, provider: Wfs, name: str, row: Mapping[str, Any]) -> None:
    query = {key.upper(): value for key, value in call.query.items()}
    if query["REQUEST"] == "GetCapabilities":
        call.reply(capabilities(name, "other:layer"), content_type="text/xml")
        return
    assert query.get("TYPENAMES", query.get("TYPENAME")) == name
    assert provider.crs is not None
    body = (gml if provider.format.startswith("GML") else geojson)(row, provider.crs)
    call.reply(body)


def arcgis(call: Call, name: str, row: Mapping[str, Any]) -> None:
    path = call.path.partition("?")[0]
    if path.endswith("MapServer"):
        said: Any = {"layers": [{"id": 7, "name": name}]}
    elif not path.endswith("query"):
        said = {"name": name, "maxRecordCount": 1000,
                "advancedQueryCapabilities": {"supportsPagination": True}}  # fmt: skip
    elif call.query.get("returnCountOnly"):
        said = {"count": 1}
    else:
        rings = [shapely.get_coordinates(shape_in("EPSG:3067", row))[::-1].tolist()]
        said = {
            "spatialReference": {"wkid": 3067}, "objectIdFieldName": "OBJECTID",
            "features": [{"attributes": {"OBJECTID": 1, **row}, "geometry": {"rings": rings}}],
        }  # fmt: skip
    call.reply(json.dumps(said).encode())


def zipped(row: Mapping[str, Any]) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("folder/areas.geojson", geojson(row, "EPSG:3067"))
    return packed.getvalue()


def serve(server: Server, provider: Provider, name: str, row: Mapping[str, Any]) -> str:
    """Serve a row as a provider's service does; return the address."""
    if isinstance(provider, Wfs):
        server.scripts["/wfs"] = lambda call: wfs(call, provider, name, row)
        return f"{server.url}/wfs"
    if isinstance(provider, ArcGis):

        def service(call: Call) -> None:
            arcgis(call, name, row)

        server.scripts |= dict.fromkeys(
            ("/MapServer", "/MapServer/7", "/MapServer/7/query"), service
        )
        return f"{server.url}/MapServer"
    assert isinstance(provider, WebFile)
    server.scripts["/file.zip"] = lambda call: call.file(zipped(row))
    return f"{server.url}/file.zip"


@pytest.mark.parametrize(
    ("layer", "who", "name", "row", "expected"), ANSWERS, ids=[answer[1] for answer in ANSWERS]
)
def test_answer_of_a_provider_becomes_a_canonical_row(
    server: Server,
    hasty: Session,
    tmp_path: Path,
    layer: str,
    who: str,
    name: str,
    row: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    (given,) = [each for each in ESPOO.layers[layer] if each.provider == who]
    url = serve(server, given, name, row)
    provider = given.model_copy(update={"url": url, "at_least": 1, "joins": [], "interval": 0})
    raw = registry.read(provider, tmp_path, AREA)
    rows, _, _ = canonical.rows(layer, provider, raw, Layers(CRS_3067), tmp_path)
    (found,) = conform(layer, rows, CRS_3067).to_dict("records")
    for column, value in expected.items():
        if value is None:
            assert found[column] is None or found[column] != found[column]
        else:
            assert found[column] == value
    assert found["geometry"].intersects(CENTRE.buffer(1))


def test_every_provider_that_is_no_map_of_the_world_is_in_the_list() -> None:
    elsewhere = {"overpass", "webosm", "gtfs", "raster", "grid", "webterrain", "burned"}
    listed = {
        (layer, each.provider)
        for layer, providers in ESPOO.layers.items()
        for each in providers
        if isinstance(each, Service) and getattr(each, "source", "") not in elsewhere
    }
    assert listed == {(layer, who) for layer, who, *_ in ANSWERS}
