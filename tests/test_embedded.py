"""Espoo out of the box: the embedded default, from the command to the labels."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

from districttype import pipeline
from districttype.answers.explain import explain_zone
from districttype.answers.learn import learn_labels
from districttype.answers.validate import validate_labels
from districttype.city import load_city
from districttype.indicators.measure import measure
from districttype.lastrun import load_run, run_of
from districttype.layers.reconstructed import embedded_layers
from districttype.publish.edition import Edition
from districttype.publish.stamp import stamp
from districttype.typology.label import label_zones
from districttype.typology.thresholds import load_facets
from districttype.zones import make_zone_set

pytestmark = pytest.mark.slow
ESPOO = load_city("espoo")


@pytest.fixture(scope="module")
def out(edition: Edition, embedded_out: Path) -> Path:
    return embedded_out


@pytest.fixture(scope="module")
def edition(embedded: Edition) -> Edition:
    return embedded


@pytest.fixture(scope="module")
def labels(edition) -> pd.DataFrame:
    return edition.results["districts"].labels


def focus(edition, zone_set: str, zone: str) -> set[str]:
    table = edition.results[zone_set].focus
    return set(table.loc[table["zone_id"] == zone, "solution"])


def test_all_districts_are_classified_and_the_run_says_it_is_reconstructed(edition, out) -> None:
    rows = pd.read_csv(out / "districts.csv", dtype={"zone_id": str})
    assert len(rows) == 88
    said = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert said["data"] == "embedded"
    assert "reconstructed from published figures" in said["data_line"]
    assert {part["state"] for layer in said["layers"].values() for part in layer["parts"]} == {
        "embedded"
    }
    for page in ("typology.html", "focus.html"):
        text = (out / "maps" / page).read_text(encoding="utf-8")
        assert "not for decisions on single plots" in text


@pytest.mark.parametrize("zone", ["112", "211", "314", "411"])
def test_city_centres_are_dense(labels: pd.DataFrame, zone: str) -> None:
    assert labels.loc[zone, "density"] == "dense"


@pytest.mark.parametrize("zone", ["644", "725", "724"])
def test_nuuksio_velskola_and_lakisto_are_rural(labels: pd.DataFrame, zone: str) -> None:
    assert labels.loc[zone, "density"] == "sparse"
    assert "rural" in labels.loc[zone, "density_detail"]


def test_otaniemi_is_offices(labels: pd.DataFrame) -> None:
    assert labels.loc["222", "use"] == "offices"


def test_kera_is_a_station_brownfield_to_be_built_anew_with_few_owners(edition) -> None:
    kera = edition.results["stations"].labels.loc["kera"]
    assert kera["development"] == "new"
    assert "brownfield" in kera["development_detail"].split(";")
    assert kera["ownership"] == "few_private"
    assert {"A5", "A8"} <= focus(edition, "stations", "kera")
    table = edition.results["stations"].focus
    means = table.loc[table["zone_id"] == "kera", "means"].astype(str)
    assert means.str.contains("development_commitment|commitment").all()


def test_soukka_is_infill_of_homes_at_a_new_station(edition) -> None:
    soukka = edition.results["places"].labels.loc["Soukka"]
    assert (soukka["development"], soukka["use"]) == ("infill", "housing")
    assert soukka["mobility"] == "station_new"
    assert {"A1", "A3", "A5", "A6"} <= focus(edition, "places", "Soukka")


def test_residents_and_companies_are_always_at_the_table(edition) -> None:
    for result in edition.results.values():
        for actors in result.focus["actors"].astype(str):
            assert "residents" in actors
            assert "companies" in actors


def test_without_owners_only_the_means_change(edition) -> None:
    layers = edition.layers.without("ownership")
    zones = make_zone_set("districts", layers)
    bare = label_zones(measure(zones, layers), load_facets(), draws=1)
    assert bare["ownership"].eq("unknown").all()
    whole = edition.results["districts"].labels
    for facet in ("density", "development", "use", "mobility", "energy", "ground"):
        pd.testing.assert_series_equal(bare[facet], whole[facet])


@pytest.mark.parametrize(
    ("layer", "silent"),
    [
        ("buildings", {"density", "use", "energy"}),
        ("stops", {"mobility"}),
        ("ground", {"ground"}),
    ],
)
def test_removing_a_layer_silences_its_facets_and_no_other(edition, layer, silent) -> None:
    layers = edition.layers.without(layer)
    zones = make_zone_set("districts", layers)
    bare = label_zones(measure(zones, layers), load_facets(), draws=1)
    for facet in silent:
        assert bare[facet].eq("unknown").all()
    whole = edition.results["districts"].labels
    untouched = {"density", "use", "energy", "ground"} - silent
    for facet in untouched:
        assert (bare[facet] == whole[facet]).all()


@pytest.mark.parametrize("seed", [7, 77])
def test_another_seed_gives_the_same_labels(labels: pd.DataFrame, seed: int) -> None:
    layers = embedded_layers(ESPOO, seed=seed)
    other = label_zones(measure(make_zone_set("districts", layers), layers), load_facets(), draws=1)
    facets = ["density", "development", "use", "mobility", "energy", "ground"]
    same = (other[facets] == labels[facets]).mean()
    # Measured over four seeds: at most one of 88 districts differs, in mobility or energy.
    assert (same >= 0.97).all(), same


def test_the_last_run_is_explained_as_it_was_found(edition, out: Path) -> None:
    kept, fresh = load_run(ESPOO, out), run_of(edition)
    for name in ("districts", "stations", "places"):
        pd.testing.assert_frame_equal(
            kept.labels[name].filter(regex="^[a-z]+$"), fresh.labels[name].filter(regex="^[a-z]+$")
        )
    otaniemi = explain_zone(ESPOO, kept, "Otnäs")[0]
    assert otaniemi["zone_id"] == "222"
    use = otaniemi["facets"]["use"]
    assert use["label"] == "offices"
    assert use["indicators"]["offices_share"]["value"] > 0.3
    assert use["thresholds"]["majority_share"]["value"] == 0.5
    assert use["reason"].startswith("offices: ")
    assert [z["zone_id"] for z in explain_zone(ESPOO, kept, "Soukka")] == ["Soukka", "412", "415"]
    assert explain_zone(ESPOO, kept, "Kera")[0]["zone_set"] == "stations"


def test_agreement_with_labels_from_outside_is_reported(edition, shared: Path) -> None:
    run = run_of(edition)
    built_in = validate_labels(ESPOO, run, None)
    table = validate_labels(ESPOO, run, shared / "espoo" / "expected_labels.csv")
    for report in (built_in, table):
        assert {"density", "development", "use", "mobility"} <= set(report)
        for entry in report.values():
            assert {"n", "agreement", "kappa", "low", "high", "disagreements"} <= set(entry)
            assert entry["low"] <= entry["agreement"] <= entry["high"]
            hits = round(entry["agreement"] * entry["n"])
            assert len(entry["disagreements"]) == entry["n"] - hits
    assert built_in["density"]["agreement"] == table["density"]["agreement"]


def test_the_readme_states_the_agreement_that_is_measured(edition) -> None:
    report = validate_labels(ESPOO, run_of(edition), None)

    def told(facet: str, more: str = "") -> str:
        entry = report[facet]
        return f"{facet} {entry['agreement']:.0%} (n {entry['n']}{more}".replace("%", " %")

    unknown = f", of which {report['development']['unknown']} unknown"
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    for said in (told("density"), told("mobility"), told("use"), told("development", unknown)):
        assert said in readme


def test_what_is_learnt_of_its_labels_is_used_where_the_user_says_so_and_stamped(
    edition, tmp_path: Path
) -> None:
    labels = Path(str(files("districttype"))) / "cities" / "espoo_labels.csv"
    report = learn_labels(ESPOO, run_of(edition), labels, tmp_path)
    again = pipeline.classify(
        ESPOO, data="embedded", zone_sets=("districts",), models=[Path(report["use"]["model"])]
    )
    assert again.run["models"]["use"] == {
        "city": "Espoo",
        "test": {key: value for key, value in report["use"].items() if key != "model"},
    }
    assert "Use is learnt from the city's own labels" in stamp(again).text("en")
    ours, theirs = (e.results["districts"].labels for e in (edition, again))
    said = theirs["use_reason"].map(lambda reason: reason.text("en"))
    assert said.str.contains("learnt from labels that Espoo gave itself").sum() > 60
    pd.testing.assert_series_equal(theirs["density"], ours["density"])
    assert edition.run["models"] == {}
    assert edition.run["alike"]["k"] == len({kin.group for kin in edition.kin.values()})
