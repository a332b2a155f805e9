"""Everything a map or report says, in the reader's language.

Messages are written in English where they arise and marked with `N_`; catalogues in `locale/*.po`
hold the other languages and are read as they are, so that adding a language is adding a file: there
is no other list of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeAlias

from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

from districttype.errors import ConfigError

_CATALOGUES: Final = Path(str(files("districttype"))) / "locale"
ENGLISH: Final = "en"  # what messages are written in
LANGUAGES: Final = (ENGLISH, *sorted(path.stem for path in _CATALOGUES.glob("*.po")))


def N_(message: str) -> str:  # noqa: N802 - the name gettext tools look for
    """Mark a message for the catalogues and return it unchanged."""
    return message


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return the translations of a language; English has none.

    Raises
    ------
    ConfigError
        If the program does not speak it.
    """
    require_language(language)
    if language == ENGLISH:
        return {}
    with (_CATALOGUES / f"{language}.po").open("rb") as stream:
        return {str(m.id): str(m.string) for m in read_po(stream) if m.id and m.string}


def require_language(language: str) -> None:
    """Refuse a language that the program does not speak.

    Raises
    ------
    ConfigError
        If there is no catalogue of it.
    """
    if language not in LANGUAGES:
        raise ConfigError(
            f"the program does not speak {language!r}", todo=f"it speaks {', '.join(LANGUAGES)}"
        )


def translate(message: str, language: str) -> str:
    """Return a message in a language, or as it is where the catalogue does not have it."""
    return catalogue(language).get(message, message)


@dataclass(frozen=True)
class Message:
    """A sentence with numbers in it, kept apart until somebody reads it in some language.

    Numbers are formatted by a suffix of their name: `_pct` as a percentage of a share (0.71 ->
    71 %), `_int` without decimals, `_3` with up to three, others with up to two. Strings are
    translated themselves, and so are messages within; several of them are joined by `; `.

    A sentence that comes from a data file carries its other languages itself, in `translations`
    (language -> template); the catalogues are asked only where it does not.
    """

    template: str
    values: Mapping[str, Value] = field(default_factory=dict)
    translations: Mapping[str, str] = field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        """Return the sentence in a language, numbers in that language's form."""
        shown = {key: _show(key, value, language) for key, value in self.values.items()}
        template = self.translations.get(language) or translate(self.template, language)
        return template.format(**shown)


Value: TypeAlias = float | str | Message | tuple[Message, ...]


def _show(key: str, value: Value, language: str) -> str:
    if isinstance(value, str):
        return translate(value, language)
    if isinstance(value, Message):
        return value.text(language)
    if isinstance(value, tuple):
        return "; ".join(part.text(language) for part in value)
    if key.endswith("_pct"):
        return str(format_percent(value, format="#,##0 %", locale=language))
    digits = "#,##0" if key.endswith("_int") else "#,##0.###" if key.endswith("_3") else "#,##0.##"
    return str(format_decimal(value, format=digits, locale=language))
