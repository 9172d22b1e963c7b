"""Cases of compliance: opened once a cause, read by the officer, decided before the operation hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.notifications import notify_each
from db.tables import CaseAlert, CaseFile, ComplianceAudit, ComplianceCase, Operation, TransactionMonitoring, User
from domain.cases import OPEN, OUTCOME, CaseKind, CaseState, Decision, Severity, moved, ros_deadline, worst
from domain.errors import Conflict, Invalid, Missing
from domain.notifications import Announcement, role_room
from domain.operations import OPEN as STILL_OPEN
from domain.operations import Assessment, StoredFile
from domain.permissions import GRANTS, Permission, allows

# A new alert rings only where whoever hears it may read compliance (duty of secrecy).
ANNOUNCED = tuple(
    Announcement(event="alerta_cumplimiento", room=role_room(role))
    for role, granted in GRANTS.items()
    if Permission.COMPLIANCE_READ in granted
)


async def open_or_join_case(
    session: AsyncSession,
    *,
    kind: str,
    client_id: int,
    operation_code: str | None,
    severity: str,
    source_key: str,
    summary: str,
    rule_key: str = "",
    holds: bool = False,
) -> int:
    """The case that holds this finding: the client's open one of its kind, or a new one. A repeat changes nothing.

    `severity` is a value of domain.cases.Severity; `source_key` names the cause, for instance `lista:EXP-1001`;
    `holds` says that the operation waits for what is decided here.
    """
    known = select(CaseAlert.case_id).where(CaseAlert.source_key == source_key)
    if (case_id := await session.scalar(known)) is not None:
        return case_id
    case = await _open_case(session, kind=kind, client_id=client_id, severity=Severity(severity), summary=summary)
    values = {
        "case_id": case.id,
        "source_key": source_key,
        "operation_code": operation_code,
        "severity": Severity(severity),
        "summary": summary,
        "rule_key": rule_key,
        "holds": holds,
    }
    once = insert(CaseAlert).values(values).on_conflict_do_nothing().returning(CaseAlert.id)
    alert_id = await session.scalar(once)
    if alert_id is None:
        return (await session.scalars(known)).one()
    case.severity = worst(case.severity, Severity(severity))
    audit(session, case.id, user_id=None, action="alerta", detail=summary)
    payload = {"case_id": case.id, "kind": kind, "severity": str(case.severity)}
    await notify_each(session, ANNOUNCED, key=f"alerta:{alert_id}", payload=payload)
    return case.id


async def _open_case(
    session: AsyncSession, *, kind: str, client_id: int, severity: Severity, summary: str
) -> ComplianceCase:
    values = {
        "kind": kind,
        "client_id": client_id,
        "severity": severity,
        "summary": summary,
        "state": CaseState.PENDIENTE,
    }
    unless_open = insert(ComplianceCase).values(values)
    unless_open = unless_open.on_conflict_do_nothing(
        index_elements=["client_id", "kind"], index_where=text("closed_at IS NULL")
    )
    await session.execute(unless_open)
    mine = (ComplianceCase.client_id == client_id, ComplianceCase.kind == kind, ComplianceCase.closed_at.is_(None))
    return (await session.scalars(select(ComplianceCase).where(*mine).with_for_update())).one()


def _check_open(case: ComplianceCase) -> None:
    if case.state not in OPEN:
        raise Conflict("CASE_CLOSED", "El caso ya está cerrado.")


def audit(session: AsyncSession, case_id: int, *, user_id: int | None, action: str, detail: str = "") -> None:
    """Add one line to the case's story, in the transaction of the act it tells."""
    session.add(ComplianceAudit(case_id=case_id, user_id=user_id, action=action, detail=detail))


def audit_subject(session: AsyncSession, subject: str, *, user_id: int, action: str, detail: str = "") -> None:
    """One look or act on something of compliance that is no case: `regla:…`, `cliente:…`, `registro:…`."""
    session.add(ComplianceAudit(subject=subject, user_id=user_id, action=action, detail=detail))


