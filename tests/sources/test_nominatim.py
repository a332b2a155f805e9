"""Nominatim: only an administrative area is a city, and a refusal is no list of places."""

from __future__ import annotations

from typing import Any

import pytest

from districttype.errors import EmptyResultError, SourceError
from districttype.sources import nominatim
from districttype.sources.download import Session
from districttype.sources.nominatim import NOMINATIM, ask, choose
from servers.faulty import Server


def found(kind: str, west: float) -> dict[str, Any]:
    ring = [[west, 60.0], [west + 1, 60.0], [west + 1, 61.0], [west, 60.0]]
    border = {"type": "Polygon", "coordinates": [ring]}
    return {"class": "boundary", "type": kind, "name": "Nuuksio", "display_name": "Nuuksio, Suomi",
            "geojson": border}  # fmt: skip


def test_a_park_with_the_name_and_a_border_is_not_the_city() -> None:
    park, town = found("national_park", 24.0), found("administrative", 26.0)
    assert choose([park, town], "Nuuksio").border.bounds[0] == 26.0
    with pytest.raises(EmptyResultError, match="found were: national_park Nuuksio"):
        choose([park], "Nuuksio")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"code": 400, "message": "Nothing to search for"}}', "Nothing to search for"),
        (b'{"error": "Unable to geocode"}', "refuses: Unable to geocode"),
        (b"3", "it sent no list of places"),
        (b"<html>", "sent no JSON"),
    ],
)
def test_what_is_no_list_of_places_is_told(
    server: Server, hasty: Session, monkeypatch: pytest.MonkeyPatch, body: bytes, said: str
) -> None:
    server.scripts["/search"] = lambda call: call.reply(body)
    there = NOMINATIM.model_copy(update={"url": f"{server.url}/search"})
    monkeypatch.setattr(nominatim, "NOMINATIM", there)
    with pytest.raises(SourceError, match=said):
        ask("Espoo", hasty)
