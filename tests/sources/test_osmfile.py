"""Extracts of OpenStreetMap, from drawings of a few nodes to the files that break readers."""

from __future__ import annotations

import gzip
import json
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

import osmium
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import wkt

from districttype.errors import SourceError, SourceUnavailableError
from districttype.sources import osmfile, osmpass
from districttype.sources.registry import Wanted
from osmdrawing import extract, relation, square, tags, way

AREAS = Wanted(
    tags={"building": None, "landuse": None},
    shapes=frozenset({"area"}),
    columns=("building", "building:levels", "name", "landuse"),
)


def read(path: Path, wanted: Wanted = AREAS):
    return osmfile.read_extract(path, {"": wanted})[""]


def test_closed_way_keeps_its_tags_in_any_script(tmp_path):
    nodes, refs = square(1, 24.0, 60.0, 0.01)
    raw = read(extract(tmp_path, nodes, way(9, refs, building="yes", name="Äyräpää, 1=2 % Львів")))
    row = raw.frame.iloc[0]
    assert (row["osm_type"], row["osm_id"], row["building"]) == ("way", 9, "yes")
    assert row["name"] == "Äyräpää, 1=2 % Львів"
    assert row["building:levels"] is None
    assert row.geometry.area == pytest.approx(1e-4)


@pytest.mark.parametrize("holes", [0, 1, 2])
def test_holes_are_no_building(tmp_path, holes):
    outer, outer_refs = square(1, 24.0, 60.0, 0.1)
    parts, members = [outer], [(101, "outer")]
    ways = [way(101, outer_refs)]
    for i in range(holes):
        nodes, refs = square(10 + 10 * i, 24.01 + 0.04 * i, 60.01, 0.02)
        parts.append(nodes)
        ways.append(way(102 + i, refs))
        members.append((102 + i, "inner"))
    path = extract(
        tmp_path, *parts, *ways, relation(1, members, type="multipolygon", building="yes")
    )
    frame = read(path).frame
    assert len(frame) == 1
    assert shapely.area(frame.geometry.iloc[0]) == pytest.approx(0.01 - holes * 0.0004)


def test_island_in_a_hole_is_building_again(tmp_path):
    rings = [square(1, 24.0, 60.0, 0.1), square(11, 24.02, 60.02, 0.06)]
    rings.append(square(21, 24.04, 60.04, 0.02))
    path = extract(
        tmp_path,
        *(nodes for nodes, _ in rings),
        *(way(101 + i, refs) for i, (_, refs) in enumerate(rings)),
        # Roles are wrong on purpose: what is inside is seen from the geometry.
        relation(1, [(103, "inner"), (101, ""), (102, "outer")], type="multipolygon", landuse="x"),
    )
    assert shapely.area(read(path).frame.geometry.iloc[0]) == pytest.approx(0.01 - 0.0036 + 0.0004)


def test_tags_on_the_outer_way_belong_to_the_whole(tmp_path):
    outer, outer_refs = square(1, 24.0, 60.0, 0.1)
    inner, inner_refs = square(11, 24.02, 60.02, 0.02)
    path = extract(
        tmp_path,
        outer,
        inner,
        way(101, outer_refs, building="yes", name="old"),
        way(102, inner_refs),
        relation(1, [(101, "outer"), (102, "inner")], type="multipolygon"),
    )
    frame = read(path).frame
    assert frame[["osm_type", "name"]].to_numpy().tolist() == [["relation", "old"]]
    assert shapely.area(frame.geometry.iloc[0]) == pytest.approx(0.01 - 0.0004)


def test_broken_and_incomplete_relations_are_set_aside_and_counted(tmp_path):
    nodes, refs = square(1, 24.0, 60.0, 0.1)
    path = extract(
        tmp_path,
        nodes,
        way(101, refs, building="yes"),
        way(102, '<nd ref="1"/><nd ref="2"/>'),
        relation(1, [(102, "outer")], type="multipolygon", building="open"),
        relation(2, [(999, "outer")], type="multipolygon", building="cut off"),
    )
    raw = read(path)
    assert raw.frame["building"].tolist() == ["yes"]
    assert raw.changes == {"broken relations set aside": 1, "incomplete relations set aside": 1}


def test_area_with_a_missing_node_is_set_aside(tmp_path):
    nodes, refs = square(1, 24.0, 60.0, 0.1)
    path = extract(tmp_path, nodes, way(1, refs.replace('"3"', '"77"'), building="yes"))
    raw = read(path)
    assert raw.frame.empty
    assert raw.changes == {"ways with missing nodes": 1}


def test_line_with_a_missing_node_has_a_gap(tmp_path):
    nodes = "".join(
        f'<node id="{i}" lon="{24 + i / 100}" lat="60" version="1"/>' for i in range(1, 6)
    )
    refs = "".join(f'<nd ref="{i}"/>' for i in (1, 2, 77, 4, 5))
    path = extract(
        tmp_path, nodes, way(1, refs, highway="path"), way(2, '<nd ref="1"/>', highway="x")
    )
    raw = read(path, Wanted(tags={"highway": None}, shapes=frozenset({"line"})))
    assert raw.frame.geometry.iloc[0].wkt == (
        "MULTILINESTRING ((24.01 60, 24.02 60), (24.04 60, 24.05 60))"
    )


