"""The layers of a city for which no data can be had: reconstructed from published figures.

District sums are those published; each house, street and field is invented (see
`sources.figures.reconstruct` for what is real and what is not). Every layer says so.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

import geopandas as gpd
from pyproj import CRS

from districttype.city import City
from districttype.errors import ConfigError
from districttype.i18n import N_
from districttype.layers.layer import Layer, Layers
from districttype.layers.schema import conform
from districttype.provenance import Provenance, State
from districttype.sources.figures import (
    SEED,
    Figures,
    Reconstruction,
    load_figures,
    reconstruct,
    reconstruct_once,
)
from districttype.sources.figures.tables import LayerNote

CAUTION = N_("Reconstructed from published figures, not for decisions on single plots.")
KEPT = "reconstructed.zip"
# The figures that a layer stands on; one that stands on none that was published is generated.
FED_BY = {
    "districts": ("name", "land_km2"),
    "land": ("land_km2",),
    "buildings": (
        "dwellings_small", "dwellings_flats", "dwellings", "floor_homes_recent_m2",
        "floor_offices_m2", "floor_retail_m2", "floor_industry_m2", "floor_public_m2",
    ),
    "streets": ("intersections",),
    "stops": ("bus_stops",),
    "land_use": ("protected_share", "cover_field", "cover_trees"),
    "residents": ("residents", "jobs"),
}  # fmt: skip


def embedded_layers(city: City, seed: int = SEED, *, raw: Path | None = None) -> Layers:
    """Return the layers that the package reconstructs of a city.

    Parameters
    ----------
    city
        A city that names its figures.
    seed
        Start of the dice; it moves houses, not sums.
    raw
        The city's folder of raw data, in which the reconstruction is kept from one run to the
        next; made anew each time without it.

    Raises
    ------
    ConfigError
        If the city names no figures, or they are not there or wrong.
    """
    if city.figures is None:
        raise ConfigError(
            "no figures to reconstruct the city from come with the package",
            where=f"city {city.id}",
            todo="give the data as files: --data DIR",
        )
    figures = load_figures(city.figures, city.beside(""))
    crs = CRS.from_user_input(city.crs)
    make = reconstruct if raw is None else partial(reconstruct_once, file=raw / KEPT)
    made = make(figures, crs, seed=seed, grid_origin=city.grid_origin)
    return figures_layers(figures, made, city)


def figures_layers(figures: Figures, made: Reconstruction, city: City | None = None) -> Layers:
    """Return a reconstruction as canonical layers with their provenance.

    Parameters
    ----------
    figures, made
        Figures and what was made of them.
    city
        Gives the day that "now" means, the cell grid and the degree days; without one they are
        today, the grid of the CRS, and those of the demand table.
    """
    tables = {name: _layer(name, frame, figures, made) for name, frame in made.tables.items()}
    if city is None:
        return Layers(made.crs, tables)
    return Layers(
        made.crs,
        tables,
        as_of=city.as_of or date.today(),  # noqa: DTZ011 - a calendar day, of wherever this runs
        grid_origin=city.grid_origin,
        degree_day_ratio=city.energy.heating_degree_day_ratio,
        pv_yield_kwh_per_kwp=city.energy.pv_yield_kwh_per_kwp,
    )


def _layer(name: str, frame: gpd.GeoDataFrame, figures: Figures, made: Reconstruction) -> Layer:
    table = conform(name, frame, made.crs, where=f"reconstructed layer {name}")
    origin = figures.origin
    own = origin.layers.get(name, LayerNote())
    state, made_up = _standing(name, figures, made)
    return Layer(
        name,
        table,
        (
            Provenance(
                provider=origin.provider,
                source="figures",
                address=origin.name,
                vintage=own.vintage or origin.vintage,
                licence=own.licence or origin.licence,
                attribution=own.attribution or origin.attribution,
                lacks=own.lacks,
                state=state,
                rows=len(table),
                notes=[CAUTION, *(note for note in (own.note, made_up) if note)],
            ),
        ),
        made.coverage.get(name),
    )


def _standing(name: str, figures: Figures, made: Reconstruction) -> tuple[State, str]:
    """Tell whether a layer stands on published figures, and which of its figures are made up."""
    feeding = FED_BY.get(name, ())
    if not made.generated or not feeding:
        return State.EMBEDDED, ""
    told = [c for c in feeding if figures.has(c)]
    guessed = [c for c in feeding if c in made.generated]
    note = f"Generated, no figure tells: {', '.join(guessed)}" if guessed else ""
    stations = name == "stops" and len(figures.stations) > 0
    return (State.EMBEDDED if told or stations else State.GENERATED), note