async def list_cases(
    session: AsyncSession,
    *,
    state: CaseState | None,
    assigned_to: int | None = None,
    client_id: int | None = None,
    before: int | None,
    limit: int,
) -> Sequence[ComplianceCase]:
    """Cases, newest first."""
    query = select(ComplianceCase).order_by(ComplianceCase.id.desc()).limit(limit)
    if assigned_to is not None:
        query = query.where(ComplianceCase.assigned_to == assigned_to)
    if client_id is not None:
        query = query.where(ComplianceCase.client_id == client_id)
    if state is not None:
        query = query.where(ComplianceCase.state == state)
    if before is not None:
        query = query.where(ComplianceCase.id < before)
    return (await session.scalars(query)).all()


async def get_case(session: AsyncSession, case_id: int, *, lock: bool = False) -> ComplianceCase:
    """One case, locked when it is to be changed. Raises Missing."""
    query = select(ComplianceCase).where(ComplianceCase.id == case_id)
    case = await session.scalar(query.with_for_update() if lock else query)
    if case is None:
        raise Missing("CASE_UNKNOWN", "No existe ese caso.")
    return case


async def alerts_of(session: AsyncSession, case_id: int) -> Sequence[CaseAlert]:
    """What was found, oldest first."""
    return (await session.scalars(select(CaseAlert).where(CaseAlert.case_id == case_id).order_by(CaseAlert.id))).all()


async def files_of(session: AsyncSession, case_id: int) -> Sequence[CaseFile]:
    """What supports it, oldest first."""
    return (await session.scalars(select(CaseFile).where(CaseFile.case_id == case_id).order_by(CaseFile.id))).all()


async def list_alerts(
    session: AsyncSession, *, rule_key: str, client_id: int | None, before: int | None, limit: int
) -> Sequence[tuple[CaseAlert, ComplianceCase]]:
    """Alerts of every case, newest first, each with its case."""
    query = select(CaseAlert, ComplianceCase).join(ComplianceCase, ComplianceCase.id == CaseAlert.case_id)
    if rule_key:
        query = query.where(CaseAlert.rule_key == rule_key)
    if client_id is not None:
        query = query.where(ComplianceCase.client_id == client_id)
    if before is not None:
        query = query.where(CaseAlert.id < before)
    rows = await session.execute(query.order_by(CaseAlert.id.desc()).limit(limit))
    return [(alert, case) for alert, case in rows]


async def story_of(session: AsyncSession, case_id: int) -> Sequence[ComplianceAudit]:
    """All that was seen and done, oldest first."""
    wanted = select(ComplianceAudit).where(ComplianceAudit.case_id == case_id)
    return (await session.scalars(wanted.order_by(ComplianceAudit.id))).all()


async def take(session: AsyncSession, case_id: int, user_id: int) -> ComplianceCase:
    """Assign it to this person; a Pendiente one passes to En revisión. Raises Conflict when it is closed."""
    case = await get_case(session, case_id, lock=True)
    _check_open(case)
    case.assigned_to = user_id
    if case.state is CaseState.PENDIENTE:
        case.state = moved(case.state, CaseState.EN_REVISION)
    audit(session, case_id, user_id=user_id, action="asignado")
    return case


async def escalate(session: AsyncSession, case_id: int, user_id: int, reason: str) -> datetime:
    """Call it suspicious: from now there are 24 hours to send the ROS. Returns that deadline (UTC)."""
    case = await get_case(session, case_id, lock=True)
    case.state = moved(case.state, CaseState.ESCALADA)
    case.suspicious_at = datetime.now(UTC)
    audit(session, case_id, user_id=user_id, action="escalado", detail=reason)
    return ros_deadline(case.suspicious_at)


