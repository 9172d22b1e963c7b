"""Every command of the transition table through its door, and what a refused one leaves behind: nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text

from db.tables import Deposit, Incident, Note, OperationEvent, Payout, Proof
from domain import commands as c
from domain.calendar import business_day
from domain.lifecycle import RULES
from domain.operations import Kind, Origin, State
from tests.books import signed
from tests.workflows.conftest import People
from tests.workflows.house import PROOF, House, Said, client_of, eventually
from workflows import messages as m
from workflows import names
from workflows.operation import OperationWorkflow


def test_every_command_of_the_table_has_a_door_with_its_name_its_validator_and_a_spanish_description() -> None:
    updates = OperationWorkflow.__temporal_workflow_definition.updates  # type: ignore[attr-defined]
    for command, rule in RULES.items():
        door = updates[rule.name]
        assert door.validator is not None
        assert door.arg_types == [command]
        assert door.description
    assert set(updates) == {rule.name for rule in RULES.values()} | {names.CREATE}


async def test_all_commands_of_an_open_operation_in_one_life(house: House, people: People) -> None:
    """F012, F030: each answer's state is in the database when it arrives; each step is one version and one event."""
    handle = await house.create(people.client, kind=Kind.VENTA, usd="500.00")
    created = await house.row(handle)
    assert created.expires_at is not None
    more_time = created.expires_at + timedelta(hours=1)
    answers = [
        await house.do(handle, c.ExtendDeadline(actor=people.trader, expires_at=more_time, reason="su banco")),
        await house.do(handle, c.Edit(actor=people.trader, amount_usd=Decimal("600.00"))),
        await house.do(handle, c.SubmitProof(actor=client_of(people.client), transfer_code="1", files=(PROOF,))),
        await house.do(handle, c.ReturnToPending(actor=people.operator, reason="el abono no figura")),
        await house.do(handle, c.StartProcessing(actor=people.trader)),
        await house.do(handle, c.Reassign(actor=people.master, operator_id=people.other_operator.id)),
        await house.do(handle, c.AttachProof(actor=people.other_operator, files=(PROOF, PROOF))),
        await house.do(handle, c.RemoveProof(actor=people.other_operator, number=4)),
    ]
    await eventually(house.assessed, handle)
    answers.append(await house.do(handle, c.Complete(actor=people.other_operator)))
    assert [answer.version for answer in answers] == list(range(2, 11))
    assert answers[-1].state == State.COMPLETADA
    assert await house.ended(handle) == "Completada"
    assert await house.story(handle) == [
        "create",
        "extend_deadline",
        "edit",
        "submit_proof",
        "return_to_pending",
        "start_processing",
        "reassign",
        "attach_proof",
        "remove_proof",
        "complete",
    ]
    row = await house.row(handle)
    assert (row.amount_usd, row.amount_pen) == (Decimal("600.00"), Decimal("2047.20"))
    assert [line.amount for line in await house.rows(Deposit, handle)] == [row.amount_pen]
    assert [line.amount for line in await house.rows(Payout, handle)] == [row.amount_usd]
    proofs = {proof.number: proof.removed_at is None for proof in await house.rows(Proof, handle)}
    assert proofs == {2: True, 4: False, 5: True}


async def test_an_amount_that_was_changed_is_told_and_logged_field_by_field(house: House, people: People) -> None:
    handle = await house.create(people.client)
    await house.do(handle, c.Edit(actor=people.trader, amount_usd=Decimal("120.00"), comments="pidió más"))
    event = (await house.rows(OperationEvent, handle))[-1]
    assert {change["field"]: (change["before"], change["after"]) for change in event.changes} == {
        "amount_usd": ("100.00", "120.00"),
        "amount_pen": ("340.10", "408.12"),
        "comments": ("", "pidió más"),
    }
    assert (event.actor_kind, event.actor_id, event.actor_role) == ("usuario", people.trader.id, "Trader")
    await house.do(handle, c.Cancel(actor=people.trader, reason="ya no"))
    assert await house.ended(handle) == "Cancelado"
    assert house.outside.done == {"creada": 1, "monto_cambiado": 1, "cancelada": 1}


@pytest.mark.parametrize("origin", Origin)
async def test_an_operation_of_every_origin_is_stored_under_its_own_name(
    house: House, people: People, origin: Origin
) -> None:
    """F023, F024."""
    actor = people.trader if origin is Origin.SISTEMA else client_of(people.client)
    handle = await house.create(people.client, origin=origin, actor=actor)
    row = await house.row(handle)
    assert row.origin is origin
    assert (row.expires_at is None) is (origin is Origin.SISTEMA)


async def test_a_refused_command_leaves_nothing_in_the_history_nor_in_the_database(
    house: House, people: People
) -> None:
    handle = await house.processed(people.client)
    await eventually(house.quiet, handle)
    before = await _events(house, handle.id)
    history = (await handle.fetch_history()).events
    refused = [
        (c.Complete(actor=people.operator), "PROOF_MISSING"),
        (c.Complete(actor=people.other_operator), "NOT_ASSIGNED"),
        (c.Complete(actor=people.trader), "NOT_ALLOWED"),
        (c.Cancel(actor=client_of(people.client), reason="no"), "IN_PROCESS"),
        (c.ExtendDeadline(actor=people.trader, expires_at=(await house.row(handle)).created_at, reason="x"), None),
        (c.ReleaseHold(actor=people.officer, resolution="x"), "NOT_ON_HOLD"),
        (c.Edit(actor=people.operator, amount_usd=Decimal(5)), "NOT_ALLOWED"),
    ]
    for command, code in refused:
        with pytest.raises(Said) as said:
            await house.do(handle, command)
        assert code in {None, said.value.code}
        assert str(said.value)
    assert await _events(house, handle.id) == before
    assert len((await handle.fetch_history()).events) == len(history)


