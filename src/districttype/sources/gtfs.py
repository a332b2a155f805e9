"""Timetables (GTFS): one row a stop and mode, with its departures on a typical weekday.

Read with pyarrow, which takes the eight million stop times of a large region in seconds and only
the columns asked for; gtfs-kit and partridge hold whole feeds in memory as text.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute, csv

from districttype.errors import SourceError, SourceTruncatedError
from districttype.providers import Gtfs, Provider
from districttype.sources.features import box_of, check_count
from districttype.sources.registry import WGS84, Raw, Wanted
from districttype.sources.webfile import fetch, of_answer

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
WEEK = (*DAYS, "saturday", "sunday")
# Basic types, and the ranges of the extended ones. HSL's feed has no type 3: its buses are 701 and
# 704, its trains 109. What is no transport of a city (air, taxi, lifts) has no mode.
BASIC = {0: "tram", 1: "metro", 2: "rail", 3: "bus", 4: "ferry", 5: "tram", 11: "bus",
         12: "light_rail"}  # fmt: skip
EXTENDED = (
    (100, 199, "rail"), (200, 299, "bus"), (300, 399, "rail"), (400, 404, "metro"),
    (405, 405, "light_rail"), (500, 699, "metro"), (700, 899, "bus"), (900, 999, "tram"),
    (1000, 1099, "ferry"), (1200, 1299, "ferry"),
)  # fmt: skip
LONGEST = timedelta(days=3 * 366)  # of a timetable
STATION_MODES = ("metro", "rail")
NEEDED = {
    "stops.txt": ("stop_id", "stop_name", "stop_lon", "stop_lat"),
    "trips.txt": ("trip_id", "route_id", "service_id"),
    "routes.txt": ("route_id", "route_type"),
    "frequencies.txt": ("trip_id", "start_time", "end_time", "headway_secs"),
}
UNSERVED = "stops without departures that day left out"
NO_PLACE = "stops without coordinates dropped"
NO_MODE = "routes of no mode of this layer left out"


def read(provider: Provider, directory: Path, wanted: Wanted) -> Raw:
    """Fetch a timetable and count departures.

    Raises
    ------
    SourceError
        If it cannot be had, is no timetable, or has no weekday with departures.
    """
    assert isinstance(provider, Gtfs)
    answer = fetch(provider, directory, ".zip")
    raw = read_feed(answer.path, provider, wanted)
    check_count(len(raw.frame), provider, wanted, provider.provider)
    return of_answer(raw, answer, provider)


def read_feed(path: Path, provider: Gtfs, wanted: Wanted) -> Raw:
    """Read a timetable on disk. See `read`."""
    where, changes = provider.provider, Counter[str]()
    try:
        with zipfile.ZipFile(path) as feed:
            if feed.testzip() is not None:
                raise SourceTruncatedError("is damaged", where=where)
            stops = _table(feed, "stops.txt", where)
            day, services = typical_day(
                _table(feed, "calendar.txt", where, must=False),
                _table(feed, "calendar_dates.txt", where, must=False),
                trips := _table(feed, "trips.txt", where),
                where=where,
            )
            routes = _table(feed, "routes.txt", where)
            frequencies = _table(feed, "frequencies.txt", where, must=False)
            running = trips[trips["service_id"].isin(services)]
            times = _times(feed, set(running["trip_id"]), where)
            info = _table(feed, "feed_info.txt", where, must=False)
    except zipfile.BadZipFile:
        raise SourceTruncatedError("is no whole zip file", where=where) from None
    leaving = _departures(times, frequencies)
    counted = _count(leaving, running, _modes(routes, provider, changes), provider.peak)
    frame = _stops(stops, counted, changes)
    box = box_of(wanted, WGS84)
    if box is not None:
        frame = frame.cx[box[0] : box[2], box[1] : box[3]].reset_index(drop=True)
    first = info.iloc[0].get("feed_start_date", "") if len(info) else ""
    raw = Raw(frame, vintage=_iso(str(first)), notes=(f"departures of {day:%A %Y-%m-%d}",))
    return replace(raw, changes={key: n for key, n in changes.items() if n})


def mode_of(route_type: str) -> str | None:
    """Return the mode of a route type, basic or extended; None for none of a city's."""
    if not route_type.strip().lstrip("-").isdigit():
        return None
    number = int(route_type)
    if number in BASIC:
        return BASIC[number]
    return next((mode for low, high, mode in EXTENDED if low <= number <= high), None)


