from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

import toy
from browser import offline, running
from districttype.errors import ConfigError
from districttype.i18n import translate
from districttype.publish import Edition, publish
from districttype.publish.maps import write_map
from districttype.publish.report import write_reports
from districttype.publish.stamp import attributions
from districttype.publish.workshop import write_workshop
from paper import A3_ACROSS, A4, A4_ACROSS, inked, printed, size

LANGUAGES = ("fi", "sv", "en")
STAMP = "Reconstructed from published figures, not for decisions on single plots."


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    publish(toy.edition(embedded=True), folder, languages=LANGUAGES)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running() as chrome:
        yield chrome


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("suffix", "language"), [("", "fi"), (".sv", "sv"), (".en", "en")])
@pytest.mark.parametrize("page", ["report", "maps/index"])
def test_pages_are_in_three_languages_and_carry_the_stamp(
    out: Path, page: str, suffix: str, language: str
) -> None:
    html = read(out / f"{page}{suffix}.html")
    assert f'<html lang="{language}">' in html
    assert translate(STAMP, language) in html
    assert translate("The city at a glance", language) in html


def test_attributions_name_the_years_of_the_data_once() -> None:
    edition = toy.edition()

    def said(**changes: str) -> list[str]:
        layers = edition.layers
        for layer in edition.layers.values():
            parts = tuple(part.model_copy(update=changes) for part in layer.provenance)
            layers = layers.having(replace(layer, provenance=parts))
        return attributions(replace(edition, layers=layers))

    assert said() == ["© City of Toy 2024 (CC BY 4.0)"]
    assert said(vintage="2019-2023") == ["© City of Toy 2019–2023 (CC BY 4.0)"]
    assert said(attribution="Census of 2021", vintage="2021") == ["Census of 2021 (CC BY 4.0)"]
    assert said(attribution="Toy", vintage="", licence="") == ["Toy"]


def test_the_report_says_how_the_city_is_heated_and_that_cooling_leads(tmp_path: Path) -> None:
    edition = toy.edition()
    notes = {"en": "Wood in every house", "fi": "Puuta joka talossa"}
    energy = edition.city.energy.model_copy(update={"cooling_led": True, "heat_note": notes})
    city = edition.city.model_copy(update={"energy": energy})
    write_reports(replace(edition, city=city), tmp_path, ["en", "fi", "sv"])
    assert "Wood in every house" in read(tmp_path / "report.html")
    assert "Puuta joka talossa" in read(tmp_path / "report.fi.html")
    assert "Kylning, inte värme, styr" in read(tmp_path / "report.sv.html")
    write_reports(edition, tmp_path, ["en"])
    assert "Cooling, not heating" not in read(tmp_path / "report.html")


def test_the_report_names_layers_in_the_readers_language(tmp_path: Path) -> None:
    edition = toy.edition()
    edition = replace(edition, run=edition.run | {"missing_layers": ["travel_times", "slopes"]})
    write_reports(edition, tmp_path, ["fi", "en"])
    assert "Matka-ajat, Rinteet" in read(tmp_path / "report.html")
    assert "<td>Maankäyttö</td>" in read(tmp_path / "report.html")
    assert "Travel times, Slopes" in read(tmp_path / "report.en.html")


def test_the_report_says_what_was_guessed_and_how_far_off_that_is(tmp_path: Path) -> None:
    edition = toy.edition()
    floors = {"known": 900, "imputed": 100, "how": "learnt", "mae": 0.42, "mean": 2.1}
    guessed = {"buildings": {"buildings": 1000, "floors": floors}}
    edition = replace(edition, run=edition.run | {"layers": guessed})
    write_reports(edition, tmp_path, ["en", "fi"])
    assert "The storeys of 100 of 1,000 buildings are a guess" in read(tmp_path / "report.html")
    assert "such guesses are 0.42 storeys off." in read(tmp_path / "report.html")
    assert "0,42 kerrosta" in read(tmp_path / "report.fi.html")


