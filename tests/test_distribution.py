"""What one installs: wheel and sdist in a bare environment, and the files that describe it."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_every_file_that_states_the_version_states_the_same() -> None:
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {PROJECT['version']}\n" in cited
    recipe = (ROOT / "recipe" / "meta.yaml").read_text(encoding="utf-8")
    assert f'version = "{PROJECT["version"]}"' in recipe


def test_the_conda_recipe_asks_for_what_the_package_needs() -> None:
    recipe = (ROOT / "recipe" / "meta.yaml").read_text(encoding="utf-8")
    listed = re.findall(r"^    - (\S+)", recipe.split("  run:")[1].split("test:")[0], re.MULTILINE)
    conda = {"pandera[pandas]": "pandera", "osmium": "pyosmium"}
    needed = {re.split(r"[>=<]", need)[0] for need in PROJECT["dependencies"]}
    assert {conda.get(name, name) for name in needed} | {"python"} == set(listed)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_it_installs_and_runs_in_a_bare_environment(kind: str, tmp_path: Path) -> None:
    run(sys.executable, "-m", "build", f"--{kind}", "--outdir", tmp_path, ROOT, cwd=tmp_path)
    [built] = tmp_path.glob("districttype-*")
    venv.create(tmp_path / "bare", with_pip=True)
    scripts = tmp_path / "bare" / "bin"
    run(scripts / "python", "-m", "pip", "install", "--quiet", built, cwd=tmp_path)
    command = scripts / "districttype"
    assert run(command, "--version", cwd=tmp_path) == f"districttype {PROJECT['version']}\n"
    run(command, "classify", "espoo", "--data", "embedded", "--zones", "districts", cwd=tmp_path)
    table = tmp_path / "data" / "processed" / "espoo" / "districts.csv"
    with table.open(encoding="utf-8-sig", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 88
