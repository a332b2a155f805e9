"""Pages as Chromium prints them: how many sheets of which paper, and the words on each."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from browser import offline
from needs import command

A4, A4_ACROSS, A3_ACROSS = (595, 842), (842, 595), (1191, 842)
"""Width and height in points."""


def printed(browser: Browser, page: Path, fragment: str, pdf: Path) -> list[str]:
    """Print a page as its style asks, and return the words of each sheet of paper."""
    with offline(browser, page, fragment) as opened:
        opened.pdf(path=pdf, prefer_css_page_size=True, print_background=True)
    text = command("pdftotext", "poppler-utils")
    words = subprocess.run([text, "-layout", pdf, "-"], capture_output=True, text=True, check=True)
    return words.stdout.split("\f")[:-1]


def size(pdf: Path) -> tuple[int, int]:
    """Return width and height of a document's paper in points."""
    info = subprocess.run(["pdfinfo", pdf], capture_output=True, text=True, check=True).stdout
    found = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", info)
    assert found is not None
    return round(float(found[1])), round(float(found[2]))


def inked(pdf: Path, colour: str) -> float:
    """Return the share of a document's first sheet that is printed in a colour."""
    draw = [command("pdftoppm", "poppler-utils"), "-r", "40", "-f", "1", "-l", "1", pdf]
    picture = subprocess.run(draw, check=True, capture_output=True).stdout
    head = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", picture)
    assert head is not None
    pixels = np.frombuffer(picture[head.end() :], np.uint8).reshape(-1, 3).astype(int)
    wanted = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return float((np.abs(pixels - wanted) <= 3).all(axis=1).mean())
