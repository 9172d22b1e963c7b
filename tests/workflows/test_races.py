"""Two people, or a person and the clock, in the same instant."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle

from db.tables import Operation, Settlement
from domain import commands as c
from domain.operations import State
from tests.people import add_client
from tests.workflows.conftest import People
from tests.workflows.house import PROOF, House, Said, client_of, eventually


async def test_two_people_completing_in_the_same_instant_are_one_answer_and_one_refusal(
    house: House, people: People
) -> None:
    """F017: and every effect exists once."""
    handle = await house.ready(people.client, people.operator)
    answers = await asyncio.gather(
        house.do(handle, c.Complete(actor=people.operator)),
        house.do(handle, c.Complete(actor=people.master)),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, Said)]
    assert [said.code for said in refused] == ["WRONG_STATE"]
    assert "Completada" in str(refused[0])
    assert await house.ended(handle) == "Completada"
    assert [event for event in await house.story(handle) if event == "complete"] == ["complete"]
    assert {row.kind for row in await house.rows(Settlement, handle)} == {"contadores"}
    assert house.outside.done == {"creada": 1, "en_proceso": 1, "completada": 1, "comprobante": 1}


async def test_ten_creates_of_one_client_in_parallel_are_one_operation(house: House, people: People) -> None:
    """F018: the API's look at the rules passes ten times, the lock on the client lets one through."""
    starts = [await house.quoted(people.client) for _ in range(10)]
    answers = await asyncio.gather(*(house.start(start) for start in starts), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Said)]
    assert Counter(said.code for said in refused) == {"ACTIVE_OPERATION": 9}
    async with house.sessions() as session:
        codes = (await session.scalars(select(Operation.code))).all()
    assert len(codes) == 1
    assert any(getattr(answer, "code", "") == codes[0] for answer in answers if not isinstance(answer, Said))
    outcomes = await asyncio.gather(
        *(
            house.ended(house.client.get_workflow_handle(start.operation.code))
            for start in starts
            if start.operation.code not in codes
        )
    )
    assert set(outcomes) == {"Rechazada"}


async def test_ten_proofs_in_parallel_are_dealt_out_evenly_to_two_operators(house: House, people: People) -> None:
    """F266: five each."""
    async with house.sessions.begin() as session:
        clients = [await add_client(session, f"410001{number:02}") for number in range(10)]
    handles = [await house.create(client) for client in clients]
    answers = await asyncio.gather(
        *(
            house.do(handle, c.SubmitProof(actor=client_of(client), files=(PROOF,)))
            for handle, client in zip(handles, clients, strict=True)
        )
    )
    dealt = Counter(answer.operator_id for answer in answers)
    assert dealt == {people.operator.id: 5, people.other_operator.id: 5}


async def test_a_proof_at_the_deadline_either_counts_or_meets_an_expired_operation(
    house: House, people: People
) -> None:
    """Never both, never a third thing."""
    handle = await house.create(people.client)
    await house.pass_time(handle, 14.98)
    expiring = asyncio.create_task(house.pass_time(handle, 0.1))
    try:
        answer = await house.do(handle, c.SubmitProof(actor=client_of(people.client), files=(PROOF,)))
    except Said as said:
        assert "Expirada" in str(said)  # noqa: PT017 - one of two right endings
        state, story = State.EXPIRADA, ["create", "expire"]
    else:
        assert answer.state == "En proceso"
        state, story = State.EN_PROCESO, ["create", "submit_proof"]
    await expiring
    row = await house.row(handle)
    assert row.state is state
    assert await house.story(handle) == story


@pytest.mark.parametrize("which", ["proof", "edit", "cancel"])
async def test_past_the_deadline_a_command_expires_it_first_and_is_refused(
    house: House, people: People, which: str
) -> None:
    """The timer may be late by half a minute when thousands fall due at once; the clock in the command is not."""
    client = client_of(people.client)
    command: c.Command = {
        "proof": c.SubmitProof(actor=client, files=(PROOF,)),
        "edit": c.Edit(actor=people.trader, comments="x"),
        "cancel": c.Cancel(actor=client, reason="Tiempo agotado"),
    }[which]
    handle = await house.create(people.client)
    await eventually(house.quiet, handle)
    # With nobody working, the timer and the command reach the workflow in one task, the command first.
    await house.stop_workers()
    passing = asyncio.create_task(house.pass_time(handle, 15.1))
    await eventually(_overdue, handle)
    asking = asyncio.create_task(house.do(handle, command))
    await house.start_workers()
    with pytest.raises(Said) as said:
        await asking
    await passing
    assert said.value.code == "WRONG_STATE"
    assert "Expirada" in str(said.value)
    assert await house.ended(handle) == "Expirada"
    assert await house.story(handle) == ["create", "expire"]
    assert (await house.row(handle)).state is State.EXPIRADA
    assert house.outside.done["expirada"] == 1


async def _overdue(handle: WorkflowHandle[Any, Any]) -> bool:
    fired = EventType.EVENT_TYPE_TIMER_FIRED
    return any(event.event_type == fired for event in (await handle.fetch_history()).events)
