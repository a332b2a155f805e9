"""Real data: the numbers agree with what plain `geopandas.overlay` makes of the same layers."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from districttype.city import load_city
from districttype.indicators.facts import Facts
from districttype.indicators.measure import measure
from districttype.indicators.use import GROUPS
from districttype.layers.collect import collect
from districttype.layers.layer import Layers
from districttype.providers import read_layers_file
from districttype.zones import Zones, make_zone_set

LAYERS_FILE = Path(__file__).parents[1] / "real" / "espoo-shared.toml"


@pytest.fixture(scope="module")
def espoo(shared: Path) -> Facts:
    city = load_city("espoo")
    return Facts(layers=collect(city, read_layers_file(LAYERS_FILE), shared / "espoo").layers)


@pytest.fixture(scope="module", params=["districts", "cells"])
def measured(espoo: Facts, request: pytest.FixtureRequest) -> tuple[Layers, Zones, pd.DataFrame]:
    zones = make_zone_set(request.param, espoo.layers)
    assert zones is not None
    return espoo.layers, zones, measure(zones, espoo)


def overlaid(layers: Layers, zones: Zones) -> gpd.GeoDataFrame:
    """Cut the buildings in use at the zones the plain way."""
    houses = layers["buildings"].frame
    houses = houses[houses["status"] == "existing"].assign(whole=lambda t: t.geometry.area)
    parts = gpd.overlay(houses, zones.frame.reset_index()[["zone_id", "geometry"]])
    share = parts.geometry.area / parts["whole"]
    return parts.assign(footprint=parts.geometry.area, floor=parts["floor_area_m2"] * share)


@pytest.mark.slow
def test_density_and_use_agree_with_overlay(
    measured: tuple[Layers, Zones, pd.DataFrame],
) -> None:
    layers, zones, table = measured
    parts = overlaid(layers, zones)
    known = table["coverage_buildings"] > 0
    land = zones.land_m2

    def per_zone(column: str, rows: pd.Series | None = None) -> pd.Series:
        chosen = parts if rows is None else parts[rows]
        return chosen.groupby("zone_id")[column].sum().reindex(zones.ids, fill_value=0.0)

    floor, footprint = per_zone("floor"), per_zone("footprint")
    expected = {"far": floor / land, "gsi": footprint / land}
    for group, uses in GROUPS.items():
        held = per_zone("floor", parts["use"].isin(uses))
        expected[f"{group}_share"] = held / floor.where(floor > 0)
    for name, values in expected.items():
        found = table.loc[known & (land > 0), name]
        np.testing.assert_allclose(found, values[found.index], rtol=1e-6, atol=1e-9, err_msg=name)
    assert table.loc[~known, [*expected]].isna().all(axis=None)
    assert known.sum() > 5


@pytest.mark.slow
def test_districts_add_up_to_what_was_read(espoo: Facts) -> None:
    zones = make_zone_set("districts", espoo.layers)
    table = measure(zones, espoo)
    layers = espoo.layers
    residents = layers["residents"].frame["residents"].sum()
    assert table["residents"].sum() == pytest.approx(residents, rel=5e-3)
    # One stop stands just outside the city's outline.
    assert table["stops_bus"].sum() == (layers["stops"].frame["mode"] == "bus").sum() - 1
    assert table["residents"].notna().all()


@pytest.mark.slow
def test_cells_and_districts_give_the_same_city(espoo: Facts) -> None:
    sums = []
    for name in ("districts", "cells"):
        zones = make_zone_set(name, espoo.layers)
        sums.append(measure(zones, espoo)[["residents", "footprint_m2", "floor_area_m2"]].sum())
    pd.testing.assert_series_equal(sums[0], sums[1], rtol=1e-3)
