"""Debian's Chromium with the network cut, and a page that fails on any error it logs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from needs import chromium

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@contextmanager
def running() -> Iterator[Browser]:
    """Start Chromium and end it."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def offline(browser: Browser, path: Path, fragment: str = "", **options: Any) -> Iterator[Page]:
    """Open a file with the network cut; at the end no error and no request must have been seen."""
    faults: list[str] = []
    options = {
        "viewport": {"width": 1400, "height": 900},
        "locale": "en-GB",
        "reduced_motion": "reduce",
        **options,
    }
    context = browser.new_context(**options)
    context.set_offline(True)
    page = context.new_page()
    page.on("console", lambda m: faults.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda r: faults.append(r.url) if r.url.startswith("http") else None)
    page.on("dialog", lambda d: (faults.append(f"dialog: {d.message}"), d.dismiss()))
    page.goto(path.as_uri() + fragment)
    yield page
    context.close()
    assert not faults