def test_crossing_ring_is_repaired_and_counted(tmp_path):
    nodes, _ = square(1, 24.0, 60.0, 0.1)
    bow_tie = "".join(f'<nd ref="{i}"/>' for i in (1, 3, 2, 4, 1))
    raw = read(extract(tmp_path, nodes, way(1, bow_tie, building="yes")))
    assert raw.changes == {"invalid polygons repaired": 1}
    assert raw.frame.geometry.is_valid.all()
    assert shapely.area(raw.frame.geometry.iloc[0]) == pytest.approx(0.005)


def test_order_and_sign_of_ids_do_not_matter(tmp_path):
    nodes, refs = square(1, 24.0, 60.0, 0.1)
    hole, hole_refs = square(11, 24.02, 60.02, 0.02)
    body = [
        relation(1, [(101, "outer"), (102, "inner")], type="multipolygon", building="yes"),
        way(102, hole_refs), way(101, refs), hole, nodes,
    ]  # fmt: skip
    backwards = read(extract(tmp_path, *body)).frame
    negative = [part.replace('id="', 'id="-').replace('ref="', 'ref="-') for part in reversed(body)]
    lifted = read(extract(tmp_path, *negative, name="josm.osm")).frame
    for frame in (backwards, lifted):
        assert shapely.area(frame.geometry.array).tolist() == pytest.approx([0.01 - 0.0004])


def test_one_pass_serves_several_layers(tmp_path):
    nodes, refs = square(1, 24.0, 60.0, 0.1)
    cafe = '<node id="50" lon="24.05" lat="60.05" version="1">' + tags(amenity="cafe") + "</node>"
    path = extract(
        tmp_path,
        nodes,
        cafe,
        way(1, refs, building="yes", amenity="school"),
        way(2, '<nd ref="1"/><nd ref="2"/>', highway="path"),
        way(3, refs, highway="residential"),
        way(4, refs, highway="pedestrian", area="yes"),
    )
    raw = osmfile.read_extract(
        path,
        {
            "buildings": AREAS,
            "streets": Wanted(tags={"highway": None}, shapes=frozenset({"line"})),
            "services": Wanted(
                tags={"amenity": ["cafe", "school"]},
                shapes=frozenset({"point", "area"}),
                columns=("amenity",),
            ),
            "none": Wanted(tags={"shop": None}, columns=("shop",)),
        },
    )
    assert raw["buildings"].frame["osm_id"].tolist() == [1]
    assert sorted(raw["streets"].frame["osm_id"]) == [2, 3]
    assert sorted(raw["services"].frame["amenity"]) == ["cafe", "school"]
    assert raw["none"].frame.empty
    assert raw["none"].frame.crs == 4326


