"""Small maps as SVG: each zone's shape once, used again in every colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from markupsafe import Markup

WIDTH = 1000.0
"""Units across a map."""


@dataclass(frozen=True)
class Sheet:
    """A map's frame: where its corner lies in the city's CRS, and how many units a metre has."""

    west: float
    north: float
    scale: float
    height: float

    @property
    def box(self) -> str:
        """Return the frame as SVG states it."""
        return f"0 0 {WIDTH:.0f} {self.height:.0f}"

    def path(self, shape: shapely.Geometry) -> str:
        """Return the outline of polygons, or the course of lines, as an SVG path in whole units."""
        parts = []
        for part in shapely.get_parts(shape):
            rings = shapely.get_rings(part) if part.geom_type == "Polygon" else [part]
            for ring in rings:
                points = self.points(shapely.get_coordinates(ring))
                moved = np.diff(points, axis=0)
                moved = moved[(moved != 0).any(axis=1)]
                if len(moved) < (3 if part.geom_type == "Polygon" else 1):
                    continue
                steps = "".join(f"{x} {y} " for x, y in moved)
                close = "z" if part.geom_type == "Polygon" else ""
                parts.append(f"M{points[0][0]} {points[0][1]}l{steps.rstrip()}{close}")
        return "".join(parts).replace(" -", "-")

    def points(self, xy: np.ndarray) -> np.ndarray:
        """Return coordinates in the map's whole units."""
        east = (xy[:, 0] - self.west) * self.scale
        south = (self.north - xy[:, 1]) * self.scale
        return np.round(np.column_stack([east, south])).astype(int)


def sheet(bounds: Iterable[float], *, margin: float = 0.02, ratio: float | None = None) -> Sheet:
    """Return a frame round bounds (west, south, east, north), widened to a ratio of its sides."""
    west, south, east, north = bounds
    wide, high = max(east - west, 1.0), max(north - south, 1.0)
    if ratio is not None:
        grown_wide, grown_high = max(wide, high * ratio), max(high, wide / ratio)
        west, east = west - (grown_wide - wide) / 2, east + (grown_wide - wide) / 2
        south, north = south - (grown_high - high) / 2, north + (grown_high - high) / 2
        wide, high = grown_wide, grown_high
    pad = margin * wide
    scale = WIDTH / (wide + 2 * pad)
    return Sheet(west - pad, north + pad, scale, (high + 2 * pad) * scale)


def definitions(shapes: gpd.GeoSeries, frame: Sheet, prefix: str) -> Markup:
    """Return every shape as a path to be used again, named by its place in the table."""
    paths = (f'<path id="{prefix}{i}" d="{frame.path(shape)}"/>' for i, shape in enumerate(shapes))
    return Markup("".join(paths))  # noqa: S704 - numbers only


def coloured(colours: Iterable[str], prefix: str) -> Markup:
    """Return all shapes, each filled with its colour."""
    groups: dict[str, list[int]] = {}
    for i, colour in enumerate(colours):
        groups.setdefault(colour, []).append(i)
    return Markup("").join(
        Markup('<g fill="{}">{}</g>').format(
            colour,
            Markup("").join(Markup('<use href="#{}{}"/>').format(prefix, i) for i in members),
        )
        for colour, members in groups.items()
    )


def scale_bar(frame: Sheet, *, share: float = 0.22) -> Mapping[str, float]:
    """Return a round length in metres and how many units it takes."""
    most = WIDTH * share / frame.scale
    power = 10 ** np.floor(np.log10(most))
    length = float(max(m * power for m in (1, 2, 5) if m * power <= most))
    return {"metres": length, "units": length * frame.scale}
