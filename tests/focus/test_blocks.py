from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from districttype.focus import Catalogue, blocks_in_need, recommend

from .conftest import METRIC, City, zones_of


@pytest.fixture
def blocks(city: City) -> dict[str, str]:
    """Return block id -> zone: four blocks in Soukka, one in Nuuksio."""
    return dict.fromkeys(["b1", "b2", "b3", "b4"], "Soukka") | {"b5": "Nuuksio"}


def found(city: City, catalogue: Catalogue, blocks: dict[str, str], **options: int) -> pd.DataFrame:
    west = city.zones.frame.geometry.bounds["minx"]
    frame = gpd.GeoDataFrame(
        {"zone_id": list(blocks), "name": list(blocks)},
        geometry=[
            shapely.box(west[zone] + 10 + 200 * n, 10, west[zone] + 200 + 200 * n, 200)
            for n, zone in zip([0, 1, 2, 3, 0], blocks.values(), strict=True)
        ],
        crs=METRIC,
    )
    indicators = pd.DataFrame(
        {
            "surface_parking_share": [0.10, 0.30, 0.04, None, 0.5],
            "reserve_m2": [900.0, 0.0, 900.0, 900.0, 0.0],
            "land_near_station_share": [1.0, 1.0, 1.0, 1.0, 0.0],
            "green_share": [0.1, 0.1, 0.1, 0.8, 0.95],
            "far": [0.6, 0.6, 0.6, 0.0, 0.0],
            "land_km2": [0.02, 0.02, 0.02, 0.03, 0.04],
        },
        index=list(blocks),
    )
    focus = recommend(city.zones, city.labels, city.indicators, catalogue)
    parts = zones_of(frame, "blocks")
    return blocks_in_need(focus, city.zones, parts, indicators, catalogue, **options)


def test_the_blocks_that_carry_the_need_come_first(
    city: City, catalogue: Catalogue, blocks: dict[str, str]
) -> None:
    table = found(city, catalogue, blocks)
    listed = table.groupby(["zone_id", "solution"])["block_id"].apply(list).to_dict()
    assert listed == {  # b3 has too little parking; of b4 it is not known
        ("Soukka", "A3"): ["b2", "b1"],
        ("Soukka", "A6"): ["b4"],
        ("Nuuksio", "A3"): ["b5"],
        ("Nuuksio", "A6"): ["b5"],
    }
    first = table[(table["zone_id"] == "Soukka") & (table["solution"] == "A3")].iloc[0]
    assert (first["need"], first["need_of"], first["rank"]) == (0.3, "surface_parking_share", 1)
    assert first["reason"].text("en") == "Surface parking on 30 % of the block"
    second = table[table["block_id"] == "b1"].iloc[0]["reason"].text("fi")
    assert "käyttämätöntä rakennusoikeutta 900 m²" in second


def test_no_more_than_asked_for(city: City, catalogue: Catalogue, blocks: dict[str, str]) -> None:
    assert found(city, catalogue, blocks, most=1)["rank"].eq(1).all()


def test_blocks_belong_to_a_solution_only_where_the_zone_has_it(
    city: City, catalogue: Catalogue, blocks: dict[str, str]
) -> None:
    focus = recommend(city.zones, city.labels, city.indicators, catalogue)
    pairs = set(zip(focus["zone_id"], focus["solution"], strict=True))
    table = found(city, catalogue, blocks)
    assert set(zip(table["zone_id"], table["solution"], strict=True)) <= pairs


def test_without_any_block_in_need_the_table_is_empty(city: City, catalogue: Catalogue) -> None:
    focus = recommend(city.zones, city.labels, city.indicators, catalogue)
    table = blocks_in_need(
        focus, city.zones, city.zones, pd.DataFrame(index=city.zones.ids), catalogue
    )
    assert table.empty
    assert {"zone_id", "solution", "block_id", "reason", "rank"} <= set(table.columns)


def test_blocks_with_a_measure_of_their_own_come_after_the_others(
    city: City, catalogue: Catalogue
) -> None:
    need = catalogue.blocks["A3"]
    assert need.any[-1].order_by == "floor_area_m2"
    zones = city.only("Soukka").zones
    shape = zones.frame.geometry.iloc[0]
    west, south = shape.bounds[:2]
    parts = zones_of(
        gpd.GeoDataFrame(
            {"zone_id": list("abc"), "name": list("abc")},
            geometry=[
                shapely.box(west + x, south, west + x + 90, south + 90) for x in (0, 90, 180)
            ],
            crs=METRIC,
        ),
        "blocks",
    )
    indicators = pd.DataFrame(
        {"surface_parking_share": [0.2, 0.0, 0.0], "floor_area_m2": [100.0, 12_000.0, 30_000.0]},
        index=list("abc"),
    )
    focus = recommend(zones, city.labels, city.indicators, catalogue)
    table = blocks_in_need(focus, zones, parts, indicators, catalogue)
    mine = table[table["solution"] == "A3"]
    assert mine["block_id"].tolist() == ["a", "c", "b"]
    assert mine["need"].tolist() == [0.2, 30_000.0, 12_000.0]
    assert mine["need_of"].tolist() == ["surface_parking_share", *["floor_area_m2"] * 2]
    assert "30,000 m² of floor area: many users" in mine["reason"].iloc[1].text("en")
    for block, polygon in zip(mine["block_id"], mine.geometry, strict=True):
        assert polygon.equals(parts.frame.geometry[block])
