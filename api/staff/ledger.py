"""The books: chart, months, entries and their annulment, revaluation, and the reports that an accountant works from."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.book_papers import FILES, Format, Report
from api.staff.book_papers import answer as as_file
from api.staff.ledger_views import (
    AccountView,
    Book,
    BookLineView,
    Chart,
    EntryView,
    PeriodList,
    PeriodView,
    entry_view,
    period_views,
)
from api.staff.papers import PaperFormat
from api.staff.position import ApprovalView
from api.staff.shapes import MAX_ID, PAGE, Answer, Body, Cursor, Day, Limit, Rate, after, example, page
from api.staff.sheets import download
from db import accounting, approvals, ledger
from db.accounting import BookLine
from domain import ple
from domain.approvals import ApprovalKind
from domain.calendar import first_and_last
from domain.errors import Invalid
from domain.ledger import Source
from domain.permissions import Permission

router = APIRouter(prefix="/api/staff/ledger", tags=["Contabilidad"])

Reader = Annotated[SignedUser, requires(Permission.ACCOUNTING_READ)]
Keeper = Annotated[SignedUser, requires(Permission.ACCOUNTING_MANAGE)]
Year = Annotated[int, Path(ge=2000, le=2999)]
Month = Annotated[int, Path(ge=1, le=12)]
EntryNumber = Annotated[str, Path(pattern=r"^AS-\d{4}-\d{4,9}$")]
MOST_ROWS = 200_000
BOOK_HEADINGS = ("Asiento", "Día", "Cuenta", "Nombre", "Detalle", "Moneda", "Monto", "Debe S/", "Haber S/")


class ReasonBody(Body):
    """Why."""

    model_config = example(reason="El contador pidió corregir un gasto")
    reason: str = Field(min_length=3, max_length=300)


class AccountBody(Body):
    """A new account of the plan."""

    model_config = example(code="6366", name="Otros servicios básicos")
    code: str = Field(pattern=r"^\d{4,8}$")
    name: str = Field(min_length=3, max_length=120)


class RevaluationBody(Body):
    """The closing rate (PEN per USD) and the Lima day that it is of."""

    model_config = example(day="2026-11-30", rate="3.7520")
    day: Day
    rate: Rate = Field(ge=2, le=6, decimal_places=4)


class PostedView(Answer):
    """The entry that was posted; null when nothing changed."""

    entry_id: int | None


@router.get("/accounts")
async def read_chart(_user: Reader, services: ServicesDep) -> Chart:
    """The plan of accounts of the house."""
    async with services.sessions() as session:
        rows = await ledger.chart(session)
    return Chart(items=[AccountView.model_validate(row) for row in rows])


@router.post("/accounts")
async def add_account(body: AccountBody, user: Keeper, services: ServicesDep) -> AccountView:
    """Add an account to the plan."""
    async with services.sessions.begin() as session:
        row = await ledger.add_account(session, body.code, body.name, actor=user.actor)
        await session.flush()
        return AccountView.model_validate(row)


@router.get("/periods")
async def read_periods(_user: Reader, services: ServicesDep) -> PeriodList:
    """Months that were closed at some time."""
    async with services.sessions() as session:
        rows = await ledger.periods(session)
        return PeriodList(items=await period_views(session, rows), since=await ledger.first_day(session))


@router.post("/periods/{year}/{month}/close")
async def close_period(year: Year, month: Month, user: Keeper, services: ServicesDep) -> PeriodView:
    """Close a month: nothing more is posted in it."""
    async with services.sessions.begin() as session:
        row = await ledger.close_period(session, year, month, actor=user.actor, at=datetime.now(UTC))
        return (await period_views(session, [row]))[0]


@router.post("/periods/{year}/{month}/reopen")
async def ask_reopening(
    year: Year, month: Month, body: ReasonBody, user: Keeper, services: ServicesDep
) -> ApprovalView:
    """Ask to post in a closed month again; a second person decides."""
    async with services.sessions.begin() as session:
        await ledger.check_closed(session, year, month)
        asked = await approvals.ask_once(
            session,
            ApprovalKind.REABRIR_PERIODO,
            {"year": year, "month": month},
            words=f"Reabrir el mes {month:02}/{year}",
            reason=body.reason,
            actor=user.actor,
        )
        return ApprovalView.model_validate(asked)


@router.get("/entries")
async def read_book(
    *,
    _user: Reader,
    services: ServicesDep,
    since: Annotated[Day, Query()],
    until: Annotated[Day, Query()],
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Book:
    """The daily book between two days, newest first."""
    async with services.sessions() as session:
        rows = await accounting.daily_book(session, since=since, until=until, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.id)
    return Book(items=[BookLineView.of(row) for row in shown], next_cursor=following)


@router.post("/entries/{entry_id}/annul")
async def ask_annulment(
    entry_id: Annotated[int, Path(ge=1, le=MAX_ID)], body: ReasonBody, user: Keeper, services: ServicesDep
) -> ApprovalView:
    """Ask to annul an entry by its mirror; a second person decides. An operation is reversed, not annulled here."""
    async with services.sessions.begin() as session:
        row, _ = await ledger.posted_entry(session, entry_id)
        if row.source is Source.OPERACION:
            raise Invalid("ENTRY_OF_OPERATION", "Es el asiento de una operación: revierte la operación.")
        await ledger.check_annullable(session, row)
        asked = await approvals.ask_once(
            session,
            ApprovalKind.ANULAR_ASIENTO,
            {"entry_id": entry_id},
            words=f"Anular {ledger.number_of(row)}: {row.words}",
            reason=body.reason,
            actor=user.actor,
        )
        return ApprovalView.model_validate(asked)


@router.post("/revaluations")
async def revalue(body: RevaluationBody, user: Keeper, services: ServicesDep) -> PostedView:
    """Bring every dollar account to a closing rate, from what is posted and nothing else."""
    async with services.sessions.begin() as session:
        made = await ledger.revalue(session, day=body.day, rate=body.rate, actor=user.actor)
    return PostedView(entry_id=made)


@router.get("/entries/export", response_class=Response, responses=FILES)
async def export_book(
    _user: Reader, services: ServicesDep, since: Day, until: Day, kind: Format = PaperFormat.XLSX
) -> Response:
    """The daily book between two days as a workbook or as PDF, oldest first."""
    rows = await _whole(services, since, until)
    zero = accounting.ZERO
    report = Report(
        title="Libro diario",
        file="libro-diario",
        since=since,
        until=until,
        headings=BOOK_HEADINGS,
        rows=[
            (
                *(row.entry, row.day, row.account, row.account_name, row.words, row.currency, row.amount),
                *(max(row.pen, zero), max(-row.pen, zero)),
            )
            for row in rows
        ],
        total=(
            *(None, None, None, None, "Total", None, None),
            sum((max(row.pen, zero) for row in rows), zero),
            sum((max(-row.pen, zero) for row in rows), zero),
        ),
        wide=4,
        lying=True,
    )
    return await as_file(services, report, kind)


@router.get("/entries/{number}")
async def read_entry(number: EntryNumber, _user: Reader, services: ServicesDep) -> EntryView:
    """One entry with its lines, what it annuls or what annulled it, and what waits for a second person."""
    async with services.sessions() as session:
        return await entry_view(session, await ledger.entry_by_number(session, number))


@router.get("/ple/{year}/{month}", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def export_ple(
    year: Year,
    month: Month,
    _user: Reader,
    services: ServicesDep,
    book: Annotated[str, Query(pattern="^(diario|mayor)$", description="5.1 diario o 6.1 mayor.")] = "diario",
) -> Response:
    """The books of a month as the text file of SUNAT's Programa de Libros Electrónicos (diario 5.1, mayor 6.1)."""
    rows = await _whole(services, *first_and_last(year, month))
    lines = [
        ple.Row(
            entry=f"{row.year}{row.number:06}",
            line=row.id,
            account=row.account,
            currency=row.currency,
            day=row.day,
            words=row.words,
            pen=row.pen,
        )
        for row in rows
    ]
    text = await asyncio.to_thread(ple.text, lines, year=year, month=month)
    ruc = await _ruc(services)
    name = ple.file_name(ruc, year=year, month=month, ledger=book == "mayor", empty=not lines)
    return download(text.encode("latin-1", "replace"), name, media_type="text/plain; charset=iso-8859-1")


async def _whole(services: ServicesDep, since: date, until: date) -> Sequence[BookLine]:
    async with services.sessions() as session:
        rows = await accounting.daily_book(session, since=since, until=until, limit=MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise Invalid("PERIOD_TOO_LONG", "El período tiene demasiadas líneas: pide menos días.", field="until")
    return list(reversed(rows))


async def _ruc(services: ServicesDep) -> str:
    async with services.sessions() as session:
        return (await accounting.holder(session)).ruc
