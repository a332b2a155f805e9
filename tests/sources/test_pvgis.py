"""PVGIS: the yield of a roof, out of answers as it gives them, and asked of a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from districttype.errors import SourceError, SourceUnavailableError
from districttype.sources.download import Session
from districttype.sources.pvgis import PVGIS, ask, yield_of
from servers.faulty import Server

TARTU = shapely.box(26.6, 58.3, 26.8, 58.4)


def answer(per_year: float, peak: float = 1.0, mounted: str = "fixed") -> dict[str, Any]:
    """Answer of the shape of PVcalc; losses by the spectrum are a string there."""
    totals = {"E_y": per_year, "H(i)_y": 1100.0, "l_spec": "?(0)"}
    return {
        "inputs": {"pv_module": {"peak_power": peak, "system_loss": 14.0}},
        "outputs": {"totals": {mounted: totals}},
    }


def captured(shared: Path, name: str) -> dict[str, Any]:
    (path,) = (shared / "captures" / "pvgis").glob(f"{name}*.json")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def test_captured_answer_of_50_kwp_is_told_for_one(shared: Path) -> None:
    assert yield_of(captured(shared, "PVcalc_v5_2_fixed")) == pytest.approx(90_419.86 / 50)


def test_0a_14_tracking_results_sit_under_their_own_name_and_are_no_roof(shared: Path) -> None:
    with pytest.raises(SourceError, match="mounted on vertical_axis, not fixed ones"):
        yield_of(captured(shared, "PVcalc_v5_1_vertical_axis"))


def test_0a_14_losses_by_the_spectrum_may_be_a_string() -> None:
    assert yield_of(answer(1862.0, peak=2.0)) == 931.0


def test_captured_answer_of_hours_has_no_yearly_yield(shared: Path) -> None:
    with pytest.raises(SourceError, match="gave no yearly yield"):
        yield_of(captured(shared, "seriescalc"))


def test_a_refusal_and_nonsense_are_told() -> None:
    sea = {"message": "Location over the sea. Please, select another location", "status": 400}
    with pytest.raises(SourceError, match="gave no yearly yield: Location over the sea"):
        yield_of(sea)
    with pytest.raises(SourceError, match="gave 9 kWh a year for 1 kWp; between 300 and 2600"):
        yield_of(answer(9.0))


def test_a_yield_that_is_no_number_is_told() -> None:
    with pytest.raises(SourceError, match="yield that is no number"):
        yield_of(answer(931.0, peak=0.0))
    without: dict[str, Any] = answer(931.0)
    del without["outputs"]["totals"]["fixed"]["E_y"]
    with pytest.raises(SourceError, match="yield that is no number"):
        yield_of(without)


def test_a_point_of_the_city_is_asked_for_at_the_best_tilt(server: Server, hasty: Session) -> None:
    asked: dict[str, str] = {}

    def say(call: Any) -> None:
        asked.update(call.query)
        call.reply(json.dumps(answer(931.0)).encode(), content_type="application/json")

    server.scripts["/PVcalc"] = say
    service = PVGIS.model_copy(update={"url": f"{server.url}/PVcalc"})
    assert ask(TARTU, hasty, service) == 931.0
    assert 26.6 < float(asked["lon"]) < 26.8
    assert 58.3 < float(asked["lat"]) < 58.4
    assert (asked["peakpower"], asked["loss"], asked["optimalangles"]) == ("1", "14", "1")


def test_a_service_that_is_down_is_told(server: Server, hasty: Session) -> None:
    server.scripts["/PVcalc"] = lambda call: call.reply(b"", 503)
    with pytest.raises(SourceUnavailableError):
        ask(TARTU, hasty, PVGIS.model_copy(update={"url": f"{server.url}/PVcalc"}))
