"""A rule from its draft to an operation that it holds, in the whole house."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.calendar import business_day
from tests.integration.people import Desk, Town, eventually
from tests.integration.running import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

# An amount that no other test of this house exchanges.
DEFINITION = {
    "name": "Monto de la prueba",
    "kind": "monitoreo",
    "severity": "Alta",
    "hold": True,
    "conditions": [{"test": "amount", "at_least": "777.01", "below": "777.02"}],
}


async def _done(desk: Desk, path: str, **body: Any) -> dict[str, Any]:
    answer = await desk.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_rule_published_by_a_second_person_holds_the_next_operation_until_it_is_resolved(
    stack: Stack, town: Town, master: Desk
):
    """No restart: the workers have had their rules in hand since the first operation of this house."""
    known = next(one for one in stack.people["staff"] if one["role"] == "Middle Office")
    officer = await town.desk(known["username"], known["password"])
    today = business_day(datetime.now(UTC))
    rule = await _done(officer, "/api/staff/rules", key="de-la-prueba", definition=DEFINITION)
    path = f"/api/staff/rules/{rule['id']}"
    period = {"since": str(today - timedelta(days=30)), "until": str(today)}
    assert (await _done(officer, f"{path}/back-test", **period))["result"]["alerts"] == 0
    await _done(master, f"{path}/publish")

    customer = await town.arrive()
    operation = await customer.create(dollars=777.01)
    code = str(operation["codigo_operacion"])

    async def alert() -> dict[str, Any] | None:
        held = any(entry["event"] == "hold" for entry in (await officer.look(code))["events"])
        found = (await officer.get("/api/staff/alerts?rule=de-la-prueba"))["items"]
        return next(iter(found), None) if held else None

    rung = await eventually(alert, what="no alert")
    assert (rung["operation_code"], rung["holds"]) == (code, True)
    assert rung["summary"] == "Monto de la prueba: monto de US$ 777.01."
    case = f"/api/staff/cases/{rung['case_id']}"
    await _done(officer, f"{case}/take")
    told = await _done(officer, f"{case}/decide", decision="liberar", resolution="Es una prueba")
    assert told["told_at"] is not None
    await customer.prove(operation)
    assert (await officer.look(code))["state"] == "En proceso"
    assert (await _done(officer, f"{path}/back-test", **period))["result"]["examples"] == [code]
    await _done(officer, f"{path}/retire", reason="Terminó la prueba")
