"""Extracts of OpenStreetMap drawn by hand, object by object."""

from __future__ import annotations

from pathlib import Path


def square(first: int, x: float, y: float, size: float) -> tuple[str, str]:
    """Return four nodes numbered from `first`, and the references that close a ring of them."""
    corners = [(x, y), (x + size, y), (x + size, y + size), (x, y + size)]
    nodes = "".join(
        f'<node id="{first + i}" lon="{lon}" lat="{lat}" version="1"/>'
        for i, (lon, lat) in enumerate(corners)
    )
    refs = "".join(f'<nd ref="{first + i % 4}"/>' for i in range(5))
    return nodes, refs


def tags(**values: str) -> str:
    return "".join(f'<tag k="{k.replace("__", ":")}" v="{v}"/>' for k, v in values.items())


def way(number: int, refs: str, **values: str) -> str:
    return f'<way id="{number}" version="1">{refs}{tags(**values)}</way>'


def relation(number: int, members: list[tuple[int, str]], **values: str) -> str:
    parts = "".join(f'<member type="way" ref="{ref}" role="{role}"/>' for ref, role in members)
    return f'<relation id="{number}" version="1">{parts}{tags(**values)}</relation>'


def extract(folder: Path, *parts: str, name: str = "x.osm") -> Path:
    path = folder / name
    head = '<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">'
    path.write_text(head + "".join(parts) + "</osm>", encoding="utf-8")
    return path
