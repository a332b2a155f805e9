"""What can be seen of a building without being told: its form, its neighbours, where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from districttype.layers.schema import LAND_USES

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

AROUND = 100.0  # m
NEIGHBOURS = 8
_KM = 1000.0
_EXACT = 1000.0
_TOGETHER = 10_000  # buildings whose pairs are held at once; a city has a hundred a building


def form(shapes: NDArray[np.object_]) -> pd.DataFrame:
    """Return measures of each footprint's size and shape.

    Compactness is that of Polsby and Popper (1 for a circle); rectangularity and elongation are
    those of the smallest rectangle round the footprint.
    """
    area, length = shapely.area(shapes), shapely.length(shapes)
    corners = shapely.get_coordinates(
        shapely.get_exterior_ring(shapely.minimum_rotated_rectangle(shapes)), return_index=True
    )
    xy, of_shape = corners
    first = np.searchsorted(of_shape, np.arange(len(shapes)))
    sides = [np.hypot(*(xy[first + i + 1] - xy[first + i]).T) for i in (0, 1)]
    short, long = np.minimum(*sides), np.maximum(*sides)
    return pd.DataFrame(
        {
            "area": np.log(np.maximum(area, 1.0)),
            "compactness": 4 * np.pi * area / length**2,
            "rectangularity": area / np.maximum(short * long, 1e-9),
            "elongation": short / np.maximum(long, 1e-9),
            "width": short,
            "corners": np.log(shapely.get_num_coordinates(shapes)),
            "courtyards": shapely.get_num_interior_rings(shapely.get_geometry(shapes, 0)),
        }
    )


@dataclass(frozen=True, eq=False)
class Town:
    """Where all buildings of a city stand and how large they are: numbers, without geometry.

    What it says of some of them is the same, to the last bit, whichever they are asked with.

    Attributes
    ----------
    xy
        (n, 2) centroids.
    area
        Footprints, m2.
    """

    xy: Floats
    area: Floats

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.xy)

    @cached_property
    def _exact(self) -> Floats:
        """Footprints as whole numbers of 1 / `_EXACT` m2: no order of adding changes their sum."""
        return np.round(self.area * _EXACT)

    @cached_property
    def _middle(self) -> Floats:
        """The middle of the built city, by footprint: no layer says where its centre is."""
        return np.round(np.average(self.xy, axis=0, weights=self.area))

    def setting(self, at: Ints, land_use: gpd.GeoDataFrame | None) -> pd.DataFrame:
        """Return what stands round some buildings, what their land is for, and how central it is.

        Parameters
        ----------
        at
            The buildings.
        land_use
            The rows of the layer `land_use` where they stand, if there are any.
        """
        xy, area = self.xy[at], self.area[at]
        count, built = self._around(at)
        with np.errstate(divide="ignore", invalid="ignore"):
            usual = np.log((built - self._exact[at]) / _EXACT / count)
        nearest = self._tree.query(xy, k=min(2, len(self.xy)))[0].reshape(len(xy), -1)[:, -1]
        return pd.DataFrame(
            {
                "neighbours": count,
                "built_around": built / _EXACT,
                "usual_size": np.where(count > 0, usual, np.nan),
                "size_to_usual": np.where(count > 0, np.log(area) - usual, np.nan),
                "nearest": nearest,
                "km_from_middle": np.hypot(*(xy - self._middle).T) / _KM,
                "land_use": _class_at(shapely.points(xy), land_use),
            }
        )

    def _around(self, at: Ints) -> tuple[Ints, Floats]:
        """Return how many others stand within `AROUND`, and what is built there with the building.

        The sum is of `_exact` footprints, because its order follows from who is asked with whom.
        """
        count, built = np.zeros(len(at), dtype=np.int64), np.zeros(len(at))
        for first in range(0, len(at), _TOGETHER):
            some = at[first : first + _TOGETHER]
            pairs = cKDTree(self.xy[some]).sparse_distance_matrix(
                self._tree, AROUND + 1.0, output_type="ndarray"
            )
            pairs = pairs[pairs["v"] <= AROUND]
            here = slice(first, first + len(some))
            count[here] = np.bincount(pairs["i"], minlength=len(some)) - 1
            built[here] = np.bincount(pairs["i"], self._exact[pairs["j"]], minlength=len(some))
        return count, built


def _class_at(points: NDArray[np.object_], land_use: gpd.GeoDataFrame | None) -> NDArray[np.int64]:
    """Return a number for the class of the smallest land-use polygon at each point; -1 for none."""
    code = np.full(len(points), -1, dtype=np.int64)
    if land_use is None or land_use.empty:
        return code
    # Larger polygons are written first, so that the smallest stands.
    land_use = land_use.iloc[np.argsort(-land_use.area.to_numpy(), kind="stable")]
    number = pd.Categorical(land_use["class"], categories=LAND_USES).codes
    polygon, point = shapely.STRtree(points).query(
        land_use.geometry.to_numpy(), predicate="intersects"
    )
    order = np.argsort(polygon, kind="stable")
    code[point[order]] = number[polygon[order]]
    return code


def told_by_neighbours(xy: Floats, values: Floats, known: Ints, ask: Ints) -> pd.DataFrame:
    """Return what the nearest other buildings of known value say, and how far off they are.

    Parameters
    ----------
    xy
        (n, 2) coordinates of all buildings.
    values
        (m, k): one or several numbers of each known building.
    known
        The m buildings that may be looked at; a building never looks at itself.
    ask
        The buildings to tell it of.
    """
    names: Sequence[str] = [f"neighbours_{i}" for i in range(values.shape[1])]
    if len(known) <= NEIGHBOURS:
        return pd.DataFrame(np.nan, index=range(len(ask)), columns=[*names, "told_within"])
    distance, at = cKDTree(xy[known]).query(xy[ask], k=NEIGHBOURS + 1)
    itself = known[at] == ask[:, None]
    # Whoever does not find itself among the nearest leaves out the farthest.
    itself[~itself.any(axis=1), -1] = True
    at = at[~itself].reshape(len(ask), NEIGHBOURS)
    distance = distance[~itself].reshape(len(ask), NEIGHBOURS)
    weight = 1.0 / np.maximum(distance, 10.0)
    told = np.einsum("ij,ijk->ik", weight, values[at]) / weight.sum(axis=1)[:, None]
    return pd.DataFrame(told, columns=names).assign(told_within=distance[:, -1])
