"""What changed between two runs: the city, or its map."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from districttype import pipeline
from districttype.answers.changes import (
    BUILT,
    DATA,
    FEWER,
    LOST,
    MAPPED,
    UNDATED,
    changes,
    changes_text,
)
from districttype.city import load_city
from districttype.errors import ConfigError
from districttype.lastrun import Run, run_of
from districttype.typology.rules import FACETS

HERE = Path(__file__).parent


def run(day: str, density: dict[str, str], buildings: dict[str, float], **facets: str) -> Run:
    labels = pd.DataFrame(
        {facet: facets.get(facet, "unknown") for facet in FACETS}, index=list(density)
    )
    labels["density"] = density
    parts = [{"vintage": day}]
    return Run(
        indicators={"districts": pd.DataFrame({"buildings": buildings})},
        zones={"districts": pd.DataFrame({"name": list(density)}, index=list(density))},
        labels={"districts": labels},
        record={"layers": {"buildings": {"parts": parts}}},
    )


def test_the_rate_of_growth_tells_building_from_mapping() -> None:
    before = run("2010", dict.fromkeys("abcd", "sparse"), {"a": 100, "b": 100, "c": 100, "d": 100})
    # In ten years 1.03^10 = 134 buildings may stand where 100 stood, but not 140.
    after = run("2020", dict.fromkeys("abcd", "dense"), {"a": 134, "b": 140, "c": 103, "d": 60})
    answer = changes(before, after)
    assert answer["years"] == pytest.approx(10, abs=0.01)
    assert {entry["zone_id"]: entry["cause"] for entry in answer["changes"]} == {
        "a": BUILT, "b": MAPPED, "c": DATA, "d": FEWER,
    }  # fmt: skip
    assert answer["facets"]["density"] == {"n": 4, "same": 0.0}
    assert answer["facets"]["ground"]["same"] == 1.0
    assert (
        "b: density sparse -> dense; mapping progress (100 buildings before, 140 after, +3.4%"
        in (changes_text(answer))
    )


def test_what_was_unknown_came_with_the_data_and_may_go_with_them() -> None:
    known = run("2020", {"a": "dense"}, {"a": 100}, use="housing")
    silent = run("2010", {"a": "dense"}, {"a": 100})
    assert [e["cause"] for e in changes(silent, known)["changes"]] == [MAPPED]
    later = run("2030", {"a": "dense"}, {"a": 100})
    assert [e["cause"] for e in changes(known, later)["changes"]] == [LOST]


def test_undated_data_tell_no_rate() -> None:
    before, after = (run("", {"a": x}, {"a": n}) for x, n in (("sparse", 10), ("dense", 90)))
    answer = changes(before, after)
    assert answer["years"] is None
    assert [entry["cause"] for entry in answer["changes"]] == [UNDATED]


def test_fewer_buildings_are_no_mapping_progress() -> None:
    before, after = run("2010", {"a": "dense"}, {"a": 100}), run("2020", {"a": "sparse"}, {"a": 90})
    answer = changes(before, after)
    assert changes_text(answer).splitlines()[-1] == (
        "a: density dense -> sparse; fewer than before: taken down, or deleted or merged on the "
        "map (100 buildings before, 90 after)"
    )


def test_a_count_that_a_run_lacks_explains_nothing() -> None:
    before = run("2010", {"a": "dense"}, {"a": 100}, mobility="car")
    after = run("2020", {"a": "dense"}, {"a": 100}, mobility="station")
    (entry,) = changes(before, after)["changes"]
    assert (entry["cause"], entry["said"]) == (DATA, "")


def test_stops_are_dated_by_their_own_source() -> None:
    runs = []
    for day, stops, mobility in (("2020", 10, "car"), ("2021", 13, "frequent_bus")):
        made = run("2010", {"a": "dense"}, {"a": 100}, mobility=mobility)
        made.indicators["districts"]["stops_bus"] = stops
        made.record["layers"]["stops"] = {"parts": [{"vintage": day}]}
        runs.append(made)
    (entry,) = changes(*runs)["changes"]
    assert entry["cause"] == MAPPED
    assert entry["said"] == "10 stops before, 13 after, +30.0% a year"


def test_runs_in_the_wrong_order_are_refused() -> None:
    old, new = run("2010", {"a": "dense"}, {"a": 1}), run("2020", {"a": "dense"}, {"a": 1})
    with pytest.raises(ConfigError, match="--after: stands on data 10 years older"):
        changes(new, old)


def test_runs_of_other_districts_are_refused() -> None:
    with pytest.raises(ConfigError, match="no district in common"):
        changes(run("2010", {"a": "dense"}, {"a": 1}), run("2010", {"b": "dense"}, {"b": 1}))


@pytest.mark.slow
def test_liechtenstein_changed_on_the_map_more_than_on_the_ground(
    shared: Path, tmp_path: Path
) -> None:
    city = load_city(str(HERE / "cities" / "liechtenstein.toml"))
    folder = shared / "cities" / "liechtenstein"
    layers = (HERE / "real" / "liechtenstein.toml").read_text(encoding="utf-8")
    runs = []
    for year in ("2015-07", "2024-03"):
        file = tmp_path / f"{year}.toml"
        file.write_text(layers.replace("2024-03", year), encoding="utf-8")
        edition = pipeline.classify(city, data=str(folder), layers_file=file, zone_sets=())
        runs.append(run_of(edition))
    answer = changes(*runs)
    assert answer["years"] == pytest.approx(8.6, abs=0.05)
    density = [e for e in answer["changes"] if e["facet"] == "density"]
    assert len(density) >= 5
    assert {entry["cause"] for entry in density} == {MAPPED}
    vaduz = next(e for e in density if e["name"] == "Vaduz")
    assert vaduz["counted_after"] > 3 * vaduz["counted_before"]
