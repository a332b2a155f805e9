"""Answers of services, made by hand in the shape of captured ones, to be served by `faulty`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from servers.faulty import Call

AREA = (24.5, 60.1, 24.9, 60.3)  # a part of Espoo
E, N = 375_000.0, 6_677_000.0  # a place in it, EPSG:3067


def feature(
    number: int, properties: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A square of 10 m in Espoo, EPSG:3067."""
    x, y = E + 20 * number, N
    ring = [[x, y], [x + 10, y], [x + 10, y + 10], [x, y + 10], [x, y]]
    return {
        "type": "Feature",
        "id": f"layer.{number}",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"tunnus": f"{number:03}"} if properties is None else dict(properties),
        **more,
    }


def collection(features: Sequence[Any], **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **more}


def geojson(features: Sequence[Any], crs: str | None = "EPSG:3067", **more: Any) -> bytes:
    said = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    return json.dumps(collection(features, **said, **more)).encode()


def capabilities(
    *types: str, formats: Sequence[str] = ("application/json", "GML3"), crs: str = "EPSG:3067"
) -> bytes:
    """WFS 2.0.0 capabilities; DescribeFeatureType offers what GetFeature does not."""
    listed = "".join(
        f"<FeatureType><Name>{name}</Name><DefaultCRS>urn:ogc:def:crs:EPSG::{crs[5:]}</DefaultCRS>"
        "</FeatureType>"
        for name in types
    )
    values = "".join(f"<ows:Value>{name}</ows:Value>" for name in formats)
    return f"""<?xml version="1.0"?>
    <wfs:WFS_Capabilities version="2.0.0" xmlns="http://www.opengis.net/wfs/2.0"
      xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:ows="http://www.opengis.net/ows/1.1">
      <ows:OperationsMetadata>
        <ows:Operation name="DescribeFeatureType"><ows:Parameter name="outputFormat">
          <ows:AllowedValues><ows:Value>application/json</ows:Value></ows:AllowedValues>
        </ows:Parameter></ows:Operation>
        <ows:Operation name="GetFeature"><ows:Parameter name="outputFormat">
          <ows:AllowedValues>{values}</ows:AllowedValues></ows:Parameter></ows:Operation>
      </ows:OperationsMetadata>
      <FeatureTypeList>{listed}</FeatureTypeList>
    </wfs:WFS_Capabilities>""".encode()


def hits(number: int | str) -> bytes:
    return f'<wfs:FeatureCollection xmlns:wfs="w" numberMatched="{number}"/>'.encode()


class GeoServer:
    """Answers like a GeoServer: pages, hits, numberMatched."""

    def __init__(self, *types: str, rows: Sequence[Any], said: bool = True, **caps: Any) -> None:
        self.types, self.rows, self.said, self.caps = types, list(rows), said, caps
        self.cap: int | None = None
        self.asked: list[dict[str, str]] = []

    def __call__(self, call: Call) -> None:
        query = {key.lower(): value for key, value in call.query.items()}
        self.asked.append(query)
        if query["request"] == "GetCapabilities":
            call.reply(capabilities(*self.types, **self.caps), content_type="text/xml")
        elif query.get("resulttype") == "hits":
            call.reply(hits(len(self.rows)), content_type="text/xml")
        else:
            call.reply(self.page(query), content_type="application/json")

    def page(self, query: Mapping[str, str]) -> bytes:
        start = int(query.get("startindex", 0))
        count = int(query.get("count", query.get("maxfeatures", 10**6)))
        part = self.rows[start : start + min(count, self.cap or count)]
        more = {"numberMatched": len(self.rows)} if self.said else {}
        return geojson(part, **more)
