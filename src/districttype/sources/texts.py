"""Text as it comes from files: encodings that are not stated, and text decoded twice."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

MENDED = "garbled texts mended"

# What the bytes 0x80–0xBF (and the lead bytes of UTF-8) look like when read as CP1252: text that
# was right has no such pairs.
_GARBLED = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u017e\u0192\u02c6\u02dc\u2013-\u2122]")
_C1 = {code: bytes([code]) for code in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}


def mend(text: str) -> str:
    """Undo the reading of UTF-8 as CP1252 ('BjÃ¶rn' for 'Björn'), where there is no doubt.

    There is none if every character of the text fits the wrong reading and the right one is valid.
    """
    if not _GARBLED.search(text):
        return text
    try:
        return b"".join(_C1.get(ord(c)) or c.encode("cp1252") for c in text).decode("utf-8")
    except UnicodeError:
        return text


def mend_table(frame: Any) -> tuple[Any, int]:
    """Mend the texts of a table's columns; return it with the number of texts changed."""
    changed = 0
    for name in frame.columns:
        column = frame[name]
        if not (pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column)):
            continue
        words = {word: mend(word) for word in {w for w in column if isinstance(w, str)}}
        words = {word: mended for word, mended in words.items() if word != mended}
        if words:
            hit = column.isin(list(words))
            changed += int(hit.sum())
            frame[name] = column.where(~hit, column.map(words))
    return frame, changed


def dbf_encoding(shapefile: Path) -> str | None:
    """Tell the encoding of a shapefile's table where no .cpg does: UTF-8 if it is valid, else
    CP1252.

    GDAL would read such a table as Latin-1 whatever it holds.
    """  # noqa: D205 - one sentence, two lines
    siblings = {path.suffix.lower(): path for path in shapefile.parent.glob(shapefile.stem + ".*")}
    if ".cpg" in siblings or ".dbf" not in siblings:
        return None
    table = siblings[".dbf"].read_bytes()
    start = int.from_bytes(table[8:10], "little")
    return "UTF-8" if is_utf8(table[start:]) else "CP1252"


def is_utf8(data: bytes) -> bool:
    """Say whether bytes are valid UTF-8, a character cut off at the end allowed."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(data) - 3 and error.reason == "unexpected end of data"
    return True
