from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from districttype.focus import (
    Catalogue,
    dominance,
    focus_clusters,
    lead_shares,
    leaders,
    recommend,
    shortlist,
)
from districttype.zones import Zones

from .conftest import METRIC, City, zones_of


def grid(n: int) -> Zones:
    """Return n × n squares of 1 km: z00 in the south-west, z01 north of it."""
    ids = [f"z{x}{y}" for x in range(n) for y in range(n)]
    boxes = [
        shapely.box(x * 1000, y * 1000, x * 1000 + 1000, y * 1000 + 1000)
        for x in range(n)
        for y in range(n)
    ]
    return zones_of(gpd.GeoDataFrame({"zone_id": ids, "name": ids}, geometry=boxes, crs=METRIC))


def table(**leads: str) -> pd.DataFrame:
    """Return a focus table in which the named solutions tie for the lead of each zone."""
    rows = [
        {"zone_id": zone, "solution": s, "score": 5.0, "relative_score": 1.0 if s in ids else -1.0,
         "rank": 1, "stability": 1.0, "archetype": ""}
        for zone, ids in leads.items()
        for s in ("A1", "A3", "A5")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_a_shared_lead_is_shown_as_shared() -> None:
    led = leaders(table(z00="A1", z01="A1 A5"))
    assert led[["zone_id", "solution", "tie"]].to_numpy().tolist() == [
        ["z00", "A1", False], ["z01", "A1", True], ["z01", "A5", True],
    ]  # fmt: skip
    assert lead_shares(table(z00="A1", z01="A1 A5")).to_dict() == {"A1": 0.75, "A5": 0.25}


def test_a_map_of_one_colour_is_called_so(catalogue: Catalogue) -> None:
    three = table(z00="A1", z01="A1", z02="A5", z10="A3", z11="A3")
    assert dominance(three, catalogue) == []  # two of five are exactly the limit
    said = dominance(table(z00="A1", z01="A1", z02="A5"), catalogue)
    assert len(said) == 1
    assert said[0].text("en").startswith("A1 stands out most in 67 % of the areas")
    plain = dominance(three.assign(score=[9.0, 1.0, 1.0] * 5), catalogue, by="score")
    assert "A1 comes first in 100 %" in plain[0].text("en")


def test_neighbours_with_one_leader_form_a_cluster() -> None:
    # z00 and z11 meet in a corner; z22 is alone beyond z12, whose lead is another.
    focus = table(z00="A1", z11="A1", z12="A3", z22="A3 A5", z20="A5")
    clusters = focus_clusters(focus, grid(3))
    assert clusters[["solution", "zones", "zone_ids"]].to_numpy().tolist() == [
        ["A1", 2, "z00;z11"], ["A3", 2, "z12;z22"], ["A5", 1, "z22"], ["A5", 1, "z20"],
    ]  # fmt: skip
    assert clusters["cluster"].tolist() == [1, 2, 3, 4]
    assert clusters.geometry.area.tolist() == [2e6, 2e6, 1e6, 1e6]
    assert set(clusters.geometry.geom_type) == {"MultiPolygon"}


def test_no_zones_make_no_clusters() -> None:
    assert focus_clusters(table().reindex(columns=table(z00="A1").columns), grid(1)).empty


def test_the_shortlist_is_spread_and_takes_a_zone_once() -> None:
    # Nine centres in the west are all the best; two other kinds stand in the east.
    zones = grid(5)
    leads = {f"z{x}{y}": "A1" for x in range(3) for y in range(3)} | {"z44": "A5", "z40": "A3"}
    focus = table(**leads)
    focus["archetype"] = ["centre"] * 27 + ["industry"] * 3 + ["rural"] * 3
    focus.loc[focus["zone_id"].isin(["z44", "z40"]), "relative_score"] -= 0.1
    chosen = shortlist(focus, zones, n=4)
    assert chosen["zone_id"].is_unique
    assert chosen["choice"].tolist() == [1, 2, 3, 4]
    assert {"z44", "z40"} <= set(chosen["zone_id"][:3])
    best_only = shortlist(focus, zones, n=4, spread=0.0)
    assert set(best_only["archetype"]) == {"centre"}


def test_a_wavering_recommendation_is_not_shortlisted_before_a_firm_one() -> None:
    focus = table(z00="A1", z02="A1").assign(stability=[0.2] * 3 + [0.9] * 3)
    assert shortlist(focus, grid(3), n=1)["zone_id"].tolist() == ["z02"]


@pytest.mark.parametrize("n", [0, 1, 100])
def test_the_shortlist_is_no_longer_than_asked_or_possible(
    n: int, city: City, catalogue: Catalogue
) -> None:
    focus = recommend(city.zones, city.labels, city.indicators, catalogue)
    assert len(shortlist(focus, city.zones, n=n)) == min(n, len(city.zones))
