"""Geography Markup Language as services write it: 2.1, 3.1 and 3.2, all their geometry by name.

Our own reader, because the servers that matter here write what GDAL's does not give as it is: a
point and a polygon in one MultiGeometry, polyhedral surfaces for flat houses, no identifiers, no
schema to be had, a byte-order mark. It reads what it knows and refuses what it does not (arcs).
Coordinates come as x, y (easting, northing; longitude, latitude) whatever order the system's name
asks for. Values stay the text they are: '0111' is a code, not a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from lxml import etree
from pyproj import CRS
from pyproj.exceptions import CRSError as ProjError

from districttype.errors import SourceError, SourceTruncatedError
from districttype.sources.refusals import refusal

FEATURE_ID = "@id"
_ROOTS = ("FeatureCollection", "ValueCollection")
_MEMBERS = {"featureMember", "member", "featureMembers"}
_POSITIONS = {"pos", "posList", "coordinates", "coord"}
_CODE = re.compile(r"(?:EPSG|epsg)(?:\.xml)?(?:[:#/]+[\d.]*[:#/]+|[:#/]+)(\d+)$")
_PARTS = {"MultiPoint", "MultiLineString", "MultiCurve", "MultiPolygon", "MultiSurface",
          "MultiGeometry", "GeometryCollection", "MultiSolid"}  # fmt: skip


@dataclass
class Page:
    """One answer of a service: rows, and what it says of itself."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    shapes: list[Any] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    crs: CRS | None = None
    matched: int | None = None
    returned: int | None = None
    links: dict[str, str] = field(default_factory=dict)
    more: bool = False
    date: str = ""


def read_gml(path: Path, *, where: str) -> Page:
    """Read a feature collection.

    Raises
    ------
    SourceTruncatedError
        If the document ends before it is complete, or holds fewer rows than it says.
    SourceError
        If it is no feature collection: a service's exception, in its own words, or another thing.
    """
    with path.open("rb") as stream:
        head = stream.read(65536)
    said = refusal(head)
    if said is not None:
        raise SourceError(f"refuses: {said}", where=where)
    page = Page()
    inherited: dict[str, str] = {}
    try:
        with path.open("rb") as stream:
            if stream.read(3) != b"\xef\xbb\xbf":
                stream.seek(0)
            for kind, element in etree.iterparse(
                stream, events=("start", "end"), resolve_entities=False, no_network=True,
                huge_tree=True,
            ):  # fmt: skip
                if not isinstance(element.tag, str):
                    continue
                _one(kind, element, page, inherited, where)
    except etree.XMLSyntaxError as error:
        if _ends_early(path):
            raise SourceTruncatedError("the answer broke off", where=where) from None
        raise SourceError(f"sent no valid XML ({error.msg})", where=where) from None
    if page.returned is not None and page.returned != len(page.rows):
        raise SourceTruncatedError(
            f"sent {len(page.rows):,} rows and says they are {page.returned:,}", where=where
        )
    return page


def _ends_early(path: Path) -> bool:
    """Say whether a document that cannot be parsed lacks its end: not wrong, but broken off."""
    return not path.read_bytes().rstrip().endswith(tuple(f"{name}>".encode() for name in _ROOTS))


def _one(kind: str, element: Any, page: Page, inherited: dict[str, str], where: str) -> None:
    name = _local(element)
    parent = element.getparent()
    if kind == "start":
        if parent is None:
            if name not in _ROOTS:
                raise SourceError(f"sent <{name}> in place of features", where=where)
            page.matched = _whole(element.get("numberMatched"))
            page.returned = _whole(element.get("numberReturned") or element.get("numberOfFeatures"))
        return
    if name in {"Envelope", "Box"} and element.get("srsName"):
        inherited.setdefault("srsName", element.get("srsName"))
        if element.get("srsDimension"):
            inherited.setdefault("srsDimension", element.get("srsDimension"))
    if parent is None or _local(parent) not in _MEMBERS:
        return
    if _local(parent) != "featureMembers" and name in {"FeatureCollection", "Tuple"}:
        raise SourceError(f"sent a <{name}> for a row", where=where)
    row, shape, crs = _feature(element, inherited, where)
    page.rows.append(row)
    page.shapes.append(shape)
    page.ids.append(str(row.get(FEATURE_ID, "")))
    if crs is not None and page.crs is not None and crs != page.crs:
        raise SourceError("holds rows in several coordinate systems", where=where)
    page.crs = page.crs or crs
    element.clear()
    while element.getprevious() is not None:
        del parent[0]


