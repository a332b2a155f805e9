"""Extracts read window by window: each window is the whole reading, reduced to what touches it."""

from __future__ import annotations

import osmium
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from districttype.errors import SourceError, SourceUnavailableError
from districttype.sources import osmpass, osmtext
from districttype.sources.osmfile import read_extract
from districttype.sources.osmwindows import read_extract_windows
from districttype.sources.registry import Wanted
from osmdrawing import extract, relation, square, tags, way

WANTED = {
    "areas": Wanted(
        tags={"building": None, "landuse": None},
        shapes=frozenset({"area"}),
        columns=("building", "building:levels", "name", "landuse"),
    ),
    "lines": Wanted(tags={"highway": None}, shapes=frozenset({"line"}), columns=("highway",)),
    "points": Wanted(
        tags={"amenity": ["cafe"]}, shapes=frozenset({"point"}), columns=("amenity", "name")
    ),
    "none": Wanted(tags={"shop": None}, columns=("shop",)),
}
WEST, MIDDLE, EAST = (24.0, 60.0, 24.4, 60.5), (24.3, 60.0, 24.7, 60.5), (24.6, 60.0, 25.0, 60.5)
BOXES = [WEST, MIDDLE, EAST, (30.0, 60.0, 31.0, 61.0)]  # two that overlap, one that touches nothing


@pytest.fixture
def town() -> list[str]:
    """Objects, sorted; nodes of the object 1xx are numbered from 1xx0, of a ring 2xx from 2xx0."""
    nodes, ways = [], []

    def ring(number: int, x: float, size: float, y: float = 60.1, **values: str) -> None:
        corners, refs = square(number * 10, x, y, size)
        nodes.append(corners)
        ways.append(way(number, refs, **values))

    ring(101, 24.1, 0.01, building="west", building__levels="3", name="Äyräpää, 1=2 %")
    ring(102, 24.35, 0.01, building="between")  # where west and middle overlap
    ring(103, 24.39, 0.3, building="long")  # from west over middle to east
    ring(104, 24.9, 0.01, building="east")
    ring(105, 24.0, 0.4, y=60.45, building="north")  # reaches out of its box
    # A bow tie to the left of 24.3: the box of its nodes touches the middle, as its shape does.
    corners, _ = square(1060, 24.28, 60.2, 0.02)
    nodes.append(corners)
    bow_tie = "".join(f'<nd ref="{1060 + i}"/>' for i in (0, 2, 1, 3, 0))
    ways.append(way(106, bow_tie, landuse="crossed"))
    # A square with a spike that reaches into the middle, until it is repaired.
    corners, _ = square(1120, 24.1, 60.4, 0.01)
    nodes.append(corners + '<node id="1124" lon="24.35" lat="60.4" version="1"/>')
    spike = "".join(f'<nd ref="{1120 + i}"/>' for i in (0, 1, 4, 1, 2, 3, 0))
    # A path with a gap, from west to middle, and an area with one, in the east.
    path = "".join(
        f'<node id="{1070 + i}" lon="{24.2 + i / 20}" lat="60.3" version="1"/>' for i in range(5)
    )
    nodes.append(path)
    refs = "".join(f'<nd ref="{ref}"/>' for ref in (1070, 1071, 77, 1073, 1074))
    ways.append(way(107, refs, highway="path"))
    corners, refs = square(1080, 24.8, 60.3, 0.01)
    nodes.append(corners)
    ways.append(way(108, refs.replace('"1082"', '"77"'), building="gap"))
    ways.append(way(109, '<nd ref="77"/><nd ref="78"/><nd ref="79"/><nd ref="77"/>', building="?"))
    ways.append(way(112, spike, building="spike"))
    nodes.append(
        f'<node id="1100" lon="24.1" lat="60.2" version="1">{tags(amenity="cafe")}</node>'
        f'<node id="1101" lon="24.3" lat="60.2" version="1">{tags(amenity="cafe", name="B")}</node>'
        f'<node id="1102" lon="24.9" lat="60.2" version="1">{tags(amenity="pub")}</node>'
    )
    # A forest with a hole from west to east; a park of two parts whose tags are on its outer ways.
    ring(201, 24.2, 0.6)
    ring(202, 24.4, 0.01, y=60.2)
    ring(203, 24.05, 0.02, landuse="park", name="old")
    ring(204, 24.85, 0.02, landuse="park", name="old")
    ring(205, 24.86, 0.005, y=60.105, landuse="park", name="old")
    ways.append(way(206, '<nd ref="1010"/><nd ref="1011"/>'))
    old = [(203, "outer"), (204, "outer"), (205, "inner")]
    relations = [
        relation(1, [(201, "outer"), (202, "inner")], type="multipolygon", landuse="forest"),
        relation(2, old, type="multipolygon"),
        relation(3, [(206, "outer")], type="multipolygon", building="open"),
        relation(4, [(999, "outer")], type="multipolygon", building="cut off"),
        relation(5, [(101, "")], type="route", building="no area"),
    ]
    return [*nodes, *ways, *relations]


