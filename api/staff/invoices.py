"""Comprobantes as the house attends them: the queue, one document with its attempts, its series, the account."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from api import invoices as commands
from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.invoice_views import InvoiceLineView, InvoiceWhole, line_view, whole_view
from api.staff.shapes import MAX_ID, PAGE, Answer, Body, Cursor, Limit, after, example, page
from db import audit, invoice_reads, invoices
from db.invoice_reads import InvoiceFilter
from domain.invoices import InvoiceStatus, InvoiceType, check_series
from domain.operations import FieldChange
from domain.permissions import Permission

router = APIRouter(prefix="/api/staff/invoices", tags=["Comprobantes"])

InvoiceId = Annotated[int, Path(ge=1, le=MAX_ID)]
SeriesName = Annotated[str, Path(min_length=4, max_length=4, pattern="^[A-Z0-9]{4}$")]
Reader = Annotated[SignedUser, requires(Permission.INVOICES_READ)]
Manager = Annotated[SignedUser, requires(Permission.INVOICES_MANAGE)]
MAX_NUMBER = 99_999_999


class InvoiceList(Answer):
    """A page of comprobantes."""

    items: list[InvoiceLineView]
    next_cursor: str | None


class SeriesView(Answer):
    """A series: the number that comes next, and the highest that the house has given in it."""

    series: str
    type: InvoiceType
    next_number: int
    last_given: int


class NextNumberBody(Body):
    """Where the series goes on, and why: it was also used by other means."""

    model_config = example(type="boleta", next_number=9, reason="B001-6 a B001-8 se emitieron en el panel de NubeFact")
    type: InvoiceType
    next_number: int = Field(ge=1, le=MAX_NUMBER)
    reason: str = Field(min_length=3, max_length=300)


class NextNumber(Answer):
    """What changed. `skipped` names the numbers that the house leaves out."""

    series: str
    next_number: int
    skipped: str


class FindingView(Answer):
    """What was seen of the account, or of one series."""

    subject: str
    works: bool
    said: str


class AccountView(Answer):
    """Whether NubeFact would take the house's comprobantes now, and what waits or is wrong."""

    works: bool
    findings: list[FindingView]
    incidents: list[str]


@router.get("")
async def read_invoices(
    *,
    user: Reader,
    services: ServicesDep,
    status: Annotated[list[InvoiceStatus] | None, Query()] = None,
    kind: Annotated[InvoiceType | None, Query(alias="type")] = None,
    series: Annotated[str, Query(max_length=4)] = "",
    operation_code: Annotated[str, Query(max_length=20)] = "",
    client_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    since: Annotated[date | None, Query(description="Emitidos desde este día de Lima.")] = None,
    until: Annotated[date | None, Query(description="Hasta este día de Lima, inclusive.")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> InvoiceList:
    """Comprobantes, newest first. A Trader sees those of its portfolio."""
    wanted = InvoiceFilter(
        statuses=tuple(status or ()),
        type=kind,
        series=series,
        operation_code=operation_code,
        client_id=client_id,
        since=since,
        until=until,
    )
    async with services.sessions() as session:
        rows = await invoice_reads.list_invoices(session, user.actor, wanted, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda line: line.invoice.id)
    return InvoiceList(items=[line_view(line) for line in shown], next_cursor=following)


@router.get("/series")
async def read_series(_user: Reader, services: ServicesDep) -> list[SeriesView]:
    """Every series that the house has used, with its next number."""
    async with services.sessions() as session:
        known = await invoice_reads.series(session)
    return [
        SeriesView(series=row.series, type=row.type, next_number=row.next_number, last_given=last)
        for row, last in known
    ]


@router.post("/series/{series}/next-number")
async def set_next_number(series: SeriesName, body: NextNumberBody, user: Manager, services: ServicesDep) -> NextNumber:
    """Say where a series goes on. Never a number that the house has given: a number is never given twice."""
    check_series(series, body.type)
    async with services.sessions.begin() as session:
        before, following = await invoices.set_next(session, series, body.type, body.next_number)
        audit.record(
            session,
            actor=user.actor,
            action="invoices.set_next",
            entity="invoice_series",
            entity_id=series,
            changes=[FieldChange(field="next_number", before=str(before), after=str(following))],
            reason=body.reason,
        )
    skipped = f"{series}-{before} a {series}-{following - 1}" if following > before else ""
    return NextNumber(series=series, next_number=following, skipped=skipped)


@router.get("/account")
async def read_account(_user: Manager, services: ServicesDep) -> AccountView:
    """Look at the account at NubeFact now: token, route and each series, without making a document."""
    found = await commands.account(services)
    async with services.sessions() as session:
        told = await invoices.open_troubles(session)
    return AccountView(
        works=all(one.works for one in found),
        findings=[FindingView(subject=one.subject, works=one.works, said=one.said) for one in found],
        incidents=list(told),
    )


@router.get("/{invoice_id}")
async def read_invoice(invoice_id: InvoiceId, user: Reader, services: ServicesDep) -> InvoiceWhole:
    """One comprobante: its papers, every call to NubeFact, who asked to take it back, what it replaces, its mails."""
    async with services.sessions() as session:
        detail = await invoice_reads.get_invoice(session, user.actor, invoice_id)
    return whole_view(services, detail)
