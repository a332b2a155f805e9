"""Shared fixtures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# In CI the same examples every time: a find stops whoever made it, not whoever comes next. No
# deadlines: how long an example takes says more of what else the machine does.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

SHARED = Path(os.environ.get("DISTRICTTYPE_SHARED", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with real data that lies beside the project."""
    if not SHARED.is_dir():
        pytest.skip(f"no real data beside the project ({SHARED}); set DISTRICTTYPE_SHARED")
    return SHARED
