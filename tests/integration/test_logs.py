"""What the processes write while people use the house, and when things go wrong: never whose data it is (F186)."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.integration.people import Customer, Desk, Town, new_key
from tests.integration.privacy import leaks, private_words
from tests.integration.running import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


async def test_no_log_of_any_process_names_a_person(stack: Stack, town: Town, master: Desk):
    """F186: after a life, refusals, repeated registrations and outages."""
    customer = await town.arrive()
    await trouble(stack, customer, master)
    assert leaks(stack, private_words(stack, town)) == []


async def trouble(stack: Stack, customer: Customer, master: Desk) -> None:
    """Everything that makes processes write: refusals, races of the database, services that fail."""
    one = customer.identity
    form = {
        "tipo_documento": "DNI",
        "dni": one.document,
        "nombres": one.names[0],
        "apellido_paterno": one.names[1],
        "apellido_materno": one.names[2],
        "email": one.email,
        "telefono": one.phone,
        "password": "Otra-clave-9",
    }
    await asyncio.gather(*(customer.post("/api/client/register", json=form) for _ in range(3)))
    await customer.http.get(f"/api/client/my-operations/{one.document}")
    await customer.http.get(f"/api/referrals/stats/{one.document}")
    await customer.http.get(f"/api/no-existe/{one.document}?dni={one.document}")
    account = {"bank_name": "BCP", "account_number": one.pen, "account_type": "Ahorro", "currency": "S/"}
    await asyncio.gather(*(customer.post("/api/web/add-bank-account", json=account) for _ in range(3)))
    await master.http.post("/api/staff/clients/search", json={"search": one.document})
    for service, failure in (("mail", "refuse"), ("nubefact", "500"), ("push", "500")):
        stack.inject(service, failure)
    await customer.post("/api/client/register-push-token", json={"push_token": "ExponentPushToken[bitacora-000001]"})
    operation = await customer.create()
    await customer.prove(operation)
    code = operation["codigo_operacion"]
    await master.attach(code)
    await master.command(code, "complete")
    await customer.post("/api/web/create-operation", key=new_key(), json={**customer.wish(), "monto_dolares": one.pen})
    await asyncio.sleep(2)


def test_the_demo_people_are_known_to_this_test(stack: Stack, town: Town):
    """So that the search above looks for the right words."""
    assert {client["dni"] for client in stack.people["clients"]} <= private_words(stack, town)
    assert "password" in json.dumps(stack.people)
