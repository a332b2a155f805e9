"""The documentation builds without a warning, and shows what the program is now."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from districttype.indicators.registry import REGISTRY

ROOT = Path(__file__).parents[1]


class Links(HTMLParser):
    """What a page leads to, what it loads, and the anchors it has."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.loaded: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.add(str(given["id"]))
        if tag == "a" and given.get("href"):
            self.hrefs.append(str(given["href"]))
        if tag in {"script", "img"} and given.get("src"):
            self.loaded.append(str(given["src"]))
        if tag == "link" and "stylesheet" in str(given.get("rel")):
            self.loaded.append(str(given["href"]))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Links]:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", ROOT / "docs", folder]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    pages = {}
    for path in folder.rglob("*.html"):
        pages[path] = Links()
        pages[path].feed(path.read_text(encoding="utf-8"))
    return pages


@pytest.mark.slow
def test_every_link_inside_leads_somewhere_and_nothing_is_loaded_from_elsewhere(
    site: dict[Path, Links],
) -> None:
    assert len(site) > 15
    broken = []
    for path, page in site.items():
        assert not [name for name in page.loaded if urlsplit(name).scheme in {"http", "https"}]
        for href in (*page.hrefs, *page.loaded):
            parts = urlsplit(href)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = target.exists() and (
                not parts.fragment or target not in site or parts.fragment in site[target].ids
            )
            broken += [] if known else [(path.name, href)]
    assert broken == []


@pytest.mark.slow
def test_tables_are_those_of_the_program(site: dict[Path, Links]) -> None:
    [page] = [path for path in site if path.name == "indicators.html"]
    shown = set(re.findall(r'<span class="pre">(\w+)</span>', page.read_text(encoding="utf-8")))
    assert {entry.name for entry in REGISTRY} <= shown


def test_commands_of_the_readme_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^make ([a-z-]+)", readme, re.MULTILINE))
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert targets
    assert targets <= made


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_between_the_files_of_the_project_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
    assert links
    assert [x for x in links if not urlsplit(x).scheme and not (ROOT / x).exists()] == []
