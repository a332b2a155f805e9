"""Options that several commands share, each written once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_type_hints

import typer

if TYPE_CHECKING:
    from districttype.city import City
    from districttype.lastrun import Run

RAW = Path("data/raw")
PROCESSED = Path("data/processed")


def _language(wanted: str | None) -> str | None:
    """Refuse a language that the program does not speak before anything is done."""
    if wanted is not None:
        from districttype.i18n import require_language

        require_language(wanted)
    return wanted


CityArg = Annotated[
    str, typer.Argument(metavar="CITY", help="A city's id (see `cities`) or its TOML file.")
]
ZoneArg = Annotated[
    str, typer.Argument(metavar="ZONE", help="A zone's id, or the name of a zone or place.")
]
DataOpt = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="auto, live, embedded, or a directory of files "
        "[classify: auto; else those of the last run].",
    ),
]
LayersOpt = Annotated[
    Path | None,
    typer.Option("--layers", help="For a directory: the file that says what serves which layer."),
]
RawOpt = Annotated[Path, typer.Option("--raw", help="Where fetched data are cached.")]
OutOpt = Annotated[
    Path | None, typer.Option("--out", help="Folder of the outputs [data/processed/CITY].")
]
LangOpt = Annotated[
    str, typer.Option("--lang", callback=_language, help="Language of the sentences.")
]
FirstLangOpt = Annotated[
    str | None, typer.Option("--lang", callback=_language, help="Language shown first.")
]
JsonOpt = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@dataclass(frozen=True)
class RunOptions:
    """The city a command is about, on which data it stands, and where its outputs are."""

    city: CityArg
    data: DataOpt = None
    layers: LayersOpt = None
    out: OutOpt = None
    raw: RawOpt = RAW

    def config(self) -> City:
        """Return the city's configuration."""
        from districttype.city import load_city

        return load_city(self.city)

    def folder(self) -> Path:
        """Return the folder of the city's outputs."""
        return self.out or PROCESSED / self.config().id

    def run(self) -> Run:
        """Return the last run that the outputs hold, or a new one of the data named."""
        from districttype.answers.runs import last_or_new

        return last_or_new(self.config(), self.folder(), self.data, self.layers, self.raw, say=say)


def takes_run_options(
    command: Callable[..., None], *, needs_city: bool = True
) -> Callable[..., None]:
    """Let a command take `RunOptions` whole, first: to typer they are options of its own."""
    hints = get_type_hints(RunOptions, include_extras=True)
    shared = [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=("" if not needs_city else Parameter.empty)
            if field.name == "city"
            else field.default,
            annotation=hints[field.name],
        )
        for field in fields(RunOptions)
    ]
    own = [
        parameter.replace(kind=Parameter.KEYWORD_ONLY)
        for parameter in list(signature(command, eval_str=True).parameters.values())[1:]
    ]

    @wraps(command)
    def with_options(**given: object) -> None:
        run_options = {parameter.name: given.pop(parameter.name) for parameter in shared}
        command(RunOptions(**run_options), **given)  # type: ignore[arg-type]

    with_options.__annotations__ = {p.name: p.annotation for p in (*shared, *own)}
    with_options.__signature__ = Signature([*shared, *own])  # type: ignore[attr-defined]
    return with_options


def say(line: str) -> None:
    """Tell what is being done, beside the answer."""
    typer.echo(line, err=True)
