"""zones.gpkg: one table a zone set, with the styles that let it open coloured in QGIS."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from districttype.i18n import N_, translate
from districttype.indicators.registry import Indicator
from districttype.publish.columnwords import FOCUS_WORDS, PLAIN_COLUMNS
from districttype.publish.edition import Edition
from districttype.publish.focustables import focus_tables
from districttype.publish.legend import (
    BORDERLINE,
    LEGENDS,
    UNITS,
    UNKNOWN,
    FacetLegend,
    Label,
    palette,
    solution_colour,
)
from districttype.publish.stamp import attributions, stamp
from districttype.publish.tables import focus_table, plain, zone_table
from districttype.publish.templating import environment
from districttype.typology.rules import FACETS

# Tables beside the data: the styles as QGIS keeps them, and the schema extension of the
# standard, which holds what a column is called and what it means.
_TABLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
  f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
  owner TEXT(30), ui TEXT(30), update_time DATETIME);
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
  mime_type TEXT, constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
  min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
  scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
"""

_STYLE = (
    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column,"
    " styleName, styleQML, styleSLD, useAsDefault, description, owner, update_time)"
    " VALUES ('', '', ?, 'geom', ?, ?, '', ?, ?, '', ?)"
)

SOLVED = ("shortlist", "clusters", "blocks_in_need")
"""Tables of polygons coloured by their solution."""
MANY, WIDE, THIN = 1500, 0.26, 0.02
"""With more zones than this, white borders are thin, lest they pale the map; widths in mm."""
DETAIL, CONFIDENCE = N_("{facet}: detail"), N_("{facet}: confidence (0–1)")


def write_geopackage(edition: Edition, path: Path, language: str) -> None:
    """Write all zone sets, their styles, and the table of focus areas.

    The same edition gives the same bytes: every date in the file is the day the data are of.
    """
    day = f"{edition.layers.as_of:%Y-%m-%d}T00:00:00.000Z"
    with _dated(day):
        zones = {name: zone_table(result) for name, result in edition.results.items()}
        for name, table in zones.items():
            _write(table, path, name, edition, language)
        solved = focus_tables(edition, language)
        for name, table in solved.items():
            _write(table, path, name, edition, language)
        focus = focus_table(edition, language)
        if len(focus):
            pyogrio.write_dataframe(focus, path, layer="focus", driver="GPKG")
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(_TABLES)
        db.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change)"
            " VALUES ('layer_styles', 'attributes', 'layer_styles', ?)",
            (day,),
        )
        db.executemany(
            "INSERT OR IGNORE INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema',"
            " 'http://www.geopackage.org/spec121/#extension_schema', 'read-write')",
            [("gpkg_data_columns",), ("gpkg_data_column_constraints",)],
        )
        for name, table in zones.items():
            titles = aliases(table.columns.drop("geometry"), edition.registry, language)
            _describe(db, name, titles)
            border = THIN if len(table) > MANY else WIDE
            db.executemany(_STYLE, _styles(name, LEGENDS.values(), titles, language, border, day))
        for name, table in (solved | ({"focus": focus} if len(focus) else {})).items():
            titles = aliases(table.columns.drop("geometry", errors="ignore"), (), language)
            _describe(db, name, titles)
            if name in SOLVED:
                legends = [_solutions(edition, language)]
                db.executemany(_STYLE, _styles(name, legends, titles, language, THIN, day))


def _describe(db: sqlite3.Connection, table: str, titles: Mapping[str, str]) -> None:
    """Say what each column of a table holds."""
    db.executemany(
        "INSERT OR REPLACE INTO gpkg_data_columns (table_name, column_name, title, description)"
        " VALUES (?, ?, ?, ?)",
        [(table, column, title, title) for column, title in titles.items()],
    )


def _styles(
    table: str,
    legends: Iterable[FacetLegend],
    titles: Mapping[str, str],
    language: str,
    border: float,
    day: str,
) -> list[tuple[object, ...]]:
    """Return the rows of `layer_styles` of a table: a style a legend, the first by default."""
    return [
        (
            table,
            legend.id,
            style(legend, titles, language, border),
            n == 0,
            translate(legend.question, language),
            day,
        )
        for n, legend in enumerate(legends)
    ]


