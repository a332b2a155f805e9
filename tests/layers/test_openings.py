"""Opening years of stations, which no timetable tells."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
from pyproj import CRS

from districttype.city import load_city
from districttype.layers.layer import Layer
from districttype.layers.openings import with_opening_years
from districttype.layers.schema import conform
from districttype.provenance import Provenance, State
from laid import lay_in_quarters

CRS_3067 = CRS.from_epsg(3067)


def stops(*rows: tuple[str, str, float, float, float | None]) -> Layer:
    mode, name, lon, lat, opened = map(list, zip(*rows, strict=True))
    frame = gpd.GeoDataFrame(
        {"mode": mode, "name": name, "opened": opened},
        geometry=gpd.points_from_xy(lon, lat, crs=4326),
    )
    origin = Provenance(provider="HSL", source="gtfs", state=State.LIVE, rows=len(frame))
    return Layer("stops", conform("stops", frame.to_crs(CRS_3067), CRS_3067), (origin,))


def test_a_station_gets_the_year_of_the_nearest_of_its_mode() -> None:
    given = stops(
        ("metro", "Finnoo", 24.7125, 60.1535, None),
        ("bus", "Finnoo", 24.7125, 60.1535, None),
        ("metro", "Kamppi", 24.9316, 60.1688, None),
        ("light_rail", "Otaranta", 24.8343, 60.1808, None),
        ("metro", "Tapiola", 24.8035, 60.1750, 2016),
    )
    found = with_opening_years(given, load_city("espoo"))
    assert found.frame["opened"].fillna(0).tolist() == [2022, 0, 0, 2023, 2016]
    assert found.provenance[0].notes == ["opening years of 2 stations from published figures"]
    assert given.frame["opened"].notna().sum() == 1


def test_stops_in_files_get_their_years_too(tmp_path: Path) -> None:
    given = stops(
        ("bus", "Finnoo", 24.7125, 60.1535, None),
        ("metro", "Finnoo", 24.7125, 60.1535, None),
        ("metro", "Tapiola", 24.8035, 60.1750, 2016),
    )
    found = with_opening_years(lay_in_quarters(given, tmp_path), load_city("espoo"))
    assert found.rows == 3
    assert found.select()["opened"].fillna(0).tolist() == [0, 2022, 2016]


def test_without_figures_or_stations_nothing_changes() -> None:
    given = stops(("bus", "Finnoo", 24.7125, 60.1535, None))
    espoo = load_city("espoo")
    assert with_opening_years(given, espoo) is given
    assert with_opening_years(given, espoo.model_copy(update={"figures": None})) is given
    assert np.isnan(given.frame["opened"]).all()
