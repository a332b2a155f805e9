"""What people write, and the number that is in it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from districttype.layers import parse

NAN = float("nan")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", 3), ("3;4", 4), ("2;5;3", 5), ("5.5", 5.5), ("5,5", 5.5), ("", NAN), (None, NAN),
        ("0", NAN), ("-1", NAN), ("4 - 6", 6), ("2-3", 3), (" 7 ", 7), ("many", NAN), ("~3", 3),
        ("1904", NAN), (0, NAN), (6.0, 6), (999999999, NAN), ("2+", 2),
        ("6 floors", 6), ("1;2;10", 10), ("2, 3", 3), ("2+1", NAN), ("I", NAN), ("yes", NAN),
    ],
)  # fmt: skip
def test_storeys(text, expected) -> None:
    assert parse.storeys([text])[0] == pytest.approx([expected], nan_ok=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12 m", 12), ("12", 12), ("12,5", 12.5), ("12.5m", 12.5), ("40'", 12.192),
        ("12'6\"", 3.81), ("10 ft", 3.048), ("~10", 10), ("10;12", 12), ("high", NAN), ("0", NAN),
        ("", NAN), ("3 metres", 3), ("12′6″", 3.81), ("12 ft 6 in", 3.81), ("1200 cm", 12),
        ("10-12 m", 12), ("-5", NAN), ("5 storeys", NAN), ("4000", NAN),
    ],
)  # fmt: skip
def test_heights(text, expected) -> None:
    assert parse.heights([text])[0] == pytest.approx([expected], nan_ok=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1965", 1965), ("~1965", 1965), ("C19", 1850), ("early C20", 1917), ("1960..1969", 1964),
        ("1970s", 1975), ("before 1964", 1964), ("15.06.1982", 1982), ("1982-06-15", 1982),
        ("2024-12-17Z", 2024), ("1904-02-29", NAN), ("1904-02-29Z", NAN), ("", NAN), ("old", NAN),
        ("1950;1985", 1950), (19620101, 1962), (1987, 1987), (0, NAN), ("1890-1910", 1900),
        ("late C19", 1883), ("C18..C19", 1800), ("late 1960s", 1968), ("1985-87", 1986),
        ("29.2.1904", NAN), ("3.12.1987 0:00:00", 1987), ("2024-12-17T00:00:00+02:00", 2024),
        ("12/1987", 1987), ("j:1712-03-05", 1712), ("1960?", 1960), ("99", NAN), ("-1", NAN),
        ("9999", NAN), ("1987-13-45", NAN), ("before C20", 1950), (1965.0, 1965),
    ],
)  # fmt: skip
def test_years(text, expected) -> None:
    assert parse.years([text])[0] == pytest.approx([expected], nan_ok=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1200", 1200), ("1 200", 1200), ("1\u00a0200 m2", 1200), ("5,5", 5.5), ("0", NAN),
        (0, NAN), ("999999999", NAN), ("-1", NAN), ("120 k-m2", 120), ("big", NAN), (356.5, 356.5),
        ("1,234", NAN), ("12,500 m2", NAN), ("0,125", 0.125), ("1234,567", 1234.567),
        ("1,234,567", 1234567), ("1,234.5 m²", 1234.5), ("0.2 ha", 2000), ("1\u202f234,5", 1234.5),
    ],
)  # fmt: skip
def test_areas(text, expected) -> None:
    assert parse.areas([text])[0] == pytest.approx([expected], nan_ok=True)


def test_counts_know_zero_from_missing() -> None:
    found, unread = parse.counts(["0", "99", "-1", "999999999", "", "x", "1,234"])
    assert found == pytest.approx([0, 99, NAN, NAN, NAN, NAN, NAN], nan_ok=True)
    assert unread == 2


def test_dates_of_a_database_are_years() -> None:
    dates = pd.to_datetime(pd.Series(["1999-12-31", None]))
    assert parse.years(dates)[0] == pytest.approx([1999, NAN], nan_ok=True)


def test_what_cannot_be_read_is_counted_and_what_is_empty_is_not() -> None:
    assert parse.storeys(["3", "?", "", None, "attic", "tower"])[1] == 2
    assert parse.storeys(["0", "-1", "1904", "999999999"])[1] == 1  # 1904 is not to be believed
    assert parse.areas([0, -1, 999999999, 5e9, np.nan])[1] == 1
    assert parse.years(["1904-02-29", "0", "medieval", "9999"])[1] == 2


def test_storeys_and_height_must_agree() -> None:
    floors, height = np.array([63.0, 4.0, 1.0, NAN]), np.array([10.0, 12.0, 9.0, 9.0])
    assert list(parse.agree(floors, height)) == [False, True, False, True]


@given(st.lists(st.one_of(st.none(), st.text(max_size=12), st.floats(), st.integers())))
def test_no_text_in_the_world_stops_a_parser(values) -> None:
    for parser in (parse.storeys, parse.heights, parse.years, parse.areas, parse.counts):
        found, unread = parser([str(v) if v is not None else None for v in values])
        assert len(found) == len(values)
        assert 0 <= unread <= len(values)
        assert not (found < 0).any()


@given(st.floats(0.2, 999, allow_nan=False))
def test_every_way_to_write_a_height_means_the_same(metres) -> None:
    metres = round(metres, 2)
    texts = [f"{metres}", f"{metres} m", f"{metres}".replace(".", ","), f"~{metres}m"]
    assert parse.heights(texts)[0] == pytest.approx([metres] * 4)
