"""Providers: who publishes a layer and how it is read, as one validated table each.

The same models serve a city's TOML file (`[[layers.buildings]]`) and an analyst's `layers.toml`
(`[[buildings]]`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from districttype.errors import ConfigError

T = TypeVar("T")


class Strict(BaseModel):
    """A frozen model that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Provider(Strict):
    """What every provider says, whatever the protocol."""

    provider: str = Field(description="Who publishes the data, e.g. 'City of Espoo'")
    vintage: str = Field(default="", description="The data's own date, as the publisher states it")
    licence: str = Field(default="", description="Licence, e.g. 'CC BY 4.0'")
    attribution: str = Field(default="", description="The words the licence asks for")
    note: str = Field(default="", description="What a reader of the maps must know of these data")
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="Canonical column = the provider's column (found whatever its case)",
    )
    values: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="Canonical column = one value for every row"
    )
    tables: dict[str, str] = Field(
        default_factory=dict,
        description=(
            "Canonical column = the code table its values are translated with, e.g. "
            "use = 'finland_2018'; 'osm' reads the tags of OpenStreetMap"
        ),
    )
    where: str = Field(
        default="", description="Keep only rows for which this holds, e.g. \"kunta == '049'\""
    )
    sentinels: list[float | str] = Field(
        default_factory=list, description="Values that mean 'missing' in every column"
    )
    coverage: str = Field(
        default="",
        description=(
            "Where the data are complete: 'whole' (the whole city), 'bounds' (the box the file "
            "states, or else that of its rows), 'hull' (convex hull of its rows), 'cells' (250 m "
            "cells with rows in them, and their neighbours), or the name of a polygon file. "
            "Left out: 'bounds' for an OSM extract that states its box, 'cells' for other "
            "buildings, 'whole' for every other layer."
        ),
    )


class VectorFile(Provider):
    """A file on disk that GDAL, pyarrow or osmium can read."""

    source: Literal["vectorfile"] = "vectorfile"
    file: str = Field(description="Path, relative to the data directory")
    layer: str | None = Field(default=None, description="Layer in the file, where it has several")
    crs: str | None = Field(default=None, description="CRS, where the file states none or lies")
    x: str | None = Field(default=None, description="CSV: column with the easting or longitude")
    y: str | None = Field(default=None, description="CSV: column with the northing or latitude")
    encoding: str | None = Field(default=None, description="Text encoding, where it is not stated")


AnyProvider = Annotated[VectorFile, Field(discriminator=None)]
LayerProviders = dict[str, list[AnyProvider]]


def read_layers_file(path: Path) -> LayerProviders:
    """Read a `layers.toml`: which file and which columns serve which layer.

    Raises
    ------
    ConfigError
        If it is not there, is no TOML, or has a key that is wrong: one line that names both.
    """
    return validate_toml(path, TypeAdapter(LayerProviders))


def validate_toml(path: Path, model: TypeAdapter[T]) -> T:
    """Read a TOML file into a model, or say in one line what is wrong with it."""
    return validate(read_toml(path), model, where=path.name)


def read_toml(path: Path) -> Mapping[str, Any]:
    """Read a TOML file, or say in one line why it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError("no such file", where=str(path)) from None
    except OSError as error:
        raise ConfigError(error.strerror or str(error), where=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not valid TOML: {error}", where=str(path)) from None


def validate(data: Mapping[str, Any], model: TypeAdapter[T], *, where: str) -> T:
    """Validate a mapping, or say in one line which keys are wrong and why."""
    try:
        return model.validate_python(data)
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc']) or 'file'}: "
            + ("unknown key" if fault["type"] == "extra_forbidden" else fault["msg"])
            for fault in error.errors(include_url=False)
        ]
        raise ConfigError("; ".join(faults), where=where) from None
