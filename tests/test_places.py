"""The gazetteer: names in every language, each meaning zones."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
from pyproj import CRS
from shapely import box

from districttype.city import load_city
from districttype.errors import ConfigError
from districttype.layers.layer import Layers
from districttype.places import find_place, load_places
from districttype.zones import make_zones
from districttype.zones.places import PLACES, make_places


def test_espoo_has_59_names_in_two_languages() -> None:
    places = load_places(load_city("espoo"))
    assert places is not None
    assert len(places) == 59
    assert places["zone_set"].isin(["districts", "stations"]).all()
    for name in ("Kauklahti", "Köklax", "köklax", "KAUKLAHTI", "Koklax"):
        assert find_place(places, name).zones == ("511",)
    assert find_place(places, "Espoonlahti").zones == ("411", "414")
    assert find_place(places, "Kera").zone_set == "stations"
    assert find_place(places, "") is None
    assert find_place(places, "Atlantis") is None


def test_a_city_without_a_gazetteer_has_none_and_a_wrong_one_is_one_line(tmp_path: Path) -> None:
    espoo = load_city("espoo")
    assert load_places(espoo.model_copy(update={"places": None})) is None
    with pytest.raises(ConfigError, match=r"places = 'no\.csv': no such file"):
        load_places(espoo.model_copy(update={"places": "no.csv"}))
    bad = tmp_path / "bad.csv"
    bad.write_text("name_fi,zones\nA,1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="column zone_set is missing"):
        load_places(espoo.model_copy(update={"places": str(bad)}))


def test_a_place_of_two_zones_is_a_zone_whatever_column_names_it(tmp_path: Path) -> None:
    crs = CRS.from_epsg(3067)
    shapes = [box(0, 0, 100, 100), box(100, 0, 300, 100)]
    table = gpd.GeoDataFrame({"zone_id": ["1", "2"], "name": ["A", "B"]}, geometry=shapes, crs=crs)
    districts = make_zones("districts", table, Layers(crs))
    file = tmp_path / "places.csv"
    file.write_text("name,zone_set,zones\nBoth,districts,1;2\nOne,districts,1\n", encoding="utf-8")
    gazetteer = load_places(load_city("espoo").model_copy(update={"places": str(file)}))
    found = make_places(gazetteer, {"districts": districts})
    assert found.name == PLACES
    assert found.land_m2.to_dict() == {"Both": 30_000.0}
