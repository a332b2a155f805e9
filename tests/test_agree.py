"""Two runs on different buildings: how far their labels agree, counted by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from districttype import pipeline
from districttype.answers.agree import (
    AMOUNTS,
    NOTHING,
    STOREYS,
    UNMAPPED,
    USE,
    USES,
    agree,
    agree_text,
)
from districttype.city import City, load_city
from districttype.errors import ConfigError
from districttype.i18n import Message
from districttype.lastrun import Run, run_of
from districttype.typology.rules import FACETS
from districttype.typology.validate import wilson

CRS = "EPSG:32633"
X, Y = 500_000.0, 5_550_000.0


def run(labels: dict[str, dict[str, str]], **indicators: dict[str, float]) -> Run:
    """Return a run of zones a, b, c, ... with labels (facet -> zone -> label) and indicators."""
    zones = list("abcde")
    table = pd.DataFrame(
        {facet: [labels.get(facet, {}).get(z, "unknown") for z in zones] for facet in FACETS},
        index=zones,
    )
    for facet in FACETS:
        table[f"{facet}_confidence"] = np.where(table[facet] == "unknown", np.nan, 0.9)
        table[f"{facet}_reason"] = [Message("because")] * len(zones)
    known = {"coverage_buildings": 1.0, **dict.fromkeys(AMOUNTS, 100.0), **dict.fromkeys(USES, 0.0)}
    numbers = pd.DataFrame(known, index=zones)
    for name, values in indicators.items():
        numbers[name] = numbers[name].mask(numbers.index.isin(values), pd.Series(values))
    return Run(
        indicators={"districts": numbers},
        zones={"districts": pd.DataFrame({"name": [z.upper() for z in zones]}, index=zones)},
        labels={"districts": table},
        record={},
    )


DENSE = dict.fromkeys("abcde", "dense")


def test_agreement_amounts_and_causes_by_hand() -> None:
    register = run(
        {"density": DENSE | {"d": "sparse"}, "use": dict.fromkeys("abd", "housing")},
        housing_share=dict.fromkeys("abcde", 1.0),
    )
    osm = run(
        {
            "density": DENSE | {"a": "sparse", "b": "sparse", "d": "sparse"},
            "use": {"a": "housing", "b": "offices"},
        },
        coverage_buildings={"e": 0.4},
        footprint_m2={"a": 40.0},
        floor_area_m2={"a": 40.0, "b": 60.0},
        housing_share={"a": 1.0, "b": 0.4, "c": 1.0, "d": 1.0, "e": 0.0},
    )
    answer = agree(register, osm)
    assert (answer["zones"], answer["left_out"]) == (4, 1)  # less than half of e is known
    density = answer["facets"]["density"]
    # The register: dense dense dense sparse; OpenStreetMap: sparse sparse dense sparse.
    # Observed 1/2; chance 3/4 * 1/4 + 1/4 * 3/4 = 3/8; kappa (1/2 - 3/8) / (5/8) = 1/5.
    assert (density["n"], density["agreement"], density["kappa"]) == (4, 0.5, 0.2)
    assert (density["low"], density["high"]) == wilson(2, 4)
    assert {row["place"]: row["cause"] for row in density["disagreements"]} == {
        "a": UNMAPPED, "b": STOREYS,
    }  # fmt: skip
    # The register calls c unknown: it is not scored. OpenStreetMap knows nothing of d.
    assert (answer["facets"]["use"]["n"], answer["facets"]["use"]["unknown"]) == (3, 1)
    assert {r["place"]: r["cause"] for r in answer["facets"]["use"]["disagreements"]} == {
        "b": USE, "d": NOTHING,
    }  # fmt: skip
    # 40 + 60 + 100 + 100 of 400; zones are off by 0.6, 0.4, 0, 0.
    assert answer["amounts"]["floor_area_m2"] == {
        "reference": 400.0, "other": 300.0, "ratio": 0.75, "median_off": 0.2, "most_off": 0.6,
    }  # fmt: skip
    assert answer["amounts"]["footprint_m2"]["ratio"] == 0.85
    assert answer["uses"]["housing_share"] == 0.15
    assert answer["by_zone"]["b"]["housing_share"] == -0.6
    text = agree_text(answer)
    assert "4 districts known to both runs, 1 left out" in text
    assert "A: dense by the reference, sparse here; houses not mapped. because" in text


def test_what_cannot_be_compared_is_refused() -> None:
    one = run({"density": DENSE})
    nowhere = run({}, coverage_buildings=dict.fromkeys("abcde", 0.1))
    with pytest.raises(ConfigError, match=r"no zone is known to both runs \(5 in common\)"):
        agree(one, nowhere)
    with pytest.raises(ConfigError, match="a run has no cells"):
        agree(one, one, "cells")


# A town of eight districts of 500 m, a house every 50 m: four of flats of five storeys, four of
# homes of one storey; in the last of each kind offices stand in place of homes.
SIDE, STEP = 500.0, 50.0
FLATS = ("d0", "d1", "d2", "d3")


def draw(folder: Path) -> gpd.GeoDataFrame:
    """Write the districts, and return what a register knows of every house."""
    names = [f"d{i}" for i in range(8)]
    shapes = [shapely.box(X + i * SIDE, Y, X + (i + 1) * SIDE, Y + SIDE) for i in range(8)]
    gpd.GeoDataFrame({"code": names}, geometry=shapes, crs=CRS).to_file(folder / "areas.gpkg")
    rows = []
    for i, name in enumerate(names):
        flats, offices = name in FLATS, name in ("d3", "d7")
        for east in np.arange(25, SIDE, STEP):
            for north in np.arange(25, SIDE, STEP):
                x, y = X + i * SIDE + east, Y + north
                side = 20.0 if flats else 10.0
                use = "office" if offices else "apartment" if flats else "detached"
                rows.append({"id": f"{name}-{east:g}-{north:g}", "district": name, "use": use,
                             "floors": 5 if flats else 1, "area": side**2 * (5 if flats else 1),
                             "geometry": shapely.box(x, y, x + side, y + side)})  # fmt: skip
    return gpd.GeoDataFrame(rows, crs=CRS)


def classified(folder: Path, name: str, houses: gpd.GeoDataFrame) -> Run:
    """Run the line on a table of houses that is said to be complete."""
    houses.to_file(folder / f"{name}.gpkg")
    file = folder / f"{name}.toml"
    file.write_text(
        '[[districts]]\nprovider = "City"\nfile = "areas.gpkg"\n'
        'columns = { zone_id = "code", name = "code" }\n'
        f'[[buildings]]\nprovider = "{name}"\nfile = "{name}.gpkg"\n'
        'columns = { building_id = "id", use = "use", floors = "floors", floor_area_m2 = "area" }\n'
        'coverage = "whole"\n',
        encoding="utf-8",
    )
    town = City(id="town", country="CZ", crs=CRS, names={"en": "Town"})
    return run_of(pipeline.classify(town, data=str(folder), layers_file=file, zone_sets=()))


def test_untagged_houses_agree_and_unmapped_ones_are_named(tmp_path: Path) -> None:
    register = draw(tmp_path)
    dice = np.random.default_rng(10)
    mapped = register[(register["district"] != "d1") | (dice.random(len(register)) < 0.1)].copy()
    mapped["area"] = np.nan
    mapped.loc[dice.random(len(mapped)) < 0.5, "floors"] = np.nan
    mapped.loc[dice.random(len(mapped)) < 0.2, "use"] = None
    answer = agree(classified(tmp_path, "register", register), classified(tmp_path, "osm", mapped))
    assert answer["zones"] == 8
    # Flats: 100 * 400 m2 * 5 on 25 ha is a floor area ratio of 0.8; homes: 0.04. With one house in
    # ten mapped d1 has about 0.08, and is taken for sparse: no other district may change.
    density = answer["facets"]["density"]
    assert [
        (r["place"], r["expected"], r["label"], r["cause"]) for r in density["disagreements"]
    ] == [("d1", "dense", "sparse", UNMAPPED)]
    assert (density["n"], density["agreement"]) == (8, 7 / 8)
    assert answer["by_zone"]["d1"]["footprint_m2"] < 0.25
    assert answer["by_zone"]["d0"]["footprint_m2"] == 1.0
    assert answer["by_zone"]["d0"]["floor_area_m2"] == pytest.approx(1.0, abs=0.02)
    assert answer["facets"]["use"]["agreement"] == 1.0


@pytest.mark.slow
def test_openstreetmap_of_otaniemi_with_the_published_sums_of_its_districts(
    shared: Path, tmp_path: Path
) -> None:
    """The one ground of which both are at hand: the city's figures come from its register."""
    folder = shared / "espoo"
    file = tmp_path / "osm.toml"
    file.write_text(
        f'[[districts]]\nprovider = "HRI"\nfile = "{folder / "espoo_pienalue_88.gpkg"}"\n'
        'columns = { zone_id = "pien", name = "nimi" }\n'
        f'[[land]]\nprovider = "Statistics Finland"\nfile = "{folder / "espoo_land_area.gpkg"}"\n'
        + "".join(
            f'[[buildings]]\nprovider = "OpenStreetMap"\nfile = "{folder / name}"\n'
            f'tables = {{ use = "osm" }}\ncoverage = "{coverage}"\n'
            for name, coverage in [
                ("otaniemi_2026-03.osm", "bounds"),
                ("otaniemi_tapiola_2015-10.geojson", "cells"),
            ]
        ),
        encoding="utf-8",
    )
    espoo = load_city("espoo")
    osm = pipeline.classify(espoo, data=str(tmp_path), layers_file=file, zone_sets=())
    figures = pipeline.classify(espoo, data="embedded", zone_sets=())
    answer = agree(run_of(figures), run_of(osm))
    assert sorted(zone["name"] for zone in answer["by_zone"].values()) == ["Otaniemi", "Otsolahti"]
    labels = run_of(osm).labels["districts"].loc[list(answer["by_zone"]), ["density", "use"]]
    assert sorted(labels.to_numpy().tolist()) == [["dense", "housing"], ["dense", "offices"]]
    assert answer["facets"]["density"]["agreement"] == answer["facets"]["use"]["agreement"] == 1.0
    # As in Perkkaa, footprint times storeys is more than the register's floor area.
    for zone in answer["by_zone"].values():
        assert zone["floor_area_m2"] == pytest.approx(1.20, abs=0.05)
        assert all(abs(zone[use]) < 0.12 for use in USES)


