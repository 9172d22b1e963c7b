"""What a client hears in real time, over a real socket: its own operations, at once, and nobody else's."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import socketio

from domain.notifications import INVOICE_ISSUED
from tests.integration.people import Customer, Desk, Town, eventually
from tests.integration.running import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

Event = tuple[str, dict[str, Any]]


@dataclass
class Ear:
    """A socket and all that it has heard."""

    socket: socketio.AsyncClient
    heard: list[Event] = field(default_factory=list)

    def about(self, code: str) -> list[str]:
        """The names of the events about an operation, as they came."""
        return [name for name, payload in self.heard if payload.get("operation_id") == code]

    async def hears(self, name: str, code: str, *, within: float = 1) -> None:
        async def told() -> bool:
            return name in self.about(code)

        await eventually(told, within=within, what=f"{name} about {code} was not heard: {self.heard}")


@contextlib.asynccontextmanager
async def listening(stack: Stack, token: str = "", namespace: str = "/") -> AsyncIterator[Ear]:
    ear = Ear(socketio.AsyncClient(reconnection=False))

    def keep(name: str, *payload: Any) -> None:
        ear.heard.append((name, payload[0] if payload and isinstance(payload[0], dict) else {}))

    ear.socket.on("*", keep, namespace=namespace)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    await ear.socket.connect(stack.api, headers=headers, namespaces=[namespace], transports=["websocket"])
    try:
        yield ear
    finally:
        await ear.socket.disconnect()
        await ear.socket.eio.wait()  # its own wait() sleeps another second


@pytest.mark.parametrize("namespace", ["/", "/api/flask"])
async def test_a_client_hears_its_own_operation_within_a_second_and_nobody_else_does(
    namespace: str, stack: Stack, town: Town, master: Desk
):
    """F181"""
    mine, other = await town.arrive(), await town.arrive()
    async with (
        listening(stack, mine.token, namespace) as ear,
        listening(stack, other.token, namespace) as neighbour,
        listening(stack, "", namespace) as stranger,
    ):
        operation = await mine.create()
        code = operation["codigo_operacion"]
        await ear.hears("nueva_operacion", code)
        await mine.prove(operation)
        await ear.hears("operacion_cliente_actualizada", code)
        await master.attach(code)
        await master.command(code, "complete")
        await ear.hears("operacion_completada", code)
        await asyncio.sleep(0.5)
        assert neighbour.about(code) == stranger.about(code) == []
        # The comprobante comes in its own time, and the existing clients listen to no such event.
        assert Counter(event for event in ear.about(code) if event != INVOICE_ISSUED) == {
            "nueva_operacion": 1,
            "operacion_cliente_actualizada": 2,
            "operacion_actualizada": 1,
            "operacion_completada": 1,
        }


async def test_a_room_of_another_client_is_not_joined_by_asking_for_it(stack: Stack, town: Town):
    """F181"""
    mine, other = await town.arrive(), await town.arrive()
    async with listening(stack, other.token) as ear:
        said = await ear.socket.call("join_client_room", {"dni": mine.identity.document})
        assert said["success"] is False
        code = (await mine.create())["codigo_operacion"]
        await asyncio.sleep(1)
        assert ear.about(code) == []


async def test_who_comes_back_asks_for_what_it_missed_and_hears_it_once(stack: Stack, town: Town, master: Desk):
    customer = await town.arrive()
    async with listening(stack, customer.token) as ear:
        operation = await customer.create()
        code = operation["codigo_operacion"]
        await ear.hears("nueva_operacion", code)
        last = max(payload["notification_id"] for _, payload in ear.heard)
    await cancelled(customer, operation)
    async with listening(stack, customer.token) as ear:
        assert (await ear.socket.call("missed", {"last_id": last}))["success"] is True
        await ear.hears("operacion_cancelada", code)
        assert ear.about(code).count("operacion_cancelada") == 1
        assert "nueva_operacion" not in ear.about(code)


async def cancelled(customer: Customer, operation: dict[str, Any]) -> None:
    body = {"operation_id": operation["id"], "reason": "Ya no la necesito"}
    assert (await customer.post("/api/web/cancel-operation", json=body)).status_code == 200
