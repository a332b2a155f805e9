"""Reading figures, drawing districts, and reconstructing cities whose truth is known."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from districttype.city import City
from districttype.errors import ConfigError
from districttype.layers.reconstructed import embedded_layers, figures_layers
from districttype.sources.figures import (
    load_figures,
    multiplied,
    reconstruct,
    sampled,
    synthetic_figures,
)
from districttype.sources.figures.complete import complete
from districttype.sources.figures.power import diagram, fit
from districttype.sources.figures.shapes import apportion, before, carve, cut_to_grid
from districttype.sources.figures.tables import COVERS, Assumed, Figures, Origin, check_districts
from districttype.sources.figures.territory import survey

TM35 = CRS.from_epsg(3067)
SHIPPED = Path(__file__).parents[2] / "src" / "districttype" / "figures_data" / "espoo"


def copy_of_espoo(tmp_path: Path) -> Path:
    folder = tmp_path / "espoo"
    shutil.copytree(SHIPPED, folder)
    return folder


def write(folder: Path, **columns: object) -> None:
    """Write columns over those of districts.csv."""
    path = folder / "districts.csv"
    pd.read_csv(path, dtype=str, keep_default_na=False).assign(**columns).to_csv(path, index=False)


# Reading


def test_unknown_figures_are_named_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no figures 'atlantis'.*known are espoo"):
        load_figures("atlantis")


def test_figures_of_ones_own_lie_beside_the_city_file(tmp_path: Path) -> None:
    write(copy_of_espoo(tmp_path).rename(tmp_path / "mine"), residents="7")
    assert set(load_figures("mine", tmp_path).number("residents")) == {7.0}


def test_a_city_without_figures_says_what_to_do() -> None:
    city = City(id="x", country="FI", crs="EPSG:3067", names={"en": "X"})
    with pytest.raises(ConfigError, match=r"city x: no figures .*--data DIR"):
        embedded_layers(city)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"populaton": "3"}, r"districts.csv: column 'populaton' is unknown"),
        ({"residents": "many"}, r"residents: 'many' is no number"),
        ({"cover_built": "1.2"}, r"cover_built is outside 0..1 in 111, 112"),
        ({"residents": "-1"}, r"residents is outside 0..inf"),
        ({"land_km2": "0"}, r"land_km2 must be above 0"),
        ({"id": "111"}, r"id is empty or twice there"),
        ({"name": ""}, r"name is empty"),
        ({"planned_basis": "some"}, r"planned_basis \['some'\] is none of total, additional"),
    ],
)
def test_a_wrong_figure_is_one_clear_line(
    tmp_path: Path, columns: dict[str, str], message: str
) -> None:
    folder = copy_of_espoo(tmp_path)
    write(folder, **columns)
    with pytest.raises(ConfigError, match=message) as caught:
        load_figures(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("districts.csv", r"districts.csv: no such file"),
        ("figures.toml", r"figures.toml: no such file"),
    ],
)
def test_a_missing_file_is_named(tmp_path: Path, name: str, message: str) -> None:
    folder = copy_of_espoo(tmp_path)
    (folder / name).unlink()
    with pytest.raises(ConfigError, match=message):
        load_figures(folder)


def test_without_an_outline_it_is_drawn_about_the_points(tmp_path: Path) -> None:
    folder = copy_of_espoo(tmp_path)
    (folder / "outline.csv").unlink()
    figures = load_figures(folder)
    drawn = survey(figures, TM35).zones
    lakes = np.nan_to_num(figures.number("lake_km2"))
    wanted = (figures.number("land_km2") + lakes).sum()
    assert shapely.area(drawn).sum() / 1e6 == pytest.approx(wanted)


def test_stations_may_be_left_out(tmp_path: Path) -> None:
    folder = copy_of_espoo(tmp_path)
    (folder / "stations.csv").unlink()
    assert len(load_figures(folder).stations) == 0


def test_an_empty_cell_is_unknown_and_zero_is_zero() -> None:
    figures = load_figures("espoo")
    kera, soukka = (figures.districts["id"] == one for one in ("132", "412"))
    assert np.isnan(figures.number("planned_floor_m2")[kera]).all()
    assert (figures.number("groundwater_area_share")[soukka] == 0).all()
    assert not figures.has("ground_silt")
    assert np.isnan(figures.number("ground_silt")).all()


# Power diagram

SQUARE = shapely.box(0, 0, 1000, 1000)


def test_two_sites_halve_a_square_and_weight_moves_the_border() -> None:
    sites = np.array([[250.0, 500.0], [750.0, 500.0], [500.0, 1e6], [500.0, -1e6]])
    cells = diagram(sites, np.zeros(4), SQUARE).cells
    assert cells[0].equals_exact(shapely.box(0, 0, 500, 1000), 1e-3, normalize=True)
    # The border moves by (w1 - w2) / (2 x distance) = 50,000 / 1000 = 50 m.
    heavier = diagram(sites, np.array([50_000.0, 0, 0, 0]), SQUARE).areas
    assert heavier[0] == pytest.approx(550 * 1000)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(4, 30),
)
def test_a_diagram_is_a_partition_and_fits_any_areas(seed: int, count: int) -> None:
    dice = np.random.default_rng(seed)
    clip = shapely.box(0, 0, 1000, 1000).difference(shapely.box(400, 400, 500, 600))
    grid = np.array([(x, y) for x in range(6) for y in range(6)], dtype=float) * 160 + 60
    sites = grid[dice.permutation(36)[:count]] + dice.uniform(0, 80, (count, 2))
    areas = dice.uniform(0.5, 1.5, count)
    areas *= clip.area / areas.sum()
    cells = diagram(sites, fit(sites, areas, areas, clip), clip).cells
    assert shapely.area(cells) == pytest.approx(areas, rel=1e-5)
    assert shapely.union_all(cells).area == pytest.approx(clip.area, rel=1e-9)


def test_bounds_leave_alone_what_lies_within_them() -> None:
    sites = np.array([[250.0, 250.0], [750.0, 250.0], [250.0, 750.0], [750.0, 750.0]])
    low = np.array([240_000.0, 240_000.0, 240_000.0, 240_000.0])
    high = np.array([260_000.0, 260_000.0, 260_000.0, 260_000.0])
    weights = fit(sites, low, high, SQUARE)
    assert weights == pytest.approx(low / np.pi)


# Grid pieces


def test_pieces_add_up_to_the_land_and_find_their_points() -> None:
    land = np.array([shapely.Point(600, 600).buffer(480), shapely.box(1100, 0, 1700, 900)])
    pieces = cut_to_grid(land, 250.0)
    assert np.bincount(pieces.owner, pieces.area) == pytest.approx(shapely.area(land))
    assert (pieces.locate(pieces.xy, pieces.owner) == np.arange(len(pieces))).all()
    assert pieces.locate(np.array([[5000.0, 5000.0]]), np.array([0])).tolist() == [-1]


@settings(max_examples=30, deadline=None)
@given(
    shares=st.lists(st.floats(0, 1), min_size=2, max_size=5).filter(lambda row: sum(row) > 0.01),
    seed=st.integers(0, 1000),
)
def test_carving_gives_exact_shares_and_leaves_no_gap(shares: list[float], seed: int) -> None:
    land = np.array([shapely.Point(600, 600).buffer(480)])
    pieces = cut_to_grid(land, 125.0)
    wanted = np.array([shares]) / (sum(shares) * 1.1)
    order = np.random.default_rng(seed).random(len(pieces))
    shapes, _, label = carve(pieces, order, wanted)
    area = np.bincount(label, shapely.area(shapes), minlength=len(shares) + 1)
    assert area[:-1] == pytest.approx(wanted[0] * land[0].area, abs=1e-3 * land[0].area)
    assert area.sum() == pytest.approx(land[0].area, rel=1e-6)
    assert shapely.union_all(shapes).area == pytest.approx(area.sum(), rel=1e-6)


@given(
    count=st.integers(0, 1000),
    weights=st.lists(st.floats(0, 1e6), min_size=1, max_size=40).filter(lambda w: sum(w) > 0),
)
def test_apportioning_keeps_the_whole_number(count: int, weights: list[float]) -> None:
    owner = np.zeros(len(weights), dtype=np.int64)
    weight = np.array(weights)
    parts = apportion(np.array([count]), owner, weight)
    assert parts.sum() == count
    assert (parts >= 0).all()
    exact = np.cumsum(weight) / weight.sum() * count
    assert (np.abs(np.cumsum(parts) - exact) <= 0.5 + 1e-6).all()


def test_sums_before_start_anew_in_every_district() -> None:
    found = before(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 0, 2, 2]))
    assert found.tolist() == [0, 1, 0, 3]


# Cities with known truth


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_any_seed_keeps_sums_and_stands_apart(seed: int) -> None:
    figures, _ = synthetic_figures(seed, ("centre", "suburb", "works"))
    made = reconstruct(figures, TM35, seed=seed, only=("districts", "buildings", "streets"))
    buildings, zones = made.tables["buildings"], made.tables["districts"]
    shapes = buildings.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    assert (first == second).all()
    zone = gpd.sjoin(
        gpd.GeoDataFrame(geometry=buildings.centroid, crs=TM35), zones, predicate="within"
    )["zone_id"]
    total = buildings["floor_area_m2"].groupby(zone).sum()
    table = figures.districts.set_index("id")
    stated = table.filter(regex="^floor_").sum(axis=1)
    np.testing.assert_allclose(total, stated.loc[total.index], rtol=1e-9)
    assert len(total) == 3
    assert (
        not shapely.STRtree(made.tables["streets"].geometry.to_numpy())
        .query(shapes, predicate="intersects")
        .size
    )


def test_archetypes_are_what_they_are_called() -> None:
    figures, truth = synthetic_figures(5)
    made = reconstruct(figures, TM35, only=("districts", "buildings"))
    buildings, zones = made.tables["buildings"], made.tables["districts"]
    middle = gpd.GeoDataFrame(buildings[["use", "floor_area_m2"]], geometry=buildings.centroid)
    joined = gpd.sjoin(middle, zones[["zone_id", "geometry"]], predicate="within")
    cell = pd.Series(
        list(zip(joined.geometry.x // 250, joined.geometry.y // 250, strict=True)), joined.index
    )
    far = joined["floor_area_m2"].groupby(cell).transform("sum") / 62_500
    dense = joined["floor_area_m2"].where(far >= 0.3, 0).groupby(joined["zone_id"]).sum()
    share = dense / joined.groupby("zone_id")["floor_area_m2"].sum()
    known = truth["density"].dropna()
    assert ((share[known.index] >= 0.5) == (known == "dense")).all()
    main = joined.groupby(["zone_id", "use"])["floor_area_m2"].sum()
    offices, works = (truth.index[truth["kind"] == kind][0] for kind in ("offices", "works"))
    assert main[offices].idxmax() == "office"
    assert main[works].idxmax() == "industrial"


def test_many_times_a_city_has_many_times_its_sums() -> None:
    figures, _ = synthetic_figures(1, ("centre", "suburb", "village"))
    many = multiplied(figures, 3)
    assert len(many) == 9
    assert many.districts["id"].is_unique
    made = reconstruct(many, TM35, only=("buildings", "residents"))
    stated = figures.districts.filter(regex="^floor_").to_numpy().sum()
    assert made.tables["buildings"]["floor_area_m2"].sum() == pytest.approx(3 * stated)
    assert made.tables["residents"]["residents"].sum() == 3 * figures.number("residents").sum()
    assert set(made.tables) == {"buildings", "residents"}


# Cities of which little is published


def sparse(**columns: list[float] | list[str]) -> Figures:
    """Return two districts, 2 x 1 km, of which only some figures are known."""
    table = pd.DataFrame({"id": ["a", "b"], "name": ["A", "B"], "land_km2": [2.0, 2.0], **columns})
    polygons = gpd.GeoSeries(
        [shapely.box(385e3, 6672e3, 387e3, 6673e3), shapely.box(385e3, 6673e3, 387e3, 6674e3)],
        crs=TM35,
    ).to_crs(4326)
    return Figures(Origin(name="Two", provider="test"), check_districts(table), polygons=polygons)


def test_three_columns_give_districts_and_nothing_that_is_not_known() -> None:
    made = reconstruct(sparse(), TM35)
    assert set(made.tables) == {"districts", "land", "land_use"}
    assert made.tables["districts"]["land_km2"].tolist() == [2.0, 2.0]


def test_residents_alone_are_spread_without_houses() -> None:
    made = reconstruct(sparse(residents=[5000, 30]), TM35)
    assert "buildings" not in made.tables
    cells = made.tables["residents"]
    assert cells["residents"].sum() == 5030
    assert set(cells.columns) == {"residents", "geometry"}


def test_homes_of_unknown_kind_are_marked_as_guessed() -> None:
    figures = sparse(
        residents=[5000, 30], dwellings=[2600, 12], floor_homes_recent_m2=[230_000, 2200]
    )
    made = reconstruct(figures, TM35)
    buildings = made.tables["buildings"]
    assert buildings["floor_area_m2"].sum() == pytest.approx(232_200)
    assert set(buildings["use_origin"]) == {"imputed"}
    assert buildings["dwellings"].sum() == pytest.approx(2612, abs=2)
    assert "streets" not in made.tables
    assert "jobs" not in made.tables["residents"].columns
    layers = figures_layers(figures, made)
    assert layers["buildings"].frame["year_built"].isna().all()


def test_a_district_of_unknown_population_has_none_that_counts() -> None:
    made = reconstruct(sparse(residents=[5000, np.nan]), TM35)
    cells = made.tables["residents"]
    north = cells.geometry.centroid.y > 6_673_000
    assert cells.loc[north, "residents"].isna().all()
    assert cells.loc[~north, "residents"].sum() == 5000


@pytest.mark.parametrize(
    ("layer", "column", "value"),
    [
        ("buildings", "floor_offices_m2", 9000.0),
        ("buildings", "dwellings", 2600.0),
        ("buildings", "floor_homes_recent_m2", 230_000.0),
        ("streets", "intersections", 40.0),
        ("stops", "bus_stops", 6.0),
        ("ground_constraints", "groundwater_area_share", 0.3),
    ],
)
def test_a_layer_is_known_only_in_the_districts_of_which_figures_tell(
    layer: str, column: str, value: float
) -> None:
    rest = {"dwellings": [900.0, 900.0]} if column == "floor_offices_m2" else {}
    half = reconstruct(sparse(residents=[5000, 30], **{column: [value, np.nan]}, **rest), TM35)
    south = half.tables["districts"].geometry.iloc[0]
    assert half.coverage[layer].symmetric_difference(south).area < 1
    whole = reconstruct(sparse(residents=[5000, 30], **{column: [value, 0.0]}, **rest), TM35)
    assert layer in whole.tables
    assert layer not in whole.coverage


def test_shares_of_land_cover_that_are_no_whole_leave_the_rest_unknown() -> None:
    cover = {f"cover_{name}": [0.0, 0.0] for name in COVERS}
    cover |= {"cover_built": [0.5, 0.499], "cover_trees": [0.1, 0.5]}
    table = reconstruct(sparse(**cover), TM35, only=("land_cover",)).tables["land_cover"]
    south = table.geometry.centroid.y < 6_673_000
    share = table.area.groupby([south, table["class"]]).sum() / 2e6
    assert share[True].to_dict() == pytest.approx(
        {"built": 0.5, "trees": 0.1, "unknown": 0.4}, abs=1e-3
    )
    assert share[False].to_dict() == pytest.approx({"built": 0.4995, "trees": 0.5005}, abs=1e-3)


def test_what_is_generated_of_unknown_residents_is_unknown() -> None:
    half = sparse(residents=[5000, np.nan])
    assumed = Assumed(
        persons_per_home=2.0, jobs_per_resident=0.4, sectors={"offices": 1.0}, basis="for the test"
    )
    made = complete(replace(half, origin=half.origin.model_copy(update={"assumed": assumed})), 1)
    for column in ("dwellings", "jobs", "floor_offices_m2", "bus_stops", "intersections"):
        assert np.isnan(made.number(column)).tolist() == [False, True]
    assert made.number("jobs")[0] == 2000


def test_a_planned_total_says_nothing_where_it_is_not_known_what_is_there() -> None:
    figures = sparse(
        planned_residents=[9000, 9000], planned_floor_m2=[500_000, 500_000],
        residents=[4000, np.nan], floor_total_recent_m2=[200_000, np.nan],
        planned_basis=["total", "total"],
    )  # fmt: skip
    plans = reconstruct(figures, TM35, only=("plans",)).tables["plans"]
    assert plans["planned_residents"].tolist() == pytest.approx([5000, np.nan], nan_ok=True)
    assert plans["reserve_m2"].tolist() == pytest.approx([300_000, np.nan], nan_ok=True)


def test_more_intersections_than_land_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no room for so many intersections in a"):
        reconstruct(sparse(intersections=[50_000, 10]), TM35)


def test_districts_may_come_as_polygons_in_any_order(tmp_path: Path) -> None:
    folder = copy_of_espoo(tmp_path)
    (folder / "outline.csv").unlink()
    pd.DataFrame({"id": ["a", "b"], "name": ["A", "B"], "land_km2": [2, 2]}).to_csv(
        folder / "districts.csv", index=False
    )
    polygons = sparse().polygons
    assert polygons is not None
    gpd.GeoDataFrame({"id": ["b", "a"]}, geometry=polygons.to_numpy()[::-1], crs=4326).to_file(
        folder / "districts.geojson"
    )
    zones = reconstruct(load_figures(folder), TM35, only=("districts",)).tables["districts"]
    north = zones.set_index("zone_id").centroid.y
    assert north["b"] == pytest.approx(6_673_500, abs=1)
    assert north["a"] == pytest.approx(6_672_500, abs=1)


def test_a_district_without_a_polygon_is_named(tmp_path: Path) -> None:
    folder = copy_of_espoo(tmp_path)
    gpd.GeoDataFrame({"id": ["111"]}, geometry=[shapely.box(24, 60, 25, 61)], crs=4326).to_file(
        folder / "districts.geojson"
    )
    with pytest.raises(ConfigError, match=r"no polygon for 112, 113"):
        load_figures(folder)


def test_several_polygons_of_one_district_are_refused(tmp_path: Path) -> None:
    folder = copy_of_espoo(tmp_path)
    write(folder, lake_km2="")
    ids = [*load_figures(folder).districts["id"], "111"]
    gpd.GeoDataFrame({"id": ids}, geometry=[shapely.box(24, 60, 25, 61)] * 89, crs=4326).to_file(
        folder / "districts.geojson"
    )
    with pytest.raises(ConfigError, match=r"several polygons for 111"):
        load_figures(folder)


def test_a_sampled_city_has_the_figures_of_districts_drawn_by_dice() -> None:
    espoo = load_figures("espoo")
    city = sampled(espoo, 100, seed=3)
    assert len(city) == 100
    assert city.districts["id"].is_unique
    names = city.districts["id"].str.rsplit("x", n=1).str[0]
    drawn = espoo.districts.set_index("id").loc[names, "residents"].to_numpy()
    assert (city.districts["residents"].fillna(-1) == pd.Series(drawn).fillna(-1)).all()
    assert not names.eq(
        sampled(espoo, 100, seed=4).districts["id"].str.rsplit("x", n=1).str[0]
    ).all()
