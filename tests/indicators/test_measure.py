"""The laws of measuring, on the town in `town.py`: whatever the zones, whatever is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

from districttype.indicators import land
from districttype.indicators.facts import Facts
from districttype.indicators.land import PRECEDENCE
from districttype.indicators.measure import measure
from districttype.indicators.registry import REGISTRY
from districttype.indicators.zonal import Things
from districttype.layers.layer import Layers
from districttype.layers.schema import empty
from town import CELLS, DISTRICTS, ORIGIN, ROWS, TM35, layer, town, zones

EXTENSIVE = [entry.name for entry in REGISTRY if entry.extensive]
NUMBERS = [entry.name for entry in REGISTRY if entry.facet != "coverage"]
WHOLE = {"whole": box(0, 0, 500, 500)}
FACTS = Facts(layers=town())

inside = st.floats(0.5, 499.5)


def of(shapes: dict[str, shapely.Geometry], facts: Facts = FACTS) -> pd.DataFrame:
    return measure(zones(shapes, facts.layers), facts)


def test_every_zone_keeps_its_row_and_every_indicator_its_column() -> None:
    table = of({"b": box(0, 0, 9, 9), "a": box(9000, 0, 9009, 9)})
    assert [*table.index] == ["a", "b"]
    assert table.index.name == "zone_id"
    assert [*table.columns] == [entry.name for entry in REGISTRY]
    assert set(table.dtypes) == {np.dtype(float)}


@settings(max_examples=25, deadline=None)
@given(x=inside, y=inside)
def test_parts_add_up_to_the_whole(x: float, y: float) -> None:
    parts = of(
        {
            "sw": box(0, 0, x, y),
            "se": box(x, 0, 500, y),
            "nw": box(0, y, x, 500),
            "ne": box(x, y, 500, 500),
        }
    )
    np.testing.assert_allclose(
        parts[EXTENSIVE].sum(), of(WHOLE).loc["whole", EXTENSIVE], rtol=1e-9, atol=1e-6
    )


@settings(max_examples=5, deadline=None)
@given(dx=st.integers(-90_000, 90_000), dy=st.integers(-90_000, 90_000))
def test_moving_everything_changes_nothing(dx: int, dy: int) -> None:
    shift = (float(dx), float(dy))
    layers = town(shift)
    moved = measure(zones(DISTRICTS, layers, shift), layers)
    pd.testing.assert_frame_equal(moved, of(DISTRICTS), rtol=1e-6, atol=1e-9)


def test_zones_that_overlap_are_measured_like_zones_that_do_not() -> None:
    together = of(CELLS | DISTRICTS | WHOLE)
    pd.testing.assert_frame_equal(together.loc[[*sorted(CELLS)]], of(CELLS))
    pd.testing.assert_frame_equal(together.loc[[*sorted(DISTRICTS)]], of(DISTRICTS))


def test_shares_of_a_whole_make_one() -> None:
    table = of(CELLS | DISTRICTS)
    uses = ["housing", "offices", "industry", "retail", "public", "leisure", "other_use",
            "use_unknown"]  # fmt: skip
    for family, names in {
        "use": [f"{use}_share" for use in uses],
        "ground": [n for n in NUMBERS if n.startswith("ground_")],
        "owner": [n for n in NUMBERS if n.startswith("owner_") and "top5" not in n],
    }.items():
        np.testing.assert_allclose(table[names].sum(axis=1), 1.0, err_msg=family)


def test_nothing_is_said_of_the_ground_where_its_classes_hold_more_than_the_land(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A square of clay over one of till, as if nobody had settled which of them keeps the ground.
    shapes = np.array([box(0, 0, 250, 250), box(0, 0, 250, 200)])
    clay, till = (PRECEDENCE["ground"].index(name) for name in ("clay", "till"))
    doubled = Things.of(shapes, where="layer ground"), np.array([clay, till])
    monkeypatch.setattr(land, "mapped", lambda *_: doubled)
    layers = town()
    west = {"sw": box(0, 0, 250, 250), "west": box(0, 0, 250, 500)}
    names = ["ground_clay_share", "ground_till_share", "ground_unknown_share"]
    table = measure(zones(west, layers), layers, names=names)[names]
    assert table.loc["sw"].isna().all()
    # 62,500 m² of clay and 50,000 m² of till find room in the 125,000 m² of the west
    np.testing.assert_allclose(table.loc["west"].to_numpy(), [0.5, 0.4, 0.1], atol=1e-12)


def test_shares_lie_between_nothing_and_all() -> None:
    shares = of(CELLS | DISTRICTS).filter(regex="_share$")
    known = shares.to_numpy()[shares.notna().to_numpy()]
    assert known.min() >= 0
    assert known.max() <= 1 + 1e-12


def test_stops_of_a_mode_that_no_provider_has_are_unknown_and_not_none() -> None:
    def stops(*lacks: tuple[str, ...]) -> pd.DataFrame:
        parts = tuple(ORIGIN.model_copy(update={"lacks": said}) for said in lacks)
        return measure(zones(DISTRICTS, town()), town().having(replace(known, provenance=parts)))

    known = town()["stops"]
    counted = ["stops_tram", "stations", "floor_near_station_share", "land_near_station_share"]
    assert stops(())[counted].notna().all(axis=None)
    without = stops(("tram",))
    assert without[counted].isna().all(axis=None)
    assert without["stops_bus"].notna().all()
    # What one of two providers lacks the other has.
    pd.testing.assert_frame_equal(stops(("tram",), ("bus",)), stops(()))


def test_what_rounding_leaves_of_nothing_is_nothing() -> None:
    # Groundwater that reaches a ten-millionth of a metre over the border of `west`.
    row = {"constraint": "groundwater_area", "geometry": box(250 - 1e-7, 0, 500, 500)}
    layers = town().having(layer("ground_constraints", row))
    share = measure(zones(DISTRICTS, layers), layers)["groundwater_area_share"]
    assert share["west"] == 0.0
    assert share["east"] > 0.9


def test_a_zone_outside_the_city_is_unknown_not_empty() -> None:
    away = of({"away": box(5000, 5000, 5250, 5250)}).loc["away"]
    assert away[NUMBERS].drop("land_km2").isna().all()
    assert (away.filter(like="coverage_") == 0).all()


@pytest.mark.parametrize("name", [name for name in ROWS if name != "districts"])
def test_without_a_layer_only_what_needs_it_is_missing(name: str) -> None:
    layers = town().without(name)
    table, full = measure(zones(DISTRICTS, layers), layers), of(DISTRICTS)
    assert (table[f"coverage_{name}"] == 0).all()
    for entry in REGISTRY:
        if (name,) in entry.needs:
            assert table[entry.name].isna().all(), entry.name
        # Growth falls back from buildings to what plans state.
        elif (
            entry.facet != "coverage"
            and entry.name != "growth_ratio"
            and not any(name in need for need in entry.needs)
        ):
            assert (table[entry.name].isna() == full[entry.name].isna()).all(), entry.name


def test_a_layer_without_rows_is_a_measured_nothing() -> None:
    layers = town()
    for name in ROWS:
        if name not in ("districts", "land_use"):
            layers = layers.having(type(layers[name])(name, empty(name, TM35), ()))
    table = measure(zones(DISTRICTS, layers), layers)
    for name in ("floor_area_m2", "far", "residents", "stops_bus", "heat_demand_mwh", "services"):
        assert (table[name] == 0).all(), name
    assert (table["ground_unknown_share"] == 1).all()
    assert table[["housing_share", "mean_floors", "median_year_built"]].isna().all(axis=None)


def test_buildings_are_unknown_where_nobody_looked_and_counted_where_somebody_did() -> None:
    seen = layer("buildings", *ROWS["buildings"], coverage=box(0, 0, 300, 500))
    layers = town().having(seen)
    cells = {"seen": box(0, 0, 90, 90), "bare": box(0, 400, 90, 490), "dark": box(400, 0, 490, 90)}
    table = measure(zones(cells | {"half": box(275, 0, 325, 90)}, layers), layers)
    assert table["coverage_buildings"].to_dict() == {
        "bare": 1.0, "dark": 0.0, "half": 0.5, "seen": 1.0,
    }  # fmt: skip
    assert table.loc["seen", "floor_area_m2"] == 1_000
    assert table.loc["bare", "floor_area_m2"] == 0
    assert np.isnan(table.loc["dark", "floor_area_m2"])
    assert table.loc["half", "floor_area_m2"] == 0


def test_a_zone_of_buildings_without_floor_area_has_an_unknown_one() -> None:
    only_b6 = of({"b6": box(440, 90, 480, 130)}).loc["b6"]
    assert only_b6["buildings"] == 1
    assert only_b6["footprint_m2"] == 500
    assert np.isnan(only_b6[["floor_area_m2", "far", "heat_demand_mwh", "osr"]]).all()
    assert only_b6["floor_area_unknown_share"] == 1


def test_land_is_rural_where_little_stands_for_750_m_round() -> None:
    # One house of 2000 m² in the fifth of ten cells in a row, each of 62,500 m²: its own cell and
    # those beside it have 2000 m² on 3 cells (0.0107), all others none; with 4000 m² these three
    # pass 0.02.
    ground = box(0, 0, 2500, 250)
    shares = []
    for floor in (2_000, 4_000):
        house = {"building_id": "h", "use": "row", "status": "existing", "floor_area_m2": floor,
                 "geometry": box(1100, 100, 1120, 120)}  # fmt: skip
        origins = dict.fromkeys(
            ("use_origin", "floors_origin", "floor_area_m2_origin", "year_built_origin"), "register"
        )
        tables = {
            "districts": layer("districts", {"zone_id": "s", "name": "s"} | {"geometry": ground}),
            "buildings": layer("buildings", house | origins),
        }
        layers = Layers(TM35, tables)
        shares.append(
            measure(zones({"strip": ground}, layers), layers).loc["strip", "rural_land_share"]
        )
    np.testing.assert_allclose(shares, [1.0, 0.7])


def test_land_use_of_lakes_alone_says_nothing_of_building_sites() -> None:
    lakes = [row for row in ROWS["land_use"] if row["class"] == "water"]
    layers = town().having(layer("land_use", *lakes)).without("land_cover")
    table = measure(zones(DISTRICTS, layers), layers)
    names = ["construction_land_share", "brownfield_land_share", "surface_parking_share",
             "protected_share", "residents_near_park_share", "recreation_land_share",
             "green_share"]  # fmt: skip
    assert table[names].isna().all(axis=None)
    assert table.loc["east", "water_share"] == pytest.approx(0.1)


def test_green_is_of_land_use_where_land_cover_is_not_known() -> None:
    layers = town().without("land_cover")
    green = measure(zones(DISTRICTS, layers), layers)["green_share"]
    # a park of 1 ha and half a hectare of reserve in the west, a green of 400 m² in the east
    assert green.to_dict() == pytest.approx({"west": 0.12, "east": 400 / 112_500})


def test_growth_where_nothing_stands_is_a_hundredfold_and_nothing_to_come_is_none() -> None:
    layers = town()
    bare = layers.having(layer("buildings", ROWS["buildings"][4] | {"status": "planned"}))
    table = measure(zones(CELLS, layers), bare)
    assert table["growth_ratio"].to_dict() == pytest.approx(
        {"ne": 100.0, "nw": 100.0, "se": np.nan, "sw": 100.0}, nan_ok=True
    )
    idle = bare.having(layer("plans", {"reserve_m2": 0, "geometry": box(0, 0, 500, 500)}))
    assert (measure(zones(CELLS, layers), idle)["growth_ratio"] == 0).all()


def test_growth_is_not_taken_over_the_few_buildings_somebody_happened_to_see() -> None:
    seen = layer("buildings", *ROWS["buildings"], coverage=box(0, 0, 125, 500))
    layers = town().having(seen)
    growth = measure(zones(DISTRICTS, layers), layers)["growth_ratio"]
    assert np.isnan(growth["west"])
    used = layers.having(
        layer("plans", {"reserve_m2": 50, "used_m2": 200, "geometry": DISTRICTS["west"]})
    )
    assert measure(zones(DISTRICTS, used), used)["growth_ratio"]["west"] == pytest.approx(0.25)


def test_permits_promise_no_residents_and_no_homes_where_there_is_none() -> None:
    """They never state such numbers: a zone without a permit has none promised, and not zero."""
    permit = {"under_construction_m2": 3_000, "geometry": box(400, 0, 500, 100)}
    layers = town().having(layer("plans", permit))
    table = measure(zones(CELLS, layers), layers)
    silent = ["planned_residents", "planned_residents_ratio", "reserve_housing_m2"]
    assert table[silent].isna().all(axis=None)


def test_residents_to_come_where_nobody_lives_are_a_hundredfold() -> None:
    layers = (
        town()
        .having(layer("residents", {"residents": 0, "geometry": DISTRICTS["west"]}))
        .having(layer("plans", {"planned_residents": 14_000, "geometry": CELLS["sw"]}))
    )
    table = measure(zones(CELLS, layers), layers)
    assert table.loc["sw", "planned_residents_ratio"] == 100.0
    assert table.loc["nw", "planned_residents_ratio"] == 0.0


def test_plans_of_a_corner_do_not_hide_what_is_being_built_beside_them() -> None:
    corner = box(250, 0, 260, 10)
    plan = {"reserve_m2": 0, "under_construction_m2": 0, "geometry": corner}
    layers = town().having(layer("plans", plan, coverage=corner))
    begun = measure(zones(CELLS, layers), layers)["under_construction_m2"]
    assert begun["se"] == 2_000  # b5
    # plans that are known for all of the zone are believed
    layers = town().having(layer("plans", plan | {"geometry": CELLS["se"]}))
    assert measure(zones(CELLS, layers), layers)["under_construction_m2"]["se"] == 0


def test_growth_is_not_taken_over_the_few_buildings_of_known_floor_area() -> None:
    # Of 1000 m² of footprint half (b6) is of unknown floor area; 2000 m² are being built (b5).
    plan = {"reserve_m2": 2_500, "geometry": CELLS["se"]}
    layers = town().having(layer("plans", plan))
    assert np.isnan(measure(zones(CELLS, layers), layers)["growth_ratio"]["se"])
    layers = town().having(layer("plans", plan | {"used_m2": 10_000}))
    assert measure(zones(CELLS, layers), layers)["growth_ratio"]["se"] == pytest.approx(0.45)


def owned(*rows: tuple[str, str | None, float, float]) -> pd.Series:
    """Return the indicators of a cell whose land, from one northing to another, has owners."""
    parcels = (
        {"owner_class": kind, "owner_id": owner, "geometry": box(0, south, 250, north)}
        for kind, owner, south, north in rows
    )
    layers = town().having(layer("ownership", *parcels))
    return measure(zones(CELLS, layers), layers).loc["sw"]


def test_the_largest_owners_are_those_of_private_land() -> None:
    many = [("private", f"p{i}", 110.0 + 2 * i, 112.0 + 2 * i) for i in range(70)]
    assert owned(("city", "c", 0, 110), *many)["owner_top5_share"] == pytest.approx(5 / 70)
    one = owned(("city", "c", 0, 110), ("private", "p", 110, 250))
    assert one["owner_top5_share"] == 1
    assert one["owner_city_share"] == pytest.approx(0.44)


def test_whether_nameless_owners_are_few_or_many_is_unknown() -> None:
    assert np.isnan(owned(("city", "c", 0, 50), ("private", None, 50, 250))["owner_top5_share"])
    # a fifth may be nameless, and housing companies hold a plot each
    some = owned(("private", "p", 0, 200), ("private", None, 200, 250))
    assert some["owner_top5_share"] == pytest.approx(0.8)
    assert owned(("housing_company", None, 0, 250))["owner_top5_share"] == 0


def test_an_empty_shop_serves_nobody() -> None:
    shop = {"class": "grocery", "geometry": Point(60, 60)}
    for vacant, share in ((False, 1.0), (True, 0.0)):
        layers = town().having(layer("services", shop | {"vacant": vacant}))
        found = measure(zones(CELLS, layers), layers)["residents_near_grocery_share"]
        assert found["sw"] == share


def test_thin_cover_and_exposed_rock_are_near_rock_together() -> None:
    ground = layer(
        "ground",
        {"class": "bedrock", "thin_cover": False, "geometry": box(0, 0, 250, 75)},
        {"class": "till", "thin_cover": True, "geometry": box(0, 50, 250, 150)},
        {"class": "clay", "thin_cover": False, "geometry": box(0, 150, 250, 250)},
    )
    layers = town().having(ground)
    assert measure(zones(CELLS, layers), layers)["thin_cover_share"]["sw"] == pytest.approx(0.6)


def test_ground_beyond_the_city_is_no_water() -> None:
    layers = town().having(layer("land", {"geometry": box(0, 0, 500, 500)}))
    edge = {"edge": box(375, 250, 750, 500)}
    water = measure(zones(edge, layers), layers)["water_share"]
    assert water["edge"] == pytest.approx(12_500 / 31_250)


def test_green_is_of_the_layer_that_knows_more_of_the_zone() -> None:
    strip = box(0, 250, 25, 500)
    layers = town().having(
        layer("land_cover", {"class": "trees", "geometry": strip}, coverage=strip)
    )
    # a park of 1 ha and half a hectare of reserve, not the tenth of the cell that is known as trees
    assert measure(zones(CELLS, layers), layers)["green_share"]["nw"] == pytest.approx(0.24)


def test_departures_and_openings_nobody_states_are_unknown() -> None:
    silent = layer(
        "stops",
        {"mode": "bus", "geometry": Point(10, 10)},
        {"mode": "rail", "geometry": Point(9, 9)},
    )
    layers = town().having(silent)
    west = measure(zones(DISTRICTS, layers), layers).loc["west"]
    assert west["stops_bus"] == 1
    assert west["floor_near_station_share"] == 1
    unknown = ["departures_per_hour", "floor_near_frequent_bus_share", "new_station_floor_share",
               "land_near_frequent_bus_share", "residents_near_new_station_share"]  # fmt: skip
    assert west[unknown].isna().all()


def test_departures_of_a_zone_whose_stops_do_not_state_them_are_unknown() -> None:
    layers = town().having(
        layer(
            "stops",
            {"mode": "bus", "departures_peak_hour": 6, "geometry": Point(125, 125)},
            {"mode": "bus", "geometry": Point(125, 375)},
            {"mode": "bus", "opened": 2035, "geometry": Point(375, 125)},
        )
    )
    departures = measure(zones(CELLS, layers), layers)["departures_per_hour"]
    assert departures.to_dict() == pytest.approx(
        {"ne": 0, "nw": np.nan, "se": 0, "sw": 6}, nan_ok=True
    )


def test_platforms_of_one_name_are_one_station() -> None:
    rows = [("rail", "Kera", 10), ("rail", "Kera", 200), ("metro", "Kera", 20), ("rail", None, 30),
            ("rail", None, 100), ("tram", None, 35)]  # fmt: skip
    platforms = layer(
        "stops", *({"mode": m, "name": n, "geometry": Point(x, 50)} for m, n, x in rows)
    )
    layers = town().having(platforms)
    # Kera of trains, Kera of the metro, a nameless one of trains, one of trams
    assert measure(zones(DISTRICTS, layers), layers).loc["west", "stations"] == 4
