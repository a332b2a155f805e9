from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet
import pyogrio
import pytest
import shapely

import toy
from districttype.errors import DistricttypeError
from districttype.i18n import translate
from districttype.publish import publish
from districttype.publish.tables import source_table
from districttype.typology.rules import FACETS
from needs import command, require_system

NAMES = [name for _, name, *_ in toy.DISTRICTS]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    publish(toy.edition(), folder)
    return folder


def test_the_columns_of_the_contract_in_their_order(out: Path) -> None:
    table = pd.read_csv(out / "districts.csv")
    facets = [f"{f}{tail}" for f in FACETS for tail in ("", "_detail", "_confidence")]
    assert list(table.columns[:24]) == [
        "zone_id", "name", "parent", "land_km2", *facets, "ownership", "focus",
    ]  # fmt: skip
    assert list(table.columns[24:35]) == [i.name for i in toy.REGISTRY]
    assert len(table) == 8
    assert table.loc[table["name"] == "Ísafjörður", "focus"].item() == "A5;A1"


def test_ids_stay_text_names_stay_whole_and_zero_is_not_missing(out: Path) -> None:
    table = pd.read_csv(out / "districts.csv", dtype={"zone_id": str})
    assert table["zone_id"].tolist()[0] == "016"
    assert table["name"].tolist() == NAMES
    assert table["growth_ratio"].tolist()[0] == 0.0
    assert np.isnan(table["growth_ratio"].tolist()[5])
    assert table["density"].tolist()[5] == "unknown"


def test_the_sheet_for_excel_reads_as_the_same_numbers(out: Path) -> None:
    path = out / "districts.excel-fi.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    finnish = pd.read_csv(path, sep=";", decimal=",")
    pd.testing.assert_frame_equal(finnish, pd.read_csv(out / "districts.csv"))


def test_geojson_is_rfc_7946(out: Path) -> None:
    found = json.loads((out / "districts.geojson").read_text(encoding="utf-8"))
    assert "crs" not in found
    west, south, east, north = found["bbox"]
    assert 24 < west < east < 25  # longitude first
    assert 60 < south < north < 61
    rings = [shapely.geometry.shape(f["geometry"]) for f in found["features"]]
    outer = [part.exterior for shape in rings for part in shapely.get_parts(shape)]
    assert all(ring.is_ccw for ring in outer)
    assert [f["properties"]["name"] for f in found["features"]] == NAMES
    assert found["features"][0]["properties"]["zone_id"] == "016"


def test_geoparquet_and_geopackage_round_trip_names_and_nulls(out: Path) -> None:
    for table in (gpd.read_parquet(out / "districts.parquet"),
                  gpd.read_file(out / "zones.gpkg", layer="districts")):  # fmt: skip
        assert table.crs == toy.TM35
        assert table["name"].tolist() == NAMES
        assert table["zone_id"].tolist()[0] == "016"
        assert table["name_sv"].tolist()[7] == "Köklax"
        assert table["name_sv"].isna().sum() == 6
        assert table.area.sum() == pytest.approx(8 * toy.SIDE**2, rel=0.02)


def test_geoparquet_says_what_its_geometry_is(out: Path) -> None:
    said = json.loads(pyarrow.parquet.read_schema(out / "districts.parquet").metadata[b"geo"])
    column = said["columns"][said["primary_column"]]
    assert said["version"].startswith("1.")
    assert column["encoding"] == "WKB"
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 3067}
    assert set(column["covering"]["bbox"]) == {"xmin", "ymin", "xmax", "ymax"}
    assert set(column["geometry_types"]) <= {"Polygon", "MultiPolygon"}


def test_every_zone_set_has_its_tables(out: Path) -> None:
    assert {"districts", "stations", "cells"} <= {
        name for name, _ in pyogrio.list_layers(out / "zones.gpkg")
    }
    assert len(pd.read_csv(out / "stations.csv")) == 2
    assert len(pd.read_csv(out / "cells.csv")) == 72


