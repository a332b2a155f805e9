"""Overture Maps: GeoParquet in a bucket of which only the city's rows are read.

Only the last releases stay online, so none is named in a city file: the catalogue is asked for the
latest, whose id is the vintage of the data. Its index says which files touch the city, their own
statistics which groups of rows; of those only the columns that are wanted are fetched. The rows are
kept in the cache, so that a second run needs no network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely

from districttype.boxes import Box
from districttype.errors import ConfigError, SourceError, SourceMissingError
from districttype.provenance import State
from districttype.providers import Overture, Provider
from districttype.sources.download import Answer, Facts, Session, current
from districttype.sources.features import box_of
from districttype.sources.ranges import Blocks
from districttype.sources.registry import WGS84, Raw, Wanted
from districttype.sources.store import Entry, Store, file_name
from districttype.sources.transfer import Request

COLUMNS = ("id", "class", "subtype", "height", "num_floors", "is_underground", "geometry")
EDGES = ("bbox.xmax", "bbox.ymax", "bbox.xmin", "bbox.ymin")


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Read the features whose boxes touch an area.

    Returns
    -------
    Raw
        Columns `COLUMNS` less the geometry, and `kind`: the class, or where none is known the
        subtype; in WGS 84.

    Raises
    ------
    ConfigError
        If no area is wanted: there is no such thing as all of it.
    SourceError
        If a service refuses, or its files are not what they were.
    """
    assert isinstance(provider, Overture)
    box = box_of(wanted, WGS84)
    if box is None:
        raise ConfigError("it is read for an area only", where=provider.provider)
    with current() as opened:
        catalogue = _catalogue(opened, provider, directory)
        release = catalogue.entry.date
        try:
            path, state = _rows(opened, provider, release, directory, box)
        except SourceMissingError as error:
            raise SourceError(
                f"{error.what}: release {release} is no longer there",
                where=provider.provider,
                todo="fetch it anew with --refresh",
            ) from None
    frame = gpd.read_parquet(path)
    if frame.empty:
        raise SourceError(f"has nothing in the area ({release})", where=provider.provider)
    kind = frame["class"].where(frame["class"].notna(), frame["subtype"])
    return Raw(
        frame.assign(kind=kind),
        state=state,
        address=provider.url,
        vintage=release,
        notes=catalogue.notes,
    )


def count(provider: Provider, folder: Path, opened: Session) -> tuple[str, int | None, str]:
    """Ask for the latest release: its name, no count, and its date."""
    assert isinstance(provider, Overture)
    release = _catalogue(opened, provider, folder).entry.date
    return provider.type, None, release


def _catalogue(opened: Session, provider: Overture, directory: Path) -> Answer:
    """Return the catalogue, dated by the latest release."""

    def inspect(path: Path, _: Mapping[str, str]) -> Facts:
        try:
            latest = json.loads(path.read_text(encoding="utf-8"))["latest"]
        except (ValueError, KeyError, TypeError):
            raise SourceError(
                "its catalogue does not say which release is the latest", where=provider.provider
            ) from None
        return Facts(date=str(latest))

    request = Request(provider.url, name="catalog", suffix=".json")
    return opened.get(request, provider, directory, inspect)


