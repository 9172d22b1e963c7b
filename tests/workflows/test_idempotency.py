"""The same key, however often and however many at once: one effect, and the first answer."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from temporalio.exceptions import WorkflowAlreadyStartedError

from db.tables import Operation, OperationEvent, Proof
from domain import commands as c
from tests.workflows.conftest import People
from tests.workflows.house import PROOF, House, Said, client_of
from workflows import messages as m


async def test_a_create_sent_five_times_is_one_operation_with_one_answer(house: House, people: People) -> None:
    """F001: five clicks, three of them in the same instant."""
    start = await house.quoted(people.client)
    answers = list(await asyncio.gather(*(house.start(start) for _ in range(3))))
    answers += [await house.start(start) for _ in range(2)]
    assert {answer.code for answer in answers} == {start.operation.code}
    assert len(set(answers)) == 1
    async with house.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Operation)) == 1


async def test_a_command_sent_five_times_with_its_key_is_carried_out_once(house: House, people: People) -> None:
    """F001 at the workflow: no second abono, no second picture."""
    handle = await house.create(people.client)
    proof = c.SubmitProof(actor=client_of(people.client), transfer_code="00123", files=(PROOF,))
    answers = list(await asyncio.gather(*(house.do(handle, proof, key="click-1") for _ in range(3))))
    answers += [await house.do(handle, proof, key="click-1") for _ in range(2)]
    assert len(set(answers)) == 1
    assert await house.story(handle) == ["create", "submit_proof"]
    assert len(await house.rows(Proof, handle)) == 1


async def test_after_the_end_a_repeat_still_gets_the_first_answer(house: House, people: People) -> None:
    handle = await house.ready(people.client, people.operator)
    first = await house.do(handle, c.Complete(actor=people.operator), key="click-9")
    assert await house.ended(handle) == "Completada"
    assert await house.do(handle, c.Complete(actor=people.operator), key="click-9") == first
    events = [row for row in await house.rows(OperationEvent, handle) if row.event == "complete"]
    assert [row.update_id for row in events] == ["click-9"]


async def test_a_refused_create_ends_its_workflow_and_a_repeat_is_refused_alike(house: House, people: People) -> None:
    await house.create(people.client)
    second = await _quoted_past_the_rules(house, people)
    for _ in range(2):
        with pytest.raises(Said) as said:
            await house.start(second)
        assert said.value.code == "ACTIVE_OPERATION"
    handle = house.client.get_workflow_handle(second.operation.code)
    assert await house.ended(handle) == "Rechazada"
    assert not await house.rows(OperationEvent, handle)


async def test_the_code_of_an_ended_operation_starts_nothing_new(house: House, people: People) -> None:
    start = await house.quoted(people.client)
    await house.start(start)
    handle = house.client.get_workflow_handle(start.operation.code)
    await house.do(handle, c.Cancel(actor=people.trader, reason="ya no"))
    await house.ended(handle)
    heard: list[str] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, told: heard.append(told["message"]))
    try:
        with pytest.raises(WorkflowAlreadyStartedError):
            await house.start(start, key="another")
        gc.collect()
    finally:
        loop.set_exception_handler(before)
    # Told to who asked, and not a second time in the log as an error of nobody's.
    assert heard == []


async def _quoted_past_the_rules(house: House, people: People) -> m.OperationStart:
    """As when two devices ask in the same instant: the API looked before the first one was recorded."""
    start = await house.quoted(people.other_client)
    mine = replace(
        start.operation,
        client_id=people.client.id,
        created_by=client_of(people.client),
        source_account_id=people.client.usd,
        destination_account_id=people.client.pen,
    )
    return replace(start, operation=mine)
