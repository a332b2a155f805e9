"""Other people's words for the words of this program: code tables, and the tags of OpenStreetMap.

Every translation is a CSV in `tables/`. A code table has the columns code, text and the canonical
one; values are found by their code (leading zeros and a following text ignored) or by their text.
A tag table (`osm_*`) has key, value (`*` is any) and the canonical ones; the first row that fits
wins.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from districttype.errors import ConfigError
from districttype.sources.registry import Tags


@cache
def table(name: str) -> pd.DataFrame:
    """Return a table of the package as text.

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    path = files("districttype") / "layers" / "tables" / f"{name}.csv"
    if not path.is_file():
        folder = files("districttype") / "layers" / "tables"
        known = sorted(f.name.removesuffix(".csv") for f in folder.iterdir())
        raise ConfigError(
            f"there is no code table {name!r}", where="tables", todo=f"known are {', '.join(known)}"
        )
    with path.open("r", encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype=str, keep_default_na=False)


def translate(name: str, values: pd.Series) -> tuple[pd.Series, int]:
    """Translate codes or texts by a code table.

    Returns
    -------
    (Series, int)
        The canonical words, null where a value is empty or not in the table; and how many values
        were given that are not in the table.
    """
    codes = table(name)
    target = codes[codes.columns[-1]]
    known = dict(zip(codes["code"].map(_plain), target, strict=True))
    known |= dict(zip(codes["text"].map(_plain), target, strict=True))
    text = values.astype("string").str.strip()
    plain = {value: _plain(value) for value in text.dropna().unique()}
    words = {
        value: known.get(key) or known.get(key.split(" ")[0]) for value, key in plain.items() if key
    }
    found = pd.Series(
        [None if pd.isna(value) else words.get(value) for value in text],
        index=values.index,
        dtype=object,
    )
    return found, int((text.notna() & text.ne("") & found.isna()).sum())


def _plain(text: str) -> str:
    """Fold case, spaces and the leading zeros (and decimals) of codes."""
    folded = " ".join(text.casefold().split()).removesuffix(".0")
    head, _, tail = folded.partition(" ")
    head = head.lstrip("0") or head
    return f"{head} {tail}".strip()


def tags(name: str) -> Tags:
    """Return the keys and values that a tag table speaks of, as a source wants them."""
    wanted: dict[str, set[str] | None] = {}
    for key, value in zip(table(name)["key"], table(name)["value"], strict=True):
        some = wanted.setdefault(key, set())
        if value == "*" or some is None:
            wanted[key] = None
        else:
            some.add(value)
    return wanted


def by_tags(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return for each row of tags the canonical columns of the first table row that fits."""
    rules = table(name)
    targets = [column for column in rules.columns if column not in {"key", "value"}]
    which = np.full(len(frame), -1)
    for i, (key, value) in enumerate(zip(rules["key"], rules["value"], strict=True)):
        if key not in frame.columns:
            continue
        given = frame[key]
        fits = given.notna() & ~given.isin(["no", ""]) if value == "*" else given.eq(value)
        which[(which < 0) & fits.fillna(False).to_numpy(dtype=bool)] = i
    words = rules[targets].to_numpy(dtype=object)
    empty = np.full((1, len(targets)), None, dtype=object)
    return pd.DataFrame(np.vstack([words, empty])[which], columns=targets, index=frame.index)
