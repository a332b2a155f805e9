"""The hooks of `make hooks`, run for real: they pass what is here, and catch what they are for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = str(Path(sys.executable).parent)
ENV = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {
    "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"
}


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, env=ENV, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the files as they are now in a repository of their own: hooks mend what they find."""
    if not (ROOT / ".git").exists():
        pytest.skip("hooks run on a git repository, and this is a plain folder (sdist or zip)")
    folder = tmp_path_factory.mktemp("hooks")
    for name in git(ROOT, "ls-files", "-z").split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    return folder


def hooks(folder: Path, *words: str) -> tuple[int, dict[str, str]]:
    """Run the hooks; return the exit code, and what each hook that failed said."""
    command = [sys.executable, "-m", "pre_commit", "run", "--color=never", *words]
    env = ENV | {"PRE_COMMIT_HOME": str(folder.parent / "pre-commit")}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    failed = done.stdout.split("- hook id: ")[1:]
    return done.returncode, {part.split("\n")[0]: part for part in failed}


def test_what_is_here_passes_every_hook(copy: Path) -> None:
    assert hooks(copy, "--all-files") == (0, {})


def test_every_hook_catches_what_it_is_for(copy: Path) -> None:
    cell = {
        "cell_type": "code", "id": "a", "execution_count": 1, "metadata": {}, "source": ["1"],
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["1\n"]}],
    }  # fmt: skip
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    wrong = {
        "src/districttype/unused.py": '"""A module."""\n\nimport os\n',
        "src/districttype/formless.py": '"""A module."""\n\nx = { 1 :2 }\n',
        "notebooks/ran.ipynb": json.dumps(notebook, indent=1) + "\n",
        "docs/endless.md": "no newline",
        "docs/blank.md": "blanks   \n",
        "twice.toml": "a = 1\na = 2\n",
        "docs/merge.md": "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> other\n",
        "big.csv": "0\n" * 600_000,
    }
    for name, text in wrong.items():
        (copy / name).write_text(text, encoding="utf-8")
    git(copy, "add", *wrong)
    code, failed = hooks(copy, "--files", *wrong)
    assert code == 1
    assert set(failed) == {
        "ruff-check", "ruff-format", "nbstripout", "end-of-file-fixer", "trailing-whitespace",
        "check-toml", "check-merge-conflict", "check-added-large-files",
    }  # fmt: skip
    assert "big.csv" in failed["check-added-large-files"]
    kept = json.loads((copy / "notebooks/ran.ipynb").read_text(encoding="utf-8"))
    assert kept["cells"][0]["outputs"] == []
