"""What 1 kWp of solar panels yields in a year at a place: PVGIS of the Joint Research Centre.

One small question a city, asked when its file is written: the answer is a number of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import shapely

from districttype.errors import SourceError
from districttype.providers import Service
from districttype.sources.download import Session
from districttype.sources.transfer import Request

PVGIS: Final = Service(
    provider="PVGIS (European Commission, Joint Research Centre)",
    url="https://re.jrc.ec.europa.eu/api/v5_3/PVcalc",
    licence="reuse with attribution",
    attribution="PVGIS © European Union",
    timeout=30,
)
LOSS: Final = 14  # per cent, of cables, inverter and dirt: PVGIS's own default
FIXED: Final = "fixed"
PLAUSIBLE: Final = (300.0, 2600.0)  # kWh of 1 kWp in a year, from Svalbard to the Atacama


def ask(place: shapely.Geometry, session: Session, service: Service = PVGIS) -> float:
    """Return what 1 kWp yields in a year at the best tilt, kWh.

    Parameters
    ----------
    place
        The city in WGS 84; a point of it is asked for.
    session
        What asks.
    service
        Whom, if not PVGIS itself.

    Raises
    ------
    SourceError
        If it does not answer, knows no sun there (the sea, high latitudes), or answers strangely.
    """
    point = shapely.point_on_surface(place)
    params = {
        "lat": f"{point.y:.4f}", "lon": f"{point.x:.4f}", "peakpower": "1", "loss": f"{LOSS}",
        "optimalangles": "1", "mountingplace": "building", "pvtechchoice": "crystSi",
        "outputformat": "json",
    }  # fmt: skip
    return yield_of(session.ask_json(Request(service.url, params=params), service))


def yield_of(document: Mapping[str, Any]) -> float:
    """Return kWh a year of 1 kWp out of an answer of PVcalc, whatever peak power it is of.

    Raises
    ------
    SourceError
        If the answer is of panels that follow the sun, of hours, or says nothing plausible.
    """
    where = PVGIS.provider
    try:
        totals = document["outputs"]["totals"]
        peak = float(document["inputs"]["pv_module"]["peak_power"])
    except (KeyError, TypeError, ValueError):
        said = str(document.get("message") or "") if isinstance(document, Mapping) else ""
        raise SourceError(
            f"gave no yearly yield{f': {said}' if said else ''}", where=where
        ) from None
    if FIXED not in totals:
        mounted = ", ".join(totals)
        raise SourceError(f"answered for panels mounted on {mounted}, not fixed ones", where=where)
    try:
        kwh = float(totals[FIXED]["E_y"]) / peak
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        raise SourceError("gave a yearly yield that is no number", where=where) from None
    low, high = PLAUSIBLE
    if not low <= kwh <= high:
        raise SourceError(
            f"gave {kwh:.0f} kWh a year for 1 kWp; between {low:.0f} and {high:.0f} is plausible",
            where=where,
        )
    return kwh
