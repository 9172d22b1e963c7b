"""A decision that was written and not told reaches its operation by itself, and nobody else's hold is undone by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from temporalio.testing import ActivityEnvironment

from activities.case_watch import CaseWatchActivities
from db import case_watch, cases
from db.tables import ComplianceAudit, ComplianceCase, Notification
from domain.cases import Decision
from domain.operations import State
from tests.people import add_client
from tests.workflows.conftest import People
from tests.workflows.house import House, eventually
from workflows import messages as m


async def watch(house: House) -> m.CasesWatched:
    activities = CaseWatchActivities(house.sessions, house.client, left_behind=timedelta(0))
    return await ActivityEnvironment().run(activities.watch_cases)


async def _decided(house: House, case_id: int, by: int, decision: Decision) -> None:
    async with house.sessions.begin() as session:
        await cases.take(session, case_id, by)
        await cases.decide(session, case_id, by, decision, "revisado")


async def test_what_was_decided_and_not_told_is_told_by_the_clock_once_no_other_case_holds(
    house: House, people: People
) -> None:
    """The process died between the decision and its telling; meanwhile another case held the same operation."""
    async with house.sessions.begin() as session:
        listed = await add_client(session, "40000009", list_match=True)
    handle = await house.create(listed)
    await eventually(house.assessed, handle)
    async with house.sessions.begin() as session:
        first = (await session.scalars(select(ComplianceCase.id).where(ComplianceCase.kind == "lista"))).one()
        other = await cases.open_or_join_case(
            session,
            kind="monitoreo",
            client_id=listed.id,
            operation_code=handle.id,
            severity="Alta",
            source_key="regla:x",
            summary="x",
            holds=True,
        )
        mention = await cases.open_or_join_case(
            session,
            kind="pep",
            client_id=listed.id,
            operation_code=handle.id,
            severity="Alta",
            source_key="regla:y",
            summary="y",
        )
    await _decided(house, mention, people.officer.id, Decision.CONFIRMAR)
    await _decided(house, first, people.officer.id, Decision.LIBERAR)
    assert (await watch(house)).told == (first, mention)
    assert (await house.snapshot(handle)).on_hold
    await _decided(house, other, people.officer.id, Decision.LIBERAR)
    assert (await watch(house)).told == (other,)
    assert not (await house.snapshot(handle)).on_hold
    assert (await house.row(handle)).state is State.PENDIENTE
    assert (await watch(house)).told == ()


async def test_the_alarm_of_a_ros_rings_before_its_24_hours_pass_once_an_hour_and_never_to_the_desk(
    house: House, people: People
) -> None:
    async with house.sessions.begin() as session:
        case_id = await cases.open_or_join_case(
            session,
            kind="monitoreo",
            client_id=people.client.id,
            operation_code=None,
            severity="Alta",
            source_key="regla:x",
            summary="x",
        )
        await cases.take(session, case_id, people.officer.id)
        await cases.escalate(session, case_id, people.officer.id, "sin sustento")
    assert (await watch(house)).rung == ()
    marked = datetime.now(UTC) - timedelta(hours=20, minutes=30)
    async with house.sessions.begin() as session:
        await session.execute(update(ComplianceCase).values(suspicious_at=marked))
    assert [len((await watch(house)).rung) for _ in range(2)] == [1, 0]
    async with house.sessions.begin() as session:
        (late,) = await case_watch.ring(session, now=marked + timedelta(hours=24, minutes=1))
        assert late.late
    async with house.sessions() as session:
        told = (await session.execute(select(Notification.event, Notification.room).order_by(Notification.id))).all()
        story = (await session.scalars(select(ComplianceAudit.action).order_by(ComplianceAudit.id))).all()
    alarms = [(event, room) for event, room in told if event.startswith("ros_")]
    assert {room for _, room in alarms} == {"role_Master", "role_Middle Office"}
    assert [event for event, _ in alarms] == ["ros_por_vencer"] * 2 + ["ros_vencido"] * 2
    assert story == ["alerta", "asignado", "escalado", "alarma", "alarma"]
    async with house.sessions.begin() as session:
        await case_watch.ros_sent(session, case_id, by=people.officer.id, number="2026-0001", at=datetime.now(UTC))
    assert (await watch(house)).rung == ()
