"""The one Jinja2 environment: everything that comes from data is escaped, in HTML and XML alike."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from districttype.publish.legend import ink

SCRIPTS = ("core.js", "look.js", "layers.js", "panel.js", "app.js")
"""The scripts of a page with a map, in the order in which they run."""


@cache
def environment() -> Environment:
    """Return the environment of the package's templates."""
    made = Environment(
        loader=PackageLoader("districttype.publish"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["ink"] = ink
    return made


def static(name: str) -> str:
    """Return a script or style of the package as text."""
    return (files("districttype.publish") / "static" / name).read_text(encoding="utf-8")


def template_source(name: str) -> str:
    """Return a template of the package as text."""
    return (files("districttype.publish") / "templates" / name).read_text(encoding="utf-8")
