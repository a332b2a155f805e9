"""The figures of a city: a table of districts, its stations, its outline; read and validated.

A folder of figures holds

`figures.toml`
    who published them, when, under which licence, and what a reader of each layer must know;
`districts.csv`
    one row a district. Only id, name and land_km2 must be there (and lon, lat where no polygons
    are): a column that is missing, or a cell that is empty, is not known and never zero;
`stations.csv` (optional)
    stations at their true places: name, mode, lon, lat, opened, approximate, note;
`outline.csv` (ring, order, lon, lat) or `districts.geojson` (both optional)
    the municipality to draw districts in, or the districts' own polygons (with the property id);
    with neither, the outline is drawn about the districts' points (see `outline`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pydantic import Field, TypeAdapter

from districttype.errors import ConfigError
from districttype.providers import Mode, Strict, read_toml, validate
from districttype.sources.figures.shapes import Floats

WGS84: Final = 4326

TEXTS: Final = ("id", "name", "name_sv", "name_latin", "parent", "greater_area", "planned_basis",
                "planned_place", "planned_site", "owner_class", "few_owners")  # fmt: skip
POSITIONS: Final = ("lon", "lat")
AMOUNTS: Final = (
    "land_km2", "water_km2", "lake_km2", "weight_m2", "residents", "residents_before",
    "density_met_per_ha", "dwellings_small", "dwellings_flats", "dwellings", "jobs",
    "jobs_industry", "jobs_offices", "jobs_retail", "jobs_administration", "jobs_education",
    "jobs_health", "floor_small_m2", "floor_flats_m2", "floor_offices_m2", "floor_retail_m2",
    "floor_industry_m2", "floor_public_m2", "floor_homes_recent_m2", "floor_total_recent_m2",
    "reserve_m2", "planned_floor_m2", "planned_residents", "bus_stops", "bike_share_stations",
    "bike_share_docks", "intersections",
)  # fmt: skip
COVERS: Final = ("built", "paved", "bare", "rock", "field", "low_vegetation", "trees")
GROUNDS: Final = ("bedrock", "organic", "coarse", "fill")
TRANSIT: Final = ("pedestrian", "intensive_transit", "transit", "car", "outside")
SHARES: Final = (
    "inhabited_land_share", "residents_near_station_share", "groundwater_area_share",
    "protected_share",
    *(f"cover_{name}" for name in COVERS), *(f"ground_{name}" for name in GROUNDS),
    *(f"transit_{name}" for name in TRANSIT),
)  # fmt: skip
REQUIRED: Final = ("id", "name", "land_km2")
STATION_COLUMNS: Final = ("name", "mode", "lon", "lat", "opened", "approximate", "note")
BASES: Final = ("total", "additional")


class LayerNote(Strict):
    """What a reader of one reconstructed layer must know."""

    vintage: str = Field(default="", description="The figures' own date")
    note: str = Field(default="", description="What in this layer is real and what is not")
    lacks: tuple[Mode, ...] = Field(
        default=(), description="Modes of stops that no figure tells of"
    )
    licence: str = Field(default="", description="Licence, where it differs from the others'")
    attribution: str = Field(default="", description="Words asked for, where they differ")


class Assumed(Strict):
    """What the city as a whole is assumed to be like, where no figure of its districts tells.

    Its presence asks for the missing figures to be generated (see `complete`).
    """

    persons_per_home: float = Field(gt=0, description="Residents of an average dwelling")
    jobs_per_resident: float = Field(ge=0, description="Jobs in the city by residents")
    sectors: dict[str, float] = Field(
        description="Share of the jobs in industry, offices, retail, administration, education "
        "and health"
    )
    basis: str = Field(min_length=10, description="Where these come from")


class Origin(Strict):
    """Who published the figures (`figures.toml`)."""

    name: str = Field(description="Name of the city")
    provider: str = Field(description="Who published the figures")
    vintage: str = Field(default="", description="The figures' own date")
    licence: str = Field(default="", description="Licence of the figures")
    attribution: str = Field(default="", description="The words the licence asks for")
    layers: dict[str, LayerNote] = Field(default_factory=dict, description="Per layer: its note")
    assumed: Assumed | None = Field(
        default=None, description="Assumptions to generate from what no figure tells"
    )


@dataclass(frozen=True)
class Figures:
    """The published figures of a city.

    Attributes
    ----------
    origin
        Publisher, vintage, licence and notes.
    districts
        One row a district, in the order of the file, indexed 0..n-1; NaN and None are unknown.
    stations
        Rows of `stations.csv`; empty where there are none.
    outline
        The municipality in WGS 84, holes cut out; None where the districts have polygons, or
        where it is drawn about their points.
    polygons
        The districts' polygons in WGS 84, in the order of `districts`; None where they are drawn.
    generated
        Columns of `districts` that nobody published: they follow from assumptions.
    """

    origin: Origin
    districts: pd.DataFrame
    stations: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(STATION_COLUMNS))
    )
    outline: shapely.Geometry | None = None
    polygons: gpd.GeoSeries | None = None
    generated: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.districts)

    @property
    def assumed(self) -> Assumed | None:
        """Return what is assumed where no figure tells."""
        return self.origin.assumed

    def has(self, *columns: str) -> bool:
        """Say whether every one of these columns is there and holds at least one figure."""
        return all(
            name in self.districts.columns and self.districts[name].notna().any()
            for name in columns
        )

    def number(self, column: str) -> np.ndarray:
        """Return a column as floats, NaN where nothing is known."""
        if column not in self.districts.columns:
            return np.full(len(self), np.nan)
        return np.asarray(self.districts[column], dtype=float)


def load_figures(name: str | Path, beside: Path = Path()) -> Figures:
    """Load figures by the name of a set in the package, or from a folder of one's own.

    Parameters
    ----------
    name
        A set in the package, or else a folder.
    beside
        What a folder's path is relative to.

    Raises
    ------
    ConfigError
        If there is no such set, or a table in it is wrong: one line that names file and column.
    """
    shipped = Path(str(files("districttype"))) / "figures_data"
    folder = shipped / name
    if not folder.is_dir():
        folder = beside / name
    if not folder.is_dir():
        known = ", ".join(sorted(path.name for path in shipped.iterdir() if path.is_dir()))
        raise ConfigError(
            f"there are no figures {str(name)!r}",
            todo=f"known are {known}; or give the path of a folder with districts.csv",
        )
    origin = validate(
        read_toml(folder / "figures.toml"), TypeAdapter(Origin), where=str(folder / "figures.toml")
    )
    districts = check_districts(_read_csv(folder / "districts.csv"), where="districts.csv")
    polygons = _read_polygons(folder / "districts.geojson", districts)
    outline = None if polygons is not None else _read_outline(folder / "outline.csv")
    if polygons is None and not {"lon", "lat"} <= set(districts.columns):
        raise ConfigError(
            "columns lon and lat are missing",
            where="districts.csv",
            todo="give a point of every district, or their polygons in districts.geojson",
        )
    path = folder / "stations.csv"
    figures = Figures(origin, districts, outline=outline, polygons=polygons)
    if path.is_file():
        figures = Figures(origin, districts, check_stations(_read_csv(path)), outline, polygons)
    return figures


def check_districts(table: pd.DataFrame, *, where: str = "districts") -> pd.DataFrame:
    """Give a table of districts its types, or say in one line all that is wrong with it."""
    known = {*TEXTS, *POSITIONS, *AMOUNTS, *SHARES}
    faults = [f"column {name!r} is unknown" for name in table.columns if name not in known]
    faults += [f"column {name!r} is missing" for name in REQUIRED if name not in table.columns]
    if faults:
        raise ConfigError("; ".join(faults), where=where, todo="see sources/figures/tables.py")
    typed = pd.DataFrame(
        {
            name: _text(column) if name in TEXTS else _number(column, name, faults)
            for name, column in table.items()
        }
    )
    ids = typed["id"]
    if ids.isna().any() or ids.duplicated().any():
        faults.append(f"id is empty or twice there: {sorted(ids[ids.duplicated()].astype(str))}")
    if typed["name"].isna().any():
        faults.append("name is empty")
    if not (typed["land_km2"] > 0).all():
        faults.append("land_km2 must be above 0 in every row")
    for name in {*AMOUNTS, *SHARES} & set(typed.columns):
        high = 1.0 if name in SHARES else np.inf
        values = typed[name].to_numpy()
        wrong = ids[(values < 0) | (values > high)]
        if len(wrong) and name != "weight_m2":
            faults.append(f"{name} is outside 0..{high:g} in {', '.join(wrong)}")
    basis = set(typed.get("planned_basis", pd.Series(dtype=object)).dropna()) - set(BASES)
    if basis:
        faults.append(f"planned_basis {sorted(basis)} is none of {', '.join(BASES)}")
    if faults:
        raise ConfigError("; ".join(faults), where=where)
    return typed


def check_stations(table: pd.DataFrame, *, where: str = "stations.csv") -> pd.DataFrame:
    """Give a table of stations its types, or say what is wrong with it."""
    missing = [name for name in ("mode", "lon", "lat") if name not in table.columns]
    if missing:
        raise ConfigError(f"column {', '.join(missing)} is missing", where=where)
    faults: list[str] = []
    typed = pd.DataFrame(
        {
            name: _number(column, name, faults)
            if name in {"lon", "lat", "opened"}
            else _text(column)
            for name, column in table.reindex(columns=list(STATION_COLUMNS)).items()
        }
    )
    typed["approximate"] = typed["approximate"].isin(["yes", "True", "true"])
    if typed[["lon", "lat", "mode"]].isna().any(axis=None):
        faults.append("mode, lon and lat must be there in every row")
    if faults:
        raise ConfigError("; ".join(faults), where=where)
    return typed


def _text(column: pd.Series) -> pd.Series:
    return pd.Series(_cells(column), dtype=object)


def _number(column: pd.Series, name: str, faults: list[str]) -> Floats:
    cells = _cells(column)
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    wrong = cells[np.isnan(numbers) & pd.notna(cells)]
    if len(wrong):
        faults.append(f"{name}: {wrong[0]!r} is no number")
    return np.asarray(numbers)


def _cells(column: pd.Series) -> npt.NDArray[np.object_]:
    """Return a column with None in every empty cell."""
    cells = np.array(column, dtype=object)
    cells[pd.isna(cells) | (cells == "")] = None
    return cells


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise ConfigError("no such file", where=str(path)) from None
    except (ValueError, UnicodeDecodeError) as error:
        raise ConfigError(f"not a readable CSV table: {error}", where=str(path)) from None


def _read_outline(path: Path) -> shapely.Geometry | None:
    if not path.is_file():
        return None
    table = _read_csv(path).astype(float).sort_values(["ring", "order"])
    rings = [ring[["lon", "lat"]].to_numpy() for _, ring in table.groupby("ring")]
    outline = shapely.Polygon(rings[0], rings[1:])
    if not outline.is_valid:
        raise ConfigError(shapely.is_valid_reason(outline), where=str(path))
    return outline


def _read_polygons(path: Path, districts: pd.DataFrame) -> gpd.GeoSeries | None:
    if not path.is_file():
        return None
    frame = gpd.read_file(path)
    if "id" not in frame.columns:
        raise ConfigError("property 'id' is missing", where=str(path))
    polygons = frame.set_index(frame["id"].astype(str)).geometry.to_crs(WGS84)
    twice = sorted(set(polygons.index[polygons.index.duplicated()]) & set(districts["id"]))
    if twice:
        raise ConfigError(f"several polygons for {', '.join(twice)}", where=str(path))
    without = [name for name in districts["id"] if name not in polygons.index]
    if without:
        raise ConfigError(f"no polygon for {', '.join(without)}", where=str(path))
    return polygons.loc[districts["id"]].make_valid().reset_index(drop=True)
