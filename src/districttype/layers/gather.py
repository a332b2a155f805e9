"""Which data a run stands on: live, cached, a directory of files, or the embedded figures.

Decided once for the whole run. Live and reconstructed layers are never mixed: if districts or
buildings cannot be had live, the run is embedded; if a lesser layer cannot, its facets are unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from districttype.city import City
from districttype.errors import ConfigError, DistricttypeError, SourceUnavailableError
from districttype.layers.collect import Fall, Say, collect
from districttype.layers.layer import Layers
from districttype.layers.live import NO_NETWORK, QUICK, collect_live, reachable
from districttype.layers.reconstructed import embedded_layers
from districttype.layers.schema import LAYER_NAMES
from districttype.layers.shelf import Room
from districttype.layers.standing import standing_line
from districttype.providers import read_layers_file
from districttype.sources.download import Policy

MUST = ("districts", "buildings")  # without these live data are no use


KINDS = ("auto", "live", "embedded")  # of data; whatever else is named is a directory


@dataclass(frozen=True)
class Gathered:
    """The layers of a run and where they stand.

    `line` says it in one sentence, `reports` holds what imputation learnt per layer, `falls` the
    providers that could not be had and why, and `missing` the layers that none could give.
    """

    layers: Layers
    kind: str
    line: str
    embedded: bool = False
    reports: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    falls: Sequence[Fall] = ()

    @property
    def missing(self) -> list[str]:
        """Return the layers that could not be had."""
        return [name for name in LAYER_NAMES if name not in self.layers]


def gather(
    city: City,
    data: str,
    *,
    layers_file: Path | None = None,
    raw: Path,
    refresh: bool = False,
    room: Room | None = None,
    say: Say = lambda _: None,
) -> Gathered:
    """Gather the layers that `data` names.

    Parameters
    ----------
    city
        The city's configuration.
    data
        `auto`, `live`, `embedded`, or a directory.
    layers_file
        For a directory: which file serves which layer.
    raw
        Cache of what was fetched.
    refresh
        Fetch anew what is cached.
    room
        Where rows are laid down that are too many to be held; None holds all, however many.
    say
        Told when live data cannot be had and why.

    Raises
    ------
    ConfigError
        If `data` names nothing, or the city has no embedded figures.
    SourceError
        If live data were asked for and cannot be had; never a fall-back then.
    """
    if layers_file is not None and data in KINDS:
        raise ConfigError(
            "says which files of a directory serve which layer, and there is none",
            where=f"--layers {layers_file}",
            todo="name the directory with --data DIR",
        )
    if data == "embedded":
        return _embedded(city, "asked for", raw / city.id)
    if data == "live":
        return _live(city, raw / city.id, refresh=refresh, room=room, say=say)
    if data == "auto":
        return _auto(city, raw / city.id, refresh=refresh, room=room, say=say)
    directory = Path(data)
    if not directory.is_dir():
        raise ConfigError(
            f"{data!r} is neither auto, live, embedded nor a directory",
            where="--data",
            todo="name a directory that exists",
        )
    file = layers_file or directory / "layers.toml"
    if not file.is_file():
        raise ConfigError(
            "no such file",
            where=str(file),
            todo="write a layers.toml that says which file serves which layer, or name one "
            "with --layers",
        )
    found = collect(city, read_layers_file(file), directory, room=room, say=say)
    line = f"Data: files in {directory.resolve().name} as {file.name} says"
    return Gathered(
        found.layers, "files", _with_standing(line, found.layers), reports=found.reports
    )


def _with_standing(line: str, layers: Layers) -> str:
    """Add which layers are real, published figures or generated, where they differ."""
    said = standing_line(layers)
    return f"{line}; {said}" if said else line


def _embedded(city: City, why: str, raw: Path) -> Gathered:
    if city.figures is None:
        raise ConfigError(
            f"there are no embedded figures of {city.name}",
            where="--data",
            todo="use --data live, or --data DIR with files of your own",
        )
    line = f"Data: {city.name} reconstructed from published figures ({why}), not for single plots"
    layers = embedded_layers(city, raw=raw)
    return Gathered(layers, "embedded", _with_standing(line, layers), embedded=True)


def _live(
    city: City,
    raw: Path,
    *,
    refresh: bool,
    room: Room | None,
    say: Say,
    policy: Policy | None = None,
) -> Gathered:
    if not city.layers:
        raise ConfigError(
            f"the file of {city.name} names no live provider",
            where="--data",
            todo="use --data embedded, or --data DIR with files of your own",
        )
    found = collect_live(city, raw, refresh=refresh, policy=policy, room=room, say=say)
    layers = found.layers
    absent = [name for name in MUST if name not in layers]
    if absent:
        raise SourceUnavailableError(
            f"{' and '.join(absent)} could not be had from any provider",
            where=f"--data live, {city.name}",
            todo="see which services answer with: districttype doctor " + city.id,
        )
    line = f"Data: {city.name} from live services and their cache"
    return Gathered(layers, "live", line, reports=found.reports, falls=found.falls)


def _auto(city: City, raw: Path, *, refresh: bool, room: Room | None, say: Say) -> Gathered:
    if not city.layers:
        return _embedded(city, "no live provider is configured", raw)
    if city.figures is not None and not reachable(city, raw):
        return _embedded(city, NO_NETWORK, raw)
    try:
        return _live(city, raw, refresh=refresh, room=room, say=say, policy=QUICK)
    except DistricttypeError as error:
        if city.figures is None:
            raise
        say(f"Live data cannot be had: {error}")
        return _embedded(city, "live districts or buildings cannot be had", raw)
