"""The commands; the work is in `pipeline` and `answers`, imported when a command needs them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from districttype import __version__
from districttype.errors import DistricttypeError
from districttype.options import (
    PROCESSED,
    RAW,
    CityArg,
    FirstLangOpt,
    JsonOpt,
    LangOpt,
    RawOpt,
    RunOptions,
    ZoneArg,
    say,
    takes_run_options,
)

if TYPE_CHECKING:
    from districttype.many import How

app = typer.Typer(
    name="districttype",
    help="Classify the districts of a city, and show where and with whom to co-create positive "
    "energy districts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


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
@partial(takes_run_options, needs_city=False)
def classify(
    options: RunOptions,
    zones: Annotated[
        str,
        typer.Option(
            "--zones", help="Zone sets (districts,stations,blocks,cells) and polygon files."
        ),
    ] = "districts,stations,cells",
    lang: FirstLangOpt = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="postgresql://USER@HOST/DATABASE",
            help="Write the tables into a PostGIS database too; PGPASSWORD may hold the password.",
        ),
    ] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Fetch anew what is cached.")] = False,
    model: Annotated[
        list[Path] | None,
        typer.Option(
            "--model", metavar="FILE", help="Label by what `learn` wrote, not by the rules."
        ),
    ] = None,
    cities: Annotated[
        str | None,
        typer.Option("--cities", help="In place of CITY: several, a comma between, or all."),
    ] = None,
    scheduler: Annotated[
        str,
        typer.Option(
            "--scheduler", help="Where several run: local, none, or a Dask scheduler (tcp://...)."
        ),
    ] = "local",
    tables_only: Annotated[
        bool, typer.Option("--tables-only", help="Write neither maps nor pages nor GeoPackage.")
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Of a local cluster.")] = 2,
) -> None:
    """Classify a city's districts, and draw maps, tables and a report."""
    from districttype import pipeline
    from districttype.publish.summary import summary

    if bool(options.city) == bool(cities):
        raise typer.BadParameter("name a city, or several with --cities")
    names, files = _split(zones)
    how: How = {
        "zone_sets": names,
        "raw": options.raw,
        "language": lang,
        "refresh": refresh,
        "models": model or (),
        "tables_only": tables_only,
    }
    if cities:
        of_one_city = {"--to": to, "--layers": options.layers, "a file in --zones": files}
        for option, given in of_one_city.items():
            if given:
                raise typer.BadParameter(f"{option} is for one city, not for --cities")
        _classify_several(cities, options, scheduler, workers, how)
        return
    edition = pipeline.classify(
        options.config(),
        data=options.data or "auto",
        layers_file=options.layers,
        zones_files=files,
        out=options.folder(),
        to=to,
        say=say,
        **how,
    )
    typer.echo(summary(edition, options.folder()))


def _classify_several(
    cities: str, options: RunOptions, scheduler: str, workers: int, how: How
) -> None:
    from districttype.many import classify_cities, named_cities

    out = options.out or PROCESSED
    outcomes = classify_cities(
        named_cities(cities),
        out,
        data=options.data or "auto",
        scheduler=scheduler,
        workers=workers,
        say=say,
        **how,
    )
    typer.echo(f"All cities: {out / ('cities.csv' if how['tables_only'] else 'cities.html')}")
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


def _split(zones: str) -> tuple[list[str], list[Path]]:
    parts = [part.strip() for part in zones.split(",") if part.strip()]
    files = [Path(part) for part in parts if "." in part or "/" in part]
    return [part for part in parts if Path(part) not in files], files


@app.command()
@takes_run_options
def explain(
    options: RunOptions, zone: ZoneArg, lang: LangOpt = "en", as_json: JsonOpt = False
) -> None:
    """Say why a zone has its labels: indicators, thresholds, coverage, confidence, reason."""
    from districttype.answers.explain import explain_text, explain_zone

    answer = explain_zone(options.config(), options.run(), zone, language=lang)
    _answer(answer, explain_text, as_json)


@app.command()
@takes_run_options
def validate(
    options: RunOptions,
    labels: Annotated[
        Path | None, typer.Option("--labels", help="CSV with labels from outside.")
    ] = None,
    as_json: JsonOpt = False,
) -> None:
    """Compare the labels with labels that others give: agreement, kappa, disagreements."""
    from districttype.answers.validate import validate_labels, validate_text

    _answer(validate_labels(options.config(), options.run(), labels), validate_text, as_json)


@app.command()
def changes(
    city: CityArg,
    before: Annotated[Path, typer.Option("--before", help="Outputs of a run on older data.")],
    after: Annotated[Path, typer.Option("--after", help="Outputs of a run on newer data.")],
    as_json: JsonOpt = False,
) -> None:
    """Say which labels differ between two runs, and whether the city or its map changed."""
    from districttype.answers.changes import changes as compare_runs
    from districttype.answers.changes import changes_text
    from districttype.answers.runs import run_in
    from districttype.city import load_city

    config = load_city(city)
    _answer(compare_runs(run_in(config, before), run_in(config, after)), changes_text, as_json)


