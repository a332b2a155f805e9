"""Several cities at once: one table, look-alikes, a page to switch, and workers that may die."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from dask import distributed

from districttype import many
from districttype.city import City, load_city
from districttype.cli import main
from districttype.errors import ConfigError, DistricttypeError
from districttype.lastrun import read_kept
from districttype.layers.reconstructed import embedded_layers
from districttype.many import IN_TURN, Outcome, classify_cities, named_cities, run_job

CITIES = [load_city(name) for name in ("kladno", "kifissia")]


def run(out: Path, **options: object) -> list[Outcome]:
    return classify_cities(CITIES, out, data="embedded", zone_sets=(), raw=out / "raw", **options)  # type: ignore[arg-type]


def test_cities_are_named_by_list_or_all() -> None:
    assert [city.id for city in named_cities("kladno, lviv")] == ["kladno", "lviv"]
    assert {"espoo", "leipzig", "maia"} <= {city.id for city in named_cities("all")}
    with pytest.raises(ConfigError, match="kladno is named twice"):
        named_cities("kladno,kladno")
    with pytest.raises(ConfigError, match="there is no city 'atlantis'"):
        named_cities("kladno,atlantis")


def test_a_city_that_fails_is_one_line_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def fail_kladno(job: many.Job) -> Outcome:
        if job.city.id == "kladno":
            return Outcome(job.city, job.out, error="no data")
        return run_job(job)

    monkeypatch.setattr(many, "run_job", fail_kladno)
    outcomes = run(tmp_path, scheduler=IN_TURN, say=told.append)
    assert [bool(outcome.error) for outcome in outcomes] == [True, False]
    assert told[0] == "1 of 2: kladno: no data"
    assert set(pd.read_csv(tmp_path / "cities.csv", encoding="utf-8-sig")["city"]) == {"kifissia"}


def test_a_fault_of_the_program_stops_no_other_city_and_ends_the_run_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = many.pipeline.classify

    def break_kladno(city: City, **options: Any) -> object:
        if city.id == "kladno":
            raise ZeroDivisionError("by zero")
        return whole(city, **options)

    monkeypatch.setattr(many.pipeline, "classify", break_kladno)
    line = ["classify", "--cities", "kladno,kifissia", "--data", "embedded", "--scheduler", "none",
            "--out", str(tmp_path), "--raw", str(tmp_path / "raw"), "--tables-only",
            "--zones", "districts"]  # fmt: skip
    monkeypatch.setattr("sys.argv", ["districttype", *line])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "1 of 2: kladno: ZeroDivisionError: by zero" in capsys.readouterr().err
    table = pd.read_csv(tmp_path / "cities.csv", encoding="utf-8-sig")
    assert set(table["city"]) == {"kifissia"}
    assert not [*tmp_path.rglob("*.html")]


def test_files_of_several_cities_lie_in_a_folder_each(tmp_path: Path) -> None:
    (tmp_path / "files" / "kladno").mkdir(parents=True)
    told: list[str] = []
    with pytest.raises(DistricttypeError, match="no city could be classified"):
        classify_cities(
            CITIES, tmp_path, data=str(tmp_path / "files"), scheduler=IN_TURN, say=told.append
        )
    assert "kladno/layers.toml: no such file" in told[0]
    assert "kifissia' is neither auto, live, embedded nor a directory" in told[1]


def test_where_no_city_succeeds_the_run_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "run_job", lambda job: Outcome(job.city, job.out, error="no data"))
    with pytest.raises(DistricttypeError, match="no city could be classified; no data"):
        run(tmp_path, scheduler=IN_TURN)


@pytest.fixture(scope="module")
def in_turn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("turn")
    run(out, scheduler=IN_TURN)
    return out


@pytest.mark.slow
def test_one_table_and_look_alikes_of_all_cities(in_turn: Path) -> None:
    table = pd.read_csv(in_turn / "cities.csv", encoding="utf-8-sig")
    assert table["city"].value_counts().to_dict() == {"kifissia": 11, "kladno": 6}
    assert [*table.columns[:4]] == ["city", "data", "generated", "zone_id"]
    assert set(table["data"]) == {"embedded"}
    # Of neither city does a figure tell of houses or streets.
    assert set(table["generated"]) == {"buildings;streets;land_use"}
    alike = pd.read_csv(in_turn / "alike_elsewhere.csv", encoding="utf-8-sig")
    assert len(alike) == 17
    assert (alike["city"] != alike["other_city"]).all()
    assert {"Κεφαλάρι", "Švermov"} <= set(alike["name"])
    assert (alike["distance"] > 0).all()
    assert set(alike["generated"]) == {"buildings;streets;land_use"}


@pytest.mark.slow
def test_the_page_loads_the_joint_table_with_the_ids_that_cities_have(
    in_turn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[1] / "docs/researcher/cities.md").read_text(encoding="utf-8")
    shown = "".join(part.split("```")[0] for part in page.split("```python\n")[1:])
    told: dict[str, pd.DataFrame] = {}
    monkeypatch.chdir(in_turn)
    exec(shown.replace("data/processed/", ""), told)
    found = told["districts"].groupby("city")["zone_id"].agg(list)
    for city in CITIES:
        held = pd.read_parquet(in_turn / city.id / "districts.parquet", columns=["zone_id"])
        assert found[city.id] == held["zone_id"].tolist()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "word"), [("cities", "Cities"), ("cities.fi", "Kaupungit")])
def test_a_page_switches_between_the_maps(in_turn: Path, name: str, word: str) -> None:
    page = (in_turn / f"{name}.html").read_text(encoding="utf-8")
    assert word in page
    assert "Κηφισιά" in page
    for city in ("kladno", "kifissia"):
        assert f'<option value="{city}">' in page
        assert (in_turn / city / "maps" / "typology.html").is_file()
    assert "http" not in page  # nothing is fetched


def same_tables(one: Path, other: Path, cities: list[City]) -> bool:
    """Tell whether two runs wrote the same tables, byte for byte."""
    return all(
        (one / city.id / file).read_bytes() == (other / city.id / file).read_bytes()
        for city in cities
        for file in ("districts.csv", "focus.csv")
    )


Busy = Callable[[dict[str, list[str]]], str | None]


@contextmanager
def two_workers(choose: Busy) -> Iterator[tuple[str, list[int]]]:
    """Start two workers, and kill the first that `choose` names of what each is at.

    Yields the scheduler's address, and the process that was killed once it is.
    """
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    )
    killed: list[int] = []
    over = threading.Event()

    def kill_one() -> None:
        with distributed.Client(cluster) as client:
            pids = client.run(os.getpid)
            while not over.wait(0.05):
                at = {worker: [*map(str, keys)] for worker, keys in client.processing().items()}
                worker = choose(at)
                if worker is not None:
                    os.kill(pids[worker], signal.SIGKILL)
                    killed.append(pids[worker])
                    return

    with cluster:
        killer = threading.Thread(target=kill_one)
        killer.start()
        try:
            yield cluster.scheduler_address, killed
        finally:
            over.set()
            killer.join()


def at_a_city(at: dict[str, list[str]]) -> str | None:
    return next((worker for worker, keys in at.items() if keys), None)


def at_a_tile_for_another(at: dict[str, list[str]]) -> str | None:
    """Name a worker that measures a tile of a city which is in the hands of the other."""
    return next((w for w, keys in at.items() if keys and all("tile" in key for key in keys)), None)


def at_a_city_whose_tiles_are_measured(at: dict[str, list[str]]) -> str | None:
    if not any("tile" in key for keys in at.values() for key in keys):
        return None
    return next((w for w, keys in at.items() if any("run_on" in key for key in keys)), None)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_worker_that_dies_costs_no_city(in_turn: Path, tmp_path: Path) -> None:
    with two_workers(at_a_city) as (scheduler, killed):
        outcomes = run(tmp_path, scheduler=scheduler)
    assert killed
    assert [outcome.error for outcome in outcomes] == ["", ""]
    assert same_tables(tmp_path, in_turn, CITIES)


TILE = 1500  # buildings: several tiles a city


@pytest.fixture(scope="module")
def tiles_in_turn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tiles")
    run(out, scheduler=IN_TURN, large=TILE)
    return out


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_tiles_on_workers_give_the_same_bytes_as_in_turn(
    tiles_in_turn: Path, tmp_path: Path
) -> None:
    outcomes = run(tmp_path, scheduler=many.LOCAL, large=TILE)
    assert [outcome.error for outcome in outcomes] == ["", ""]
    assert same_tables(tmp_path, tiles_in_turn, CITIES)
    assert not [*tmp_path.glob("*/.tiles")]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("choose", [at_a_tile_for_another, at_a_city_whose_tiles_are_measured])
def test_a_worker_that_dies_amid_the_tiles_of_a_city_costs_no_tile(
    tiles_in_turn: Path, tmp_path: Path, choose: Busy
) -> None:
    kladno = CITIES[:1]
    with two_workers(choose) as (scheduler, killed):
        outcomes = classify_cities(
            kladno, tmp_path, data="embedded", zone_sets=(), raw=tmp_path / "raw",
            scheduler=scheduler, large=TILE,
        )  # fmt: skip
    assert killed
    assert [outcome.error for outcome in outcomes] == [""]
    assert same_tables(tmp_path, tiles_in_turn, kladno)
    assert not [*tmp_path.glob("*/.tiles")]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the drawn Kladno as files, of a third of whose houses the storeys are unknown."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "kladno").mkdir()
    told = []
    for name, layer in embedded_layers(CITIES[0]).items():
        frame = layer.frame
        if name == "buildings":
            frame = frame[["building_id", "use", "floors", "year_built", "status", "geometry"]]
            frame = frame.assign(floors=frame["floors"].mask(frame.index % 3 == 0))
        frame.dropna(axis=1, how="all").to_file(folder / "kladno" / f"{name}.gpkg")
        told.append(f'[[{name}]]\nprovider = "Drawn"\nfile = "{name}.gpkg"\n')
    (folder / "kladno" / "layers.toml").write_text("\n".join(told), encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_city_too_large_for_memory_gives_the_same_on_workers_that_die_as_at_once(
    files: Path, tmp_path: Path
) -> None:
    kladno = CITIES[:1]
    how: dict[str, Any] = {"data": str(files), "zone_sets": ["stations"], "raw": tmp_path / "raw"}
    classify_cities(kladno, tmp_path / "whole", scheduler=IN_TURN, **how)
    with two_workers(at_a_city_whose_tiles_are_measured) as (scheduler, killed):
        (outcome,) = classify_cities(
            kladno, tmp_path / "parts", scheduler=scheduler, large=TILE, **how
        )
    assert killed
    assert outcome.error == ""
    assert same_tables(tmp_path / "parts", tmp_path / "whole", kladno)
    whole, parts = (read_kept(tmp_path / run / "kladno") for run in ("whole", "parts"))
    assert whole is not None
    assert parts is not None
    assert parts.record["layers"] == whole.record["layers"]
    for name, table in whole.indicators.items():
        pd.testing.assert_frame_equal(parts.indicators[name], table, rtol=1e-9, atol=1e-9)
    assert not [*tmp_path.glob("*/*/.tiles")]


def test_a_scheduler_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--scheduler nonsense: no scheduler answers"):
        run(tmp_path, scheduler="nonsense")