def _rows(
    opened: Session, provider: Overture, release: str, directory: Path, box: Box
) -> tuple[Path, State]:
    """Return the city's rows as a file in the cache."""
    store = Store(directory)
    key = f"{provider.url} {release} {provider.type} {box}"
    name = file_name(provider.provider, provider.type, key, ".parquet")
    # A release never changes: only its age can make what is kept of it too old.
    if store.whole(name, max_age=opened.policy.max_age) is not None:
        return store.path(name), State.CACHED
    found = [
        _touching(Blocks(opened, provider, Request(url)), box, provider.provider)
        for url in _files(opened, provider, release, directory, box)
    ]
    frame = pd.concat(found, ignore_index=True) if found else _table(pa.table({}))
    part = store.path(name).with_name(store.path(name).name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    gpd.GeoDataFrame(frame, geometry="geometry", crs=WGS84).to_parquet(part)
    entry = Entry(
        provider=provider.provider,
        url=f"{provider.url} ({release}, {provider.type}, window {box})",
        fetched=datetime.now(UTC).replace(microsecond=0),
        date=release,
        licence=provider.licence,
        attribution=provider.attribution,
        rows=len(frame),
    )
    with store.alone():
        store.put(name, part, entry)
    return store.path(name), State.LIVE


def _files(
    opened: Session, provider: Overture, release: str, directory: Path, box: Box
) -> list[str]:
    """Return the addresses of the files that touch a box, as the release's index says."""
    url = f"{provider.url.rpartition('/')[0]}/{release}/collections.parquet"
    request = Request(url, name=f"collections {release}", suffix=".parquet", whole=True)
    index = opened.get(request, provider, directory).path
    try:
        table = pq.read_table(index, columns=["collection", "type", "bbox", "assets"])
        edges = [pc.struct_field(table["bbox"], name.partition(".")[2]) for name in EDGES]
        here = pc.and_(_touch(edges, box), pc.equal(table["collection"], provider.type))
        here = pc.and_(here, pc.equal(table["type"], "Feature"))
        assets = table.filter(here)["assets"].to_pylist()
        places = [asset["aws"]["alternate"]["s3"]["href"] for asset in assets]
    except (pa.ArrowException, KeyError, TypeError) as error:
        raise SourceError(
            f"its index is not what it was ({' '.join(str(error).split())})",
            where=provider.provider,
        ) from None
    buckets = [place.removeprefix("s3://").partition("/") for place in places]
    return sorted(f"{provider.bucket.format(bucket=name)}/{key}" for name, _, key in buckets)


def _touching(blocks: Blocks, box: Box, where: str) -> pd.DataFrame:
    """Return the rows of one file whose boxes touch a box."""
    try:
        file = pq.ParquetFile(blocks.open(), pre_buffer=False)
        groups = [i for i in range(file.num_row_groups) if _may_touch(file.metadata, i, box)]
        there = {*file.schema_arrow.names}
        lacking = {"id", "bbox", "geometry"} - there
        if lacking:
            raise SourceError(f"has no column {', '.join(sorted(lacking))}", where=where)
        table = file.read_row_groups(groups, columns=[n for n in (*COLUMNS, "bbox") if n in there])
    except pa.ArrowException as error:
        raise SourceError(
            f"is no readable GeoParquet ({' '.join(str(error).split())})", where=where
        ) from None
    edges = [pc.struct_field(table["bbox"], name.partition(".")[2]) for name in EDGES]
    return _table(table.filter(_touch(edges, box)))


def _may_touch(metadata: pq.FileMetaData, number: int, box: Box) -> bool:
    """Say whether a group of rows may touch a box; without statistics it may."""
    group = metadata.row_group(number)
    columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    told = [columns[name].statistics if name in columns else None for name in EDGES]
    statistics = [s for s in told if s is not None and s.has_min_max]
    if len(statistics) < len(EDGES):
        return True
    east, north = (s.max for s in statistics[:2])
    west, south = (s.min for s in statistics[2:])
    return bool(east >= box[0] and north >= box[1] and west <= box[2] and south <= box[3])


def _touch(edges: list[Any], box: Box) -> Any:
    """Return which boxes (east, north, west, south) touch a box."""
    east, north, west, south = edges
    return pc.and_(
        pc.and_(pc.greater_equal(east, box[0]), pc.greater_equal(north, box[1])),
        pc.and_(pc.less_equal(west, box[2]), pc.less_equal(south, box[3])),
    )


def _table(table: pa.Table) -> pd.DataFrame:
    """Return rows with every column, null where the file has none of that name."""
    frame = table.to_pandas() if table.num_columns else pd.DataFrame(columns=["geometry"])
    shapes = shapely.from_wkb(np.asarray(frame["geometry"], dtype=object))
    made = frame.reindex(columns=[name for name in COLUMNS if name != "geometry"])
    return gpd.GeoDataFrame(made.astype(object), geometry=shapes, crs=WGS84)
