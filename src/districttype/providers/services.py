"""Providers that are read over the network, one model a protocol.

Addresses, parameters and headers may hold `${NAME}`: the environment variable of that name is put
in when a request is sent, and never written to a log, a manifest or an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from districttype.providers.base import Provider, Strict

GHSL_OBSERVED = 2020  # last year that is no projection in release R2023A


class Service(Provider):
    """What every service on the network says."""

    url: str = Field(description="Address of the service, without query parameters")
    params: dict[str, str] = Field(default_factory=dict, description="Query parameters of its own")
    headers: dict[str, str] = Field(default_factory=dict, description="HTTP headers of its own")
    id: str | None = Field(
        default=None,
        description="Column that identifies a row; without it, rows that are alike are duplicates",
    )
    latest: str | None = Field(
        default=None, description="Column with a date: of rows with one id the latest is kept"
    )
    at_least: int = Field(default=1, ge=0, description="Fewer rows than this are implausible")
    at_most: int | None = Field(
        default=None, description="More rows than this mean that a filter was not obeyed"
    )
    interval: float | None = Field(
        default=None, ge=0, description="Seconds between two requests to this service"
    )
    timeout: float = Field(default=90.0, gt=0, description="Seconds to wait for an answer to start")

    joins: list[Join] = Field(
        default_factory=list, description="Other providers that know more of the same things"
    )

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if not re.match(r"https?://", value):
            raise ValueError(f"{value!r} is no address of the form https://...")
        return value


class FeatureService(Service):
    """A service that gives rows with geometry, a page at a time."""

    filter: str = Field(default="", description="Filter in the language of the service")
    crs: str | None = Field(
        default=None, description="Coordinate system to ask for, and to assume where none is stated"
    )
    page: int = Field(default=5000, ge=1, description="Rows a request")


class Wfs(FeatureService):
    """A Web Feature Service (1.0.0, 1.1.0 or 2.0.0)."""

    source: Literal["wfs"]
    version: Literal["1.0.0", "1.1.0", "2.0.0"] = "2.0.0"
    type: str = Field(default="", description="Name of the feature type")
    newest: str = Field(
        default="",
        description=(
            "In place of `type`: a regular expression with a group `year` (and perhaps `part`); "
            "of the names that match it whole, the newest is read"
        ),
    )
    like: str = Field(
        default="",
        description=(
            "In place of `type`, where its name is not known for sure: a regular expression that "
            "one of the names matches whole, whatever its case"
        ),
    )
    format: str = Field(
        default="", description="Output format; left out: the best the service says it has"
    )
    bbox: Literal["suffix", "urn", "plain", "none"] = Field(
        default="suffix",
        description=(
            "How the box is written: with 'EPSG:3067' behind it, with the URN (and its axis "
            "order), plain, or not at all"
        ),
    )
    sort: str = Field(default="", description="Column to sort by, so that pages do not overlap")
    paging: bool | None = Field(
        default=None, description="Whether the service pages; left out: as its version says"
    )
    properties: list[str] = Field(
        default_factory=list, description="Only these columns (the geometry's among them)"
    )

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if sum(map(bool, (self.type, self.newest, self.like))) != 1:
            raise ValueError("give one of `type`, `newest` and `like`")
        if self.newest and "(?P<year>" not in self.newest:
            raise ValueError("`newest` needs a group named year: (?P<year>\\d{4})")
        return self


class OgcApi(FeatureService):
    """An OGC API Features service; `url` is the landing page."""

    source: Literal["ogcapi"]
    collection: str = Field(description="Identifier of the collection")
    filter_lang: Literal["cql-text", "cql2-text", "cql2-json"] = "cql-text"
    page: int = Field(default=3000, ge=1, description="Rows a request")


class ArcGis(FeatureService):
    """A layer of an ArcGIS REST map or feature service; `url` ends in MapServer or FeatureServer.

    Numbers of layers are not stable: the layer is found by name, and the number is what is left
    where no layer of that name is to be found.
    """

    source: Literal["arcgis"]
    layer: str = Field(default="", description="Regular expression of the layer's whole name")
    number: int | None = Field(default=None, description="The layer's number, as last seen")
    page: int = Field(default=2000, ge=1, description="Rows a request, at most the service's own")

    @model_validator(mode="after")
    def _some_name(self) -> Self:
        if not self.layer and self.number is None:
            raise ValueError("give `layer` (a name) or `number`, best both")
        return self


class Join(Strict):
    """Columns that another provider adds to the rows of the first, matched by an identifier."""

    on: str = Field(description="Column of the first provider with the identifier")
    to: str = Field(description="Column of the other provider with the same identifier")
    fill: dict[str, str] = Field(
        description=(
            "Column of the first = the other's column: gaps are filled, and where the first has no "
            "such column it gets one"
        )
    )
    zero_is_gap: list[str] = Field(
        default_factory=list, description="Columns of the first in which 0 means 'missing'"
    )
    provider: Annotated[Wfs | OgcApi | ArcGis, Field(discriminator="source")]


class Overpass(Service):
    """OpenStreetMap through an Overpass service and its mirrors."""

    source: Literal["overpass"]
    url: str = Field(default="https://overpass-api.de/api", description="The first service to ask")
    mirrors: list[str] = Field(
        default_factory=lambda: [
            "https://overpass.kumi.systems/api",
            "https://overpass.private.coffee/api",
            "https://maps.mail.ru/osm/tools/overpass/api",
        ],
        description="Services to ask where the first one fails, in this order",
    )
    timeout: float = Field(default=180.0, gt=0, description="Seconds the query may take")


class WebFile(Service):
    """A vector file (or a zip with one) that is fetched whole, then read as a file on disk."""

    source: Literal["webfile"]
    layer: str | None = Field(default=None, description="Layer in the file, where it has several")
    crs: str | None = Field(default=None, description="CRS, where the file states none or lies")
    x: str | None = Field(default=None, description="CSV: column with the easting or longitude")
    y: str | None = Field(default=None, description="CSV: column with the northing or latitude")
    encoding: str | None = Field(default=None, description="Text encoding, where it is not stated")


class WebOsm(Service):
    """An extract of OpenStreetMap (.osm.pbf) that is fetched whole, then read as a file on disk."""

    source: Literal["webosm"]


class Gtfs(Service):
    """A timetable (GTFS), fetched whole; one row a stop and mode with its departures."""

    source: Literal["gtfs"]
    modes: dict[str, str] = Field(
        default_factory=dict,
        description="Route type or short name of a route = mode, where the table of types errs",
    )
    peak: tuple[int, int] = Field(default=(7, 9), description="Hours between which the peak lies")


class Pixels(Service):
    """A raster of which only the city's window is read, or the windows of several tiles.

    `url` may hold `{tile}`, which stands for the name of each tile that the city touches. A tile
    that is not there is sea. What ends in .zip is fetched whole, once.
    """

    nodata: list[float] = Field(
        default_factory=list, description="Values that mean 'nothing known', beside the declared"
    )
    valid: tuple[float, float] | None = Field(
        default=None, description="Lowest and highest value there is; what lies outside is no data"
    )
    tiles: Literal["", "worldcover", "degree", "ghsl"] = Field(
        default="",
        description=(
            "How tiles are named: 'worldcover' (N60E024, of three degrees), 'degree' "
            "(N60_00_E024_00), 'ghsl' (R3_C20, in Mollweide), or '' for one file"
        ),
    )
    resolution: float | None = Field(
        default=None,
        gt=0,
        description=(
            "Pixel size to read, in metres; left out: the raster's own. Of classes the commonest "
            "is taken, of heights the mean"
        ),
    )
    crs: str | None = Field(default=None, description="CRS, where the file states none or lies")


class Raster(Pixels):
    """A raster of classes (a cloud-optimised GeoTIFF, or a VRT of many), drawn as polygons."""

    source: Literal["raster"]
    classes: dict[str, str] = Field(
        description="Class = values of the pixels, e.g. trees = '10,95' or '30-39'"
    )


class Grid(Pixels):
    """Numbers on the pixels of one raster or several: a row a pixel, a column a raster.

    `url` may hold `{band}`, which stands for what tells one raster from the next.
    """

    source: Literal["grid"]
    bands: dict[str, str] = Field(
        min_length=1,
        description=(
            "Column = what stands for {band} in the address, e.g. residents = '2020'; of GHSL no "
            "year after 2020, for what it holds of those is projected and not observed"
        ),
    )

    resolution: None = Field(
        default=None, description="The raster's own: a mean of counts would lose people"
    )

    @field_validator("bands", mode="before")
    @classmethod
    def _written(cls, value: Mapping[str, object]) -> dict[str, str]:
        return {name: str(band) for name, band in value.items()}

    @model_validator(mode="after")
    def _observed(self) -> Self:
        years = [band for band in self.bands.values() if re.fullmatch(r"\d{4}", band)]
        late = [year for year in years if int(year) > GHSL_OBSERVED]
        if self.tiles == "ghsl" and late:
            raise ValueError(
                f"{', '.join(late)} is a projection: GHSL observed no year after {GHSL_OBSERVED}"
            )
        return self


class WebTerrain(Pixels):
    """A model of heights on the web, of which the slope is taken, as of one on disk."""

    source: Literal["webterrain"]
    square: float = Field(
        default=100.0, ge=10, le=1000, description="Side of the squares whose slope is told, m"
    )

    @model_validator(mode="after")
    def _heights_only(self) -> Self:
        if self.resolution is not None and (self.nodata or self.valid is not None):
            raise ValueError(
                "`resolution` takes means, in which a value of `nodata` or outside `valid` can no "
                "longer be told from a height: leave it out"
            )
        return self


class Burned(Service):
    """Polygons of a WFS, too many to keep: read tile by tile, and burned into a raster of classes.

    `classes` names, class by class, regular expressions as `newest` of a WFS has them.
    """

    source: Literal["burned"]
    classes: dict[str, list[str]] = Field(
        description="Class = regular expressions of dated types, each with a group `year`"
    )
    crs: str = Field(description="Metric coordinate system to ask for and to burn in")
    geometry: str = Field(default="geom", description="Column of the geometry: the only one read")
    resolution: float = Field(default=20.0, gt=0, description="Size of a pixel, in metres")
    tile: float = Field(default=5000.0, gt=0, description="Side of a tile, in metres")
    page: int = Field(default=50_000, ge=1, description="Rows a request")


class Overture(Service):
    """Buildings of Overture Maps: of its latest release the city's rows."""

    source: Literal["overture"]
    url: str = Field(
        default="https://stac.overturemaps.org/catalog.json", description="Catalogue of releases"
    )
    bucket: str = Field(
        default="https://{bucket}.s3.us-west-2.amazonaws.com",
        description="Where the files of a bucket are to be had",
    )
    type: str = Field(default="building", description="Feature type")
    columns: dict[str, str] = Field(
        default={"building_id": "id", "use": "kind", "floors": "num_floors"},
        description="As of every entry; heights are left out, many being too low to be true",
    )
    tables: dict[str, str] = Field(default={"use": "overture_use"}, description="As of every entry")
    where: str = Field(default="is_underground != True", description="As of every entry")
    coverage: str = Field(default="whole", description="As of every entry")
    licence: str = Field(default="ODbL 1.0", description="As of every entry")
    attribution: str = Field(
        default="© OpenStreetMap contributors, Overture Maps Foundation",
        description="As of every entry",
    )
    note: str = Field(
        default="Where nobody has mapped a house, its outline is what a machine saw from above",
        description="As of every entry",
    )


class PxWeb(Service):
    """A table of a PxWeb statistical database; `url` ends in .px."""

    source: Literal["pxweb"]
    select: dict[str, list[str]] = Field(
        description=(
            "Variable (its text, its code without a date, or its role time, geo, metric) = "
            "values (texts or codes); 'last' is the newest, '*' is all"
        )
    )


for _model in (
    Service, FeatureService, Wfs, OgcApi, ArcGis, Join, Overpass, WebFile, WebOsm, Gtfs, Pixels,
):  # fmt: skip
    _model.model_rebuild()
