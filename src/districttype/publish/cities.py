"""What several cities of one run have in common: one table, look-alikes, and a page to switch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from districttype.city import City
from districttype.i18n import ENGLISH, LANGUAGES, N_, Message, translate
from districttype.publish import tables
from districttype.publish.report import file_name
from districttype.publish.templating import environment, static

TITLE = N_("Cities side by side")
FILES = ("cities.csv", "alike_elsewhere.csv")


@dataclass(frozen=True)
class CityResult:
    """A city that was classified: where its outputs are, and what is told of it and its data.

    `data` is what the run stands on (live, files, embedded), and `generated` the layers of which no
    data tell.
    """

    city: City
    out: Path
    told: tuple[Message, ...]
    data: str
    generated: tuple[str, ...] = ()


def write_cities(
    results: Sequence[CityResult],
    out: Path,
    alike: pd.DataFrame,
    *,
    first: str | None = None,
    tables_only: bool = False,
) -> None:
    """Write `cities.csv`, `alike_elsewhere.csv` and `cities.html` beside the cities' folders.

    Parameters
    ----------
    results
        The cities, in the order in which they are shown.
    out
        Where to write; the cities' folders lie in it.
    alike
        Table of `many.alike_elsewhere`.
    first
        Language first shown.
    tables_only
        The cities have no maps, so that there is no page to switch between them.
    """
    for name, table in zip(FILES, (joint_table(results), alike), strict=True):
        tables.write_csv(table, out / name)
    if tables_only:
        return
    languages = tuple(dict.fromkeys([first or ENGLISH, *LANGUAGES]))
    for language in languages:
        page = _page(results, language, languages)
        (out / file_name("cities", language, languages)).write_text(page, encoding="utf-8")


def joint_table(results: Sequence[CityResult]) -> pd.DataFrame:
    """Return the districts of all cities, one row each.

    The city's id comes first, then what its numbers stand on: `data`, and the layers `generated`
    by rule (`;`-separated), whose numbers say nothing of the city.
    """
    parts = []
    for result in results:
        table = pd.read_csv(
            result.out / "districts.csv", dtype={"zone_id": str}, encoding="utf-8-sig"
        )
        about = {
            "city": result.city.id,
            "data": result.data,
            "generated": ";".join(result.generated),
        }
        parts.append(pd.concat([pd.DataFrame(about, index=table.index), table], axis=1))
    return pd.concat(parts, ignore_index=True)


def _page(results: Sequence[CityResult], language: str, languages: Sequence[str]) -> str:
    shown = [
        {
            "id": result.city.id,
            "name": result.city.names.get(language, result.city.name),
            "own": result.city.name,
            "told": " ".join(message.text(language) for message in result.told),
        }
        for result in results
    ]
    return (
        environment()
        .get_template("cities.html")
        .render(
            lang=language,
            _=lambda message: translate(message, language),
            title=translate(TITLE, language),
            style=static("page.css"),
            others=[
                {"id": one, "href": file_name("cities", one, languages), "shown": one == language}
                for one in languages
            ],
            cities=shown,
            files=FILES,
        )
    )
