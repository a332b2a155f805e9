"""Layers gathered window by window: the same rows, each once, with what was said and counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pydantic import TypeAdapter

from districttype.city import City, load_city
from districttype.errors import EmptyResultError, SchemaError
from districttype.layers import files
from districttype.layers.collect import Collected, collect
from districttype.layers.layer import Layer, Layers
from districttype.layers.live import collect_live
from districttype.layers.parts import Windows
from districttype.layers.shelf import Room
from districttype.providers import VectorFile, read_layers_file
from districttype.sources.registry import Abundant, Raw
from osmdrawing import extract, way
from osmdrawing import square as square_of_nodes
from servers.geo import mapserver

HERE = Path(__file__).parents[1]
CRS = "EPSG:3067"
X, Y = 380_000.0, 6_670_000.0
CITY: TypeAdapter[City] = TypeAdapter(City)
TOWN = City(id="town", country="FI", crs=CRS, names={"en": "Town"})

LAYERS = """
[[districts]]
provider = "City"
file = "districts.gpkg"

[[buildings]]
provider = "Register"
file = "register.gpkg"
sentinels = [-1]
coverage = "hull"

[[buildings]]
provider = "Survey"
file = "survey.gpkg"

[[land_use]]
provider = "City"
file = "land_use.gpkg"
columns = { class = "kind" }
tables = { class = "clc" }
"""


def square(x: float, y: float, side: float) -> shapely.Polygon:
    return shapely.box(X + x, Y + y, X + x + side, Y + y + side)


def write(folder: Path, layer: str, shapes: list[shapely.Geometry], /, **columns: object) -> None:
    gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS).to_file(folder / f"{layer}.gpkg")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Return a town's files."""
    return write_town(tmp_path)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Collected, Collected]:
    """Return the town as gathered at once, and by windows."""
    town = write_town(tmp_path_factory.mktemp("town"))
    return gathered(town), gathered(town, 150)


def write_town(tmp_path: Path) -> Path:
    """Write a town of 4 x 4 km: a register in its west, a survey of all, a house across the middle.

    Windows of it meet in its middle, in the register's rows as in the survey's.
    """
    rng = np.random.default_rng(7)
    write(tmp_path, "districts", [square(0, 0, 4000)], zone_id=["a"], name=["A"])
    west = [square(*at, 12) for at in rng.uniform((0, 0), (1900, 3900), (300, 2))]
    write(
        tmp_path, "register", [*west, square(1500, 1990, 20)],
        building_id=[f"r{i % 290}" for i in range(301)],  # some share an id
        floors=[float(i % 5) - 1 for i in range(301)],
        use=["detached", None, "office"] * 100 + ["retail"],
    )  # fmt: skip
    all_over = [square(*at, 12) for at in rng.uniform((0, 0), (3900, 3900), (400, 2))]
    write(
        tmp_path, "survey", [*all_over, square(1994, 1994, 12)],
        building_id=[str(i) for i in range(401)],
    )  # fmt: skip
    ground = [square(x, y, 250) for x in range(0, 4000, 250) for y in range(0, 4000, 250)]
    codes = ["112"] * 254 + ["141", "what?"]
    write(tmp_path, "land_use", ground, kind=codes)
    (tmp_path / "layers.toml").write_text(LAYERS, encoding="utf-8")
    return tmp_path


def gathered(town: Path, large: int | None = None) -> Collected:
    room = None if large is None else Room(town / "room", large)
    return collect(TOWN, read_layers_file(town / "layers.toml"), town, room=room)


def by_place(layers: Layers, name: str) -> pd.DataFrame:
    """Return a layer's rows in an order told by their geometry alone."""
    frame = layers.frame(name)
    assert frame is not None
    table = pd.DataFrame(frame.drop(columns="geometry"))
    table["shape"] = shapely.to_wkb(shapely.normalize(frame.geometry.to_numpy()), hex=True)
    told = [column for column in ("kind", "class", "mode") if column in table]
    return table.sort_values(["shape", *told]).reset_index(drop=True)


def assert_same(parts: Collected, whole: Collected, *, but: tuple[str, ...] = ()) -> None:
    """Assert that two ways of gathering give the same rows, and say the same of them."""
    assert set(parts.layers) == set(whole.layers)
    for name in whole.layers:
        pd.testing.assert_frame_equal(
            by_place(parts.layers, name), by_place(whole.layers, name), rtol=1e-12
        )
        for one, other in zip(
            parts.layers[name].provenance, whole.layers[name].provenance, strict=True
        ):
            counts = {key: n for key, n in other.changes.items() if key not in but}
            assert one == other.model_copy(update={"changes": counts})
        here, there = parts.layers[name].coverage, whole.layers[name].coverage
        assert (here is None) == (there is None)
        assert here is None or shapely.symmetric_difference(here, there).area < 1e-6
    assert parts.reports == whole.reports


