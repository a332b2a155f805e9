"""What people see of Espoo: the pages of the embedded default, as a reader meets them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from browser import offline, running
from districttype import cli
from districttype.i18n import translate
from districttype.indicators import measurer
from districttype.publish import legend
from districttype.publish.edition import Edition
from paper import A4, printed, size

pytestmark = pytest.mark.slow
LANGUAGES = ("fi", "sv", "en")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running() as chrome:
        yield chrome


@pytest.fixture(scope="module")
def out(embedded: Edition, embedded_out: Path) -> Path:
    return embedded_out


def seek(page: Page, name: str) -> None:
    page.locator("#search").fill(name)
    page.locator("#search").press("Enter")


@pytest.mark.parametrize(
    ("typed", "title"),
    [("Espoonlahti", "Espoonlahti"), ("Köklax", "Kauklahti"), ("kera", "Kera")],
)
def test_search_finds(browser: Browser, out: Path, typed: str, title: str) -> None:
    with offline(browser, out / "maps" / "typology.html", "#lang=en") as page:
        seek(page, typed)
        expect(page.locator("#panel h2")).to_have_text(title)


@pytest.mark.parametrize(("language", "name"), [("fi", "Soukka"), ("sv", "Sökö"), ("en", "Soukka")])
@pytest.mark.parametrize("map_page", ["typology", "focus"])
def test_the_panel_of_soukka(
    browser: Browser, embedded: Edition, out: Path, map_page: str, language: str, name: str
) -> None:
    found = embedded.results["places"]
    labels = found.labels.loc["Soukka"]
    mine = found.focus.loc[found.focus["zone_id"] == "Soukka", "solution"]
    catalogue = embedded.catalogue
    assert catalogue is not None
    assert labels["mobility"] == "station_new"
    assert "A5" in set(mine)
    with offline(browser, out / "maps" / f"{map_page}.html", f"#lang={language}") as page:
        seek(page, "Soukka")
        panel = page.locator("#panel")
        expect(panel.locator("h2")).to_have_text(name)
        shown = panel.locator(".facet .label strong").all_inner_texts()
        assert shown == [
            translate(
                {x.id: x.name for x in facet.labels}.get(labels[facet.id], legend.UNKNOWN_NAME),
                language,
            )
            for facet in legend.LEGENDS.values()
        ]
        titles = panel.locator(".focus summary span:nth-child(2)").all_inner_texts()
        assert titles == [catalogue.name("solutions", key, language) for key in mine]


@pytest.mark.parametrize("language", ["en", "fi", "sv"])
def test_the_panel_tells_what_was_seen_where_development_is_unknown(
    browser: Browser, embedded: Edition, out: Path, language: str
) -> None:
    said = embedded.results["districts"].labels.loc["112", "development_reason"].text(language)
    with offline(browser, out / "maps" / "typology.html", f"#district=112&lang={language}") as page:
        shown = page.locator("#panel .facet .reason").all_inner_texts()
    assert said.replace("\xa0", " ") in [text.replace("\xa0", " ") for text in shown]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_panel_names_the_districts_most_alike(
    browser: Browser, embedded: Edition, out: Path, language: str
) -> None:
    table = pd.read_csv(out / "alike.csv", dtype=str).set_index("zone_id")
    names = embedded.results["districts"].zones.frame
    nearest = table.loc["222", "most_like"].split(";")
    named = names["name_sv"].fillna(names["name"]) if language == "sv" else names["name"]
    with offline(browser, out / "maps" / "typology.html", f"#district=222&lang={language}") as page:
        section = page.locator("#panel section").filter(
            has_text=translate("Districts alike", language)
        )
        assert section.locator("button").all_inner_texts() == [named[zone] for zone in nearest]
        section.locator("button").first.click()
        expect(page.locator("#panel h2")).to_have_text(named[nearest[0]])


def test_the_report_prints_one_page_a_district(
    browser: Browser, embedded: Edition, out: Path, tmp_path: Path
) -> None:
    sheets = printed(browser, out / "report.html", "", tmp_path / "report.pdf")
    assert size(tmp_path / "report.pdf") == A4
    zones = embedded.results["districts"].zones
    for sheet, name, zone_id in zip(sheets[-88:], zones.frame["name"], zones.ids, strict=True):
        assert re.match(rf"\s*{re.escape(name)}\b", sheet), sheet[:80]
        assert zone_id in sheet
    assert len(sheets) - 88 <= 8  # the city, where to begin, steps, sources, thresholds, contents


@pytest.mark.parametrize("page", ["typology", "focus"])
def test_a_page_is_no_larger_than_a_train_bears(out: Path, page: str) -> None:
    assert (out / "maps" / f"{page}.html").stat().st_size < 5_000_000


@pytest.mark.parametrize(("zone", "file"), [("Kera", "kera-A5.html"), ("Soukka", "Soukka-A5.html")])
def test_a_sheet_on_demand_measures_nothing_anew(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], zone: str, file: str,
) -> None:  # fmt: skip
    run = shutil.copytree(out, tmp_path / "run")  # other tests count the sheets of `out`

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the run has kept what is asked for")

    monkeypatch.setattr(measurer, "measure_in_tiles", refuse)
    words = ["districttype", "workshop", "espoo", zone, "a5", "--out", str(run), "--lang", "sv"]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0
    sheet = run / "workshop" / file
    assert capsys.readouterr().out.strip() == str(sheet)
    html = sheet.read_text(encoding="utf-8")
    assert '<html lang="sv">' in html
    for language in LANGUAGES:
        assert translate("Who should be at the table", language) in html
