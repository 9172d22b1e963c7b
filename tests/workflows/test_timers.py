"""What time does to an operation: expiry, more time, alerts, and operations that wait without a deadline."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from db.tables import Notification, RewardCode
from domain import commands as c
from domain.notifications import role_room, user_room
from domain.operations import Origin, State
from domain.permissions import Role
from tests.workflows.conftest import People
from tests.workflows.house import House, Said, client_of, eventually
from workflows import names

ALERT = "operacion_demorada"


async def test_left_alone_it_expires_at_fifteen_minutes_and_its_client_is_told_once(
    house: House, people: People
) -> None:
    """F003, F005: `expires_at` is the only clock."""
    handle = await house.create(people.client)
    await house.pass_time(handle, 14.9)
    assert (await house.row(handle)).state is State.PENDIENTE
    await house.pass_time(handle, 0.2)
    assert await house.ended(handle) == "Expirada"
    row = await house.row(handle)
    assert row.state is State.EXPIRADA
    assert row.finished_at is not None
    assert timedelta(0) <= row.finished_at - row.created_at - timedelta(minutes=15) < timedelta(seconds=2)
    assert house.outside.done == {"creada": 1, "expirada": 1}
    told = [n.event for n in await house.rows(Notification, handle) if n.room == f"client_{people.client.id}"]
    assert told == ["nueva_operacion", "operacion_cliente_actualizada", "operation_expired"]


async def test_more_time_moves_the_deadline_and_nothing_expires_at_the_old_one(house: House, people: People) -> None:
    handle = await house.create(people.client)
    before = (await house.row(handle)).expires_at
    assert before is not None
    later = before + timedelta(minutes=30)
    await house.do(handle, c.ExtendDeadline(actor=people.trader, expires_at=later, reason="su banco está caído"))
    await house.pass_time(handle, 40)
    assert (await house.row(handle)).state is State.PENDIENTE
    await house.pass_time(handle, 6)
    assert await house.ended(handle) == "Expirada"


async def test_alerts_ring_at_ten_and_twenty_minutes_once_each_for_the_operator_and_the_masters(
    house: House, people: People
) -> None:
    handle = await house.processed(people.client)
    await house.pass_time(handle, 9.8)
    assert not await _alerts(house, handle.id)
    await house.pass_time(handle, 0.4)
    both = {user_room(people.operator.id), role_room(Role.MASTER)}
    assert await _alerts(house, handle.id) == {10: both}
    await house.pass_time(handle, 10)
    assert await _alerts(house, handle.id) == {10: both, 20: both}


async def test_after_an_outage_one_alert_tells_how_long_it_has_been(house: House, people: People) -> None:
    """F039: the missed ones do not all ring at once."""
    handle = await house.processed(people.client)
    await eventually(house.quiet, handle)
    await house.stop_workers()
    # The first timer fires unheard; the clock goes on while it waits for somebody to work.
    first = asyncio.create_task(house.pass_time(handle, 10.1))
    await asyncio.sleep(0.3)
    await house.start_workers()
    await first
    await house.pass_time(handle, 20)
    assert sorted(await _alerts(house, handle.id)) == [10, 20, 30]


async def test_returned_to_pending_it_has_no_deadline_any_more(house: House, people: People) -> None:
    handle = await house.processed(people.client)
    await house.do(handle, c.ReturnToPending(actor=people.operator, reason="el abono no figura"))
    row = await house.row(handle)
    assert (row.state, row.expires_at, row.operator_id) == (State.PENDIENTE, None, None)
    await house.pass_time(handle, 180)
    assert (await house.row(handle)).state is State.PENDIENTE
    assert not await _alerts(house, handle.id)


async def test_what_staff_created_never_expires_but_asks_for_attention_after_four_hours(
    house: House, people: People
) -> None:
    """F003."""
    handle = await house.create(people.client, origin=Origin.SISTEMA, actor=people.trader)
    await house.pass_time(handle, 239)
    assert (await house.row(handle)).attention == ""
    await house.pass_time(handle, 2)
    row = await house.row(handle)
    assert (row.state, row.attention) == (State.PENDIENTE, "Sigue Pendiente sin transferencia")
    assert await _attention(house, handle.id) == "sí"
    await house.pass_time(handle, 600)
    assert (await house.row(handle)).version == row.version
    await house.do(handle, c.Cancel(actor=people.trader, reason="no vino"))
    assert await house.ended(handle) == "Cancelado"
    assert await _attention(house, handle.id) == "no"


async def test_an_expired_operation_does_not_become_a_cancelled_one(house: House, people: People) -> None:
    """The web's own "tiempo agotado" arrives after the timer."""
    handle = await house.create(people.client)
    await house.pass_time(handle, 15.1)
    await house.ended(handle)
    with pytest.raises(Exception, match=r"completed|not found"):
        await house.do(handle, c.Cancel(actor=client_of(people.client), reason="Tiempo agotado"))
    assert (await house.row(handle)).state is State.EXPIRADA


async def test_a_deadline_is_only_ever_moved_forward(house: House, people: People) -> None:
    handle = await house.create(people.client)
    now_due = (await house.row(handle)).expires_at
    assert now_due is not None
    with pytest.raises(Said) as said:
        await house.do(handle, c.ExtendDeadline(actor=people.trader, expires_at=now_due, reason="x"))
    assert said.value.code == "DEADLINE_NOT_LATER"


async def test_the_coupon_of_an_expired_operation_is_free_again(house: House, people: People) -> None:
    """F126."""
    async with house.sessions.begin() as session:
        session.add(RewardCode(code="REGALO", owner_id=people.other_client.id, pips=30))
    handle = await house.create(people.client, coupon="REGALO")
    async with house.sessions() as session:
        held = await session.scalar(select(RewardCode.reserved_for))
    assert held == handle.id
    await house.pass_time(handle, 15.1)
    await house.ended(handle)
    async with house.sessions() as session:
        assert await session.scalar(select(RewardCode.reserved_for)) is None


async def _alerts(house: House, code: str) -> dict[int, set[str]]:
    """Rooms by minutes; each row is one ring."""
    wanted = select(Notification).where(Notification.operation_code == code, Notification.event == ALERT)
    async with house.sessions() as session:
        rows = (await session.scalars(wanted)).all()
    rung: dict[int, set[str]] = {}
    for row in rows:
        rooms = rung.setdefault(row.payload["minutes"], set())
        assert row.room not in rooms
        rooms.add(row.room)
    return rung


async def _attention(house: House, code: str) -> str | None:
    description = await house.client.get_workflow_handle(code).describe()
    return description.typed_search_attributes.get(names.OP_ATENCION)
