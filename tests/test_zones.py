"""Zone sets on drawings small enough to check by eye."""

from __future__ import annotations

import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.testing import assert_allclose
from pyproj import CRS

from districttype.errors import (
    CrsError,
    SchemaError,
    SourceError,
    SourceTruncatedError,
    SourceUnavailableError,
)
from districttype.layers.layer import Layer, Layers
from districttype.layers.schema import conform
from districttype.planar import polygonal
from districttype.zones import ZONE_SETS, dry_land, make_zone_set, make_zones
from districttype.zones.blocks import merge_slivers
from districttype.zones.places import make_places
from districttype.zones.stations import merge_stops, slug

TM35 = CRS.from_epsg(3067)
box = shapely.box


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString(points)


def table(layer: str, geometry: list[shapely.Geometry], /, **columns: object) -> Layer:
    frame = gpd.GeoDataFrame(columns, index=range(len(geometry)), geometry=geometry, crs=TM35)
    return Layer(layer, conform(layer, frame, TM35), ())


def layers(*tables: Layer, origin: tuple[float, float] = (0, 0)) -> Layers:
    return Layers(TM35, {t.name: t for t in tables}, grid_origin=origin)


# Two districts of 1 km x 2 km beside each other.
TWO = table(
    "districts", [box(0, 0, 1000, 2000), box(1000, 0, 2000, 2000)],
    zone_id=["111", "222"], name=["West", "East"],
)  # fmt: skip


def lake(*shapes: shapely.Geometry) -> Layer:
    return table("land_use", list(shapes), **{"class": ["water"] * len(shapes)})


# --- land -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("water", "dry"),
    [((0, 0, 10, 10), 9_900.0), ((500, 500, 600, 600), 10_000.0)],
    ids=["in the zone", "elsewhere"],
)
def test_a_lake_is_cut_out_of_the_land_and_not_of_the_zone(
    water: tuple[float, float, float, float], dry: float
) -> None:
    frame = gpd.GeoDataFrame({"zone_id": ["a"], "name": ["A"]}, geometry=[box(0, 0, 100, 100)],
                             crs=TM35)  # fmt: skip
    zones = make_zones("districts", frame, layers(lake(box(*water))))
    assert zones.land_m2["a"] == dry
    assert zones.frame.geometry["a"].area == 10_000.0


def test_land_is_the_same_however_many_zones_are_cut_at_once() -> None:
    coast = shapely.Point(0, 0).buffer(1800, quad_segs=200)
    lakes = [shapely.Point(700, 700).buffer(300), shapely.Point(900, 700).buffer(200)]
    world = layers(table("land", [coast]), lake(*lakes))
    corners = [(x, y) for x in range(0, 2000, 250) for y in range(0, 2000, 250)]
    cells = gpd.GeoSeries([box(x, y, x + 250, y + 250) for x, y in corners], crs=TM35)
    truth = shapely.difference(coast, shapely.union_all(lakes))
    dry = dry_land(cells, world)
    assert_allclose(dry.area, shapely.area(shapely.intersection(cells.to_numpy(), truth)))
    assert set(dry.geom_type) <= {"Polygon", "MultiPolygon"}
    whole = dry_land(gpd.GeoSeries([box(0, 0, 2000, 2000)], crs=TM35), world)
    assert_allclose(whole.area.sum(), dry.area.sum())


def test_what_a_cut_folds_onto_a_line_is_no_land() -> None:
    """Where borders differ in the last digit, GEOS leaves polygons like this one, met in a run."""
    x = 387087.436805468
    folded = shapely.Polygon(
        [(x, 6673336.30452147), (x, 6673250), (x, 6673336.983529973), (x, 6673336.30452147)]
    )
    beside = shapely.MultiPolygon([folded, box(0, 0, 10, 10)])
    nothing, kept = polygonal(np.array([folded, beside]))
    assert shapely.is_valid([nothing, kept]).all()
    assert (nothing.area, kept.area) == (0.0, 100.0)
    assert kept.geom_type in {"Polygon", "MultiPolygon"}


