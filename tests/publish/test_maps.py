from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import toy
from browser import offline, running
from districttype.focus.catalogue import load_catalogue
from districttype.i18n import translate
from districttype.indicators.registry import REGISTRY
from districttype.publish.legend import LEGENDS
from districttype.publish.maps import write_map
from districttype.publish.payload import NO_INDICATORS, NO_ZONES
from districttype.publish.words import Words


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running() as chrome:
        yield chrome


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("maps")
    for name in ("typology", "focus"):
        write_map(toy.edition(), folder / f"{name}.html", ("fi", "sv", "en"))
    return folder


def fills(page: Page) -> list[str]:
    found = page.evaluate(
        "Array.from(document.querySelectorAll('.leaflet-zones-pane path.leaflet-interactive'))"
        ".map(path => path.getAttribute('fill'))"
    )
    assert isinstance(found, list)
    return found


def choose(page: Page, group: str, value: str) -> None:
    page.locator(f"input[name={group}][value={value}]").check(force=True)


@pytest.mark.parametrize("name", ["typology", "focus"])
def test_a_page_asks_nobody_for_anything(maps: Path, name: str) -> None:
    html = (maps / f"{name}.html").read_text(encoding="utf-8")
    assert not re.search(r"<(?:link|img|iframe)\b|<script[^>]+src|@import|url\(.?http", html)
    assert not re.search(r"jquery|bootstrap|font-?awesome", html, re.IGNORECASE)


def test_the_same_edition_gives_the_same_page(maps: Path, tmp_path: Path) -> None:
    write_map(toy.edition(), tmp_path / "typology.html", ("fi", "sv", "en"))
    assert (tmp_path / "typology.html").read_bytes() == (maps / "typology.html").read_bytes()


@pytest.mark.parametrize("language", ["fi", "en"])
def test_a_page_too_large_goes_without_what_is_least_missed_and_says_so(
    browser: Browser, maps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    page_file = tmp_path / "typology.html"
    whole = (maps / "typology.html").stat().st_size
    said = []
    for budget, left in ((whole - 1, ["districts", "stations", "cells"]), (1, ["districts"])):
        monkeypatch.setattr("districttype.publish.maps.BUDGET", budget)
        write_map(toy.edition(), page_file, ("fi", "sv", "en"))
        with offline(browser, page_file, f"#lang={language}") as page:
            sets = page.evaluate("districttype.data.sets")
            assert list(sets) == left
            assert [name for name in sets if sets[name]["indicators"]] == ["districts"]
            said.append(page.locator("#light").inner_text())
    indicators, everything = said
    assert indicators == translate(NO_INDICATORS, language)
    gone = [translate(name, language) for name in ("250 m cells", "Station surroundings")]
    assert everything == " ".join(
        [indicators, *(translate(NO_ZONES, language).format(zones=name) for name in gone)]
    )
    with offline(browser, maps / "typology.html", f"#lang={language}") as page:
        expect(page.locator("#light")).to_be_hidden()


def test_districts_are_coloured_and_every_layer_can_be_switched_on(
    browser: Browser, maps: Path
) -> None:
    with offline(browser, maps / "typology.html") as page:
        seen = []
        for facet in LEGENDS.values():
            choose(page, "layer", facet.id)
            expect(page.locator("#legend-title")).to_have_text(facet.name)
            seen.append(fills(page))
            assert len(seen[-1]) == 8
        assert seen[0][3] == "#23308f"  # densely built, of detail dense
        assert seen[0][5].startswith("url(#hatch")  # unknown
        assert seen[0][1].startswith("url(#hatcha5d9ab")  # borderline: hatched in its own colour
        assert all(a != b for a, b in itertools.pairwise(seen))


def test_a_name_in_another_script_has_its_latin_form_beside(browser: Browser, maps: Path) -> None:
    with offline(browser, maps / "typology.html", "#lang=en") as page:
        shown = page.locator(".zone-name").all_inner_texts()
        assert {"Львів\nLviv", "Κηφισιά\nKifissia", "Kladno"} <= set(shown)
        page.locator(".leaflet-zones-pane path.leaflet-interactive").nth(2).hover()
        expect(page.locator(".tip")).to_contain_text("Lviv")


@pytest.mark.slow
def test_every_level_can_be_switched_on(browser: Browser, maps: Path) -> None:
    with offline(browser, maps / "typology.html") as page:
        for level, zones in (("stations", 2), ("cells", 72), ("districts", 8)):
            choose(page, "level", level)
            assert len(fills(page)) == zones


def test_a_district_named_like_a_script_is_text(browser: Browser, maps: Path) -> None:
    with offline(browser, maps / "typology.html", "#district=622&lang=en") as page:
        expect(page.locator("#panel h2")).to_have_text(toy.SCRIPT)
        expect(page.locator("#panel")).to_contain_text("no layer covers enough of the zone")
        page.locator("#open-sources").click()
        expect(page.locator("#sources")).to_contain_text("City of Toy & Sons <b>")
        assert page.locator("#sources td b").count() == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("espoonlahti", "Espoonlahti"),
        ("Köklax", "Kauklahti"),
        ("koklax", "Kauklahti"),
        ("ayrapaa", "Äyräpää"),
        ("lviv", "Львів"),
        ("κηφ", "Κηφισιά"),
        ("016", "Äyräpää"),
        ("Kauklahden as", "Kauklahti"),  # a place that stands for two districts
    ],
)
def test_search_finds(browser: Browser, maps: Path, typed: str, title: str) -> None:
    with offline(browser, maps / "typology.html", "#lang=en") as page:
        page.keyboard.press("/")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.locator("#panel h2")).to_have_text(title)


