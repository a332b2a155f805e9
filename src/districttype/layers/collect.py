"""Layers out of files: each provider's columns become canonical, parts are joined by precedence.

Of several providers of a layer the first named counts; a later one adds only what lies outside the
area where the earlier ones are complete.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from districttype.city import City
from districttype.errors import ConfigError, DistricttypeError, EmptyResultError
from districttype.layers import canonical
from districttype.layers.area import coverage_of
from districttype.layers.impute import impute_buildings
from districttype.layers.schema import LAYER_NAMES, Layer, Layers, conform
from districttype.provenance import Provenance
from districttype.providers import LayerProviders, Provider
from districttype.sources.registry import Raw, Wanted, read

WGS84 = CRS.from_epsg(4326)
FIRST = ("districts", "land", "land_use")  # what later layers are checked against or cut by


@dataclass
class Collected:
    """Layers, and what imputation learnt on the way."""

    layers: Layers
    reports: dict[str, Mapping[str, object]] = field(default_factory=dict)


def collect_files(city: City, providers: LayerProviders, directory: Path) -> Layers:
    """Collect the layers that files in a directory serve. See `collect`."""
    return collect(city, providers, directory).layers


def collect(city: City, providers: LayerProviders, directory: Path) -> Collected:
    """Collect layers from their providers.

    Parameters
    ----------
    city
        Metric CRS, cell grid, day and degree days.
    providers
        Layer -> providers, first choice first.
    directory
        What file names are relative to.

    Raises
    ------
    ConfigError
        If a layer is named that does not exist, or there are no districts.
    DistricttypeError
        Whatever is wrong with a layer, in one line that names file, layer and column.
    """
    unknown = sorted(set(providers) - set(LAYER_NAMES))
    if unknown:
        raise ConfigError(
            f"there is no layer {', '.join(unknown)}", todo=f"known are {', '.join(LAYER_NAMES)}"
        )
    if not providers.get("districts"):
        raise ConfigError(
            "the districts are missing",
            where="layers",
            todo="name a file with their polygons, or an OpenStreetMap extract",
        )
    crs = CRS.from_user_input(city.crs)
    layers = Layers(
        crs,
        as_of=city.as_of or Layers(crs).as_of,
        grid_origin=city.grid_origin,
        degree_day_ratio=city.energy.heating_degree_day_ratio,
    )
    collected = Collected(layers)
    order = [*FIRST, *(name for name in LAYER_NAMES if name not in FIRST)]
    for name in order:
        if providers.get(name):
            layer = _layer(name, providers[name], directory, city, collected)
            collected.layers = collected.layers.having(layer)
    return collected


def wanted_of(layer: str, provider: Provider, area: shapely.Geometry | None) -> Wanted:
    """Return what a layer wants of a source of OpenStreetMap."""
    if "osm" not in provider.tables.values():
        return Wanted(area=area)
    return canonical.osm_wanted(layer, area)


def _layer(
    name: str, providers: Sequence[Provider], directory: Path, city: City, so_far: Collected
) -> Layer:
    parts: list[tuple[gpd.GeoDataFrame, Provenance]] = []
    covered: dict[str, list[shapely.Geometry | None]] = {}
    for provider in providers:
        earlier = covered.setdefault(provider.part, [])
        if None in earlier:
            continue  # complete already
        frame, provenance, coverage = _part(name, provider, directory, so_far.layers, earlier)
        earlier.append(coverage)
        parts.append((frame, provenance))
    table = pd.concat([frame for frame, _ in parts], ignore_index=True) if parts else None
    joined = gpd.GeoDataFrame(table, geometry="geometry", crs=so_far.layers.crs)
    if name == "buildings":
        joined["building_id"] = _unique(joined["building_id"])
        joined, report = impute_buildings(joined)
        so_far.reports[name] = report
    areas = [_union(part) for part in covered.values()]
    union = None if any(area is None for area in areas) else _union(areas)
    return Layer(
        name,
        conform(name, joined, so_far.layers.crs),
        tuple(provenance for _, provenance in parts),
        union,
    )


def _union(areas: Sequence[shapely.Geometry | None]) -> shapely.Geometry | None:
    """Return the area where any of several providers is complete; None is the whole city."""
    known = [area for area in areas if area is not None]
    return None if len(known) < len(areas) else shapely.union_all(np.array(known, dtype=object))


def _part(
    name: str,
    provider: Provider,
    directory: Path,
    layers: Layers,
    earlier: Sequence[shapely.Geometry | None],
) -> tuple[gpd.GeoDataFrame, Provenance, shapely.Geometry | None]:
    """Read one provider: canonical rows that no earlier one covers, origin, and coverage."""
    where = f"layer {name}, {getattr(provider, 'file', '') or provider.provider}"
    area = _area(layers)
    try:
        raw = read(provider, directory, wanted_of(name, provider, _wgs84(area, layers)))
        frame, changes, notes = canonical.rows(name, provider, raw, layers)
        coverage = coverage_of(name, provider, raw, frame, layers, directory)
    except DistricttypeError as error:
        raise type(error)(error.what, where=_where(where, error.where), todo=error.todo) from None
    if frame.empty and name in {"districts", "buildings"}:
        raise EmptyResultError(
            "no row is left", where=where, todo="see which rows the file has, and its `where`"
        )
    if earlier:
        keep = ~_inside(frame, earlier)
        changes["rows that an earlier provider covers"] += int((~keep).sum())
        frame = frame[keep]
    return frame, _provenance(provider, raw, len(frame), changes, notes), coverage


def _where(layer: str, inner: str) -> str:
    return f"{layer}, {inner}" if inner and inner not in layer else layer


def _area(layers: Layers) -> shapely.Geometry | None:
    """Return the districts' union, in the city's CRS; None before they are read."""
    districts = layers.frame("districts")
    return None if districts is None else shapely.union_all(districts.geometry.to_numpy())


def _wgs84(area: shapely.Geometry | None, layers: Layers) -> shapely.Geometry | None:
    if area is None:
        return None
    hull = shapely.convex_hull(area)
    return gpd.GeoSeries([hull], crs=layers.crs).to_crs(WGS84).iloc[0]


def _inside(
    frame: gpd.GeoDataFrame, covered: Sequence[shapely.Geometry | None]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return the rows whose representative point lies where an earlier provider is complete."""
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    inside = np.zeros(len(frame), dtype=bool)
    for area in covered:
        if area is None:
            inside[:] = True
        else:
            shapely.prepare(area)
            inside |= shapely.covers(area, points)
    return inside


def _unique(ids: pd.Series) -> pd.Series:
    """Mark ids that occur again: two providers may use the same."""
    again = ids.groupby(ids).cumcount()
    return ids.where(again == 0, ids + "~" + again.astype(str))


def _provenance(
    provider: Provider, raw: Raw, rows: int, changes: Counter[str], notes: Sequence[str]
) -> Provenance:
    said = [provider.note] if provider.note else []
    return Provenance(
        provider=provider.provider,
        source=getattr(provider, "source", "vectorfile"),
        address=raw.address,
        vintage=provider.vintage or raw.vintage,
        licence=provider.licence,
        attribution=provider.attribution,
        state=raw.state,
        rows=rows,
        changes={key: n for key, n in {**raw.changes, **changes}.items() if n},
        notes=[*said, *raw.notes, *notes],
    )
