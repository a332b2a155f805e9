from __future__ import annotations

import pytest

from needs import command, require_system


def test_what_is_present_is_no_matter() -> None:
    require_system("sh", present=True, install="dash")
    assert command("sh", "dash").endswith("sh")


def test_a_missing_package_skips_at_home_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install postgis"):
        require_system("PostGIS", present=False, install="postgis")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install postgis"):
        require_system("PostGIS", present=False, install="postgis")
