"""What a test needs from the system: skipped on a laptop without it, a failure in CI.

Used inside a test or a fixture::

    from needs import chromium, require_system

    browser = playwright.chromium.launch(executable_path=chromium())
    require_system("ogrinfo", present=shutil.which("ogrinfo") is not None, install="gdal-bin")
"""

from __future__ import annotations

import os
import shutil

import pytest


def require_system(name: str, *, present: bool, install: str) -> None:
    """Skip the calling test where `name` is not there; fail it in CI, where it must be.

    `install` names the Debian packages, separated by spaces.
    """
    if present:
        return
    reason = f"{name} is not here; on Debian or Ubuntu: apt-get install {install}"
    if os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        pytest.fail(f"{reason} (CI has to have it)", pytrace=False)
    pytest.skip(reason)


def command(name: str, install: str) -> str:
    """Return the path of a command, or skip (in CI: fail) the calling test."""
    path = shutil.which(name)
    require_system(name, present=path is not None, install=install)
    return str(path)


def chromium() -> str:
    """Return the path of Chromium, or skip (in CI: fail) the calling test."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    require_system("chromium", present=path is not None, install="chromium")
    return str(path)
