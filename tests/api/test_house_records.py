"""What Master reads and sets of the house itself: dated figures, incidents, and who did what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from db import incidents, parameters
from db.session import Sessions
from domain.calendar import business_day
from domain.permissions import Role
from tests.api.conftest import Staff


async def test_a_figure_holds_from_its_day_on_and_says_where_it_comes_from(staff: Staff, sessions: Sessions):
    master = await staff("marta", Role.MASTER)
    today = business_day(datetime.now(UTC))
    tomorrow = today + timedelta(days=1)
    body = {"value": "40", "valid_from": tomorrow.isoformat(), "source": "Acta 14"}
    answer = await master.http.post("/api/staff/parameters/reward_code_pips", json=body)
    assert answer.status_code == 200
    assert (answer.json()["value"], answer.json()["history"][0]["value"]) == ("30", "40")
    async with sessions() as session:
        assert await parameters.value(session, "reward_code_pips", today) == Decimal(30)
        assert await parameters.value(session, "reward_code_pips", tomorrow) == Decimal(40)
    listed = (await master.http.get("/api/staff/parameters")).json()["items"]
    assert next(item for item in listed if item["name"] == "reward_code_pips")["source"] == "Acta 14"
    told = (await master.http.get("/api/staff/audit", params={"entity": "parameter", "actor_id": master.id})).json()
    assert told["items"][0]["changes"][0] == {"field": "value", "before": "30", "after": "40"}


async def test_a_figure_of_the_past_or_of_the_wrong_kind_changes_nothing(staff: Staff):
    master = await staff("marta", Role.MASTER)
    today = business_day(datetime.now(UTC))
    for value, day, field in (
        ("40", today - timedelta(days=1), "valid_from"),
        ("-1", today, "value"),
        ("1.5", today, "value"),
    ):
        body = {"value": value, "valid_from": day.isoformat(), "source": "Acta 14"}
        answer = await master.http.post("/api/staff/parameters/reward_code_pips", json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    listed = (await master.http.get("/api/staff/parameters")).json()["items"]
    assert not any(item["history"] for item in listed)


async def test_an_incident_is_closed_once_with_its_reason_and_opens_again_when_it_is_still_wrong(
    staff: Staff, sessions: Sessions
):
    master = await staff("marta", Role.MASTER)

    async def found() -> None:
        async with sessions.begin() as session:
            await incidents.open_incident(session, kind="desfase", subject="EXP-1010", detail="EXP-1010: no responde.")

    await found()
    await found()
    (incident,) = (await master.http.get("/api/staff/incidents")).json()["items"]
    address = f"/api/staff/incidents/{incident['id']}/close"
    closed = await master.http.post(address, json={"reason": "Se reinició el proceso."})
    assert closed.json()["closed_at"] is not None
    assert (await master.http.post(address, json={"reason": "Otra vez."})).status_code == 409
    told = (await master.http.get("/api/staff/audit", params={"action": "incidents.close"})).json()["items"]
    assert [(entry["actor_name"], entry["reason"]) for entry in told] == [("Marta", "Se reinició el proceso.")]
    await found()
    assert len((await master.http.get("/api/staff/incidents")).json()["items"]) == 1
    closed_ones = (await master.http.get("/api/staff/incidents", params={"open": "false"})).json()["items"]
    assert [item["id"] for item in closed_ones] == [incident["id"]]


async def test_only_master_reads_the_records_of_the_house(staff: Staff):
    trader = await staff("tania", Role.TRADER)
    for path in ("parameters", "incidents", "audit"):
        assert (await trader.http.get(f"/api/staff/{path}")).status_code == 403
