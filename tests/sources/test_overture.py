"""Overture from a catalogue and a bucket on loopback: of the latest release what is near."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from pydantic import TypeAdapter

from districttype.city import City
from districttype.errors import ConfigError, SourceError
from districttype.layers.collect import collect
from districttype.layers.live import doctor
from districttype.provenance import State
from districttype.providers import LayerProviders, Overture
from districttype.sources.download import Policy, Session, session
from districttype.sources.registry import Wanted, read
from servers.faulty import Server
from sources.conftest import HASTY

RELEASE = "2026-11-18.0"
SIDE = 0.0002  # degrees
WEST, SOUTH = 24.0, 49.8  # Lviv
BBOX = pa.struct([(edge, pa.float32()) for edge in ("xmin", "xmax", "ymin", "ymax")])
SOURCES = pa.list_(pa.struct([("dataset", pa.string()), ("record_id", pa.string())]))


def bbox(shapes: np.ndarray) -> list[dict[str, float]]:
    names = ("xmin", "ymin", "xmax", "ymax")
    return [dict(zip(names, map(float, row), strict=True)) for row in shapely.bounds(shapes)]


def houses(x: float, y: float, count: int, **more: list[Any]) -> pa.Table:
    """Return rows of the schema of Overture, in a line to the east of a point."""
    west = x + np.arange(count) * 2 * SIDE
    shapes = shapely.box(west, y, west + SIDE, y + SIDE)
    nothing: list[Any] = [None] * count
    given = {
        "height": nothing, "num_floors": nothing, "class": nothing, "subtype": nothing,
        "is_underground": nothing,
    } | more  # fmt: skip
    types = {"height": pa.float64(), "num_floors": pa.int32(), "class": pa.string(),
             "subtype": pa.string(), "is_underground": pa.bool_()}  # fmt: skip
    source = [{"dataset": "OpenStreetMap", "record_id": "w1"}]
    return pa.table(
        {
            "id": [f"{x:.4f}/{i}" for i in range(count)],
            "geometry": pa.array(shapely.to_wkb(shapes), pa.binary()),
            "bbox": pa.array(bbox(shapes), BBOX),
            "sources": pa.array([source] * count, SOURCES),
            "names": pa.array(["x" * 50_000] * count),  # heavy, and nobody wants it
            **{name: pa.array(values, types[name]) for name, values in given.items()},
        }
    )


def packed(*groups: pa.Table, statistics: bool = True) -> bytes:
    """Return a file with one group of rows a table."""
    stream = io.BytesIO()
    with pq.ParquetWriter(
        stream, groups[0].schema, write_statistics=statistics, use_dictionary=False,
        compression="none",
    ) as writer:  # fmt: skip
        for group in groups:
            writer.write_table(group)
    return stream.getvalue()


def serve(server: Server, files: dict[str, bytes], release: str = RELEASE) -> None:
    """Serve a catalogue, the index of a release, and its files."""
    catalogue = json.dumps({"type": "Catalog", "latest": release}).encode()
    server.scripts["/catalog.json"] = lambda call: call.reply(catalogue)
    rows = []
    for name, body in files.items():
        key = f"release/{release}/theme=buildings/type=building/{name}"
        server.scripts[f"/overturemaps-us-west-2/{key}"] = lambda call, body=body: call.file(body)
        file = pq.read_table(io.BytesIO(body), columns=["bbox"])["bbox"].to_pylist()
        box = {edge: (min if edge.endswith("min") else max)(b[edge] for b in file) for edge in
               ("xmin", "xmax", "ymin", "ymax")}  # fmt: skip
        s3 = {"s3": {"href": f"s3://overturemaps-us-west-2/{key}"}}
        rows += [
            {
                "type": "Feature", "collection": kind, "bbox": box,
                "assets": {"aws": {"alternate": s3}},
            }
            for kind in ("building", "building_part")
        ]  # fmt: skip
    index = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), index)
    server.scripts[f"/{release}/collections.parquet"] = lambda call: call.file(index.getvalue())


def provider(server: Server) -> Overture:
    return Overture(
        provider="Overture Maps", source="overture", url=server.url + "/catalog.json",
        bucket=server.url + "/{bucket}",
    )  # fmt: skip


def here() -> Wanted:
    return Wanted(area=shapely.box(WEST, SOUTH, WEST + 0.01, SOUTH + 0.01))


def test_only_rows_nearby_are_read_and_only_columns_that_are_wanted(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    near = houses(WEST, SOUTH, 10)
    far = [houses(WEST + degrees, SOUTH, 40) for degrees in (1, 2, 3, 4)]
    files = {"part-0.parquet": packed(*far[:2], near, *far[2:]), "part-1.parquet": packed(far[0])}
    serve(server, files)
    raw = read(provider(server), tmp_path, here())
    assert sorted(raw.frame["id"]) == sorted(near["id"].to_pylist())
    assert shapely.area(raw.frame.geometry.to_numpy()) == pytest.approx(SIDE**2)
    assert (raw.vintage, raw.state) == (RELEASE, State.LIVE)
    folder = f"/overturemaps-us-west-2/release/{RELEASE}/theme=buildings/type=building/"
    assert server.counts[folder + "part-1.parquet"] == 0
    ranges = [c.headers["Range"] for c in server.calls if c.path == folder + "part-0.parquet"]
    spans = [tuple(map(int, r.removeprefix("bytes=").split("-"))) for r in ranges]
    assert sum(last - first + 1 for first, last in spans) < len(files["part-0.parquet"]) / 4


def test_a_second_run_needs_no_network_and_a_refresh_takes_the_release_that_is_latest_then(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    serve(server, {"part-0.parquet": packed(houses(WEST, SOUTH, 3))})
    first = read(provider(server), tmp_path, here())
    asked = len(server.calls)
    with session(HASTY):
        again = read(provider(server), tmp_path, here())
    assert (again.state, len(server.calls), again.vintage) == (State.CACHED, asked, RELEASE)
    assert again.frame.geom_equals(first.frame).all()
    serve(server, {"part-0.parquet": packed(houses(WEST, SOUTH, 5))}, "2026-12-16.0")
    with session(Policy(**{**vars(HASTY), "refresh": True})):
        anew = read(provider(server), tmp_path, here())
    assert (anew.state, anew.vintage, len(anew.frame)) == (State.LIVE, "2026-12-16.0", 5)


def test_a_release_that_is_gone_and_a_catalogue_that_says_nothing_are_one_line(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    serve(server, {"part-0.parquet": packed(houses(WEST, SOUTH, 3))})
    del server.scripts[f"/{RELEASE}/collections.parquet"]
    with pytest.raises(SourceError, match=f"release {RELEASE} is no longer there.*--refresh"):
        read(provider(server), tmp_path, here())
    server.scripts["/catalog.json"] = lambda call: call.reply(b'{"type": "Catalog"}')
    with pytest.raises(SourceError, match="does not say which release is the latest"):
        read(provider(server), tmp_path / "other", here())
    with pytest.raises(ConfigError, match="for an area only"):
        read(provider(server), tmp_path, Wanted())


def test_rows_are_found_without_statistics_and_none_is_an_error(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    near, far = houses(WEST, SOUTH, 4), houses(WEST + 1, SOUTH, 4)
    serve(server, {"part-0.parquet": packed(near, far, statistics=False)})
    assert len(read(provider(server), tmp_path, here()).frame) == 4
    with pytest.raises(SourceError, match="nothing in the area"):
        read(provider(server), tmp_path, Wanted(area=shapely.box(3, 3, 3.01, 3.01)))


def test_buildings_of_overture_are_buildings_of_a_city(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    rows = houses(
        WEST + 0.001, SOUTH + 0.001, 6,
        **{
            "num_floors": [5, None, None, 2, 1, None],
            "height": [3.0, None, 8.0, None, None, None],
            "class": ["apartments", None, "school", None, "garage", None],
            "subtype": ["residential", "medical", "education", None, "outbuilding", None],
            "is_underground": [None, False, None, None, None, True],
        },
    )  # fmt: skip
    serve(server, {"part-0.parquet": packed(rows)})
    area = gpd.GeoDataFrame(
        {"zone_id": ["a"], "name": ["A"]},
        geometry=[shapely.box(WEST, SOUTH, WEST + 0.01, SOUTH + 0.01)], crs=4326,
    )  # fmt: skip
    area.to_file(tmp_path / "districts.gpkg")
    table = {"districts": [{"provider": "drawn", "file": "districts.gpkg"}]}
    listed = TypeAdapter(LayerProviders).validate_python(table)
    listed["buildings"] = [provider(server)]
    town = {"id": "t", "country": "UA", "crs": "EPSG:32635", "names": {"en": "T"}}
    city = TypeAdapter(City).validate_python(town | {"layers": listed})
    layer = collect(city, listed, tmp_path).layers["buildings"]
    frame = layer.frame.sort_values("building_id").reset_index(drop=True)
    assert len(frame) == 5  # the one under the ground is none
    told = frame[frame["use_origin"].eq("tagged")]
    assert told["use"].tolist() == ["apartment", "health", "education", "outbuilding"]
    floors = frame[frame["floors_origin"].eq("tagged")]
    assert floors["floors"].tolist() == [5, 2, 1]  # a height of 3 m takes nothing from five
    assert "register" not in set(frame["use_origin"]) | set(frame["floors_origin"])
    (origin,) = layer.provenance
    assert (origin.vintage, origin.licence) == (RELEASE, "ODbL 1.0")
    assert "Overture Maps Foundation" in origin.attribution
    (checkup,) = doctor(city)
    assert (checkup.answers, checkup.date) == (True, RELEASE)
