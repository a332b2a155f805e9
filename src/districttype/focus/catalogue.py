"""The catalogue of solutions, read from TOML and validated; a city may replace any entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, model_validator

from districttype.errors import ConfigError
from districttype.focus.conditions import FACETS, FLAGS, Condition, check_labels
from districttype.layers.schema import LAYER_NAMES, columns
from districttype.providers import Strict, read_toml, validate

Basis = Literal["seed", "source", "inference"]
BASES: tuple[Basis, ...] = ("seed", "source", "inference")
"""What a cell of the matrix rests on, best supported first."""

_LETTERS: Mapping[str, Basis] = {"s": "seed", "c": "source", "i": "inference"}
_CELL = re.compile(r"([0-3](?:\.\d+)?)([sci])")


_SUFFIXES = ("_pct", "_int", "_3")


def indicator_of(placeholder: str) -> str:
    """Return the name of the figure behind a placeholder, its format's suffix left out."""
    for suffix in _SUFFIXES:
        if placeholder.endswith(suffix):
            return placeholder.removesuffix(suffix)
    return placeholder


def placeholders(text: str) -> tuple[str, ...]:
    """Return the names that stand in braces in a text, each once, sorted."""
    return tuple(sorted({name for _, name, _, _ in Formatter().parse(text) if name is not None}))


def _words(words: dict[str, str]) -> dict[str, str]:
    if "en" not in words:
        raise ValueError("the English text (en) is missing; others fall back on it")
    for language, text in words.items():
        if not re.fullmatch(r"[a-z]{2,3}", language):
            raise ValueError(f"{language!r} is not the code of a language")
        try:
            names = placeholders(text)
        except ValueError as error:
            raise ValueError(f"{language}: {error} in {text!r}") from None
        if not text.strip() or names != placeholders(words["en"]):
            raise ValueError(f"{language}: empty, or other names in braces than the English text")
    return words


Words = Annotated[dict[str, str], AfterValidator(_words)]
"""A text by language; English is always there."""


class Cell(Strict):
    """One cell of the score matrix."""

    points: float = Field(ge=0, le=3)
    basis: Basis


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = _CELL.fullmatch(value)
    if not found:
        raise ValueError(f"{value!r} is no cell; write 0-3 and s, c or i, e.g. '2i'")
    return {"points": float(found[1]), "basis": _LETTERS[found[2]]}


class Named(Strict):
    """Anything with a name in several languages."""

    name: Words


class System(Named):
    """One of the urban systems; `draft` says that the method treats it in drafts only."""

    draft: bool = False


class Actor(Named):
    """Who sits at the table, and which of the method's groups it belongs to."""

    group: Literal[
        "city_units", "companies", "organisations", "landowners", "universities_research",
        "educational_institutions", "residents", "other_cities",
    ]  # fmt: skip
    always: bool = False


class Alternative(Strict):
    """Conditions that together open a gate or mark a block, and a fact worth saying then."""

    all: tuple[Condition, ...] = Field(min_length=1)
    fact: Words | None = None


class Solution(Named):
    """One of the applications of the method."""

    systems: tuple[str, ...] = Field(min_length=1)
    levels: tuple[str, ...] = Field(min_length=1)
    prerequisites: tuple[str, ...]
    actors: tuple[str, ...]
    checklists: tuple[str, ...] = ()
    gate: tuple[Alternative, ...] = ()


class Fact(Strict):
    """One wording of why a row holds, used when its conditions hold and its figures are known."""

    text: Words
    when: tuple[Condition, ...] = ()


class Row(Strict):
    """One row of the score matrix: a label (and flag) with its points for each solution."""

    facet: str
    labels: tuple[str, ...] = ()
    flag: str = ""
    unless: str = ""
    shares: tuple[str, ...] = ()
    was: str = Field(default="", description="The row of the method's matrix carried over")
    points: dict[str, Annotated[Cell, BeforeValidator(_cell)]]
    facts: tuple[Fact, ...] = Field(min_length=1)
    why: dict[str, Words] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        check_labels(self.facet, self.labels)
        if not (self.labels or self.flag):
            raise ValueError("a row needs labels or a flag")
        last = self.facts[-1]
        if last.when or placeholders(last.text["en"]):
            raise ValueError("the last of the facts must hold always, without figures")
        return self

    @property
    def condition(self) -> Condition:
        """Return when the row holds."""
        return Condition(facet=self.facet, labels=self.labels, flag=self.flag, unless=self.unless)


