"""What a run keeps is what is explained and compared later, learnt labels included."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from districttype.city import load_city
from districttype.errors import ConfigError, SourceError
from districttype.lastrun import load_run, read_kept, save_run
from districttype.publish.edition import Edition
from districttype.publish.stamp import stamp
from districttype.publish.tables import alike_table
from districttype.typology import zoneset
from districttype.typology.alike import group_zones, kin_of
from districttype.typology.learn import learn
from districttype.typology.learnt import Learnt
from kept import keep_run
from toy import edition

ESPOO = load_city("espoo")


@pytest.fixture(scope="module")
def model() -> Learnt:
    """Return what can be learnt of sixty zones whose density hangs on one number."""
    dice = np.random.default_rng(3)
    table = pd.DataFrame(
        {
            name: dice.uniform(0.05, 0.95, 60)
            for name in ("far", "housing_share", "floor_near_station_share", "green_share")
        }
    )
    given = pd.Series(np.where(table["far"] > 0.5, "dense", "sparse"), dtype=object)
    return learn("density", "Espoo", table, given, given, dice.uniform(0, 9000, (60, 2)))


@pytest.fixture
def learnt(model: Learnt) -> Edition:
    toy = edition(cells=4)
    for result in toy.results.values():  # the toy lacks what lets the rules speak
        result.indicators["coverage_buildings"] = 1.0
        result.indicators["dense_floor_share"] = 1.0
    return replace(toy, models={"density": model})


def keep(toy: Edition, out: Path) -> Path:
    save_run(toy, out)
    record = {"city": {"id": "espoo", "names": {"fi": "Espoo", "sv": "Esbo"}}, "data_line": ""}
    (out / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return out


def test_what_was_measured_comes_back_and_where_zones_are(learnt: Edition, tmp_path: Path) -> None:
    kept = read_kept(keep(learnt, tmp_path))
    assert set(kept.indicators) == {"districts", "stations", "cells"}
    districts = learnt.results["districts"]
    pd.testing.assert_frame_equal(kept.indicators["districts"], districts.indicators)
    zones = kept.zones["districts"]
    assert zones.loc["713", "name_sv"] == "Esboviken"
    inside = districts.zones.frame.geometry.contains_properly
    points = [f"{x} {y}" for x, y in zones[["x", "y"]].to_numpy()]
    assert inside(type(districts.zones.frame.geometry).from_wkt(
        [f"POINT ({p})" for p in points], index=zones.index, crs=districts.zones.frame.crs
    )).all()  # fmt: skip
    assert (kept.city_name("sv"), kept.city_name("de")) == ("Esbo", "Espoo")


def test_learnt_labels_are_learnt_again_but_not_of_zones_too_small(
    learnt: Edition, tmp_path: Path
) -> None:
    run = load_run(ESPOO, keep(learnt, tmp_path))
    low = run.indicators["districts"]["far"].idxmin()
    assert run.labels["districts"].loc[low, "density"] == "sparse"
    assert run.labels["districts"].loc[low, "density_reason"].text() == (
        "sparse: learnt from labels that Espoo gave itself; the rules say dense"
    )
    assert run.labels["cells"]["density"].isin(["dense", "unknown"]).all()  # as the rules say
    keep(replace(learnt, models={}), tmp_path)
    assert load_run(ESPOO, tmp_path).labels["districts"].loc[low, "density"] == "dense"


def test_a_zone_set_is_labelled_when_it_is_asked_for_and_once(
    learnt: Edition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = load_run(ESPOO, keep(learnt, tmp_path))
    asked = []

    def label_set(name: str, *rest: Any) -> pd.DataFrame:
        asked.append(name)
        return zoneset.label_set(name, *rest)

    monkeypatch.setattr("districttype.lastrun.label_set", label_set)
    assert set(run.labels) == {"districts", "stations", "cells"}
    assert asked == []
    pd.testing.assert_frame_equal(run.labels["districts"], run.labels["districts"])
    assert asked == ["districts"]
    with pytest.raises(KeyError):
        run.labels["blocks"]


def test_a_run_of_another_city_or_one_that_is_spoilt_is_one_clear_line(
    learnt: Edition, tmp_path: Path
) -> None:
    assert load_run(ESPOO, tmp_path) is None
    keep(learnt, tmp_path)
    with pytest.raises(ConfigError, match="holds a run of 'espoo', not of 'elsewhere'"):
        load_run(ESPOO.model_copy(update={"id": "elsewhere"}), tmp_path)
    (tmp_path / "stages" / "cells.parquet").write_bytes(b"spoilt")
    with pytest.raises(SourceError, match=r"cells\.parquet: cannot be read: .*run classify again"):
        load_run(ESPOO, tmp_path)


def test_a_record_cut_short_is_one_clear_line(tmp_path: Path) -> None:
    keep_run(tmp_path, "adorf", "Adorf", 1)
    (tmp_path / "adorf" / "run.json").write_text('{"city": {"id": "ad', encoding="utf-8")
    with pytest.raises(SourceError, match=r"run\.json: cannot be read: .*run classify again"):
        read_kept(tmp_path / "adorf")


def test_outputs_say_which_labels_are_learnt(learnt: Edition) -> None:
    assert stamp(replace(learnt, models={})) is None
    said = stamp(learnt)
    assert said.text("en") == (
        "Density is learnt from the city's own labels, not given by the rules."
    )
    assert said.text("fi").startswith("Tiiveys on opittu kaupungin omista luokista")
    both = stamp(replace(learnt, embedded=True)).text("en")
    assert both.startswith("Reconstructed from published figures")
    assert both.endswith(said.text("en"))


def test_look_alikes_are_in_the_outputs(learnt: Edition) -> None:
    assert alike_table(learnt, "en") is None
    districts = learnt.results["districts"]
    names = districts.zones.frame["name"].drop("622")  # of which too little is known
    groups = group_zones(districts.indicators, names, ks=range(2, 3), resamples=2)
    kin = kin_of(districts.indicators, groups)
    table = alike_table(replace(learnt, kin=kin), "en").set_index("zone_id")
    assert list(table.index) == list(names.index)
    assert set(table["group"]) == {*range(1, groups.k + 1)}
    assert table.groupby("group").size().eq(table.groupby("group")["group_size"].first()).all()
    for zone, row in table.iterrows():
        most_like = row["most_like"].split(";")
        assert zone not in most_like
        assert row["most_like_name"] == names[most_like[0]]
        assert row["group_example"] in names[table["group"] == row["group"]].to_list()
    assert table["group_profile"].str.contains(r"on average").all()
