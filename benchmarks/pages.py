"""The pages as a reader meets them: how large they are, and when Chromium first shows something."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from districttype import pipeline
from districttype.city import load_city

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
PAGES = ("maps/typology.html", "maps/focus.html", "maps/index.html", "report.html")
REPEATS = 5
# What the browser itself notes: its first paint with content, and our mark when the map is drawn.
TIMES = """() => new Promise(done => new PerformanceObserver(list => {
  const mark = performance.getEntriesByName("drawn")[0];
  done({first_paint: list.getEntries()[0].startTime, drawn: mark ? mark.startTime : null});
}).observe({type: "paint", buffered: true}))"""


def write_pages(out: Path) -> None:
    """Write the pages of the embedded Espoo: its districts, stations and cells."""
    pipeline.classify(load_city("espoo"), data="embedded", out=out)


def sizes(out: Path) -> dict[str, float]:
    """Return the size of each page, MB."""
    return {f"{_stem(page)}_mb": (out / page).stat().st_size / 1e6 for page in PAGES}


def times(out: Path) -> dict[str, Any]:
    """Return the median time of each page until it first shows something, ms, and the slowest."""
    with _chromium() as browser:
        shown = {page: [_open(browser, out / page) for _ in range(REPEATS)] for page in PAGES}
    medians = {
        kind: {
            _stem(page): statistics.median(run[kind] for run in runs)
            for page, runs in shown.items()
            if runs[0][kind] is not None
        }
        for kind in ("first_paint", "drawn")
    }
    return {
        "first_paint_ms": max(medians["first_paint"].values()),
        "first_paint_ms_of": medians["first_paint"],
        "map_drawn_ms_of": medians["drawn"],
    }


def _open(browser: Any, page: Path) -> dict[str, float | None]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    opened = context.new_page()
    opened.goto(page.as_uri())
    found: dict[str, float | None] = opened.evaluate(TIMES)
    context.close()
    return found


@contextmanager
def _chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise SystemExit("Chromium is missing; on Debian or Ubuntu: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


def _stem(page: str) -> str:
    return Path(page).stem
