"""Providers: who publishes a layer and how it is read, as one validated table each.

The same models serve a city's TOML file (`[[layers.buildings]]`) and an analyst's `layers.toml`
(`[[buildings]]`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, TypeVar, get_args

from pydantic import Discriminator, Tag, TypeAdapter, ValidationError

from districttype.errors import ConfigError
from districttype.providers import base, services
from districttype.providers.base import (
    Mode,
    Provider,
    PublishedFigures,
    Strict,
    Terrain,
    VectorFile,
)
from districttype.providers.services import (
    ArcGis,
    Burned,
    FeatureService,
    Grid,
    Gtfs,
    Join,
    OgcApi,
    Overpass,
    Overture,
    Pixels,
    PxWeb,
    Raster,
    Service,
    WebFile,
    WebOsm,
    WebTerrain,
    Wfs,
)

T = TypeVar("T")


__all__ = [
    "PROTOCOLS",
    "AnyProvider",
    "ArcGis",
    "Burned",
    "FeatureService",
    "Grid",
    "Gtfs",
    "Join",
    "LayerProviders",
    "Mode",
    "OgcApi",
    "Overpass",
    "Overture",
    "Pixels",
    "Provider",
    "PublishedFigures",
    "PxWeb",
    "Raster",
    "Service",
    "Strict",
    "Terrain",
    "VectorFile",
    "WebFile",
    "WebOsm",
    "WebTerrain",
    "Wfs",
    "read_layers_file",
    "read_toml",
    "validate",
    "validate_toml",
]  # fmt: skip


def _protocols() -> dict[str, type[Provider]]:
    """Return the models of the protocols by the one word that each takes as its `source`."""
    found: dict[str, type[Provider]] = {}
    for model in [*vars(base).values(), *vars(services).values()]:
        if isinstance(model, type) and issubclass(model, Provider):
            words = get_args(model.model_fields["source"].annotation)
            found |= dict.fromkeys(words, model)
    return found


PROTOCOLS: Final = _protocols()


def _source(value: Any) -> str:
    """Tell the protocol of a table; where it says none, it is a file."""
    if isinstance(value, Mapping):
        return str(value.get("source", "vectorfile"))
    return str(getattr(value, "source", ""))


if TYPE_CHECKING:
    AnyProvider: TypeAlias = Provider
else:
    AnyProvider = Annotated[
        reduce(or_, (Annotated[model, Tag(name)] for name, model in PROTOCOLS.items())),
        Discriminator(
            _source,
            custom_error_type="source",
            custom_error_message="no such source; known are " + ", ".join(PROTOCOLS),
        ),
    ]
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
            f"{_key(fault['loc'])}: "
            + (
                "unknown key"
                if fault["type"] == "extra_forbidden"
                else fault["msg"].removeprefix("Value error, ")
            )
            for fault in error.errors(include_url=False)
        ]
        raise ConfigError("; ".join(faults), where=where) from None


def _key(location: tuple[int | str, ...]) -> str:
    """Write the place of a fault as it stands in the file: pydantic puts the protocol in it too."""
    parts = [
        str(part)
        for before, part in zip((None, *location), location, strict=False)
        if not (isinstance(before, int) and part in PROTOCOLS)
    ]
    return ".".join(parts) or "file"
