"""Agreement with labels from outside, computed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from districttype.errors import ConfigError, SourceUnavailableError
from districttype.i18n import Message
from districttype.typology.validate import compare, read_expected, wilson


def ours(**labels: str) -> pd.DataFrame:
    table = pd.DataFrame({"density": labels})
    table["density_confidence"] = np.where(table["density"] == "unknown", np.nan, 0.8)
    table["density_reason"] = [Message("because") for _ in labels]
    return table


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_agreement_kappa_and_interval_by_hand(tmp_path: Path) -> None:
    file = write(
        tmp_path / "labels.csv",
        "name_fi,density,conf_density\nA,dense,H\nB,low,M\nC,dense,H\nD,medium,L\nE,rural,H\nF,?,\n",
    )
    expected = read_expected(file)
    assert list(expected["density"]) == ["dense", "sparse", "dense", None, "sparse", None]
    report = compare(ours(A="dense", B="sparse", C="sparse", D="dense", E="unknown"), expected)
    density = report["density"]
    # scored: A B C E; agree: A B; D is "medium", F is "?"
    assert density["n"] == 4
    assert density["agreement"] == 0.5
    # observed 0.5; chance = 2/4·1/4 (dense) + 2/4·2/4 (sparse) = 0.375 -> 0.125 / 0.625
    assert density["kappa"] == pytest.approx(0.2)
    assert (density["low"], density["high"]) == wilson(2, 4)
    assert density["unknown"] == 1
    assert [row["place"] for row in density["disagreements"]] == ["C", "E"]
    assert density["disagreements"][0] == {
        "place": "C", "expected": "dense", "label": "sparse", "confidence": 0.8,
        "expected_confidence": "H", "reason": "because",
    }  # fmt: skip


def test_the_wilson_interval_is_the_published_one() -> None:
    # Newcombe 1998, table I: 81 of 263
    low, high = wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_what_is_wrong_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="no such file"):
        read_expected(tmp_path / "none.csv")
    with pytest.raises(ConfigError, match="no column names the places"):
        read_expected(write(tmp_path / "a.csv", "x,density\n1,dense\n"))
    with pytest.raises(ConfigError, match="no column holds labels"):
        read_expected(write(tmp_path / "b.csv", "place,colour\nA,red\n"))
    with pytest.raises(ConfigError, match="'A' stands there twice"):
        read_expected(write(tmp_path / "c.csv", "place,density\nA,dense\nA ,low\n"))


def test_the_table_of_espoo_is_read_whole(shared: Path) -> None:
    expected = read_expected(shared / "espoo" / "expected_labels.csv")
    assert len(expected) == 28
    assert expected.loc["Kera", "use"] == "industry"
    assert expected.loc["Nuuksio", "use"] == "unbuilt"
    assert expected.loc["Soukka", "mobility"] == "station"
    assert expected.loc["Otaniemi", "density"] is None
    assert expected["use_conf"].isin(["H", "M", "L"]).all()
    assert expected["density"].notna().sum() == 22  # six are "medium"