def _table(feed: zipfile.ZipFile, name: str, where: str, *, must: bool = True) -> pd.DataFrame:
    found = _member(feed, name)
    if found is None:
        if must:
            raise SourceError(f"has no {name}: is it a timetable (GTFS)?", where=where)
        return pd.DataFrame()
    with feed.open(found) as stream:
        table = pd.read_csv(stream, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    table.columns = [str(column).strip() for column in table.columns]
    absent = [column for column in NEEDED.get(name, ()) if column not in table.columns]
    if absent:
        raise SourceError(f"has no column {', '.join(absent)} in {name}", where=where)
    return table.apply(lambda column: column.str.strip())


def _member(feed: zipfile.ZipFile, name: str) -> str | None:
    """Find a file, in a folder too: some feeds are packed with one."""
    return next((m for m in feed.namelist() if m.rpartition("/")[2] == name), None)


def _times(feed: zipfile.ZipFile, trips: set[str], where: str) -> pd.DataFrame:
    """Return the stop times of some trips, in seconds after the start of the day."""
    name = _member(feed, "stop_times.txt")
    if name is None:
        raise SourceError("has no stop_times.txt", where=where)
    wanted = [
        "trip_id",
        "stop_id",
        "stop_sequence",
        "departure_time",
        "arrival_time",
        "pickup_type",
    ]
    parts = []
    with feed.open(name) as stream:
        reader = csv.open_csv(
            stream,
            read_options=csv.ReadOptions(block_size=1 << 24),
            convert_options=csv.ConvertOptions(
                include_columns=wanted,
                include_missing_columns=True,
                column_types=dict.fromkeys(wanted, pa.string()),
                strings_can_be_null=False,
            ),
        )
        known = pa.array(sorted(trips), pa.string())
        for batch in reader:
            keep = compute.is_in(batch.column("trip_id"), value_set=known)
            parts.append(batch.filter(keep).to_pandas())
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=wanted)
    table["seconds"] = _seconds(table["departure_time"], table["arrival_time"])
    table["stop_sequence"] = pd.to_numeric(table["stop_sequence"], errors="coerce")
    return _between(table.drop(columns=["departure_time", "arrival_time"]))


def _between(times: pd.DataFrame) -> pd.DataFrame:
    """Spread calls without a time evenly between the timed calls of their trip.

    Only some calls of a trip need a time; without one a departure would count in the day but never
    in the peak hour.
    """
    if times["seconds"].notna().all():
        return times
    times = times.sort_values(["trip_id", "stop_sequence"], ignore_index=True)
    number = np.arange(len(times), dtype=float)
    timed = times["seconds"].notna()
    if not timed.any():
        return times
    even = np.interp(number, number[timed], times.loc[timed, "seconds"])
    trip = times["trip_id"].where(timed)
    inside = trip.ffill().eq(times["trip_id"]) & trip.bfill().eq(times["trip_id"])
    return times.assign(seconds=times["seconds"].where(~inside, even))


def _seconds(*columns: pd.Series) -> np.ndarray:
    """Return seconds after the start of the day (more than 86,400 after midnight); NaN for none."""
    found = np.full(len(columns[0]), np.nan)
    for column in columns:
        parts = column.fillna("").str.strip().str.extract(r"^(\d{1,3}):(\d{2})(?::(\d{2}))?$")
        value = parts.fillna({2: "0"}).apply(pd.to_numeric, errors="coerce").to_numpy(float)
        found = np.where(np.isnan(found), value @ np.array([3600.0, 60.0, 1.0]), found)
    return found


