"""Code tables: every word is one of the layer's, and the classes of real data stay as they are."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest

from districttype.layers import schema, vocabulary
from districttype.sources.osmfile import read_extract
from districttype.sources.registry import Wanted

FOLDER = vocabulary._FOLDER
WORDS = {
    "use": schema.USES, "status": (*schema.STATUSES, "demolished"), "ground": schema.GROUND_CLASSES,
    "land_use": schema.LAND_USES, "land_cover": schema.LAND_COVERS,
    "constraint": schema.GROUND_CONSTRAINTS, "kind": (*schema.STREET_KINDS, *schema.ENERGY_KINDS),
    "mode": schema.MODES, "ownership": schema.OWNERS, "energy_sites": schema.ENERGY_KINDS,
}  # fmt: skip
CLASSES = {"osm_land_use": schema.LAND_USES, "osm_services": schema.SERVICES}
TABLES = sorted(path.stem for path in FOLDER.glob("*.csv"))


@pytest.mark.parametrize("name", TABLES)
def test_every_word_is_one_of_the_layers(name):
    table = vocabulary.table(name)
    for column in table.columns.intersection(list(WORDS)):
        assert set(table[column]) <= {*WORDS[column], ""}, column
    if name in CLASSES:
        assert set(table["class"]) <= set(CLASSES[name])
    keys = ["key", "value"] if "key" in table else table.columns[:1].tolist()
    assert not table.duplicated(keys).any()


def test_every_use_has_storeys():
    assert vocabulary.table("floors")["use"].tolist() == list(schema.USES)


def test_the_lowest_rank_wins_and_lists_count():
    frame = pd.DataFrame(
        [
            {"building": "apartments", "shop": "supermarket"},
            {"building": "yes", "shop": "supermarket"},
            {"building": "yes", "amenity": "cafe;school"},
            {"building": "commercial"},
            {"building": "public", "amenity": "school"},
            {"building": "yes", "office": "no"},
            {"building": "yes"},
        ]
    )
    found = vocabulary.by_tags("osm_use", frame)["use"]
    assert found.tolist() == ["apartment", "retail", "education", "office", "education", None, None]


def test_a_class_may_be_no_part_of_a_layer():
    codes = pd.Series([34100, 32421, 99999, None])
    ground, unread = vocabulary.translate("nls_topographic", codes, ("ground", "class"))
    assert (ground.tolist(), unread) == (["bedrock", None, None, None], 1)
    use, _ = vocabulary.translate("nls_topographic", codes, ("land_use", "class"))
    assert use.tolist() == ["bare", "parking", None, None]


def test_a_table_of_the_users_own(tmp_path):
    (tmp_path / "mine.csv").write_text("code,use\nA,office\n", encoding="utf-8")
    found, unread = vocabulary.translate("mine.csv", pd.Series(["a", "b"]), ("use",), tmp_path)
    assert (found.tolist(), unread) == (["office", None], 1)


def test_ryhtis_addresses_are_codes():
    said = pd.Series(["http://uri.suomi.fi/codelist/rytj/avoin_rakennusluokitus/code/06", "05"])
    assert vocabulary.translate("ryhti", said)[0].tolist() == ["apartment", "detached"]


def test_uses_of_the_register_stay_as_they_are(shared):
    register = gpd.read_file(
        shared / "espoo" / "espoo_building_register_perkkaa_leppavaara_2023.gpkg"
    )
    found, unread = vocabulary.translate("finland_2018", register["purpose_of_use"], ("use",))
    assert unread == 0
    assert found.value_counts(dropna=False).to_dict() == {
        "detached": 699, "outbuilding": 570, "apartment": 301, "row": 115, "office": 53,
        "leisure": 48, "transport": 42, "education": 27, "retail": 24, "other": 23,
        "warehouse": 17, "public": 10, "agricultural": 7, "health": 5, None: 4, "industrial": 1,
    }  # fmt: skip


def test_uses_of_openstreetmap_stay_as_they_are(shared):
    wanted = Wanted(
        tags={"building": None},
        shapes=frozenset({"area"}),
        columns=tuple(vocabulary.tags("osm_use")),
    )
    path = shared / "cities" / "liechtenstein" / "liechtenstein_2024-03.osm.pbf"
    frame = read_extract(path, {"": wanted})[""].frame
    found = vocabulary.by_tags("osm_use", frame)["use"].value_counts(dropna=False).to_dict()
    assert found == {
        None: 11764, "detached": 3304, "apartment": 875, "outbuilding": 558, "office": 283,
        "agricultural": 281, "retail": 154, "industrial": 143, "leisure": 121, "public": 77,
        "education": 49, "transport": 39, "utility": 36, "row": 13, "health": 11, "warehouse": 8,
        "other": 1,
    }  # fmt: skip