def test_a_name_from_data_never_becomes_markup(out: Path) -> None:
    pages = [p for p in out.rglob("*.html") if not p.name.startswith(("typology", "focus"))]
    assert len(pages) > 6
    for page in pages:
        assert "<script>alert" not in read(page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in read(out / "report.html")


@pytest.mark.slow
def test_a_district_named_like_a_script_is_text_on_every_page(
    browser: Browser, tmp_path: Path
) -> None:
    edition = toy.edition(embedded=True)
    districts = edition.results["districts"]
    frame = districts.zones.frame.assign(name=toy.SCRIPT, name_sv=None, parent=toy.SCRIPT)
    named = replace(districts, zones=replace(districts.zones, frame=frame))
    edition = replace(edition, results={**edition.results, "districts": named})
    publish(edition, tmp_path, languages=("en",))
    write_workshop(edition, tmp_path, "713", "A5", ("en",))
    for page, where in (
        ("maps/index.html", ".cards strong"),
        ("report.html", ".district h2"),
        ("workshop/713-A5.html", "h1"),
        ("maps/typology.html#district=713", "#panel h2"),
        ("maps/focus.html#district=713", "#panel h2"),
    ):
        path, _, fragment = page.partition("#")
        with offline(browser, tmp_path / path, f"#{fragment}") as opened:  # fails on any dialog
            expect(opened.locator(where).first).to_have_text(toy.SCRIPT)
    for page in ("typology", "focus"):
        with offline(browser, tmp_path / "maps" / f"{page}.html") as opened:
            opened.locator("#search").fill("script")
            expect(opened.locator("#found li span").first).to_have_text(toy.SCRIPT)


def test_the_report_has_a_page_a_district_with_reasons(out: Path) -> None:
    html = read(out / "report.en.html")
    assert len(re.findall(r'<article class="page district fit"', html)) == 8
    for name in ("Äyräpää", "Ísafjörður", "Львів", "Κηφισιά", "Kladno"):
        assert name in html
    assert "no layer covers enough of the zone" in html
    assert "1 of 8 districts" in html  # what is unknown


def test_links_inside_the_outputs_lead_somewhere(out: Path) -> None:
    for page in out.rglob("*.html"):
        for link in re.findall(r'<a[^>]*href="([^"#]+)', read(page)):
            if not link.startswith("https://leafletjs"):  # in Leaflet's own code, never shown
                assert (page.parent / link).exists(), (page.name, link)


def test_the_workbook(out: Path) -> None:
    book = openpyxl.load_workbook(out / "districts.xlsx")
    assert book.sheetnames == ["labels", "indicators", "focus", "sources", "readme"]
    for sheet in book:
        assert sheet.cell(1, 1).value == translate(STAMP, "fi")
    labels = book["labels"]
    assert labels.cell(3, 1).value == "016"
    assert labels.cell(3, 2).value == "Äyräpää"
    assert labels.cell(8, 2).value == toy.SCRIPT
    numbers = book["indicators"]
    head = [cell.value for cell in numbers[2]]
    units = [cell.value for cell in numbers[3]]
    heat = head.index(translate("Heat demand per hectare of dry land", "fi"))
    assert units[heat] == "MWh/ha"
    assert isinstance(numbers.cell(4, heat + 1).value, float)
    assert numbers.cell(9, heat + 1).value is None  # unknown, not zero


def test_a_cell_never_becomes_a_formula(tmp_path: Path) -> None:
    edition = toy.edition()
    districts = edition.results["districts"]
    frame = districts.zones.frame.copy()
    frame.iloc[0, frame.columns.get_loc("name")] = '=HYPERLINK("http://x","y")'
    zones = replace(districts.zones, frame=frame)
    results = {**edition.results, "districts": replace(districts, zones=zones)}
    publish(replace(edition, results=results), tmp_path)
    cell = openpyxl.load_workbook(tmp_path / "districts.xlsx").worksheets[0].cell(2, 2)
    assert cell.data_type == "s"
    assert cell.value == '=HYPERLINK("http://x","y")'


def test_a_workshop_sheet_for_what_is_recommended_and_no_other(tmp_path: Path) -> None:
    path = write_workshop(toy.edition(), tmp_path, "713", "A5", LANGUAGES)
    html = read(path)
    assert path.name == "713-A5.html"
    for language in LANGUAGES:
        assert translate("Who should be at the table", language) in html
        assert translate("Open questions", language) in html
    with pytest.raises(ConfigError, match=r"A2 is not recommended in 713.*A5"):
        write_workshop(toy.edition(), tmp_path, "713", "A2", LANGUAGES)
    with pytest.raises(ConfigError, match="there is no zone '999'"):
        write_workshop(toy.edition(), tmp_path, "999", "A5", LANGUAGES)


def test_a_sheet_names_a_station_once_and_draws_one_without_a_name(tmp_path: Path) -> None:
    edition = toy.edition()
    stops = edition.layers["stops"]
    rows = stops.frame.iloc[[0, 0, 0, 0]].reset_index(drop=True)
    rows["name"] = ["Espoonlahti", "Espoonlahti", None, None]
    rows["mode"] = ["metro", "tram", "tram", "tram"]
    layers = edition.layers.having(replace(stops, frame=rows))
    path = write_workshop(replace(edition, layers=layers), tmp_path, "713", "A5", ("en",))
    html = read(path)
    assert html.count('class="station">Espoonlahti</text>') == 1
    assert len(re.findall(r'<circle [^>]*r="9"', html)) == 4
    assert "© City of Toy" in html


@pytest.mark.slow
@pytest.mark.parametrize("page", ["report.html", "maps/index.html", "workshop/713-A5.html"])
def test_pages_open_offline_without_a_serious_fault(browser: Browser, out: Path, page: str) -> None:
    with offline(browser, out / page) as opened:
        found = Axe().run(opened).response["violations"]
        serious = [
            (fault["id"], node["html"][:200])
            for fault in found
            if fault["impact"] in {"serious", "critical"}
            for node in fault["nodes"]
        ]
        assert not serious


@pytest.mark.slow
def test_a_workshop_sheet_changes_its_language(browser: Browser, out: Path) -> None:
    with offline(browser, out / "workshop" / "713-A5.html") as page:
        page.locator("#languages [lang=sv]").click()
        expect(page.locator("main:visible h1")).to_have_text("Esboviken")
        expect(page.locator("main:visible")).to_have_count(1)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["report.html", "report.sv.html", "report.en.html"])
