"""Conditions on a zone's labels and indicators, as data: true, false, or not to be decided.

What is unknown is neither true nor false (Kleene's logic): one false condition settles an "all",
one true alternative settles an "any", and otherwise what is unknown stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from districttype.providers import Strict
from districttype.typology.facet import UNKNOWN
from districttype.typology.rules import FACETS as RULES

LABELS: Mapping[str, tuple[str, ...]] = {
    name: tuple(label for label in facet.labels if label != UNKNOWN)
    for name, facet in RULES.items()
}
FLAGS: Mapping[str, tuple[str, ...]] = {
    name: tuple(flag for flag, _ in facet.details) for name, facet in RULES.items()
}
FACETS = tuple(LABELS)

Truth = NDArray[np.float64]
"""1 true, 0 false, NaN not to be decided; one element a zone."""


class Condition(Strict):
    """One condition on a label and its flags, or on an indicator."""

    facet: str | None = Field(default=None, description="Facet whose label is read")
    labels: tuple[str, ...] = Field(default=(), description="Any of these; none given: any known")
    flag: str = Field(default="", description="Flag that must stand beside the label")
    unless: str = Field(default="", description="Flag that must not stand beside the label")
    indicator: str | None = Field(default=None, description="Indicator that is read")
    at_least: float | None = None
    more_than: float | None = None
    at_most: float | None = None
    less_than: float | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        bounds = (self.at_least, self.more_than, self.at_most, self.less_than)
        bounded = any(bound is not None for bound in bounds)
        told = bool(self.labels or self.flag or self.unless)
        if (self.facet is None) == (self.indicator is None):
            raise ValueError("name either a facet or an indicator")
        if self.indicator is not None and (told or not bounded):
            raise ValueError(
                f"an indicator takes at_least, more_than, at_most or less_than ({self.indicator})"
            )
        if self.facet is not None:
            if bounded or not told:
                raise ValueError(f"a facet takes labels, flag or unless ({self.facet})")
            check_labels(self.facet, self.labels)
        return self


def check_labels(facet: str, labels: Iterable[str]) -> None:
    """Refuse a facet or a label that does not exist, and would silently never hold.

    Raises
    ------
    ValueError
        Naming the label and those that are known.
    """
    if facet not in LABELS:
        raise ValueError(f"there is no facet {facet!r}; known are {', '.join(FACETS)}")
    if strange := [label for label in labels if label not in LABELS[facet]]:
        raise ValueError(
            f"facet {facet} has no label {strange[0]!r}; known are {', '.join(LABELS[facet])}"
        )


class Situation:
    """What is known of a set of zones: labels, flags and indicators, by name.

    Parameters
    ----------
    labels
        Index zone_id; per facet the columns F and F_detail (flags, `;`-separated). A facet without
        a column is unknown everywhere.
    indicators
        Index zone_id, one column an indicator; rows are put in the order of `labels`.
    """

    def __init__(self, labels: pd.DataFrame, indicators: pd.DataFrame | None = None) -> None:
        self.index = labels.index
        self._labels = labels
        self._indicators = (
            pd.DataFrame(index=self.index)
            if indicators is None
            else indicators.reindex(labels.index)
        )
        self._flags: dict[tuple[str, str], NDArray[np.bool_]] = {}

    def __len__(self) -> int:
        return len(self.index)

    def label(self, facet: str) -> NDArray[np.object_]:
        """Return the zones' labels on a facet or `ownership`; `unknown` where there is none."""
        if facet not in self._labels:
            return np.full(len(self), UNKNOWN, dtype=object)
        values = self._labels[facet].astype(object)
        return np.asarray(values.where(values.notna(), UNKNOWN), dtype=object)

    def flagged(self, facet: str, flag: str) -> NDArray[np.bool_]:
        """Return where a flag stands beside the label."""
        key = (facet, flag)
        if key not in self._flags:
            detail = f"{facet}_detail"
            texts = self._labels[detail] if detail in self._labels else [None] * len(self)
            self._flags[key] = np.array(
                [isinstance(text, str) and flag in text.split(";") for text in texts], dtype=bool
            )
        return self._flags[key]

    def indicator(self, name: str) -> NDArray[np.float64]:
        """Return an indicator; NaN where it is missing."""
        return _numbers(self._indicators, name)

    def number(self, column: str) -> NDArray[np.float64]:
        """Return a column of numbers beside the labels, such as a confidence."""
        return _numbers(self._labels, column)


def _numbers(table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    if name not in table:
        return np.full(len(table), np.nan)
    return np.asarray(table[name].to_numpy(dtype=float, na_value=np.nan))


def truth(condition: Condition, situation: Situation) -> Truth:
    """Return where a condition holds."""
    if condition.facet is not None:
        label = situation.label(condition.facet)
        holds = np.isin(label, condition.labels) if condition.labels else label != UNKNOWN
        if condition.flag:
            holds = holds & situation.flagged(condition.facet, condition.flag)
        if condition.unless:
            holds = holds & ~situation.flagged(condition.facet, condition.unless)
        return np.where(label == UNKNOWN, np.nan, holds.astype(float))
    assert condition.indicator is not None
    value = situation.indicator(condition.indicator)
    holds = np.ones(len(value), dtype=bool)
    for bound, compare in (
        (condition.at_least, np.greater_equal),
        (condition.more_than, np.greater),
        (condition.at_most, np.less_equal),
        (condition.less_than, np.less),
    ):
        if bound is not None:
            holds &= compare(value, bound)
    return np.where(np.isnan(value), np.nan, holds.astype(float))


def all_of(conditions: Sequence[Condition], situation: Situation) -> Truth:
    """Return where every condition holds; true everywhere where there is none."""
    return _settle([truth(c, situation) for c in conditions], len(situation), decisive=0.0)


def any_of(alternatives: Sequence[Truth], size: int) -> Truth:
    """Return where at least one alternative holds; false everywhere where there is none."""
    return _settle(alternatives, size, decisive=1.0)


def _settle(truths: Sequence[Truth], size: int, *, decisive: float) -> Truth:
    if not truths:
        return np.full(size, 1.0 - decisive)
    stack = np.stack(truths)
    settled = np.where(np.isnan(stack).any(axis=0), np.nan, 1.0 - decisive)
    return np.where((stack == decisive).any(axis=0), decisive, settled)