def test_a_published_land_area_stands() -> None:
    frame = TWO.frame.assign(land_km2=[1.5, np.nan])
    zones = make_zones("districts", frame, layers())
    assert zones.land_m2.tolist() == [1.5e6, 2e6]


def test_a_place_of_overlapping_zones_has_its_land_once() -> None:
    shapes = [box(0, 0, 1000, 1000), box(500, 0, 1500, 1000), box(5000, 0, 6000, 1000)]
    frame = gpd.GeoDataFrame(
        {"zone_id": ["a", "b", "c"], "name": ["A", "B", "C"]}, geometry=shapes, crs=TM35
    )
    made = {"stations": make_zones("stations", frame, layers())}
    named = {
        "name_fi": ["Both", "Apart", "By name", "Half unknown"],
        "zone_set": "stations",
        "zones": ["a;b", "a;c", "A;c", "a;b;nowhere"],
    }
    places = make_places(pd.DataFrame(named), made)
    assert places is not None
    assert places.land_m2.to_dict() == pytest.approx({"Both": 1.5e6, "Apart": 2e6, "By name": 2e6})
    # Published land stands for what is drawn of it.
    stated = make_zones("districts", TWO.frame.assign(land_km2=[1.5, np.nan]), layers())
    both = pd.DataFrame({"name_fi": ["Both"], "zone_set": ["districts"], "zones": ["111;222"]})
    places = make_places(both, {"districts": stated})
    assert places is not None
    assert places.land_m2.tolist() == [3.5e6]


# --- stations ---------------------------------------------------------------------------------


def stops(*rows: tuple[str | None, str, float, float]) -> Layer:
    name, mode, x, y = zip(*rows, strict=True)
    return table("stops", list(shapely.points(x, y)), name=name, mode=mode)


def test_stops_of_one_station_are_one() -> None:
    found = merge_stops(
        stops(
            ("Leppävaara", "rail", 0, 0),
            ("Leppävaara", "light_rail", 60, 0),
            ("Keilaniemi", "metro", 1000, 0),
            ("Keilaniemi (M)", "light_rail", 1200, 0),
            ("Market", "tram", 2000, 0),
            ("Town hall", "tram", 2050, 0),
            ("Market", "tram", 9000, 0),
            (None, "tram", 5000, 5000),
            (None, "tram", 5100, 5000),
        ).frame
    )
    assert found["zone_id"].tolist() == [
        "5000-5050", "keilaniemi", "leppavaara", "market", "market-2", "town-hall",
    ]  # fmt: skip
    assert found["name"].tolist()[:3] == ["", "Keilaniemi", "Leppävaara"]
    assert [len(points) for points in found["points"]] == [2, 2, 2, 1, 1, 1]


def test_ids_keep_letters_of_other_scripts() -> None:
    assert slug("Äyräpää – Üst (2)") == "ayrapaa-ust-2"
    assert slug("Львів") == "львів"


CROSS = table(
    "streets", [line((0, 1000), (1000, 1000), (2000, 1000)),
                line((1000, 0), (1000, 1000), (1000, 2000))], kind=["residential"] * 2,
)  # fmt: skip


def test_a_station_reaches_what_lies_along_the_streets() -> None:
    # Streets cross in the station: 750 m each way, 50 m to either side and beyond the ends.
    zones = make_zone_set("stations", layers(TWO, CROSS, stops(("Kera", "rail", 1000, 1000))))
    assert zones is not None
    assert zones.ids.tolist() == ["kera"]
    assert zones.notes == {}
    shape = zones.frame.geometry["kera"]
    assert_allclose(shape.bounds, [200, 200, 1800, 1800], atol=0.01)
    # Two strips of 1500 m x 100 m that share a square, and four half discs (drawn as polygons).
    assert_allclose(shape.area, 2 * 150_000 - 10_000 + 2 * np.pi * 50**2, rtol=0.01)
    assert shape.covers(shapely.Point(1749, 1000))
    assert not shape.covers(shapely.Point(1400, 1400))


