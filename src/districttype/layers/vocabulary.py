"""Other people's words for the words of this program: code tables, and the tags of OpenStreetMap.

Every translation is a CSV in `tables/` (its README says how they are written), or one of the user's
own beside the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from districttype.errors import ConfigError
from districttype.sources.registry import Tags

KEYS = ("text", "symbol", "code")  # what a value may be given as; where they clash the code counts
TAG = ("key", "value", "rank")
_FOLDER = Path(str(files("districttype"))) / "layers" / "tables"


@cache
def table(name: str, directory: Path | None = None) -> pd.DataFrame:
    """Return a table as text: one of the package, or a file (*.csv) in the data directory.

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    own = name.endswith(".csv") and directory is not None
    path = directory / name if own and directory is not None else _FOLDER / f"{name}.csv"
    if not path.is_file():
        known = sorted(f.stem for f in _FOLDER.glob("*.csv"))
        raise ConfigError(
            f"there is no code table {name!r}", where="tables", todo=f"known are {', '.join(known)}"
        )
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def translate(
    name: str, values: pd.Series, words: Sequence[str] = (), directory: Path | None = None
) -> tuple[pd.Series, int]:
    """Translate codes or texts by a code table.

    Parameters
    ----------
    name
        The table.
    values
        Codes (leading zeros and a following text ignored, of an address the last part counts) or
        texts (case and blanks ignored).
    words
        Columns of the table that may hold what is wanted; the first it has counts, else its last.
    directory
        Where a table of the user's own lies.

    Returns
    -------
    (Series, int)
        The canonical words, null where a value is empty, is not in the table or is said there to
        be no part of the layer; and how many values were given that are not in the table.
    """
    codes = table(name, directory)
    target = next((word for word in words if word in codes.columns), codes.columns[-1])
    known: dict[str, str] = {}
    for key in KEYS:
        if key in codes.columns:
            known |= dict(zip(codes[key].map(plain), codes[target], strict=True))
    known.pop("", None)
    numbers, distinct = pd.factorize(values.astype(object), use_na_sentinel=True)
    said = [plain(value) for value in distinct]
    meant = [known.get(text, known.get(text.split(" ")[0])) for text in said]
    lost = np.array([bool(t) and m is None for t, m in zip(said, meant, strict=True)] + [False])
    found = np.array([*(m or None for m in meant), None], dtype=object)
    return pd.Series(found[numbers], values.index, dtype=object), int(lost[numbers].sum())


def plain(value: object) -> str:
    """Write a code or text as it is compared: case, blanks, leading zeros and decimals folded."""
    folded = " ".join(str(value).casefold().split()).removesuffix(".0")
    if folded.startswith("http"):
        folded = folded.rstrip("/").rpartition("/")[2]
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
    """Return for each row of tags the canonical columns of the table row that fits best.

    That is the one of the lowest rank, and among those the first in the table. Of a list of values
    ('school;kindergarten') each counts.
    """
    rules = table(name)
    targets = [column for column in rules.columns if column not in TAG]
    ranks = pd.to_numeric(rules["rank"]) if "rank" in rules.columns else pd.Series(1, rules.index)
    order = {row: place for place, row in enumerate(ranks.sort_values(kind="stable").index)}
    never = len(order)
    best = np.full(len(frame), never)
    for key, group in rules.groupby("key", sort=False):
        if key not in frame.columns:
            continue
        places = {str(value): order[row] for row, value in group["value"].items()}
        numbers, distinct = pd.factorize(frame[key].astype(object), use_na_sentinel=True)
        fit = np.array([*(_place(str(value), places, never) for value in distinct), never])
        best = np.minimum(best, fit[numbers])
    sorted_rules = rules.iloc[sorted(order, key=lambda row: order[row])][targets]
    words = np.vstack([sorted_rules.to_numpy(dtype=object), [[None] * len(targets)]])
    return pd.DataFrame(words[best], columns=targets, index=frame.index, dtype=object)


def _place(value: str, places: Mapping[str, int], never: int) -> int:
    parts = [part.strip() for part in value.split(";")]
    found = [places[part] for part in parts if part in places]
    if not found and "*" in places and value not in {"no", ""}:
        found = [places["*"]]
    return min(found, default=never)