def typical_day(
    calendar: pd.DataFrame, exceptions: pd.DataFrame, trips: pd.DataFrame, *, where: str
) -> tuple[date, set[str]]:
    """Return the weekday whose number of trips is the median of all weekdays, and its services.

    Monday to Friday, holidays among them, weigh little in a median; the first such day is taken.

    Raises
    ------
    SourceError
        If no weekday has a trip.
    """
    running: dict[date, set[str]] = {}
    for service, weekdays, first, last in _seasons(calendar):
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            if WEEK[day.weekday()] in weekdays:
                running.setdefault(day, set()).add(service)
    for row in exceptions.to_dict("records"):
        on = _date(row.get("date", ""))
        if on is None:
            continue
        if row.get("exception_type") == "1":
            running.setdefault(on, set()).add(row["service_id"])
        else:
            running.get(on, set()).discard(row["service_id"])
    each = trips["service_id"].value_counts()
    totals = {
        day: int(each.reindex(list(services)).fillna(0).sum())
        for day, services in sorted(running.items())
        if day.weekday() < 5
    }
    totals = {day: total for day, total in totals.items() if total}
    if not totals:
        raise SourceError("has no weekday with departures", where=where, todo="is it still valid?")
    median = sorted(totals.values())[len(totals) // 2]
    day = next(day for day, total in totals.items() if total == median)
    return day, running[day]


def _seasons(calendar: pd.DataFrame) -> list[tuple[str, set[str], date, date]]:
    """Return services with their weekdays, first and last day.

    What is said to run for ever, '2000 to 2099', runs as long as the others do: else the median
    would be that of years in which it runs alone.
    """
    found = [
        (row["service_id"], {day for day in WEEK if row.get(day) == "1"}, first, last)
        for row in calendar.to_dict("records")
        if (first := _date(row.get("start_date", ""))) is not None
        and (last := _date(row.get("end_date", ""))) is not None
    ]
    seasons = [(first, last) for *_, first, last in found if last - first <= LONGEST]
    begin = min((first for first, _ in seasons), default=date.min)
    end = max((last for _, last in seasons), default=date.max)
    return [
        (service, days, first, last)
        if last - first <= LONGEST
        else (service, days, max(first, begin), min(last, end, max(first, begin) + LONGEST))
        for service, days, first, last in found
    ]


def _date(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def _iso(text: str) -> str:
    day = _date(text)
    return day.isoformat() if day else ""


def _departures(times: pd.DataFrame, frequencies: pd.DataFrame) -> pd.DataFrame:
    """Leave out where a trip ends and where nobody may board; repeat what runs by headway."""
    last = times.groupby("trip_id")["stop_sequence"].transform("max")
    first = times.groupby("trip_id")["seconds"].transform("min")
    board = times["pickup_type"].fillna("").str.strip().ne("1")
    leaving = times.assign(first=first)[(times["stop_sequence"] < last) & board]
    if frequencies.empty:
        return leaving
    often = frequencies[frequencies["trip_id"].isin(set(times["trip_id"]))]
    start, end = _seconds(often["start_time"]), _seconds(often["end_time"])
    headway = pd.to_numeric(often["headway_secs"], errors="coerce").to_numpy(float)
    runs = np.nan_to_num(np.ceil((end - start) / headway)).clip(0).astype(int)
    begun = pd.DataFrame(
        {
            "trip_id": np.repeat(often["trip_id"].to_numpy(), runs),
            "begins": np.repeat(start, runs)
            + np.concatenate(
                [np.arange(n) * h for n, h in zip(runs, headway, strict=True)] or [[]]
            ),
        }
    )
    by_headway = leaving.merge(begun, on="trip_id")
    by_headway["seconds"] += by_headway["begins"] - by_headway["first"]
    plain = leaving[~leaving["trip_id"].isin(set(often["trip_id"]))]
    return pd.concat([plain, by_headway.drop(columns="begins")], ignore_index=True)


def _modes(routes: pd.DataFrame, provider: Gtfs, changes: Counter[str]) -> pd.Series:
    """Return the mode of each route by its id: by short name, then type as the provider says."""
    names = routes.get("route_short_name", pd.Series("", routes.index))
    mode = routes["route_type"].map(mode_of)
    told = routes["route_type"].map(provider.modes)
    named = names.map(provider.modes)
    mode = named.where(named.notna(), told.where(told.notna(), mode))
    changes[NO_MODE] += int(mode.isna().sum())
    return pd.Series(mode.to_numpy(), routes["route_id"])


def _count(
    leaving: pd.DataFrame, trips: pd.DataFrame, modes: pd.Series, peak: tuple[int, int]
) -> pd.DataFrame:
    route = pd.Series(trips["route_id"].to_numpy(), trips["trip_id"].to_numpy())
    table = leaving.assign(mode=leaving["trip_id"].map(route[~route.index.duplicated()]).map(
        modes[~modes.index.duplicated()]
    ))  # fmt: skip
    table = table[table["mode"].notna()]
    inside = table["seconds"].between(peak[0] * 3600, peak[1] * 3600, inclusive="left")
    counted = table.assign(peak=inside).groupby(["stop_id", "mode"], as_index=False).agg(
        departures_day=("peak", "size"), peak=("peak", "sum")
    )  # fmt: skip
    counted["departures_peak_hour"] = counted["peak"] / max(1, peak[1] - peak[0])
    return counted.drop(columns="peak")


def _stops(stops: pd.DataFrame, counted: pd.DataFrame, changes: Counter[str]) -> gpd.GeoDataFrame:
    """Put departures on the map; the platforms of a metro or railway station are one row."""
    stops = stops.drop_duplicates("stop_id").set_index("stop_id")
    lon = pd.to_numeric(stops["stop_lon"], errors="coerce")
    lat = pd.to_numeric(stops["stop_lat"], errors="coerce")
    known = lon.abs().le(180) & lat.abs().le(90) & ~(lon.eq(0) & lat.eq(0))
    parent = stops.get("parent_station", pd.Series("", stops.index)).replace("", None)
    table = counted.join(
        pd.DataFrame({"name": stops["stop_name"], "parent": parent, "lon": lon.where(known),
                      "lat": lat.where(known)}), on="stop_id",
    )  # fmt: skip
    changes[NO_PLACE] += int(table["lon"].isna().sum())
    platforms = stops.get("location_type", pd.Series("", stops.index)).isin(["", "0"])
    changes[UNSERVED] += int((platforms & ~stops.index.isin(set(counted["stop_id"]))).sum())
    table = table[table["lon"].notna()]
    station = table["mode"].isin(STATION_MODES) & table["parent"].notna()
    table["stop_id"] = table["stop_id"].where(~station, table["parent"])
    merged = table.groupby(["stop_id", "mode"], as_index=False, sort=False).agg(
        name=("name", "first"), departures_day=("departures_day", "sum"),
        departures_peak_hour=("departures_peak_hour", "sum"), lon=("lon", "mean"),
        lat=("lat", "mean"),
    )  # fmt: skip
    place = gpd.points_from_xy(merged["lon"], merged["lat"])
    return gpd.GeoDataFrame(merged.drop(columns=["lon", "lat"]), geometry=place, crs=4326)