def _feature(
    element: Any, inherited: dict[str, str], where: str
) -> tuple[dict[str, Any], Any, CRS | None]:
    row: dict[str, Any] = {}
    best, crs = None, None
    named = element.get("fid") or next(
        (value for key, value in element.attrib.items() if key.endswith("}id")), ""
    )
    if named:
        row[FEATURE_ID] = named
    for child in element:
        name = _local(child)
        if name in {"boundedBy", "location"} or not isinstance(child.tag, str):
            continue
        inner = next((c for c in child if isinstance(c.tag, str)), None)
        if inner is None:
            text = (child.text or "").strip()
            if text:
                row[name] = text
            continue
        if _local(inner) in _READ:
            shape, found = _geometry(inner, inherited, where)
            if best is None or _dimension(shape) > _dimension(best):
                best, crs = shape, found
        else:
            row |= {
                f"{name}.{_local(leaf)}": leaf.text.strip()
                for leaf in child.iter()
                if isinstance(leaf.tag, str) and not len(leaf) and (leaf.text or "").strip()
            }
    return row, best, crs


def _dimension(shape: Any) -> int:
    return int(shapely.get_dimensions(shape)) if shape is not None else -1


def _geometry(element: Any, inherited: dict[str, str], where: str) -> tuple[Any, CRS | None]:
    named = element.get("srsName") or next(
        (e.get("srsName") for e in element.iter() if e.get("srsName")),
        inherited.get("srsName", ""),
    )
    size = int(element.get("srsDimension") or inherited.get("srsDimension") or 2)
    try:
        shape = _shape(element, size)
    except (ValueError, IndexError, shapely.errors.GEOSException) as error:
        raise SourceError(f"holds a geometry that cannot be read ({error})", where=where) from None
    if not named:
        return shape, None
    crs, turned = crs_of(named)
    if crs is None:
        raise SourceError(f"names a coordinate system that is not known: {named}", where=where)
    if turned and shape is not None:
        shape = shapely.transform(shape, lambda xy: xy[:, ::-1])
    return shape, crs


@cache
def crs_of(name: str) -> tuple[CRS | None, bool]:
    """Return the system of an srsName, and whether its coordinates come y (north) first.

    Names in the form of a URN or of an opengis.net/def address promise the order of the EPSG
    register; 'EPSG:3879' and '...epsg.xml#3879' mean x, y.
    """
    if name.rstrip("/").endswith("CRS84"):
        return CRS.from_epsg(4326), False
    found = _CODE.search(name)
    try:
        crs = CRS.from_epsg(int(found[1])) if found else CRS.from_user_input(name)
    except ProjError:
        return None, False
    strict = name.lower().startswith("urn:") or "opengis.net/def/" in name
    return crs, strict and north_first(crs)


def north_first(crs: CRS) -> bool:
    """Say whether the register puts the northing or latitude of a system first."""
    axes = [axis.direction.lower() for axis in crs.axis_info[:2]]
    return axes[:1] == ["north"] or axes == ["south", "west"]


