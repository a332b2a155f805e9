"""What WFS, OGC API and ArcGIS have in common: pages of rows into one table that can be trusted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, floor
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from districttype.errors import SourceError, SourceTruncatedError
from districttype.provenance import State
from districttype.providers import FeatureService, Service
from districttype.sources.columns import find_column, require_column
from districttype.sources.download import Answer, Facts, Session
from districttype.sources.geometry import clean_frame
from districttype.sources.gml import Page, crs_of, read_gml
from districttype.sources.joining import join_to
from districttype.sources.placing import parse_crs, require_crs, settle
from districttype.sources.refusals import json_refusal, refusal
from districttype.sources.registry import Abundant, Raw, Wanted
from districttype.sources.texts import MENDED, mend_table
from districttype.sources.transfer import Request

MARGIN = 1500.0  # metres round the city: stations and parks just outside serve those inside
AT_ORIGIN = "rows at the point 0, 0 dropped"
DOUBLED = "rows given twice dropped"
OLDER = "older rows of an id dropped"
GEOMETRY = "geometry"


@dataclass
class Pages:
    """The pages of one reading, in order."""

    pages: list[Page] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    total: int | None = None

    @property
    def rows(self) -> int:
        """Return the rows read so far."""
        return sum(len(page.rows) for page in self.pages)

    @property
    def complete(self) -> bool:
        """Return whether nothing is missing of the total, as far as one is known."""
        return self.total is None or self.rows >= self.total

    def fetch(self, opened: Session, request: Request, provider: Service, directory: Path) -> Page:
        """Fetch (or take from the cache) one page and add it."""
        page, answer = fetch_page(opened, request, provider, directory)
        self.pages.append(page)
        self.answers.append(answer)
        return page

    def check(self, where: str) -> None:
        """Compare what was read with what the service says there is.

        Raises
        ------
        SourceTruncatedError
            If rows are missing, or pages overlap.
        """
        if not self.complete:
            raise SourceTruncatedError(
                f"sent {self.rows:,} rows of {self.total:,}",
                where=where,
                todo="try again later, or with a smaller page",
            )
        named = [name for page in self.pages for name in page.ids if name]
        doubled = len(named) - len(set(named))
        if doubled and len(self.pages) > 1:
            raise SourceTruncatedError(
                f"sent {doubled:,} rows on two pages, so that others are missing",
                where=where,
                todo="name a column that pages can be sorted by: sort = '...'",
            )


def fetch_page(
    opened: Session, request: Request, provider: Service, directory: Path
) -> tuple[Page, Answer]:
    """Fetch one page; it is read before it is accepted into the cache."""
    where = provider.provider
    read: list[Page] = []

    def inspect(path: Path, headers: Mapping[str, str]) -> Facts:
        page = read_page(path, where=where)
        read.append(page)
        return Facts(rows=len(page.rows), date=page.date)

    answer = opened.get(request, provider, directory, inspect)
    return (read[-1] if read else read_page(answer.path, where=where)), answer


def read_page(path: Path, *, where: str) -> Page:
    """Read an answer with features, whichever of the known forms it has.

    Raises
    ------
    SourceTruncatedError
        If it ends too early.
    SourceError
        If it is a refusal, in the service's words, or nothing that is known.
    """
    with path.open("rb") as stream:
        head = stream.read(65536).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<"):
        return read_gml(path, where=where)
    if head.startswith(b"PK\x03\x04"):
        raise SourceError("sent a zip in place of features", where=where, todo="name its `format`")
    if not head:
        raise SourceTruncatedError("sent nothing", where=where)
    if not head.startswith((b"{", b"[")):
        said: str | None = refusal(head) or head[:80].decode("utf-8", "replace")
        raise SourceError(f"sent no features but {said!r}", where=where)
    document = read_json(path, where=where)
    said = json_refusal(document)
    if said is not None:
        raise SourceError(f"refuses: {said}", where=where)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise SourceError("sent JSON without features", where=where)
    if "spatialReference" in document or "geometryType" in document or _is_esri(features):
        from districttype.sources.esri import esri_page  # noqa: PLC0415 - only where it is met

        return esri_page(document, where=where)
    return _geojson(document, where)


def read_json(path: Path, *, where: str) -> Any:
    """Read a JSON document; one that ends too early is truncated, not wrong."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        if error.pos >= len(error.doc.rstrip()) - 1 or "Unterminated" in error.msg:
            raise SourceTruncatedError("the answer broke off", where=where) from None
        raise SourceError(f"sent no valid JSON ({error})", where=where) from None
    except UnicodeDecodeError:
        raise SourceError("sent JSON that is not UTF-8", where=where) from None