async def assign(session: AsyncSession, case_id: int, *, by: int, to: int) -> ComplianceCase:
    """Give it to somebody who may resolve it. Raises Invalid, or Conflict when it is closed."""
    user = await session.get(User, to)
    if user is None or user.status != "Activo" or not allows(user.role, Permission.COMPLIANCE_RESOLVE):
        raise Invalid("USER_UNKNOWN", "Elige a una persona activa de cumplimiento.", field="user_id")
    case = await get_case(session, case_id, lock=True)
    _check_open(case)
    case.assigned_to = to
    audit(session, case_id, user_id=by, action="asignado", detail=f"a la persona {to}")
    return case


async def attach(session: AsyncSession, case_id: int, *, by: int, file: StoredFile, title: str) -> None:
    """Keep a stored file with the case, also when it is closed."""
    await get_case(session, case_id, lock=True)
    session.add(
        CaseFile(
            case_id=case_id, file_key=file.key, content_type=file.content_type, size=file.size, title=title, user_id=by
        )
    )
    audit(session, case_id, user_id=by, action="adjunto", detail=title)


async def decide(session: AsyncSession, case_id: int, user_id: int, decision: Decision, resolution: str) -> None:
    """Write the decision. The same one again changes nothing, so that it may be told again after a failure.

    Raises Conflict when it was decided otherwise, or when nobody has it in review.
    """
    case = await get_case(session, case_id, lock=True)
    if case.decision is decision:
        return
    case.state = moved(case.state, OUTCOME[decision])
    case.decision, case.resolution, case.decided_by = decision, resolution, user_id
    case.closed_at = datetime.now(UTC)
    audit(session, case_id, user_id=user_id, action=f"decisión: {decision}", detail=resolution)


async def waiting_for(session: AsyncSession, case_id: int) -> Sequence[str]:
    """Codes of the operations that this case holds and that have yet to hear its decision.

    What is released here but held by another open case goes on waiting for that one; an operation that an alert only
    mentions is left as it is, whatever is decided.
    """
    case = await get_case(session, case_id)
    assessed_held = select(TransactionMonitoring.id).where(
        TransactionMonitoring.operation_code == Operation.code, TransactionMonitoring.outcome == Assessment.HELD
    )
    # By what was assessed: the case is there a moment before the workflow has written the hold.
    held = or_(
        Operation.assessment == Assessment.HELD,
        and_(Operation.assessment == Assessment.PENDING, assessed_held.exists()),
    )
    wanted = select(Operation.code).join(CaseAlert, CaseAlert.operation_code == Operation.code)
    wanted = wanted.where(CaseAlert.case_id == case_id, Operation.state.in_(STILL_OPEN), held)
    if case.kind != CaseKind.LISTA:
        wanted = wanted.where(CaseAlert.holds)
    if case.decision is Decision.LIBERAR:
        wanted = wanted.where(~_held_elsewhere(case_id))
    return (await session.scalars(wanted.distinct().order_by(Operation.code))).all()


def _held_elsewhere(case_id: int) -> ColumnElement[bool]:
    other = select(CaseAlert.id).join(ComplianceCase, ComplianceCase.id == CaseAlert.case_id)
    holding = or_(CaseAlert.holds, ComplianceCase.kind == CaseKind.LISTA)
    mine = (CaseAlert.operation_code == Operation.code, CaseAlert.case_id != case_id)
    return other.where(*mine, ComplianceCase.closed_at.is_(None), holding).correlate(Operation).exists()


async def undelivered(session: AsyncSession, *, before: datetime) -> Sequence[ComplianceCase]:
    """Decided before an instant, and not every operation has heard it."""
    untold = (ComplianceCase.decision.is_not(None), ComplianceCase.told_at.is_(None))
    wanted = select(ComplianceCase).where(*untold, ComplianceCase.closed_at < before)
    return (await session.scalars(wanted.order_by(ComplianceCase.id))).all()


async def told(session: AsyncSession, case_id: int) -> None:
    """The held operations have heard the decision."""
    case = await get_case(session, case_id, lock=True)
    case.told_at = case.told_at or datetime.now(UTC)
