"""Contract #26, M14, M15: the client cancels, and clocks that run ahead of the house's."""

from __future__ import annotations

import pytest

from db.tables import Operation
from domain.operations import State
from tests.contract.test_operations import CREATE, WEB, stored

pytestmark = pytest.mark.usefixtures("rates")

CANCEL = "/api/web/cancel-operation"


@pytest.fixture
async def operation(client, house):
    return (await client.post(CREATE, **WEB)).json()["data"]["operation"]


async def kept(sessions, client, state):
    async with sessions.begin() as session:
        row = await stored(session, client, 1, state)
        session.add(row)
    return row.id


async def state_of(sessions, operation_id):
    async with sessions() as session:
        return (await session.get_one(Operation, operation_id)).state


async def test_the_client_cancels_what_is_pending(client, operation, sessions):
    """F026"""
    answer = await client.post(CANCEL, operation_id=operation["id"], reason="Ya no la necesito")
    assert answer.json()["success"]
    assert answer.json()["data"]["operation"]["estado"] == "cancelado"
    assert await state_of(sessions, operation["id"]) is State.CANCELADO


async def test_the_detail_page_of_january_sends_no_reason(client, operation):
    answer = await client.http.post(CANCEL, json={"operation_id": operation["id"]})
    assert answer.json()["data"]["operation"]["estado"] == "cancelado"


async def test_cancelling_twice_answers_the_same(client, operation):
    first = await client.post(CANCEL, operation_id=operation["id"], reason="Ya no")
    again = await client.post(CANCEL, operation_id=operation["id"], reason="Ya no, de verdad")
    assert (again.status_code, again.json()["data"]["operation"]["estado"]) == (200, "cancelado")
    assert first.json()["message"] == again.json()["message"]


async def test_the_mobile_cancels(client, operation):
    path = f"/api/client/cancel-operation/{operation['id']}"
    answer = await client.http.post(path, json={"cancellation_reason": "Ya no"})
    assert answer.json()["operation"]["status"] == "cancelado"


@pytest.mark.parametrize("reason", ["Tiempo expirado", "tiempo expirado "])
async def test_a_countdown_that_ends_early_cancels_nothing(client, operation, sessions, reason):
    """Contract 0.7: the house's timer decides, and answers idempotently."""
    answer = await client.post(CANCEL, operation_id=operation["id"], reason=reason)
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert await state_of(sessions, operation["id"]) is State.PENDIENTE


async def test_the_mobiles_countdown_is_told_where_the_operation_stands(client, operation, sessions):
    answer = await client.http.post(f"/api/client/cancel-expired-operation/{operation['id']}", json={})
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert answer.json()["operation"]["status"] == "pendiente"


@pytest.mark.parametrize("reason", ["Tiempo expirado", "Me arrepentí"])
async def test_what_expired_never_becomes_cancelled(client, sessions, reason):
    number = await kept(sessions, client, State.EXPIRADA)
    for call in (
        client.post(CANCEL, operation_id=number, reason=reason),
        client.http.post(f"/api/client/cancel-expired-operation/{number}", json={}),
    ):
        answer = await call
        assert answer.json()["success"]
        assert answer.json()["operation"]["estado"] == "expirado"
    assert await state_of(sessions, number) is State.EXPIRADA


async def test_in_process_the_client_cannot_cancel(client, operation, sessions):
    await client.send("/api/web/submit-proof", {"operation_id": operation["id"], "voucher_code": "1"})
    answer = await client.post(CANCEL, operation_id=operation["id"], reason="Ya no")
    assert (answer.status_code, answer.json()["success"]) == (409, False)
    assert await state_of(sessions, operation["id"]) is State.EN_PROCESO


async def test_after_fifteen_minutes_the_house_expires_it_and_a_new_one_can_be_made(client, operation, house):
    """F006, F008"""
    handle = house.client.get_workflow_handle(operation["codigo_operacion"])
    await house.pass_time(handle, 16)
    seen = (await client.post(CANCEL, operation_id=operation["id"], reason="Tiempo expirado")).json()
    assert seen["operation"]["estado"] == "expirado"
    assert (await client.post(CREATE, **WEB)).status_code == 201
