"""Every threshold says what it is, on whose authority, how sure it is; a city's own are told."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pandas as pd
import pytest

from districttype.errors import ConfigError
from districttype.typology.label import NEEDS, columns
from districttype.typology.rules import FACETS, OWNERSHIP
from districttype.typology.thresholds import as_tested, load_facets, moved
from districttype.typology.values import values

RAW = tomllib.loads((files("districttype.typology") / "facets.toml").read_text("utf-8"))
ALL = {**FACETS, OWNERSHIP.name: OWNERSHIP}
CUTS = [(facet, name) for facet, table in RAW.items() for name in table["thresholds"]]


def test_every_facet_says_what_must_be_known_before_it_speaks() -> None:
    assert set(RAW) == set(ALL)
    for facet, table in RAW.items():
        assert table["needs"], facet
        for name, need in table["needs"].items():
            assert set(need) == {"value", "unit", "basis", "source"}
            assert 0 < need["value"] <= 1
            assert need["unit"] == "1"
            assert len(need["source"]) >= 20
            assert name in NEEDS or name in ALL[facet].lacks


@pytest.mark.parametrize(("facet", "name"), CUTS)
def test_every_threshold_has_unit_source_basis_and_uncertainty(facet: str, name: str) -> None:
    cut = RAW[facet]["thresholds"][name]
    assert set(cut) == {"value", "unit", "uncertainty", "basis", "source"}
    assert cut["unit"] in {"1", "m2/m2", "MWh/ha"}
    assert cut["basis"] in {"source", "own choice"}
    assert len(cut["source"]) >= 20
    assert 0 < cut["uncertainty"] <= 0.5 * cut["value"]
    if cut["unit"] == "1" and name != "new_growth_ratio":
        assert 0 < cut["value"] <= 1


@pytest.mark.parametrize("facet", sorted(ALL))
def test_everything_with_an_error_is_read_and_every_threshold_is_used(facet: str) -> None:
    rule = ALL[facet]
    assert set(RAW[facet]["errors"]) <= set(rule.reads)
    asked: set[str] = set()

    class Asked(dict):
        def __missing__(self, key: str) -> float:
            asked.add(key)
            return 0.5

    nothing = columns(values(pd.DataFrame(index=["a"])))
    rule.decide(nothing, Asked())
    for _, holds in rule.details:
        holds(rule.see(nothing, Asked()), Asked())
    assert asked == set(RAW[facet]["thresholds"])


def test_the_thresholds_of_a_city_are_told_in_a_line_each() -> None:
    assert moved(load_facets()) == []
    own = load_facets({"density": {"dense_floor_share": 0.4}, "energy": {"strong_heat_density": 1}})
    assert moved(own) == [
        "Threshold of the city's own: density.dense_floor_share = 0.4 1 (usual: 0.5)",
        "Threshold of the city's own: energy.strong_heat_density = 1 MWh/ha (usual: 333)",
    ]


@pytest.mark.parametrize("value", [50.0, -0.1, float("nan"), float("inf")])
def test_a_share_that_cannot_be_one_is_refused(value: float) -> None:
    with pytest.raises(ConfigError, match=r"thresholds\.density: dense_floor_share = .* cannot be"):
        load_facets({"density": {"dense_floor_share": value}})
    assert load_facets({"energy": {"viable_heat_density": 50.0}})  # MWh/ha


def test_errors_of_guesses_are_those_a_run_has_tested() -> None:
    usual, tested = load_facets(), as_tested(load_facets(), {"floors": 0.125, "use": 0.1})
    assert tested["density"].errors["far"].imputed == usual["density"].errors["far"].imputed / 2
    assert tested["use"].errors["retail_share"].imputed == pytest.approx(0.05)
    assert tested["use"].errors["retail_share"].sd == usual["use"].errors["retail_share"].sd
    assert as_tested(usual, {}) == usual