class Caution(Strict):
    """What to know before inviting anybody."""

    all: tuple[Condition, ...] = Field(min_length=1)
    solutions: tuple[str, ...]
    text: Words


class Ownership(Named):
    """Means of commitment under one kind of land ownership, and who convenes."""

    means: tuple[str, ...] = Field(min_length=1)
    convener: tuple[str, ...] = Field(min_length=1)
    basis: Basis
    source: str = ""


class Checklist(Named):
    """The steps of a process."""

    steps: tuple[Words, ...] = Field(min_length=1)
    source: str = ""


class Archetype(Named):
    """A known combination of labels, and what it calls for."""

    all: tuple[Condition, ...] = Field(min_length=1)
    any: tuple[Condition, ...] = ()
    focus: tuple[str, ...]
    table: tuple[str, ...]
    prerequisites: tuple[str, ...]
    examples: tuple[str, ...] = ()
    basis: Basis


class BlockSign(Alternative):
    """What tells of a need in a block; `order_by` where it is not measured as the others are."""

    fact: Words
    order_by: str = ""


class BlockNeed(Strict):
    """Where inside a zone a solution is needed."""

    order_by: str
    any: tuple[BlockSign, ...] = Field(min_length=1)


class Found(Strict):
    """Where to look for a kind of site."""

    layer: str
    where: dict[str, tuple[str | bool, ...]] = Field(default_factory=dict)
    at_least_m2: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.layer not in LAYER_NAMES:
            known = ", ".join(LAYER_NAMES)
            raise ValueError(f"there is no layer {self.layer!r}; known are {known}")
        if strange := set(self.where) - set(columns(self.layer)):
            raise ValueError(f"layer {self.layer} has no column {min(strange)!r}")
        return self


class SiteKind(Named):
    """A kind of single space, and what it could serve."""

    found: tuple[Found, ...] = Field(min_length=1)
    facts: tuple[Words, ...] = ()
    why: dict[str, Words] = Field(min_length=1)
    most: int = Field(default=5, ge=1, description="At most so many per zone, the largest first")


class Rules(Strict):
    """The rules of scoring."""

    inference_weight: float = Field(ge=0, le=1)
    top: int = Field(ge=1)
    lead_limit: float = Field(gt=0, le=1)
    shortlist: int = Field(ge=1)


class Robustness(Strict):
    """How the judgement is varied."""

    draws: int = Field(ge=1)
    seed: int
    concentration: float = Field(gt=0)
    spread: float = Field(gt=0)


