"""What every provider says, whatever the protocol, and the models for files on disk."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Mode = Literal["bus", "tram", "light_rail", "metro", "rail", "ferry"]


class Strict(BaseModel):
    """A frozen model that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Provider(Strict):
    """What every provider says, whatever the protocol."""

    provider: str = Field(description="Who publishes the data, e.g. 'City of Espoo'")
    source: str = Field(default="", description="The protocol; left out: a file on disk")
    vintage: str = Field(default="", description="The data's own date, as the publisher states it")
    licence: str = Field(default="", description="Licence, e.g. 'CC BY 4.0'")
    attribution: str = Field(default="", description="The words the licence asks for")
    note: str = Field(default="", description="What a reader of the maps must know of these data")
    part: str = Field(
        default="",
        description=(
            "Providers of one part are alternatives, first choice first; the parts of a layer "
            "complement each other"
        ),
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description=(
            "Canonical column = the provider's column (found whatever its case); of several names "
            "('KERROSALA|KERALA') the first that is there"
        ),
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
    rules: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description=(
            "Canonical column = its words, each with a condition on the provider's columns, e.g. "
            "class = { clay = 'clay >= 350' }; of several that hold the first counts"
        ),
    )
    lacks: tuple[Mode, ...] = Field(
        default=(),
        description=(
            "Modes of stops that the provider does not publish, though the city has them: of those "
            "that no provider of the layer has it stays unknown how many there are"
        ),
    )
    where: str = Field(
        default="", description="Keep only rows for which this holds, e.g. \"kunta == '049'\""
    )
    radius: float | None = Field(
        default=None,
        gt=0,
        description="Metres round a point for which it stands in a layer of areas",
    )
    sentinels: list[float | str] = Field(
        default_factory=list, description="Values that mean 'missing' in every column"
    )
    levels: list[int] = Field(
        default_factory=list,
        description=(
            "Districts of OpenStreetMap: administrative levels to ask, first choice first; the "
            "first with enough named areas is taken"
        ),
    )
    boundary: str = Field(
        default="",
        description="Districts of OpenStreetMap: name of the municipality they must lie in",
    )
    coverage: str = Field(
        default="",
        description=(
            "Where the data are complete: 'whole' (the whole city), 'bounds' (the box the file "
            "states, or else that of its rows), 'hull' (convex hull of its rows), 'cells' (250 m "
            "cells with rows in them, and their neighbours), a box ('west south east "
            "north' in degrees or in the city's system), or the name of a polygon file. "
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


class Terrain(Provider):
    """A terrain model on disk (heights, in any raster GDAL reads), of which the slope is taken."""

    source: Literal["terrain"]
    file: str = Field(description="Path, relative to the data directory")
    crs: str | None = Field(default=None, description="CRS, where the file states none or lies")
    square: float = Field(
        default=100.0, ge=10, le=1000, description="Side of the squares whose slope is told, m"
    )


class PublishedFigures(Provider):
    """Figures that others published: the layer is drawn from them within the districts."""

    source: Literal["figures"]
    figures: str = Field(
        description="Set of figures in the package, e.g. 'leipzig', or a folder with districts.csv"
    )