def test_focus_csv_holds_the_contract_in_words(out: Path) -> None:
    table = pd.read_csv(out / "focus.csv", dtype={"zone_id": str})
    assert list(table.columns[:13]) == [
        "zone_set", "zone_id", "name", "solution", "score", "relative_score", "level", "systems",
        "actors", "prerequisites", "means", "reasons", "basis",
    ]  # fmt: skip
    assert set(table["zone_set"]) == {"districts", "stations"}
    assert "71 %" in table["reasons"].iloc[0].replace("\xa0", " ")


def test_indicators_csv_is_the_registry(out: Path) -> None:
    table = pd.read_csv(out / "indicators.csv")
    assert list(table.columns) == ["name", "unit", "facet", "description", "layers", "source"]
    assert table["name"].tolist() == [i.name for i in toy.REGISTRY]


def test_run_json_names_every_file(out: Path) -> None:
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    files = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert set(run["outputs"]) == files
    assert run["embedded"] is False
    assert run["layers"]["districts"]["parts"][0]["licence"] == "CC BY 4.0"


def test_one_default_style_a_table_and_the_others_beside(out: Path) -> None:
    with closing(sqlite3.connect(out / "zones.gpkg")) as db:
        rows = db.execute(
            "SELECT f_table_name, f_geometry_column, styleName, useAsDefault FROM layer_styles"
        ).fetchall()
        titles = dict(
            db.execute(
                "SELECT column_name, title FROM gpkg_data_columns WHERE table_name = 'districts'"
            )
        )
    for zone_set in ("districts", "stations", "cells"):
        mine = [row for row in rows if row[0] == zone_set]
        assert [row[2] for row in mine] == [*FACETS, "ownership"]
        assert [row[2] for row in mine if row[3]] == ["density"]
        assert {row[1] for row in mine} == {"geom"}
    for table in ("shortlist", "clusters", "blocks_in_need"):
        assert [row[1:] for row in rows if row[0] == table] == [("geom", "solution", 1)]
    assert titles["heat_density_mwh_per_ha"].endswith("(MWh/ha)")


def test_every_column_of_the_geopackage_is_described(out: Path) -> None:
    with closing(sqlite3.connect(out / "zones.gpkg")) as db:
        said = {
            (table, column): (title, description)
            for table, column, title, description in db.execute(
                "SELECT table_name, column_name, title, description FROM gpkg_data_columns"
            )
        }
        tables = [name for (name,) in db.execute("SELECT table_name FROM gpkg_contents")]
        held = {
            (table, row[1])
            for table in tables
            if table != "layer_styles"
            for row in db.execute(f'PRAGMA table_info("{table}")')
            if row[1] not in {"fid", "geom"}
        }
    assert {"focus", "shortlist", "clusters", "blocks_in_need", "sites"} <= {t for t, _ in held}
    assert sorted(held - set(said)) == []
    bare = [key for key in held if not said[key][1] or said[key][0] == key[1]]
    assert bare == []


def test_the_geopackage_is_the_same_bytes_each_time(out: Path, tmp_path: Path) -> None:
    publish(toy.edition(), tmp_path)
    first, second = (
        hashlib.sha256((folder / "zones.gpkg").read_bytes()).hexdigest()
        for folder in (out, tmp_path)
    )
    assert first == second