class Catalogue(Strict):
    """Everything that turns labels into recommendations."""

    rules: Rules
    robustness: Robustness
    systems: dict[str, System]
    levels: dict[str, Named]
    bases: dict[Basis, Named]
    prerequisites: dict[str, Named]
    actors: dict[str, Actor]
    solutions: dict[str, Solution]
    blend: dict[str, str]
    extra_flags: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    rows: dict[str, Row]
    cautions: dict[str, Caution]
    draft_caution: Words
    means: dict[str, Named]
    ownership: dict[str, Ownership]
    checklists: dict[str, Checklist]
    archetypes: dict[str, Archetype]
    blocks: dict[str, BlockNeed]
    notes: dict[Literal["approximate", "reconstructed"], Words]
    sites: dict[str, SiteKind]

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Self:
        faults = [
            f"{where}: there is no {table[:-1] if table[-1] == 's' else table} {name!r} "
            f"(known: {', '.join(getattr(self, table))})"
            for where, table, names in self._references()
            for name in names
            if name not in getattr(self, table)
        ]
        if "unknown" not in self.ownership:
            faults.append("ownership: the entry 'unknown' is missing")
        for facet, label in self.blend.items():
            check_labels(facet, (label,))
        known = {f: (*FLAGS[f], *self.extra_flags.get(f, ())) for f in FACETS}
        faults += [
            f"facet {condition.facet} has no flag {flag!r} "
            f"(known: {', '.join(known[condition.facet])}; name others in extra_flags)"
            for condition in self._conditions()
            for flag in (condition.flag, condition.unless)
            if condition.facet is not None and flag and flag not in known[condition.facet]
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _references(self) -> Iterator[tuple[str, str, Sequence[str]]]:
        for key, solution in self.solutions.items():
            for table in ("systems", "levels", "prerequisites", "actors", "checklists"):
                yield f"solutions.{key}.{table}", table, getattr(solution, table)
        for key, row in self.rows.items():
            yield f"rows.{key}.points", "solutions", tuple(row.points)
            yield f"rows.{key}.why", "solutions", tuple(row.why)
        for key, caution in self.cautions.items():
            yield f"cautions.{key}.solutions", "solutions", caution.solutions
        for key, owner in self.ownership.items():
            yield f"ownership.{key}.means", "means", owner.means
            yield f"ownership.{key}.convener", "actors", owner.convener
        for key, archetype in self.archetypes.items():
            yield f"archetypes.{key}.focus", "solutions", archetype.focus
            yield f"archetypes.{key}.table", "actors", archetype.table
            yield f"archetypes.{key}.prerequisites", "prerequisites", archetype.prerequisites
        yield "blocks", "solutions", tuple(self.blocks)
        for key, site in self.sites.items():
            yield f"sites.{key}.why", "solutions", tuple(site.why)

    def _conditions(self) -> Iterator[Condition]:
        for row in self.rows.values():
            yield row.condition
            for fact in row.facts:
                yield from fact.when
        for gated in [s.gate for s in self.solutions.values()] + [
            need.any for need in self.blocks.values()
        ]:
            for alternative in gated:
                yield from alternative.all
        for caution in self.cautions.values():
            yield from caution.all
        for archetype in self.archetypes.values():
            yield from (*archetype.all, *archetype.any)

    def name(self, table: str, key: str, language: str = "en") -> str:
        """Return the name of an entry in a language, e.g. `name("actors", "residents", "fi")`."""
        words: Mapping[str, str] = getattr(self, table)[key].name
        return words.get(language, words["en"])

    def block_indicators(self) -> frozenset[str]:
        """Return the indicators that the rules for blocks ask for and that their facts quote."""
        asked = {need.order_by for need in self.blocks.values()}
        for need in self.blocks.values():
            for alternative in need.any:
                asked |= {alternative.order_by} - {""}
                asked |= {c.indicator for c in alternative.all if c.indicator is not None}
                asked |= {indicator_of(name) for name in placeholders(alternative.fact["en"])}
        return frozenset(asked)

    def solution_names(self) -> dict[str, dict[str, str]]:
        """Return the names of the solutions: id -> language -> text."""
        return {key: dict(solution.name) for key, solution in self.solutions.items()}


def load_catalogue(own: str | Path | None = None) -> Catalogue:
    """Load the catalogue, with the entries of a city's own file in place of the packaged ones.

    Parameters
    ----------
    own
        TOML file that says only what differs. Tables are merged key by key; a list replaces the
        packaged list; points of "0i" take a cell out.

    Raises
    ------
    ConfigError
        If the file is not there, is no TOML, or an entry is wrong: one line that names it.
    """
    packaged = read_toml(Path(str(files(__package__))) / "catalogue.toml")
    if own is None:
        return validate(packaged, TypeAdapter(Catalogue), where="catalogue.toml")
    path = Path(own)
    changes = read_toml(path)
    if strange := sorted(set(changes) - set(packaged)):
        raise ConfigError(
            f"unknown key {strange[0]!r}",
            where=path.name,
            todo=f"the catalogue's tables are {', '.join(packaged)}",
        )
    return validate(_merged(packaged, changes), TypeAdapter(Catalogue), where=path.name)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        old = base.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = _merged(old, value)
        else:
            merged[key] = value
    return merged
