"""What was measured is remembered for the same zones, layers and program, and for no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from shapely import box

from districttype.indicators import memory as module
from districttype.indicators.measure import measure
from districttype.indicators.memory import Memory, recalled
from districttype.layers.layer import Layers
from districttype.zones import Zones
from town import CELLS, DISTRICTS, ROWS, layer, town, zones


def remembered(layers: Layers, folder: Path, shapes: dict = DISTRICTS) -> pd.DataFrame | None:
    return Memory.of(layers, folder).recall(zones(shapes, layers))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    layers = town()
    here = zones(DISTRICTS, layers)
    Memory.of(layers, tmp_path).keep(here, measure(here, layers))
    return tmp_path


def test_what_is_remembered_is_what_was_measured_to_the_last_bit(folder: Path) -> None:
    layers = town()
    found = remembered(layers, folder)
    assert found is not None
    pd.testing.assert_frame_equal(
        found, measure(zones(DISTRICTS, layers), layers), check_exact=True
    )
    assert [path.name for path in folder.iterdir()] == ["drawn.parquet"]


def changed(what: str) -> Layers:
    layers = town()
    moved = [row | {"geometry": box(20, 20, 30, 30.001)} if row.get("building_id") == "b1" else row
             for row in ROWS["buildings"]]  # fmt: skip
    taller = [row | {"floor_area_m2": 1_001} if row.get("building_id") == "b1" else row
              for row in ROWS["buildings"]]  # fmt: skip
    return {
        "shape": lambda: layers.having(layer("buildings", *moved)),
        "value": lambda: layers.having(layer("buildings", *taller)),
        "row": lambda: layers.having(layer("stops", *ROWS["stops"][1:])),
        "layer": lambda: layers.without("plans"),
        "coverage": lambda: layers.having(
            layer("stops", *ROWS["stops"], coverage=box(0, 0, 400, 400))
        ),
        "day": lambda: replace(layers, as_of=date(2026, 1, 2)),
        "grid": lambda: replace(layers, grid_origin=(10.0, 0.0)),
        "sun": lambda: replace(layers, pv_yield_kwh_per_kwp=1001.0),
    }[what]()


@pytest.mark.parametrize(
    "what", ["shape", "value", "row", "layer", "coverage", "day", "grid", "sun"]
)
def test_another_layer_is_measured_anew(folder: Path, what: str) -> None:
    assert remembered(changed(what), folder) is None
    assert remembered(town(), folder) is not None


def test_other_zones_are_measured_anew(folder: Path) -> None:
    layers = town()
    assert remembered(layers, folder, CELLS) is None
    here = zones(DISTRICTS, layers)
    known = Memory.of(layers, folder)
    assert known.recall(replace(here, land_m2=here.land_m2 + 1)) is None
    assert known.recall(here, names=["far"]) is None
    assert known.recall(here) is not None


def test_another_program_measures_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "program", lambda: "another")
    assert remembered(town(), folder) is None


@pytest.mark.parametrize("harm", ["cut", "empty", "text"])
def test_a_broken_file_is_measured_anew_and_mended(folder: Path, harm: str) -> None:
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "text": b"no table"}[harm])
    layers = town()
    here, known = zones(DISTRICTS, layers), Memory.of(layers, folder)
    assert known.recall(here) is None
    recalled(known, here, lambda: measure(here, layers))
    assert known.recall(here) is not None


def test_where_nothing_can_be_kept_it_is_measured_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "stages").write_text("a file where the folder would be")
    layers = town()
    here = zones(DISTRICTS, layers)
    known = Memory.of(layers, tmp_path / "stages" / "measured")
    table = recalled(known, here, lambda: measure(here, layers))
    assert known.recall(here) is None
    assert len(table) == 2


def test_only_what_a_stopped_run_had_not_yet_measured_is_measured(tmp_path: Path) -> None:
    layers = town()
    measured: list[str] = []

    def run(stop: str = "") -> None:
        known = Memory.of(layers, tmp_path)
        for name, shapes in (("one", DISTRICTS), ("two", CELLS)):
            here: Zones = replace(zones(shapes, layers), name=name)

            def work(here: Zones = here) -> pd.DataFrame:
                if here.name == stop:
                    raise KeyboardInterrupt
                measured.append(here.name)
                return measure(here, layers)

            recalled(known, here, work)

    with pytest.raises(KeyboardInterrupt):
        run(stop="two")
    run()
    run()
    assert measured == ["one", "two"]