@pytest.mark.slow
def test_rows_read_by_windows_are_those_read_at_once(both: tuple[Collected, Collected]) -> None:
    whole, parts = (replace(some) for some in both)
    assert {name for name in parts.layers if parts.layers[name].laid} == {"buildings", "land_use"}
    assert len(list(parts.layers["buildings"].by_part())) > 5
    # Ids of rows that share one are marked where they meet, which hangs on their order.
    for found in (whole, parts):
        buildings = found.layers["buildings"]
        assert buildings.laid is None or buildings.rows == len(whole.layers.frame("buildings"))
    ids = parts.layers.frame("buildings")["building_id"]
    assert ids.is_unique
    assert set(ids.str.replace(r"~\d+$", "", regex=True)) == set(
        whole.layers.frame("buildings")["building_id"].str.replace(r"~\d+$", "", regex=True)
    )
    for found in (whole, parts):  # then they are the same but for those marks
        one = found.layers["buildings"]
        frame = found.layers.frame("buildings").drop(columns="building_id")
        found.layers = found.layers.having(type(one)(one.name, frame, one.provenance, one.coverage))
    assert_same(parts, whole)
    changes = parts.layers["land_use"].provenance[0].changes
    assert changes["values of class that no table knows"] == 1


@pytest.mark.slow
def test_a_row_on_the_border_of_windows_comes_once(both: tuple[Collected, Collected]) -> None:
    parts = both[1].layers.frame("buildings")
    middle = parts[parts.intersects(shapely.Point(X + 2000, Y + 2000))]
    assert len(middle) == 1
    assert middle.area.tolist() == [144.0]


def test_windows_tile_the_city_and_its_surroundings() -> None:
    frame = gpd.GeoDataFrame(
        {"zone_id": ["a"], "name": ["A"]}, geometry=[square(0, 0, 4000)], crs=CRS
    )
    layers = Layers(frame.crs, {"districts": Layer("districts", frame, ())})
    windows = Windows.of(layers, rows=1000, large=100)
    assert len(windows) == 49  # at least four for each hundred rows
    assert shapely.union_all(windows.boxes).equals(square(-2000, -2000, 8000))
    assert shapely.area(windows.boxes).sum() == pytest.approx(8000.0**2)
    shapes = gpd.GeoSeries(
        [square(-1990, -1990, 1), square(-9000, 0, 10), square(-2000, -2000, 8000)], crs=CRS
    )
    assert windows.owner(shapes).tolist() == [0, len(windows), 0]


def test_what_is_wrong_with_all_windows_is_said_as_of_the_whole(town: Path) -> None:
    shapes = [square(x, y, 100) for x in range(0, 4000, 200) for y in range(0, 4000, 200)]
    write(town, "land_use", shapes, kind=["what?"] * 400)
    with pytest.raises(SchemaError, match=r"no value of kind is one that the table .* knows"):
        gathered(town, 150)
    write(town, "survey", shapes, building_id=["x"] * 400, gone=[1] * 400)
    text = LAYERS.replace('file = "survey.gpkg"', 'file = "survey.gpkg"\nwhere = "gone == 0"')
    (town / "layers.toml").write_text(text, encoding="utf-8")
    with pytest.raises(EmptyResultError, match="no row is left"):
        collect(
            TOWN,
            {
                name: some
                for name, some in read_layers_file(town / "layers.toml").items()
                if name != "land_use"
            },
            town,
            room=Room(town / "room", 150),
        )


@pytest.mark.slow
def test_a_provider_that_fails_half_way_leaves_no_row_behind(
    town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = files.read

    def breaking(provider: VectorFile, directory: Path, wanted: object) -> Raw:
        if provider.file == "register.gpkg" and getattr(wanted, "part", False):
            breaking.left -= 1  # type: ignore[attr-defined]
            if breaking.left < 0:  # type: ignore[attr-defined]
                raise SchemaError("broke off")
        return read(provider, directory, wanted)  # type: ignore[arg-type]

    breaking.left = 6  # type: ignore[attr-defined]
    monkeypatch.setattr(files, "read", breaking)
    providers = read_layers_file(town / "layers.toml")
    found = collect(TOWN, providers, town, patient=True, room=Room(town / "room", 150))
    assert [(fall.layer, fall.provider) for fall in found.falls] == [("buildings", "Register")]
    only = {**providers, "buildings": providers["buildings"][1:]}
    alone = collect(TOWN, only, town, room=Room(town / "alone", 150))
    ids = found.layers.frame("buildings")["building_id"]
    assert sorted(ids) == sorted(alone.layers.frame("buildings")["building_id"])
    assert len(ids) == 401


def test_an_extract_may_have_nothing_of_a_layer(tmp_path: Path) -> None:
    parts, numbers = [], range(40)
    for number in numbers:
        nodes, refs = square_of_nodes(10 * number, 24.80 + number / 1000, 60.2, 0.0004)
        parts.append((nodes, way(1000 + number, refs, building="house")))
    extract(tmp_path, *(nodes for nodes, _ in parts), *(house for _, house in parts))
    whole = gpd.GeoSeries([shapely.box(24.79, 60.19, 24.85, 60.21)], crs=4326).to_crs(CRS)
    write(tmp_path, "districts", list(whole), zone_id=["a"], name=["A"])
    (tmp_path / "layers.toml").write_text(
        '[[districts]]\nprovider = "City"\nfile = "districts.gpkg"\n'
        + "".join(
            f'[[{name}]]\nprovider = "OpenStreetMap"\nfile = "x.osm"\n'
            for name in ("buildings", "services")
        ),
        encoding="utf-8",
    )
    found = [gathered(tmp_path, large).layers for large in (None, 3)]
    assert [layers["buildings"].rows for layers in found] == [40, 40]
    assert [layers["services"].rows for layers in found] == [0, 0]
    assert [layers["services"].laid is not None for layers in found] == [False, True]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "large"), [("monaco", 3000), ("liechtenstein", 20_000)])
