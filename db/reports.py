"""What the compliance officer reports: the year's statistics, a client's file, and the draft of a ROS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import cases, register, risk
from db.tables import (
    CaseAlert,
    Client,
    ClientAccount,
    ClientDocument,
    ClientIdentityChange,
    ClientRiskProfile,
    ClientRiskScore,
    ComplianceAudit,
    ComplianceCase,
    ComplianceRule,
    Operation,
    RegisterEntry,
    RosDraft,
)
from domain.calendar import LIMA, day_bounds
from domain.cases import CaseState, Severity
from domain.errors import Missing
from domain.operations import State
from domain.register import Modality

MONTHS = 12
Figure = int | Decimal


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """A year in figures: each line by month, and what stands at this moment. `rules` are alerts by rule."""

    year: int
    lines: Mapping[str, Sequence[Figure]]
    rules: Mapping[str, int]
    clients: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class ClientReport:
    """Everything that compliance keeps of one client."""

    client: Client
    profile: ClientRiskProfile
    scores: Sequence[ClientRiskScore]
    accounts: Sequence[ClientAccount]
    documents: Sequence[ClientDocument]
    identity_changes: Sequence[ClientIdentityChange]
    operations: Sequence[Operation]
    register: Sequence[RegisterEntry]
    cases: Sequence[ComplianceCase]
    alerts: Sequence[CaseAlert]


@dataclass(frozen=True, kw_only=True)
class RosReport:
    """The draft of a ROS with what it stands on. `content` is what the officer wrote last; version 0 is nothing yet."""

    case: ComplianceCase
    client: Client
    profile: ClientRiskProfile
    operations: Sequence[Operation]
    alerts: Sequence[CaseAlert]
    version: int
    content: Mapping[str, str]


async def statistics(session: AsyncSession, year: int) -> Statistics:
    """The officer's yearly statistics, by Lima months."""
    start, end = day_bounds(date(year, 1, 1))[0], day_bounds(date(year + 1, 1, 1))[0]
    lines = {
        name: await _by_month(session, figure, moment, where, (start, end))
        for name, (figure, moment, where) in _lines().items()
    }
    lines |= await _register_lines(session, year)
    return Statistics(
        year=year,
        lines=lines,
        rules=await _counts(
            session,
            select(CaseAlert.rule_key, func.count())
            .where(CaseAlert.at >= start, CaseAlert.at < end, CaseAlert.rule_key != "")
            .group_by(CaseAlert.rule_key)
            .order_by(func.count().desc()),
        ),
        clients=await _clients(session),
    )


Line = tuple[Any, Any, Sequence[ColumnElement[bool]]]


def _lines() -> dict[str, Line]:
    """Each line: what is counted or added up, by which moment, of which rows."""
    count = func.count()
    completed = (Operation.state == State.COMPLETADA,)
    closed = ComplianceCase.closed_at
    return {
        "Operaciones completadas": (count, Operation.finished_at, completed),
        "Monto completado (US$)": (func.coalesce(func.sum(Operation.amount_usd), 0), Operation.finished_at, completed),
        "Alertas": (count, CaseAlert.at, ()),
        **{f"Alertas {one}": (count, CaseAlert.at, (CaseAlert.severity == one,)) for one in Severity},
        "Casos abiertos (inusuales)": (count, ComplianceCase.opened_at, ()),
        "Casos calificados como sospechosos": (count, ComplianceCase.suspicious_at, ()),
        "ROS enviados": (count, ComplianceCase.ros_sent_at, ()),
        "Casos resueltos": (count, closed, (ComplianceCase.state == CaseState.RESUELTA,)),
        "Falsas alarmas": (count, closed, (ComplianceCase.state == CaseState.FALSA_ALARMA,)),
        "Reglas publicadas": (count, ComplianceRule.published_at, ()),
        "Clientes nuevos": (count, Client.created_at, ()),
    }


async def _by_month(
    session: AsyncSession,
    figure: Any,
    moment: Any,
    where: Sequence[ColumnElement[bool]],
    bounds: tuple[datetime, datetime],
) -> Sequence[Figure]:
    month = func.date_part("month", func.timezone(LIMA.key, moment))
    inside = (moment >= bounds[0], moment < bounds[1])
    found = await session.execute(select(month, figure).where(*inside, *where).group_by(month))
    return _spread({int(number): value for number, value in found})


async def _register_lines(session: AsyncSession, year: int) -> dict[str, Sequence[Figure]]:
    counts: dict[Modality, dict[int, Figure]] = {how: {} for how in Modality}
    sums: dict[Modality, dict[int, Figure]] = {how: {} for how in Modality}
    for how, month, count, usd in await register.totals(session, year):
        counts[how][month], sums[how][month] = count, usd
    return {
        **{f"Registro, modalidad {how}": _spread(counts[how]) for how in Modality},
        **{f"Registro, modalidad {how} (US$)": _spread(sums[how]) for how in Modality},
    }


