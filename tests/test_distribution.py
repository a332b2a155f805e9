"""What one installs: wheel and sdist in a bare environment, and the files that describe it."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
from collections.abc import Iterable
from pathlib import Path

import pytest
import rattler_build

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
BUILD = (sys.executable, "-m", "build")


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def needs(listed: Iterable[str]) -> dict[str, str]:
    """Return name and lower bound of each requirement, as Python and conda write them."""
    return {name: least for name, _, least in (re.split(r"\s*(>=)", each) for each in listed)}


def test_the_conda_recipe_renders_and_asks_for_what_the_package_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VERSION", "7.8.9")
    recipe = rattler_build.Stage0Recipe.from_file(str(ROOT / "recipe" / "recipe.yaml"))
    [variant] = recipe.render(rattler_build.VariantConfig())
    made = variant.recipe.to_dict()
    assert made["package"] == {"name": "districttype", "version": "7.8.9"}
    assert made["build"]["script"]["env"] == {
        "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_DISTRICTTYPE": "7.8.9"
    }
    commands = [f"{name} = {target}" for name, target in PROJECT["scripts"].items()]
    assert made["build"]["python"]["entry_points"] == commands
    conda = {"pandera[pandas]": "pandera", "osmium": "pyosmium"}
    python = {"python": PROJECT["requires-python"].removeprefix(">=")}
    run = {conda.get(name, name): least for name, least in needs(PROJECT["dependencies"]).items()}
    assert needs(made["requirements"]["run"]) == run | python
    host = needs(need for need in made["requirements"]["host"] if need != "pip")
    assert host == needs(PYPROJECT["build-system"]["requires"]) | python
    assert made["about"]["license"] == PROJECT["license"]


def test_every_release_has_its_part_in_the_changelog() -> None:
    """A version stands in its tag alone, so that no two files can differ; the log follows it."""
    assert "version" in PROJECT["dynamic"]
    if not (ROOT / ".git").exists():
        pytest.skip("releases are tags, and this is a plain folder without git (sdist or zip)")
    told = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    parts = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", told, re.MULTILINE)
    assert parts[0] == ("Unreleased", "")
    dates = dict(parts[1:])
    assert all(dates.values())
    tags = run("git", "tag", "--list", "v*", cwd=ROOT).split()
    assert [tag for tag in tags if tag.removeprefix("v") not in dates] == []


def test_the_sdist_holds_all_that_git_holds(tmp_path: Path) -> None:
    """Tests read the Makefile, the recipe and templates: they pass in what one unpacks, too."""
    if not (ROOT / ".git").exists():
        pytest.skip("what git holds cannot be told in a plain folder (sdist or zip)")
    run(*BUILD, "--no-isolation", "--sdist", "--outdir", tmp_path, ROOT, cwd=tmp_path)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as packed:
        held = {name.partition("/")[2] for name in packed.getnames()}
    tracked = set(run("git", "ls-files", "-z", cwd=ROOT).split("\0")) - {""}
    assert {name for name in tracked - held if (ROOT / name).exists()} == set()


@pytest.mark.slow
def test_a_tag_is_the_version_and_an_archive_of_it_knows(tmp_path: Path) -> None:
    project = tmp_path / "project"
    run(*BUILD, "--sdist", "--outdir", tmp_path, ROOT, cwd=tmp_path)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as packed:
        packed.extractall(tmp_path, filter="data")
    next(tmp_path.glob("districttype-*/")).rename(project)
    unpacked = version(project)
    (project / "PKG-INFO").unlink()
    assert version(project) == "0.0"
    with pytest.MonkeyPatch.context() as patch:  # as the Dockerfile and the recipe tell it
        patch.setenv("SETUPTOOLS_SCM_PRETEND_VERSION_FOR_DISTRICTTYPE", "7.8.9")
        assert version(project) == "7.8.9"
    git = ("git", "-c", "user.name=A", "-c", "user.email=a@example.org")
    run(*git, "init", "--quiet", cwd=project)
    run(*git, "add", "--all", cwd=project)
    run(*git, "commit", "--quiet", "--message", "All", cwd=project)
    assert version(project) == "0.1.dev1"
    run(*git, "tag", "v3.2.1", cwd=project)
    assert version(project) == "3.2.1"
    run(*git, "archive", "--prefix=archive/", "--output", tmp_path / "a.tar", "HEAD", cwd=project)
    with tarfile.open(tmp_path / "a.tar") as packed:
        packed.extractall(tmp_path, filter="data")
    assert version(tmp_path / "archive") == "3.2.1"
    run(*git, "commit", "--quiet", "--allow-empty", "--message", "More", cwd=project)
    assert version(project) == "3.2.2.dev1"
    assert unpacked in next(tmp_path.glob("*.tar.gz")).name


def version(project: Path) -> str:
    """Return the version that a build in a folder would have."""
    return run(sys.executable, "-m", "hatchling", "version", cwd=project).strip()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_it_installs_and_runs_in_a_bare_environment(kind: str, tmp_path: Path) -> None:
    run(*BUILD, f"--{kind}", "--outdir", tmp_path, ROOT, cwd=tmp_path)
    [built] = tmp_path.glob("districttype-*")
    venv.create(tmp_path / "bare", with_pip=True)
    scripts = tmp_path / "bare" / "bin"
    run(scripts / "python", "-m", "pip", "install", "--quiet", built, cwd=tmp_path)
    command = scripts / "districttype"
    said = built.name.split("-")[1].removesuffix(".tar.gz")
    assert run(command, "--version", cwd=tmp_path) == f"districttype {said}\n"
    run(command, "classify", "espoo", "--data", "embedded", "--zones", "districts", cwd=tmp_path)
    out = tmp_path / "data" / "processed" / "espoo"
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["program"]["version"] == said
    with (out / "districts.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 88
