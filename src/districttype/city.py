"""A city as one validated model, read from one TOML file."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, PrivateAttr, TypeAdapter, model_validator
from pyproj import CRS
from pyproj.exceptions import CRSError as ProjError

from districttype.errors import ConfigError
from districttype.i18n import LANGUAGES, require_language
from districttype.providers import (
    LayerProviders,
    Strict,
    read_layers_file,
    read_toml,
    validate,
)

GLOBAL_LAYERS = Path(str(files("districttype"))) / "providers" / "everywhere.toml"


def _metric(value: str) -> str:
    try:
        crs = CRS.from_user_input(value)
    except ProjError:
        raise ValueError(f"{value!r} is not a coordinate system that PROJ knows") from None
    if not crs.is_projected or crs.to_epsg() == 3857:
        raise ValueError(f"{value!r} ({crs.name}) is not metric; use the national grid or UTM zone")
    return value


def _spoken(languages: tuple[str, ...]) -> tuple[str, ...]:
    if not languages:
        raise ValueError("name one language at least")
    for language in languages:
        require_language(language)
    return languages


class Energy(Strict):
    """Climate and energy figures of a city, each with its source in the TOML file."""

    heating_degree_day_ratio: float = Field(
        default=1.0, gt=0, description="Degree days over those the demand table was made for"
    )
    pv_yield_kwh_per_kwp: float = Field(default=870.0, gt=0, description="Yearly PV yield")
    cooling_led: bool = Field(default=False, description="Cooling, not heating, leads the demand")
    heat_note: dict[str, str] = Field(
        default_factory=dict, description="The city's heating culture in a sentence; by language"
    )


class Osm(Strict):
    """Where OpenStreetMap and the global layers serve what no other provider does."""

    boundary: str = Field(description="The municipality's name in OpenStreetMap")
    levels: tuple[int, ...] = Field(
        default=(), description="Administrative levels of its parts, first choice first"
    )


class City(Strict):
    """One city: names, coordinate system, zone sets, local thresholds, and who provides what.

    Files that it names (`figures`, `places`, `expected_labels`, `catalogue`) lie beside the city
    file.
    """

    # Where the city file lies; no field, so that no output tells the folders of a machine.
    _folder: Path = PrivateAttr(default=Path())

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="Short name used in commands")
    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2 code")
    crs: Annotated[str, AfterValidator(_metric)] = Field(
        description="Metric coordinate system in which everything is measured, e.g. 'EPSG:3067'"
    )
    names: dict[str, str] = Field(min_length=1, description="The city's name by language")
    languages: Annotated[tuple[str, ...], AfterValidator(_spoken)] = Field(
        default=LANGUAGES, description="Languages of the maps, first one first shown"
    )
    local_language: str = Field(default="en", description="Language of the column `name`")
    grid_origin: tuple[float, float] = Field(
        default=(0.0, 0.0), description="A corner of the cell grid, in the city's CRS"
    )
    figures: str | None = Field(
        default=None,
        description="Published figures to reconstruct the city from: a set in the package, or a "
        "folder beside this file",
    )
    as_of: date | None = Field(
        default=None, description="The day of the figures; other data are of their own, or today"
    )
    places: str | None = Field(
        default=None, description="Gazetteer (CSV, beside this file) of names people use"
    )
    expected_labels: str | None = Field(
        default=None, description="Labels from outside (CSV, beside this file) that `validate` uses"
    )
    catalogue: str | None = Field(
        default=None,
        description="TOML file beside this one; its entries replace the packaged catalogue's",
    )
    thresholds: dict[str, dict[str, float]] = Field(
        default_factory=dict, description="facet.threshold = value that differs here"
    )
    energy: Energy = Energy()
    osm: Osm | None = Field(
        default=None,
        description="Ask OpenStreetMap and the global layers last, for every layer they serve",
    )
    layers: LayerProviders = Field(
        default_factory=dict, description="Per layer the live providers, first choice first"
    )

    @model_validator(mode="after")
    def _everywhere(self) -> Self:
        """Add the providers that serve any city, after those of the city."""
        if self.osm is not None:
            for layer, providers in _global_layers(self.osm).items():
                self.layers.setdefault(layer, []).extend(providers)
        return self

    @property
    def catalogue_file(self) -> Path | None:
        """Return the path of the city's own catalogue; None where it has none."""
        return None if self.catalogue is None else self.beside(self.catalogue)

    def beside(self, file: str) -> Path:
        """Return the path of a file that the city file names: a relative one lies beside it."""
        return self._folder / file

    def kept_in(self, folder: Path) -> Self:
        """Return the city with its files in a folder."""
        self._folder = folder.absolute()
        return self

    @property
    def name(self) -> str:
        """Return the city's name in its own language, or in the first one given."""
        return self.names.get(self.local_language) or next(iter(self.names.values()))


def _global_layers(osm: Osm) -> LayerProviders:
    layers = read_layers_file(GLOBAL_LAYERS)
    here = {"boundary": osm.boundary, "levels": list(osm.levels)}
    layers["districts"] = [p.model_copy(update=here) for p in layers["districts"]]
    return layers


def load_city(city: str) -> City:
    """Load a city by its id (a file of the package) or by the path of a TOML file.

    Raises
    ------
    ConfigError
        If there is no such city, or a key of its file is wrong: one line that names both.
    """
    path = Path(city)
    if path.suffix != ".toml":
        path = Path(str(files("districttype"))) / "cities" / f"{city}.toml"
        if not path.is_file():
            raise ConfigError(
                f"there is no city {city!r}",
                todo=f"known are {', '.join(known_cities())}; or give the path of a TOML file",
            )
    return validate(read_toml(path), TypeAdapter(City), where=str(path)).kept_in(path.parent)


def known_cities() -> list[str]:
    """Return the ids of the cities that come with the package."""
    folder = Path(str(files("districttype"))) / "cities"
    return sorted(path.stem for path in folder.glob("*.toml"))
