"""The energy balance is drawn in steps, said with its range, and unknown where it is unknown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

import toy
from browser import offline, running
from districttype.city import Energy
from districttype.i18n import translate
from districttype.indicators.registry import REGISTRY
from districttype.publish import Edition, balance, publish
from districttype.publish.words import Words

HEATS = {"en": "Hot springs heat it.", "fi": "Kuumat lähteet lämmittävät."}


def edition() -> Edition:
    """Return the toy city: its first district yields 12 %, its second 130 %, of others no word."""
    made = toy.edition()
    districts = made.results["districts"]
    table = districts.indicators.copy()
    for name, first, second in (("", 0.12, 1.3), ("_low", 0.08, 0.85), ("_high", 0.17, 1.8)):
        known = np.full(len(table), np.nan)
        known[:2] = first, second
        table[f"onsite_energy_ratio{name}"] = known
    return replace(
        made,
        registry=(*made.registry, *(i for i in REGISTRY if i.name.startswith("onsite_energy"))),
        city=made.city.model_copy(update={"energy": Energy(cooling_led=True, heat_note=HEATS)}),
        results=made.results | {"districts": replace(districts, indicators=table)},
    )


def test_districts_are_counted_by_step() -> None:
    made = edition()
    found = balance.figure(made.results["districts"], Words(made, "en"))
    assert found is not None
    others = len(made.results["districts"].zones) - 2
    counts = {row["name"].replace("\u00a0", " "): row["count"] for row in found["rows"]}
    assert counts == {"10–20 %": 1, "≥ 100 %": 1, "Unknown": others}
    assert found["unknown"] == others


def test_a_run_without_buildings_has_no_balance() -> None:
    made = edition()
    districts = made.results["districts"]
    none = replace(districts, indicators=districts.indicators.drop(columns="onsite_energy_ratio"))
    assert balance.figure(none, Words(made, "en")) is None


@pytest.mark.parametrize(("language", "heats"), [("fi", HEATS["fi"]), ("sv", HEATS["en"])])
def test_pages_tell_how_the_city_heats_and_that_cooling_is_left_out(
    tmp_path: Path, language: str, heats: str
) -> None:
    publish(edition(), tmp_path, languages=(language,))
    for page in ("maps/index.html", "report.html"):
        html = (tmp_path / page).read_text(encoding="utf-8")
        assert translate(balance.COOLING, language) in html
        assert heats in html


def test_the_map_has_a_layer_and_the_panel_says_the_range(tmp_path: Path) -> None:
    made = edition()
    publish(made, tmp_path, languages=("en", "fi"))
    ids = list(made.results["districts"].zones.ids)
    path = tmp_path / "maps" / "typology.html"
    with running() as chrome:
        with offline(chrome, path, f"#layer=balance&lang=en&district={ids[0]}") as page:
            expect(page.locator("#legend-title")).to_have_text("Energy balance")
            expect(page.locator("#balance")).to_contain_text("12\u00a0%")
            expect(page.locator("#balance")).to_contain_text("8\u00a0% to 17\u00a0%")
            expect(page.locator("#balance")).to_contain_text(HEATS["en"])
            steps = page.locator("#legend li span").all_inner_texts()
        with offline(chrome, path, f"#layer=balance&lang=fi&district={ids[2]}") as page:
            expect(page.locator("#legend-title")).to_have_text("Energiatase")
            expect(page.locator("#balance")).to_contain_text("Ei tiedossa")
    figure = balance.figure(made.results["districts"], Words(made, "en"))
    assert figure is not None
    assert {row["name"] for row in figure["rows"]} <= set(steps)  # map and report say the same
