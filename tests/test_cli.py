"""The command line: what each command answers, how it ends, and that help is quick."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from districttype import cli
from districttype.typology.learnt import load
from kept import keep_run


class Answer(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Answer]


@pytest.fixture
def districttype(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*words: str | Path) -> Answer:
        monkeypatch.setattr(sys, "argv", ["districttype", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return Answer(int(end.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def town(tmp_path: Path) -> list[str | Path]:
    """Return the words that name a city with a kept run."""
    return [keep_run(tmp_path, "adorf", "Adorf", 1), "--out", tmp_path / "adorf"]


def test_help_needs_no_library_of_the_stages_and_little_time() -> None:
    heavy = "{'numpy', 'pandas', 'geopandas', 'shapely', 'pydantic', 'sklearn', 'httpx'}"
    code = (
        "import resource, sys; sys.argv = ['districttype', '--help']\n"
        "import districttype.cli as cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        f"print(sorted({heavy} & set(sys.modules)), "
        "sum(resource.getrusage(resource.RUSAGE_SELF)[:2]), file=sys.stderr)"
    )
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=paths, check=True
    )
    loaded, seconds = done.stderr.rsplit(maxsplit=1)
    assert loaded == "[]"
    assert float(seconds) < 0.5
    for command in ("classify", "explain", "validate", "learn", "compare", "cities"):
        assert command in done.stdout


def test_every_command_about_a_run_has_the_same_options(districttype: Command) -> None:
    for command in ("classify", "explain", "validate", "learn", "compare", "workshop"):
        said = districttype(command, "--help").out
        for option in ("--data", "--layers", "--out", "--raw"):
            assert said.count(f"  {option} ") == 1


def test_wrong_usage_is_two_and_what_a_user_can_mend_is_one_line(
    districttype: Command, town: list[str | Path]
) -> None:
    assert districttype("explain").code == 2
    assert districttype("classify", "--colour", "espoo").code == 2
    answer = districttype("explain", *town, "Nowhere")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.splitlines()[-1].startswith("districttype: Adorf: no zone and no place")
    assert districttype("explain", "atlantis", "x").err.startswith("districttype: there is no city")


def test_explain_says_why(districttype: Command, town: list[str | Path]) -> None:
    said = districttype("explain", *town, "acentre0")
    assert said.code == 0
    assert "Acentre0 (districts acentre0)" in said.out
    assert "density: dense" in said.out
    zone = json.loads(districttype("explain", *town, "Acentre0", "--lang", "fi", "--json").out)[0]
    assert zone["facets"]["density"]["label"] == "dense"
    assert zone["facets"]["density"]["reason"].startswith("tiivis")


def test_validate_compares(districttype: Command, town: list[str | Path], tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("name,density\nAcentre0,dense\nAsuburb0,dense\nElsewhere,dense\n", "utf-8")
    report = json.loads(districttype("validate", *town, "--labels", labels, "--json").out)
    assert report["density"]["agreement"] == 0.5
    assert report["density"]["not_found"] == ["Elsewhere"]
    assert "not found: Elsewhere" in districttype("validate", *town, "--labels", labels).out
    refused = districttype("validate", *town)
    assert refused.err.splitlines()[-1] == (
        "districttype: validate: there are no built-in labels of Adorf; name a file with --labels"
    )


def test_learn_tests_block_by_block_and_writes_a_model_that_classifies(
    districttype: Command, town: list[str | Path], tmp_path: Path
) -> None:
    labels = tmp_path / "labels.csv"
    rows = [f"Acentre{i},{'dense' if i else 'sparse'},yes" for i in range(6)]
    rows += [f"{kind}{i},sparse,no" for kind in ("Asuburb", "Avillage") for i in range(6)]
    labels.write_text("\n".join(["name,density,soil", *rows, "Acentre9,dense,"]), "utf-8")
    report = json.loads(districttype("learn", *town, "--labels", labels, "--json").out)
    density = report["density"]
    assert density["n"] == 18
    assert density["rules"]["accuracy"] == pytest.approx(17 / 18)  # the centre called sparse
    assert density["accuracy"] >= 0.8
    assert sum(n for row in density["confusion"].values() for n in row.values()) == 18
    model = tmp_path / "adorf" / "models" / "density.skops"
    assert density["model"] == str(model)
    assert load(model).city == "Adorf"
    said = districttype("learn", *town, "--labels", labels).out
    assert f"classify CITY --model {model}" in said
    refused = districttype("learn", *town, "--labels", labels, "--models", labels)
    assert refused.err.splitlines()[-1].startswith(f"districttype: {labels}: File exists; name ano")
    assert "given -> rules: sparse -> dense 1, sparse 12" in said
    labels.write_text("name,density\nAcentre0,dense\nAsuburb0,low\n", "utf-8")
    refused = districttype("learn", *town, "--labels", labels)
    assert refused.code == 1
    assert "at least two labels with 3 zones each are needed" in refused.err
    assert districttype("learn", *town).code == 2


def test_compare_finds_the_zone_most_like_one_here_and_in_another_city(
    districttype: Command, town: list[str | Path], tmp_path: Path
) -> None:
    keep_run(tmp_path, "bstadt", "Bstadt", 2)
    here = json.loads(districttype("compare", *town, "Acentre0", "--json").out)
    assert here["nearest"][0]["zone_id"].startswith("acentre")
    assert here["nearest"][0]["zone_id"] != "acentre0"
    there = districttype("compare", *town, "Acentre0", "--to", tmp_path / "bstadt").out
    assert re.match(
        r"Adorf's Acentre0 is most like Bstadt's Bcentre\d, because both have a high .+ \(", there
    )
    assert re.search(r"^\d\.\d\d  Bcentre\d \(Bstadt, bcentre\d\)$", there, re.MULTILINE)
    assert "drawn by rule" not in there
    record = tmp_path / "bstadt" / "run.json"
    told = json.loads(record.read_text()) | {"standing": {"generated": ["streets", "land_use"]}}
    record.write_text(json.dumps(told))
    cautious = districttype("compare", *town, "Acentre0", "--to", tmp_path / "bstadt").out
    assert "In Bstadt streets, land_use are drawn by rule, not how the city is." in cautious
    for language, said in {
        "fi": "koska kummallakin on suuri",
        "sv": "Acentre0 i Adorf liknar mest Bcentre",
    }.items():
        answer = districttype(
            "compare", *town, "Acentre0", "--to", tmp_path / "bstadt", "--lang", language
        )
        assert said in answer.out
    nothing = districttype("compare", *town, "Acentre0", "--to", tmp_path)
    assert "holds no run; name the folder that `districttype classify` wrote" in nothing.err
    assert districttype("compare", *town, "a", "--to", tmp_path, "--with", "espoo").code == 2


def test_compare_takes_the_last_run_of_the_city_named(
    districttype: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    processed = tmp_path / "data" / "processed"
    processed.mkdir(parents=True)
    here, there = keep_run(processed, "adorf", "Adorf", 1), keep_run(processed, "bstadt", "B", 2)
    answer = json.loads(districttype("compare", here, "Avillage1", "--with", there, "--json").out)
    assert {row["city"] for row in answer["nearest"]} == {"B"}
    assert all(row["zone_id"].startswith("bvillage") for row in answer["nearest"])


def test_a_sheet_is_refused_with_one_line(
    districttype: Command, town: list[str | Path], tmp_path: Path
) -> None:
    for words, said in (
        ((*town, "acentre0", "A9"), "workshop: there is no solution 'A9'; known are A1, A2"),
        ((*town, "Nowhere", "A5"), "Adorf: no zone and no place is called 'Nowhere'"),
        ((town[0], "--out", tmp_path / "no", "acentre0", "A5"), "holds no run; name the folder"),
    ):
        answer = districttype("workshop", *words)
        assert (answer.code, answer.out) == (1, "")
        assert said in answer.err.splitlines()[-1]


def test_classify_wants_a_city_or_several(districttype: Command) -> None:
    answer = districttype("classify")
    assert answer.code == 2
    assert "name a city, or several with --cities" in answer.err
    answer = districttype("classify", "--cities", "kladno,atlantis")
    assert (answer.code, answer.out) == (1, "")
    assert "there is no city 'atlantis'" in answer.err
    answer = districttype("classify", "--cities", ",")
    assert answer.err == "districttype: --cities: names no city; name some, or all\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("kladno",), "name a city, or several with --cities"),
        (("--to", "postgresql://somebody@somewhere/else"), "--to is for one city"),
        (("--layers", "layers.toml"), "--layers is for one city"),
        (("--zones", "districts,mine.gpkg"), "a file in --zones is for one city"),
    ],
)
def test_what_several_cities_cannot_take_is_refused(
    districttype: Command, words: tuple[str, ...], said: str
) -> None:
    answer = districttype("classify", "--cities", "lviv", *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--lang", "xx"), "the program does not speak 'xx'; it speaks en, fi, sv"),
        (("--zones", "parks"), "--zones: there is no zone set parks; known are districts, "),
        (("--zones", "mine.gpkg"), "--zones, mine.gpkg: there is no such file"),
        (("--zones", "cells.gpkg"), "--zones, cells.gpkg: there is a zone set cells already"),
        (("--layers", "mine.toml"), "--layers mine.toml: says which files of a directory"),
        (("--out", "/dev/null/x"), "/dev/null/x: Not a directory; name another folder"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is(
    districttype: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cells.gpkg").touch()
    answer = districttype("classify", "kladno", "--data", "embedded", "--out", "out", *words)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.splitlines()[-1].startswith(f"districttype: {said}")
    assert not [*tmp_path.rglob("*.csv")]
    assert "Measuring" not in answer.err


def test_a_question_in_a_language_not_spoken_is_refused(
    districttype: Command, town: list[str | Path]
) -> None:
    for command in ("explain", "compare"):
        answer = districttype(command, *town, "acentre0", "--lang", "xx")
        assert (answer.code, answer.out) == (1, "")
        assert answer.err.startswith("districttype: the program does not speak 'xx'")


def test_a_folder_is_no_table_of_labels(
    districttype: Command, town: list[str | Path], tmp_path: Path
) -> None:
    answer = districttype("validate", *town, "--labels", tmp_path)
    assert answer.code == 1
    assert answer.err.splitlines()[-1] == f"districttype: {tmp_path}: Is a directory"


def test_a_folder_of_a_citys_name_does_not_hide_its_figures(
    districttype: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kladno").mkdir()
    answer = districttype(
        "classify", "kladno", "--data", "embedded", "--zones", "districts", "--tables-only",
        "--out", "kladno",
    )  # fmt: skip
    assert answer.code == 0
    assert (tmp_path / "kladno" / "districts.csv").is_file()


def test_cities_lists_the_cities_of_the_package(districttype: Command) -> None:
    assert "espoo" in districttype("cities").out
    listed = json.loads(districttype("cities", "--json").out)
    assert {"id": "espoo", "name": "Espoo", "country": "FI", "crs": "EPSG:3067"} in listed
