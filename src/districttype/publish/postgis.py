"""PostGIS as a target: the same tables in a database, all replaced together or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from districttype.errors import ConfigError, DistricttypeError
from districttype.publish.edition import Edition
from districttype.publish.geopackage import aliases
from districttype.publish.stamp import attributions, stamp
from districttype.publish.tables import focus_table, indicator_table, plain, zone_table

SCHEMA = "districttype"
MARK = "Made by districttype"
EXTRA = "pip install 'districttype[postgis]'"


def write_postgis(edition: Edition, address: str, language: str) -> list[str]:
    """Write all zone sets, the focus areas and the registry into a database.

    Tables are named after city and zone set (`districttype.espoo_districts`). One transaction
    replaces those that an earlier run made, and touches no other: a table of the same name that
    somebody else made is refused.

    Parameters
    ----------
    edition
        What the run found.
    address
        `postgresql://user:password@host:port/database`.
    language
        Language of sentences and of the columns' comments.

    Returns
    -------
    list[str]
        The tables, with their schema.

    Raises
    ------
    ConfigError
        If the address is no such address, or the extra is not installed.
    DistricttypeError
        If the database cannot be reached or refuses; no password is ever shown.
    """
    with _connected(address) as connection:
        return _write(edition, connection, language)


def check_postgis(address: str) -> None:
    """Raise what `write_postgis` would raise of an address, before a long run and not after it."""
    with _connected(address):
        pass


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Connect to a database for one transaction; whatever it refuses becomes one clear line."""
    try:
        import geoalchemy2  # noqa: F401, PLC0415 - an extra; geopandas needs it
        import psycopg  # noqa: F401, PLC0415 - an extra
        import sqlalchemy  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(f"{error.name} is missing", where="--to", todo=EXTRA) from None
    try:
        url = sqlalchemy.make_url(address)
    except sqlalchemy.exc.ArgumentError:
        url = None
    if url is None or not url.drivername.startswith("postgres"):
        raise ConfigError(
            "not the address of a PostgreSQL database",
            where="--to",
            todo="write postgresql://user@host/database",
        )
    engine = sqlalchemy.create_engine(url.set(drivername="postgresql+psycopg"))
    try:
        with engine.begin() as connection:
            yield connection
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise DistricttypeError(
            str(getattr(error, "orig", None) or error).strip().splitlines()[0],
            where=url.render_as_string(hide_password=True),
            todo="nothing in the database was changed",
        ) from None
    finally:
        engine.dispose()


def _write(edition: Edition, connection: Any, language: str) -> list[str]:
    from sqlalchemy import text  # noqa: PLC0415 - an extra

    connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    prefix = edition.city.id.replace("-", "_")
    tables: dict[str, pd.DataFrame] = {
        f"{prefix}_{_safe(name)}": zone_table(result) for name, result in edition.results.items()
    }
    tables[f"{prefix}_focus"] = focus_table(edition, language)
    tables[f"{prefix}_indicators"] = indicator_table(edition.registry)
    for name, table in tables.items():
        _drop(connection, name)
        if isinstance(table, gpd.GeoDataFrame):
            _write_zones(plain(table), name, connection)
        else:
            table.to_sql(name, connection, schema=SCHEMA, index=False)
        _comment(edition, connection, name, table, language)
    return [f"{SCHEMA}.{name}" for name in tables]


def _write_zones(table: gpd.GeoDataFrame, name: str, connection: Any) -> None:
    from geoalchemy2 import Geometry  # noqa: PLC0415 - an extra
    from sqlalchemy import text  # noqa: PLC0415 - an extra

    table = table.rename_geometry("geom")
    table["geom"] = gpd.GeoSeries(
        [s if s.geom_type == "MultiPolygon" else _multi(s) for s in table["geom"]], crs=table.crs
    )
    srid = table.crs.to_epsg() or 0
    table.to_postgis(
        name,
        connection,
        schema=SCHEMA,
        index=False,
        dtype={"geom": Geometry("MULTIPOLYGON", srid=srid)},
    )
    connection.execute(text(f'ALTER TABLE {SCHEMA}."{name}" ADD PRIMARY KEY (zone_id)'))


def _multi(shape: Any) -> Any:
    return shapely.multipolygons([shape])


def _drop(connection: Any, name: str) -> None:
    """Drop a table that an earlier run made; refuse one that it did not."""
    from sqlalchemy import text  # noqa: PLC0415 - an extra

    found = connection.execute(
        text("SELECT to_regclass(:name) IS NOT NULL, obj_description(to_regclass(:name))"),
        {"name": f'{SCHEMA}."{name}"'},
    ).one()
    if not found[0]:
        return
    if not str(found[1] or "").startswith(MARK):
        raise DistricttypeError(
            f"the table {SCHEMA}.{name} was not made by this program",
            where="--to",
            todo="rename it; nothing in the database was changed",
        )
    connection.execute(text(f'DROP TABLE {SCHEMA}."{name}"'))


def _comment(
    edition: Edition, connection: Any, name: str, table: pd.DataFrame, language: str
) -> None:
    """Say in the database what the table and its columns are, and where they come from."""
    from sqlalchemy import text  # noqa: PLC0415 - an extra

    warning = stamp(edition)
    parts = [f"{MARK}; data as of {edition.layers.as_of.isoformat()}"]
    parts += [warning.text(language)] if warning else []
    parts += attributions(edition)
    connection.execute(_commented(f'TABLE {SCHEMA}."{name}"', "; ".join(parts)))
    columns = table.columns.drop(["geometry", "geom"], errors="ignore")
    for column, title in aliases(columns, edition.registry, language).items():
        connection.execute(_commented(f'COLUMN {SCHEMA}."{name}"."{column}"', title))
    connection.execute(text(f'ANALYZE {SCHEMA}."{name}"'))


def _commented(what: str, words: str) -> Any:
    from sqlalchemy import text  # noqa: PLC0415 - an extra

    # A comment takes no parameters; the quotes of a literal are doubled, colons kept from binding.
    literal = words.replace("'", "''").replace(":", "\\:")
    return text(f"COMMENT ON {what} IS '{literal}'")


def _safe(name: str) -> str:
    """Return a zone set's name as an identifier needs it."""
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in name.lower())[:40]
