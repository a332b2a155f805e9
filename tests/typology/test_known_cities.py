"""Two hundred cities that are what somebody meant: the labels are what was meant, gaps and all."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from districttype.indicators.measure import measure
from districttype.layers.layer import Layers
from districttype.typology.label import label_zones
from districttype.typology.rules import FACETS, OWNERSHIP
from districttype.typology.thresholds import load_facets
from districttype.zones import Zones, make_zones
from known_cities import FACETS_OF, REMOVABLE, known_cities

VALIDATION = Path(__file__).parents[2] / "docs" / "validation.md"
ALL = (*FACETS, OWNERSHIP.name)
# Which facets a layer may change.
READ_BY = {
    "buildings": {"density", "development", "use", "mobility", "energy"},
    "plans": {"development"},
    "stops": {"development", "mobility"},
    "ground": {"ground"},
    "ownership": {"ownership"},
}


def labelled(zones: Zones, layers: Layers, draws: int = 1) -> pd.DataFrame:
    return label_zones(measure(zones, layers), load_facets(), draws=draws)


@pytest.fixture(scope="module")
def crowd() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what was found and what was meant of two hundred cities."""
    zones, layers, truth = known_cities(200, seed=20240529)
    return labelled(zones, layers), truth


@pytest.mark.slow
@pytest.mark.parametrize("facet", ALL)
def test_what_was_meant_is_found_where_data_are_complete(crowd, facet: str) -> None:
    found, truth = crowd
    lacking = [layer for layer, facets in READ_BY.items() if facet in facets]
    if facet == "mobility":
        lacking = ["stops"]  # without buildings, nearness is that of the land
    there = ~truth["removed"].isin(lacking)
    meant = truth.loc[there, facet]
    assert there.sum() > 600
    assert meant.value_counts().min() >= 50
    f1 = f1_score(meant, found.loc[there, facet], average="macro", labels=sorted(set(meant)))
    print(f"{facet}: macro F1 {f1:.4f} over {there.sum()} districts")
    assert f1 >= 0.95
    # The page on validation says what is measured here.
    assert f"\n| {facet} | {there.sum()} | {f1:.3f} |\n" in VALIDATION.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(("layer", "facet"), [(k, f) for k, v in FACETS_OF.items() for f in v])
def test_where_a_layer_is_lacking_its_facets_are_unknown(crowd, layer: str, facet: str) -> None:
    found, truth = crowd
    there = truth["removed"] == layer
    assert there.sum() >= 20
    assert found.loc[there, facet].eq("unknown").all()


@pytest.mark.slow
def test_without_plans_a_new_station_and_new_houses_are_seen_but_not_taken_for_a_label(
    crowd,
) -> None:
    found, truth = crowd
    there = truth["removed"] == "plans"
    why = found.loc[there, "development_reason"].map(lambda reason: reason.text("en"))
    assert why.str.startswith("development is unknown: no plan data here").all()
    near = truth.loc[there, "mobility"].eq("station_new")
    assert near.sum() >= 5
    assert why.str.contains("within 800 m of a new or planned station").eq(near).all()
    young = why.str.contains("of the floor area is younger than ten years")
    assert young.sum() >= 5
    assert truth.loc[young[young].index, "development"].eq("new").all()


@pytest.mark.slow
@pytest.mark.parametrize("layer", REMOVABLE)
def test_removing_a_layer_changes_only_what_reads_it(layer: str) -> None:
    zones, layers, _ = known_cities(8, seed=3)
    whole, bare = labelled(zones, layers), labelled(zones, layers.without(layer))
    for facet in ALL:
        if facet in FACETS_OF.get(layer, ()):
            assert bare[facet].eq("unknown").all()
        elif facet not in READ_BY[layer]:
            pd.testing.assert_series_equal(bare[facet], whole[facet])


def mixed_up(layers: Layers, dice: np.random.Generator) -> Layers:
    """Return the same layers with their rows in another order."""
    for layer in list(layers.values()):
        frame = layer.frame.iloc[dice.permutation(len(layer.frame))].reset_index(drop=True)
        layers = layers.having(type(layer)(layer.name, frame, layer.provenance, layer.coverage))
    return layers


def redrawn(shape: shapely.Polygon, dice: np.random.Generator) -> shapely.Polygon:
    """Return the same polygon begun elsewhere, the other way round, with vertices on its sides."""
    ring = shapely.get_coordinates(shapely.segmentize(shape, dice.uniform(50, 400)))[:-1]
    ring = np.roll(ring, dice.integers(len(ring)), axis=0)[:: dice.choice([-1, 1])]
    return shapely.Polygon(ring)


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_labels_depend_neither_on_order_nor_on_vertices_nor_on_zones_elsewhere(seed: int) -> None:
    dice = np.random.default_rng(seed)
    zones, layers, _ = known_cities(2, seed, districts=2)
    whole = labelled(zones, layers, draws=50)
    frame = zones.frame.reset_index()
    some = frame.iloc[dice.permutation(len(frame))[:3]]
    drawn = gpd.GeoDataFrame(
        some.drop(columns="geometry"),
        geometry=[redrawn(shape, dice) for shape in some.geometry],
        crs=zones.frame.crs,
    )
    other = mixed_up(layers, dice)
    again = labelled(make_zones("districts", drawn, other), other, draws=50)
    shown = [name for name in whole.columns if not name.endswith("_reason")]
    pd.testing.assert_frame_equal(
        again[shown], whole.loc[again.index, shown], check_exact=False, rtol=1e-6
    )