def test_the_way_to_the_street_is_walked_too() -> None:
    zones = make_zone_set("stations", layers(TWO, CROSS, stops(("Kera", "rail", 900, 920))))
    assert zones is not None
    # 80 m to the street: 670 m along it to either side, 570 m from the crossing, and 50 m beyond.
    assert_allclose(zones.frame.total_bounds, [180, 380, 1620, 1620], atol=0.01)


def test_where_every_footway_is_mapped_the_ground_is_found_in_moments() -> None:
    # A path every 10 m: what lies within 750 m along them is a square on its corner.
    at = np.arange(200, 1801, 10)
    paths = [line(*((x, y) for y in at)) for x in at] + [line(*((x, y) for x in at)) for y in at]
    web = table("streets", paths, kind=["path"] * len(paths))
    given = layers(TWO, web, stops(("Kera", "rail", 1000, 1000)))
    begin = time.perf_counter()
    zones = make_zone_set("stations", given)
    seconds = time.perf_counter() - begin
    assert zones is not None
    # The square of 750 m, widened by 50 m: its sides and its corners' discs.
    expected = 2 * 750**2 + 4 * 750 * np.sqrt(2) * 50 + np.pi * 50**2
    assert_allclose(zones.frame.area, expected, rtol=0.02)
    assert seconds < 10  # all paths widened at once: more than three minutes


def test_where_hardly_a_street_is_known_a_circle_stands_in() -> None:
    stub = table("streets", [line((900, 1000), (1100, 1000))], kind=["residential"])
    zones = make_zone_set("stations", layers(TWO, stub, stops(("Kera", "rail", 1000, 1000))))
    assert zones is not None
    assert_allclose(zones.frame.area, np.pi * (800 / 1.3) ** 2, rtol=0.01)
    assert "too few walkable streets" in zones.notes["kera"].text("en")


def test_without_streets_a_circle_stands_in_and_says_so() -> None:
    zones = make_zone_set("stations", layers(TWO, stops(("Kera", "rail", 1000, 1000))))
    assert zones is not None
    assert_allclose(zones.frame.area, np.pi * (800 / 1.3) ** 2, rtol=0.01)
    assert "circle of 615 m" in zones.notes["kera"].text("en")


def test_stations_end_at_the_city_s_edge() -> None:
    found = stops(("Edge", "metro", 0, 1000), ("Beyond", "rail", -500, 1000),
                  ("Far", "rail", -5000, 0), ("Bus", "bus", 1000, 1000))  # fmt: skip
    zones = make_zone_set("stations", layers(TWO, found))
    assert zones is not None
    assert zones.ids.tolist() == ["beyond", "edge"]
    assert zones.frame["parent"].tolist() == ["111", "111"]
    assert_allclose(zones.frame.area["edge"], np.pi * (800 / 1.3) ** 2 / 2, rtol=0.01)
    assert zones.frame.total_bounds[0] == 0


def test_a_station_without_a_name_is_called_after_its_district() -> None:
    zones = make_zone_set("stations", layers(TWO, stops((None, "rail", 1000, 1000))))
    assert zones is not None
    assert zones.ids.tolist() == ["1000-1000"]
    district = TWO.frame.set_index("zone_id")["name"]
    assert zones.frame["name"].tolist() == [district[zones.frame["parent"].iloc[0]]]


def test_no_station_makes_no_zone_set() -> None:
    assert make_zone_set("stations", layers(TWO)) is None
    assert make_zone_set("stations", layers(TWO, stops(("A", "bus", 1000, 1000)))) is None
    assert make_zone_set("stations", layers(TWO, stops(("A", "rail", 9000, 1000)))) is None


# --- blocks -----------------------------------------------------------------------------------


def test_streets_water_and_district_edges_enclose_blocks() -> None:
    streets = table(
        "streets",
        [line((-50, 500), (2050, 500)), line((500, 500), (500, 2100)), line((0, 1200), (400, 1200)),
         line((1500, 500), (1500, 2000))],
        kind=["residential", "rail", "collector", "path"],
    )  # fmt: skip
    world = layers(TWO, streets, lake(box(1600, 0, 2000, 500)))
    zones = make_zone_set("blocks", world)
    assert zones is not None
    # West: south of the street, and both sides of the railway; the dead end parts nothing. East:
    # north of the street (the path parts nothing), and south of it up to the lake.
    assert zones.frame["parent"].tolist() == ["111"] * 3 + ["222"] * 2
    assert zones.frame["name"].tolist()[:2] == ["West 001", "West 002"]
    assert_allclose(zones.frame.area, [750_000, 750_000, 500_000, 1_500_000, 300_000])
    assert_allclose(zones.land_m2.sum(), 4e6 - 200_000)


