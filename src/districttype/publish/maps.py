"""The maps: one page to see what the districts are, one to see what to co-create where."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from districttype.i18n import N_, Message, translate
from districttype.publish.edition import Edition
from districttype.publish.page import map_page
from districttype.publish.payload import NO_INDICATORS, NO_ZONES, payload
from districttype.publish.texts import Texts

BUDGET = 5_000_000
"""Bytes a page may have; beyond, it goes without what is least missed, and says so."""
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
    while len(html.encode()) > BUDGET and (gone := _lighten(data)):
        log.warning("%s.html: %s", page, gone.text("en"))
        data["light"].append(Texts().cell(gone))
        html = map_page(data, title=title, language=first, page=page)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")


def _lighten(data: dict[str, Any]) -> Message | None:
    """Take out of a page what is least missed, and return what that is; None if nothing can go."""
    others = {name: zones for name, zones in data["sets"].items() if name != "districts"}
    if any(zones["indicators"] for zones in others.values()):
        for zones in others.values():
            zones["indicators"] = {}
        return Message(NO_INDICATORS)
    if others:
        largest = max(others, key=lambda name: len(json.dumps(others[name])))
        return Message(NO_ZONES, {"zones": data["sets"].pop(largest)["name"]})
    return None
