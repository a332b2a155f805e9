"""Lots: rectangles along streets on which buildings may stand.

Each triangle of the network's triangulation is divided from its incentre into three parts, one a
side. What stands in the part beside its street crosses no street and no other part, so that no two
lots overlap, whatever their shape; nothing has to be tried and thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import shapely

from districttype.sources.figures.network import Network
from districttype.sources.figures.shapes import Bools, Floats, Ints, Pieces, Shapes

SETBACK_M = 8.0  # from the middle of the street to a building
SHALLOWEST_M = 11.0
DEEPEST_M = 46.0
NARROWEST_M = 14.0
WIDTH_M = 75.0
LEAST_LOTS = 16  # a district with anything to build gets so many
MOST_SPARES = 64


@dataclass(frozen=True)
class Lots:
    """Rectangles along streets.

    Attributes
    ----------
    start
        (k, 2) the corner at the street's end of the rectangle, on its street side.
    along, inward
        (k, 2) unit vectors along the street and away from it.
    width, depth
        (k,) metres.
    owner
        (k,) the district each lies in as a whole.
    """

    start: Floats
    along: Floats
    inward: Floats
    width: Floats
    depth: Floats
    owner: Ints

    def __len__(self) -> int:
        return len(self.owner)

    @property
    def middle(self) -> Floats:
        """Return the middle of each lot."""
        half = self.along * self.width[:, None] + self.inward * self.depth[:, None]
        return np.asarray(self.start + half / 2)

    @property
    def kerb(self) -> Floats:
        """Return the point of the street in front of the middle of each lot."""
        return np.asarray(
            self.start + self.along * self.width[:, None] / 2 - self.inward * SETBACK_M
        )

    @property
    def shapes(self) -> Shapes:
        """Return the lots as polygons."""
        return rectangles(self.start, self.along, self.inward, self.width, self.depth)

    def take(self, which: Ints | Bools) -> Lots:
        """Return some of the lots."""
        return Lots(
            self.start[which], self.along[which], self.inward[which], self.width[which],
            self.depth[which], self.owner[which],
        )  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """Where buildings may stand, and how attractive it is there.

    Attributes
    ----------
    pieces
        Cells of 250 m cut by the districts.
    pull
        (m,) attraction of each piece.
    lots
        Lots along streets, sorted by district.
    piece
        (k,) piece in which each lot's middle lies.
    """

    pieces: Pieces
    pull: Floats
    lots: Lots
    piece: Ints


def rectangles(
    start: Floats, along: Floats, inward: Floats, width: Floats, depth: Floats
) -> Shapes:
    """Return rectangles from a corner, two directions and two lengths; to the centimetre."""
    side, up = along * width[:, None], inward * depth[:, None]
    corners = np.stack([start, start + side, start + side + up, start + up], axis=1)
    return np.asarray(shapely.polygons(np.round(corners, 2)), dtype=object)


def lots(network: Network, land: Shapes) -> Lots:
    """Return the lots along a network's streets that lie on the land of one district each.

    Parameters
    ----------
    network
        Streets.
    land
        (n,) dry land of the districts.
    """
    street, side = np.nonzero(network.triangles >= 0)
    triangle = network.triangles[street, side]
    a, b = network.links[street].T
    c = network.corners[triangle].sum(axis=1) - a - b
    pa, pb, pc = network.xy[a], network.xy[b], network.xy[c]
    length = np.linalg.norm(pb - pa, axis=1)
    along = (pb - pa) / length[:, None]
    inward = np.column_stack([-along[:, 1], along[:, 0]])
    inward *= np.sign(((pc - pa) * inward).sum(axis=1))[:, None]
    to_a, to_b = np.linalg.norm(pc - pb, axis=1), np.linalg.norm(pc - pa, axis=1)
    round_trip = length + to_a + to_b
    radius = ((pc - pa) * inward).sum(axis=1) * length / round_trip
    foot = (round_trip - 2 * to_a) / 2
    need = SETBACK_M + SHALLOWEST_M
    with np.errstate(divide="ignore", invalid="ignore"):
        begin = foot * need / radius
        end = length - (length - foot) * need / radius
    usable = np.where(radius > need, end - begin, 0.0)
    count = np.where(usable >= NARROWEST_M, np.maximum(np.rint(usable / WIDTH_M), 1), 0)
    count = count.astype(np.int64)
    one = np.repeat(np.arange(len(street)), count)
    step = np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count)
    width = (usable / np.maximum(count, 1))[one]
    left = begin[one] + step * width
    reach = np.minimum(
        _height(left, foot[one], length[one], radius[one]),
        _height(left + width, foot[one], length[one], radius[one]),
    )
    start = pa[one] + along[one] * left[:, None] + inward[one] * SETBACK_M
    depth = np.minimum(reach - SETBACK_M, DEEPEST_M)
    middle = start + (along[one] * width[:, None] + inward[one] * depth[:, None]) / 2
    shapes = rectangles(start, along[one], inward[one], width, depth)
    owner = _owner(shapes, middle, land)
    # A dead end may run through a triangle; the lots in its way are given up.
    stubs = network.lines[network.links.max(axis=1, initial=0) >= network.junctions]
    owner[shapely.STRtree(shapes).query(stubs, predicate="dwithin", distance=5.0)[1]] = -1
    keep = np.flatnonzero(owner >= 0)
    keep = keep[np.argsort(owner[keep], kind="stable")]
    return Lots(start, along[one], inward[one], width, depth, owner).take(keep)


def _height(x: Floats, foot: Floats, length: Floats, radius: Floats) -> Floats:
    return np.minimum(x / foot, (length - x) / (length - foot)) * radius


def _owner(shapes: Shapes, middle: Floats, land: Shapes) -> Ints:
    """Return the district on whose land each lot lies as a whole, -1 where there is none."""
    district, lot = shapely.STRtree(shapely.points(middle)).query(land, predicate="contains")
    shapely.prepare(land)
    whole = shapely.contains_properly(land[district], shapes[lot])
    owner = np.full(len(shapes), -1, dtype=np.int64)
    owner[lot[whole]] = district[whole]
    return owner


def with_spares(found: Lots, network: Network, land: Shapes, wanted: Bools) -> Lots:
    """Add lots off the streets in districts that should have buildings but have too few lots.

    Parameters
    ----------
    found
        Lots along streets.
    network
        Streets, which spare lots keep clear of.
    land
        (n,) dry land of the districts.
    wanted
        (n,) whether anything is to be built there.
    """
    count = np.bincount(found.owner, minlength=len(land))
    poor = np.flatnonzero(wanted & (count < LEAST_LOTS))
    if not len(poor):
        return found
    taken = shapely.STRtree(np.append(network.lines, found.shapes))
    parts = [found]
    for district in poor:
        west, south, east, north = shapely.bounds(land[district])
        side = max(east - west, north - south)
        for step in (side / 12, side / 40, side / 120):
            x, y = np.meshgrid(np.arange(west, east, step), np.arange(south, north, step))
            k = x.size
            start = np.column_stack([x.ravel(), y.ravel()])
            width, depth = np.full(k, 0.6 * step), np.full(k, 0.5 * step)
            width, depth = np.minimum(width, WIDTH_M), np.minimum(depth, DEEPEST_M)
            spare = Lots(
                start, np.tile([1.0, 0.0], (k, 1)), np.tile([0.0, 1.0], (k, 1)), width, depth,
                np.full(k, district),
            )  # fmt: skip
            shapes = spare.shapes
            good = shapely.contains_properly(land[district], shapes)
            good[taken.query(shapes, predicate="intersects")[0]] = False
            if good.sum() >= LEAST_LOTS:
                break
        parts.append(spare.take(np.flatnonzero(good)[:MOST_SPARES]))
    joined = Lots(
        *(np.concatenate([getattr(part, name.name) for part in parts]) for name in fields(Lots))
    )
    return joined.take(np.argsort(joined.owner, kind="stable"))
