"""Labels hang on neither the coordinate system of the data nor the place of the config."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from pyproj import CRS

import toy
from districttype import pipeline
from districttype.answers.validate import validate_labels
from districttype.city import load_city
from districttype.focus import load_catalogue
from districttype.lastrun import run_of
from districttype.layers.collect import collect
from districttype.layers.schema import columns
from districttype.places import load_places
from districttype.providers import read_layers_file
from districttype.publish.edition import Edition
from districttype.sources.figures import reconstruct, synthetic_figures
from districttype.typology.zoneset import SMALL

CITY = """
id = "made-up"
country = "CZ"
crs = "EPSG:5514"
names = { en = "Made up" }
as_of = 2024-01-01
"""
KROVAK = CRS.from_epsg(5514)
LAYERS = ("districts", "buildings", "streets", "stops", "residents", "land_use")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small city in Czechia as files, once in its own system and once in two others."""
    folder = tmp_path_factory.mktemp("city")
    figures, _ = synthetic_figures(3, crs=CRS.from_epsg(3067))
    # The same figures, put where Krovak's system is at home.
    moved = figures.polygons.to_crs(3067).translate(-385_000, -6_672_000)
    moved = moved.set_crs(5514, allow_override=True).translate(-770_000, -1_030_000)
    tables = reconstruct(
        type(figures)(figures.origin, figures.districts, polygons=moved.to_crs(4326)), KROVAK
    ).tables
    (folder / "city.toml").write_text(CITY, encoding="utf-8")
    for system in (5514, 4326, 3035):
        text = ""
        for name in LAYERS:
            file = f"{name}-{system}.gpkg"
            tables[name].to_crs(system).to_file(folder / file)
            listed = ", ".join(f'{c} = "{c}"' for c in columns(name) if c in tables[name].columns)
            text += f'[[{name}]]\nprovider = "p"\nfile = "{file}"\ncoverage = "whole"\n'
            text += f"columns = {{ {listed} }}\n"
        (folder / f"layers-{system}.toml").write_text(text, encoding="utf-8")
    return folder


def labels(city: Path, config: Path, system: int) -> pd.DataFrame:
    edition = pipeline.classify(
        load_city(str(config)),
        data=str(city),
        layers_file=city / f"layers-{system}.toml",
        zone_sets=("stations", "blocks", "cells"),
    )
    return labels_of(edition)


def assert_same(own: pd.DataFrame, other: pd.DataFrame, sure: float = 0.02) -> None:
    """Every label of a district or station is the same; of blocks and cells 99 in a hundred.

    Some of these are slivers of a few square metres, where the millimetres of a transformation turn
    a label.
    """
    pd.testing.assert_index_equal(own.index, other.index)
    words = [column for column in own if not column.endswith("_confidence")]
    for name in own.index.unique("zone_set"):
        if name in SMALL:
            assert (own.loc[name, words] == other.loc[name, words]).mean().min() >= 0.99
        else:
            pd.testing.assert_frame_equal(own.loc[name], other.loc[name], atol=sure)


def labels_of(edition: Edition) -> pd.DataFrame:
    """Return the labels of all zone sets as one table."""
    tables = {name: result.labels for name, result in edition.results.items()}
    table = pd.concat(tables, names=["zone_set"])
    return table.filter(regex=r"^[a-z]+(_detail|_confidence)?$").sort_index()


@pytest.mark.slow
@pytest.mark.parametrize("system", [4326, 3035])
def test_labels_do_not_change_with_the_system_of_the_data(city: Path, system: int) -> None:
    own, other = (labels(city, city / "city.toml", s) for s in (5514, system))
    assert set(own.loc["districts", "density"]) == {"dense", "sparse"}
    assert_same(own, other)


@pytest.mark.slow
def test_labels_do_not_change_with_the_place_of_the_config(
    city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "some where" / "mine.toml"
    elsewhere.parent.mkdir()
    shutil.copy(city / "city.toml", elsewhere)
    here = labels(city, city / "city.toml", 5514)
    monkeypatch.chdir(tmp_path)
    pd.testing.assert_frame_equal(here, labels(city, elsewhere, 5514))


@pytest.mark.slow
def test_labels_of_liechtenstein_hang_on_no_system(shared: Path, tmp_path: Path) -> None:
    """The layers of the extract as files, in the city's own system and in two others."""
    here = Path(__file__).parent
    config = load_city(str(here / "cities" / "liechtenstein.toml"))
    extract = read_layers_file(here / "real" / "liechtenstein.toml")
    layers = collect(config, extract, shared / "cities" / "liechtenstein").layers
    found = []
    for system in (32632, 2056, 4326):
        text = ""
        for name in ("districts", "buildings", "streets", "stops", "land_use"):
            frame = layers[name].frame
            kept = [c for c in columns(name) if c in frame and frame[c].notna().any()]
            frame[[*kept, "geometry"]].to_crs(system).to_file(tmp_path / f"{name}-{system}.gpkg")
            listed = ", ".join(f'{c} = "{c}"' for c in kept if not c.endswith("_origin"))
            text += f'[[{name}]]\nprovider = "p"\nvintage = "2024-03-04"\n'
            text += f'file = "{name}-{system}.gpkg"\ncoverage = "whole"\n'
            text += f"columns = {{ {listed} }}\n"
        file = tmp_path / f"layers-{system}.toml"
        file.write_text(text, encoding="utf-8")
        edition = pipeline.classify(
            config, data=str(tmp_path), layers_file=file, zone_sets=("stations", "cells")
        )
        found.append(labels_of(edition))
    assert found[0].loc["districts", "density"].nunique() == 2
    for other in found[1:]:
        assert_same(found[0], other, 0.1)


def test_files_that_a_city_file_names_lie_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    home.mkdir()
    away.mkdir()
    (home / "city.toml").write_text(
        'catalogue = "own/catalogue.toml"\nplaces = "names.csv"\n' + CITY, encoding="utf-8"
    )
    (home / "own").mkdir()
    (home / "own" / "catalogue.toml").write_text('[solutions.A5]\nname.en = "Ours"\n', "utf-8")
    (home / "names.csv").write_text("name_en,zone_set,zones\nHome,districts,1\n", "utf-8")
    # What lies under the same name where the program is started is another city's.
    (away / "names.csv").write_text("name_en,zone_set,zones\nAway,districts,1\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    loaded = [load_city("home/city.toml")]
    monkeypatch.chdir(away)
    loaded.append(load_city("../home/city.toml"))
    for found in loaded:  # the first one was loaded elsewhere, and is used here
        assert load_catalogue(found.catalogue_file).name("solutions", "A5", "en") == "Ours"
        places = load_places(found)
        assert places is not None
        assert list(places["name_en"]) == ["Home"]
        assert str(tmp_path) not in found.model_dump_json()


def test_labels_to_validate_with_lie_beside_the_city_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "city.toml").write_text('expected_labels = "ours.csv"\n' + CITY, "utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    city = load_city("../city.toml")
    made = toy.edition()
    zone, label = next(iter(made.results["districts"].labels["density"].items()))
    (tmp_path / "ours.csv").write_text(f"place,density\n{zone},{label}\n", "utf-8")
    assert validate_labels(city, run_of(made), None)["density"]["agreement"] == 1.0
