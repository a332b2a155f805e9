"""What others build on: every public name is there, and importing costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import districttype


@pytest.mark.parametrize("name", districttype.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    found = getattr(districttype, name)
    if callable(found):
        assert (found.__doc__ or "").strip()


def test_what_is_not_public_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'clasify'"):
        districttype.clasify  # noqa: B018


def test_importing_the_package_imports_no_library() -> None:
    heavy = {"geopandas", "pandas", "shapely", "sklearn", "folium", "rasterio", "osmnx"}
    code = f"import sys, districttype; print(*({heavy!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
