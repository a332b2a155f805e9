"""Timetables: departures counted by hand."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import shapely

from districttype.errors import SourceError, SourceTruncatedError
from districttype.providers import Gtfs
from districttype.sources.gtfs import mode_of, read_feed
from districttype.sources.registry import Wanted

FEED = {
    # One pole with two signs (bus and tram), a station of two platforms, a stop nobody calls at.
    "stops.txt": "stop_id,stop_code,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
    "a,E1,Aukio,60.18,24.82,0,\n"
    "b,E1,Aukio,60.18,24.82,0,\n"
    "p1,M1,Metro 1,60.1800,24.8300,0,st\n"
    "p2,M2,Metro 2,60.1802,24.8302,0,st\n"
    "st,M,Metro,60.18,24.83,1,\n"
    "z,E9,Pääte,60.19,24.84,0,\n"
    "idle,E8,Idle,60.19,24.85, ,\n"
    "0,X,Nowhere,0,0,0,\n",
    "routes.txt": "route_id,route_short_name,route_type\n"
    "R1,550,701\nR2,15,0\nR3,M1,1\nR4,Lento,1100\n",
    "trips.txt": "route_id,service_id,trip_id\nR1,wk,t1\nR1,wk,t2\nR1,sat,t9\nR2,wk,j1\nR3,wk,m1\n"
    "R3,wk,m2\nR4,wk,f1\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type\n"
    "t1,07:59:00,08:00:00,a,1,0\nt1,08:10:00,08:10:00,z,2,0\n"
    "t2,24:59:00,25:00:00,a,1,0\nt2,25:10:00,25:10:00,z,2,0\n"
    "t9,08:00:00,08:00:00,a,1,0\nt9,08:10:00,08:10:00,z,2,0\n"
    "j1,07:00:00,07:00:00,b,1,0\nj1,07:05:00,07:05:00,idle,2,1\nj1,07:10:00,07:10:00,z,3,0\n"
    "m1,08:59:59,08:59:59,p1,1,0\nm1,09:30:00,09:30:00,z,2,0\n"
    "m2,09:00:00,09:00:00,p2,1,0\nm2,09:30:00,09:30:00,z,2,0\n"
    "f1,08:00:00,08:00:00,a,1,0\nf1,09:00:00,09:00:00,z,2,0\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\nwk,1,1,1,1,1,0,0,20260302,20260315\nsat,0,0,0,0,0,1,0,20260302,20260315\n",
    "calendar_dates.txt": "service_id,date,exception_type\nwk,20260302,2\n",
    "feed_info.txt": "feed_publisher_name,feed_start_date\nHSL,20260302\n",
}


def feed(path: Path, **other: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (FEED | {k + ".txt": v for k, v in other.items()}).items():
            archive.writestr(name, "\ufeff" + text)
    return path


def provider(**more: object) -> Gtfs:
    return Gtfs.model_validate(
        {"provider": "HSL", "source": "gtfs", "url": "https://x.invalid/hsl.zip", **more}
    )


def test_departures_of_a_typical_weekday_by_hand(tmp_path: Path) -> None:
    raw = read_feed(feed(tmp_path / "f.zip"), provider(modes={"15": "light_rail"}), Wanted())
    got = {
        (row.stop_id, row.mode): (row.departures_day, row.departures_peak_hour)
        for row in raw.frame.itertuples()
    }
    assert got == {
        ("a", "bus"): (2, 0.5),  # one at 8, one an hour past midnight; the peak is two hours long
        ("b", "light_rail"): (1, 0.5),
        ("st", "metro"): (2, 0.5),  # 8:59:59 is in the peak, 9:00 is not
    }
    assert raw.notes == ("departures of Tuesday 2026-03-03",)  # the Monday was a holiday
    assert raw.vintage == "2026-03-02"
    station = raw.frame.set_index("stop_id").geometry["st"]
    assert station.distance(shapely.Point(24.8301, 60.1801)) < 1e-9
    assert raw.changes == {
        "stops without departures that day left out": 3,
        "routes of no mode of this layer left out": 1,
    }


def test_a_service_said_to_run_for_ever_does_not_choose_the_day(tmp_path: Path) -> None:
    calendar = FEED["calendar.txt"] + "ever,1,1,1,1,1,1,1,20000101,20991231\n"
    trips = FEED["trips.txt"] + "R1,ever,e1\n"
    times = FEED["stop_times.txt"] + "e1,12:00:00,12:00:00,a,1,0\ne1,12:10:00,12:10:00,z,2,0\n"
    path = feed(tmp_path / "f.zip", calendar=calendar, trips=trips, stop_times=times)
    raw = read_feed(path, provider(), Wanted())
    assert raw.notes == ("departures of Tuesday 2026-03-03",)
    bus = raw.frame[raw.frame["mode"] == "bus"].set_index("stop_id")
    assert bus["departures_day"]["a"] == 3  # two of the season, and the one that always runs
    only = calendar.splitlines()[0] + "\nwk,1,1,1,1,1,0,0,20000101,20991231\n"
    alone = read_feed(feed(tmp_path / "g.zip", calendar=only), provider(), Wanted())
    assert alone.frame.set_index("stop_id")["departures_day"]["st"] == 2


def test_headways_count_as_departures(tmp_path: Path) -> None:
    often = "trip_id,start_time,end_time,headway_secs\nm1,06:00:00,10:00:00,600\n"
    raw = read_feed(feed(tmp_path / "f.zip", frequencies=often), provider(), Wanted())
    metro = raw.frame[raw.frame["mode"] == "metro"].iloc[0]
    assert metro["departures_day"] == 24 + 1
    assert metro["departures_peak_hour"] == 6.0  # twelve from 7 to 9


def test_calls_between_timed_ones_count_in_the_hour_they_fall_in(tmp_path: Path) -> None:
    times = (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type\n"
        "t1,08:30:00,08:30:00,a,1,0\nt1,,,b,2,0\nt1,,,idle,3,0\nt1,09:30:00,09:30:00,z,4,0\n"
        "t2,06:00:00,06:00:00,a,1,0\nt2,,,b,2,0\nt2,06:30:00,06:30:00,z,3,0\n"
    )
    raw = read_feed(feed(tmp_path / "f.zip", stop_times=times), provider(), Wanted())
    day = raw.frame.set_index("stop_id")
    assert day["departures_day"].to_dict() == {"a": 2, "b": 2, "idle": 1}
    # Half past eight; ten to nine; ten past nine. What leaves at six is before the peak.
    assert day["departures_peak_hour"].to_dict() == {"a": 0.5, "b": 0.5, "idle": 0.0}


@pytest.mark.parametrize(
    ("number", "mode"),
    [("0", "tram"), ("1", "metro"), ("2", "rail"), ("3", "bus"), ("4", "ferry"), ("109", "rail"),
     ("700", "bus"), ("701", "bus"), ("702", "bus"), ("704", "bus"), ("900", "tram"),
     ("1000", "ferry"), ("401", "metro"), ("1100", None), ("", None)],
)  # fmt: skip
def test_extended_route_types(number: str, mode: str | None) -> None:
    assert mode_of(number) == mode


def test_only_the_wanted_area(tmp_path: Path) -> None:
    far = Wanted(area=shapely.box(26.0, 61.0, 26.1, 61.1))
    assert read_feed(feed(tmp_path / "f.zip"), provider(), far).frame.empty


def test_what_is_no_timetable_is_told(tmp_path: Path) -> None:
    path = feed(tmp_path / "f.zip")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SourceTruncatedError, match="no whole zip"):
        read_feed(path, provider(), Wanted())
    calendar = FEED["calendar.txt"].splitlines()[0] + "\n"
    with pytest.raises(SourceError, match="no weekday with departures"):
        read_feed(feed(tmp_path / "g.zip", calendar=calendar), provider(), Wanted())
    stops = FEED["stops.txt"].replace("stop_lon", "x")
    with pytest.raises(SourceError, match=r"no column stop_lon in stops\.txt"):
        read_feed(feed(tmp_path / "h.zip", stops=stops), provider(), Wanted())


@pytest.mark.parametrize(
    ("name", "stops"),
    [("hsl_gtfs_2022-02-22_consistent_subset", 8), ("hsl_gtfs_2022-02-22_r5py_test_broken", 9)],
)
def test_captured_feeds_of_hsl(shared: Path, name: str, stops: int) -> None:
    raw = read_feed(shared / "captures" / "gtfs" / f"{name}.zip", provider(), Wanted())
    assert set(raw.frame["mode"]) == {"tram"}
    assert len(raw.frame) == stops
    assert (raw.frame["departures_day"] == 62).all()
    assert raw.notes == ("departures of Wednesday 2022-02-23",)
