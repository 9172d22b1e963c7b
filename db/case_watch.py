"""What the clock looks after in open matters of compliance: the 24 hours of a ROS, and rules that leave a client be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import cases, parameters
from db.notifications import notify_each
from db.tables import CaseAlert, ComplianceCase, RuleSnooze, User
from domain.calendar import business_day, format_moment
from domain.cases import REPORTED, alarm_due, check_snooze, ros_deadline
from domain.errors import Conflict, Invalid, Missing
from domain.permissions import GRANTS, Permission
from domain.rules import LIST_RULE

DUE_SOON, LATE = "ros_por_vencer", "ros_vencido"
HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A ROS that must be sent until an instant (UTC), which is near or has passed."""

    case_id: int
    until: datetime
    late: bool


async def unsent(session: AsyncSession) -> Sequence[ComplianceCase]:
    """Called suspicious, with no ROS sent yet; the first to fall due first."""
    wanted = (
        ComplianceCase.suspicious_at.is_not(None),
        ComplianceCase.ros_sent_at.is_(None),
        ComplianceCase.state.in_(REPORTED),
    )
    return (await session.scalars(select(ComplianceCase).where(*wanted).order_by(ComplianceCase.suspicious_at))).all()


async def ring(session: AsyncSession, *, now: datetime) -> Sequence[Alarm]:
    """Tell whoever reads compliance of each ROS whose term is near or over, once an hour; answers what rang."""
    hours = int(await parameters.value(session, "ros_alarm_hours", business_day(now)))
    due = [
        Alarm(case_id=case.id, until=ros_deadline(case.suspicious_at), late=now >= ros_deadline(case.suspicious_at))
        for case in await unsent(session)
        if case.suspicious_at is not None and alarm_due(case.suspicious_at, now, before=hours * HOUR)
    ]
    return [alarm for alarm in due if await _ring(session, alarm, now)]


async def _ring(session: AsyncSession, alarm: Alarm, now: datetime) -> bool:
    key = f"ros:{alarm.case_id}:{(alarm.until - now) // HOUR}"
    payload = {"case_id": alarm.case_id, "ros_until": alarm.until.isoformat()}
    announced = [replace(one, event=LATE if alarm.late else DUE_SOON) for one in cases.ANNOUNCED]
    if not await notify_each(session, announced, key=key, payload=payload):
        return False
    words = f"El ROS {'venció' if alarm.late else 'vence'} el {format_moment(alarm.until)}."
    cases.audit(session, alarm.case_id, user_id=None, action="alarma", detail=words)
    return True


async def alarm_of(session: AsyncSession, case_id: int) -> datetime | None:
    """Until when its ROS must be sent; None when it has been sent, or need not be."""
    case = await cases.get_case(session, case_id)
    if case.suspicious_at is None or case.ros_sent_at is not None or case.state not in REPORTED:
        return None
    return ros_deadline(case.suspicious_at)


async def officers(session: AsyncSession) -> Sequence[str]:
    """Mail addresses of whoever may resolve cases."""
    roles = [role for role, granted in GRANTS.items() if Permission.COMPLIANCE_RESOLVE in granted]
    wanted = select(User.email).where(User.status == "Activo", User.role.in_(roles))
    return (await session.scalars(wanted.order_by(User.id))).all()


async def ros_sent(session: AsyncSession, case_id: int, *, by: int, number: str, at: datetime) -> None:
    """The officer sent it through the UIF's portal, which gave it a number. Raises Conflict."""
    case = await cases.get_case(session, case_id, lock=True)
    if case.suspicious_at is None:
        raise Conflict("NOT_SUSPICIOUS", "Escala el caso antes de anotar su ROS.")
    if case.ros_sent_at is not None:
        if case.ros_number == number:
            return
        raise Conflict("ROS_SENT", "El ROS de este caso ya está anotado.")
    case.ros_sent_at, case.ros_number = at, number
    cases.audit(session, case_id, user_id=by, action="ROS enviado", detail=number)


async def snooze(
    session: AsyncSession, case_id: int, *, by: int, rule_key: str, days: int, reason: str, now: datetime
) -> None:
    """Silence a rule that rang in this case, for its client only and for some days. Raises Invalid or Conflict."""
    case = await cases.get_case(session, case_id, lock=True)
    check_snooze(days, reason, most=int(await parameters.value(session, "snooze_max_days", business_day(now))))
    if rule_key == LIST_RULE:
        raise Conflict("RULE_MANDATORY", "La regla de listas no se silencia.")
    rang = select(CaseAlert.id).where(CaseAlert.case_id == case_id, CaseAlert.rule_key == rule_key)
    if await session.scalar(rang.limit(1)) is None:
        raise Invalid("RULE_UNKNOWN", "Esa regla no avisó en este caso.", field="rule")
    await _end(session, case.client_id, rule_key, now)
    until = now + timedelta(days=days)
    session.add(RuleSnooze(rule_key=rule_key, client_id=case.client_id, until=until, reason=reason, user_id=by, at=now))
    detail = f"{rule_key} hasta el {format_moment(until)}: {reason}"
    cases.audit(session, case_id, user_id=by, action="regla silenciada", detail=detail)


async def wake(session: AsyncSession, case_id: int, *, by: int, rule_key: str, now: datetime) -> None:
    """The rule rings for this client again from now on. Raises Missing when it was not silent."""
    case = await cases.get_case(session, case_id, lock=True)
    if not await _end(session, case.client_id, rule_key, now):
        raise Missing("SNOOZE_UNKNOWN", "Esa regla no está silenciada para este cliente.", field="rule")
    cases.audit(session, case_id, user_id=by, action="regla reactivada", detail=rule_key)


async def snoozes_of(session: AsyncSession, client_id: int, *, now: datetime) -> Sequence[RuleSnooze]:
    """The rules that leave this client in peace now."""
    running = (RuleSnooze.client_id == client_id, RuleSnooze.ended_at.is_(None), RuleSnooze.until > now)
    return (await session.scalars(select(RuleSnooze).where(*running).order_by(RuleSnooze.id))).all()


async def _end(session: AsyncSession, client_id: int, rule_key: str, now: datetime) -> bool:
    running = (RuleSnooze.client_id == client_id, RuleSnooze.rule_key == rule_key, RuleSnooze.ended_at.is_(None))
    ended = update(RuleSnooze).where(*running, RuleSnooze.until > now).values(ended_at=now)
    return bool((await session.scalars(ended.returning(RuleSnooze.id))).all())
