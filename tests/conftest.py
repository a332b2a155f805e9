"""Shared fixtures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("DISTRICTTYPE_SHARED", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with real data that lies beside the project."""
    if not SHARED.is_dir():
        pytest.skip(f"no real data beside the project ({SHARED}); set DISTRICTTYPE_SHARED")
    return SHARED
