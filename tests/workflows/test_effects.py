"""What an operation owes: each effect once, each on its own, whatever fails and however often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.client import WorkflowHandle

from db.tables import OperationEvent, ReferralEntry, Settlement, TransactionMonitoring
from domain import commands as c
from domain.operations import Effect, EffectState, State
from tests.people import add_client
from tests.workflows.conftest import People
from tests.workflows.house import House, Said, eventually
from workflows import messages as m
from workflows import names

ALL_TOLD = {"creada": 1, "en_proceso": 1, "completada": 1, "comprobante": 1}
STEPS = ["create", "submit_proof", "attach_proof", "complete"]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    "activity",
    [
        names.RECORD_CREATION,
        names.RECORD_TRANSITION,
        names.ASSESS_OPERATION,
        names.SETTLE,
        names.ISSUE_INVOICE,
        names.DELIVER_NOTICE,
    ],
)
async def test_an_activity_that_fails_and_recovers_leaves_exactly_one_effect(
    house: House, people: People, activity: str, moment: str
) -> None:
    """`before`: it could not do it. `after`: it did it, and nobody heard of it, so it is done again."""
    async with house.sessions.begin() as session:
        client = await add_client(session, "42000031", referred_by=people.other_client.id)
    outside = activity in {names.ISSUE_INVOICE, names.DELIVER_NOTICE}
    getattr(house.faults, moment)[activity] = 1 if outside else 2
    handle = await house.ready(client, people.operator)
    await house.do(handle, c.Complete(actor=people.operator))
    assert await house.ended(handle) == "Completada"
    assert await house.story(handle) == STEPS
    assert (await house.row(handle)).version == len(STEPS)
    assert {row.kind for row in await house.rows(Settlement, handle)} == {"pips", "contadores"}
    assert [row.pips for row in await house.rows(ReferralEntry, handle)] == [30]
    occasions = [row.occasion for row in await house.rows(TransactionMonitoring, handle)]
    assert sorted(occasions) == ["cierre", "creacion"]
    if not (outside and moment == "after"):  # an outside effect keeps its own key; its own tests show it
        assert house.outside.done == ALL_TOLD


async def test_a_refused_invoice_asks_for_attention_and_is_finished_by_a_retry(house: House, people: People) -> None:
    handle = await completed_but_refused(house, people)
    row = await house.row(handle)
    assert (row.state, row.attention) == (State.COMPLETADA, "comprobante: SUNAT no lo acepta")
    description = await handle.describe()
    assert description.typed_search_attributes[names.OP_ATENCION] == "sí"
    assert description.status is not None
    assert description.status.name == "RUNNING"
    # One refused effect stops none of the others.
    await eventually(_settled, house, handle)
    await house.pass_time(handle, 2.1)
    assert house.outside.done == {"creada": 1, "en_proceso": 1, "completada": 1}
    await house.do(handle, c.RetryEffect(actor=people.master, effect=Effect.INVOICE))
    assert await house.ended(handle) == "Completada"
    # The mail went without the PDF after two minutes, so the comprobante follows in its own: invoice and notice.
    assert house.outside.done["comprobante"] == 2
    assert (await house.row(handle)).attention == ""


async def test_an_effect_refused_again_after_its_retry_asks_again(house: House, people: People) -> None:
    handle = await completed_but_refused(house, people, times=2)
    await house.do(handle, c.RetryEffect(actor=people.master, effect=Effect.INVOICE))
    await eventually(_refused, house, handle)
    await house.do(handle, c.RetryEffect(actor=people.master, effect=Effect.INVOICE))
    assert await house.ended(handle) == "Completada"
    assert [event for event in await house.story(handle) if event == "effect_refused"] == ["effect_refused"] * 2


async def test_waiving_an_effect_takes_two_different_masters(house: House, people: People) -> None:
    handle = await completed_but_refused(house, people)
    asked = c.WaiveEffect(actor=people.master, effect=Effect.INVOICE, reason="se emitió a mano")
    await house.do(handle, asked)
    with pytest.raises(Said) as said:
        await house.do(handle, asked)
    assert said.value.code == "SECOND_PERSON"
    with pytest.raises(Said) as said:
        await house.do(handle, c.WaiveEffect(actor=people.trader, effect=Effect.INVOICE, reason="x"))
    assert said.value.code == "NOT_ALLOWED"
    assert (await house.snapshot(handle)).effects[Effect.INVOICE] is EffectState.REFUSED
    await house.do(handle, c.WaiveEffect(actor=people.other_master, effect=Effect.INVOICE, reason="conforme"))
    assert await house.ended(handle) == "Completada"
    assert "comprobante" not in house.outside.done
    who = [(row.event, row.actor_id) for row in await house.rows(OperationEvent, handle)][-2:]
    assert who == [("waive_effect", people.master.id), ("waive_effect", people.other_master.id)]


async def test_a_late_invoice_lets_the_mail_go_first_and_follows_it(house: House, people: People) -> None:
    """After two minutes the client hears that the operation is completed; the comprobante comes when it exists."""
    terms = m.Terms(invoice_wait=timedelta(milliseconds=200))
    house.outside.failures["comprobante"] = 1_000
    handle = await house.ready(people.client, people.operator, terms=terms)
    await house.do(handle, c.Complete(actor=people.operator))
    await eventually(_told, house, "completada")
    assert not house.outside.done["comprobante"]
    house.outside.failures.clear()
    assert await house.ended(handle) == "Completada"
    assert house.outside.done == {"creada": 1, "en_proceso": 1, "completada": 1, "comprobante": 2}


async def test_an_invoice_in_time_goes_with_the_mail_and_no_other_follows(house: House, people: People) -> None:
    handle = await house.ready(people.client, people.operator)
    await house.do(handle, c.Complete(actor=people.operator))
    await house.ended(handle)
    assert house.outside.done == ALL_TOLD


async def test_a_failing_mail_holds_back_neither_the_next_command_nor_the_other_effects(
    house: House, people: People
) -> None:
    for notice in ("creada", "en_proceso"):
        house.outside.failures[notice] = 1_000
    handle = await house.ready(people.client, people.operator)
    await house.do(handle, c.Complete(actor=people.operator))
    await eventually(_told, house, "completada")
    await eventually(_settled, house, handle)
    description = await handle.describe()
    assert description.status is not None
    assert description.status.name == "RUNNING"
    house.outside.failures.clear()
    assert await house.ended(handle) == "Completada"
    assert house.outside.done == ALL_TOLD


async def test_a_refused_settlement_is_retried_like_any_other(house: House, people: People) -> None:
    house.faults.refuse[names.SETTLE] = 1
    handle = await house.ready(people.client, people.operator)
    await house.do(handle, c.Complete(actor=people.operator))
    await eventually(_refused, house, handle)
    await house.do(handle, c.RetryEffect(actor=people.master, effect=Effect.SETTLEMENT))
    assert await house.ended(handle) == "Completada"
    assert {row.kind for row in await house.rows(Settlement, handle)} == {"contadores"}


async def completed_but_refused(house: House, people: People, *, times: int = 1) -> WorkflowHandle:
    """Completada, with a comprobante that SUNAT does not accept."""
    house.outside.refusals["comprobante"] = times
    handle = await house.ready(people.client, people.operator)
    await house.do(handle, c.Complete(actor=people.operator))
    await eventually(_refused, house, handle)
    return handle


async def _refused(house: House, handle: WorkflowHandle) -> bool:
    return EffectState.REFUSED in (await house.snapshot(handle)).effects.values()


async def _settled(house: House, handle: WorkflowHandle) -> bool:
    return bool(await house.rows(Settlement, handle))


async def _told(house: House, notice: str) -> bool:
    return bool(house.outside.done[notice])