def _solutions(edition: Edition, language: str) -> FacetLegend:
    """Return the legend of a table whose rows are each of one solution."""
    known = edition.catalogue.solution_names() if edition.catalogue else {}
    drawn = tuple(
        Label(key, f"{key} {names.get(language, names['en'])}", solution_colour(key))
        for key, names in known.items()
    )
    return FacetLegend("solution", PLAIN_COLUMNS["focus"], PLAIN_COLUMNS["focus"], drawn, {})


def style(
    legend: FacetLegend, titles: Mapping[str, str], language: str, border: float = WIDE
) -> str:
    """Return the QGIS style (QML) of a facet: colour by label, paled where it is borderline.

    `border` is how wide the white line round a zone is, in mm.
    """
    labels = {label.id: translate(label.name, language) for label in legend.labels}
    categories = [
        {
            "id": key,
            "name": translate(label.name, language)
            if label.of == ""
            else f"{labels[label.of]}: {translate(label.name, language)}",
            "rgba": _rgba(label.colour),
            "hatched": key == UNKNOWN,
        }
        for key, label in palette(legend).items()
    ]
    column = f'"{legend.id}"'
    cases = " ".join(
        f"WHEN {column} = '{d.of}' AND regexp_match(\"{legend.id}_detail\", '\\\\b{d.id}\\\\b')"
        f" THEN '{d.of}.{d.id}'"
        for d in legend.details
    )
    expression = f"CASE {cases} ELSE {column} END"
    pale = f'CASE WHEN "{legend.id}_confidence" < {BORDERLINE} THEN 45 ELSE 100 END'
    return (
        environment()
        .get_template("style.qml")
        .render(
            aliases=titles,
            expression=expression if cases else legend.id,
            opacity=pale if legend.id in FACETS else "100",
            categories=categories,
            border=border,
        )
    )


def aliases(columns: pd.Index, registry: tuple[Indicator, ...], language: str) -> dict[str, str]:
    """Return what each column is called in a language, with its unit."""
    known = {indicator.name: indicator for indicator in registry}
    titles = {}
    for column in columns:
        stem, _, kind = column.rpartition("_")
        if column in known:
            title = translate(known[column].description, language)
            unit = UNITS[known[column].unit]
            title += f" ({translate(unit, language)})" if unit else ""
        elif column in PLAIN_COLUMNS:
            title = translate(PLAIN_COLUMNS[column], language)
        elif column in FOCUS_WORDS:
            title = translate(FOCUS_WORDS[column], language)
        elif column in LEGENDS:
            title = translate(LEGENDS[column].name, language)
        elif stem in FACETS and kind in {"detail", "confidence"}:
            name = translate(LEGENDS[stem].name, language)
            title = translate(DETAIL if kind == "detail" else CONFIDENCE, language).format(
                facet=name
            )
        else:
            title = column
        titles[str(column)] = title
    return titles


def _write(
    table: gpd.GeoDataFrame, path: Path, layer: str, edition: Edition, language: str
) -> None:
    warning = stamp(edition)
    metadata = {
        "TITLE": f"{edition.city.name}: {layer}",
        "DESCRIPTION": warning.text(language) if warning else "",
        "ATTRIBUTION": "; ".join(attributions(edition)),
        "AS_OF": edition.layers.as_of.isoformat(),
    }
    pyogrio.write_dataframe(
        plain(table),
        path,
        layer=layer,
        driver="GPKG",
        promote_to_multi=table.geom_type.ne("Point").any(),
        layer_metadata={key: value for key, value in metadata.items() if value},
        dataset_options={"VERSION": "1.3"} if not path.exists() else None,
        layer_options={
            "GEOMETRY_NAME": "geom",
            "IDENTIFIER": f"{edition.city.name}: {layer}",
            "DESCRIPTION": metadata["DESCRIPTION"],
        },
    )


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5)) + ",255"


@contextmanager
def _dated(day: str) -> Iterator[None]:
    """Let GDAL write `day` wherever it would write the time of the run."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": day})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
