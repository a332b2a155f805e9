"""What the embedded Espoo is measured to be is what its figures say, district by district."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from districttype.publish.edition import Edition
from districttype.sources.figures import load_figures

pytestmark = pytest.mark.slow

# What is measured, by the figure it must be: within 1 %.
SUMS = {
    "land_km2": lambda m: m["land_km2"],
    "floor_total_recent_m2": lambda m: m["floor_area_m2"],
    "floor_homes_recent_m2": lambda m: m["floor_area_m2"] * m["housing_share"].fillna(0.0),
    "residents": lambda m: m["residents"],
    "residents_before": lambda m: (m["residents"] / m["residents_change_ratio"]).fillna(0.0),
    "jobs": lambda m: m["jobs"],
    "bus_stops": lambda m: m["stops_bus"],
    "intersections": lambda m: m["intersections_per_km2"] * m["land_km2"],
    "reserve_m2": lambda m: m["reserve_m2"],
}
# The same for workplaces; 112 and 118 were counted later, and only in sum.
WORKPLACES = {
    "offices_share": "floor_offices_m2",
    "retail_share": "floor_retail_m2",
    "industry_share": "floor_industry_m2",
    "public_share": "floor_public_m2",
}
COUNTED_LATER = ["112", "118"]
# Shares of land, published to the third decimal.
SHARES = {
    "transit_zone_pedestrian_share": "transit_pedestrian",
    "transit_zone_intensive_transit_share": "transit_intensive_transit",
    "transit_zone_transit_share": "transit_transit",
    "transit_zone_car_share": "transit_car",
    "ground_bedrock_share": "ground_bedrock",
    "ground_organic_share": "ground_organic",
    "groundwater_area_share": "groundwater_area_share",
    "protected_share": "protected_share",
    "tree_share": "cover_trees",
}


@pytest.fixture(scope="module")
def measured(embedded: Edition) -> pd.DataFrame:
    return embedded.results["districts"].indicators


@pytest.fixture(scope="module")
def figures() -> pd.DataFrame:
    return load_figures("espoo").districts.set_index("id")


def assert_close(measured: pd.Series, stated: pd.Series, tolerance: float = 0.01) -> None:
    assert len(measured) == 88
    known = stated.dropna()
    found = measured.reindex(known.index)
    wrong = known.index[~((found - known).abs() <= tolerance * known + 1e-6)]
    assert wrong.empty, pd.DataFrame({"stated": known, "found": found}).loc[wrong]


@pytest.mark.parametrize("figure", SUMS)
def test_measured_sums_are_the_published_ones(measured, figures, figure: str) -> None:
    assert_close(SUMS[figure](measured), figures[figure])


@pytest.mark.parametrize("use", WORKPLACES)
def test_measured_workplaces_are_the_published_ones(measured, figures, use: str) -> None:
    found = measured["floor_area_m2"] * measured[use].fillna(0.0)
    assert_close(found, figures[WORKPLACES[use]].drop(COUNTED_LATER))


@pytest.mark.parametrize("share", SHARES)
def test_measured_shares_of_land_are_the_published_ones(measured, figures, share: str) -> None:
    stated = figures[SHARES[share]].dropna()
    off = (measured.loc[stated.index, share] - stated).abs()
    assert off.max() < 0.0025, off[off >= 0.0025]


def test_densities_are_by_the_published_land(measured, figures) -> None:
    land = figures["land_km2"]
    assert_close(measured["far"], figures["floor_total_recent_m2"] / (land * 1e6))
    assert_close(measured["residents_per_ha"], figures["residents"] / (land * 100))
    assert_close(measured["jobs_per_ha"], figures["jobs"] / (land * 100))


def test_what_no_figure_tells_is_unknown_and_not_zero(measured) -> None:
    silent = ["departures_per_hour", "services", "acid_sulphate_share", "bike_share_stations"]
    for name in silent:
        assert measured[name].isna().all(), name
    assert np.isnan(measured.loc["725", "reserve_m2"])
