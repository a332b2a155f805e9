"""A city whose layers lie in part files gets the zones, sites and maps of one held in memory."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from shapely import LineString, Point, box

import toy
from districttype.answers.newcity import knows
from districttype.city import load_city
from districttype.focus import find_sites, load_catalogue
from districttype.focus.reasons import station_facts
from districttype.indicators.facts import Facts
from districttype.indicators.measure import measure
from districttype.indicators.memory import Memory
from districttype.indicators.tiles import Tiling, measure_in_tiles
from districttype.layers.layer import Layers
from districttype.layers.reconstructed import embedded_layers
from districttype.layers.shelf import Room
from districttype.publish import base, workshop
from districttype.publish.edition import Edition
from districttype.zones import Zones, make_zone_set, windows
from districttype.zones.network import least_island
from laid import laid_down, lay_in_quarters, refuse_whole
from town import ROWS, layer, town


@pytest.fixture
def editions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Edition, Edition]:
    known = toy.edition()
    laid = replace(known, layers=laid_down(known.layers, tmp_path / "laid"))
    refuse_whole(monkeypatch)
    return known, laid


def test_maps_are_the_same(editions: tuple[Edition, Edition]) -> None:
    known, laid = editions
    assert base.base_map(laid) == base.base_map(known)
    assert {"roads", "rails", "green"} <= base.base_map(laid).keys()
    found, wanted = base.stations(laid), base.stations(known)
    assert found is not None
    assert wanted is not None
    assert_geodataframe_equal(found, wanted)


def test_workshop_sheets_are_the_same(editions: tuple[Edition, Edition], tmp_path: Path) -> None:
    row = editions[0].results["districts"].focus.iloc[0]
    known, laid = (
        workshop.write_workshop(
            edition, tmp_path / str(number), row["zone_id"], row["solution"], ["en"]
        ).read_text(encoding="utf-8")
        for number, edition in enumerate(editions)
    )
    assert laid == known


def test_new_stations_are_the_same(editions: tuple[Edition, Edition]) -> None:
    known, laid = editions
    zones = known.results["districts"].zones
    facts = station_facts(zones, laid.layers)
    pd.testing.assert_frame_equal(facts, station_facts(zones, known.layers))
    assert facts["station"].notna().any()


@pytest.mark.slow
def test_sites_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = town()
    laid = laid_down(layers, tmp_path)
    refuse_whole(monkeypatch)
    zones = make_zone_set("districts", layers)
    assert zones is not None
    catalogue = load_catalogue()
    focus = pd.MultiIndex.from_product(
        [zones.ids, catalogue.solutions], names=["zone_id", "solution"]
    ).to_frame(index=False)
    wanted = find_sites(zones, layers, focus, catalogue)
    assert len(wanted["kind"].unique()) > 1
    assert_geodataframe_equal(find_sites(zones, laid, focus, catalogue), wanted)


@pytest.mark.slow
def test_what_was_measured_is_known_again_wherever_the_rows_lie(tmp_path: Path) -> None:
    layers = town()
    taller = [
        row | {"floor_area_m2": 1_001} if row.get("building_id") == "b1" else row
        for row in ROWS["buildings"]
    ]
    other = layers.having(layer("buildings", *taller))
    turned = layers.having(layer("buildings", *reversed(ROWS["buildings"])))
    known, differs, order = (Memory.of(some, tmp_path).layers for some in (layers, other, turned))
    assert len({known, differs, order}) == 3
    for some, told in ((layers, known), (other, differs), (turned, order)):
        laid = laid_down(some, tmp_path / told)
        assert Memory.of(laid, tmp_path).layers == told


def test_what_an_extract_knows_is_said_of_rows_in_files(tmp_path: Path) -> None:
    layers = town()
    said = knows(layers)
    assert any("buildings" in line and "the rest is guessed" in line for line in said)
    assert knows(laid_down(layers, tmp_path)) == said


@pytest.mark.parametrize("wide", [1e9, 700.0])
@pytest.mark.parametrize("name", ["districts", "blocks", "stations", "cells"])
def test_zones_are_the_same(
    name: str, wide: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "WIDE", wide)
    layers = toy.layers()
    laid = laid_down(layers, tmp_path)
    refuse_whole(monkeypatch)
    same_zones(make_zone_set(name, laid), make_zone_set(name, layers))


def same_zones(found: Zones | None, wanted: Zones | None) -> None:
    assert found is not None
    assert wanted is not None
    assert len(wanted)
    assert_geodataframe_equal(found.frame, wanted.frame, check_less_precise=False)
    for one, other in ((found.frame.geometry, wanted.frame.geometry), (found.land, wanted.land)):
        assert one.to_wkb().tolist() == other.to_wkb().tolist()
    pd.testing.assert_series_equal(found.land_m2, wanted.land_m2, check_exact=True)
    assert found.notes == wanted.notes


def test_a_district_of_sea_has_no_blocks_though_no_land_lies_near(tmp_path: Path) -> None:
    layers = toy.layers()
    sea = layers["districts"].frame.iloc[:1].assign(zone_id="sea", name="Sea")
    sea = sea.set_geometry(sea.geometry.translate(yoff=50_000))
    both = pd.concat([layers["districts"].frame, sea], ignore_index=True)
    layers = layers.having(replace(layers["districts"], frame=both))
    found = make_zone_set("blocks", laid_down(layers, tmp_path))
    assert found is not None
    assert "sea" not in set(found.frame["parent"])
    same_zones(found, make_zone_set("blocks", layers))


@pytest.mark.slow
@pytest.mark.parametrize("city", ["espoo", "leipzig", "maia"])
def test_zones_of_a_whole_city_are_the_same(
    city: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = embedded_layers(load_city(city))
    laid = laid_down(layers, tmp_path)
    refuse_whole(monkeypatch)
    for name in ("districts", "blocks", "stations", "cells"):
        wanted = make_zone_set(name, layers)
        if wanted is not None:
            same_zones(make_zone_set(name, laid), wanted)


def test_islands_are_left_out_as_where_all_streets_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two stations, each 60 m from a cross of streets of 1,900 m, and nearer to another street.

    That of the first is an island of 970 m, left out in a city that has streets of 2 km. That of
    the second, in pieces of 100 m, leads to the city 11 km away: so little is reached along it that
    a circle stands in.
    """
    monkeypatch.setattr(windows, "WIDE", 1000.0)
    cross = [
        line
        for x in (0, 8_000)
        for line in ([(x - 500, 0), (x, 0), (x + 500, 0)], [(x, -450), (x, 0), (x, 450)])
    ]
    island = [(70, 70), (70 + 970 / 2**0.5, 70 + 970 / 2**0.5)]
    way = [[(x, -60), (x + 100, -60)] for x in range(8_070, 19_070, 100)]
    lines = [*cross, island, *way, [(19_070, -60), (19_070, 4_000)]]
    at = {"Island": Point(60, 60), "Way": Point(8_060, -60)}
    layers = Layers(
        town().crs,
        {
            one.name: one
            for one in (
                layer("districts", {"zone_id": "d", "name": "D",
                                    "geometry": box(-9_000, -9_000, 30_000, 9_000)}),
                layer("streets", *({"kind": "residential", "geometry": LineString(line)}
                                   for line in lines)),
                layer("stops", *({"mode": "rail", "name": name, "geometry": point}
                                 for name, point in at.items())),
            )
        },
    )  # fmt: skip
    laid = laid_down(layers, tmp_path)
    refuse_whole(monkeypatch)
    found = make_zone_set("stations", laid)
    assert found is not None
    assert set(found.notes) == {"way"}  # drawn as a circle
    same_zones(found, make_zone_set("stations", layers))


@pytest.mark.parametrize(("metres", "least"), [(6_000, 1000), (1_600, 800), (300, 150)])
def test_an_island_is_what_is_short_beside_the_longest_piece_of_all_parts(
    metres: float, least: float, tmp_path: Path
) -> None:
    thirds = np.linspace(0, metres, 4)
    streets = layer("streets", *({"kind": "residential", "geometry": LineString([(a, 0), (b, 0)])}
                                 for a, b in pairwise(thirds)))  # fmt: skip
    assert least_island(streets) == pytest.approx(least)
    assert least_island(lay_in_quarters(streets, tmp_path)) == pytest.approx(least)


@pytest.mark.slow
def test_indicators_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = town()
    laid = laid_down(layers, tmp_path / "laid")
    # Of streets that make no piece of two kilometres all must be seen, to tell what an island is.
    refuse_whole(monkeypatch, ("buildings", "land_use"))
    zones = make_zone_set("districts", layers)
    assert zones is not None
    found = measure_in_tiles(
        zones, Facts(layers=laid), most=1, tiling=Tiling(Room(tmp_path / "tiles", 1))
    )
    pd.testing.assert_frame_equal(found, measure(zones, layers), rtol=1e-12)
