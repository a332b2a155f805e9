"""Extracts of OpenStreetMap: .osm, .osm.gz, .osm.bz2, .osm.pbf.

Read by pyosmium (libosmium). Measured on the files that break readers and on a made-up extract of
200,000 buildings (2 cores, from the file to a table with geometry and tags):

* pyrosm, out of core, nothing cached: 51,000 buildings/s, 675 MB, PBF only.
* GDAL's driver through pyogrio with Arrow: 120,000/s, 440 MB, but it draws areas whose nodes are
  partly missing (669 buildings where 650 are whole), loses areas where relations come first in the
  file, reads nothing where ids are negative, and says none of this.
* pyosmium, one object of Python a building: 61,000/s, 310 MB; every area right or known broken.
* pyosmium with filtering, locations and text output left to C++, and the text parsed in blocks by
  pyarrow (this module): 140,000/s, 490 MB, the same areas.

Closed ways become polygons here; relations are put together by libosmium's assembler, which knows
touching rings, islands in holes, and members in any order or role. Files that are not sorted are
sorted first, in memory. Of a large file only what the area needs is kept while reading.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from districttype.boxes import Box
from districttype.providers import Provider
from districttype.sources.osmpass import described, find, plain_errors, task
from districttype.sources.osmshapes import Scan, tables
from districttype.sources.osmtext import Block
from districttype.sources.registry import Raw, Wanted

BUFFER = 0.02  # degrees round the wanted area: about 1–2 km, so that nothing at its edge is lost

DENSER = 10.0  # a city than the country that an extract holds, at most
# Bytes of a file for each object of interest in it (see `objects_about`).
BYTES = {".pbf": 20, ".gz": 70, ".bz2": 60, ".osm": 650}


def is_extract(name: str) -> bool:
    """Say whether a file name is that of an OpenStreetMap extract."""
    return bool(re.search(r"\.(osm|pbf|osm\.(gz|bz2))$", name.lower()))


def objects_about(path: Path, area: shapely.Geometry | None = None) -> int:
    """Estimate from a file's size how many objects of interest an extract holds; rather too many.

    Of an area (polygon in WGS 84) smaller than the extract it is the area's share, and ten times
    that: cities are the dense part of countries.

    Calibrated on buildings, streets, land uses and services together. Real files in PBF take 43 to
    86 bytes an object (62 in Liechtenstein, 2024, where buildings alone would make it 165), a
    made-up one without metadata 21; gzip 74 to 186, bzip2 68 to 126, plain XML 665 to 1748. The
    smallest counts, so that of real files the estimate is two to five times too high. A file that
    is not there has none.
    """
    if not path.is_file():
        return 0
    objects = path.stat().st_size // BYTES[path.suffix.lower()]
    extent = None if area is None else described(path)["extent"]
    if area is None or extent is None:
        return objects
    share = shapely.box(*area.bounds).area / max(extent.area, 1e-12)
    return int(objects * min(1.0, DENSER * share))


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Read what one layer wants of an extract. See `read_extract`."""
    return read_extract(directory / str(getattr(provider, "file", "")), {"": wanted})[""]


def read_extract(
    path: Path, wanted: Mapping[str, Wanted], area: shapely.Geometry | None = None
) -> dict[str, Raw]:
    """Read what several layers want of an extract in one pass.

    Parameters
    ----------
    path
        The extract.
    wanted
        By a name of the caller's: tags and shapes wanted, and the tags to hand over as columns.
    area
        Polygon in WGS 84. Objects that touch its box (and a margin) come, whole; left out, the
        areas of `wanted` count, where all of them state one.

    Returns
    -------
    dict
        By the same names: columns `osm_type` (node, way, relation), `osm_id`, one a tag, geometry
        in WGS 84. Areas with missing members, broken relations and ways without nodes are set
        aside and counted.

    Raises
    ------
    SourceUnavailableError
        If there is no such file.
    SourceError
        If it is no extract, is truncated, or its XML is not well-formed.
    """
    areas = [area] if area is not None else [want.area for want in wanted.values()]
    box = _box([a for a in areas if a is not None]) if all(a is not None for a in areas) else None
    with plain_errors(path):
        about = described(path)
        scan = _scan(path, wanted, box)
    return tables(scan, wanted, **about)


def _scan(path: Path, wanted: Mapping[str, Wanted], box: Box | None) -> Scan:
    blocks: list[Block] = []
    with tempfile.TemporaryDirectory(prefix="districttype-") as folder:
        found = find(path, task(wanted, Path(folder), box=box), blocks)
    return found.scan(blocks)


def _box(areas: list[Any]) -> Box:
    west, south, east, north = shapely.total_bounds(np.array(areas, dtype=object))
    return west - 2 * BUFFER, south - BUFFER, east + 2 * BUFFER, north + BUFFER
