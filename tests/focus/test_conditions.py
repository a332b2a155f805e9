from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from districttype.focus.conditions import Condition, Situation, all_of, any_of, truth

LABELS = pd.DataFrame(
    {
        "density": ["dense", "sparse", "unknown", None, "sparse"],
        "density_detail": ["compact", "rural;low", "", None, "rurality"],
    },
    index=list("abcde"),
)
NAN = float("nan")


def holds(condition: dict[str, Any], **columns: list[float]) -> list[float]:
    situation = Situation(LABELS, pd.DataFrame(columns, index=LABELS.index))
    return truth(Condition(**condition), situation).tolist()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"facet": "density", "labels": ["dense"]}, [1, 0, NAN, NAN, 0]),
        ({"facet": "density", "labels": ["sparse"], "flag": "rural"}, [0, 1, NAN, NAN, 0]),
        ({"facet": "density", "labels": ["sparse"], "unless": "rural"}, [0, 0, NAN, NAN, 1]),
        ({"facet": "density", "flag": "low"}, [0, 1, NAN, NAN, 0]),
        ({"facet": "use", "labels": ["housing"]}, [NAN] * 5),
        ({"indicator": "x", "at_least": 0.2}, [1, 0, 1, NAN, 0]),
        ({"indicator": "x", "more_than": 0.2, "at_most": 1.0}, [0, 0, 1, NAN, 0]),
        ({"indicator": "x", "less_than": 0.2}, [0, 1, 0, NAN, 1]),
        ({"indicator": "not there", "less_than": 0.2}, [NAN] * 5),
    ],
)
def test_a_condition_is_true_false_or_undecided(
    condition: dict[str, Any], expected: list[float]
) -> None:
    np.testing.assert_array_equal(holds(condition, x=[0.2, 0.1, 1.0, NAN, 0.0]), expected)


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"facet": "density"},
        {"facet": "density", "labels": ["dense"], "indicator": "x"},
        {"facet": "density", "labels": ["dense"], "at_least": 1},
        {"facet": "density", "labels": ["compact"]},
        {"facet": "densty", "labels": ["dense"]},
        {"indicator": "x"},
        {"indicator": "x", "flag": "y", "at_least": 1},
    ],
)
def test_a_condition_that_says_nothing_or_nonsense_is_refused(condition: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Condition(**condition)


@given(st.lists(st.sampled_from([0.0, 1.0, NAN]), min_size=1, max_size=4))
def test_all_and_any_follow_from_every_way_the_unknown_may_turn_out(values: list[float]) -> None:
    unknown = [n for n, value in enumerate(values) if np.isnan(value)]
    worlds = []
    for bits in range(2 ** len(unknown)):
        world = list(values)
        for k, n in enumerate(unknown):
            world[n] = float(bits >> k & 1)
        worlds.append(world)

    def verdict(outcomes: set[bool]) -> float:
        return float(outcomes.pop()) if len(outcomes) == 1 else NAN

    row = pd.DataFrame([values], columns=[f"x{n}" for n in range(len(values))], index=["a"])
    situation = Situation(pd.DataFrame(index=["a"]), row)
    conditions = [Condition(indicator=name, at_least=1) for name in row]
    every, some = all_of(conditions, situation), any_of([*map_truth(conditions, situation)], 1)
    np.testing.assert_array_equal(every, [verdict({all(world) for world in worlds})])
    np.testing.assert_array_equal(some, [verdict({any(world) for world in worlds})])


def map_truth(conditions: list[Condition], situation: Situation) -> list[Any]:
    return [truth(condition, situation) for condition in conditions]


def test_nothing_asked_is_true_and_no_alternative_is_false() -> None:
    situation = Situation(pd.DataFrame(index=["a", "b"]))
    assert all_of([], situation).tolist() == [1, 1]
    assert any_of([], 2).tolist() == [0, 0]
