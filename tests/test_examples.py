"""Examples in docstrings give what they show."""

from __future__ import annotations

import doctest
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest

PACKAGE = Path(str(files("districttype")))
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_an_example_gives_what_it_shows(name: str) -> None:
    found = doctest.testmod(import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
