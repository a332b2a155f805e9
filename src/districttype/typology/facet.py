"""What a rule and a facet are: an ordered list of conditions, the first that holds gives the label.

A rule sees the values of a zone (`v`) and the thresholds (`t`) by name. Both may be arrays of any
broadcastable shape, so that the same rules label one zone, all zones, or a thousand draws of all
zones. A comparison with a missing value is false; where no rule holds, the label is `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = Mapping[str, NDArray[np.float64]]
BoolArray = NDArray[np.bool_]
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Rule:
    """A label, the condition under which it is given, and the sentence that says why.

    The sentence's placeholders name values (`{far}`, `{dense_floor_share_pct}`) and thresholds
    (`{cut_dense_floor_share_pct}`).
    """

    label: str
    when: Callable[[Values, Values], Any]
    reason: str


@dataclass(frozen=True)
class Facet:
    """One axis of the typology: the values it reads, its rules, and the flags beside the label.

    `coverage` is the value that says how much of a zone its data cover; `silent` is what it says
    where enough is covered and yet no rule holds, with placeholders as in a rule's reason. `lacks`
    holds sentences of its own for what it needs and has not. `signs` are conditions worth telling,
    each with its sentence, where the facet is unknown all the same.
    """

    name: str
    reads: tuple[str, ...]
    coverage: str
    silent: str
    rules: tuple[Rule, ...]
    details: tuple[tuple[str, Callable[[Values, Values], Any]], ...] = ()
    derive: Callable[[Values, Values], Values] | None = None
    lacks: Mapping[str, str] = field(default_factory=dict)
    signs: tuple[tuple[Callable[[Values, Values], Any], str], ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the facet's labels, `unknown` last."""
        return (*dict.fromkeys(rule.label for rule in self.rules), UNKNOWN)

    def decide(self, v: Values, t: Values) -> NDArray[np.int64]:
        """Return the index of the first rule that holds, -1 where none does."""
        v = self.see(v, t)
        held = [np.asarray(rule.when(v, t), dtype=bool) for rule in self.rules]
        held = list(np.broadcast_arrays(*held))
        return np.select(held, list(range(len(held))), default=-1)

    def see(self, v: Values, t: Values) -> Values:
        """Return the values with those added that the rules derive from them."""
        return {**v, **self.derive(v, t)} if self.derive else v

    def codes(self, fired: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the position in `labels` for the index of a rule."""
        of_rule = [self.labels.index(rule.label) for rule in self.rules]
        return np.asarray([*of_rule, len(self.labels) - 1])[fired]
