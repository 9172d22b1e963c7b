"""A browser that subscribed is told of each step and of its rate, encrypted to it: the stand-in opens what it gets."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.integration.people import Customer, Desk, Town, eventually
from tests.integration.running import Stack
from tests.integration.test_sockets import Ear, listening

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

RATES = "/api/staff/rates"
PAGES_OPEN = 30


async def subscribed(stack: Stack, customer: Customer) -> str:
    """A browser of this client; its name at the stand-in."""
    async with httpx.AsyncClient(trust_env=False) as http:
        browser = (await http.post(f"{stack.place['push']}/browser")).json()
    answer = await customer.post("/api/web/push/subscribe", json=browser)
    assert answer.status_code == 200, answer.text
    return str(browser["endpoint"].rpartition("/")[2])


def told(stack: Stack, browser: str) -> list[dict[str, Any]]:
    """What the browser showed, in the order in which it came."""
    return [json.loads(one["text"]) for one in stack.received("push", browser) if one["to"] == browser]


@contextlib.asynccontextmanager
async def pages(stack: Stack) -> AsyncIterator[list[Ear]]:
    """Strangers on the home page."""
    async with contextlib.AsyncExitStack() as opened:
        yield [await opened.enter_async_context(listening(stack)) for _ in range(PAGES_OPEN)]


async def test_a_browser_shows_each_step_of_its_own_operations(stack: Stack, town: Town, master: Desk):
    """Lock screens are public: amounts and last digits, never a name or a document."""
    mine, other = await town.arrive(), await town.arrive()
    browser, neighbour = await subscribed(stack, mine), await subscribed(stack, other)
    operation = await mine.create()
    code = operation["codigo_operacion"]
    await mine.prove(operation)
    await master.attach(code)
    await master.command(code, "complete")

    async def three() -> bool:
        return len(told(stack, browser)) == 3

    await eventually(three, within=20, what=f"{told(stack, browser)}")
    kinds = {"operation_creada", "operation_en_proceso", "operation_completada"}
    assert {one["data"]["type"] for one in told(stack, browser)} == kinds
    assert all(one["data"]["operation_id"] == code for one in told(stack, browser))
    bodies = " ".join(one["body"] for one in told(stack, browser))
    assert all(words in bodies for words in ("Transfiere US$ 100.00", "Recibimos tu constancia", "Te pagamos S/ "))
    assert not any(word in bodies for word in mine.identity.private)
    assert told(stack, neighbour) == []


async def test_a_new_rate_reaches_every_open_page_and_the_alert_its_browser(stack: Stack, town: Town, master: Desk):
    customer = await town.arrive()
    browser = await subscribed(stack, customer)
    before = (await master.get(RATES))["current"]
    buy = round(float(before["buy"]) + 0.01, 4)
    wish = {"tipo": "sobre", "moneda": "compra", "valor": buy, "repetir": True}
    assert (await customer.post("/api/web/rate-alerts", json=wish)).status_code == 201
    async with pages(stack) as ears:
        answer = await master.post(RATES, json={"buy": f"{buy:.4f}", "sell": f"{float(before['sell']) + 0.05:.4f}"})
        assert answer.status_code == 200, answer.text

        async def all_heard() -> bool:
            return all(any(name == "tipos_cambio_actualizados" for name, _ in ear.heard) for ear in ears)

        await eventually(all_heard, within=10, what="a page did not hear of the rate")
    back = await master.post(RATES, json={"buy": before["buy"], "sell": before["sell"]})
    assert back.status_code == 200

    async def rung() -> bool:
        return [one["data"] for one in told(stack, browser)] == [{"type": "rate_alert"}]

    await eventually(rung, within=20, what=f"{told(stack, browser)}")
    assert told(stack, browser)[0]["body"] == f"Compramos el dólar a {buy:.4f}: llegó a tu alerta de {buy:.4f}."