def test_the_report_prints_one_page_a_district(
    browser: Browser, out: Path, tmp_path: Path, page: str
) -> None:
    sheets = printed(browser, out / page, "", tmp_path / "report.pdf")
    assert size(tmp_path / "report.pdf") == A4
    # the city, which solution leads, where to begin, steps, sources, contents, and the districts
    assert len(sheets) == 6 + 8
    for sheet, (zone_id, *_) in zip(sheets[6:], toy.DISTRICTS, strict=True):
        assert zone_id in sheet


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_workshop_sheet_prints_on_one_page_with_its_last_word(
    browser: Browser, tmp_path: Path, language: str
) -> None:
    write_workshop(crowded(), tmp_path, "713", "A5", LANGUAGES)
    sheet = tmp_path / "workshop" / "713-A5.html"
    sheets = printed(browser, sheet, f"#lang={language}", tmp_path / "sheet.pdf")
    assert size(tmp_path / "sheet.pdf") == A3_ACROSS
    assert len(sheets) == 1
    words = " ".join(sheets[0].split())
    for last in ("Site 12", "districttype 0.", translate("Open questions", language)):
        assert last in words


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fragment", "count"),
    [("#lang=en", 1), ("#lang=fi&level=cells", 1), ("#district=713&lang=sv", 2)],
)
@pytest.mark.parametrize("name", ["typology", "focus"])
def test_a_map_prints_with_its_legend_and_the_whole_city(
    browser: Browser, out: Path, tmp_path: Path, name: str, fragment: str, count: int
) -> None:
    sheets = printed(browser, out / "maps" / f"{name}.html", fragment, tmp_path / "map.pdf")
    assert size(tmp_path / "map.pdf") == A4_ACROSS
    assert len(sheets) == count
    assert "City of Toy" in sheets[0]
    with offline(browser, out / "maps" / f"{name}.html", fragment) as page:
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        stage = page.locator("#stage").bounding_box()
        legend = page.locator("#legend").bounding_box()
        zones = page.evaluate(
            "(() => { const b = districttype.zoneBounds(districttype.state.zones.length ?"
            " districttype.state.zones : districttype.data.sets[districttype.state.set].ids.map("
            "(_, i) => i));"
            " const p = map_city.latLngToContainerPoint(b.getNorthWest()),"
            " q = map_city.latLngToContainerPoint(b.getSouthEast());"
            " return [p.x, p.y, q.x, q.y] })()"
        )
    assert stage is not None
    assert legend is not None
    assert 0 <= zones[0] < zones[2] <= stage["width"]
    assert 0 <= zones[1] < zones[3] <= stage["height"]
    assert max(zones[2] - zones[0], zones[3] - zones[1]) > 0.4 * stage["height"]
    assert legend["x"] + legend["width"] <= stage["x"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "fragment", "colour"),
    [
        ("focus", "#layer=A5&lang=en&district=713", "#ad3f5a"),  # blocks on a score of 0.72
        ("typology", "#level=cells&lang=en", "#2f7fb9"),  # cells, too many for SVG
    ],
)
def test_what_is_drawn_on_top_hides_nothing_on_paper(
    browser: Browser, tmp_path: Path, page: str, fragment: str, colour: str
) -> None:
    write_map(toy.edition(cells=60), tmp_path / f"{page}.html", ("en",))
    printed(browser, tmp_path / f"{page}.html", fragment, tmp_path / "map.pdf")
    assert inked(tmp_path / "map.pdf", colour) > 0.005
    assert inked(tmp_path / "map.pdf", "#f1eee7") > 0.05  # the ground under all


def crowded() -> Edition:
    """Return the toy with a focus area that has twelve sites and three times its reasons."""
    edition = toy.edition(embedded=True)
    districts = edition.results["districts"]
    assert districts.sites is not None
    focus = districts.focus.copy()
    focus["reasons"] = [cell * 3 for cell in focus["reasons"]]
    site = districts.sites.iloc[[0]].assign(solution="A5")
    sites = pd.concat([site.assign(name=f"Site {n}") for n in range(1, 13)], ignore_index=True)
    results = {**edition.results, "districts": replace(districts, focus=focus, sites=sites)}
    return replace(edition, results=results)
