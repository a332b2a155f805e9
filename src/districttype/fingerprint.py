"""Fingerprints: what tells whether something was made of the same things by the same program."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import proj_version_str

CALCULATING = ("geopandas", "numpy", "pandas", "pyproj", "scikit-learn", "scipy", "shapely")


def fingerprint(parts: Iterable[str | bytes]) -> str:
    """Return one digest of texts and bytes, in their order."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


@cache
def program() -> str:
    """Return the fingerprint of this package's code and tables, and of what it calculates with.

    A number may follow from any module, so that all of them count: what was kept before the program
    was changed is made again.
    """
    root = Path(__file__).parent
    files = sorted(path for kind in ("*.py", "*.csv", "*.toml") for path in root.rglob(kind))
    return fingerprint(
        [
            *(f"{path.relative_to(root).as_posix()}\0" for path in files),
            *(path.read_bytes() for path in files),
            *(f"{name} {version(name)}" for name in CALCULATING),
            shapely.geos_version_string,
            proj_version_str,
        ]
    )


def of_frame(frame: gpd.GeoDataFrame) -> str:
    """Return the fingerprint of a table: names, types and values of its columns, order and CRS."""
    return fingerprint([*_of_columns(frame), _of_rows(frame).tobytes()])


def of_parts(columns: gpd.GeoDataFrame, parts: Iterable[gpd.GeoDataFrame]) -> str:
    """Return the fingerprint of a table that comes in parts: the same whatever the parts.

    Parameters
    ----------
    columns
        A table with its columns.
    parts
        Its rows, each under its number (the index), from 0 on.
    """
    known = [(part.index.to_numpy(np.int64), _of_rows(part)) for part in parts]
    rows = np.zeros((sum(len(numbers) for numbers, _ in known), 2), dtype=np.uint64)
    for numbers, some in known:
        rows[numbers] = some
    return fingerprint([*_of_columns(columns), rows.tobytes()])


def _of_columns(frame: gpd.GeoDataFrame) -> tuple[str, str]:
    kinds = frame.drop(columns=frame.geometry.name).dtypes
    crs = frame.crs.to_wkt() if frame.crs is not None else ""
    return crs, repr([(str(name), str(kind)) for name, kind in kinds.items()])


def _of_rows(frame: gpd.GeoDataFrame) -> NDArray[np.uint64]:
    """Return two numbers a row: of its values with its name, and of its shape."""
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    values = pd.util.hash_pandas_object(plain, index=True).to_numpy(np.uint64)
    shapes = pd.util.hash_array(shapely.to_wkb(frame.geometry.to_numpy()), categorize=False)
    return np.stack([values, shapes.astype(np.uint64)], axis=1)


def of_shape(shape: shapely.Geometry | None) -> bytes:
    """Return what tells a shape from others."""
    return b"" if shape is None else bytes(shapely.to_wkb(shape))