def _is_esri(features: list[Any]) -> bool:
    return bool(features) and "attributes" in features[0] and "type" not in features[0]


def _geojson(document: dict[str, Any], where: str) -> Page:
    features = document["features"]
    shapes = from_geojson([feature.get("geometry") for feature in features], where=where)
    name = ((document.get("crs") or {}).get("properties") or {}).get("name", "")
    crs = crs_of(str(name))[0] if name else None  # order is x, y whatever the name asks for
    matched = document.get("numberMatched", document.get("totalFeatures"))
    more = document.get("exceededTransferLimit") or (document.get("properties") or {}).get(
        "exceededTransferLimit"
    )
    page = Page(
        rows=[dict(feature.get("properties") or {}) for feature in features],
        shapes=shapes,
        ids=[str(feature.get("id") or "") for feature in features],
        crs=crs,
        matched=matched if isinstance(matched, int) else None,
        returned=document.get("numberReturned"),
        links={
            str(link.get("rel")): str(link.get("href"))
            for link in document.get("links") or []
            if isinstance(link, dict)
        },
        more=bool(more),
    )
    if isinstance(page.returned, int) and page.returned != len(features):
        raise SourceTruncatedError(
            f"sent {len(features):,} rows and says they are {page.returned:,}", where=where
        )
    return page


def from_geojson(geometries: Sequence[Any], *, where: str) -> list[Any]:
    """Return the shapes of GeoJSON geometry objects, None for none."""
    texts = [json.dumps(geometry) if geometry else None for geometry in geometries]
    try:
        return list(shapely.from_geojson(np.array(texts, dtype=object)))
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        raise SourceError(f"holds a geometry that cannot be read ({error})", where=where) from None


def box_of(wanted: Wanted, crs: CRS) -> tuple[float, float, float, float] | None:
    """Return the box of the wanted area and its surroundings in a system, x before y.

    Rounded outwards, so that the same city asks the same question on every run.
    """
    if wanted.area is None:
        return None
    west, south, east, north = wanted.area.bounds
    margin = 0.0 if wanted.part else MARGIN
    wide = margin / (111_320 * max(0.1, np.cos(np.radians((south + north) / 2))))
    tall = margin / 111_320
    outline = shapely.segmentize(
        shapely.box(west - wide, south - tall, east + wide, north + tall), (east - west + 0.1) / 16
    )
    box = gpd.GeoSeries([outline], crs=4326).to_crs(crs).total_bounds
    step = 1e-3 if crs.is_geographic else 100.0
    low, high = [floor(v / step) for v in box[:2]], [ceil(v / step) for v in box[2:]]
    digits = 3 if crs.is_geographic else 0
    left, bottom, right, top = (round(v * step, digits) for v in (*low, *high))
    return left, bottom, right, top


def numbers(box: Sequence[float]) -> str:
    """Write a box for an address."""
    return ",".join(f"{value:.10g}" for value in box)


def finish(
    read: Pages,
    provider: FeatureService,
    wanted: Wanted,
    directory: Path,
    *,
    address: str,
    vintage: str = "",
) -> Raw:
    """Make one table of the pages: placed, valid, without doubles, of plausible size, joined.

    Raises
    ------
    SourceError
        If there are implausibly few or many rows: which, and the likely cause.
    CrsError
        If they lie somewhere else.
    """
    where = provider.provider
    changes: Counter[str] = Counter()
    frame = _table(read, provider, where)
    check_count(len(frame), provider, wanted, where)
    at_zero = shapely.equals(frame.geometry.to_numpy(), shapely.Point(0, 0))
    changes[AT_ORIGIN] = int(at_zero.sum())
    frame = clean_frame(frame[~at_zero], changes)
    if frame.empty and not wanted.part:
        raise SourceError("has no row with geometry", where=where)
    states = {answer.state for answer in read.answers}
    state = State.LIVE if State.LIVE in states else State.CACHED
    if frame.empty:
        return Raw(frame, state=state, address=address, vintage=vintage)
    frame, turned = settle(frame, wanted.area, where=where)
    changes.update(turned)
    frame = without_doubles(frame, provider, changes, where)
    frame, mended = mend_table(frame)
    changes[MENDED] += mended
    notes = [note for answer in read.answers for note in answer.notes] + read.notes
    frame = _with_empty(frame, provider, [] if wanted.part else notes)
    for join in provider.joins:
        frame = join_to(frame, join, directory, wanted, changes, notes)
    check_count(len(frame), provider, wanted, where)
    return Raw(
        frame,
        {name: count for name, count in changes.items() if count},
        state=state,
        address=address,
        vintage=vintage or next((a.entry.date for a in read.answers if a.entry.date), ""),
        notes=tuple(dict.fromkeys(notes)),
    )


