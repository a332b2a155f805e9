"""Rows of a layer in part files: read by window and by kind, they are those of the layer."""

from __future__ import annotations

import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from pyproj import CRS

from districttype.errors import SourceUnavailableError
from districttype.layers.laid import Laid, Laying, witnesses
from districttype.layers.layer import Layer, Layers
from districttype.layers.schema import conform
from laid import lay_in_quarters

TM35 = CRS.from_epsg(3067)
EAST, NORTH = 400_000.0, 6_700_000.0


def layer(kind: str, at: list[tuple[float, float]], **columns: list[object]) -> Layer:
    points = [shapely.Point(EAST + x, NORTH + y) for x, y in at]
    frame = gpd.GeoDataFrame(columns, geometry=points, crs=TM35)
    return Layer(kind, conform(kind, frame, TM35), ())


def services() -> Layer:
    """Make seven services in three corners; those in the south-west have neither name nor size."""
    return layer(
        "services",
        [(0, 0), (900, 900), (10, 0), (900, 0), (910, 900), (0, 10), (905, 905)],
        **{"class": ["school", "mall", "shop", "school", "shop", "school", "shop"]},
        name=[None, "B", None, "D", "E", None, "G"],
        vacant=[None, False, None, True, True, None, None],
        capacity=[None, 2.0, None, 4.0, None, None, 7.0],
    )


@pytest.fixture
def both(tmp_path: Path) -> tuple[Layers, Layers]:
    known = services()
    laid = lay_in_quarters(known, tmp_path / "services")
    assert laid.rows == 7
    assert len(laid.frame) == 0
    assert len(list((tmp_path / "services").glob("0*.parquet"))) == 3
    return Layers(TM35, {"services": known}), Layers(TM35, {"services": laid})


def box(*corners: float) -> tuple[float, float, float, float]:
    west, south, east, north = corners
    return EAST + west, NORTH + south, EAST + east, NORTH + north


@pytest.mark.parametrize(
    ("within", "where", "rows"),
    [
        (None, None, [0, 1, 2, 3, 4, 5, 6]),
        (box(0, 0, 900, 10), None, [0, 2, 3, 5]),  # a box that only touches counts
        (box(20, 20, 800, 800), None, []),
        (box(5000, 0, 5001, 1), None, []),
        (None, {"class": ["shop", "mall"]}, [1, 2, 4, 6]),
        (None, {"class": ("school",), "vacant": [True]}, [3]),
        (None, {"name": ["B", "G"]}, [1, 6]),  # a file has no name at all
        (None, {"class": ["park"]}, []),
        (box(0, 0, 905, 905), {"class": {"shop"}}, [2, 6]),
    ],
)
def test_the_rows_asked_for_come_in_their_order_with_their_types(
    both: tuple[Layers, Layers], within: object, where: object, rows: list[int]
) -> None:
    known, laid = (layers.select("services", within=within, where=where) for layers in both)
    assert known is not None
    assert laid is not None
    wanted = services().frame.iloc[rows].reset_index(drop=True)
    assert_geodataframe_equal(known, wanted)
    assert_geodataframe_equal(laid, wanted)
    assert laid.dtypes.to_dict() == wanted.dtypes.to_dict()
    assert laid.crs == TM35


def test_parts_come_one_by_one_under_their_numbers(both: tuple[Layers, Layers]) -> None:
    known, laid = both
    parts = list(laid["services"].by_part())
    assert sorted(sorted(part.index) for part in parts) == [[0, 2, 5], [1, 4, 6], [3]]
    together = pd.concat(parts).sort_index().rename_axis(None)
    assert_geodataframe_equal(together, services().frame, check_index_type=False)
    (whole,) = known["services"].by_part()
    assert_geodataframe_equal(whole, services().frame)


def test_witnesses_of_parts_are_those_of_the_whole(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    at = rng.uniform(0, 1000, (200, 2)).tolist()
    known = layer(
        "services",
        at,
        **{"class": rng.choice(["school", "mall", "shop"], 200).tolist()},
        name=[None if blank else "A" for blank in rng.random(200) < 0.9],
        vacant=rng.choice([True, False, None], 200, p=[0.02, 0.1, 0.88]).tolist(),
    )
    laid = lay_in_quarters(known, tmp_path).laid
    assert isinstance(laid, Laid)
    assert laid.witnesses()["row_of_layer"].tolist() == witnesses("services", known.frame).tolist()


def test_a_layer_without_a_row_keeps_its_columns(tmp_path: Path) -> None:
    nothing = services().frame.iloc[:0]
    laying = Laying("services", tmp_path / "services")
    laying.add(nothing)
    laid = laying.done()
    assert len(laid) == 0
    assert list(laid.by_part()) == []
    for found in (laid.read(), laid.read(box(0, 0, 1, 1)), laid.read(where={"class": ["shop"]})):
        assert_geodataframe_equal(found, nothing)


def test_rows_that_are_gone_with_the_run_are_one_clear_line(tmp_path: Path) -> None:
    laid = lay_in_quarters(services(), tmp_path / "services")
    shutil.rmtree(tmp_path / "services")
    for read in (laid.select, lambda: next(laid.by_part())):
        with pytest.raises(SourceUnavailableError, match="layer services: the rows were laid down"):
            read()
