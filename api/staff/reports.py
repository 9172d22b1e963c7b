"""Compliance's reports: Registro de Operaciones, ROS drafts, the year's statistics, a client's file, the audit.

Each look, each correction and each file that leaves is a row of the compliance audit. Others are answered 404.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from api.auth import SignedUser, requires_unseen
from api.services import ServicesDep
from api.staff import report_papers as papers
from api.staff.papers import CONTENT_TYPES, Paper, PaperFormat, render
from api.staff.shapes import MAX_ID, PAGE, Answer, Body, Cursor, Limit, Money, Rate, after, example, page
from db import register, reports
from db.cases import audit, audit_subject
from domain.accounts import Bank
from domain.errors import Conflict
from domain.operations import Kind
from domain.permissions import Permission
from domain.register import Modality, PartyRole, month_days

router = APIRouter(prefix="/api/staff/reports", tags=["Reportes de cumplimiento"])

Officer = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_REPORT)]
Code = Annotated[str, Path(min_length=1, max_length=20, pattern=r"^[A-Z]+-[0-9]+$")]
RowId = Annotated[int, Path(ge=1, le=MAX_ID)]
Month = Annotated[str, Query(pattern=r"^20[0-9]{2}-[0-9]{2}$", description="Mes de Lima, por ejemplo 2026-11.")]
FILE: dict[int | str, dict[str, Any]] = {200: {"content": {kind: {} for kind in sorted(CONTENT_TYPES.values())}}}


class FormatBody(Body):
    """Which kind of file."""

    model_config = example(format="pdf")
    format: PaperFormat = PaperFormat.PDF


class MonthBody(Body):
    """Which month."""

    model_config = example(month="2026-11")
    month: str = Field(pattern=r"^20[0-9]{2}-[0-9]{2}$")


class YearBody(FormatBody):
    """Which year."""

    model_config = example(year=2026, format="xlsx")
    year: int = Field(ge=2000, le=2099)


class PartyBody(Body):
    """What was learnt of one of the three people; what is left out stays as it was."""

    person_type: str = Field(default="", max_length=20)
    document_type: str = Field(default="", max_length=20)
    document_number: str = Field(default="", max_length=20)
    name: str = Field(default="", max_length=200)
    address: str = Field(default="", max_length=300)
    phone: str = Field(default="", max_length=20)
    pep: str = Field(default="", max_length=2)


class CorrectionBody(Body):
    """A correction, with its reason."""

    model_config = example(
        people={"beneficiario": {"name": "Persona Beneficiaria", "document_number": "99000099"}},
        funds_origin="Venta de un inmueble",
        reason="El cliente declaró a un tercero como beneficiario",
    )
    people: dict[PartyRole, PartyBody] = Field(default_factory=dict)
    funds_origin: str = Field(default="", max_length=300)
    observations: str = Field(default="", max_length=1000)
    reason: str = Field(min_length=1, max_length=500)


class RosBody(Body):
    """What the officer writes of a ROS, so far."""

    model_config = example(facts="El cliente realizó…", analysis="No guarda relación con…", actions="Se pidió sustento")
    facts: str = Field(default="", max_length=20_000)
    analysis: str = Field(default="", max_length=20_000)
    actions: str = Field(default="", max_length=20_000)


class RegisterRow(Answer):
    """One row of the register. `entry` above 1 is a correction, and the last one counts."""

    id: int
    operation_code: str
    client_id: int
    entry: int
    modality: Modality
    day: date
    occurred_at: datetime
    kind: Kind
    amount_usd: Money
    amount_pen: Money
    rate: Rate
    source_bank: Bank
    source_account: str
    destination_bank: Bank
    destination_account: str
    people: dict[str, dict[str, str]]
    funds_origin: str
    observations: str
    reason: str
    user_id: int | None
    at: datetime


class RegisterPage(Answer):
    """A page of the register."""

    items: list[RegisterRow]
    next_cursor: str | None


class RegisterHistory(Answer):
    """Every row of one operation, the first as it was written."""

    items: list[RegisterRow]


class StatisticsView(Answer):
    """The year by Lima months; money and counts as text, twelve a line."""

    year: int
    lines: dict[str, list[str]]
    rules: dict[str, int]
    clients: dict[str, int]


class RosView(Answer):
    """The draft. Version 0: nothing is written yet."""

    case_id: int
    version: int
    facts: str
    analysis: str
    actions: str
    operation_codes: list[str]
    alerts: list[str]


class AuditLine(Answer):
    """One look or act."""

    id: int
    case_id: int | None
    subject: str
    user_id: int | None
    action: str
    detail: str
    at: datetime


class AuditPage(Answer):
    """A page of the audit."""

    items: list[AuditLine]
    next_cursor: str | None


@router.get("/register")
async def read_register(
    *, month: Month, user: Officer, services: ServicesDep, cursor: Cursor = None, limit: Limit = PAGE
) -> RegisterPage:
    """The rows that count of a month, newest first."""
    since, until = month_days(month)
    async with services.sessions.begin() as session:
        rows = await register.listed(session, since=since, until=until, before=after(cursor), limit=limit + 1)
        audit_subject(session, f"registro:{month}", user_id=user.id, action="visto")
    shown, following = page(rows, limit, lambda row: row.id)
    return RegisterPage(items=[RegisterRow.model_validate(row) for row in shown], next_cursor=following)


@router.get("/register/{code}")
async def read_register_entry(code: Code, user: Officer, services: ServicesDep) -> RegisterHistory:
    """An operation's row as it was written, and its corrections."""
    async with services.sessions.begin() as session:
        rows = await register.entries(session, code)
        audit_subject(session, f"registro:{code}", user_id=user.id, action="visto")
    return RegisterHistory(items=[RegisterRow.model_validate(row) for row in rows])


