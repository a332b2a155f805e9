"""A reconstruction read back is the one that was made, and only ever of the same figures."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
from pyproj import CRS

from districttype.city import known_cities, load_city
from districttype.layers.gather import gather
from districttype.layers.layer import Layers
from districttype.layers.reconstructed import KEPT, embedded_layers
from districttype.sources.figures import kept, reconstruct, reconstruct_once, synthetic_figures
from districttype.sources.figures.reconstruct import Reconstruction
from districttype.sources.figures.tables import Figures

TM35 = CRS.from_epsg(3067)


def town() -> Figures:
    return synthetic_figures(1, ("centre", "suburb"))[0]


def content(made: Reconstruction) -> dict[str, bytes]:
    found = {}
    for name, frame in made.tables.items():
        file = io.BytesIO()
        frame.to_parquet(file)
        found[name] = file.getvalue()
    return found | {name: area.wkb for name, area in made.coverage.items()}


def canonical(layers: Layers) -> dict[str, bytes]:
    return content(Reconstruction(layers.crs, {n: layer.frame for n, layer in layers.items()}))


class Counted:
    """Stands in for `reconstruct` and counts how often it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        monkeypatch.setattr(kept, "reconstruct", self)

    def __call__(self, *figures: object, **options: object) -> Reconstruction:
        self.times += 1
        return reconstruct(*figures, **options)  # type: ignore[arg-type]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


def test_the_second_time_it_is_read_and_the_same(tmp_path: Path, made: Counted) -> None:
    first = reconstruct_once(town(), TM35, tmp_path / "new" / "city.zip")
    second = reconstruct_once(town(), TM35, tmp_path / "new" / "city.zip")
    assert made.times == 1
    assert content(second) == content(first) == content(reconstruct(town(), TM35))
    assert (second.crs, second.generated) == (first.crs, first.generated)
    assert [*second.tables] == [*first.tables]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["city.zip"]


@pytest.mark.parametrize("change", ["figure", "station", "seed", "grid", "crs", "program"])
def test_whatever_it_follows_from_makes_it_anew(
    tmp_path: Path, made: Counted, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    file = tmp_path / "city.zip"
    before = content(reconstruct_once(town(), TM35, file))
    figures, crs, options = town(), TM35, {}
    if change == "figure":
        more = figures.districts.assign(residents=figures.districts["residents"] + 1)
        figures = replace(figures, districts=more)
    elif change == "station":
        station = {"name": "X", "mode": "rail", "lon": 24.7, "lat": 60.2, "approximate": False}
        figures.stations.loc[len(figures.stations)] = station
    elif change == "seed":
        options = {"seed": 7}
    elif change == "grid":
        options = {"grid_origin": (50.0, 0.0)}
    elif change == "crs":
        crs = CRS.from_epsg(3879)
    else:
        monkeypatch.setattr(kept, "program", lambda: "another")
    again = content(reconstruct_once(figures, crs, file, **options))  # type: ignore[arg-type]
    assert made.times == 2
    assert again == content(reconstruct(figures, crs, **options))  # type: ignore[arg-type]
    assert (again == before) == (change == "program")
    reconstruct_once(figures, crs, file, **options)  # type: ignore[arg-type]
    assert made.times == 2


@pytest.mark.parametrize("harm", ["cut", "empty", "text", "flipped", "layer gone", "no about"])
def test_a_broken_archive_is_made_anew(tmp_path: Path, made: Counted, harm: str) -> None:
    file = tmp_path / "city.zip"
    before = content(reconstruct_once(town(), TM35, file))
    whole = file.read_bytes()
    if harm == "layer gone":
        with ZipFile(io.BytesIO(whole)) as old, ZipFile(file, "w") as new:
            for name in old.namelist():
                if name != "buildings.parquet":
                    new.writestr(name, old.read(name))
    else:
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :]
        texts = {
            "cut": whole[:middle],
            "empty": b"",
            "text": b"no archive",
            "flipped": flipped,
            "no about": whole.replace(b"about.json", b"other.json"),
        }
        file.write_bytes(texts[harm])
    assert content(reconstruct_once(town(), TM35, file)) == before
    assert made.times == 2
    assert content(reconstruct_once(town(), TM35, file)) == before
    assert made.times == 2


def test_where_nothing_can_be_kept_the_city_is_made_all_the_same(
    tmp_path: Path, made: Counted
) -> None:
    (tmp_path / "raw").write_text("a file where the folder would be")
    for _ in range(2):
        assert content(reconstruct_once(town(), TM35, tmp_path / "raw" / "city.zip"))
    assert made.times == 2
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


@pytest.mark.slow
@pytest.mark.parametrize("name", known_cities())
def test_every_city_reads_back_as_it_was_made(tmp_path: Path, made: Counted, name: str) -> None:
    city = load_city(name)
    if city.figures is None:
        pytest.skip("no figures")
    gather(city, "embedded", raw=tmp_path)
    assert (tmp_path / name / KEPT).is_file()
    read = gather(city, "embedded", raw=tmp_path).layers
    assert made.times == 1
    fresh = embedded_layers(city)
    assert canonical(read) == canonical(fresh)
    for layer in fresh:
        assert read[layer].provenance == fresh[layer].provenance
        mine, theirs = read[layer].coverage, fresh[layer].coverage
        assert mine == theirs
        assert read[layer].frame.dtypes.equals(fresh[layer].frame.dtypes)