@app.command()
def agree(
    city: CityArg,
    reference: Annotated[
        Path, typer.Option("--reference", help="Outputs of a run taken for true (a register's).")
    ],
    other: Annotated[
        Path, typer.Option("--with", help="Outputs of a run on other data (OpenStreetMap's).")
    ],
    zones: Annotated[
        str, typer.Option("--zones", help="Which zones to compare: districts, cells, ...")
    ] = "districts",
    as_json: JsonOpt = False,
) -> None:
    """Say how far two runs on different data agree on the same zones, and why they do not."""
    from districttype.answers.agree import agree as compare_runs
    from districttype.answers.agree import agree_text
    from districttype.answers.runs import run_in
    from districttype.city import load_city

    config = load_city(city)
    answer = compare_runs(run_in(config, reference), run_in(config, other), zones)
    _answer(answer, agree_text, as_json)


@app.command("new-city")
def new_city(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help='Name and country: "Tartu, Estonia".')
    ],
    extract: Annotated[
        Path | None,
        typer.Option("--extract", help="An OpenStreetMap extract that holds it (.osm.pbf)."),
    ] = None,
    to: Annotated[Path, typer.Option("--to", help="Folder for the file.")] = Path(),
) -> None:
    """Write the config file of a city of your own, and say what would make it better."""
    from districttype.answers.newcity import new_city as write

    typer.echo(write(name, to, extract=extract, say=say))


@app.command()
def fetch(
    city: CityArg,
    raw: RawOpt = RAW,
    refresh: Annotated[bool, typer.Option("--refresh", help="Fetch anew what is cached.")] = False,
    max_age: Annotated[
        float | None,
        typer.Option("--max-age", min=0, metavar="DAYS", help="Fetch anew what is older."),
    ] = None,
) -> None:
    """Fetch a city's live data into the cache."""
    from districttype.city import load_city
    from districttype.layers.live import fetch as fetch_all

    config = load_city(city)
    oldest = None if max_age is None else timedelta(days=max_age)
    found = fetch_all(config, raw / config.id, refresh=refresh, max_age=oldest, say=say)
    typer.echo(f"{len(found.layers)} layers of {config.name} are in {raw / config.id}")


@app.command()
def doctor(city: CityArg, as_json: JsonOpt = False) -> None:
    """Ask a city's live providers what they have now: which answer, how many rows, of what date."""
    from districttype.answers.doctor import checkups_text
    from districttype.city import load_city
    from districttype.layers.live import doctor as check

    checkups = check(load_city(city))
    _answer(checkups, checkups_text, as_json)
    if not any(checkup.answers for checkup in checkups):
        raise typer.Exit(1)


@app.command()
@takes_run_options
def learn(
    options: RunOptions,
    labels: Annotated[Path, typer.Option("--labels", help="CSV with the city's own labels.")],
    models: Annotated[
        Path | None, typer.Option("--models", help="Where to write the models [OUT/models].")
    ] = None,
    as_json: JsonOpt = False,
) -> None:
    """Learn labels from a city's own, test them block by block, and compare with the rules."""
    from districttype.answers.learn import learn_labels, learn_text

    folder = models or options.folder() / "models"
    report = learn_labels(options.config(), options.run(), labels, folder)
    _answer(report, learn_text, as_json)


@app.command()
@takes_run_options
def compare(
    options: RunOptions,
    zone: ZoneArg,
    with_city: Annotated[
        str | None, typer.Option("--with", metavar="CITY2", help="Look in another city.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="Look in the outputs of another run.")
    ] = None,
    lang: LangOpt = "en",
    as_json: JsonOpt = False,
) -> None:
    """Find the zones most like one, in the same city or in another, and say what they share."""
    from districttype.answers.compare import look_alikes, look_alikes_text
    from districttype.answers.runs import kept_in

    if with_city and to:
        raise typer.BadParameter("name a city or the outputs of a run, not both", param_hint="--to")
    run = options.run()
    if to is not None:
        other = kept_in(to)
    else:
        other = RunOptions(with_city, raw=options.raw).run() if with_city else run
    answer = look_alikes(options.config(), run, zone, other, language=lang)
    _answer(answer, look_alikes_text, as_json)


@app.command()
@takes_run_options
def workshop(
    options: RunOptions,
    zone: ZoneArg,
    solution: Annotated[str, typer.Argument(metavar="SOLUTION", help="A1 to A8.")],
    lang: FirstLangOpt = None,
) -> None:
    """Write the A3 sheet of one zone and one solution, of what the last run found."""
    from districttype.answers.workshop import write_sheet

    sheet = write_sheet(
        options.config(),
        options.folder(),
        zone,
        solution.upper(),
        data=options.data,
        layers=options.layers,
        raw=options.raw,
        language=lang,
        say=say,
    )
    typer.echo(str(sheet))


@app.command()
def cities(as_json: JsonOpt = False) -> None:
    """List the cities that come with the program."""
    from districttype.answers.texts import columns
    from districttype.city import known_cities, load_city

    rows = [
        {"id": c.id, "name": c.name, "country": c.country, "crs": c.crs}
        for c in map(load_city, known_cities())
    ]
    _answer(rows, lambda rows: "\n".join(columns([tuple(row.values()) for row in rows])), as_json)


def _answer(answer: Any, text: Callable[[Any], str], as_json: bool) -> None:
    if as_json:
        typer.echo(
            json.dumps(answer, ensure_ascii=False, indent=2, allow_nan=False, default=asdict)
        )
    else:
        typer.echo(text(answer))