@router.post("/register/{code}/correct")
async def correct_register(code: Code, body: CorrectionBody, user: Officer, services: ServicesDep) -> RegisterHistory:
    """Write what was learnt as another row; the first stays as it was."""
    people = {str(role): party.model_dump(exclude_unset=True) for role, party in body.people.items()}
    what = register.Correction(
        people=people, funds_origin=body.funds_origin, observations=body.observations, reason=body.reason
    )
    async with services.sessions.begin() as session:
        await register.correct(session, code, what, by=user.id)
        rows = await register.entries(session, code)
    return RegisterHistory(items=[RegisterRow.model_validate(row) for row in rows])


@router.post("/register/export", response_class=Response, responses=FILE)
async def export_register(body: MonthBody, user: Officer, services: ServicesDep) -> Response:
    """A month of the register as a workbook, an operation a row, for whoever uploads it."""
    since, until = month_days(body.month)
    async with services.sessions.begin() as session:
        rows = await register.listed(session, since=since, until=until)
        told = f"{len(rows)} filas"
        audit_subject(session, f"registro:{body.month}", user_id=user.id, action="exportado", detail=told)
    paper = papers.register_paper(list(reversed(rows)), month=body.month)
    return await _file(paper, PaperFormat.XLSX, f"registro-{body.month}")


@router.get("/statistics")
async def read_statistics(
    year: Annotated[int, Query(ge=2000, le=2099)], user: Officer, services: ServicesDep
) -> StatisticsView:
    """The officer's yearly statistics."""
    async with services.sessions.begin() as session:
        told = await reports.statistics(session, year)
        audit_subject(session, f"estadísticas:{year}", user_id=user.id, action="visto")
    lines = {name: [str(figure) for figure in line] for name, line in told.lines.items()}
    return StatisticsView(year=year, lines=lines, rules=dict(told.rules), clients=dict(told.clients))


@router.post("/statistics/export", response_class=Response, responses=FILE)
async def export_statistics(body: YearBody, user: Officer, services: ServicesDep) -> Response:
    """The same in a file, for the yearly report."""
    async with services.sessions.begin() as session:
        told = await reports.statistics(session, body.year)
        audit_subject(session, f"estadísticas:{body.year}", user_id=user.id, action="exportado", detail=body.format)
    paper = papers.statistics_paper(told, now=datetime.now(UTC))
    return await _file(paper, body.format, f"estadisticas-{body.year}")


@router.get("/ros/{case_id}")
async def read_ros(case_id: RowId, user: Officer, services: ServicesDep) -> RosView:
    """The draft of a case's ROS, with what it stands on."""
    async with services.sessions.begin() as session:
        told = await reports.ros(session, case_id)
        audit(session, case_id, user_id=user.id, action="borrador de ROS visto")
    return _ros(told)


@router.post("/ros/{case_id}")
async def write_ros(case_id: RowId, body: RosBody, user: Officer, services: ServicesDep) -> RosView:
    """Keep what is written so far; earlier versions stay."""
    async with services.sessions.begin() as session:
        await reports.write_ros(session, case_id, body.model_dump(), by=user.id)
        told = await reports.ros(session, case_id)
    return _ros(told)


@router.post("/ros/{case_id}/export", response_class=Response, responses=FILE)
async def export_ros(case_id: RowId, body: FormatBody, user: Officer, services: ServicesDep) -> Response:
    """The draft in a file. The house never sends it: the registered officer does, by the UIF's portal."""
    async with services.sessions.begin() as session:
        told = await reports.ros(session, case_id)
        if told.case.suspicious_at is None:
            raise Conflict("NOT_SUSPICIOUS", "Escala el caso antes de preparar su ROS.")
        audit(session, case_id, user_id=user.id, action="borrador de ROS exportado", detail=body.format)
    return await _file(papers.ros_paper(told, now=datetime.now(UTC)), body.format, f"ros-caso-{case_id}")


@router.post("/clients/{client_id}/export", response_class=Response, responses=FILE)
async def export_client(client_id: RowId, body: FormatBody, user: Officer, services: ServicesDep) -> Response:
    """A client's whole file: identity, risk, accounts, operations, alerts, cases and register."""
    async with services.sessions.begin() as session:
        told = await reports.client_report(session, client_id)
        audit_subject(session, f"cliente:{client_id}", user_id=user.id, action="expediente", detail=body.format)
    return await _file(papers.client_paper(told, now=datetime.now(UTC)), body.format, f"cliente-{client_id}")


@router.get("/audit")
async def read_audit(*, user: Officer, services: ServicesDep, cursor: Cursor = None, limit: Limit = PAGE) -> AuditPage:
    """Every look and act of compliance, newest first; this look is one more."""
    async with services.sessions.begin() as session:
        rows = await reports.audit_trail(session, before=after(cursor), limit=limit + 1)
        audit_subject(session, "auditoría", user_id=user.id, action="visto")
    shown, following = page(rows, limit, lambda row: row.id)
    return AuditPage(items=[AuditLine.model_validate(row) for row in shown], next_cursor=following)


def _ros(told: reports.RosReport) -> RosView:
    return RosView(
        case_id=told.case.id,
        version=told.version,
        **{name: told.content.get(name, "") for name in papers.ROS_TEXTS},
        operation_codes=[one.code for one in told.operations],
        alerts=[one.summary for one in told.alerts],
    )


async def _file(paper: Paper, kind: PaperFormat, name: str) -> Response:
    content = await asyncio.to_thread(render, paper, kind)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"', "Cache-Control": "no-store"}
    return Response(content, media_type=CONTENT_TYPES[kind], headers=headers)