def test_a_real_extract_read_by_windows_gives_the_same_layers(
    shared: Path, tmp_path: Path, name: str, large: int
) -> None:
    city = load_city(str(HERE / "cities" / f"{name}.toml"))
    providers = read_layers_file(HERE / "real" / f"{name}.toml")
    folder = shared / "cities" / name
    whole = collect(city, providers, folder)
    parts = collect(city, providers, folder, room=Room(tmp_path, large))
    laid = {layer for layer in parts.layers if parts.layers[layer].laid is not None}
    assert laid == set(whole.layers) - {"districts", "land", "stops"}
    assert_same(parts, whole, but=("rows far from the city left out",))


@pytest.mark.slow
def test_a_service_that_has_many_rows_is_asked_by_windows(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    shapes = [square(*at, 12) for at in rng.uniform((0, 0), (3900, 3900), (900, 2))]
    write(tmp_path, "houses", shapes, id=[str(i) for i in range(900)], storeys=[2] * 900)
    write(tmp_path, "parts", [square(0, 0, 4000)], id=["a"], name=["A"])
    served = {"houses": tmp_path / "houses.gpkg", "parts": tmp_path / "parts.gpkg"}
    with mapserver(tmp_path, served) as url:
        wfs = {"source": "wfs", "provider": "City", "url": url, "crs": CRS, "coverage": "whole"}
        houses = {"building_id": "id", "floors": "storeys"}
        town = CITY.validate_python(
            {
                "id": "town", "country": "FI", "crs": CRS, "names": {"en": "Town"},
                "layers": {
                    "districts": [{**wfs, "type": "parts",
                                   "columns": {"zone_id": "id", "name": "name"}}],
                    "buildings": [{**wfs, "type": "houses", "columns": houses, "at_least": 800}],
                },
            }
        )  # fmt: skip
        whole = collect_live(town, tmp_path / "one")
        parts = collect_live(town, tmp_path / "two", room=Room(tmp_path / "room", 200))
        assert parts.layers["buildings"].laid is not None
        pd.testing.assert_frame_equal(
            by_place(parts.layers, "buildings"), by_place(whole.layers, "buildings")
        )
        (provider,) = town.layers["buildings"]
        more = {"buildings": (provider.model_copy(update={"at_least": 5000}),)}
        few = town.model_copy(update={"layers": {**town.layers, **more}})
        found = collect_live(few, tmp_path / "two", room=Room(tmp_path / "few", 200))
        assert "buildings" not in found.layers
        assert "where at least 5,000 are plausible" in found.falls[0].error.what


def test_a_source_is_asked_for_windows_only_where_there_is_room(town: Path) -> None:
    provider = read_layers_file(town / "layers.toml")["buildings"][0]
    area = shapely.box(24.0, 60.0, 25.5, 60.5)
    held = files.Files({}, town, None).read("buildings", provider, area)
    assert len(held.frame) == 301
    with pytest.raises(Abundant, match="301 rows"):
        files.Files({}, town, Room(town / "room", 300)).read("buildings", provider, area)
    small = files.Files({}, town, Room(town / "room", 301)).read("buildings", provider, area)
    assert len(small.frame) == 301


@pytest.mark.parametrize("large", [None, 150])
@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ('where = "floors > 90"', "no row is left"),
        ('coverage = "nowhere.gpkg"', "is neither whole, bounds, hull, cells, a box nor a file"),
    ],
)
def test_of_a_provider_that_is_no_use_nothing_stays(
    town: Path, large: int | None, said: str, problem: str
) -> None:
    text = LAYERS.replace('coverage = "hull"', said)
    (town / "layers.toml").write_text(text, encoding="utf-8")
    room = None if large is None else Room(town / "room", large)
    providers = read_layers_file(town / "layers.toml")
    found = collect(TOWN, providers, town, patient=True, room=room)
    assert [fall.provider for fall in found.falls] == ["Register"]
    assert problem in found.falls[0].error.what
    assert found.layers["buildings"].rows == 401
    assert [part.provider for part in found.layers["buildings"].provenance] == ["Survey"]