def test_ogrinfo_reads_every_table(out: Path) -> None:
    info = subprocess.run(
        [command("ogrinfo", "gdal-bin"), "-al", "-so", str(out / "zones.gpkg")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Layer name: cells" in info.stdout
    assert not info.stderr.strip()


@pytest.mark.slow
def test_the_geopackage_keeps_to_the_standard(out: Path) -> None:
    python = shutil.which("python3", path="/usr/bin") or "python3"
    validator = [python, "-m", "osgeo_utils.samples.validate_gpkg"]
    there = subprocess.run([*validator, "--help"], capture_output=True, check=False)
    require_system("GDAL's validator", present=b"gpkg" in there.stdout, install="python3-gdal")
    subprocess.run([*validator, str(out / "zones.gpkg")], check=True)


QGIS = """
import json, sys
from qgis.core import QgsApplication, QgsFeature, QgsVectorLayer
app = QgsApplication([], False); app.initQgis()
layer = QgsVectorLayer(sys.argv[1] + "|layername=districts", "districts", "ogr")
renderer = layer.renderer()
from qgis.core import QgsRenderContext
context = QgsRenderContext(); context.expressionContext().appendScopes([])
renderer.startRender(context, layer.fields())
colours = {}
for feature in layer.getFeatures():
    context.expressionContext().setFeature(feature)
    symbol = renderer.symbolForFeature(feature, context)
    colours[feature["zone_id"]] = symbol.color().name() if symbol else None
renderer.stopRender(context)
alias = layer.attributeAlias(layer.fields().indexOf("far"))
styles = layer.listStylesInDatabase()
print(json.dumps({"valid": layer.isValid(), "type": renderer.type(), "colours": colours,
                  "alias": alias, "styles": sorted(styles[2][: styles[0]])}))
"""


@pytest.mark.slow
def test_qgis_opens_it_coloured(out: Path, tmp_path: Path) -> None:
    python = shutil.which("python3", path="/usr/bin") or "python3"
    found = subprocess.run([python, "-c", "import qgis.core"], capture_output=True, check=False)
    require_system("QGIS's Python", present=found.returncode == 0, install="python3-qgis")
    run = subprocess.run(
        [python, "-c", QGIS, str(out / "zones.gpkg")],
        capture_output=True, text=True, check=True,
        env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "LANG": "C.UTF-8",
             "XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    answer = json.loads(run.stdout.strip().splitlines()[-1])
    assert answer["valid"]
    assert answer["type"] == "categorizedSymbol"
    assert answer["colours"]["016"] == "#2f7fb9"
    assert answer["colours"]["411"] == "#23308f"  # a detail with a colour of its own
    assert answer["colours"]["622"] == "#c9c7c3"  # unknown
    assert answer["alias"].startswith(translate("Floor area ratio: floor area over dry land", "fi"))
    assert answer["styles"] == sorted([*FACETS, "ownership"])


def test_a_failed_run_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(toy.edition(), tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", "zones.gpkg")

    monkeypatch.setattr("districttype.publish.write.STEPS", (fail,))
    with pytest.raises(DistricttypeError, match=r"zones\.gpkg: No space left on device"):
        publish(toy.edition(), tmp_path)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_what_an_earlier_run_wrote_does_not_go_stale(tmp_path: Path) -> None:
    publish(toy.edition(), tmp_path)
    own = tmp_path / "my_notes.txt"
    own.write_text("mine")
    edition = toy.edition()
    fewer = {name: r for name, r in edition.results.items() if name != "cells"}
    publish(replace(edition, results=fewer), tmp_path)
    assert not (tmp_path / "cells.csv").exists()
    assert (tmp_path / "stations.csv").exists()
    assert own.exists()


def test_what_providers_say_of_their_data_is_in_the_readers_language() -> None:
    edition = toy.edition()
    name, layer = next(iter(edition.layers.items()))
    notes = ["Pixels of 20 m", "P could not be had: no such type"]
    origin = layer.provenance[0].model_copy(update={"notes": notes})
    edition = replace(edition, layers=edition.layers.having(replace(layer, provenance=(origin,))))
    said = {
        language: source_table(edition, language).set_index("layer").loc[name, "notes"]
        for language in ("en", "fi", "sv")
    }
    assert said == {
        "en": "Pixels of 20 m; P could not be had: no such type",
        "fi": "20 metrin pikselit; P could not be had: no such type",
        "sv": "Pixlar om 20 m; P could not be had: no such type",
    }
