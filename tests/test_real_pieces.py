"""Real districts, published figures within them, the rest generated: each said to be what it is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from districttype import pipeline
from districttype.city import City, load_city
from districttype.errors import ConfigError
from districttype.layers.canonical import rows
from districttype.layers.collect import collect
from districttype.layers.districts import REACH, from_points
from districttype.layers.layer import Layers
from districttype.layers.schema import conform
from districttype.layers.standing import standing
from districttype.providers import VectorFile, read_layers_file
from districttype.publish.stamp import MIXED, stamp
from districttype.sources.figures import Figures, onto
from districttype.sources.figures.tables import Origin, check_districts
from districttype.sources.registry import Raw

CRS = "EPSG:32633"
LAYERS = Path(__file__).parent / "cities"
X, Y = 500_000.0, 5_550_000.0
TOWN = City(id="town", country="CZ", crs=CRS, names={"en": "Town"})


def districts(*boxes: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    shapes = [shapely.box(X + a, Y + b, X + c, Y + d) for a, b, c, d in boxes]
    names = [f"N{i}" for i in range(len(boxes))]
    table = gpd.GeoDataFrame({"zone_id": names, "name": names}, geometry=shapes, crs=CRS)
    return conform("districts", table, table.crs)


def figures(xy: list[tuple[float, float]], **columns: object) -> Figures:
    east, north = np.array(xy).T
    points = gpd.GeoSeries.from_xy(X + east, Y + north, crs=CRS).to_crs(4326)
    table = pd.DataFrame(
        {"id": range(len(xy)), "name": "x", "land_km2": 1.0, "lon": points.x, "lat": points.y}
    )
    return Figures(Origin(name="town", provider="p"), check_districts(table.assign(**columns)))


TWO = ((0, 0, 1000, 1000), (1000, 0, 3000, 1000))


def test_figures_count_in_the_district_that_holds_their_point() -> None:
    some = figures([(10, 10), (990, 990), (2000, 500)], residents=[100, 20, 7])
    placed, told, _ = onto(some, districts(*TWO))
    assert placed.number("residents") == pytest.approx([120, 7])
    assert placed.number("land_km2") == pytest.approx([1.0, 2.0])
    assert told.tolist() == [True, True]
    assert list(placed.districts["name"]) == ["N0", "N1"]


def test_densities_are_averaged_by_land_and_gaps_stay_gaps() -> None:
    some = figures(
        [(10, 10), (20, 20)],
        land_km2=[1.0, 3.0],
        density_met_per_ha=[10, 50],
        cover_trees=["", "0.4"],
        residents=["", ""],
    )
    placed, told, _ = onto(some, districts(*TWO))
    assert placed.number("density_met_per_ha")[0] == pytest.approx(40)
    assert placed.number("cover_trees")[0] == pytest.approx(0.4)
    assert np.isnan(placed.number("residents")).all()
    assert told.tolist() == [True, False]


def test_a_sum_of_which_a_part_is_unknown_is_unknown_and_plans_of_a_row_are_left_out() -> None:
    some = figures(
        [(10, 10), (990, 990), (2000, 500)],
        residents=[100, "", 7],
        planned_residents=["", 14_000, ""],
        planned_basis=["", "total", ""],
    )
    placed, _, _ = onto(some, districts(*TWO))
    assert placed.number("residents") == pytest.approx([np.nan, 7], nan_ok=True)
    assert not placed.has("planned_residents")


def test_figures_of_another_place_are_refused() -> None:
    with pytest.raises(ConfigError, match="none of the figures lies in any of the districts"):
        onto(figures([(9e4, 9e4)]), districts(*TWO))


def test_districts_of_points_are_what_is_nearest_and_not_too_far() -> None:
    points = gpd.GeoDataFrame(
        {"zone_id": ["a", "a", "b"], "name": ["A", "A", "B"]},
        geometry=gpd.points_from_xy([X, X - 100, X + 600], [Y, Y, Y]),
        crs=CRS,
    )
    areas = from_points(points).set_index("zone_id").geometry
    assert set(areas.index) == {"a", "b"}
    assert areas["a"].intersection(areas["b"]).area == pytest.approx(0, abs=1e-6)
    assert areas["a"].bounds[2] == pytest.approx(X + 300, abs=1e-6)
    assert areas["a"].bounds[0] == pytest.approx(X - 100 - REACH, abs=15)
    assert shapely.covers(areas["b"], shapely.Point(X + 600, Y))


def test_a_district_of_a_single_point_is_what_lies_round_it() -> None:
    point = gpd.GeoDataFrame({"zone_id": ["a"]}, geometry=[shapely.Point(X, Y)], crs=CRS)
    (area,) = from_points(point).geometry
    assert area.area == pytest.approx(np.pi * REACH**2, rel=0.05)


def test_addresses_serve_as_districts_and_a_count_says_so() -> None:
    raw = gpd.GeoDataFrame(
        {"code": list("aab")}, geometry=gpd.points_from_xy([X, X, X + 600], [Y, Y + 300, Y]),
        crs=CRS,
    )  # fmt: skip
    provider = VectorFile(provider="p", file="x.csv", columns={"zone_id": "code", "name": "code"})
    table, changes, _ = rows("districts", provider, Raw(raw), Layers(raw.crs))
    assert list(table["zone_id"]) == ["a", "b"]
    assert set(table.geom_type) <= {"Polygon", "MultiPolygon"}
    assert changes["points to which districts are what is nearest"] == 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two real districts, and figures of one of them."""
    districts(*TWO).to_file(tmp_path / "areas.gpkg")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "figures.toml").write_text(
        'name = "Mine"\nprovider = "p"\n[assumed]\npersons_per_home = 2.0\n'
        "jobs_per_resident = 0.3\nsectors = { offices = 1.0 }\nbasis = 'for the test'\n",
        encoding="utf-8",
    )
    one = figures([(500, 500)], residents=[4000]).districts
    one.to_csv(tmp_path / "mine" / "districts.csv", index=False)
    layers = '[[districts]]\nprovider = "City"\nfile = "areas.gpkg"\n'
    for name in ("buildings", "residents"):
        layers += f'[[{name}]]\nsource = "figures"\nprovider = "p"\nfigures = "mine"\n'
    (tmp_path / "layers.toml").write_text(layers, encoding="utf-8")
    return tmp_path


