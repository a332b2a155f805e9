"""The documentation builds without a warning, and shows what the program is now."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from typer import BadParameter
from typer.core import TyperGroup
from typer.main import get_command

from districttype import i18n
from districttype.cli import app
from districttype.indicators.registry import REGISTRY

ROOT = Path(__file__).parents[1]
FENCED = re.compile(r"^ *```(\S*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
USAGE_ERROR = BadParameter.__mro__[1]  # Typer's own or that of click, as its version has it


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


def commands() -> Iterator[tuple[str, str]]:
    """Yield every command that README and documentation tell, after the name of the file."""
    pages = [*ROOT.glob("*.md"), *ROOT.joinpath("docs").rglob("*.md")]
    for path in sorted(pages):
        text = path.read_text(encoding="utf-8")
        for language, block in FENCED.findall(text):
            if language in {"", "sh"}:
                yield from ((path.name, line.strip()) for line in block.splitlines())


def test_the_targets_of_make_that_are_told_exist() -> None:
    told = {words.split()[1] for _, words in commands() if words.startswith("make ")}
    told |= set(re.findall(r"`make ([a-z-]+)", (ROOT / "CONTRIBUTING.md").read_text("utf-8")))
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert told >= {"classify", "test", "docs", "bench", "hooks"}
    assert told <= made


def test_the_program_understands_every_command_that_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(i18n, "LANGUAGES", (*i18n.LANGUAGES, "et"))  # which the guide adds
    program = get_command(app)
    assert isinstance(program, TyperGroup)
    told = [
        (file, line) for file, line in commands() if re.match(r"(\w+=\S+ )?districttype ", line)
    ]
    assert len(told) > 30
    wrong = []
    for file, line in told:
        name, *words = shlex.split(line.split("districttype ", 1)[1], comments=True)
        try:
            program.commands[name].make_context(name, words)
        except (KeyError, USAGE_ERROR) as error:
            wrong.append((file, line, str(error)))
    assert wrong == []
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told_of = {name for name in program.commands if f"districttype {name}" in readme}
    assert told_of | {line.split("districttype ")[1].split()[0] for _, line in told} == set(
        program.commands
    )


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_between_the_files_of_the_project_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
    assert links
    assert [x for x in links if not urlsplit(x).scheme and not (ROOT / x).exists()] == []