@pytest.mark.slow
def test_the_keyboard_meets_the_controls_and_then_the_map_as_one(
    browser: Browser, maps: Path
) -> None:
    with offline(browser, maps / "typology.html", "#lang=en") as page:
        met = []
        for _ in range(40):
            page.keyboard.press("Tab")
            met.append(page.evaluate("document.activeElement.id || document.activeElement.name"))
            if met[-1] == "map_city":
                break
        assert met[:1] + met[5:6] == ["", "search"]  # the way past the links, then the search
        for control in ("level", "layer", "share", "print", "zoom-in", "open-sources"):
            assert control in met
        assert met[-1] == "map_city"  # and no zone is a stop of its own


@pytest.mark.slow
def test_search_by_keyboard_and_nothing_found(browser: Browser, maps: Path) -> None:
    with offline(browser, maps / "typology.html", "#lang=en") as page:
        box = page.locator("#search")
        box.fill("zzz")
        expect(page.locator("#found")).to_have_text("Nothing has that name")
        box.fill("k")
        box.press("ArrowDown")
        expect(page.locator("#found li").first).to_have_attribute("aria-selected", "true")
        box.press("Escape")
        expect(page.locator("#found")).to_be_hidden()


@pytest.mark.slow
def test_the_panel_in_three_languages(browser: Browser, maps: Path) -> None:
    with offline(browser, maps / "typology.html", "#district=713&lang=en") as page:
        panel = page.locator("#panel")
        for language, name in (("fi", "Espoonlahti"), ("sv", "Esboviken"), ("en", "Espoonlahti")):
            page.locator(f"#languages [lang={language}]").click()
            expect(panel.locator("h2")).to_have_text(name)
            for word in ("Existing area to be infilled", "New or planned station", "Indicators"):
                expect(panel).to_contain_text(translate(word, language))
            expect(panel).to_contain_text(load_catalogue().name("solutions", "A5", language))
            assert page.evaluate("document.documentElement.lang") == language
        expect(panel).to_contain_text("71 % of the floor area is")
        page.reload()
        expect(panel.locator("h2")).to_have_text("Espoonlahti")


@pytest.mark.parametrize("language", ["en", "sv"])
def test_a_year_has_no_thousands_and_units_are_in_the_readers_language(
    browser: Browser, tmp_path: Path, language: str
) -> None:
    edition = toy.edition()
    districts = edition.results["districts"]
    table = districts.indicators.assign(median_year_built=1975.0, year_built_iqr=14.0)
    own = [i for i in REGISTRY if i.name in {"median_year_built", "year_built_iqr"}]
    edition = replace(
        edition,
        registry=(*edition.registry, *own),
        results=edition.results | {"districts": replace(districts, indicators=table)},
    )
    write_map(edition, tmp_path / "typology.html", (language,))
    words = Words(edition, language)
    with offline(browser, tmp_path / "typology.html", f"#district=016&lang={language}") as page:
        for indicator, value in zip(own, (1975.0, 14.0), strict=True):
            row = page.locator("#panel tr").filter(
                has_text=translate(indicator.description, language)
            )
            shown = row.locator("td").text_content()
            assert shown == words.quantity(value, indicator)  # as the report says it
            assert shown in {"1975", "14\u00a0years", "14\u00a0år"}


@pytest.mark.slow
def test_the_language_is_remembered(browser: Browser, maps: Path) -> None:
    with offline(browser, maps / "typology.html") as page:
        page.locator("#languages [lang=sv]").click()
        page.goto((maps / "focus.html").as_uri())
        expect(page.locator("#languages [aria-pressed=true]")).to_have_text("SV")


