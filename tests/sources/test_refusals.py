"""HTTP 200 means nothing: a refusal is known by its body, and told in the service's words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from districttype.sources.refusals import json_refusal, refusal, words

MADE = Path(__file__).parent / "made"


def test_0_1_an_xml_exception_under_http_200_is_told() -> None:
    body = (
        b'<?xml version="1.0"?><ServiceExceptionReport version="1.2.0">'
        b'<ServiceException code="LayerNotDefined">No such layer: GIS:Talot</ServiceException>'
        b"</ServiceExceptionReport>"
    )
    assert refusal(body) == "LayerNotDefined: No such layer: GIS:Talot"


def test_0a_11_gtk_exception_begins_with_a_newline_and_holds_three() -> None:
    said = refusal((MADE / "gtk_exception.xml").read_bytes())
    assert said is not None
    assert said.startswith(
        "InvalidParameterValue (outputFormat): OutputFormat 'application/json' not supported.; "
        "InvalidParameterValue: KVP parser : parameter 'typeNames' '' can't be empty.; "
    )
    assert said.endswith("not consistent with parameter 'typeNames'")


def test_an_exception_with_a_bom_is_told() -> None:
    body = (
        b'\xef\xbb\xbf<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows">'
        b'<ows:Exception exceptionCode="NoApplicableCode"/></ows:ExceptionReport>'
    )
    assert refusal(body) == "NoApplicableCode"


def test_a_web_page_in_place_of_data_is_told() -> None:
    assert refusal(b"<!DOCTYPE html><html><title>Kirjaudu sis\xc3\xa4\xc3\xa4n</title>") == (
        "a web page in place of data 'Kirjaudu sisään'"
    )


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?><wfs:FeatureCollection xmlns:wfs="x"/>',
        b"<!-- <ExceptionReport> --><WFS_Capabilities/>",
        b'{"type": "FeatureCollection"}',
        b"PK\x03\x04",
        b"",
    ],
)
def test_data_are_no_refusal(body: bytes) -> None:
    assert refusal(body) is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"error":{"code":400,"message":"Unable to complete.","details":["No a"]}}',
         "400 Unable to complete. No a"),
        ('{"error":{"code":499,"message":"Token Required"}}', "499 Token Required"),
        ('{"code":"InvalidParameterValue","description":"unknown filter-lang"}',
         "InvalidParameterValue: unknown filter-lang"),
        ('{"type":"about:blank","title":"Bad","status":400,"detail":"limit too large"}',
         "Bad: limit too large"),
        ('{"type":"FeatureCollection","features":[]}', None),
        ('{"objectIds":[1]}', None),
        ('{"id":"buildings","title":"Buildings","description":"All of them"}', None),
    ],
)  # fmt: skip
def test_json_refusals(answer: str, said: str | None) -> None:
    assert json_refusal(json.loads(answer)) == said


def test_words_of_any_page_are_short_and_on_one_line() -> None:
    said = words(b"<html><p>Fatal\n error</p>" + b"x" * 1000)
    assert "\n" not in said
    assert len(said) <= 300


def test_captured_exception_of_gtk(shared: Path) -> None:
    body = (shared / "captures/gtk/wfs200_exception_outputformat_typenames.xml").read_bytes()
    assert refusal(body) == refusal((MADE / "gtk_exception.xml").read_bytes())


def test_captured_error_of_arcgis(shared: Path) -> None:
    body = (shared / "captures/arcgis/error_http200_us-mi-kent-statistics.json").read_bytes()
    assert json_refusal(json.loads(body)) == "400 Unable to complete operation."
