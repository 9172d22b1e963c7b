"""Whoever stands on a list and wants to operate, on the whole house: held, resolved by the officer, all told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from temporalio.client import Client

from tests.integration.people import Customer, Desk, Town, eventually, new_key
from tests.integration.running import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

SECRET = ("lista", "coincidencia", "cumplimiento", "ofac", "volkov")
LISTS = Path(__file__).parents[2] / "temporal-dev" / "lists"


@pytest.fixture
async def officer(stack: Stack, town: Town) -> Desk:
    """Elena, of Middle Office, once the lists are there."""
    known = next(one for one in stack.people["staff"] if one["role"] == "Middle Office")
    desk = await town.desk(known["username"], known["password"])

    async def loaded() -> bool:
        shown = await desk.get("/api/staff/screening/lists")
        return all(one["in_force"] for one in shown if one["list_code"] in {"OFAC", "ONU"})

    await eventually(loaded, what="no lists")
    return desk


def rename(stack: Stack, customer: Customer, given: str, surname: str) -> None:
    """As if it had registered so: the listed are invented, and nobody of the town is called like them."""
    with psycopg.connect(stack.place["database_url"].replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "UPDATE clients SET given_names = %s, paternal_surname = %s, maternal_surname = '' WHERE id = %s",
            [given, surname, customer.id],
        )


async def held(stack: Stack, town: Town, officer: Desk) -> tuple[Customer, dict[str, Any], dict[str, Any]]:
    """A client named as somebody who is listed, its operation, and the hit."""
    customer = await town.arrive()
    rename(stack, customer, "Arkadiy Semyonovich", "Volkov")
    operation = await customer.create()

    async def hold() -> bool:
        seen = await officer.look(operation["codigo_operacion"])
        return any(entry["event"] == "hold" for entry in seen["events"])

    await eventually(hold, what="not held")
    (hit,) = (await officer.get(f"/api/staff/screening/hits?client_id={customer.id}"))["items"]
    return customer, operation, hit


async def stories(officer: Desk, case_id: int) -> list[str]:
    return [one["action"] for one in (await officer.get(f"/api/staff/cases/{case_id}"))["story"]]


async def test_a_cleared_hit_lets_the_operation_go_on_and_the_client_never_knew(
    stack: Stack, town: Town, officer: Desk
):
    customer, operation, hit = await held(stack, town, officer)
    code, path = operation["codigo_operacion"], f"/api/staff/screening/hits/{hit['id']}"
    mine = str(await customer.operations()).lower()
    assert "'estado': 'pendiente'" in mine
    assert not [word for word in SECRET if word in mine]
    shown = await officer.get(path)
    assert {word["lista"] for word in shown["explanation"]["palabras"]} == {"ARKADIY", "SEMYONOVICH", "VOLKOV"}
    assert shown["entry"]["programs"] == "CYBER2"
    cleared = await officer.post(f"{path}/clear", json={"reason": "Otra persona: su DNI es peruano"})
    assert (cleared.status_code, cleared.json()["state"]) == (200, "Descartada"), cleared.text
    assert cleared.json()["case_state"] == "Falsa alarma"
    await customer.prove(operation)
    seen = await officer.look(code)
    assert (seen["state"], [entry["event"] for entry in seen["events"]].count("release_hold")) == ("En proceso", 1)
    assert await stories(officer, hit["case_id"]) == [
        *("alerta", "alerta", "coincidencia vista", "coincidencia descartada"),
        *("asignado", "decisión: liberar", "visto"),
    ]
    again = await officer.post(f"/api/staff/screening/clients/{customer.id}", key=new_key())
    assert again.json()["result"] == "Limpio", "cleared stays cleared"


async def test_a_confirmed_hit_cancels_what_was_held_and_holds_what_comes(stack: Stack, town: Town, officer: Desk):
    customer, operation, hit = await held(stack, town, officer)
    code, path = operation["codigo_operacion"], f"/api/staff/screening/hits/{hit['id']}"
    confirmed = await officer.post(f"{path}/confirm", json={"reason": "Mismo pasaporte"})
    assert confirmed.json()["state"] == "Confirmada"
    assert (await officer.look(code))["state"] == "Pendiente", "held until the case is decided"
    case = f"/api/staff/cases/{hit['case_id']}"
    assert (await officer.post(f"{case}/take")).status_code == 200
    decided = await officer.post(f"{case}/decide", json={"decision": "confirmar", "resolution": "Persona listada"})
    assert decided.status_code == 200, decided.text
    assert (await officer.look(code))["state"] == "Cancelado"
    assert "Mismo pasaporte" not in str(await customer.operations())
    following = (await customer.create())["codigo_operacion"]

    async def hold() -> bool:
        return any(entry["event"] == "hold" for entry in (await officer.look(following))["events"])

    await eventually(hold, what="the next one is not held")
    assert "decisión: confirmar" in await stories(officer, hit["case_id"])


async def test_a_new_list_is_brought_and_raises_only_what_is_new_and_a_broken_one_changes_nothing(
    stack: Stack, town: Town, officer: Desk, temporal_client: Client
):
    customer = await town.arrive()
    rename(stack, customer, "Ivo Casimiro", "Lanzarote")
    newer = stack.data / "files" / "lists"
    newer.mkdir(exist_ok=True)
    handle = temporal_client.get_schedule_handle("listas")
    (newer / "consolidated.xml").write_bytes((LISTS / "consolidated.xml").read_bytes()[:-300])
    sdn = (LISTS / "SDN.CSV").read_bytes()
    (newer / "SDN.CSV").write_bytes(sdn.replace(b"PIEDRAHITA OCAMPO, Wilfran", b"LANZAROTE, Ivo Casimiro"))
    before = (await officer.get("/api/staff/screening/runs"))["items"][0]["id"]
    await handle.trigger()

    async def hit() -> Any:
        return (await officer.get(f"/api/staff/screening/hits?client_id={customer.id}"))["items"]

    async def broken() -> Any:
        shown = await officer.get("/api/staff/screening/lists")
        return next(one for one in shown if one["list_code"] == "ONU")["trouble"]

    assert "cortado" in await eventually(broken, what="the cut list did not alert")
    un = (await officer.get("/api/staff/screening/lists/ONU/versions"))["items"]
    assert [version["entries"] for version in un] == [5]
    # Its schedule tries six times in half an hour; published whole again, the next attempt takes it.
    (newer / "consolidated.xml").unlink()
    await officer.post("/api/staff/screening/runs", json={"cause": "Prueba"})
    (found,) = await eventually(hit, within=60, what="the new entry raised nothing")
    assert (found["listed_name"], found["state"]) == ("LANZAROTE, Ivo Casimiro", "Nueva")
    newest = (await officer.get("/api/staff/screening/lists/OFAC/versions"))["items"]
    assert (newest[0]["changed"], newest[1]["retired_at"] is None) == (1, False)

    async def over() -> bool:
        runs = (await officer.get("/api/staff/screening/runs"))["items"]
        return any(run["id"] > before and run["finished_at"] for run in runs)

    await eventually(over, what="nobody was looked at")


async def test_an_own_list_is_tried_first_and_then_taken_and_a_name_can_be_asked_for(
    stack: Stack, town: Town, officer: Desk
):
    head = "codigo;tipo;nombres;apellidos;alias;documento;numero;cargo;entidad\n"
    good = f"{head}P-1;Persona;Casiano Froilán;Umeres Ticlla;Cacho Umeres;DNI;09876543;Alcalde;Municipio\n"
    path = "/api/staff/screening/lists/PEP/import"

    def sheet(text: str) -> dict[str, Any]:
        return {"file": ("pep.csv", text.encode(), "text/csv")}

    bad = await officer.post(path, files=sheet(good.replace("09876543", "9876")), data={"dry_run": "false"})
    assert (bad.json()["done"], bad.json()["problems"][0]["row"]) == (False, 2)
    tried = await officer.post(path, files=sheet(good))
    assert (tried.json()["done"], tried.json()["added"], tried.json()["aliases"]) == (False, 1, 1)
    assert (await officer.get("/api/staff/screening/lists/PEP/versions"))["items"] == []
    taken = await officer.post(path, files=sheet(good), data={"dry_run": "false"})
    assert (taken.status_code, taken.json()["done"]) == (200, True), taken.text
    asked = await officer.post("/api/staff/screening/search", json={"name": "Froilán Casiano Umeres"})
    assert [(one["list_code"], one["uid"]) for one in asked.json()["matches"]] == [("PEP", "P-1")]
    for no_client in ("Nave", "Aeronave"):
        asked = await officer.post("/api/staff/screening/search", json={"name": "Lamia", "kind": no_client})
        assert (asked.status_code, asked.json()["field"]) == (422, "kind"), asked.text


async def test_to_whoever_may_not_read_compliance_there_is_no_screening(stack: Stack, town: Town):
    known = next(one for one in stack.people["staff"] if one["role"] == "Operador")
    desk = await town.desk(known["username"], known["password"])
    for path in ("lists", "lists/OFAC/versions", "hits", "hits/1", "runs", "clients/1"):
        assert (await desk.http.get(f"/api/staff/screening/{path}")).status_code == 404
    assert (await desk.post("/api/staff/screening/search", json={"name": "Nadie"})).status_code == 404
