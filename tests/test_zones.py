from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from pyproj import CRS

from districttype.layers.schema import Layer, Layers, conform
from districttype.zones import make_zones

TM35 = CRS.from_epsg(3067)


def _layers(*water: shapely.Geometry) -> Layers:
    lake = gpd.GeoDataFrame({"class": ["water"] * len(water)}, geometry=list(water), crs=TM35)
    return Layers(TM35, {"land_use": Layer("land_use", conform("land_use", lake, TM35), ())})


@pytest.mark.parametrize(
    ("water", "dry"),
    [((0, 0, 10, 10), 9_900.0), ((500, 500, 600, 600), 10_000.0)],
    ids=["in the zone", "elsewhere"],
)
def test_a_lake_is_cut_out_of_the_land_and_not_of_the_zone(
    water: tuple[float, float, float, float], dry: float
) -> None:
    frame = gpd.GeoDataFrame(
        {"zone_id": ["a"], "name": ["A"]}, geometry=[shapely.box(0, 0, 100, 100)], crs=TM35
    )
    zones = make_zones("districts", frame, _layers(shapely.box(*water)))
    assert zones.land_m2["a"] == dry
    assert zones.frame.geometry["a"].area == 10_000.0