@pytest.mark.slow
def test_the_register_of_perkkaa_with_the_tags_of_otaniemi(shared: Path, tmp_path: Path) -> None:
    """The register keeps of each column what OpenStreetMap has tagged of it in Otaniemi, two
    kilometres away: use of 80 %, storeys of 54 %, years of one in eight, no floor area.
    """
    folder = shared / "espoo"
    register = gpd.read_file(folder / "espoo_building_register_perkkaa_leppavaara_2023.gpkg")
    dice = np.random.default_rng(1)
    like_osm = register.assign(floor_area=np.nan, number_of_dwellings=np.nan)
    like_osm.loc[dice.random(len(register)) >= 0.54, "number_of_floors"] = np.nan
    like_osm.loc[dice.random(len(register)) >= 0.80, "purpose_of_use"] = None
    like_osm.loc[dice.random(len(register)) >= 0.125, "completion_date"] = None
    runs = []
    for name, table in (("register", register), ("osm", like_osm)):
        table.to_file(tmp_path / f"{name}.gpkg")
        file = tmp_path / f"{name}.toml"
        file.write_text(
            f'[[districts]]\nprovider = "HRI"\nfile = "{folder / "espoo_pienalue_88.gpkg"}"\n'
            'columns = { zone_id = "pien", name = "nimi" }\n'
            f'[[buildings]]\nprovider = "City of Espoo"\nfile = "{name}.gpkg"\n'
            'columns = { building_id = "permanent_building_identifier", use = "purpose_of_use", '
            'floors = "number_of_floors", floor_area_m2 = "floor_area", '
            'year_built = "completion_date" }\ntables = { use = "finland_2018" }\n'
            'sentinels = ["1900-01-01"]\ncoverage = "hull"\n',
            encoding="utf-8",
        )
        edition = pipeline.classify(
            load_city("espoo"), data=str(tmp_path), layers_file=file, zone_sets=("cells",)
        )
        runs.append(run_of(edition))
    cells = agree(*runs, "cells")
    assert cells["zones"] == 99
    assert cells["facets"]["density"]["n"] == cells["facets"]["use"]["n"] == 95
    assert cells["facets"]["density"]["kappa"] == pytest.approx(0.85, abs=0.05)
    assert cells["facets"]["use"]["kappa"] == pytest.approx(0.81, abs=0.05)
    assert cells["amounts"]["footprint_m2"]["ratio"] == 1.0
    # Footprint times storeys is more than the gross floor area that a register counts: houses are
    # not as high everywhere as where they are highest. docs/validation.md says so.
    assert cells["amounts"]["floor_area_m2"]["ratio"] == pytest.approx(1.29, abs=0.05)
    causes = Counter(row["cause"] for row in cells["facets"]["density"]["disagreements"])
    assert UNMAPPED not in causes
