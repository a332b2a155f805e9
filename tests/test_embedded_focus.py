"""What to co-create in Espoo: a run of the embedded default, as published."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from districttype.focus import lead_shares, load_catalogue, recommend
from districttype.publish.edition import Edition, ZoneSetResult
from districttype.publish.summary import summary

pytestmark = pytest.mark.slow
KEYS = ["zone_set", "zone_id", "solution"]


@pytest.fixture(scope="module")
def out(embedded: Edition, embedded_out: Path) -> Path:
    return embedded_out


@pytest.fixture(scope="module")
def districts(embedded: Edition) -> ZoneSetResult:
    return embedded.results["districts"]


def read(out: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(out / f"{name}.csv", dtype={"zone_id": str}, keep_default_na=False)


def test_no_solution_stands_out_in_two_fifths_of_the_districts(districts: ZoneSetResult) -> None:
    shares = lead_shares(districts.focus)
    assert len(districts.focus["zone_id"].unique()) == len(districts.zones) == 88
    assert shares.max() <= 0.40  # measured: A4 31 %
    assert (shares > 0.05).sum() >= 5  # and not two colours either


def test_the_plain_ranking_says_everywhere_that_one_solution_leads(
    embedded: Edition, districts: ZoneSetResult, out: Path
) -> None:
    shares = lead_shares(districts.focus, by="score")
    assert shares.idxmax() == "A5"
    assert shares.max() > 0.40  # measured: 79 %
    said = f"A5 comes first in {shares.max() * 100:.0f} % of the areas"
    assert said in summary(embedded, out)
    recorded = json.loads((out / "run.json").read_text(encoding="utf-8"))["focus"]["districts"]
    assert recorded["lead_shares"]["score"]["A5"] == pytest.approx(shares.max(), abs=1e-4)
    assert recorded["warnings"]["relative_score"] == []
    assert recorded["warnings"]["score"][0].startswith(said)
    page = (out / "maps" / "focus.html").read_text(encoding="utf-8")
    assert "{solution} comes first in {share_pct} of the areas" in page
    report = (out / "report.en.html").read_text(encoding="utf-8")
    assert said in report.replace("\u00a0", " ")


def test_focus_csv_keeps_its_contract(out: Path) -> None:
    table = read(out, "focus")
    contract = [
        "zone_set", "zone_id", "name", "solution", "score", "relative_score", "level", "systems",
        "actors", "prerequisites", "means", "reasons", "basis",
    ]  # fmt: skip
    assert table.columns[: len(contract)].tolist() == contract
    assert not table.duplicated(KEYS).any()
    for column in ("reasons", "actors", "means", "basis", "level", "systems", "prerequisites"):
        assert table[column].str.strip().ne("").all(), column
    assert not table["reasons"].str.contains(r"\bnan\b|\bNone\b|\{", regex=True).any()
    assert table["solution"].isin(load_catalogue().solutions).all()


def test_every_site_has_a_place_in_its_zone_a_name_and_a_reason(
    embedded: Edition, out: Path
) -> None:
    sites = read(out, "sites")
    assert set(sites["zone_set"]) == {"districts", "stations", "places"}
    for column in ("kind", "kind_name", "name", "reason", "layer"):
        assert sites[column].str.strip().ne("").all(), column
    points = gpd.GeoSeries.from_xy(sites["lon"], sites["lat"], crs=4326)
    for name, rows in sites.groupby("zone_set"):
        zones = embedded.results[str(name)].zones.frame
        homes = zones.geometry.reindex(rows["zone_id"]).to_numpy()
        metric = points[rows.index].to_crs(zones.crs).to_numpy()
        assert shapely.dwithin(homes, metric, 0.1).all()  # lon and lat have seven decimals
    focus = set(read(out, "focus")[KEYS].itertuples(index=False, name=None))
    assert set(sites[KEYS].itertuples(index=False, name=None)) <= focus


def test_blocks_carry_the_need_inside_their_zone(embedded: Edition, out: Path) -> None:
    blocks = gpd.read_file(out / "zones.gpkg", layer="blocks_in_need")
    assert len(blocks) == len(gpd.read_file(out / "blocks_in_need.geojson"))
    assert blocks.geometry.is_valid.all()
    assert {"A1", "A4", "A5", "A6", "A7"} <= set(blocks["solution"])
    assert blocks["reason"].str.strip().ne("").all()
    assert blocks["rank"].between(1, 10).all()
    for name, rows in blocks.groupby("zone_set"):
        zones = embedded.results[str(name)].zones.frame.geometry
        homes = zones.reindex(rows["zone_id"]).to_numpy()
        shared = shapely.area(shapely.intersection(homes, rows.geometry.to_numpy()))
        whole = shapely.area(rows.geometry.to_numpy())
        # District borders cut blocks; the edge of what can be walked to does not.
        assert (shared > 0.99 * whole).all() if name == "districts" else (shared > 0).all()
    focus = set(read(out, "focus")[KEYS].itertuples(index=False, name=None))
    assert set(blocks[KEYS].itertuples(index=False, name=None)) <= focus
    # Every district has a block to begin in, for one of its solutions at least.
    assert blocks.loc[blocks["zone_set"] == "districts", "zone_id"].nunique() >= 80


def test_the_shortlist_is_spread_over_the_city_and_its_kinds_of_places(
    districts: ZoneSetResult, out: Path
) -> None:
    table = read(out, "shortlist")
    chosen = table[table["zone_set"] == "districts"]
    assert chosen["choice"].tolist() == list(range(1, 13))
    assert chosen["zone_id"].is_unique
    parents = districts.zones.frame["parent"].reindex(chosen["zone_id"])
    assert parents.nunique() >= 5  # of seven greater areas
    assert parents.value_counts().max() <= 4
    assert chosen["archetype"].nunique() >= 5
    assert chosen["solution"].nunique() >= 5
    assert chosen["solution"].value_counts().max() <= 4
    for zone, solution in zip(chosen["zone_id"], chosen["solution"], strict=True):
        assert (out / "workshop" / f"{zone}-{solution}.html").is_file()
    assert len(list((out / "workshop").glob("*.html"))) == 12


def test_clusters_and_blocks_open_in_a_gis(out: Path) -> None:
    layers = {name for name, _ in pyogrio.list_layers(out / "zones.gpkg")}
    assert {"shortlist", "clusters", "blocks_in_need", "sites", "focus"} <= layers
    clusters = gpd.read_file(out / "zones.gpkg", layer="clusters")
    mine = clusters[clusters["zone_set"] == "districts"]
    assert mine["zones"].max() >= 5
    assert mine["zones"].sum() >= 75
    assert not mine.geometry.is_empty.any()


def test_one_cell_of_the_catalogue_changes_what_depends_on_it(
    embedded: Edition, districts: ZoneSetResult, tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[rows.station.points]\nA7 = "3i"\n', encoding="utf-8")
    after = recommend(
        districts.zones, districts.labels, districts.indicators, load_catalogue(own),
        layers=embedded.layers,
    )  # fmt: skip
    both = districts.focus.merge(after, on=["zone_id", "solution"], suffixes=("", "_after"))
    assert len(both) == len(districts.focus) == len(after)
    at_station = both["zone_id"].map(districts.labels["mobility"]) == "station"
    depends = at_station & (both["solution"] == "A7")
    assert depends.sum() > 0
    moved = ~both["score"].sub(both["score_after"]).abs().lt(1e-9)
    assert (moved == depends).all()
    said = [
        [m.text("en") for m in old] != [m.text("en") for m in new]
        for old, new in zip(both["reasons"], both["reasons_after"], strict=True)
    ]
    assert not (pd.Series(said) & ~depends).any()


def test_recommendations_say_how_firmly_they_stand(embedded: Edition, out: Path) -> None:
    assert embedded.catalogue is not None
    assert embedded.catalogue.robustness.draws == 1000
    stable = read(out, "focus")["stability"].astype(float)
    assert stable.between(0, 1).all()
    assert (stable * 1000 % 1 < 1e-6).all()  # a share of a thousand draws
    assert stable.nunique() > 20


def test_kera_and_soukka_get_what_their_documents_name(embedded: Edition) -> None:
    kera = embedded.results["stations"].focus.set_index(["zone_id", "solution"]).loc["kera"]
    assert {"A5", "A8"} <= set(kera.index)
    assert kera["means"].str.split(";").str[0].eq("development_commitment").all()
    assert kera["archetype"].eq("brownfield").all()
    soukka = embedded.results["places"].focus.set_index(["zone_id", "solution"]).loc["Soukka"]
    assert {"A1", "A3", "A5", "A6"} <= set(soukka.index)
    assert soukka["archetype"].eq("station_suburb").all()
    assert {"residents", "companies"} <= set(kera.loc["A5", "actors"].split(";"))


def test_without_owners_only_means_and_convener_change(
    embedded: Edition, districts: ZoneSetResult
) -> None:
    assert embedded.catalogue is not None
    bare = districts.labels.assign(ownership="unknown")
    after = recommend(
        districts.zones, bare, districts.indicators, embedded.catalogue, layers=embedded.layers
    )
    changing = ["means", "convener"]
    pd.testing.assert_frame_equal(
        after.drop(columns=changing), districts.focus.drop(columns=changing)
    )
    assert set(after["means"]) == {"ownership_survey"}
    known = districts.labels["ownership"] != "unknown"
    assert known.sum() > 0
    mine = districts.focus["zone_id"].map(known)
    assert (districts.focus["means"] != after["means"])[mine].all()


def test_what_is_made_up_from_figures_says_so(out: Path) -> None:
    sites = read(out, "sites")
    real = sites["layer"] == "stops"
    assert real.any()
    assert (~real).any()
    assert sites.loc[~real, "approximate"].all()
    assert sites.loc[~real, "reason"].str.contains("koottu julkaistuista luvuista").all()
    kera = sites[(sites["zone_id"] == "kera") & (sites["kind"] == "station")]
    assert not kera["approximate"].any()
    assert kera["name"].eq("Kera").all()


def test_the_processes_of_energy_and_green_are_written_out(out: Path) -> None:
    report = (out / "report.html").read_text(encoding="utf-8")
    for step in ("Asettakaa alueen energiatavoite työpajasarjassa", "Julkaiskaa visio"):
        assert step in report
    table = read(out, "focus").set_index("solution")["checklists"]
    assert table.loc["A5"].str.startswith("energy").all()
    assert table.loc["A6"].str.startswith("green").all()
    sheets = [path.read_text(encoding="utf-8") for path in (out / "workshop").glob("*-A5.html")]
    assert sheets
    assert all("Hold a joint kick-off workshop" in sheet for sheet in sheets)
