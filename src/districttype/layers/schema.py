"""The canonical tables: one schema a layer, whatever the provider.

Geometry is always in the city's metric CRS. Zero, null and sentinel are three things: what is not
known is null here, never zero and never 999999999.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import pandera.pandas as pa
from pyproj import CRS

from districttype.errors import CrsError, SchemaError

USES = (
    "detached", "row", "apartment", "office", "retail", "industrial", "warehouse", "education",
    "health", "public", "leisure", "transport", "utility", "agricultural", "outbuilding", "other",
    "unknown",
)  # fmt: skip
ORIGINS = ("register", "tagged", "derived", "imputed", "missing")
STATUSES = ("existing", "construction", "planned")
MODES = ("bus", "tram", "light_rail", "metro", "rail", "ferry")
STATION_MODES = ("tram", "light_rail", "metro", "rail")
STREET_KINDS = (
    "motorway", "main", "collector", "residential", "service", "living", "pedestrian", "path",
    "cycleway", "track", "steps", "rail", "tram", "other",
)  # fmt: skip
LAND_USES = (
    "housing", "offices", "retail", "industry", "public", "education", "health", "sport",
    "recreation", "park", "forest", "farmland", "allotments", "cemetery", "construction",
    "brownfield", "greenfield", "parking", "transport", "railway", "utility", "quarry", "military",
    "nature_reserve", "wetland", "bare", "water", "other",
)  # fmt: skip
GROUND_CLASSES = (
    "bedrock", "till", "coarse", "silt", "clay", "organic", "fill", "water", "unknown",
)  # fmt: skip
GROUND_CONSTRAINTS = ("groundwater_area", "acid_sulphate")
OWNERS = ("city", "state", "public_institution", "private", "housing_company", "unknown")
ENERGY_KINDS = (
    "power_plant", "substation", "power_line", "data_centre", "waste_water", "ice_rink",
    "refrigeration", "charging", "solar", "heat_plant",
)  # fmt: skip
SERVICES = (
    "school", "day_care", "grocery", "shop", "health", "culture", "sport", "restaurant", "mall",
    "public", "car_share", "bike_share", "parking", "vacant_premises", "other",
)  # fmt: skip
LAND_COVERS = (
    "built", "paved", "trees", "low_vegetation", "field", "rock", "bare", "water", "unknown",
)  # fmt: skip


def _text(*values: str, nullable: bool = True) -> pa.Column:
    checks = [pa.Check.isin(values)] if values else None
    return pa.Column(object, checks, nullable=nullable, coerce=True, required=False)


def _number(low: float | None = 0.0, high: float | None = None, *, required: bool = False) -> Any:
    checks = [
        check
        for check in (
            None if low is None else pa.Check.ge(low),
            None if high is None else pa.Check.le(high),
        )
        if check is not None
    ]
    return pa.Column(float, checks, nullable=True, coerce=True, required=required)


def _flag() -> pa.Column:
    return pa.Column("boolean", nullable=True, coerce=True, required=False)


_KINDS: Mapping[str, tuple[str, ...]] = {
    "districts": ("Polygon", "MultiPolygon"),
    "land": ("Polygon", "MultiPolygon"),
    "buildings": ("Polygon", "MultiPolygon"),
    "streets": ("LineString", "MultiLineString"),
    "stops": ("Point",),
    "land_use": ("Polygon", "MultiPolygon"),
    "ground": ("Polygon", "MultiPolygon"),
    "ground_constraints": ("Polygon", "MultiPolygon"),
    "plans": ("Polygon", "MultiPolygon"),
    "ownership": ("Polygon", "MultiPolygon"),
    "residents": ("Polygon", "MultiPolygon", "Point"),
    "energy_sites": ("Point", "LineString", "MultiLineString", "Polygon", "MultiPolygon"),
    "services": ("Point", "Polygon", "MultiPolygon"),
    "land_cover": ("Polygon", "MultiPolygon"),
    "transit_zones": ("Polygon", "MultiPolygon"),
    "travel_times": ("Polygon", "MultiPolygon"),
    "slopes": ("Polygon", "MultiPolygon"),
    "built_up": ("Polygon", "MultiPolygon"),
    "solar_roofs": ("Polygon", "MultiPolygon"),
}

# Columns beside geometry. A provider may leave out a column it does not have (it becomes null);
# `_must` names those without which the layer says nothing.
_COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "districts": {
        "zone_id": _text(nullable=False),
        "name": _text(nullable=False),
        "name_sv": _text(),
        "name_latin": _text(),
        "parent": _text(),
        "land_km2": _number(),
    },
    "land": {},
    "buildings": {
        "building_id": _text(nullable=False),
        "use": _text(*USES, nullable=False),
        "floors": _number(0.5, 200),
        "height_m": _number(0.1, 1000),
        "floor_area_m2": _number(),
        "year_built": _number(1000, 2100),
        "dwellings": _number(),
        "heating": _text(),
        "status": _text(*STATUSES, nullable=False),
        "use_origin": _text(*ORIGINS, nullable=False),
        "floors_origin": _text(*ORIGINS, nullable=False),
        "floor_area_m2_origin": _text(*ORIGINS, nullable=False),
        "year_built_origin": _text(*ORIGINS, nullable=False),
    },
    "streets": {
        "kind": _text(*STREET_KINDS, nullable=False),
        "walkable": _flag(),
        "cyclable": _flag(),
        "cycleway": _flag(),
    },
    "stops": {
        "mode": _text(*MODES, nullable=False),
        "name": _text(),
        "opened": _number(1800, 2200),
        "departures_day": _number(),
        "departures_peak_hour": _number(),
        "approximate": _flag(),
    },
    "land_use": {"class": _text(*LAND_USES, nullable=False)},
    "ground": {"class": _text(*GROUND_CLASSES, nullable=False), "thin_cover": _flag()},
    "ground_constraints": {"constraint": _text(*GROUND_CONSTRAINTS, nullable=False)},
    "plans": {
        "building_right_m2": _number(),
        "used_m2": _number(),
        "reserve_m2": _number(),
        "reserve_housing_m2": _number(),
        "under_construction_m2": _number(),
        "planned_residents": _number(),
        "site": _text("brownfield", "greenfield"),
        "stage": _text(),
    },
    "ownership": {"owner_class": _text(*OWNERS, nullable=False), "owner_id": _text()},
    "residents": {"residents": _number(), "jobs": _number(), "residents_before": _number()},
    "energy_sites": {
        "kind": _text(*ENERGY_KINDS, nullable=False),
        "name": _text(),
        "capacity": _number(),
    },
    "services": {
        "class": _text(*SERVICES, nullable=False),
        "name": _text(),
        "capacity": _number(),
        "vacant": _flag(),
    },
    "land_cover": {"class": _text(*LAND_COVERS, nullable=False)},
    "transit_zones": {"class": _text(nullable=False)},
    "travel_times": {"minutes": _number(0, 24 * 60)},
    "slopes": {"slope": _number()},
    "built_up": {"built_m2": _number(), "built_before_m2": _number()},
    "solar_roofs": {"panel_m2": _number(), "yield_kwh": _number()},
}

_MUST: Mapping[str, tuple[str, ...]] = {
    "districts": ("zone_id", "name"),
    "buildings": (
        "building_id", "use", "status", "use_origin", "floors_origin", "floor_area_m2_origin",
        "year_built_origin",
    ),
    "streets": ("kind",),
    "stops": ("mode",),
    "land_use": ("class",),
    "ground": ("class",),
    "ground_constraints": ("constraint",),
    "ownership": ("owner_class",),
    "energy_sites": ("kind",),
    "services": ("class",),
    "land_cover": ("class",),
    "transit_zones": ("class",),
    "travel_times": ("minutes",),
    "slopes": ("slope",),
    "solar_roofs": ("yield_kwh",),
}  # fmt: skip

LAYER_NAMES = tuple(_KINDS)


def columns(layer: str) -> tuple[str, ...]:
    """Return the canonical columns of a layer, geometry left out."""
    return tuple(_COLUMNS[layer])


def value_lists(layer: str) -> frozenset[str]:
    """Return the columns of a layer whose values the schema lists, flags among them."""
    return frozenset(
        name
        for name, column in _COLUMNS[layer].items()
        if str(column.dtype) == "boolean" or any(check.name == "isin" for check in column.checks)
    )


def empty(layer: str, crs: CRS) -> gpd.GeoDataFrame:
    """Return a canonical table of a layer without rows."""
    table: dict[str, list[Any]] = {name: [] for name in _COLUMNS[layer]} | {"geometry": []}
    return conform(layer, gpd.GeoDataFrame(table, geometry="geometry", crs=crs), crs)


def require_metric(crs: CRS | None, *, where: str) -> CRS:
    """Return `crs` if areas and lengths may be measured in it.

    Raises
    ------
    CrsError
        If it is missing, geographic, not in metres, or Web Mercator (whose areas are four times
        too large at 60° N).
    """
    if crs is None:
        raise CrsError(
            "the layer has no coordinate system",
            where=where,
            todo="state it: crs = 'EPSG:...' beside the file's name in layers.toml",
        )
    crs = CRS.from_user_input(crs)
    metre = crs.is_projected and all(axis.unit_conversion_factor == 1.0 for axis in crs.axis_info)
    if not metre or crs.to_epsg() == 3857:
        raise CrsError(
            f"areas cannot be measured in {crs.name}",
            where=where,
            todo="use a projected system in metres, such as the national grid or the UTM zone",
        )
    return crs


def conform(layer: str, frame: gpd.GeoDataFrame, crs: CRS, *, where: str = "") -> gpd.GeoDataFrame:
    """Give a table the canonical columns, order, types and CRS of its layer, and check it.

    Missing optional columns become null; columns the layer does not have are dropped; the index is
    renumbered. Null, empty and wrong-kind geometry must have been dealt with before.

    Raises
    ------
    SchemaError
        With every fault found, not only the first.
    CrsError
        If the table has no CRS, or the city's is not metric.
    """
    where = where or f"layer {layer}"
    require_metric(crs, where=where)
    if frame.crs is None:
        raise CrsError("the layer has no coordinate system", where=where)
    missing = [name for name in _MUST.get(layer, ()) if name not in frame.columns]
    if missing:
        raise SchemaError(f"column {', '.join(missing)} is missing", where=where)
    if frame.crs != crs:
        frame = frame.to_crs(crs)
    canonical = gpd.GeoDataFrame(
        {
            name: frame[name].to_numpy() if name in frame.columns else pd.NA
            for name in _COLUMNS[layer]
        },
        geometry=frame.geometry.to_numpy(),
        crs=crs,
    )
    for name, column in _COLUMNS[layer].items():
        if str(column.dtype) == "float64":
            canonical[name] = pd.to_numeric(canonical[name], errors="coerce").astype(float)
        elif str(column.dtype) != "boolean":
            canonical[name] = canonical[name].astype(object).where(canonical[name].notna(), None)
    schema = pa.DataFrameSchema(dict(_COLUMNS[layer]), strict=False, unique=_unique(layer))
    try:
        checked = schema.validate(canonical, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        faults = "; ".join(
            f"{column}: {check} fails for {len(rows)} rows, e.g. {rows['failure_case'].iloc[0]!r}"
            for (column, check), rows in cases.groupby(["column", "check"], dropna=False)
        )
        raise SchemaError(faults, where=where) from None
    strange = sorted(set(checked.geometry.geom_type.dropna()) - set(_KINDS[layer]))
    if strange or checked.geometry.isna().any():
        found = ", ".join(strange) or "empty geometry"
        raise SchemaError(f"{found} where {' or '.join(_KINDS[layer])} is due", where=where)
    return checked


def _unique(layer: str) -> list[str] | None:
    return {"districts": ["zone_id"], "buildings": ["building_id"]}.get(layer)


def geometry_kinds(layer: str) -> tuple[str, ...]:
    """Return the geometry types a layer may hold."""
    return _KINDS[layer]
