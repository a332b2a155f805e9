"""The maps: one page to see what the districts are, one to see what to co-create where."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from districttype.i18n import N_, translate
from districttype.publish.edition import Edition
from districttype.publish.page import map_page
from districttype.publish.payload import payload

BUDGET = 5_000_000
"""Bytes a page may have; beyond, it goes without what is least missed."""
TITLES = {"typology": N_("District typology"), "focus": N_("Where to co-create what")}

log = logging.getLogger(__name__)


def write_map(
    edition: Edition, path: Path, languages: Sequence[str], *, tiles: str | None = None
) -> None:
    """Write a map page; its name, `typology` or `focus`, says which.

    Parameters
    ----------
    edition
        What the run found.
    path
        `typology.html` or `focus.html`.
    languages
        Languages of the page, the first one first shown.
    tiles
        Template of a tile server's addresses, offered as a background that is off at first.
    """
    page = path.stem
    first = languages[0]
    names = edition.city.names
    title = f"{names.get(first, edition.city.name)} – {translate(TITLES[page], first)}"
    data = payload(edition, languages, page=page, tiles=tiles)
    html = map_page(data, title=title, language=first, page=page)
    for step in (_without_indicators, _without_largest):
        if len(html.encode()) <= BUDGET or not step(data, page):
            continue
        html = map_page(data, title=title, language=first, page=page)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")


def _without_indicators(data: dict, page: str) -> bool:  # type: ignore[type-arg]
    """Leave out the indicators of zone sets other than districts."""
    found = [s for name, s in data["sets"].items() if name != "districts" and s["indicators"]]
    for zone_set in found:
        zone_set["indicators"] = {}
    if found:
        log.warning("%s.html: too large; only districts keep their indicators there", page)
    return bool(found)


def _without_largest(data: dict, page: str) -> bool:  # type: ignore[type-arg]
    """Leave out the zone set that takes most room, never the districts."""
    sizes = {n: len(json.dumps(s)) for n, s in data["sets"].items() if n != "districts"}
    if not sizes:
        return False
    largest = max(sizes, key=lambda name: sizes[name])
    del data["sets"][largest]
    log.warning(
        "%s.html: too large; without the zone set %s, which is in zones.gpkg", page, largest
    )
    return True