@pytest.mark.slow
def test_the_link_opens_the_same_view(browser: Browser, maps: Path) -> None:
    with offline(browser, maps / "typology.html", "#lang=en") as page:
        choose(page, "layer", "use")
        choose(page, "level", "cells")
        page.evaluate("districttype.choose([30], true)")
        page.wait_for_timeout(500)
        page.locator("#zoom-in").click()
        page.wait_for_timeout(500)
        link = page.url
        view = page.evaluate("[map_city.getZoom(), map_city.getCenter().lat.toFixed(4)]")
    fragment = "#" + link.split("#")[1]
    assert "layer=use" in fragment
    assert "level=cells" in fragment
    with offline(browser, maps / "typology.html", fragment) as page:
        expect(page.locator("#panel h2")).to_have_text("c0030")
        expect(page.locator("#legend-title")).to_have_text("Primary use")
        assert page.evaluate("[map_city.getZoom(), map_city.getCenter().lat.toFixed(4)]") == view


@pytest.mark.slow
def test_a_click_on_the_map_opens_the_panel_and_escape_closes_it(
    browser: Browser, maps: Path
) -> None:
    with offline(browser, maps / "typology.html", "#lang=en") as page:
        at = page.evaluate(
            "map_city.latLngToContainerPoint("
            "districttype.point(districttype.data.sets.districts.centres[4]))"
        )
        page.mouse.click(at["x"], at["y"] + 20)
        expect(page.locator("#panel h2")).to_have_text("Kladno")
        page.keyboard.press("Escape")
        expect(page.locator("#panel")).to_be_hidden()


def test_the_focus_map_has_a_layer_a_solution(browser: Browser, maps: Path) -> None:
    with offline(browser, maps / "focus.html", "#lang=en") as page:
        values = page.locator("input[name=layer]").evaluate_all("all => all.map(i => i.value)")
        assert values == ["more", "first", *load_catalogue().solutions]
        choose(page, "layer", "A5")
        expect(page.locator("#legend-title")).to_contain_text("Speeding up the energy transition")
        assert fills(page)[0] == "#5c1a5e"  # a score of 0.9
        assert page.locator(".site").count() == 1  # the site of another solution is left out
        choose(page, "layer", "more")
        assert page.locator(".site").count() == 2


def test_a_shared_lead_is_hatched_and_the_legend_and_the_pointer_say_so(
    browser: Browser, tmp_path: Path
) -> None:
    edition = toy.edition()
    districts = edition.results["districts"]
    tied = districts.focus.assign(relative_score=0.2, rank=1)
    shared = edition.results | {"districts": replace(districts, focus=tied)}
    for results, hint in ((edition.results, False), (shared, True)):
        write_map(replace(edition, results=results), tmp_path / "focus.html", ("en",))
        with offline(browser, tmp_path / "focus.html", "#lang=en") as page:
            for layer in ("more", "first"):
                choose(page, "layer", layer)
                said = page.locator("#legend-hint").inner_text()
                assert ("Where two share the lead, the second is hatched." in said) == hint
                assert any(fill.startswith("url(#hatch") for fill in fills(page)) == hint
            page.locator(".leaflet-zones-pane path.leaflet-interactive").nth(2).hover()
            expect(page.locator(".tip")).to_contain_text("A5 Speeding up")
            if hint:
                expect(page.locator(".tip")).to_contain_text("A1 Sustainable change")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_reconstructed_data_say_so(browser: Browser, tmp_path: Path, language: str) -> None:
    write_map(toy.edition(embedded=True), tmp_path / "typology.html", ("fi", "sv", "en"))
    with offline(browser, tmp_path / "typology.html", f"#district=016&lang={language}") as page:
        words = translate(
            "Reconstructed from published figures, not for decisions on single plots.", language
        )
        expect(page.locator("#stamp")).to_have_text(words)
        expect(page.locator("#panel .warning")).to_have_text(words)


@pytest.mark.slow
def test_on_a_phone_the_panel_is_a_sheet_at_the_bottom(browser: Browser, maps: Path) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with offline(browser, maps / "typology.html", "#district=713&lang=en", **phone) as page:
        box = page.locator("#panel").bounding_box()
        assert box is not None
        assert box["width"] == 390
        assert box["y"] > 400
        page.locator("#panel .close").click()
        page.locator("#open-layers").click()
        expect(page.locator("input[value=use]")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
@pytest.mark.parametrize("fragment", ["#lang=en", "#district=713&lang=en", "#lang=fi&level=cells"])
@pytest.mark.parametrize("name", ["typology", "focus"])
def test_axe_finds_no_serious_fault(browser: Browser, maps: Path, name: str, fragment: str) -> None:
    with offline(browser, maps / f"{name}.html", fragment) as page:
        found = Axe().run(page).response["violations"]
        serious = [
            (fault["id"], node["html"][:160], node["any"][:1])
            for fault in found
            if fault["impact"] in {"serious", "critical"}
            for node in fault["nodes"]
        ]
        assert not serious
