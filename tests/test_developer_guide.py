"""What the developer's guide shows is done here as it stands there, in a copy of the program."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def blocks(page: str, language: str) -> list[str]:
    """Return the blocks of code in one language of a page of the guide."""
    text = (ROOT / "docs" / "developer" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    skipped = shutil.ignore_patterns("__pycache__", ".*")
    for folder in ("src", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=skipped)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def passing(clone: Path, *tests: str) -> str:
    """Run tests of the copy against the copy, and return what they said."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n0", *tests],
        cwd=clone,
        env=os.environ | {"PYTHONPATH": str(clone / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:]
    return run.stdout


@pytest.mark.slow
def test_an_indicator_takes_one_file_one_line_and_one_test(clone: Path) -> None:
    changes = "".join(blocks("indicator.md", "diff"))
    command = ["git", "apply", "-"]
    applied = subprocess.run(
        command, cwd=clone, input=changes, capture_output=True, text=True, check=False
    )
    assert applied.returncode == 0, applied.stderr
    code = re.findall(r"^\+\+\+ b/(src/.*\.py)$", changes, re.MULTILINE)
    assert code == ["src/districttype/indicators/services.py"]
    name = "restaurants_per_1000_residents"
    tests = "tests/indicators/test_by_hand.py", "tests/test_translations.py"
    said = passing(clone, "-vv", "-k", f"{name} or worked_out or message", *tests)
    assert name in (clone / "src/districttype/indicators/tables/indicators.csv").read_text("utf-8")
    assert re.search(rf"{name}\S* PASSED", said)