def _table(read: Pages, provider: FeatureService, where: str) -> gpd.GeoDataFrame:
    parts = [page for page in read.pages if page.rows]
    if not parts:
        return gpd.GeoDataFrame({GEOMETRY: []}, geometry=GEOMETRY, crs=provider.crs or 4326)
    stated = {page.crs for page in parts if page.crs is not None}
    if len(stated) > 1:
        raise SourceError("holds rows in several coordinate systems", where=where)
    table = pd.DataFrame([row for page in parts for row in page.rows])
    shapes = np.array([None] * len(table), dtype=object)
    shapes[:] = [shape for page in parts for shape in page.shapes]
    if GEOMETRY in table.columns:
        table = table.rename(columns={GEOMETRY: "geometry_"})
    crs = stated.pop() if stated else None
    asked = parse_crs(provider.crs, where=where) if provider.crs else None
    degrees = _look_like_degrees(shapes)
    if crs is None:
        # GeoJSON without a word is in degrees, unless what we asked for cannot be in degrees.
        crs = asked if asked is not None and not (asked.is_projected and degrees) else None
        crs = crs or (CRS.from_epsg(4326) if degrees else None)
    elif crs.is_geographic and not degrees and asked is not None:
        crs = asked
    frame = gpd.GeoDataFrame(table, geometry=shapes, crs=crs)
    return require_crs(frame, None, where=where)


def _with_empty(
    frame: gpd.GeoDataFrame, provider: FeatureService, notes: list[str]
) -> gpd.GeoDataFrame:
    """Add the columns that a provider names and no row has: GML leaves out what is empty."""
    filled = {name for join in provider.joins for name in join.fill}
    absent = [
        name.split("|")[0]
        for name in dict.fromkeys(provider.columns.values())
        if find_column(frame, name) is None and name not in filled
    ]
    if absent:
        notes.append(f"no row has a value of {', '.join(absent)}")
    return frame.assign(**dict.fromkeys(absent, None))


def _look_like_degrees(shapes: np.ndarray) -> bool:
    box = shapely.total_bounds(shapes)
    return bool(np.isfinite(box).all() and np.abs(box).max() <= 180.0)


def check_count(rows: int, provider: Service, wanted: Wanted, where: str) -> None:
    """Refuse a table that is implausibly short or long, and name the likely cause."""
    refuse_too_many(rows, provider, replace(wanted, most=None))
    if rows >= provider.at_least or wanted.part:
        return
    what = f"gives {rows:,} rows where at least {provider.at_least:,} are plausible"
    box = wanted.area is not None and not getattr(provider, "filter", "")
    cause = (
        "perhaps it reads the box in another coordinate system or axis order (see `bbox`)"
        if box
        else "perhaps the layer or a value in the filter has another name now"
    )
    raise SourceError(what, where=where, todo=cause)


def refuse_too_many(total: int | None, provider: Service, wanted: Wanted) -> None:
    """Refuse before reading it what is more than can be: a filter was not obeyed.

    Raises
    ------
    SourceError
        If it is more than the provider says there can be.
    Abundant
        If it is more than is wanted at once, and a box asks for less.
    """
    boxed = wanted.area is not None and not getattr(provider, "filter", "")
    if total is not None and wanted.most is not None and total > wanted.most and boxed:
        raise Abundant(total)
    if total is not None and provider.at_most is not None and total > provider.at_most:
        raise SourceError(
            f"has {total:,} rows where at most {provider.at_most:,} are plausible: "
            "it seems not to obey the filter",
            where=provider.provider,
        )


def without_doubles(
    frame: gpd.GeoDataFrame, provider: Service, changes: Counter[str], where: str
) -> gpd.GeoDataFrame:
    """Drop rows given twice: by id where one is named (the latest stays), else those all alike."""
    if provider.id is None:
        shape = shapely.to_wkb(shapely.normalize(frame.geometry.to_numpy()))
        plain = frame.drop(columns=frame.geometry.name).astype("string").fillna("")
        again = plain.assign(**{"": pd.Series(shape, plain.index).map(hash)}).duplicated()
        changes[DOUBLED] += int(again.sum())
        return frame[~again.to_numpy()].reset_index(drop=True)
    name = require_column(frame, provider.id, where)
    kept = frame
    if provider.latest is not None:
        date = frame[require_column(frame, provider.latest, where)].astype("string")
        kept = frame.iloc[np.argsort(date.fillna("").to_numpy(), kind="stable")[::-1]]
    again = kept[name].notna() & kept[name].duplicated()
    changes[OLDER if provider.latest else DOUBLED] += int(again.sum())
    return kept[~again].sort_index().reset_index(drop=True)
