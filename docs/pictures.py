"""Take the pictures of the documentation: `make pictures` (needs Chromium).

Each is a view of the maps that a run of the embedded Espoo has just written.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

import districttype as dt

PICTURES = Path(__file__).parent / "pictures"
VIEWS = {  # picture: page and fragment
    "typology": ("maps/typology.html", ""),
    "panel": ("maps/typology.html", "#district=112&lang=en"),
    "focus": ("maps/focus.html", ""),
    "report": ("report.html", ""),
}


def main() -> None:
    """Classify the embedded Espoo and picture its maps."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        sys.exit("no Chromium here; on Debian or Ubuntu: apt-get install chromium")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        out = Path(folder)
        dt.classify(dt.load_city("espoo"), data="embedded", out=out, language="en")
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB")
        for name, (path, fragment) in VIEWS.items():
            picture(page, (out / path).as_uri() + fragment, PICTURES / f"{name}.png")
        chromium.close()


def picture(page: Page, address: str, path: Path) -> None:
    """Open a page afresh and picture what a reader first sees."""
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_timeout(1500)
    page.screenshot(path=path)
    print(path)


if __name__ == "__main__":
    main()
