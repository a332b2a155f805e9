"""GML as services write it, in all its dialects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from districttype.errors import SourceError, SourceTruncatedError
from districttype.sources.gml import read_gml
from districttype.sources.wfs import read_hits


def collection(*geometries: str, gml: str = "http://www.opengis.net/gml", root: str = "") -> bytes:
    members = "".join(
        f"<gml:featureMember><a:thing><a:n>{n}</a:n><a:shape>{geometry}</a:shape></a:thing>"
        "</gml:featureMember>"
        for n, geometry in enumerate(geometries)
    )
    return (
        f'<wfs:FeatureCollection xmlns:wfs="w" xmlns:a="a" xmlns:gml="{gml}" {root}>{members}'
        "</wfs:FeatureCollection>"
    ).encode()


def shapes(path: Path, *geometries: str, **more: str) -> list[shapely.Geometry | None]:
    file = path / "answer.gml"
    file.write_bytes(collection(*geometries, **more))
    return read_gml(file, where="P").shapes


def test_heights_of_a_ring_that_does_not_say_it_has_them_are_no_places(tmp_path: Path) -> None:
    ring = (
        "<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>"
        "0 0 7 10 0 7 10 10 8 0 0 7</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
    )
    (shape,) = shapes(tmp_path, ring)
    assert shape is not None
    assert shape.equals(shapely.Polygon([(0, 0), (10, 0), (10, 10)]))


def test_features_in_two_coordinate_systems_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="several coordinate systems"):
        shapes(
            tmp_path,
            '<gml:Point srsName="EPSG:3067"><gml:pos>1 2</gml:pos></gml:Point>',
            '<gml:Point srsName="EPSG:3879"><gml:pos>1 2</gml:pos></gml:Point>',
        )


def test_nested_elements_become_paths(tmp_path: Path) -> None:
    file = tmp_path / "a.gml"
    inner = "<a:osoite><a:nimi><a:teksti>Otakaari</a:teksti></a:nimi></a:osoite>"
    point = "<gml:Point><gml:pos>1 2</gml:pos></gml:Point>"
    body = collection(point).replace(b"<a:n>0</a:n>", inner.encode())
    file.write_bytes(body)
    assert read_gml(file, where="P").rows == [{"osoite.teksti": "Otakaari"}]


@pytest.mark.parametrize(
    ("geometry", "wkt"),
    [
        ("<gml:Point><gml:coord><gml:X>1</gml:X><gml:Y>2</gml:Y></gml:coord></gml:Point>",
         "POINT (1 2)"),
        ("<gml:Point><gml:pos>1 2 30</gml:pos></gml:Point>", "POINT (1 2)"),
        ("<gml:LineString><gml:posList>0 0 1 1</gml:posList></gml:LineString>",
         "LINESTRING (0 0, 1 1)"),
        ('<gml:LineString srsDimension="3"><gml:posList>0 0 9 1 1 9</gml:posList></gml:LineString>',
         "LINESTRING (0 0, 1 1)"),
        (('<gml:LineString><gml:coordinates cs=" " ts=";" decimal=",">0,5 0;1 1</gml:coordinates>'
         "</gml:LineString>"), "LINESTRING (0.5 0, 1 1)"),
        (("<gml:MultiCurve><gml:curveMember><gml:LineString><gml:posList>0 0 1 1</gml:posList>"
         "</gml:LineString></gml:curveMember><gml:curveMember><gml:LineString><gml:posList>2 2 3 3"
         "</gml:posList></gml:LineString></gml:curveMember></gml:MultiCurve>"),
         "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))"),
        (("<gml:MultiPoint><gml:pointMember><gml:Point><gml:pos>1 1</gml:pos></gml:Point>"
         "</gml:pointMember><gml:pointMember><gml:Point><gml:pos>2 2</gml:pos></gml:Point>"
         "</gml:pointMember></gml:MultiPoint>"), "MULTIPOINT (1 1, 2 2)"),
    ],
)  # fmt: skip
def test_kinds_of_geometry(tmp_path: Path, geometry: str, wkt: str) -> None:
    for gml in ("http://www.opengis.net/gml", "http://www.opengis.net/gml/3.2"):
        (found,) = shapes(tmp_path, geometry, gml=gml)
        assert shapely.equals_exact(found, shapely.from_wkt(wkt))


def test_arcs_are_refused(tmp_path: Path) -> None:
    arc = "<gml:Arc><gml:posList>0 0 1 1 2 0</gml:posList></gml:Arc>"
    with pytest.raises(SourceError, match="Arc is a curve that is not known"):
        shapes(tmp_path, f"<gml:Curve><gml:segments>{arc}</gml:segments></gml:Curve>")


def test_a_ring_of_two_points_is_no_area(tmp_path: Path) -> None:
    ring = "<gml:LinearRing><gml:posList>0 0 1 1</gml:posList></gml:LinearRing>"
    outline = f"<gml:exterior>{ring}</gml:exterior>"
    assert shapes(tmp_path, f"<gml:Polygon>{outline}</gml:Polygon>") == [None]


def test_truncated_and_broken_documents_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "a.gml"
    whole = collection("<gml:Point><gml:pos>1 2</gml:pos></gml:Point>")
    for length in (0, 40, 200, len(whole) - 5):
        file.write_bytes(whole[:length])
        with pytest.raises(SourceTruncatedError, match="broke off"):
            read_gml(file, where="P")
    file.write_bytes(whole.replace(b"<a:n>", b"<a:n&>"))
    with pytest.raises(SourceError, match="no valid XML") as fault:
        read_gml(file, where="P")
    assert not isinstance(fault.value, SourceTruncatedError)


def test_entities_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cr3t")
    body = collection("<gml:Point><gml:pos>1 2</gml:pos></gml:Point>")
    file = tmp_path / "a.gml"
    file.write_bytes(
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'.encode()
        + body.replace(b"<a:n>0", b"<a:n>&e;")
    )
    assert "s3cr3t" not in str(read_gml(file, where="P").rows)


def test_counts_of_hits() -> None:
    def hits(said: str) -> int | None:
        body = f'\n<wfs:FeatureCollection xmlns:wfs="w" {said}/>'.encode()
        return read_hits(body, where="P")

    assert hits('numberMatched="154"') == 154
    assert hits('numberOfFeatures="7"') == 7
    assert hits('numberMatched="unknown"') is None


@st.composite
def polygons(draw: st.DrawFn) -> shapely.Geometry:
    """Draw one or two squares apart, with or without a hole."""
    number = st.integers(-5_000_000, 5_000_000).map(lambda n: n / 1000)
    x, y, side = draw(number), draw(number), draw(st.integers(10, 1000))
    parts = []
    for part in range(draw(st.integers(1, 2))):
        square = shapely.box(x + part * 3000, y, x + part * 3000 + side, y + side)
        if draw(st.booleans()):
            square = square.difference(square.buffer(-side / 4, join_style="mitre"))
        parts.append(square)
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def as_gml(shape: shapely.Geometry, *, version: int) -> str:
    def ring(line: shapely.Geometry) -> str:
        pairs = shapely.get_coordinates(line)
        if version == 2:
            text = " ".join(f"{x!r},{y!r}" for x, y in pairs.tolist())
            return f"<gml:LinearRing><gml:coordinates>{text}</gml:coordinates></gml:LinearRing>"
        text = " ".join(repr(n) for n in pairs.ravel().tolist())
        return f"<gml:LinearRing><gml:posList>{text}</gml:posList></gml:LinearRing>"

    outer, inner = (
        ("outerBoundaryIs", "innerBoundaryIs") if version == 2 else ("exterior", "interior")
    )
    made = []
    for part in shapely.get_parts(shape):
        holes = "".join(f"<gml:{inner}>{ring(hole)}</gml:{inner}>" for hole in part.interiors)
        made.append(
            f"<gml:Polygon><gml:{outer}>{ring(part.exterior)}</gml:{outer}>{holes}</gml:Polygon>"
        )
    if len(made) == 1:
        return made[0]
    member = "polygonMember" if version == 2 else "surfaceMember"
    multi = "MultiPolygon" if version == 2 else "MultiSurface"
    return (
        f"<gml:{multi}>"
        + "".join(f"<gml:{member}>{m}</gml:{member}>" for m in made)
        + f"</gml:{multi}>"
    )


@given(st.lists(polygons(), min_size=1, max_size=5), st.sampled_from([2, 3]))
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[shapely.Geometry], version: int
) -> None:
    file = tmp_path_factory.mktemp("gml") / "a.gml"
    file.write_bytes(collection(*(as_gml(shape, version=version) for shape in drawn)))
    found = np.array(read_gml(file, where="P").shapes, dtype=object)
    assert shapely.equals_exact(found, np.array(drawn, dtype=object)).all()
