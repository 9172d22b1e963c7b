"""Compliance stops an operation and lets it go on, and its client never hears of it (duty of secrecy)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db.tables import Client, Notification
from domain import commands as c
from domain.notifications import role_room
from domain.operations import Assessment, State
from domain.permissions import Role
from tests.people import Customer, add_client
from tests.workflows.conftest import People
from tests.workflows.house import PROOF, House, Said, client_of, eventually


@pytest.fixture
async def listed(house: House) -> Customer:
    """A client who stands on a restrictive list."""
    async with house.sessions.begin() as session:
        return await add_client(session, "40000009", list_match=True)


async def held(house: House, client: Customer):
    handle = await house.create(client)
    await eventually(house.assessed, handle)
    return handle


async def test_a_hold_pauses_the_expiry_and_its_release_resumes_it_with_what_was_left(
    house: House, people: People, listed: Customer
) -> None:
    handle = await held(house, listed)
    row = await house.row(handle)
    assert (row.assessment, row.expires_at) == (Assessment.HELD, None)
    assert timedelta(minutes=14) < row.time_left <= timedelta(minutes=15)
    await house.pass_time(handle, 60)
    assert (await house.row(handle)).state is State.PENDIENTE
    await house.do(handle, c.ReleaseHold(actor=people.officer, resolution="homónimo"))
    await house.pass_time(handle, 14)
    assert (await house.row(handle)).state is State.PENDIENTE
    await house.pass_time(handle, 1.1)
    assert await house.ended(handle) == "Expirada"


async def test_on_hold_it_does_not_pass_to_en_proceso_and_the_answer_does_not_say_why(
    house: House, people: People, listed: Customer
) -> None:
    handle = await held(house, listed)
    with pytest.raises(Said) as said:
        await house.do(handle, c.SubmitProof(actor=client_of(listed), files=(PROOF,)))
    assert said.value.code == "UNDER_REVIEW"
    assert "lista" not in str(said.value).lower()
    await house.do(handle, c.ReleaseHold(actor=people.officer, resolution="homónimo"))
    answer = await house.do(handle, c.SubmitProof(actor=client_of(listed), files=(PROOF,)))
    assert answer.state == "En proceso"


async def test_held_after_it_was_en_proceso_it_cannot_be_completed_until_released(house: House, people: People) -> None:
    """The assessment was slow; the client transferred meanwhile."""
    house.faults.before["assess_operation"] = 1
    async with house.sessions.begin() as session:
        (await session.get_one(Client, people.client.id)).list_match = True
    handle = await house.processed(people.client)
    await house.do(handle, c.AttachProof(actor=people.operator, files=(PROOF,)))
    with pytest.raises(Said) as said:
        await house.do(handle, c.Complete(actor=people.operator))
    assert said.value.code in {"ASSESSMENT_PENDING", "UNDER_REVIEW"}
    await eventually(house.assessed, handle)
    with pytest.raises(Said) as said:
        await house.do(handle, c.Complete(actor=people.operator))
    assert said.value.code == "UNDER_REVIEW"
    await house.do(handle, c.ReleaseHold(actor=people.master, resolution="homónimo"))
    await house.do(handle, c.Complete(actor=people.operator))
    assert await house.ended(handle) == "Completada"


async def test_a_confirmed_hold_cancels_and_says_no_more_than_any_cancellation(
    house: House, people: People, listed: Customer
) -> None:
    handle = await held(house, listed)
    await house.do(handle, c.ConfirmHold(actor=people.officer, resolution="es la persona de la lista"))
    assert await house.ended(handle) == "Cancelado"
    assert house.outside.done == {"creada": 1, "cancelada": 1}
    assert not await _told_to_client_about_a_hold(house, handle, listed)


@pytest.mark.parametrize("end", ["release", "cancel"])
async def test_the_client_and_the_desk_never_hear_of_a_hold(
    house: House, people: People, listed: Customer, end: str
) -> None:
    handle = await held(house, listed)
    told = await house.rows(Notification, handle)
    heard = {row.room for row in told if row.event == "operacion_retenida"}
    assert heard == {role_room(Role.MIDDLE_OFFICE)}
    before = [row.event for row in told if row.room == f"client_{listed.id}"]
    assert before == ["nueva_operacion"]
    if end == "release":
        await house.do(handle, c.ReleaseHold(actor=people.officer, resolution="homónimo"))
    else:
        await house.do(handle, c.Cancel(actor=client_of(listed), reason="ya no"))
    assert not await _told_to_client_about_a_hold(house, handle, listed)


async def _told_to_client_about_a_hold(house: House, handle, client: Customer) -> bool:
    rows = [row for row in await house.rows(Notification, handle) if row.room == f"client_{client.id}"]
    words = ("reten", "revisi", "lista", "cumplimiento")
    return any(word in str((row.event, row.payload)).lower() for row in rows for word in words)
