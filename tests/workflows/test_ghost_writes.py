"""A row may hold a version that its workflow never made: a local write commits, then worker and server die.

The workflow is the authority. Its next write replaces the orphan, keeps it marked, and says so.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import select, update

from db import operations
from db.tables import Deposit, Incident, OperationEvent, Payout, Proof, RewardCode
from domain import commands as c
from domain import lifecycle
from domain.operations import Operation, Origin, State, differences
from tests.people import add_client
from tests.workflows.conftest import People
from tests.workflows.house import PROOF, House, client_of, eventually
from workflows import names

ORPHAN = "escritura huérfana"


async def lose(house: House, held: Operation, command: c.Command, *, key: str = "lost") -> Operation:
    """Write what the workflow would have written for `command`, without its knowing."""
    now = datetime.now(UTC)
    after = lifecycle.decide(held, command, now)
    moved = after.state is not held.state
    async with house.sessions.begin() as session:
        await operations.record_transition(
            session,
            after,
            event=lifecycle.RULES[type(command)].name,
            actor=command.actor,
            update_id=key,
            at=now,
            changes=differences(held, after),
            assign_operator=moved and after.state is State.EN_PROCESO,
        )
    return after


async def test_the_workflow_replaces_an_orphan_and_keeps_it_marked(house: House, people: People) -> None:
    handle = await house.create(people.client)
    proof = c.SubmitProof(actor=client_of(people.client), transfer_code="00123", files=(PROOF,))
    await lose(house, await house.snapshot(handle), proof)
    ghost = await house.row(handle)
    assert (ghost.state, ghost.version, ghost.operator_id) == (State.EN_PROCESO, 2, people.operator.id)
    answer = await house.do(handle, c.Cancel(actor=people.trader, reason="ya no"), key="mine")
    assert (answer.version, answer.state) == (2, "Cancelado")
    row = await house.row(handle)
    assert (row.state, row.version, row.operator_id, row.last_update_id) == (State.CANCELADO, 2, None, "mine")
    marked = [(e.event, e.orphaned_at is not None) for e in await house.rows(OperationEvent, handle)]
    assert marked == [("create", False), ("submit_proof", True), ("cancel", False)]
    assert all(line.removed_at for line in await house.rows(Deposit, handle))
    assert all(proof.removed_at for proof in await house.rows(Proof, handle))
    async with house.sessions() as session:
        assert [(i.kind, i.subject) for i in await session.scalars(select(Incident))] == [(ORPHAN, handle.id)]


async def test_the_same_key_asked_again_meets_its_own_lost_write_and_nothing_is_doubled(
    house: House, people: People
) -> None:
    """The caller retries with its key, as every face does: the write is found done."""
    handle = await house.create(people.client)
    proof = c.SubmitProof(actor=client_of(people.client), transfer_code="00123", files=(PROOF,))
    await lose(house, await house.snapshot(handle), proof, key="click")
    answer = await house.do(handle, proof, key="click")
    assert (answer.version, answer.operator_id) == (2, people.operator.id)
    assert await house.story(handle) == ["create", "submit_proof"]
    assert len(await house.rows(Deposit, handle)) == 1
    async with house.sessions() as session:
        assert (await session.scalars(select(Incident))).all() == []


async def test_with_the_row_ahead_the_workflow_numbers_past_it_and_goes_on(house: House, people: People) -> None:
    """As after a restored backup of Temporal: StaleWrite tells where the row stands."""
    handle = await house.create(people.client)
    ahead = await house.snapshot(handle)
    for text in ("a", "b", "c"):
        ahead = await lose(house, ahead, c.Edit(actor=people.trader, comments=text), key=f"lost {text}")
    answer = await house.do(handle, c.SubmitProof(actor=client_of(people.client), files=(PROOF,)))
    assert answer.version == 5
    assert (await house.snapshot(handle)).version == 5
    row = await house.row(handle)
    assert (row.version, row.state, row.comments) == (5, State.EN_PROCESO, "")
    answer = await house.do(handle, c.AttachProof(actor=people.operator, files=(PROOF,)))
    assert answer.version == 6


async def test_lines_and_proofs_of_writes_that_put_the_row_ahead_do_not_outlive_them(
    house: House, people: People
) -> None:
    """The command that follows changes no line, so only comparing every one of them finds what was lost."""
    handle = await house.create(people.client)
    ahead = await house.snapshot(handle)
    client = client_of(people.client)
    ahead = await lose(house, ahead, c.SubmitProof(actor=client, transfer_code="1", files=(PROOF,)), key="a")
    await lose(house, ahead, c.Edit(actor=people.master, comments="perdida"), key="b")
    answer = await house.do(handle, c.Edit(actor=people.trader, comments="sigue"))
    assert answer.version == 4
    rows = [*await house.rows(Deposit, handle), *await house.rows(Payout, handle), *await house.rows(Proof, handle)]
    assert len(rows) == 3
    assert all(row.removed_at for row in rows)


async def test_written_again_the_row_has_every_line_and_proof_of_its_workflow(house: House, people: People) -> None:
    """As after a restored backup of the database: the version ties, what belongs to it does not."""
    handle = await house.processed(people.client)
    await eventually(house.quiet, handle)
    async with house.sessions.begin() as session:
        for table in (Deposit, Payout, Proof):
            await session.execute(update(table).values(removed_at=datetime.now(UTC)))
    await handle.signal(names.RESYNC)

    async def written_again() -> bool:
        return (await house.row(handle)).last_update_id == "resync:3"

    await eventually(written_again)
    rows = [*await house.rows(Deposit, handle), *await house.rows(Payout, handle), *await house.rows(Proof, handle)]
    assert len(rows) == 3
    assert not any(row.removed_at for row in rows)


async def test_a_late_attempt_of_a_passed_version_changes_nothing(house: House, people: People) -> None:
    """A worker that was thought dead wakes up and writes: the fence holds."""
    handle = await house.create(people.client)
    held = await house.snapshot(handle)
    await house.do(handle, c.SubmitProof(actor=client_of(people.client), files=(PROOF,)))
    await house.do(handle, c.AttachProof(actor=people.operator, files=(PROOF,)))
    try:
        await lose(house, held, c.Cancel(actor=people.trader, reason="ya no"))
    except operations.StaleWrite as stale:
        assert stale.row_version == 3  # noqa: PT017 - what it tells the workflow
    else:
        raise AssertionError("a passed version was written")
    row = await house.row(handle)
    assert (row.version, row.state) == (3, State.EN_PROCESO)


async def test_a_coupon_that_a_lost_cancel_freed_is_held_again(house: House, people: People) -> None:
    """F126."""
    async with house.sessions.begin() as session:
        session.add(RewardCode(code="REGALO", owner_id=people.other_client.id, pips=30))
    handle = await house.create(people.client, coupon="REGALO")
    await lose(house, await house.snapshot(handle), c.Cancel(actor=people.trader, reason="ya no"))
    await house.do(handle, c.SubmitProof(actor=client_of(people.client), files=(PROOF,)))
    async with house.sessions() as session:
        assert await session.scalar(select(RewardCode.reserved_for)) == handle.id


async def test_the_clock_is_never_refused_by_a_rule_of_the_database(house: House, people: People) -> None:
    """The row of a lost edit says USD 100, so 850 more fitted the limit; expiring at 900 must not be refused."""
    async with house.sessions.begin() as session:
        client = await add_client(session, "42000031", complete=False)
    handle = await house.create(client, usd="900.00")
    await eventually(house.quiet, handle)
    edit = c.Edit(actor=people.master, amount_usd=Decimal(100))
    await lose(house, await house.snapshot(handle), edit)
    await house.create(client, usd="850.00", origin=Origin.SISTEMA, actor=people.trader)
    await house.pass_time(handle, 15.1)
    assert await house.ended(handle) == "Expirada"
    row = await house.row(handle)
    assert (row.state, row.amount_usd) == (State.EXPIRADA, Decimal("900.00"))
