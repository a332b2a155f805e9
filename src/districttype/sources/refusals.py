"""What a service says when it will not: exceptions, error objects and web pages in place of data.

HTTP 200 means nothing here. ArcGIS and Tekla answer a bad request with an XML exception and status
200, ArcGIS REST with a JSON error, and a portal between us and the service with a web page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from lxml import etree

LONGEST = 300
_ROOT = re.compile(
    rb"\s*(?:<\?.*?\?>|<!--.*?-->|<!doctype[^>]*>|\s)*<(?:[\w.-]+:)?([\w.-]+)", re.S | re.I
)
_MARKS = b"\xef\xbb\xbf \t\r\n"


def refusal(body: bytes) -> str | None:
    """Return the service's own words where an answer is a refusal, else None.

    `body` is an answer or its beginning, in any of the forms named above but JSON, whose refusals
    only a whole document shows (see `json_refusal`).
    """
    text = body.lstrip(_MARKS)
    root = _ROOT.match(text)
    if root is None:
        return None
    name = root[1].decode("ascii", "replace").lower()
    if name.endswith(("exceptionreport", "exception", "serviceexceptionreport")):
        return _exceptions(text)
    if name == "html":
        return _page(text)
    return None


def json_refusal(answer: Any) -> str | None:
    """Return the words of an ArcGIS, OGC API or problem-details error object, else None."""
    if not isinstance(answer, Mapping):
        return None
    error = answer.get("error")
    if isinstance(error, Mapping):
        details = "; ".join(str(detail) for detail in error.get("details") or [] if detail)
        return short(f"{error.get('code', '')} {error.get('message', '')} {details}")
    if isinstance(error, str):
        return short(error)
    if "features" in answer or ("type" in answer and "detail" not in answer):
        return None
    words = [
        str(answer[key]) for key in ("title", "code", "description", "detail") if answer.get(key)
    ]
    told = "detail" in answer or ("code" in answer and "description" in answer)
    return short(": ".join(words)) if told and words else None


def words(body: bytes) -> str:
    """Return something readable of any answer to a request that failed."""
    said = refusal(body)
    if said is None:
        text = body.decode("utf-8", "replace")
        said = short(re.sub(r"<[^>]*>", " ", text))
    return said


def short(text: str) -> str:
    """Return a text on one line, cut where it is long."""
    line = " ".join(unescape(text).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _exceptions(text: bytes) -> str:
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    root = etree.fromstring(text, parser)
    found = []
    for node in root.iter() if root is not None else ():
        if not isinstance(node.tag, str):
            continue
        name = etree.QName(node).localname
        if name in {"ExceptionText", "ServiceException"}:
            about = node if name == "ServiceException" else node.getparent()
            code = about.get("exceptionCode") or about.get("code") or ""
            where = about.get("locator") or ""
            said = " ".join("".join(node.itertext()).split())
            prefix = " ".join(part for part in (code, f"({where})" if where else "") if part)
            found.append(f"{prefix}: {said}" if prefix else said)
    if not found:
        codes = [node.get("exceptionCode") for node in root.iter("{*}Exception")]
        found = [code for code in codes if code] or ["an exception without words"]
    return short("; ".join(found))


def _page(text: bytes) -> str:
    title = re.search(rb"<title[^>]*>(.*?)</title>", text, re.S | re.I)
    said = title[1].decode("utf-8", "replace") if title else ""
    return short(f"a web page in place of data {said!r}" if said else "a web page in place of data")
