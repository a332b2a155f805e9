"""Measuring in tiles gives what measuring at once gives."""

from __future__ import annotations

import pandas as pd
import pytest

from districttype.city import load_city
from districttype.indicators.facts import Facts
from districttype.indicators.measure import measure
from districttype.indicators.tiles import measure_in_tiles, tiles
from districttype.layers.reconstructed import embedded_layers
from districttype.zones import Zones, make_zone_set


@pytest.fixture(scope="module")
def facts() -> Facts:
    return Facts(layers=embedded_layers(load_city("kladno")))


@pytest.fixture(scope="module")
def cells(facts: Facts) -> Zones:
    made = make_zone_set("cells", facts.layers)
    assert made is not None
    return made


def test_tiles_are_all_the_zones_and_lie_together(cells: Zones) -> None:
    parts = list(tiles(cells, 100))
    assert sorted(zone for part in parts for zone in part.ids) == sorted(cells.ids)
    assert max(map(len, parts)) == 100
    spread = [part.frame.union_all().convex_hull.area for part in parts]
    whole = cells.frame.union_all().convex_hull.area
    assert max(spread) < whole / 2


@pytest.mark.slow
@pytest.mark.parametrize("most", [50, 400])
def test_tiles_do_not_change_the_result(facts: Facts, cells: Zones, most: int) -> None:
    whole = measure(cells, facts)
    pd.testing.assert_frame_equal(measure_in_tiles(cells, facts, most=most), whole, rtol=1e-9)
