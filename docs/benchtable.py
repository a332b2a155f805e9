"""Numbers of the benchmark, put into the page's words from what `make bench` wrote.

`{kernel.speedup_vs_overlay:.1f}` in a cell of a table is that number of `benchmarks/measured.json`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

MEASURED = Path(__file__).parents[1] / "benchmarks" / "measured.json"
CELL = re.compile(r"(?<=\| )[^|\n]*\{\w+\.[^|\n]*(?= \|)")


class Results(SimpleNamespace):
    """Results of a part of the benchmark, as attributes."""


def put_numbers(page: str, path: Path = MEASURED) -> str:
    """Return a page with the numbers in it, saying of each cell whose numbers there are not."""
    text = path.read_text(encoding="utf-8")
    found = vars(json.loads(text, object_hook=lambda entry: Results(**entry)))

    def fill(cell: re.Match[str]) -> str:
        try:
            return cell[0].format(**found)
        except (AttributeError, IndexError, KeyError):
            return "not measured in this run"

    return CELL.sub(fill, page)