@pytest.mark.parametrize("large", [False, True])
def test_what_touches_the_area_comes_whole_and_the_rest_stays_out(tmp_path, monkeypatch, large):
    if large:
        monkeypatch.setattr(osmpass, "LARGE", 0)
    near, near_refs = square(1, 24.0, 60.0, 0.5)
    far, far_refs = square(11, 25.0, 61.0, 0.1)
    hole, hole_refs = square(21, 24.3, 60.3, 0.1)
    path = extract(
        tmp_path,
        near,
        far,
        hole,
        way(1, near_refs),
        way(2, far_refs, building="far"),
        way(3, hole_refs),
        relation(1, [(1, "outer"), (3, "inner")], type="multipolygon", building="near"),
    )
    frame = osmfile.read_extract(path, {"": AREAS}, area=shapely.box(24.0, 60.0, 24.01, 60.01))[
        ""
    ].frame
    assert frame["building"].tolist() == ["near"]
    assert shapely.area(frame.geometry.iloc[0]) == pytest.approx(0.25 - 0.01)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 6)), min_size=1, max_size=12
    )
)
def test_area_read_is_area_drawn(tmp_path_factory, squares):
    parts, ways, drawn = [], [], 0.0
    for i, (x, y, size) in enumerate(squares):
        nodes, refs = square(1 + 10 * i, 24 + x / 100, 60 + y / 100, size / 100)
        parts.append(nodes)
        ways.append(way(1 + i, refs, building="yes"))
        drawn += (size / 100) ** 2
    frame = read(extract(tmp_path_factory.mktemp("osm"), *parts, *ways)).frame
    assert shapely.area(frame.geometry.array).sum() == pytest.approx(drawn, rel=1e-6)
    assert frame["osm_id"].tolist() == list(range(1, 1 + len(squares)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.osm", b""),
        ("x.osm", b"<osm version='0.6'><node id='1' lon='24' lat='60'>"),
        ("x.osm", b"<osm version='0.6'><node id='1' lon='24' lat='60'></osm></node>"),
        ("x.osm.gz", gzip.compress(b"<osm version='0.6'></osm>" * 99)[:-20]),
        ("x.osm.pbf", b"\x00\x00\x00\x0e\n\tOSMHeader"),
        ("x.osm.pbf", b"this is no extract"),
    ],
    ids=["empty", "cut", "nesting", "gzip cut", "pbf cut", "nonsense"],
)
def test_unreadable_file_is_one_line(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read(tmp_path / name)
    assert str(caught.value).startswith(name)
    assert "\n" not in str(caught.value)


def test_missing_file_says_so(tmp_path):
    with pytest.raises(SourceUnavailableError, match="there is no such file"):
        read(tmp_path / "nowhere.osm.pbf")


@pytest.mark.parametrize(
    ("name", "buildings"),
    [
        ("cities/broken_osm/geoclimate_pont_de_veyle.osm.gz", 1529),
        ("cities/broken_osm/geoclimate_saint_jean.osm.gz", 650),
        ("cities/broken_osm/geoclimate_san_diego_complex_polygon.osm.gz", 27),
        ("cities/broken_osm/graphhopper_Laufamholzstrasse_unsorted.osm", 118),
        ("cities/nyc_baltimore_harrisburg/nyc_greenwich_heights_typesmixed.osm.pbf", 1525),
        ("cities/monaco/monaco_2021-04.osm.pbf", 1207),
        ("cities/liechtenstein/liechtenstein_2024-03.osm.pbf", 17717),
        ("helsinki/Helsinki.osm.pbf", 446),
        ("espoo/otaniemi_2026-03.osm", 80),
    ],
)
def test_real_files_give_every_building_that_is_whole(shared, name, buildings):
    """Nodes, relations of other types and ways that are cut off are no buildings."""
    raw = read(shared / name, Wanted(tags={"building": None}, shapes=frozenset({"area"})))
    assert len(raw.frame) == buildings
    assert raw.frame.geometry.is_valid.all()


@pytest.mark.slow
def test_grid_of_hard_multipolygons(shared):
    """The public grid of test cases: geometry and origin of every area, or a stated reason."""
    want = Wanted(
        tags={"landuse": None, "natural": None, "building": None}, shapes=frozenset({"area"})
    )
    # 926: a building within the hole of one is a building, though old readers dropped it.
    wrong, right = [], 0
    tar = tarfile.open(shared / "cities/broken_osm/osm-testdata_grid.tar.gz")  # noqa: SIM115
    with tar:
        cases = [name for name in tar.getnames() if name.endswith("test.json")]
        for case in cases:
            facts = json.load(tar.extractfile(case))
            if "areas" not in facts:
                continue
            data = tar.extractfile(case.replace("test.json", "data.osm")).read()
            frame = _read_bytes(data, want)
            if any(_agrees(frame, areas, want) for areas in facts["areas"].values()):
                right += 1
            else:
                wrong.append(facts["test_id"])
    assert wrong == [926]
    assert right == 101


def _read_bytes(data: bytes, want: Wanted):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.osm"
        path.write_bytes(data)
        return read(path, want).frame


def _agrees(frame, areas, want) -> bool:
    due = {
        (area["from_type"], area["from_id"]): wkt.loads(area["wkt"])
        for area in areas
        if area["wkt"] != "INVALID" and set(area.get("tags", {})) & set(want.tags)
    }
    got = dict(
        zip(zip(frame["osm_type"], frame["osm_id"], strict=True), frame.geometry, strict=True)
    )
    return set(due) == set(got) and all(got[key].equals(due[key]) for key in due)


@pytest.mark.parametrize(
    "name",
    [
        "cities/broken_osm/geoclimate_saint_jean.osm.gz",
        "cities/liechtenstein/liechtenstein_2024-03.osm.pbf",
        "cities/monaco/monaco_2021-04.osm.pbf",
        "espoo/otaniemi_2026-03.osm",
        "helsinki/Helsinki.osm.pbf",
    ],
)
def test_size_of_a_file_tells_how_many_objects_it_has_at_most(shared, name):
    keys = "building landuse highway amenity shop leisure natural railway public_transport office"
    held = len(read(shared / name, Wanted(tags=dict.fromkeys(keys.split()))).frame)
    assert held <= osmfile.objects_about(shared / name) <= 5 * held


def test_agrees_with_pyosmium_object_by_object(shared):
    """The fast way and the slow way find the same ways and relations with the same tags."""
    path = shared / "cities/monaco/monaco_2021-04.osm.pbf"
    slow = Counter()
    areas = (
        osmium.FileProcessor(str(path))
        .with_areas()
        .with_filter(osmium.filter.EntityFilter(osmium.osm.AREA))
        .with_filter(osmium.filter.KeyFilter("building"))
    )
    for area in areas:
        kind = "way" if area.from_way() else "relation"
        slow[kind, area.orig_id(), area.tags["building"], area.tags.get("name")] += 1
    frame = read(
        path,
        Wanted(tags={"building": None}, shapes=frozenset({"area"}), columns=("building", "name")),
    ).frame
    fast = Counter(
        frame[["osm_type", "osm_id", "building", "name"]].itertuples(index=False, name=None)
    )
    assert fast == slow
