"""Shared fixtures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from districttype import pipeline
from districttype.city import load_city
from districttype.publish.edition import Edition

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


@pytest.fixture(scope="session")
def embedded_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that the run of `embedded` writes into."""
    return tmp_path_factory.mktemp("embedded")


@pytest.fixture(scope="session")
def embedded(embedded_out: Path) -> Edition:
    """Return a run of the embedded Espoo, published; slow, and therefore done once for all."""
    return pipeline.classify(
        load_city("espoo"),
        data="embedded",
        zone_sets=("districts", "stations"),
        out=embedded_out,
    )
