"""Tables of the documentation, made from the program itself so that they cannot drift from it.

Sphinx calls `put_tables` for every page; a line `{{ name }}` there stands for the table that the
function `name` makes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from benchtable import put_numbers
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from sphinx.application import Sphinx

from districttype.city import GLOBAL_LAYERS, City, Energy
from districttype.focus import load_catalogue
from districttype.indicators.registry import REGISTRY
from districttype.layers import schema
from districttype.providers import PROTOCOLS, base, read_layers_file
from districttype.publish.columnwords import FOCUS_WORDS
from districttype.publish.tables import FOCUS_COLUMNS
from districttype.typology.rules import FACETS, OWNERSHIP
from districttype.typology.thresholds import load_facets

MARK = re.compile(r"^\{\{ (\w+) \}\}$", re.MULTILINE)


def put_tables(_app: Sphinx, page: str, source: list[str]) -> None:
    """Put the tables into a page."""
    source[0] = MARK.sub(lambda found: TABLES[found[1]](), source[0])
    if page == "benchmarks":
        source[0] = put_numbers(source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of the tables."""
    app.connect("source-read", put_tables)
    return {"parallel_read_safe": True}


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table in Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines)


def cell(value: object) -> str:
    """Return a value as the text of a cell."""
    return str(value).replace("|", "\\|").replace("\n", " ")


def code(*values: object) -> str:
    """Return values as code, joined by commas."""
    return ", ".join(f"`{value}`" for value in values)


def indicators() -> str:
    """Return every indicator, a table a theme."""
    themes: dict[str, list[tuple[object, ...]]] = {}
    for entry in REGISTRY:
        layers = ", ".join(" or ".join(code(x) for x in need) for need in entry.needs)
        row = (code(entry.name), entry.unit, entry.description, layers or "–", entry.source)
        themes.setdefault(entry.facet, []).append(row)
    head = ("name", "unit", "formula in words", "layers", "source of the method")
    return "\n\n".join(f"## {theme}\n\n{table(head, rows)}" for theme, rows in themes.items())


def thresholds() -> str:
    """Return every threshold, a table a facet, with what the facet needs before it speaks."""
    parts = []
    for facet, settings in load_facets().items():
        rows = [
            (
                code(name),
                f"{cut.value:g}",
                cut.unit,
                f"± {cut.uncertainty:g}",
                cut.basis,
                cut.source,
            )
            for name, cut in settings.thresholds.items()
        ]
        needs = [
            (code(name), f"≥ {need.value:g}", need.unit, need.basis, need.source)
            for name, need in settings.needs.items()
        ]
        parts.append(
            f"## {facet}\n\n"
            + table(("speaks where", "value", "unit", "basis", "source"), needs)
            + "\n\n"
            + table(("threshold", "value", "unit", "one s.d.", "basis", "source"), rows)
        )
    return "\n\n".join(parts)


def labels() -> str:
    """Return the labels and details of every facet."""
    rows = [
        (
            code(facet.name),
            code(*(label for label in facet.labels if label != "unknown")),
            code(*(name for name, _ in facet.details)) if facet.details else "–",
        )
        for facet in (*FACETS.values(), OWNERSHIP)
    ]
    return table(("facet", "labels (and `unknown`)", "details"), rows)


def solutions() -> str:
    """Return the eight solutions with their systems and levels."""
    catalogue = load_catalogue()
    rows = [
        (
            solution_id,
            solution.name["en"],
            solution.name["fi"],
            ", ".join(solution.systems),
            ", ".join(solution.levels).replace("_", " "),
        )
        for solution_id, solution in catalogue.solutions.items()
    ]
    return table(("id", "solution", "in the method's Finnish", "systems", "levels"), rows)


def layers() -> str:
    """Return the canonical columns of every layer."""
    rows = [
        (code(name), ", ".join(schema.geometry_kinds(name)), code(*schema.columns(name)) or "–")
        for name in schema.LAYER_NAMES
    ]
    return table(("layer", "geometry", "columns"), rows)


def values() -> str:
    """Return the values that columns of fixed lists may have."""
    lists: Mapping[str, tuple[str, ...]] = {
        "buildings.use": schema.USES,
        "buildings.*_origin": schema.ORIGINS,
        "buildings.status": schema.STATUSES,
        "stops.mode": schema.MODES,
        "streets.kind": schema.STREET_KINDS,
        "land_use.class": schema.LAND_USES,
        "ground.class": schema.GROUND_CLASSES,
        "ground_constraints.constraint": schema.GROUND_CONSTRAINTS,
        "ownership.owner_class": schema.OWNERS,
        "energy_sites.kind": schema.ENERGY_KINDS,
        "services.class": schema.SERVICES,
        "land_cover.class": schema.LAND_COVERS,
    }
    return table(
        ("column", "values"), [(code(name), code(*found)) for name, found in lists.items()]
    )


def fields(model: type[BaseModel], without: Iterable[str] = ()) -> str:
    """Return the keys of a model of a TOML file."""
    left_out = set(without)
    rows = [
        (code(name), default(field), field.description or "")
        for name, field in model.model_fields.items()
        if name not in left_out
    ]
    return table(("key", "if left out", "what it says"), rows)


