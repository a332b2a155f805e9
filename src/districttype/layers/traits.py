"""What can be seen of a building without being told: its form, its neighbours, where it stands."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

AROUND = 100.0  # m
NEIGHBOURS = 8
_KM = 1000.0


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


def setting(shapes: NDArray[np.object_], land_use: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Return what stands round each building, what its land is for, and how central it is.

    Parameters
    ----------
    shapes
        Footprints.
    land_use
        The layer `land_use`, where there is one.
    """
    points = shapely.centroid(shapes)
    xy, area = shapely.get_coordinates(points), shapely.area(shapes)
    tree = cKDTree(xy)
    pairs = tree.query_pairs(AROUND, output_type="ndarray")
    pairs = np.concatenate([pairs, pairs[:, ::-1]])
    count = np.bincount(pairs[:, 0], minlength=len(xy))
    built = np.bincount(pairs[:, 0], area[pairs[:, 1]], minlength=len(xy))
    with np.errstate(divide="ignore", invalid="ignore"):
        usual = np.log(built / count)
    nearest = tree.query(xy, k=min(2, len(xy)))[0].reshape(len(xy), -1)[:, -1]
    # The middle of the built city, by footprint: no layer says where its centre is.
    middle = np.average(xy, axis=0, weights=area)
    found = pd.DataFrame(
        {
            "neighbours": count,
            "built_around": built + area,
            "usual_size": np.where(count > 0, usual, np.nan),
            "size_to_usual": np.where(count > 0, np.log(area) - usual, np.nan),
            "nearest": nearest,
            "km_from_middle": np.hypot(*(xy - middle).T) / _KM,
        }
    )
    return found.assign(land_use=_class_at(points, land_use))


def _class_at(points: NDArray[np.object_], land_use: gpd.GeoDataFrame | None) -> NDArray[np.int64]:
    """Return a number for the class of the smallest land-use polygon at each point; -1 for none."""
    code = np.full(len(points), -1, dtype=np.int64)
    if land_use is None or land_use.empty:
        return code
    # Larger polygons are written first, so that the smallest stands.
    land_use = land_use.iloc[np.argsort(-land_use.area.to_numpy(), kind="stable")]
    number = np.unique(land_use["class"].to_numpy(dtype=str), return_inverse=True)[1]
    polygon, point = shapely.STRtree(points).query(
        land_use.geometry.to_numpy(), predicate="intersects"
    )
    order = np.argsort(polygon, kind="stable")
    code[point[order]] = number[polygon[order]]
    return code


def told_by_neighbours(xy: Floats, values: Floats, known: Bools) -> pd.DataFrame:
    """Return what the nearest other buildings of known value say, and how far off they are.

    Parameters
    ----------
    xy
        (n, 2) coordinates of the buildings.
    values
        (n, k): one or several numbers a building.
    known
        Which rows may be looked at; a building never looks at itself.
    """
    some = np.flatnonzero(known)
    names: Sequence[str] = [f"neighbours_{i}" for i in range(values.shape[1])]
    if len(some) <= NEIGHBOURS:
        return pd.DataFrame(np.nan, index=range(len(xy)), columns=[*names, "told_within"])
    distance, at = cKDTree(xy[some]).query(xy, k=NEIGHBOURS + 1)
    itself = some[at] == np.arange(len(xy))[:, None]
    # Whoever does not find itself among the nearest leaves out the farthest.
    itself[~itself.any(axis=1), -1] = True
    at = at[~itself].reshape(len(xy), NEIGHBOURS)
    distance = distance[~itself].reshape(len(xy), NEIGHBOURS)
    weight = 1.0 / np.maximum(distance, 10.0)
    told = np.einsum("ij,ijk->ik", weight, values[some[at]]) / weight.sum(axis=1)[:, None]
    return pd.DataFrame(told, columns=names).assign(told_within=distance[:, -1])
