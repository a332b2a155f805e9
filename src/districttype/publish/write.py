"""Write everything people see, all of it or nothing."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from districttype.errors import writing
from districttype.publish import tables
from districttype.publish.edition import Edition
from districttype.publish.focustables import focus_tables, with_coordinates
from districttype.publish.geopackage import write_geopackage
from districttype.publish.maps import write_map
from districttype.publish.postgis import write_postgis
from districttype.publish.report import write_index, write_reports
from districttype.publish.workbook import write_workbook
from districttype.publish.workshop import write_workshops

Step = Callable[[Edition, Path, Sequence[str]], None]


def publish(
    edition: Edition,
    out: Path,
    *,
    languages: Sequence[str] | None = None,
    to: str | None = None,
    tables_only: bool = False,
) -> list[Path]:
    """Write the outputs of a run into a folder.

    Everything is made in a folder beside and moved into place at the end, so that a run that fails
    leaves what an earlier one has written. Files that an earlier run wrote and this one does not
    are removed, so that nothing stale lies among the new.

    Parameters
    ----------
    edition
        What the run found.
    out
        The folder, made where it is missing.
    languages
        Languages of the maps and reports, the first one first shown and used in the tables;
        those of the city where None.
    to
        A database to write the tables into as well, `postgresql://...` (see `postgis`).
    tables_only
        Write the tables and run.json, and neither maps nor pages nor GeoPackage.

    Returns
    -------
    list[Path]
        The files, sorted.

    Raises
    ------
    DistricttypeError
        If the folder cannot be written, or the database refuses.
    """
    spoken = tuple(languages or edition.city.languages)
    with _staging(out) as staging:
        for step in (_write_tables,) if tables_only else STEPS:
            step(edition, staging, spoken)
        made = sorted(path.relative_to(staging) for path in staging.rglob("*.*"))
        _write_run(edition, staging, [*map(str, made), "run.json"])
        files = _move([*made, Path("run.json")], staging, out)
    if to is not None:
        write_postgis(edition, to, spoken[0])
    return files


def require_folder(out: Path) -> None:
    """Refuse a folder that cannot be written, before anything is done for it.

    Raises
    ------
    DistricttypeError
        If it cannot be made, or nothing can be written there.
    """
    with _staging(out):
        pass


@contextmanager
def _staging(out: Path) -> Iterator[Path]:
    """Open a folder within the one of the outputs; what the system refuses is one clear line."""
    with writing(out, "--out"), tempfile.TemporaryDirectory(prefix=".new-", dir=out) as folder:
        yield Path(folder)


def _write_tables(edition: Edition, out: Path, languages: Sequence[str]) -> None:
    for name, result in edition.results.items():
        table = tables.zone_table(result)
        flat = table.drop(columns="geometry")
        tables.write_csv(flat, out / f"{name}.csv")
        if name == "districts":
            tables.write_excel_csv(flat, out / f"{name}.excel-{languages[0]}.csv", languages[0])
            tables.write_geojson(table, out / f"{name}.geojson")
            tables.write_parquet(table, out / f"{name}.parquet")
    tables.write_csv(tables.focus_table(edition, languages[0]), out / "focus.csv")
    for name, table in focus_tables(edition, languages[0]).items():
        tables.write_csv(with_coordinates(table), out / f"{name}.csv")
        tables.write_geojson(table, out / f"{name}.geojson")
    tables.write_csv(tables.indicator_table(edition.registry), out / "indicators.csv")
    alike = tables.alike_table(edition, languages[0])
    if alike is not None:
        tables.write_csv(alike, out / "alike.csv")


def _write_geopackage(edition: Edition, out: Path, languages: Sequence[str]) -> None:
    write_geopackage(edition, out / "zones.gpkg", languages[0])


def _write_maps(edition: Edition, out: Path, languages: Sequence[str]) -> None:
    for name in ("typology", "focus"):
        write_map(edition, out / "maps" / f"{name}.html", languages)


def _write_pages(edition: Edition, out: Path, languages: Sequence[str]) -> None:
    if "districts" in edition.results:
        write_workbook(edition, out / "districts.xlsx", languages[0])
        write_index(edition, out, languages)
        write_reports(edition, out, languages)
        write_workshops(edition, out, languages)


STEPS: tuple[Step, ...] = (_write_tables, _write_geopackage, _write_maps, _write_pages)


def _write_run(edition: Edition, out: Path, outputs: list[str]) -> None:
    run = {**edition.run, "embedded": edition.embedded, "outputs": sorted(outputs)}
    text = json.dumps(run, ensure_ascii=False, indent=2, default=_jsonable, allow_nan=False)
    (out / "run.json").write_text(text + "\n", encoding="utf-8")


def _jsonable(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return str(value)


def _move(files: list[Path], staging: Path, out: Path) -> list[Path]:
    """Move the new files into place and remove what only an earlier run had written."""
    stale = _outputs(out / "run.json") - {path.as_posix() for path in files}
    for path in files:
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (staging / path).replace(out / path)
    root = out.resolve()
    for name in stale:
        path = (out / name).resolve()
        if path.is_file() and path.is_relative_to(root):
            path.unlink()
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    return sorted(out / path for path in files)


def _outputs(run: Path) -> set[str]:
    try:
        found = json.loads(run.read_text(encoding="utf-8")).get("outputs", [])
    except (OSError, ValueError, AttributeError):
        return set()
    return {name for name in found if isinstance(name, str)}
