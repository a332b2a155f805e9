"""PxWeb: variables found whatever date is in their code, and answers right to the value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from districttype.errors import SourceError
from districttype.providers import PxWeb
from districttype.sources.download import Session
from districttype.sources.pxweb import from_json_stat, question, read_table
from servers.faulty import Call, Server

ABOUT = {
    "variables": [
        {"code": "alue_23_20260101", "text": "Area", "values": ["SSS", "KU049"],
         "valueTexts": ["WHOLE COUNTRY", "Espoo"]},
        {"code": "timeperiod_y", "text": "Year", "values": ["2024", "2025"], "time": True},
        {"code": "contentscode", "text": "Information", "values": ["vaesto"],
         "valueTexts": ["Population"]},
    ]
}  # fmt: skip


def test_codes_are_dated_so_variables_are_found_by_text_or_role() -> None:
    asked = question(ABOUT, {"alue": ["Espoo"], "time": ["last"], "metric": ["*"]}, where="S")
    assert [(q["code"], q["selection"]["values"]) for q in asked["query"]] == [
        ("alue_23_20260101", ["KU049"]), ("timeperiod_y", ["2025"]), ("contentscode", ["vaesto"]),
    ]  # fmt: skip
    with pytest.raises(SourceError, match="no variable 'Sex'"):
        question(ABOUT, {"Sex": ["1"]}, where="S")
    with pytest.raises(SourceError, match="no value 'Esbo' of Area"):
        question(ABOUT, {"Area": ["Esbo"]}, where="S")


@pytest.mark.parametrize(
    ("codes", "texts", "last"),
    [
        ([*map(str, range(13))], [*map(str, range(2012, 2025))], "12"),  # years by their place
        (["2024Q4", "2025Q1", "2024Q1"], [], "2025Q1"),
        (["2024M10", "2024M9"], [], "2024M10"),
        (["2024", "2023"], ["the year 2024", "the year 2023"], "2024"),
    ],
)
def test_last_is_the_latest_time(codes: list[str], texts: list[str], last: str) -> None:
    year = {"code": "Year", "values": codes, "valueTexts": texts}
    (asked,) = question({"variables": [year]}, {"Year": ["last"]}, where="S")["query"]
    assert asked["selection"]["values"] == [last]


def test_without_times_nothing_is_the_last() -> None:
    with pytest.raises(SourceError, match="does not tell which value of Area is the last"):
        question(ABOUT, {"Area": ["last"]}, where="S")


def test_table_is_asked_and_read(server: Server, hasty: Session, tmp_path: Path) -> None:
    def answer(call: Call) -> None:
        if call.command == "GET":
            call.reply(json.dumps(ABOUT).encode())
            return
        assert json.loads(call.body)["query"][0]["selection"]["values"] == ["KU049"]
        table = {
            "id": ["alue", "vuosi"], "size": [1, 2], "updated": "2026-03-27T06:00:00Z",
            "dimension": {
                "alue": {"category": {"index": {"KU049": 0}, "label": {"KU049": "Espoo"}}},
                "vuosi": {"category": {"index": ["2024", "2025"]}},
            },
            "value": {"1": 325716},
        }  # fmt: skip
        call.reply(json.dumps(table).encode())

    server.scripts["/t.px"] = answer
    provider = PxWeb(
        provider="S", source="pxweb", url=server.url + "/t.px", select={"Area": ["Espoo"]}
    )
    table = read_table(provider, tmp_path)
    assert list(table["alue"]) == ["Espoo", "Espoo"]
    assert table["value"].isna().tolist() == [True, False]  # what is not sent is not known
    assert table["value"].iloc[1] == 325716


def test_fewer_values_than_stated_are_no_table() -> None:
    short = {
        "id": ["a"], "size": [2], "value": [1],
        "dimension": {"a": {"category": {"index": ["x", "y"]}}},
    }  # fmt: skip
    with pytest.raises(SourceError, match="1 values of 2"):
        from_json_stat(short, where="S")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("pxweb_v1_jsonstat2_11re_espoo_helsinki_vantaa_2025", [325716, 694392, 252956]),
        ("pxweb_v1_jsonstat2_11re_helsinki_2021_2025", [658457, 664028, 674500]),
    ],
)
def test_captured_tables(shared: Path, name: str, values: list[float]) -> None:
    path = shared / "captures" / "statfin" / f"{name}.json"
    table = from_json_stat(json.loads(path.read_text(encoding="utf-8")), where="S")
    assert list(table["value"][:3]) == values
