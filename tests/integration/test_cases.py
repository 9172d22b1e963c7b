"""A client on a restrictive list tries to operate: held, seen only by compliance, resolved, all in the audit."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.integration.people import Customer, Desk, Town, eventually
from tests.integration.running import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


async def _held(stack: Stack, town: Town, master: Desk) -> tuple[Customer, str, dict[str, Any]]:
    customer = await town.arrive()
    with psycopg.connect(stack.place["database_url"].replace("+psycopg", ""), autocommit=True) as connection:
        # As somebody who is on the invented lists of temporal-dev/lists.
        connection.execute(
            "UPDATE clients SET given_names = 'Arkadiy Semyonovich', paternal_surname = 'Volkov', maternal_surname = ''"
            " WHERE id = %s",
            [customer.id],
        )
    code = str((await customer.create())["codigo_operacion"])

    async def case() -> dict[str, Any] | None:
        found = (await master.get("/api/staff/cases?state=Pendiente"))["items"]
        held = any(entry["event"] == "hold" for entry in (await master.look(code))["events"])
        mine = (one for one in found if (one["client_id"], one["kind"]) == (customer.id, "lista"))
        return next(mine, None) if held else None

    return customer, code, await eventually(case, what="no case")


@pytest.mark.parametrize(("decision", "state"), [("liberar", "Pendiente"), ("confirmar", "Cancelado")])
async def test_an_officer_resolves_what_a_list_held_and_the_client_sees_nothing(
    stack: Stack, town: Town, master: Desk, decision: str, state: str
):
    customer, code, case = await _held(stack, town, master)
    assert (await customer.operations())[0]["estado"] == "pendiente"
    path = f"/api/staff/cases/{case['id']}"
    await master.get(path)
    assert (await master.post(f"{path}/take")).status_code == 200
    body = {"decision": decision, "resolution": "Revisado con su documento"}
    first = await master.post(f"{path}/decide", json=body)
    again = await master.post(f"{path}/decide", json=body)
    assert (first.status_code, again.status_code) == (200, 200), first.text
    seen = await master.look(code)
    assert seen["state"] == state
    told = "release_hold" if decision == "liberar" else "confirm_hold"
    assert [entry["event"] for entry in seen["events"]].count(told) == 1
    story = [entry["action"] for entry in again.json()["story"]]
    followed = "coincidencia descartada" if decision == "liberar" else "coincidencia confirmada"
    assert story == ["alerta", "alerta", "visto", "asignado", f"decisión: {decision}", followed]
    assert "Revisado con su documento" not in str(await customer.operations())


async def test_whoever_may_not_read_compliance_finds_no_case(stack: Stack, town: Town, master: Desk):
    _, _, case = await _held(stack, town, master)
    trader = next(one for one in stack.people["staff"] if one["role"] == "Trader")
    desk = await town.desk(trader["username"], trader["password"])
    for path in ("/api/staff/cases", f"/api/staff/cases/{case['id']}", "/api/staff/cases/999999"):
        assert (await desk.post("/api/staff/cases/1/take")).status_code == 404
        assert (await desk.http.get(path)).status_code == 404
