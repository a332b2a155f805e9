from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from districttype.city import known_cities, load_city
from districttype.errors import ConfigError
from districttype.focus import load_catalogue
from districttype.focus.catalogue import Catalogue, placeholders

LETTER = {"seed": "s", "source": "c", "inference": "i"}


def texts(node: Any) -> Iterator[dict[str, str]]:
    if isinstance(node, dict):
        if "en" in node:
            yield node
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from texts(value)


def test_every_text_is_there_in_all_three_languages(catalogue: Catalogue) -> None:
    found = list(texts(catalogue.model_dump()))
    assert len(found) > 250
    assert [text for text in found if not {"fi", "sv", "en"} <= set(text)] == []


@pytest.mark.parametrize("name", known_cities())
def test_the_catalogue_of_every_city_is_whole_and_its_energy_fits_how_it_is_heated(
    name: str, catalogue: Catalogue
) -> None:
    city = load_city(name)
    own = load_catalogue(city.catalogue_file)
    found = list(texts(own.model_dump()))
    assert [text for text in found if not {"fi", "sv", "en"} <= set(text)] == []
    energy = {key: row.why["A5"]["en"] for key, row in own.rows.items() if "A5" in row.why}
    if city.energy.cooling_led:
        for row in ("dense", "heat_network_viable", "borderline", "individual"):
            assert "cool" in energy[row]
    if name == "reykjavik":  # no well for a house where hot water comes by pipe
        assert own.rows["bedrock_thin_cover"].points["A5"].points == 0
        assert "geothermal" in energy["heat_network_viable"]
    assert (own == catalogue) == (city.catalogue_file is None)


def test_the_matrix_is_carried_over_cell_by_cell(catalogue: Catalogue, shared: Path) -> None:
    rules = json.loads((shared / "focus_rules.json").read_text(encoding="utf-8"))
    theirs = {
        (f"{cell['facet']} = {cell['value']}", cell["solution"]): (cell["score"], cell["basis"])
        for cell in rules["scores"]
    }
    ours = {
        (row.was, solution): (cell.points, cell.basis)
        for row in catalogue.rows.values()
        if row.was
        for solution, cell in row.points.items()
    }
    assert ours == theirs
    for key, solution in rules["solutions"].items():
        own = catalogue.solutions[key]
        assert own.name["fi"] == solution["fi"]
        assert own.systems == tuple(solution["systems"])
        assert own.levels == tuple(solution["level"])
        assert own.prerequisites == tuple(solution["prereq"])


def test_the_only_row_of_our_own_takes_what_both_its_neighbours_hold(catalogue: Catalogue) -> None:
    own = [key for key, row in catalogue.rows.items() if not row.was]
    assert own == ["borderline"]
    for neighbour in ("heat_network_viable", "individual"):
        assert catalogue.rows[neighbour].points["A5"] == catalogue.rows["borderline"].points["A5"]


def test_every_cell_says_why(catalogue: Catalogue) -> None:
    assert [key for key, row in catalogue.rows.items() if set(row.points) != set(row.why)] == []


def test_a_city_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[rows.dense.points]\nA1 = "3c"\nA2 = "1i"\n[rules]\ntop = 2\n')
    base, changed = load_catalogue(), load_catalogue(own)
    assert changed.rows["dense"].points["A1"].points == 3
    assert changed.rows["dense"].points["A1"].basis == "source"
    assert changed.rules.top == 2
    back = changed.model_dump()
    for key in ("A1", "A2"):
        back["rows"]["dense"]["points"].pop(key)
    old = base.model_dump()
    old["rows"]["dense"]["points"].pop("A1")
    old["rules"]["top"] = 2
    assert back == old


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[rows.dense.points]\nA9 = "2i"', "no solution 'A9'"),
        ('[rows.dense.points]\nA1 = "4i"', "'4i' is no cell"),
        ('[rows.dense.points]\nA1 = "2x"', "rows.dense.points.A1"),
        ('[rows.dense]\nlabels = ["very_dense"]', "no label 'very_dense'"),
        ('[rows.rural]\nflag = "rurall"', "no flag 'rurall'"),
        ('[solutions.A1]\nactors = ["martians"]', "no actor 'martians'"),
        ('[solutions.A1]\nname = { fi = "Asema" , en = "" }', "solutions.A1.name"),
        ("[solutions.A8]\ngate = [{ all = [{ indicator = 'x' }] }]", "at_least"),
        ("[rule]\ntop = 3", "unknown key 'rule'"),
        ("[rules]\ninference_weight = 2", "rules.inference_weight"),
        ('[rows.dense]\nfacts = [{ text = { en = "{far}" } }]', "must hold always"),
        ('[sites.school]\nfound = [{ layer = "schools" }]', "no layer 'schools'"),
        ('[sites.school]\nfound = [{ layer = "stops", where = { kind = ["x"] } }]', "no column"),
        ('[draft_caution]\nsv = "{x}"', "other names in braces"),
        ("[rows.dense.points]\nA1 = ", "not valid TOML"),
    ],
)
def test_a_wrong_entry_is_named_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_catalogue(own)
    message = str(caught.value)
    assert message.startswith("own.toml") or "own.toml" in message
    assert said in message
    assert "\n" not in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_catalogue(tmp_path / "nowhere.toml")


def test_placeholders_are_found() -> None:
    assert placeholders("{a} of {b_pct}") == ("a", "b_pct")