async def test_a_rule_that_only_the_database_can_tell_refuses_and_changes_nothing(house: House, people: People) -> None:
    """An unknown account, an operator who is not one, an amount past the limit."""
    handle = await house.processed(people.client)
    stranger = c.LineDraft(amount=Decimal("340.10"), account_id=9_999)
    for command, code in [
        (c.Edit(actor=people.operator, payouts=(stranger,)), "ACCOUNT_UNKNOWN"),
        (c.Reassign(actor=people.master, operator_id=people.trader.id), "OPERATOR_UNKNOWN"),
    ]:
        with pytest.raises(Said) as said:
            await house.do(handle, command)
        assert said.value.code == code
    assert (await house.row(handle)).version == 2
    answer = await house.do(handle, c.AttachProof(actor=people.operator, files=(PROOF,)))
    assert answer.version == 3


async def test_the_day_of_a_late_completion_reaches_its_rule(house: House, people: People) -> None:
    """F038: yesterday is refused, as the operation was not En proceso yet; without the day it completes."""
    handle = await house.processed(people.client)
    await house.do(handle, c.AttachProof(actor=people.operator, files=(PROOF,)))
    await eventually(house.assessed, handle)
    yesterday = business_day((await house.row(handle)).created_at) - timedelta(days=1)
    with pytest.raises(Said) as said:
        await house.do(handle, c.Complete(actor=people.master, value_day=yesterday, reason="se pagó ayer"))
    assert said.value.code == "VALUE_DAY"
    assert (await house.do(handle, c.Complete(actor=people.master))).state == State.COMPLETADA


@pytest.mark.parametrize("closed", [False, True])
async def test_a_night_later_it_is_completed_on_the_day_of_the_payment_unless_that_day_is_signed(
    house: House, people: People, closed: bool
) -> None:
    """F038: decided where it is written, since a day may be signed after the door has looked."""
    quiet = m.Terms(alert_every=timedelta(days=2))
    handle = await house.processed(people.client, terms=quiet)
    await house.do(handle, c.AttachProof(actor=people.master, files=(PROOF,)))
    await eventually(house.assessed, handle)
    day = business_day((await house.row(handle)).created_at)
    if closed:
        async with house.sessions.begin() as session:
            session.add(signed(day))
    await house.pass_time(handle, 24 * 60)
    late = c.Complete(actor=people.master, value_day=day, reason="la constancia llegó hoy")
    if closed:
        with pytest.raises(Said) as said:
            await house.do(handle, late)
        assert said.value.code == "DAY_SIGNED"
        assert (await house.row(handle)).state is State.EN_PROCESO
        late = c.Complete(actor=people.master)
    assert (await house.do(handle, late)).state == State.COMPLETADA
    finished = (await house.row(handle)).finished_at
    assert finished is not None
    assert (business_day(finished) == day) is not closed


async def test_a_note_is_kept_once_by_its_key_and_changes_no_version(house: House, people: People) -> None:
    handle = await house.create(people.client)
    note = m.Note(actor=people.trader, text="llamó el cliente", key="n1")
    for _ in range(2):
        await handle.signal(names.ADD_NOTE, note)
    await house.do(handle, c.Cancel(actor=people.trader, reason="ya no"))
    await house.ended(handle)
    assert [row.text for row in await house.rows(Note, handle)] == ["llamó el cliente"]
    assert (await house.row(handle)).version == 2


async def _events(house: House, code: str) -> int:
    async with house.sessions() as session:
        counted = select(func.count()).where(OperationEvent.operation_code == code)
        return int(await session.scalar(counted) or 0)


async def test_a_change_that_the_database_refuses_is_told_once_and_changes_nothing(house: House, people: People):
    """It was tried without end, and whoever clicked waited for an answer that never came."""
    handle = await house.create(people.client)
    refuse = text("ALTER TABLE operation_events ADD CONSTRAINT of_a_test CHECK (event <> 'cancel')")
    async with house.sessions.begin() as session:
        await session.execute(refuse)
    try:
        for key in ("first", "second"):
            with pytest.raises(Said) as told:
                await house.do(handle, c.Cancel(actor=people.trader, reason="ya no"), key=key)
            assert told.value.code == "NOT_SAVED"
    finally:
        async with house.sessions.begin() as session:
            await session.execute(text("ALTER TABLE operation_events DROP CONSTRAINT of_a_test"))
    row = await house.row(handle)
    assert (row.state, row.version) == (State.PENDIENTE, 1)
    async with house.sessions() as session:
        found = [(one.kind, one.subject) for one in await session.scalars(select(Incident))]
    assert found == [("cambio que la base no acepta", handle.id)]
    assert (await house.do(handle, c.Cancel(actor=people.trader, reason="ya no"), key="third")).state == "Cancelado"
