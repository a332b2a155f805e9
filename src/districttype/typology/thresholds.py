"""The thresholds of every facet: read from facets.toml, overridden by a city, printed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from math import inf, isfinite
from typing import Literal

from pydantic import Field, TypeAdapter

from districttype.errors import ConfigError
from districttype.providers import Strict, validate

Basis = Literal["source", "own choice"]


class Threshold(Strict):
    """One cut: its value, unit, standard deviation, and on whose authority it stands."""

    value: float
    unit: str
    uncertainty: float = Field(ge=0)
    basis: Basis
    source: str = Field(min_length=10)
    overridden: bool = False


class Need(Strict):
    """How much of a value a zone must have before a facet speaks, and on whose authority."""

    value: float = Field(gt=0, le=1)
    unit: str
    basis: Basis
    source: str = Field(min_length=10)


class IndicatorError(Strict):
    """One standard deviation of an indicator, in its unit or (relative) as a fraction of it.

    `unseen` is one-sided: what there is on average, in its unit, beside what was seen of it, were
    nothing seen.
    """

    sd: float = Field(ge=0)
    imputed: float = Field(default=0.0, ge=0)
    uncovered: float = Field(default=0.0, ge=0)
    relative: bool = False
    unseen: float = Field(default=0.0, ge=0)


class FacetTable(Strict):
    """What one facet needs before it speaks, its thresholds, and the errors of what it reads."""

    needs: dict[str, Need]
    thresholds: dict[str, Threshold]
    errors: dict[str, IndicatorError] = Field(default_factory=dict)

    @property
    def least(self) -> dict[str, float]:
        """Return what must be known before the facet speaks: value -> the least there must be."""
        return {name: need.value for name, need in self.needs.items()}


Facets = Mapping[str, FacetTable]

# What the `imputed` errors of facets.toml rest on: guessed storeys are off by a quarter of the
# storeys there are, and one guessed use in five is wrong.
ASSUMED = {"floors": 0.25, "use": 0.20}


def load_facets(overrides: Mapping[str, Mapping[str, float]] | None = None) -> Facets:
    """Load the facets' tables with a city's own values in place.

    Parameters
    ----------
    overrides
        facet -> threshold -> value, as in a city's `[thresholds.<facet>]`.

    Raises
    ------
    ConfigError
        If an override names a facet or a threshold that does not exist, or gives a value that
        cannot be one: a share beyond 0 to 1 (50 for 50 %), or less than nothing.
    """
    raw = tomllib.loads((files(__package__) / "facets.toml").read_text(encoding="utf-8"))
    tables = validate(raw, TypeAdapter(dict[str, FacetTable]), where="facets.toml")
    for facet, values in (overrides or {}).items():
        if facet not in tables:
            raise ConfigError(
                f"there is no facet {facet!r}",
                where="thresholds",
                todo=f"known are {', '.join(tables)}",
            )
        known = tables[facet].thresholds
        for name, value in values.items():
            if name not in known:
                raise ConfigError(
                    f"facet {facet} has no threshold {name!r}",
                    where=f"thresholds.{facet}",
                    todo=f"known are {', '.join(known)}",
                )
            most = 1.0 if known[name].unit == "1" else inf
            if not (isfinite(value) and 0.0 <= value <= most):
                raise ConfigError(
                    f"{name} = {value:g} cannot be: its unit is {known[name].unit}",
                    where=f"thresholds.{facet}",
                    todo="give a share from 0 to 1" if most == 1.0 else "give a number from 0 on",
                )
            known[name] = known[name].model_copy(update={"value": value, "overridden": True})
    return tables


def moved(facets: Facets) -> list[str]:
    """Return a line for each threshold that a city has replaced by its own."""
    usual = load_facets()
    return [
        f"Threshold of the city's own: {facet}.{name} = {cut.value:g} {cut.unit} "
        f"(usual: {usual[facet].thresholds[name].value:g})"
        for facet, table in facets.items()
        for name, cut in table.thresholds.items()
        if cut.overridden
    ]


def as_tested(facets: Facets, tested: Mapping[str, float]) -> Facets:
    """Return the facets with the errors of guesses as this run tested them.

    Parameters
    ----------
    facets
        Their tables.
    tested
        How far off guesses of `floors` (as a share of the storeys there are) and of `use` (share
        of wrong ones) were. What is not in it keeps what facets.toml assumes (`ASSUMED`).
    """
    scale = {name: tested.get(name, usual) / usual for name, usual in ASSUMED.items()}
    return {
        name: table.model_copy(
            update={
                "errors": {
                    indicator: error.model_copy(
                        update={"imputed": error.imputed * scale[guessed_for(name)]}
                    )
                    for indicator, error in table.errors.items()
                }
            }
        )
        for name, table in facets.items()
    }


def guessed_for(facet: str) -> str:
    """Tell which guesses a facet rests on: those of use, or those of storeys."""
    return "use" if facet == "use" else "floors"
