"""A reconstruction kept from one run to the next: the same bytes, read in place of made anew.

It lies in one zip archive: a GeoParquet a layer, the areas in which some are known, and the key
of what all was made of (figures, seed, grid, the program and the libraries it calculates with). An
archive with another key, or one that is broken, counts for nothing: the city is made again and kept
in its place. The archive's checksums tell a file that was cut short or harmed.
"""

from __future__ import annotations

import io
import json
import os
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import geopandas as gpd
import shapely
from pandas.api.types import is_object_dtype
from pyproj import CRS

from districttype.fingerprint import fingerprint, of_shape, program
from districttype.sources.figures.reconstruct import SEED, Reconstruction, reconstruct
from districttype.sources.figures.tables import Figures

ABOUT = "about.json"


def reconstruct_once(
    figures: Figures,
    crs: CRS,
    file: Path,
    *,
    seed: int = SEED,
    grid_origin: tuple[float, float] = (0.0, 0.0),
) -> Reconstruction:
    """Return the reconstruction kept in a file where it is of these figures; else make and keep it.

    Parameters
    ----------
    figures, crs, seed, grid_origin
        As in `reconstruct`, which this gives the same as, to the last bit.
    file
        The archive. Where it cannot be written, nothing is kept, and nothing is lost but time.
    """
    key = _key(figures, crs, seed, grid_origin)
    kept = _read(file, key, crs)
    if kept is not None:
        return kept
    made = reconstruct(figures, crs, seed=seed, grid_origin=grid_origin)
    with suppress(OSError):
        _write(made, file, key)
    return made


def _key(figures: Figures, crs: CRS, seed: int, grid_origin: tuple[float, float]) -> str:
    """Return a digest of all that a reconstruction follows from."""
    drawn = [figures.outline] if figures.polygons is None else [*figures.polygons]
    stated = (
        program(),
        figures.origin.model_dump_json(),
        figures.districts.to_csv(),  # floats in full, so that they read back the same
        figures.stations.to_csv(),
        *map(of_shape, drawn),
        *sorted(figures.generated),
        crs.to_wkt(),
        repr((seed, grid_origin)),
    )
    return fingerprint(stated)


def _read(file: Path, key: str, crs: CRS) -> Reconstruction | None:
    try:
        with ZipFile(file) as archive:
            about = json.loads(archive.read(ABOUT))
            if about["key"] != key:
                return None
            return Reconstruction(
                crs,
                {
                    name: gpd.read_parquet(io.BytesIO(archive.read(f"{name}.parquet"))).astype(
                        kinds
                    )
                    for name, kinds in about["layers"].items()
                },
                {name: shapely.from_wkb(wkb) for name, wkb in about["coverage"].items()},
                frozenset(about["generated"]),
            )
    except (OSError, BadZipFile, EOFError, KeyError, TypeError, ValueError):
        return None


def _write(made: Reconstruction, file: Path, key: str) -> None:
    """Write the archive beside its place and put it there in one step."""
    about = {
        "key": key,
        "layers": {name: _texts(frame) for name, frame in made.tables.items()},
        "coverage": {name: shapely.to_wkb(area, hex=True) for name, area in made.coverage.items()},
        "generated": sorted(made.generated),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with ZipFile(part, "w") as archive:
            archive.writestr(ABOUT, json.dumps(about))
            for name, frame in made.tables.items():
                table = io.BytesIO()
                frame.to_parquet(table, compression="zstd")
                archive.writestr(f"{name}.parquet", table.getvalue())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _texts(frame: gpd.GeoDataFrame) -> dict[str, str]:
    """Return the columns of any objects, mostly texts: read from a file, texts get a type."""
    return {str(name): "object" for name, kind in frame.dtypes.items() if is_object_dtype(kind)}