def default(field: Any) -> str:
    """Return what holds where a key is left out."""
    if field.is_required():
        return "**must be there**"
    value = field.default_factory() if field.default_factory else field.default
    if (
        value is PydanticUndefined
        or value in (None, "", [], {}, ())
        or isinstance(value, BaseModel)
    ):
        return "–"
    return code(value)


def city_keys() -> str:
    """Return the keys of a city file."""
    return fields(City)


def energy_keys() -> str:
    """Return the keys of a city file's part on energy."""
    return fields(Energy)


def provider_keys() -> str:
    """Return the keys that every entry of a layer has."""
    return fields(base.Provider)


def source_keys() -> str:
    """Return the keys of each protocol, beyond those that every entry has."""
    parts = []
    for source, model in PROTOCOLS.items():
        words = (model.__doc__ or "").strip().splitlines()[0]
        parts.append(
            f'### `source = "{source}"`\n\n{words}\n\n{fields(model, base.Provider.model_fields)}'
        )
    return "\n\n".join(parts)


def global_layers() -> Iterable[tuple[str, base.Provider]]:
    """Yield the providers that serve any city, with their layers."""
    for layer, providers in read_layers_file(GLOBAL_LAYERS).items():
        yield from ((layer, provider) for provider in providers)


def everywhere() -> str:
    """Return who serves any city, with licences and limits."""
    rows = [
        (code(layer), p.provider, p.vintage or "–", p.licence, p.attribution, p.note or "–")
        for layer, p in global_layers()
    ]
    return table(("layer", "who", "of when", "licence", "attribution", "what to know"), rows)


def everywhere_rules() -> str:
    """Return the rules by which numbers of rasters become words."""
    rows = [
        (code(f"{layer}.{column}"), code(word), code(said))
        for layer, provider in global_layers()
        for column, words in provider.rules.items()
        for word, said in words.items()
    ]
    return table(("column", "word", "where (the first that holds)"), rows)


def district_columns() -> str:
    """Return the columns of districts.csv that stand before the indicators."""
    said = "label, details joined by `;`, confidence 0–1 (empty where unknown)"
    rows = [
        (code("zone_id"), "stable id of the district"),
        (code("name"), "in the city's language; other languages in `name_sv`, `name_latin`"),
        (code("parent"), "the larger area it lies in"),
        (code("land_km2"), "dry land"),
        *((code(facet, f"{facet}_detail", f"{facet}_confidence"), said) for facet in FACETS),
        (code("ownership"), "the modifier"),
        (code("focus"), "solutions, best first, joined by `;`"),
    ]
    return table(("columns", "what they hold"), rows)


def focus_columns() -> str:
    """Return the columns of focus.csv and of the tables beside it."""
    words = {"zone_id": "Zone", "name": "Name", **FOCUS_WORDS}
    first = [name for name in FOCUS_COLUMNS if name in words]
    names = [*first, *(name for name in words if name not in first)]
    return table(("column", "what it holds"), [(code(name), words[name]) for name in names])


@cache
def embedded() -> Any:
    """Return the last run of the embedded Espoo, made once where there is none."""
    from districttype import pipeline
    from districttype.city import load_city

    return pipeline.classify(
        load_city("espoo"),
        data="embedded",
        zone_sets=("districts", "stations"),
        raw=Path("data/raw"),
    )


def validation() -> str:
    """Return how far the labels of the embedded Espoo agree with what others say of it."""
    from districttype.answers.validate import validate_labels
    from districttype.city import load_city
    from districttype.lastrun import run_of

    report = validate_labels(load_city("espoo"), run_of(embedded()), None)
    rows = [
        (
            facet,
            entry["n"],
            f"{entry['agreement']:.0%}",
            f"{entry['low']:.0%}–{entry['high']:.0%}",
            "–" if entry["kappa"] is None else f"{entry['kappa']:.2f}",
            entry["unknown"],
        )
        for facet, entry in report.items()
    ]
    head = ("facet", "places", "agreement", "95 % interval", "Cohen's kappa", "of them unknown")
    places: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for facet, entry in report.items():
        for row in entry["disagreements"]:
            # What was seen of an unknown facet belongs to the place, the reason to all of them.
            reason, _, seen = row["reason"].partition(". Seen: ")
            place = f"{row['place']} ({seen})" if seen else row["place"]
            said = places.setdefault((facet, row["label"], reason), {})
            said.setdefault(row["expected"], []).append(place)
    wrong = [
        (facet, found, reason, "; ".join(f"{x}: {', '.join(said[x])}" for x in sorted(said)))
        for (facet, found, reason), said in places.items()
    ]
    return "\n\n".join(
        [
            table(head, rows),
            "## Where they differ",
            table(("facet", "found", "why", "what is said elsewhere: where"), wrong),
        ]
    )


TABLES: Mapping[str, Callable[[], str]] = {
    make.__name__: make
    for make in (
        indicators, thresholds, labels, solutions, layers, values, city_keys, energy_keys,
        provider_keys, source_keys, everywhere, everywhere_rules, district_columns, focus_columns,
        validation,
    )
}  # fmt: skip
