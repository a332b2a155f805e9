"""`make classify` on a machine that lacks something: one clear line, and nothing half made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with a space in its name that holds what `make` looks at."""
    folder = tmp_path / "my city"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def refusal(folder: Path, *words: str, **env: str) -> str:
    """Return the one line that `make classify` fails with, without make's own last one."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", "classify", *words], cwd=folder, env=clean | env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    line, *last = done.stderr.splitlines()
    assert [words.split(":")[0] for words in last] == ["make"]
    return line.removeprefix("districttype: ")


def fake(folder: Path, script: str) -> str:
    """Return the path of a Python that does as the script says."""
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_a_python_that_is_absent_or_old(project: Path) -> None:
    other = "Name another: make PYTHON=python3.12 ..."
    needed = "Python 3.11 or newer is needed"
    said = refusal(project, "PYTHON=python3.99")
    assert said == f"{needed}, and there is no 'python3.99'. {other}"
    old = fake(project, "exit 1")
    assert refusal(project, f"PYTHON={old}") == f"{needed}, and '{old}' is older. {other}"


def test_a_python_without_the_module_venv(project: Path) -> None:
    bare = fake(project, f'case "$*" in *ensurepip*) exit 1;; esac; exec "{sys.executable}" "$@"')
    install = "on Debian or Ubuntu: apt-get install python3-venv"
    assert refusal(project, f"PYTHON={bare}") == f"'{bare}' lacks the module venv; {install}"


def test_an_environment_that_cannot_be_made_is_not_left_half_made(project: Path) -> None:
    half = "mkdir -p .venv/bin; touch .venv/bin/python; echo 'No space left on device'; exit 1"
    full = fake(project, f'case "$*" in "-m venv"*) {half};; esac')
    made = f"the environment could not be made in {project}/.venv"
    assert refusal(project, f"PYTHON={full}") == f"{made}: No space left on device"
    assert not (project / ".venv").exists()


def test_no_package_index_in_reach(project: Path) -> None:
    nowhere = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    said = "No matching distribution found for hatchling>=1.25"
    assert refusal(project, f"PYTHON={sys.executable}", **nowhere) == (
        f"pip could not install what is needed: {said} "
        "(is the package index reached from here? all it said: .venv/pip.log)"
    )
    assert not (project / ".venv" / ".run").exists()
