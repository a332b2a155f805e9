"""OGC API Features: pages of GeoJSON that name the next one.

OWSLib is not used: see `wfs`. What a service does not understand of a question it may leave out in
silence (GeoServer does), and would then send a whole country; so the count is looked at before the
second page is asked for.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin, urlsplit, urlunsplit

import shapely

from districttype.errors import SourceTruncatedError
from districttype.providers import OgcApi, Provider
from districttype.sources.download import Session, current
from districttype.sources.features import Pages, box_of, finish, numbers, refuse_too_many
from districttype.sources.gml import crs_of
from districttype.sources.placing import parse_crs
from districttype.sources.registry import WGS84, Raw, Wanted
from districttype.sources.transfer import Request

ACCEPT = {"Accept": "application/geo+json, application/json;q=0.9"}
MOST_PAGES = 10_000


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Read a collection.

    Raises
    ------
    SourceError
        If the service refuses, does not obey the filter, or gives less than it says.
    """
    assert isinstance(provider, OgcApi)
    request = first_request(provider, wanted)
    read_ = Pages()
    with current() as opened:
        for _ in range(MOST_PAGES):
            page = read_.fetch(opened, request, provider, directory)
            answer = read_.answers[-1]
            if answer.entry.content_crs:
                page.crs, turned = crs_of(answer.entry.content_crs)
                if turned:
                    page.shapes = [
                        shape and shapely.transform(shape, lambda xy: xy[:, ::-1])
                        for shape in page.shapes
                    ]
            if len(read_.pages) == 1:
                read_.total = page.matched
                refuse_too_many(read_.total, provider, wanted)
            following = page.links.get("next", "")
            silent = not following and read_.total is None and len(read_.pages) == 1
            if silent and len(page.rows) == provider.page:
                raise SourceTruncatedError(
                    f"sent the {provider.page:,} rows asked for, and neither says how many there "
                    "are nor where the next page is",
                    where=provider.provider,
                    todo="ask for more at once: page = ...",
                )
            if not following or not page.rows:
                break
            request = Request(
                _same_way(urljoin(request.url, following), provider.url),
                headers=ACCEPT,
                name=provider.collection,
                suffix=".json",
            )
        else:
            raise SourceTruncatedError("has no last page", where=provider.provider)
        read_.check(provider.provider)
        return finish(
            read_, provider, wanted, directory, address=f"{provider.url} {provider.collection}"
        )


def count(provider: OgcApi, directory: Path, opened: Session) -> tuple[str, int | None, str]:
    """Return the collection's name, how many rows it has (None if untold), and no date."""
    request = first_request(provider.model_copy(update={"page": 1}), Wanted())
    page = Pages().fetch(opened, request, provider, directory)
    return provider.collection, page.matched, ""


def first_request(provider: OgcApi, wanted: Wanted) -> Request:
    """Return the question for the first page; the others are asked as the service says."""
    params = {"limit": str(provider.page)}
    if provider.crs:
        code = parse_crs(provider.crs, where=provider.provider).to_epsg()
        params["crs"] = f"http://www.opengis.net/def/crs/EPSG/0/{code}"
    if provider.filter:
        params |= {"filter-lang": provider.filter_lang, "filter": provider.filter}
    else:
        box = box_of(wanted, WGS84)
        if box is not None:
            params["bbox"] = numbers(box)
    return Request(
        f"{provider.url.rstrip('/')}/collections/{provider.collection}/items",
        params=params | provider.params,
        headers=ACCEPT,
        name=provider.collection,
        suffix=".json",
    )


def _same_way(following: str, first: str) -> str:
    """Keep to https where a service behind a proxy writes its own links with http."""
    after, before = urlsplit(following), urlsplit(first)
    if after.hostname == before.hostname and before.scheme == "https":
        return urlunsplit(after._replace(scheme="https", netloc=before.netloc))
    return following