def _spread(found: Mapping[int, Figure]) -> Sequence[Figure]:
    return [found.get(month, 0) for month in range(1, MONTHS + 1)]


async def _counts(session: AsyncSession, query: Select[Any, Any]) -> dict[str, int]:
    return {str(name): int(count) for name, count in await session.execute(query)}


async def _clients(session: AsyncSession) -> dict[str, int]:
    """Living clients by level of risk and regime, and the exposed ones, as they stand now."""
    living = select(ClientRiskProfile.level, func.count()).join(Client, Client.id == ClientRiskProfile.client_id)
    levels = living.where(Client.closed_at.is_(None)).group_by(ClientRiskProfile.level)
    regimes = select(ClientRiskProfile.regime, func.count()).join(Client, Client.id == ClientRiskProfile.client_id)
    regimes = regimes.where(Client.closed_at.is_(None)).group_by(ClientRiskProfile.regime)
    exposed = select(func.count()).select_from(ClientRiskProfile).where(ClientRiskProfile.pep_kind.is_not(None))
    by_level = await _counts(session, levels)
    by_regime = await _counts(session, regimes)
    return {
        **{f"Riesgo {level}": count for level, count in sorted(by_level.items())},
        **{f"Debida diligencia {regime}": count for regime, count in sorted(by_regime.items())},
        "PEP": await session.scalar(exposed) or 0,
    }


async def client_report(session: AsyncSession, client_id: int) -> ClientReport:
    """The whole file of a client, closed ones too. Raises Missing."""
    client = await _client(session, client_id)
    own = select(CaseAlert).join(ComplianceCase, ComplianceCase.id == CaseAlert.case_id)
    own = own.where(ComplianceCase.client_id == client_id).order_by(CaseAlert.id)
    return ClientReport(
        client=client,
        profile=await risk.profile(session, client_id),
        scores=await risk.history(session, client_id),
        accounts=await _of(session, ClientAccount, client_id),
        documents=await _of(session, ClientDocument, client_id),
        identity_changes=await _of(session, ClientIdentityChange, client_id),
        operations=await _of(session, Operation, client_id),
        register=await register.of_client(session, client_id),
        cases=await _of(session, ComplianceCase, client_id),
        alerts=(await session.scalars(own)).all(),
    )


async def ros(session: AsyncSession, case_id: int) -> RosReport:
    """The draft of a case's ROS: what was found, the operations of it, and what the officer wrote last."""
    case = await cases.get_case(session, case_id)
    alerts = await cases.alerts_of(session, case_id)
    codes = {alert.operation_code for alert in alerts if alert.operation_code}
    named = select(Operation).where(Operation.code.in_(codes)).order_by(Operation.id)
    newest = select(RosDraft).where(RosDraft.case_id == case_id).order_by(RosDraft.version.desc()).limit(1)
    draft = await session.scalar(newest)
    return RosReport(
        case=case,
        client=await _client(session, case.client_id),
        profile=await risk.profile(session, case.client_id),
        operations=(await session.scalars(named)).all(),
        alerts=alerts,
        version=draft.version if draft else 0,
        content=draft.content if draft else {},
    )


async def write_ros(session: AsyncSession, case_id: int, content: Mapping[str, str], *, by: int) -> None:
    """Keep another state of the draft. The case's lock numbers them."""
    await cases.get_case(session, case_id, lock=True)
    newest = select(func.coalesce(func.max(RosDraft.version), 0)).where(RosDraft.case_id == case_id)
    version = (await session.scalar(newest) or 0) + 1
    session.add(RosDraft(case_id=case_id, version=version, content=dict(content), user_id=by))
    cases.audit(session, case_id, user_id=by, action="borrador de ROS", detail=f"versión {version}")
    await session.flush()


async def audit_trail(session: AsyncSession, *, before: int | None, limit: int) -> Sequence[ComplianceAudit]:
    """Every look and act of compliance, newest first."""
    query = select(ComplianceAudit).order_by(ComplianceAudit.id.desc()).limit(limit)
    return (await session.scalars(query if before is None else query.where(ComplianceAudit.id < before))).all()


async def _client(session: AsyncSession, client_id: int) -> Client:
    client = await session.get(Client, client_id)
    if client is None:
        raise Missing("CLIENT_NOT_FOUND", "No encontramos a este cliente.", field="client_id")
    return client


_Own = TypeVar("_Own", ClientAccount, ClientDocument, ClientIdentityChange, Operation, ComplianceCase)


async def _of(session: AsyncSession, table: type[_Own], client_id: int) -> Sequence[_Own]:
    """A client's rows, oldest first."""
    return (await session.scalars(select(table).where(table.client_id == client_id).order_by(table.id))).all()
