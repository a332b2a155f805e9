"""Places with labels set by hand, as public statements give them; none computed from data."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from districttype.focus import Catalogue, load_catalogue
from districttype.layers.layer import Layers
from districttype.zones import Zones, make_zones

METRIC = CRS("EPSG:3067")

#        density, detail, development, detail, use, mobility, energy, detail, ground, detail, owner
PLACES = {
    "Kera": ("sparse", "low", "new", "brownfield", "industry", "station", "individual",
             "waste_heat_source", "unknown", "", "few_private"),
    "Soukka": ("dense", "compact", "infill", "", "housing", "station_new", "heat_network_viable",
               "", "bedrock_thin_cover", "", "mixed"),
    "Suurpelto": ("dense", "compact", "new", "", "housing", "frequent_bus", "heat_network_viable",
                  "", "clay", "", "city"),
    "Keilaniemi": ("dense", "dense", "infill", "", "offices", "station", "heat_network_viable", "",
                   "unknown", "", "mixed"),
    "Nöykkiö": ("sparse", "low", "stable", "", "housing", "frequent_bus", "individual", "",
                "unknown", "", "fragmented"),
    "Nuuksio": ("sparse", "rural", "stable", "", "unbuilt", "car", "individual", "",
                "bedrock_thin_cover", "groundwater_area", "unknown"),
    "Högnäs": ("sparse", "rural;low", "new", "", "industry", "car", "individual",
               "waste_heat_source", "bedrock_thin_cover", "", "few_private"),
}  # fmt: skip
COLUMNS = (
    "density", "density_detail", "development", "development_detail", "use", "mobility", "energy",
    "energy_detail", "ground", "ground_detail", "ownership",
)  # fmt: skip


@dataclass(frozen=True)
class City:
    """Places in a row from west to east, 1 km each."""

    zones: Zones
    labels: pd.DataFrame
    indicators: pd.DataFrame

    def only(self, *names: str) -> City:
        """Return the city with these places only."""
        frame = self.zones.frame.loc[list(names)].reset_index()
        return City(zones_of(frame), self.labels.loc[list(names)], self.indicators.loc[list(names)])


def zones_of(frame: gpd.GeoDataFrame, name: str = "districts") -> Zones:
    return make_zones(name, frame, Layers(METRIC))


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def city() -> City:
    names = sorted(PLACES)
    frame = gpd.GeoDataFrame(
        {"zone_id": names, "name": names},
        geometry=[shapely.box(x * 1000, 0, x * 1000 + 1000, 1000) for x in range(len(names))],
        crs=METRIC,
    )
    labels = pd.DataFrame.from_dict(PLACES, orient="index", columns=list(COLUMNS)).loc[names]
    labels["density_confidence"], labels["mobility_confidence"] = 0.9, 0.6
    zones = zones_of(frame)
    return City(zones, labels, pd.DataFrame(index=zones.ids))
