"""Against a real PostgreSQL with PostGIS, started on the loopback and ended here."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
import sqlalchemy

import toy
from districttype.errors import ConfigError, DistricttypeError
from districttype.publish.postgis import write_postgis
from needs import require_system

pytestmark = pytest.mark.slow
BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/lib/postgresql"))


def as_postgres(*command: str) -> None:
    """Run a command as the user postgres, for the server refuses to run as root."""
    run = ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)
    subprocess.run(run, check=True, capture_output=True, cwd="/")


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    extension = list(Path("/usr/share/postgresql").glob("*/extension/postgis.control"))
    require_system(
        "PostgreSQL with PostGIS",
        present=(BIN / "initdb").is_file() and bool(extension),
        install="postgresql postgresql-15-postgis-3",
    )
    folder = Path(tempfile.mkdtemp(prefix="districttype-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    as_postgres(str(BIN / "initdb"), "-D", str(folder / "data"), "-A", "trust", "-U", "planner",
                "-E", "UTF8", "--locale=C.UTF-8")  # fmt: skip
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    as_postgres(str(BIN / "pg_ctl"), "-D", str(folder / "data"), "-w", "-l", str(folder / "log"),
                "-o", options, "start")  # fmt: skip
    yield f"postgresql://planner:secret@127.0.0.1:{port}/postgres"
    as_postgres(str(BIN / "pg_ctl"), "-D", str(folder / "data"), "-m", "immediate", "stop")
    shutil.rmtree(folder)


@contextmanager
def connected(address: str) -> Iterator[Any]:
    engine = sqlalchemy.create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def ask(address: str, sql: str) -> list[tuple[Any, ...]]:
    with connected(address) as connection:
        result = connection.execute(sqlalchemy.text(sql))
        return [tuple(row) for row in result] if result.returns_rows else []


def test_the_tables_are_there_and_whole(database: str) -> None:
    tables = write_postgis(toy.edition(embedded=True), database, "en")
    assert "districttype.espoo_districts" in tables
    with connected(database) as connection:
        found = gpd.read_postgis("SELECT * FROM districttype.espoo_districts", connection)
    assert found.crs.to_epsg() == 3067
    assert found["zone_id"].tolist()[0] == "016"
    assert found["name"].tolist() == [name for _, name, *_ in toy.DISTRICTS]
    assert found["far"].isna().tolist()[5]
    assert found.area.sum() == pytest.approx(8 * toy.SIDE**2, rel=0.02)
    assert ask(database, "SELECT count(*) FROM districttype.espoo_cells") == [(72,)]
    comment = ask(database, "SELECT obj_description('districttype.espoo_districts'::regclass)")
    assert "Reconstructed from published figures" in comment[0][0]
    said = dict(ask(
        database,
        "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute"
        " WHERE attrelid = 'districttype.espoo_focus'::regclass AND attnum > 0",
    ))  # fmt: skip
    assert [column for column, words in said.items() if not words or words == column] == []
    index = ask(database, "SELECT indexdef FROM pg_indexes WHERE tablename = 'espoo_districts'")
    assert any("gist" in row[0] for row in index)


def test_a_second_run_replaces_its_own_tables_and_no_other(database: str) -> None:
    write_postgis(toy.edition(), database, "en")
    ask(database, "CREATE TABLE IF NOT EXISTS districttype.mine AS SELECT 1 AS one")
    fewer = toy.edition()
    write_postgis(replace(fewer, results={"districts": fewer.results["districts"]}), database, "en")
    assert ask(database, "SELECT one FROM districttype.mine") == [(1,)]
    assert ask(database, "SELECT count(*) FROM districttype.espoo_districts") == [(8,)]


def test_a_table_of_somebody_else_is_refused_and_nothing_changes(database: str) -> None:
    write_postgis(toy.edition(), database, "en")
    ask(database, "DROP TABLE districttype.espoo_indicators")
    ask(database, "CREATE TABLE districttype.espoo_indicators AS SELECT 'mine' AS whose")
    ask(database, "UPDATE districttype.espoo_districts SET name = 'kept' WHERE zone_id = '016'")
    with pytest.raises(DistricttypeError, match="espoo_indicators was not made by this program"):
        write_postgis(toy.edition(), database, "en")
    kept = ask(database, "SELECT name FROM districttype.espoo_districts WHERE zone_id = '016'")
    assert kept == [("kept",)]
    ask(database, "DROP TABLE districttype.espoo_indicators")


def test_a_view_on_a_table_is_a_clear_line_and_nothing_changes(database: str) -> None:
    write_postgis(toy.edition(), database, "en")
    ask(database, "CREATE VIEW public.v AS SELECT name FROM districttype.espoo_districts")
    with pytest.raises(
        DistricttypeError, match=r"espoo_districts.*nothing in the database"
    ) as caught:
        write_postgis(toy.edition(), database, "en")
    assert "secret" not in str(caught.value)
    assert ask(database, "SELECT count(*) FROM public.v") == [(8,)]
    ask(database, "DROP VIEW public.v")


def test_what_cannot_be_reached_is_one_line_without_the_password() -> None:
    with pytest.raises(DistricttypeError) as caught:
        write_postgis(toy.edition(), "postgresql://me:secret@127.0.0.1:9/none", "en")
    assert "secret" not in str(caught.value)
    assert "127.0.0.1:9" in str(caught.value)
    with pytest.raises(ConfigError, match="not the address of a PostgreSQL database"):
        write_postgis(toy.edition(), "mysql://x/y", "en")


TOWN = 'id = "town"\ncountry = "FI"\ncrs = "EPSG:3067"\nnames = { fi = "Town" }\n'
LAYERS = """
districts = [{ provider = "City", file = "areas.gpkg", columns = { zone_id = "id", name = "id" } }]
buildings = [{ provider = "City", file = "areas.gpkg", columns = { building_id = "id" } }]
"""


def classify(folder: Path, to: str) -> subprocess.CompletedProcess[str]:
    """Classify a town of two squares from the command line, into a folder and a database."""
    squares = gpd.GeoDataFrame(
        {"id": ["011", "012"]},
        geometry=[shapely.box(x, 6_670_000, x + 500, 6_670_500) for x in (380_000, 380_500)],
        crs="EPSG:3067",
    )
    squares.to_file(folder / "areas.gpkg")
    (folder / "layers.toml").write_text(LAYERS, encoding="utf-8")
    (folder / "town.toml").write_text(TOWN, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "districttype", "classify", "town.toml", "--data", ".",
         "--zones", "districts", "--out", "out", "--to", to],
        cwd=folder, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_the_command_writes_into_the_database_and_keeps_the_password(
    database: str, tmp_path: Path
) -> None:
    done = classify(tmp_path, database)
    assert done.returncode == 0, done.stderr
    assert ask(database, "SELECT count(*) FROM districttype.town_districts") == [(2,)]
    assert "secret" not in done.stdout + done.stderr
    for file in (tmp_path / "out").rglob("*.*"):
        assert b"secret" not in file.read_bytes(), file


def test_a_database_that_cannot_be_reached_is_said_before_anything_is_done(tmp_path: Path) -> None:
    done = classify(tmp_path, "postgresql://me:secret@127.0.0.1:9/none")
    assert done.returncode == 1
    assert "postgresql://me:***@127.0.0.1:9/none" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()
