"""The commands; the work is in `pipeline` and its stages, imported when a command needs them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from districttype import __version__
from districttype.errors import DistricttypeError

app = typer.Typer(
    name="districttype",
    help="Classify the districts of a city, and show where and with whom to co-create positive "
    "energy districts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

CityArg = Annotated[str, typer.Argument(help="A city's id (see `cities`) or its TOML file.")]
DataOpt = Annotated[
    str, typer.Option("--data", help="auto, live, embedded, or a directory of files.")
]
LayersOpt = Annotated[
    Path | None,
    typer.Option("--layers", help="For a directory: the file that says what serves which layer."),
]
RawOpt = Annotated[Path, typer.Option("--raw", help="Where fetched data are cached.")]
OutOpt = Annotated[Path | None, typer.Option("--out", help="Where to write [data/processed/CITY].")]
JsonOpt = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
RAW = Path("data/raw")
PROCESSED = Path("data/processed")


def main() -> NoReturn:
    """Run the command line: 0 done, 1 failed with one clear line, 2 wrong usage."""
    try:
        app()
    except DistricttypeError as error:
        print(f"districttype: {error}", file=sys.stderr)  # noqa: T201 - the one clear line
        sys.exit(1)
    except KeyboardInterrupt:
        print("districttype: stopped; nothing already written is lost", file=sys.stderr)  # noqa: T201
        sys.exit(130)
    sys.exit(0)


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"districttype {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    pass


@app.command()
def classify(
    city: CityArg,
    data: DataOpt = "auto",
    layers: LayersOpt = None,
    zones: Annotated[
        str,
        typer.Option(
            "--zones", help="Zone sets (districts,stations,blocks,cells) and polygon files."
        ),
    ] = "districts,stations,cells",
    out: OutOpt = None,
    raw: RawOpt = RAW,
    lang: Annotated[str | None, typer.Option("--lang", help="Language shown first.")] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Fetch anew what is cached.")] = False,
) -> None:
    """Classify a city's districts, and draw maps, tables and a report."""
    from districttype import pipeline
    from districttype.city import load_city

    config = load_city(city)
    folder = out or PROCESSED / config.id
    names, files = _split(zones)
    edition = pipeline.classify(
        config,
        data=data,
        layers_file=layers,
        zone_sets=names,
        zones_files=files,
        raw=raw,
        out=folder,
        language=lang,
        refresh=refresh,
        say=_say,
    )
    from districttype.publish.summary import summary

    typer.echo(summary(edition, folder))


def _split(zones: str) -> tuple[list[str], list[Path]]:
    parts = [part.strip() for part in zones.split(",") if part.strip()]
    files = [Path(part) for part in parts if "." in part or "/" in part]
    return [part for part in parts if Path(part) not in files], files


@app.command()
def explain(
    city: CityArg,
    zone: Annotated[str, typer.Argument(help="A zone's id, or the name of a zone or place.")],
    data: Annotated[
        str | None, typer.Option("--data", help="Classify these data instead of the last run's.")
    ] = None,
    layers: LayersOpt = None,
    out: OutOpt = None,
    raw: RawOpt = RAW,
    lang: Annotated[str, typer.Option("--lang", help="Language of the reasons.")] = "en",
    as_json: JsonOpt = False,
) -> None:
    """Say why a zone has its labels: indicators, thresholds, coverage, confidence, reason."""
    from districttype.city import load_city
    from districttype.explain import explain_text, explain_zone, last_or_new

    config = load_city(city)
    run = last_or_new(config, out or PROCESSED / config.id, data, layers, raw, say=_say)
    answer = explain_zone(config, run, zone, language=lang)
    typer.echo(_dump(answer) if as_json else explain_text(answer))


@app.command()
def validate(
    city: CityArg,
    labels: Annotated[
        Path | None, typer.Option("--labels", help="CSV with labels from outside.")
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", help="Classify these data instead of the last run's.")
    ] = None,
    layers: LayersOpt = None,
    out: OutOpt = None,
    raw: RawOpt = RAW,
    as_json: JsonOpt = False,
) -> None:
    """Compare the labels with labels that others give: agreement, kappa, disagreements."""
    from districttype.city import load_city
    from districttype.explain import last_or_new, validate_labels, validate_text

    config = load_city(city)
    run = last_or_new(config, out or PROCESSED / config.id, data, layers, raw, say=_say)
    report = validate_labels(config, run, labels)
    typer.echo(_dump(report) if as_json else validate_text(report))


@app.command()
def cities(as_json: JsonOpt = False) -> None:
    """List the cities that come with the program."""
    from districttype.city import known_cities, load_city

    rows = [
        {"id": c.id, "name": c.name, "country": c.country, "crs": c.crs}
        for c in map(load_city, known_cities())
    ]
    if as_json:
        typer.echo(_dump(rows))
    else:
        for row in rows:
            typer.echo(f"{row['id']:<12} {row['name']:<14} {row['country']}  {row['crs']}")


def _dump(answer: Any) -> str:
    return json.dumps(answer, ensure_ascii=False, indent=2, allow_nan=False)