def test_where_no_figure_is_nothing_is_known(folder: Path) -> None:
    layers = collect(TOWN, read_layers_file(folder / "layers.toml"), folder).layers
    known, empty = layers["districts"].frame.geometry
    buildings = layers["buildings"]
    assert len(buildings.frame) > 100
    assert shapely.covers(known.buffer(0.01), buildings.frame.geometry.to_numpy()).all()
    assert buildings.coverage.symmetric_difference(known).area < 1e-3
    assert not buildings.coverage.contains(empty.centroid)
    assert layers["residents"].frame["residents"].sum() == pytest.approx(4000)
    assert standing(layers) == {
        "real": ["districts"], "published figures": ["residents"], "generated": ["buildings"],
    }  # fmt: skip


def test_figures_outside_every_district_are_counted(folder: Path) -> None:
    two = figures([(500, 500), (9000, 9000)], residents=[4000, 1]).districts
    two.to_csv(folder / "mine" / "districts.csv", index=False)
    layers = collect(TOWN, read_layers_file(folder / "layers.toml"), folder).layers
    changes = layers["residents"].provenance[0].changes
    assert changes == {"rows of figures in no district left out": 1}
    assert layers["residents"].frame["residents"].sum() == pytest.approx(4000)


def test_figures_share_no_layer(folder: Path) -> None:
    file = folder / "layers.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + '[[buildings]]\nprovider = "q"\nfile = "b.gpkg"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="layer buildings: figures cannot share a layer"):
        collect(TOWN, read_layers_file(file), folder)


def test_a_layer_that_figures_do_not_serve_is_named_with_those_they_do(folder: Path) -> None:
    file = folder / "layers.toml"
    text = file.read_text(encoding="utf-8")
    text += '[[ground]]\nsource = "figures"\nprovider = "p"\nfigures = "mine"\n'
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"do not tell enough to draw ground; they serve .*build"):
        collect(TOWN, read_layers_file(file), folder)


# The real pieces there are

REAL = {"leipzig": 63, "maia": 10, "kifissia": 3, "reykjavik": 11}


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_real_districts_are_completed_to_a_whole_city(name: str, shared: Path) -> None:
    edition = pipeline.classify(
        load_city(name),
        data=str(shared),
        layers_file=LAYERS / f"{name}-real.toml",
        zone_sets=(),
    )
    labels = edition.results["districts"].labels
    assert len(labels) == REAL[name]
    stood = edition.run["standing"]
    assert stood["real"] == ["districts"]
    assert {"streets", "land_use"} <= set(stood["generated"])
    assert "residents" in stood["published figures"]
    assert stamp(edition).template == MIXED
    counts = Counter(labels["density"])
    # Vatnsmýri og Skerjafjörður is a postal district, but no hverfi: no figure is of it.
    assert counts["unknown"] == (1 if name == "reykjavik" else 0)
    residents = edition.results["districts"].indicators["residents"].sum()
    published = {"leipzig": 605_406, "maia": 134_959, "kifissia": 72_878, "reykjavik": 121_409}
    assert residents == pytest.approx(published[name], rel=0.005)
