"""Fingerprints: what tells whether something was made of the same things by the same program."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
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
    shapes = frame.geometry.to_numpy()
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    return fingerprint(
        [
            frame.crs.to_wkt() if frame.crs is not None else "",
            repr([(str(name), str(kind)) for name, kind in plain.dtypes.items()]),
            pd.util.hash_pandas_object(plain, index=True).to_numpy().tobytes(),
            *(wkb or b"" for wkb in shapely.to_wkb(shapes)),
        ]
    )


def of_shape(shape: shapely.Geometry | None) -> bytes:
    """Return what tells a shape from others."""
    return b"" if shape is None else bytes(shapely.to_wkb(shape))
