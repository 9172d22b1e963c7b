"""Every five minutes rows and workflows are compared: what does not tie is an incident, and is written again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import ActivityEnvironment

from activities.reconciliation import DRIFT, ReconciliationActivities
from db.operation_creation import record_creation
from db.tables import Incident, Operation
from domain import commands as c
from domain.operations import State
from tests.workflows.conftest import People
from tests.workflows.house import PROOF, House, client_of, eventually
from tests.workflows.test_ghost_writes import lose
from workflows import messages as m
from workflows import names


async def reconcile(house: House, *, settled: timedelta = timedelta(0)) -> m.ReconciliationReport:
    activities = ReconciliationActivities(house.sessions, house.client, settled=settled)
    return await ActivityEnvironment().run(activities.reconcile_operations)


async def drifts(house: House) -> dict[str, bool]:
    """Whether the drift of each operation is over."""
    async with house.sessions() as session:
        rows = await session.scalars(select(Incident).where(Incident.kind == DRIFT).order_by(Incident.id))
        return {row.subject: row.closed_at is not None for row in rows}


async def visible(house: House, code: str) -> bool:
    """The server's list knows that it runs (the list lags a little behind)."""
    return code in [run.id async for run in house.client.list_workflows("ExecutionStatus = 'Running'")]


async def test_what_ties_is_left_in_peace(house: House, people: People) -> None:
    handle = await house.processed(people.client)
    report = await reconcile(house)
    assert (report.compared, report.drifted) == (1, ())
    assert (await house.row(handle)).version == 2
    assert not await drifts(house)


@pytest.mark.parametrize("lost", ["proof", "cancel"])
async def test_a_drift_is_an_incident_is_written_again_and_closes_when_it_ties(
    house: House, people: People, lost: str
) -> None:
    """Also when the lost write closed the row alone, so that no open row is left to look at."""
    handle = await house.create(people.client)
    client = client_of(people.client)
    command = (
        c.Cancel(actor=client, reason="ya no") if lost == "cancel" else c.SubmitProof(actor=client, files=(PROOF,))
    )
    await lose(house, await house.snapshot(handle), command)
    await eventually(visible, house, handle.id)
    report: dict[str, object] = await house.client.execute_workflow(
        names.RECONCILIATION, id="conciliacion", task_queue=names.OPERATIONS_QUEUE
    )
    assert report == {"compared": 1, "drifted": [handle.id]}
    assert await drifts(house) == {handle.id: False}

    async def written_again() -> bool:
        return (await house.row(handle)).last_update_id == "resync:2"

    await eventually(written_again)
    row = await house.row(handle)
    assert (row.version, row.state, row.operator_id) == (2, State.PENDIENTE, None)
    assert (await reconcile(house)).drifted == ()
    assert await drifts(house) == {handle.id: True}
    answer = await house.do(handle, c.SubmitProof(actor=client, files=(PROOF,)))
    assert answer.version == 3


async def test_a_row_that_has_just_moved_is_compared_the_next_time(house: House, people: People) -> None:
    handle = await house.create(people.client)
    await lose(house, await house.snapshot(handle), c.Edit(actor=people.trader, comments="x"))
    report = await reconcile(house, settled=timedelta(minutes=1))
    assert (report.compared, report.drifted) == (0, ())


async def test_an_open_row_without_a_workflow_is_an_incident(house: House, people: People) -> None:
    start = await house.quoted(people.client)
    async with house.sessions.begin() as session:
        await record_creation(session, start.operation, update_id="k", at=datetime.now(UTC))
    assert (await reconcile(house)).drifted == (start.operation.code,)
    async with house.sessions() as session:
        incident = (await session.scalars(select(Incident))).one()
    assert incident.detail == f"{start.operation.code}: no tiene flujo en Temporal."


async def test_an_open_row_whose_workflow_has_ended_is_an_incident_until_it_is_put_right(
    house: House, people: People
) -> None:
    handle = await house.create(people.client)
    await house.do(handle, c.Cancel(actor=people.trader, reason="ya no"))
    await house.ended(handle)
    await _force(house, handle.id, State.PENDIENTE)
    assert (await reconcile(house)).drifted == (handle.id,)
    assert await drifts(house) == {handle.id: False}
    await _force(house, handle.id, State.CANCELADO)
    assert (await reconcile(house)).drifted == ()
    assert await drifts(house) == {handle.id: True}


async def test_an_incident_of_an_operation_that_has_ended_meanwhile_is_closed(house: House, people: People) -> None:
    handle = await house.create(people.client)
    await lose(house, await house.snapshot(handle), c.Edit(actor=people.trader, comments="x"))
    await reconcile(house)
    await house.do(handle, c.Cancel(actor=people.trader, reason="ya no"))
    await house.ended(handle)
    description = await handle.describe()
    assert description.status is WorkflowExecutionStatus.COMPLETED
    assert (await reconcile(house)).drifted == ()
    assert await drifts(house) == {handle.id: True}


async def _force(house: House, code: str, state: State) -> None:
    """What no program of the house does: change the row behind its workflow's back."""
    async with house.sessions.begin() as session:
        await session.execute(update(Operation).where(Operation.code == code).values(state=state))