def test_slivers_join_the_neighbour_with_the_longest_border_in_common() -> None:
    left, right = box(0, 0, 100, 100), box(106, 0, 200, 100)
    strip, speck = box(100, 0, 106, 100), box(200, 40, 220, 60)
    # Edges are noded, as those of polygonised lines are.
    right = shapely.Polygon([(106, 0), (200, 0), (200, 40), (200, 60), (200, 100), (106, 100)])
    left = shapely.Polygon([(0, 0), (100, 0), (100, 100), (60, 100), (0, 100)])
    found = merge_slivers(np.array([left, strip, right, speck]))
    assert len(found) == 2
    assert_allclose(shapely.area(found).sum(), 20_000 + 400)
    assert sorted(shapely.area(found)) in ([9_800, 10_600], [10_000, 10_400])


def test_an_islet_joins_the_nearest_block() -> None:
    found = merge_slivers(
        np.array([box(0, 0, 100, 100), box(300, 0, 400, 100), box(420, 0, 430, 10)])
    )
    assert sorted(shapely.area(found)) == [10_000, 10_100]


def test_without_streets_there_are_no_blocks() -> None:
    assert make_zone_set("blocks", layers(TWO)) is None


# --- cells ------------------------------------------------------------------------------------


def test_cells_lie_on_the_national_grid_and_keep_to_the_city_s_land() -> None:
    districts = table("districts", [box(380_100, 6_678_000, 380_600, 6_678_250)],
                      zone_id=["111"], name=["A"])  # fmt: skip
    zones = make_zone_set(
        "cells", layers(districts, lake(box(380_500, 6_678_000, 380_750, 6_678_250)))
    )
    assert zones is not None
    assert zones.ids.tolist() == ["250mN667800E38000", "250mN667800E38025"]
    assert (zones.frame.area == 62_500).all()
    assert_allclose(zones.land_m2, [150 * 250, 250 * 250])


def test_a_grid_off_the_tens_has_its_ids_in_full_metres() -> None:
    districts = table("districts", [box(0, 0, 200, 200)], zone_id=["111"], name=["A"])
    zones = make_zone_set("cells", layers(districts, origin=(-3, 0)))
    assert zones is not None
    assert zones.ids.tolist() == ["250mN0E-3"]


# --- a file of the user's own -----------------------------------------------------------------


def write(tmp_path: Path, geometry: list[shapely.Geometry], crs: object = TM35, **columns: object):
    path = tmp_path / "my_areas.gpkg"
    gpd.GeoDataFrame(columns, index=range(len(geometry)), geometry=geometry, crs=crs).to_file(path)
    return path


def test_ids_and_names_are_found_under_their_usual_names(tmp_path: Path) -> None:
    path = write(tmp_path, [box(10, 10, 20, 20), box(1500, 10, 1600, 20)], Koodi=[7, 8],
                 NIMI=["Äijälä", None], other=["x", "y"])  # fmt: skip
    zones = make_zone_set("my_areas", layers(TWO), file=path)
    assert zones is not None
    assert zones.name == "my_areas"
    assert zones.ids.tolist() == ["7", "8"]
    assert zones.frame["name"].tolist() == ["Äijälä", "8"]
    assert zones.frame["parent"].tolist() == ["111", "222"]


def test_columns_that_repeat_are_no_ids_and_other_systems_are_put_into_the_city_s(
    tmp_path: Path,
) -> None:
    shapes = gpd.GeoSeries([box(380_000, 6_678_000, 381_000, 6_679_000)], crs=TM35).to_crs(4326)
    path = write(tmp_path, [*shapes, *shapes], crs=4326, code=["a", "a"])
    zones = make_zone_set("mine", layers(), file=path)
    assert zones is not None
    assert zones.ids.tolist() == ["1", "2"]
    assert_allclose(zones.frame.area, 1e6, rtol=1e-6)


