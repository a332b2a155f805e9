"""Every message is translated, every translation is used, and no number is lost on the way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.numbers import format_decimal

from districttype.i18n import Message, catalogue
from messages import PACKAGE, messages, names_in_braces

LANGUAGES = sorted(path.stem for path in (PACKAGE / "locale").glob("*.po"))


def test_finnish_and_swedish_are_there() -> None:
    assert {"fi", "sv"} <= set(LANGUAGES)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_missing(language: str) -> None:
    assert sorted(messages() - set(catalogue(language))) == []


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_unused(language: str) -> None:
    assert sorted(set(catalogue(language)) - messages()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_names_in_braces(language: str) -> None:
    for message, text in catalogue(language).items():
        assert names_in_braces(message) == names_in_braces(text), message


def test_numbers_are_in_the_readers_form() -> None:
    message = Message("{share_pct} {area_m2_int} {far}", {
        "share_pct": 0.713, "area_m2_int": 12345.6, "far": 0.25,
    })  # fmt: skip
    assert message.text("en") == "71 % 12,346 0.25"
    assert message.text("fi") == f"71 % {format_decimal(12346, locale='fi')} 0,25"


def test_scripts_and_templates_hold_no_words_of_their_own() -> None:
    """Text between tags comes from a catalogue: what stands there is a sign, a name or a file."""
    names = "km²|districttype|districts|alike|focus|indicators|zones|run"
    names += "|csv|xlsx|gpkg|geojson|parquet|json|lang"
    for template in (Path(PACKAGE) / "publish" / "templates").glob("*.html"):
        text = template.read_text(encoding="utf-8")
        text = re.sub(r"\{[{%#].*?[%}#]\}", " ", text, flags=re.DOTALL)
        text = re.sub(r"<(style|script)\b.*?</\1>", " ", text, flags=re.DOTALL)
        for words in re.findall(r">([^<]+)<", text):
            assert not re.search(r"[^\W\d_]", re.sub(names, "", words)), (template.name, words)
