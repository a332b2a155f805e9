"""What polygons have in common, and what is left of them, where GEOS alone is not to be trusted.

Where edges nearly coincide, GEOS (3.14) may take a polygon that only touches another for a part of
it. So each part of a result is looked at: a point on its surface must lie in both. Where it does
not, the pair is cut again on a grid of a tenth of a millimetre.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

_POLYGON, _MULTIPOLYGON = 3, 6  # shapely's numbers of kinds
_GRAIN = 1e-4  # m
_SLIVER = 1e-3  # m²: the inside of less may lie on a border
_ROUNDING = 1e-9  # of an area
_BESIDE = 1e-6  # m: a point so near a border lies on it

Shapes = NDArray[Any]


def common(first: Any, second: Any) -> Shapes:
    """Return what geometries have in common, pair by pair.

    Parameters
    ----------
    first, second
        Geometries, or arrays of them that broadcast, in one metric coordinate system.

    Returns
    -------
    array
        Of the broadcast shape, at least one-dimensional.
    """
    first, second = _pairs(first, second)
    found = shapely.intersection(first, second)
    wrong = _strays(found, within=first) | _strays(found, within=second)
    found[wrong] = shapely.intersection(first[wrong], second[wrong], grid_size=_GRAIN)
    return np.asarray(found, dtype=object)


def without(first: Any, second: Any) -> Shapes:
    """Return what is left of polygons without others, pair by pair; see `common`.

    What is left and what both have in common must make the whole.
    """
    first, second = _pairs(first, second)
    found = shapely.difference(first, second)
    whole, shared = shapely.area(first), shapely.area(common(first, second))
    off = np.abs(whole - shared - shapely.area(found))
    wrong = (off > _SLIVER + _ROUNDING * whole) | _strays(found, within=first)
    found[wrong] = shapely.difference(first[wrong], second[wrong], grid_size=_GRAIN)
    return np.asarray(found, dtype=object)


def polygonal(geometries: Any, *, least: float = 0.0) -> Shapes:
    """Return the polygonal part of each geometry: a cut leaves stray points and lines.

    It also leaves polygons folded onto a line, where two borders differ in the last digit only.

    Parameters
    ----------
    geometries
        An array of any kind.
    least
        Parts of less area than this are dropped, m².

    Returns
    -------
    array
        Polygons and multipolygons, empty ones where nothing is left.
    """
    shapes: Shapes = np.array(geometries, dtype=object)
    folded = ~shapely.is_valid(shapes)
    shapes[folded] = shapely.make_valid(shapes[folded], method="structure", keep_collapsed=False)
    plain = [_POLYGON, _MULTIPOLYGON] if least <= 0 else [_POLYGON]
    mixed = np.flatnonzero(~np.isin(shapely.get_type_id(shapes), plain))
    parts, owner = shapely.get_parts(shapes[mixed], return_index=True)
    parts, inner = shapely.get_parts(parts, return_index=True)  # of multipolygons in collections
    owner = owner[inner]
    whole = (shapely.get_type_id(parts) == _POLYGON) & (shapely.area(parts) >= least)
    parts, owner = parts[whole], owner[whole]
    shapes[mixed] = shapely.MultiPolygon()
    which = np.unique(owner)
    if len(which):
        made = shapely.multipolygons(parts, indices=np.searchsorted(which, owner))
        one = shapely.get_num_geometries(made) == 1
        made[one] = shapely.get_geometry(made[one], 0)
        shapes[mixed[which]] = made
    return shapes


def _pairs(first: Any, second: Any) -> tuple[Shapes, Shapes]:
    if np.ndim(second) == 0:
        shapely.prepare(second)  # it will be asked of every point
    one, other = np.broadcast_arrays(np.atleast_1d(first), np.atleast_1d(second))
    return one, other


def _strays(found: Shapes, *, within: Shapes) -> NDArray[np.bool_]:
    """Tell which geometries have a part, slivers aside, that lies where it must not."""
    parts, at = shapely.get_parts(found, return_index=True)
    large = shapely.area(parts) > _SLIVER
    points, at = shapely.point_on_surface(parts[large]), at[large]
    stray = np.flatnonzero(~shapely.intersects(within[at], points))
    stray = stray[shapely.distance(within[at[stray]], points[stray]) > _BESIDE]
    return np.bincount(at[stray], minlength=len(found)) > 0