def test_broken_polygons_are_mended(tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    zones = make_zone_set("mine", layers(TWO), file=write(tmp_path, [bow_tie]))
    assert zones is not None
    assert_allclose(zones.land_m2, 50)


def test_files_that_make_no_zones_are_refused_in_one_line(tmp_path: Path) -> None:
    world = layers(TWO)
    with pytest.raises(SourceUnavailableError, match="there is no such file"):
        make_zone_set("mine", world, file=tmp_path / "absent.gpkg")
    cut = write(tmp_path, [box(0, 0, 1, 1)]).read_bytes()[:60_000]
    (tmp_path / "cut.gpkg").write_bytes(cut)
    with pytest.raises(SourceTruncatedError, match="is truncated"):
        make_zone_set("mine", world, file=tmp_path / "cut.gpkg")
    with pytest.raises(SchemaError, match="Point where polygons are due"):
        make_zone_set("mine", world, file=write(tmp_path, [shapely.Point(0, 0)]))
    with pytest.raises(CrsError, match=r"from where they are expected.*; save it in the"):
        make_zone_set("mine", world, file=write(tmp_path, [box(9000, 9000, 9100, 9100)]))
    nowhere = tmp_path / "nowhere.geojson"
    nowhere.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(SourceError, match=r"nowhere.geojson: has no rows"):
        make_zone_set("mine", world, file=nowhere)
    unsaid = tmp_path / "unsaid.parquet"
    gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1)]).to_parquet(unsaid)
    with pytest.raises(CrsError, match="nothing says in which coordinate system"):
        make_zone_set("mine", world, file=unsaid)


def test_swapped_axes_are_turned_as_in_any_layer(tmp_path: Path) -> None:
    there = box(380_000, 6_678_000, 381_000, 6_679_000)
    turned = shapely.transform(there, lambda xy: xy[:, ::-1])
    world = layers(table("districts", [there], zone_id=["1"], name=["A"]))
    zones = make_zone_set("mine", world, file=write(tmp_path, [turned]))
    assert zones is not None
    assert_allclose(zones.land_m2, 1e6)


def test_every_zone_set_has_its_name() -> None:
    assert ZONE_SETS == ("districts", "stations", "blocks", "cells")
    zones = make_zone_set("districts", layers(TWO))
    assert zones is not None
    assert zones.ids.tolist() == ["111", "222"]
    assert make_zone_set("districts", layers()) is None


# --- the real city ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def espoo(shared: Path) -> Layers:
    districts = gpd.read_file(shared / "espoo" / "espoo_pienalue_88.gpkg").to_crs(TM35)
    districts = districts.rename(columns={"pien": "zone_id", "nimi": "name"})
    stations = pd.read_csv(shared / "figures" / "espoo_stations.csv")[
        ["name", "mode", "lon", "lat"]
    ]
    points = gpd.GeoDataFrame(
        stations, geometry=gpd.points_from_xy(stations["lon"], stations["lat"]), crs=4326
    )
    land = gpd.read_file(shared / "espoo" / "espoo_land_area.gpkg")
    return Layers(
        TM35,
        {
            name: Layer(name, conform(name, frame, TM35), ())
            for name, frame in {"districts": districts, "stops": points, "land": land}.items()
        },
    )


def test_kera_comes_out_and_cells_hold_all_of_the_land(espoo: Layers) -> None:
    stations, cells = (make_zone_set(name, espoo) for name in ("stations", "cells"))
    districts = make_zone_set("districts", espoo)
    assert stations is not None
    assert cells is not None
    assert districts is not None
    assert stations.frame.loc["kera", ["name", "parent"]].tolist() == ["Kera", "131"]
    assert "koivuhovi" in stations.ids  # stands in Kauniainen, reaches into the city
    assert stations.land_m2["koivuhovi"] < stations.land_m2["kilo"]
    assert_allclose(cells.land_m2.sum(), districts.land_m2.sum(), rtol=1e-6)
