"""The tables of figures beside the code: what indicators take from elsewhere or assume."""

from __future__ import annotations

from importlib.resources import files
from io import StringIO

import pandas as pd


def read(name: str) -> pd.DataFrame:
    """Return a table of `tables/` by its file name."""
    text = (files("districttype.indicators") / "tables" / name).read_text(encoding="utf-8")
    return pd.read_csv(StringIO(text))
