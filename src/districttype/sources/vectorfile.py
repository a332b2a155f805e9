"""Vector files on disk: whatever GDAL reads, GeoParquet, CSV with coordinates, OSM extracts.

GDAL is used through pyogrio (Arrow where no curves are in the way): it reads a layer of 100,000
polygons in a fraction of the time Fiona takes, and comes with its own GDAL.
"""

from __future__ import annotations

import csv
import gzip
import shutil
import tempfile
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS

from districttype.boxes import Box
from districttype.errors import SourceError, SourceTruncatedError, SourceUnavailableError
from districttype.providers import Provider, VectorFile
from districttype.sources import osmfile
from districttype.sources.geometry import clean_frame
from districttype.sources.parquetfile import crs_of_parquet, read_parquet, rows_of_parquet
from districttype.sources.placing import MARGIN, box_in, parse_crs, require_crs, settle
from districttype.sources.registry import Abundant, Raw, Wanted
from districttype.sources.texts import MENDED, dbf_encoding, is_utf8, mend_table

_LONGITUDE = ("lon", "lng", "long", "longitude")
_LATITUDE = ("lat", "latitude")
_NOT_BY_WINDOWS = (".csv", ".csv.gz", ".tsv", ".txt", ".gml", ".xml")  # read whole, however large
_BROKEN = ("truncat", "corrupt", "malformed", "not recognized", "unexpected end", "failed to read")


@dataclass(frozen=True)
class Options:
    """How to read a file, where the file itself does not say. Fields as in `VectorFile`."""

    layer: str | None = None
    crs: str | None = None
    x: str | None = None
    y: str | None = None
    encoding: str | None = None


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Read a file of the data directory. See `read_file`."""
    assert isinstance(provider, VectorFile)
    options = Options(provider.layer, provider.crs, provider.x, provider.y, provider.encoding)
    return read_file(directory / provider.file, options, wanted)


def read_file(path: Path, options: Options | None = None, wanted: Wanted | None = None) -> Raw:
    """Read one layer of a file, with its geometry valid and its place checked.

    Raises
    ------
    SourceUnavailableError
        If there is no such file.
    SourceTruncatedError
        If it is shorter than it says itself.
    SourceError
        If it cannot be read, has no such layer, or no rows.
    CrsError
        If its coordinate system is not known, or puts the data somewhere else.
    Abundant
        If more of its rows lie in the area than are wanted at once, and it can be read by windows.
    """
    options, wanted = options or Options(), wanted or Wanted()
    if not path.exists():  # a file geodatabase is a directory
        raise SourceUnavailableError("there is no such file", where=path.name, todo=_alike(path))
    if osmfile.is_extract(path.name):
        return osmfile.read_extract(path, {"": wanted})[""]
    where = f"{path.name}, layer {options.layer}" if options.layer else path.name
    with _plain_errors(path):
        _check_length(path)
        box = _window(path, options, wanted, where)
        frame = _read(path, options, box)
    if frame.empty and not wanted.part:
        raise SourceError("has no rows", where=where, todo="is it the right file and layer?")
    changes: Counter[str] = Counter()
    frame = require_crs(frame, options.crs, where=where)
    frame = clean_frame(frame, changes)
    if frame.empty and not wanted.part:
        raise SourceError("has no row with geometry", where=where, todo="name another file")
    frame, turned = settle(frame, wanted.area, where=where)
    frame, mended = mend_table(frame)
    changes.update(turned)
    changes[MENDED] += mended
    counts = {name: count for name, count in changes.items() if count}
    return Raw(frame, counts, address=path.name)


def _alike(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no directory {path.parent.name} either"
    others = sorted(p.name for p in path.parent.iterdir() if p.suffix == path.suffix)
    return f"files of that kind there: {', '.join(others[:8]) or 'none'}"


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """Say in one line what GDAL, GEOS and Arrow say in many ways."""
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            yield
    except SourceError:
        raise
    except (EOFError, zlib.error) as error:
        raise SourceTruncatedError(
            f"is damaged ({error})", where=path.name, todo="fetch it anew"
        ) from None
    except (DataSourceError, DataLayerError, RuntimeError, ValueError, OSError, KeyError) as error:
        text = " ".join(str(error).replace(str(path), path.name).split())
        raise SourceError(
            f"cannot be read ({text})", where=path.name, todo="is it complete, and what it says?"
        ) from None
    for warning in said:
        text = " ".join(str(warning.message).replace(str(path), path.name).split())
        if any(word in text.lower() for word in _BROKEN):
            raise SourceTruncatedError(
                f"is damaged ({text})", where=path.name, todo="fetch it anew"
            )


def _check_length(path: Path) -> None:
    """Compare a file's size with the size that it states; GDAL reads what is there in silence."""
    if path.is_dir():
        return
    kind, size = path.suffix.lower(), path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(100)
    stated = 0
    if kind in {".gpkg", ".sqlite"} and head.startswith(b"SQLite format 3\0"):
        page = int.from_bytes(head[16:18], "big")
        stated = (65536 if page == 1 else page) * int.from_bytes(head[28:32], "big")
    elif kind == ".shp":
        stated = 2 * int.from_bytes(head[24:28], "big")
    if size == 0 or size < stated:
        raise SourceTruncatedError(
            f"is truncated: {size:,} bytes" + (f" of {stated:,}" if stated else ""),
            where=path.name,
            todo="fetch it anew",
        )


