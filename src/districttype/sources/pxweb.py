"""PxWeb: statistical tables by a question in JSON, answered in json-stat2.

Codes of variables and values hold dates ('alue_23_20260101'), so that they are looked up by their
text or role in the table's own description.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from districttype.errors import SourceError
from districttype.providers import Provider, PxWeb
from districttype.sources.download import Facts, Session, current
from districttype.sources.features import read_json
from districttype.sources.refusals import json_refusal
from districttype.sources.registry import Raw, Wanted
from districttype.sources.transfer import Request

VALUE = "value"
_METRICS = {"contents", "contentscode", "tiedot"}
_TIME = re.compile(r"((?:1[89]|2[01])\d\d)(?:\D{0,2}(\d{1,2}))?")  # 2025, 2025K4, 2025-11
_DATED = re.compile(r"(?:_\d+)?_\d{8}$|_\d{4}$")


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Refuse: a table of statistics has no places on the map, and serves no layer."""
    raise SourceError(
        "is a table without places on the map, which serves no layer", where=provider.provider
    )


def read_table(provider: PxWeb, directory: Path) -> pd.DataFrame:
    """Return a table: one column a variable (texts), `<variable>_code`, and `value` (NaN: unknown).

    Raises
    ------
    SourceError
        If the service refuses, or a variable or value asked for is not there.
    """
    with current() as opened:
        described = _ask(opened, provider, directory, Request(provider.url, name="about",
                                                              suffix=".json"))  # fmt: skip
        query = question(described, provider.select, where=provider.provider)
        request = Request(provider.url, json=query, name="table", suffix=".json")
        return from_json_stat(_ask(opened, provider, directory, request), where=provider.provider)


def _ask(opened: Session, provider: PxWeb, directory: Path, request: Request) -> dict[str, Any]:
    where = provider.provider

    def inspect(path: Path, headers: Mapping[str, str]) -> Facts:
        document = read_json(path, where=where)
        said = json_refusal(document)
        if said is not None or not isinstance(document, dict):
            raise SourceError(f"refuses: {said or 'no object'}", where=where)
        values = document.get("value")
        return Facts(
            rows=len(values) if values is not None else None,
            date=str(document.get("updated", ""))[:10],
        )

    answer = opened.get(request, provider, directory, inspect)
    document: dict[str, Any] = read_json(answer.path, where=where)
    return document


def question(
    described: Mapping[str, Any], select: Mapping[str, Iterable[str]], *, where: str
) -> dict[str, Any]:
    """Write the question: variables and values by text, by code, or by code without its date.

    Raises
    ------
    SourceError
        If one of them is not in the table: which, and what is there.
    """
    query = []
    for name, values in select.items():
        variable = _variable(described["variables"], name, where)
        codes = list(variable["values"])
        texts = list(variable.get("valueTexts") or codes)
        chosen = [code for value in values for code in _codes(value, codes, texts, name, where)]
        query.append({"code": variable["code"], "selection": {"filter": "item", "values": chosen}})
    return {"query": query, "response": {"format": "json-stat2"}}


def _variable(variables: Iterable[Mapping[str, Any]], name: str, where: str) -> Mapping[str, Any]:
    listed, wanted = list(variables), name.casefold()
    for fits in (
        lambda v: v["code"].casefold() == wanted,
        lambda v: str(v.get("text", "")).casefold() == wanted,
        lambda v: _DATED.sub("", v["code"]).casefold() == wanted,
        lambda v: wanted == "time" and bool(v.get("time")),
        lambda v: wanted == "time" and v["code"].startswith("timeperiod"),  # not all say so
        lambda v: wanted == "geo" and bool(v.get("map")),
        lambda v: wanted == "metric" and v["code"].casefold() in _METRICS,
    ):
        found = [variable for variable in listed if fits(variable)]
        if len(found) == 1:
            return found[0]
    raise SourceError(
        f"has no variable {name!r}", where=where,
        todo="it has " + ", ".join(f"{v['code']} ({v.get('text', '')})" for v in listed),
    )  # fmt: skip


def _codes(value: str, codes: list[str], texts: list[str], name: str, where: str) -> list[str]:
    if value == "*":
        return codes
    if value == "last":
        return [_newest(codes, texts, name, where)]
    wanted = value.casefold()
    for column in (codes, texts):
        found = [
            code for code, said in zip(codes, column, strict=True) if said.casefold() == wanted
        ]
        if found:
            return found[:1]
    raise SourceError(f"has no value {value!r} of {name}", where=where)


def _newest(codes: list[str], texts: list[str], name: str, where: str) -> str:
    """Return the code of the latest time: some tables number their years, and '9' is before '12'.

    Raises
    ------
    SourceError
        If neither codes nor texts begin with a year.
    """
    for column in (codes, texts):
        times = [_TIME.match(said) for said in column]
        if times and all(times):
            moments = [
                (int(t[1]), int(t[2] or 0), code) for t, code in zip(times, codes, strict=True) if t
            ]
            return max(moments)[2]
    raise SourceError(
        f"does not tell which value of {name} is the last", where=where,
        todo=f"name one of {', '.join(texts[:12])}",
    )  # fmt: skip


def from_json_stat(document: Mapping[str, Any], *, where: str) -> pd.DataFrame:
    """Return the rows of a json-stat2 dataset.

    Raises
    ------
    SourceError
        If it is none, or holds fewer values than its dimensions say.
    """
    try:
        names, sizes = list(document["id"]), list(document["size"])
        columns, labels = [], []
        for name in names:
            category = document["dimension"][name]["category"]
            said = category.get("label") or {}
            index = category.get("index") or list(said)
            codes = sorted(index, key=index.__getitem__) if isinstance(index, dict) else list(index)
            columns.append(codes)
            labels.append([said.get(code, code) for code in codes])
        raw = document["value"]
    except (KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"sent no json-stat2 table ({error})", where=where) from None
    count = 1
    for size, codes in zip(sizes, columns, strict=True):
        if size != len(codes):
            raise SourceError("states sizes that its dimensions do not have", where=where)
        count *= size
    values = [raw.get(str(n)) for n in range(count)] if isinstance(raw, dict) else list(raw)
    if len(values) != count:
        raise SourceError(f"sent {len(values):,} values of {count:,}", where=where)
    table = pd.DataFrame(list(product(*labels)), columns=names)
    coded = pd.DataFrame(list(product(*columns)), columns=[f"{name}_code" for name in names])
    table = table.join(coded)
    table[VALUE] = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").astype(float)
    return table