def windows(path, boxes, folder, wanted=WANTED):
    return list(read_extract_windows(path, wanted, boxes, folder))


def agree(path, boxes, folder, wanted=WANTED) -> None:
    whole = read_extract(path, wanted)
    read = windows(path, boxes, folder, wanted)
    assert len(read) == len(boxes)
    for (west, south, east, north), raws in zip(boxes, read, strict=True):
        assert list(raws) == list(wanted)
        for name, raw in raws.items():
            frame = whole[name].frame
            low_x, low_y, high_x, high_y = frame.bounds.to_numpy().T
            here = (low_x <= east) & (high_x >= west) & (low_y <= north) & (high_y >= south)
            assert_geodataframe_equal(raw.frame, frame[here].reset_index(drop=True))
            assert (raw.extent, raw.vintage, raw.address) == (
                whole[name].extent,
                whole[name].vintage,
                whole[name].address,
            )
    assert list(folder.iterdir()) == []


def test_each_window_has_what_touches_it_whole_and_in_order(tmp_path, town):
    room = tmp_path / "a, b"  # libosmium's index takes a comma for the end of a path
    room.mkdir()
    path = extract(tmp_path, *town)
    agree(path, BOXES, room)
    assert sorted(tmp_path.iterdir()) == [room, path]
    west, middle, east, nowhere = windows(path, BOXES, room)
    ways = {name: raws["areas"].frame.query("osm_type == 'way'")["osm_id"].tolist()
            for name, raws in (("west", west), ("middle", middle), ("east", east))}  # fmt: skip
    assert ways == {
        "west": [101, 102, 103, 105, 106, 112],
        "middle": [102, 103, 105, 106],
        "east": [103, 104],
    }
    relations = [raws["areas"].frame.query("osm_type == 'relation'") for raws in (west, middle)]
    # Of the park no part is in the middle, but its bounds are.
    assert [frame["osm_id"].tolist() for frame in relations] == [[1, 2], [1, 2]]
    assert shapely.area(relations[0].geometry.array).tolist() == pytest.approx(
        [0.6**2 - 0.01**2, 2 * 0.02**2 - 0.005**2]
    )
    assert relations[0]["name"].tolist() == [None, "old"]
    assert [len(raws["lines"].frame) for raws in (west, middle, east)] == [1, 1, 0]
    assert [raws["points"].frame["osm_id"].tolist() for raws in (west, middle, east)] == [
        [1100, 1101],
        [1101],
        [],
    ]
    assert all(raw.frame.empty and not raw.changes for raw in nowhere.values())


def test_what_is_set_aside_is_counted_where_it_is_or_else_in_the_first_window(tmp_path, town):
    west, middle, east, _ = windows(extract(tmp_path, *town), BOXES, tmp_path)
    assert west["areas"].changes == {
        "ways with missing nodes": 1,
        "invalid polygons repaired": 2,
        "broken relations set aside": 1,
        "incomplete relations set aside": 1,
    }
    assert middle["areas"].changes == {"invalid polygons repaired": 2}
    assert east["areas"].changes == {"ways with missing nodes": 1}
    assert [raws["lines"].changes for raws in (west, middle, east)] == [
        {"ways with missing nodes": 1},
        {"ways with missing nodes": 1},
        {},
    ]