def _window(path: Path, options: Options, wanted: Wanted, where: str) -> Box | None:
    """Return the box, in the file's own system, of what is to be read of a file; None for all.

    Raises
    ------
    Abundant
        If more rows lie in the area than are wanted at once.
    """
    name = path.name.lower()
    if wanted.area is None or name.endswith(_NOT_BY_WINDOWS):
        return None
    if not wanted.part and (wanted.most is None or _rows(path, options) <= wanted.most):
        return None
    crs = parse_crs(options.crs, where=where) if options.crs else _crs(path, options)
    if crs is None:
        return None
    if wanted.part or wanted.most is None:
        return box_in(wanted.area, crs, margin=0.0)
    box = box_in(wanted.area, crs, margin=2 * MARGIN)
    inside = _rows(path, options, box)
    if inside > wanted.most:
        raise Abundant(inside)
    return box if inside else None  # it may have its axes the other way round


def _rows(path: Path, options: Options, box: Box | None = None) -> int:
    """Return how many rows a file has, or how many of them touch a box."""
    if _is_parquet(path):
        return rows_of_parquet(path, box)
    layer = _layer(path, options.layer)
    if box is None:
        return int(pyogrio.read_info(path, layer=layer)["features"])
    found = pyogrio.raw.read(
        path, layer=layer, columns=[], read_geometry=False, return_fids=True, bbox=box
    )
    return len(found[1])


def _crs(path: Path, options: Options) -> CRS | None:
    if _is_parquet(path):
        return crs_of_parquet(path)
    told = pyogrio.read_info(path, layer=_layer(path, options.layer))["crs"]
    return CRS.from_user_input(told) if told else None


def _is_parquet(path: Path) -> bool:
    return path.name.lower().endswith((".parquet", ".geoparquet"))


def _read(path: Path, options: Options, box: Box | None) -> gpd.GeoDataFrame:
    name = path.name.lower()
    if _is_parquet(path):
        return read_parquet(path, box)
    if name.endswith((".csv", ".csv.gz", ".tsv", ".txt")):
        return _read_csv(path, options)
    if name.endswith((".gml", ".xml")):
        # GDAL writes a .gfs beside a GML file; it shall not leave anything in other people's data.
        with tempfile.TemporaryDirectory(prefix="districttype-") as folder:
            for part in (path, path.with_suffix(".xsd")):
                if part.is_file():
                    shutil.copy(part, folder)
            return _read_gdal(Path(folder) / path.name, options)
    return _read_gdal(path, options, box)


def _read_gdal(path: Path, options: Options, box: Box | None = None) -> gpd.GeoDataFrame:
    layer = _layer(path, options.layer)
    encoding = options.encoding
    if encoding is None and path.suffix.lower() == ".shp":
        encoding = dbf_encoding(path)
    kind = str(pyogrio.read_info(path, layer=layer)["geometry_type"] or "")
    curved = any(word in kind for word in ("Curve", "Surface", "Unknown"))
    frame = pyogrio.read_dataframe(
        path,
        layer=layer,
        encoding=encoding,
        use_arrow=not curved,
        on_invalid="ignore",
        bbox=box,
        fid_as_index=box is not None,
    )
    if box is not None:  # an index gives rows in an order of its own
        frame = frame.sort_index().reset_index(drop=True)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise SourceError(f"layer {layer} has no geometry", where=path.name)
    return frame.rename_geometry("geometry") if frame.geometry.name != "geometry" else frame


def _layer(path: Path, wanted: str | None) -> str:
    """Return the layer asked for, or the only one with geometry."""
    layers = {str(name): kind for name, kind in pyogrio.list_layers(path)}
    if wanted is not None:
        if wanted not in layers:
            raise SourceError(
                f"has no layer {wanted!r}",
                where=path.name,
                todo=f"layers there: {', '.join(layers) or 'none'}",
            )
        return wanted
    drawn = [name for name, kind in layers.items() if kind is not None]
    if len(drawn) > 1:
        raise SourceError(
            "has several layers",
            where=path.name,
            todo=f"name one of them: layer = {' | '.join(repr(name) for name in drawn)}",
        )
    if not drawn:
        raise SourceError("has no layer with geometry", where=path.name)
    return drawn[0]


def _read_csv(path: Path, options: Options) -> gpd.GeoDataFrame:
    """Read a table with coordinates; where the columns are not named, those called lon and lat."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    encoding = options.encoding or ("utf-8-sig" if is_utf8(data) else "cp1252")
    text = data.decode(encoding)
    head = text[:20_000].rpartition("\n")[0] or text
    try:
        separator = csv.Sniffer().sniff(head.split("\n", 1)[0], delimiters=",;\t|").delimiter
    except csv.Error:
        separator = ","
    table = pd.read_csv(StringIO(text), sep=separator, dtype=str, keep_default_na=False).replace(
        "", None
    )
    names = {str(name).strip().lower(): str(name) for name in table.columns}
    x = options.x or next((names[n] for n in _LONGITUDE if n in names), None)
    y = options.y or next((names[n] for n in _LATITUDE if n in names), None)
    x, y = names.get(str(x).lower(), x), names.get(str(y).lower(), y)
    if x not in table.columns or y not in table.columns:
        raise SourceError(
            f"has no columns {x or 'lon'!r} and {y or 'lat'!r} with coordinates",
            where=path.name,
            todo=f"name them: x = ..., y = ...; columns there: {', '.join(names.values())}",
        )
    xy = np.column_stack([_coordinates(table[x]), _coordinates(table[y])])
    known = np.isfinite(xy).all(axis=1)
    shapes = np.full(len(table), None, dtype=object)
    shapes[known] = shapely.points(xy[known])
    crs = 4326 if options.crs is None and str(x).lower() in _LONGITUDE else None
    return gpd.GeoDataFrame(table.astype(object), geometry=shapes, crs=crs)


def _coordinates(column: Any) -> np.ndarray:
    plain = column.str.strip().str.replace(",", ".", regex=False)
    return np.asarray(pd.to_numeric(plain, errors="coerce").to_numpy(float))
