"""Polygons burned into pixels tile by tile: the areas are those of the polygons."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from districttype.city import City
from districttype.errors import ConfigError, SourceError
from districttype.layers.live import doctor
from districttype.providers import Burned
from districttype.sources.burned import read
from districttype.sources.download import Session
from districttype.sources.registry import Wanted
from servers.faulty import Call, Server
from sources.quirks.answers import capabilities, hits

X, Y = 25_481_000, 6_671_000
SHAPES = {
    "built": [shapely.box(X, Y, X + 100, Y + 40), shapely.box(X + 400, Y, X + 420, Y + 20)],
    "trees_low": [shapely.box(X, Y + 40, X + 9000, Y + 140)],  # in two tiles
    "trees_high": [shapely.box(X, Y + 200, X + 60, Y + 260)],
    "rock": [],
}
CLASSES = {
    "built": [r"hsy:built_(?P<year>\d{4})"],
    "trees": [r"hsy:trees_low_(?P<year>\d{4})", r"hsy:trees_high_(?P<year>\d{4})"],
    "rock": [r"hsy:rock_(?P<year>\d{4})"],
}


class Hsy:
    """Serves what touches the box that is asked for."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    def __call__(self, call: Call) -> None:
        query = call.query
        self.asked.append(query)
        if query["REQUEST"] == "GetCapabilities":
            names = [f"hsy:{kind}_{year}" for kind in SHAPES for year in (2020, 2024)]
            call.reply(capabilities(*names, crs="EPSG:3879"))
            return
        if "resultType" in query:
            call.reply(hits(len(SHAPES["built"])))
            return
        box = shapely.box(*map(float, query.get("BBOX", "0,0,1e8,1e8").split(",")[:4]))
        kind, _, year = query["typeNames"].removeprefix("hsy:").rpartition("_")
        assert year == "2024"
        found = [shape for shape in SHAPES[kind] if shape.intersects(box)]
        rows = [
            {"type": "Feature", "id": f"{kind}.{n}", "properties": {},
             "geometry": shapely.geometry.mapping(shape)}
            for n, shape in enumerate(found)
        ]  # fmt: skip
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3879"}}
        document = {"type": "FeatureCollection", "features": rows, "numberMatched": len(rows)}
        call.reply(json.dumps(document | {"crs": crs}).encode())


def provider(server: Server, **more: object) -> Burned:
    table = {
        "provider": "HSY", "source": "burned", "url": server.url + "/wfs", "crs": "EPSG:3879",
        "classes": CLASSES,
    }  # fmt: skip
    return Burned.model_validate(table | more)


def around() -> Wanted:
    box = shapely.box(X - 500, Y - 500, X + 9500, Y + 500)
    return Wanted(area=gpd.GeoSeries([box], crs=3879).to_crs(4326).iloc[0])


def test_areas_of_classes_are_those_of_the_polygons(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    script = server.scripts["/wfs"] = Hsy()
    raw = read(provider(server), tmp_path, around())
    area = raw.frame.assign(area=raw.frame.area).groupby("class")["area"].sum().to_dict()
    assert area == {"built": 100 * 40 + 20 * 20, "trees": 9000 * 100 + 60 * 60}
    assert (raw.frame.crs.to_epsg(), raw.vintage) == (3879, "2024")
    assert {each["propertyName"] for each in script.asked if "propertyName" in each} == {"geom"}
    boxes = {each["BBOX"] for each in script.asked if "BBOX" in each}
    tiles = [shapely.box(*map(float, box.split(",")[:4])) for box in boxes]
    assert {tile.area for tile in tiles} == {5000.0**2}
    assert shapely.union_all(tiles).covers(shapely.box(X - 500, Y - 500, X + 9500, Y + 500))


def test_an_area_without_a_row_and_no_area_at_all(
    server: Server, hasty: Session, tmp_path: Path
) -> None:
    server.scripts["/wfs"] = Hsy()
    rocks = provider(server, classes={"rock": CLASSES["rock"]})
    with pytest.raises(SourceError, match="no row of any class in the area"):
        read(rocks, tmp_path, around())
    with pytest.raises(ConfigError, match="for an area only"):
        read(rocks, tmp_path, Wanted())


def test_doctor_counts_the_first_type(server: Server) -> None:
    server.scripts["/wfs"] = Hsy()
    town = City(
        id="town", country="FI", crs="EPSG:3067", names={"en": "Town"},
        layers={"land_cover": [provider(server)]},
    )  # fmt: skip
    (row,) = doctor(town)
    assert (row.answers, row.name, row.count, row.date) == (True, "hsy:built_2024", 2, "2024")
