"""Which zones of the same or of another city are most like a zone, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from districttype.answers.runs import find_zones
from districttype.city import City
from districttype.errors import EmptyResultError
from districttype.i18n import N_, Message
from districttype.lastrun import Kept, Run
from districttype.typology.alike import Comparison
from districttype.zones.places import PLACES

BECAUSE = N_("{city}'s {zone} is most like {other_city}'s {other}, because both have {traits}")
GENERATED = N_("In {city} {layers} are drawn by rule, not how the city is")
NO_TRAITS = N_("{city}'s {zone} is most like {other_city}'s {other}; neither stands out")


def look_alikes(
    city: City, run: Run, zone: str, other: Kept, *, language: str = "en", n: int = 5
) -> dict[str, Any]:
    """Find the zones most like one zone.

    Parameters
    ----------
    city, run
        The city of the zone, and what its run found.
    zone
        A zone's id, or the name of a zone or place; a place of several zones is compared as one.
    other
        The run to look in; the same run for look-alikes within the city. Zones are compared with
        zones of the same set, and with districts where the other run has none or they are places.
    language
        Of the sentences.
    n
        How many.

    Returns
    -------
    dict
        city, zone_set, zone_id, name, `sentence` on the nearest, and `nearest`: per look-alike
        city, zone_set, zone_id, name, distance (root mean square difference in standard
        deviations) and traits (what both have alike); `cautions` name the layers of either city
        that are generated.

    Raises
    ------
    EmptyResultError
        If too little is known to compare the zone.
    """
    (zone_set, zone_id), *members = find_zones(city, run, zone)
    name = str(run.zones[zone_set].loc[zone_id, "name"])
    looked_in = zone_set if zone_set in other.indicators and zone_set != PLACES else "districts"
    of, among = run.indicators[zone_set], other.indicators[looked_in]
    if other is run and zone_set != looked_in:
        among = among.drop(index=[member for _, member in members])
    found = Comparison(of, among).nearest(zone_id, n)
    if not found:
        raise EmptyResultError(
            f"too little is known of {name} to compare it, or of all that it could be like",
            where="look-alikes",
            todo="add layers",
        )
    rows = [
        {
            "city": other.city_name(language),
            "zone_set": looked_in,
            "zone_id": alike.zone_id,
            "name": str(other.zones[looked_in].loc[alike.zone_id, "name"]),
            "distance": alike.distance,
            "traits": [trait.text(language) for trait in alike.traits],
        }
        for alike in found
    ]
    return {
        "city": run.city_name(language),
        "zone_set": zone_set,
        "zone_id": zone_id,
        "name": name,
        "sentence": _sentence(run.city_name(language), name, rows[0]).text(language),
        "nearest": rows,
        "cautions": [
            Message(GENERATED, {"city": name, "layers": layers}).text(language)
            for name, layers in {
                one.city_name(language): ", ".join(one.generated) for one in (run, other)
            }.items()
            if layers
        ],
    }


def _sentence(city: str, zone: str, nearest: Mapping[str, Any]) -> Message:
    named = {"city": city, "zone": zone, "other_city": nearest["city"], "other": nearest["name"]}
    if not nearest["traits"]:
        return Message(NO_TRAITS, named)
    return Message(BECAUSE, {**named, "traits": ", ".join(nearest["traits"])})


def look_alikes_text(answer: Mapping[str, Any]) -> str:
    """Return look-alikes as text for a terminal."""
    lines = [f"{answer['sentence']}.", *(f"{said}." for said in answer["cautions"]), ""]
    for row in answer["nearest"]:
        lines += [
            f"{row['distance']:.2f}  {row['name']} ({row['city']}, {row['zone_id']})",
            *(f"      {trait}" for trait in row["traits"]),
        ]
    return "\n".join(lines)
