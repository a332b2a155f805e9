"""Section B: HSY's GeoServer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from districttype.city import load_city
from districttype.errors import SchemaError, SourceError
from districttype.layers.live import services
from districttype.providers import Service
from districttype.sources.features import DOUBLED
from sources.quirks.answers import E, GeoServer, N, feature
from sources.quirks.conftest import Canonical, Read


def of_hsy(layer: str) -> list[Service]:
    listed = services(load_city("espoo"))
    return [each for name, each in listed if name == layer and "kartta.hsy.fi" in each.url]


def test_b_a_page_that_lacks_its_separators_is_refused_and_not_read_in_part(read: Read) -> None:
    """Each page is parsed by itself; one that is no JSON says so with its place."""

    class Run(GeoServer):
        def page(self, query: Mapping[str, str]) -> bytes:
            whole = super().page(query)
            return whole.replace(b"}, {", b"} {") if query.get("startindex", "0") != "0" else whole

    rows = [feature(n, {"id": f"{n}"}) for n in range(6)]
    served = Run("a:b", rows=rows)
    assert b"}, {" in served.page({})  # what separates rows
    with pytest.raises(SourceError, match="JSON"):
        read(served, page=3)


def test_b_1_rows_of_buildings_that_are_points_are_left_out(read: Read, layer: Canonical) -> None:
    point = feature(1, {"vtj_prt": "1A", "geometria": "piste"})
    point["geometry"] = {"type": "Point", "coordinates": [E, N]}
    raw = read(GeoServer("a:b", rows=[point, feature(2, {"vtj_prt": "2B"})]))
    found = layer("buildings", raw, columns={"building_id": "vtj_prt"})
    assert found["building_id"].tolist() == ["2B"]


def test_b_1_a_building_given_twice_counts_once(read: Read) -> None:
    rows = [feature(1, {"vtj_prt": "1A", "n": 1}), feature(2, {"vtj_prt": "1A", "n": 1})]
    rows[1]["geometry"] = rows[0]["geometry"]
    raw = read(GeoServer("a:b", rows=rows), id="vtj_prt")
    assert len(raw.frame) == 1
    assert raw.changes[DOUBLED] == 1


def test_b_1_year_is_kavu_and_missing_where_suppressed(read: Read, layer: Canonical) -> None:
    rows = [feature(n, {"id": f"{n}", "kavu": year}) for n, year in enumerate([1974, 999999999])]
    columns = {"building_id": "id", "year_built": "kavu"}
    found = layer("buildings", read(GeoServer("a:b", rows=rows)), columns=columns)
    assert found["year_built"].fillna(0).tolist() == [1974, 0]
    assert all(each.columns["year_built"] == "kavu" for each in of_hsy("buildings"))


@pytest.mark.parametrize(
    ("said", "use"),
    [("Asuinrakennus", "apartment"), ("Liikerakennus", "retail"), ("Yleinen rakennus", "public")],
)
def test_b_1_coarse_uses(read: Read, layer: Canonical, said: str, use: str) -> None:
    raw = read(GeoServer("a:b", rows=[feature(1, {"id": "1", "k": said})]))
    table: dict[str, Any] = {"columns": {"building_id": "id", "use": "k"}}
    assert layer("buildings", raw, **table, tables={"use": "hsy_use"})["use"].tolist() == [use]


def test_b_2_grid_codes_without_leading_zeros(read: Read, layer: Canonical) -> None:
    """KATAKER of the building grid: 11 is class 011 of 1994."""
    rows = [feature(n, {"id": f"{n}", "kayttark1": code}) for n, code in enumerate([11, 21, 151])]
    found = layer(
        "buildings", read(GeoServer("a:b", rows=rows)),
        columns={"building_id": "id", "use": "kayttark1"}, tables={"use": "finland_1994"},
    )  # fmt: skip
    assert found["use"].tolist() == ["detached", "row", "office"]


def test_b_2_the_grid_has_no_municipality_so_the_box_and_the_zones_choose() -> None:
    (people, *_) = of_hsy("residents")
    assert getattr(people, "filter", "") == ""


def test_b_2_a_jobs_grid_of_other_columns_is_refused_with_those_it_has(
    read: Read, layer: Canonical
) -> None:
    """What the column of all jobs is called has not been seen: a wrong guess counts nobody."""
    raw = read(GeoServer("a:b", rows=[feature(1, {"index": 1, "toimialat_kaikki": 12})]))
    jobs = next(each for each in of_hsy("residents") if "jobs" in each.columns)
    with pytest.raises(SchemaError, match=r"for jobs; the file has .*toimialat_kaikki"):
        layer("residents", raw, columns=jobs.columns)


def test_b_3_reserve_is_not_building_right_less_floor_area(read: Read, layer: Canonical) -> None:
    """It is summed over units of the plan, each at least zero."""
    block = {"kala": 137777, "karayht": 116900, "laskvar_yh": 27659, "rakerayht": 8092}
    (ramava, *_) = of_hsy("plans")
    raw = read(GeoServer("a:b", rows=[feature(1, block)]))
    found = layer("plans", raw, columns=ramava.columns).iloc[0]
    assert found["reserve_m2"] == 27659 != found["building_right_m2"] - found["used_m2"]
    assert found["under_construction_m2"] == 8092


@pytest.mark.parametrize(
    ("code", "cover"),
    [(111, "paved"), (112, "bare"), (120, "built"), (211, "field"), (224, "trees"), (520, "water")],
)
def test_b_4_codes_of_land_cover(read: Read, layer: Canonical, code: int, cover: str) -> None:
    raw = read(GeoServer("a:b", rows=[feature(1, {"koodi": code})]))
    table: dict[str, Any] = {"columns": {"class": "koodi"}, "tables": {"class": "hsy_land_cover"}}
    assert layer("land_cover", raw, **table)["class"].tolist() == [cover]


def test_b_5_a_roof_whose_yield_is_suppressed_has_none_and_one_of_zero_has_zero(
    read: Read, layer: Canonical
) -> None:
    values = [(212.5, 31450.5), (999999999, 999999999), (0, 0), (None, None)]
    rows = [
        feature(n, {"panel_ala": area, "elec_kwh_v": kwh}) for n, (area, kwh) in enumerate(values)
    ]
    (hsy,) = of_hsy("solar_roofs")
    found = layer(
        "solar_roofs", read(GeoServer("a:b", rows=rows)),
        columns=hsy.columns, sentinels=hsy.sentinels,
    )  # fmt: skip
    assert found["yield_kwh"].fillna(-9).tolist() == [31450.5, -9, 0, -9]
    assert found["panel_m2"].fillna(-9).tolist() == [212.5, -9, 0, -9]


def test_b_6_small_areas_without_a_name_are_left_out(read: Read, layer: Canonical) -> None:
    rows = [
        feature(1, {"kokotun": "0492022222", "pien": "222", "tila": "022", "nimi": "Otaniemi"}),
        feature(2, {"kokotun": "0492022299", "pien": "299", "tila": "022", "nimi": " "}),
    ]
    (hsy,) = of_hsy("districts")
    found = layer("districts", read(GeoServer("a:b", rows=rows)), columns=hsy.columns)
    assert found["zone_id"].tolist() == ["222"]
