"""What is read of an extract is what OSMnx reads of it: the same objects, the same areas."""

from __future__ import annotations

import gzip

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