@pytest.mark.parametrize("chunk", [300, 1 << 24])
def test_neither_order_nor_the_seams_of_the_text_matter(tmp_path, town, monkeypatch, chunk):
    room = tmp_path / "room"
    room.mkdir()
    whole = windows(extract(tmp_path, *town), BOXES, room)
    monkeypatch.setattr(osmtext, "CHUNK", chunk)
    half = len(town) // 2
    backwards = extract(tmp_path, *town[half:], *reversed(town[:half]), name="backwards.osm")
    packed = [tmp_path / "backwards.osm.pbf", tmp_path / "gaps.osm.pbf"]
    # Sorted, but what has gaps might not be: that shows when windows have blocks already.
    for source, path in zip((backwards, extract(tmp_path, *town)), packed, strict=True):
        with osmium.SimpleWriter(str(path)) as out, osmium.io.Reader(str(source)) as reader:
            osmium.apply(reader, out)
    for path in (backwards, *packed):
        agree(path, BOXES, room)
        for one, other in zip(windows(path, BOXES, room), whole, strict=True):
            for name in WANTED:
                assert_geodataframe_equal(one[name].frame, other[name].frame)
                assert one[name].changes == other[name].changes


def test_file_that_says_it_is_sorted_is_not_sorted_again_for_its_gaps(tmp_path, town, monkeypatch):
    source, path = extract(tmp_path, *town), tmp_path / "sorted.osm.pbf"
    header = osmium.io.Header()
    header.set("sorting", "Type_then_ID")
    with (
        osmium.SimpleWriter(str(path), header=header) as out,
        osmium.io.Reader(str(source)) as reader,
    ):
        osmium.apply(reader, out)
    whole = windows(source, BOXES, tmp_path)
    monkeypatch.setattr(osmpass, "_sorted", None)
    for one, other in zip(windows(path, BOXES, tmp_path), whole, strict=True):
        for name in WANTED:
            assert_geodataframe_equal(one[name].frame, other[name].frame)


def test_scratch_room_is_empty_when_the_reader_stops_early(tmp_path, town):
    room = tmp_path / "room"
    room.mkdir()
    reading = read_extract_windows(extract(tmp_path, *town), WANTED, BOXES, room)
    next(reading)
    reading.close()
    assert list(room.iterdir()) == []


def test_what_cannot_be_read_is_said_in_one_line(tmp_path):
    with pytest.raises(SourceUnavailableError, match="there is no such file"):
        windows(tmp_path / "nowhere.osm.pbf", BOXES, tmp_path)
    (tmp_path / "x.osm.pbf").write_bytes(b"this is no extract")
    with pytest.raises(SourceError, match="is no readable OpenStreetMap extract"):
        windows(tmp_path / "x.osm.pbf", BOXES, tmp_path)


@pytest.mark.parametrize(
    ("name", "box"),
    [
        ("cities/liechtenstein/liechtenstein_2013-08.osm.pbf", (9.46, 47.04, 9.65, 47.28)),
        pytest.param(
            "cities/liechtenstein/liechtenstein_2024-03.osm.pbf",
            (9.46, 47.04, 9.65, 47.28),
            marks=pytest.mark.slow,
        ),
        ("cities/broken_osm/graphhopper_Laufamholzstrasse_unsorted.osm", (11.1, 49.4, 11.2, 49.5)),
    ],
)
def test_windows_of_a_real_extract_are_its_parts(shared, tmp_path, name, box):
    """The extract of 2013 has multipolygons of the old style and does not say that it is sorted."""
    west, south, east, north = box
    x = [west + (east - west) * i / 3 for i in range(4)]
    y = [south + (north - south) * i / 2 for i in range(3)]
    boxes = [(x[i] - 0.002, y[j], x[i + 1], y[j + 1]) for j in range(2) for i in range(3)]
    agree(shared / name, boxes, tmp_path)