def _local(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _children(element: Any) -> Iterator[Any]:
    return (child for child in element if isinstance(child.tag, str))


def _numbers(element: Any, size: int) -> np.ndarray:
    """Return the coordinates directly below an element, n × 2."""
    found: list[Any] = []
    for child in _children(element):
        name = _local(child)
        if name not in _POSITIONS:
            continue
        wide = int(child.get("srsDimension") or size)
        if name == "coord":
            found.append([[float(part.text) for part in _children(child)][:2]])
            continue
        text = child.text or ""
        if name == "coordinates":
            cs, ts, dot = (child.get(k, d) for k, d in (("cs", ","), ("ts", " "), ("decimal", ".")))
            pairs = [t for t in (text.split() if ts == " " else text.split(ts)) if t.strip()]
            wide = len(pairs[0].split(cs)) if pairs else size
            flat = [p.replace(dot, ".") for pair in pairs for p in pair.split(cs)]
        else:
            flat = text.split()
            if name == "pos":
                wide = len(flat)
            elif wide == 2 and _local(element) == "LinearRing" and _closes_in_three(flat):
                wide = 3
        values = np.array(flat, dtype=float)
        if wide < 2 or len(values) % wide:
            raise ValueError(f"{len(values)} numbers do not make points of {wide}")
        found.append(values.reshape(-1, wide)[:, :2])
    # pointProperty / pointMember inside a ring or line
    for child in _children(element):
        if _local(child) in {"pointProperty", "pointRep"}:
            found += [_numbers(point, size) for point in _children(child)]
    return np.concatenate(found) if found else np.empty((0, 2))


def _closes_in_three(flat: list[str]) -> bool:
    """Say whether a ring ends where it began only if read as x, y, z: not all say that they are."""
    return len(flat) % 3 == 0 and flat[:3] == flat[-3:] and flat[:2] != flat[-2:]


def _shape(element: Any, size: int) -> Any:
    size = int(element.get("srsDimension") or size)
    read = _READ.get(_local(element))
    if read is None:
        raise ValueError(f"{_local(element)} is a kind that is not known")
    return read(element, size)


def _point(element: Any, size: int) -> Any:
    xy = _numbers(element, size)
    return shapely.points(xy[0]) if len(xy) else None


def _line(element: Any, size: int) -> Any:
    xy = _path(element, size)
    return shapely.linestrings(xy) if len(xy) else None


def _path(element: Any, size: int) -> np.ndarray:
    """Return the coordinates of a line, curve or ring, its pieces joined."""
    name = _local(element)
    if name in {"LineString", "LinearRing", "LineStringSegment"}:
        return _numbers(element, size)
    if name in {"Curve", "CompositeCurve", "Ring", "OrientableCurve"}:
        pieces = [
            _path(piece, size)
            for holder in _children(element)
            if _local(holder) in {"segments", "curveMember", "baseCurve", "curveMembers"}
            for piece in _children(holder)
        ]
        if element.get("orientation") == "-":
            pieces = [piece[::-1] for piece in pieces]
        return _joined(pieces)
    raise ValueError(f"{name} is a curve that is not known")


def _joined(pieces: list[np.ndarray]) -> np.ndarray:
    pieces = [piece for piece in pieces if len(piece)]
    if not pieces:
        return np.empty((0, 2))
    joined = [pieces[0]]
    for piece in pieces[1:]:
        same = np.array_equal(joined[-1][-1], piece[0])
        joined.append(piece[1:] if same else piece)
    return np.concatenate(joined)


def _polygon(element: Any, size: int) -> Any:
    shell, holes = None, []
    for holder in _children(element):
        role = _local(holder)
        if role not in {"exterior", "outerBoundaryIs", "interior", "innerBoundaryIs"}:
            continue
        for ring in _children(holder):
            xy = _path(ring, size)
            if len(xy) < 4:
                continue
            if role in {"exterior", "outerBoundaryIs"}:
                shell = xy
            else:
                holes.append(xy)
    if shell is None:
        return None
    rings = shapely.linearrings(shell)
    return shapely.polygons(rings, [shapely.linearrings(hole) for hole in holes] or None)


def _surface(element: Any, size: int) -> Any:
    """Read a surface of patches (PolyhedralSurface too): the area that they cover together."""
    patches = [
        _polygon(patch, size)
        for holder in _children(element)
        if _local(holder) in {"patches", "polygonPatches", "trianglePatches"}
        for patch in _children(holder)
    ]
    if not patches:  # some write the patches without a holder
        patches = [_polygon(p, size) for p in _children(element) if "Patch" in _local(p)]
    return _union([patch for patch in patches if patch is not None])


def _union(shapes: list[Any]) -> Any:
    if len(shapes) <= 1:
        return shapes[0] if shapes else None
    return shapely.union_all(shapely.make_valid(np.array(shapes, dtype=object)))


def _composite(element: Any, size: int) -> Any:
    shapes = [_shape(part, size) for holder in _children(element) for part in _children(holder)]
    return _union([shape for shape in shapes if shape is not None])


def _collection(element: Any, size: int) -> Any:
    shapes = []
    for holder in _children(element):
        if _local(holder) in {"boundedBy", "name", "description"}:
            continue
        shapes += [_shape(part, size) for part in _children(holder)]
    parts = np.array([shape for shape in shapes if shape is not None], dtype=object)
    if not len(parts):
        return None
    flat = shapely.get_parts(parts)
    kinds = set(shapely.get_type_id(flat).tolist())
    build: dict[int, Callable[..., Any]] = {
        0: shapely.multipoints, 1: shapely.multilinestrings, 3: shapely.multipolygons,
    }  # fmt: skip
    if len(kinds) == 1 and (kind := kinds.pop()) in build:
        return build[kind](flat)
    return shapely.geometrycollections(flat)


_READ: dict[str, Callable[[Any, int], Any]] = {
    "Point": _point,
    **dict.fromkeys(("LineString", "Curve", "CompositeCurve", "OrientableCurve"), _line),
    **dict.fromkeys(("Polygon", "PolygonPatch"), _polygon),
    **dict.fromkeys(("Surface", "PolyhedralSurface", "TriangulatedSurface", "Tin"), _surface),
    **dict.fromkeys(("CompositeSurface", "OrientableSurface"), _composite),
    **dict.fromkeys(_PARTS, _collection),
}
