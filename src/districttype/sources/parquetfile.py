"""GeoParquet files, whole or by windows."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS

from districttype.boxes import Box, touching

WGS84 = CRS.from_epsg(4326)
_AT_ONCE = 50_000  # rows
_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def read_parquet(path: Path, box: Box | None = None) -> gpd.GeoDataFrame:
    """Return the rows of a file, or those whose box touches a box (in the file's own system)."""
    if box is None:
        frame = gpd.read_parquet(path)
    elif _covering(path):
        frame = gpd.read_parquet(path, bbox=box)
    else:
        frame = _by_batches(path, box)
    return frame.rename_geometry("geometry") if frame.geometry.name != "geometry" else frame


def rows_of_parquet(path: Path, box: Box | None = None) -> int:
    """Return how many rows a file has, or how many of them touch a box.

    Where the file does not say where its rows lie, all of them may.
    """
    covering = _covering(path)
    if box is None or not covering:
        return int(pq.read_metadata(path).num_rows)
    corners = [
        pq.read_table(path, columns=[".".join(covering[corner])]).flatten().column(0).to_numpy()
        for corner in _CORNERS
    ]
    return int(touching(np.column_stack(corners), box).sum())


def crs_of_parquet(path: Path) -> CRS | None:
    """Return the coordinate system of a file, which is WGS 84 where it says nothing of it."""
    column = _column(path)
    told = column.get("crs", WGS84.to_json_dict())
    return None if told is None else CRS.from_user_input(told)


def _column(path: Path) -> dict[str, Any]:
    """Return what a file says of its geometry."""
    about = json.loads((pq.read_schema(path).metadata or {}).get(b"geo", b"{}"))
    column: dict[str, Any] = about.get("columns", {}).get(about.get("primary_column"), {})
    return column


def _covering(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = _column(path).get("covering", {}).get("bbox", {})
    return found


def _by_batches(path: Path, box: Box) -> gpd.GeoDataFrame:
    """Read a file without boxes some of its rows at a time, and keep what touches the box."""
    file = pq.ParquetFile(path)
    about = file.schema_arrow.metadata
    found = []
    for batch in file.iter_batches(batch_size=_AT_ONCE):
        held = BytesIO()
        pq.write_table(pa.Table.from_batches([batch]).replace_schema_metadata(about), held)
        frame = gpd.read_parquet(held)
        found.append(frame[touching(frame.bounds.to_numpy(), box)])
    return gpd.GeoDataFrame(pd.concat(found, ignore_index=True))
