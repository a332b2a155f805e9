"""Every message of the package, wherever it is written."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from babel.messages.extract import extract_from_dir, extract_from_file

from districttype.city import load_city
from districttype.indicators.registry import REGISTRY
from districttype.layers.live import services
from districttype.publish.legend import LEGENDS
from districttype.publish.payload import page_messages

PACKAGE = Path(str(files("districttype")))


def messages() -> set[str]:
    """Return what code marks with N_, what templates and scripts say, and what tables name."""
    found = {
        m for _, _, m, *_ in extract_from_dir(PACKAGE, [("**.py", "python")], keywords={"N_": None})
    }
    for template in (PACKAGE / "publish" / "templates").glob("*.html"):
        if template.name != "controls.html":
            extracted = extract_from_file(
                "jinja2.ext:babel_extract", template, keywords={"_": None}
            )
            found |= {m for _, m, *_ in extracted}
    found |= page_messages() | provider_notes() | {indicator.description for indicator in REGISTRY}
    for facet in LEGENDS.values():
        found |= {label.name for label in facet.labels} | set(facet.names().values())
    return {m for m in found if isinstance(m, str) and m}


def provider_notes() -> set[str]:
    """Return what the files of the cities say of their providers' data."""
    cities = (load_city(path.stem) for path in (PACKAGE / "cities").glob("*.toml"))
    listed = [provider for city in cities for _, provider in services(city)]
    return {provider.note for provider in listed if provider.note}


def names_in_braces(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))
