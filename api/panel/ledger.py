"""The books on the screen: the daily book, one entry, the plan of accounts, months and what is sent to SUNAT."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.panel import pages
from api.panel.accounting import (
    FIRST_PAGE,
    HERE,
    PATH,
    Format,
    Within,
    account_address,
    entry_address,
    operation_address,
    tabs,
)
from api.panel.acts import offered
from api.panel.errors import PanelRoute
from api.panel.ledger_acts import ENTRY_ACTS, MONTH_ACTS, AskedEntry, AskedMonth
from api.panel.tables import Column, Table, asked_of
from api.services import ServicesDep
from api.staff import accounting
from api.staff import ledger as staff
from api.staff.ledger import Month, Reader, Year
from api.staff.ledger_views import AccountView, BookLineView
from domain.calendar import business_day
from domain.ledger import Source

router = APIRouter(prefix="/panel/libros", route_class=PanelRoute)
SOURCES = {
    Source.OPERACION: "Operación",
    Source.APERTURA: "Saldo inicial",
    Source.AJUSTE: "Ajuste",
    Source.TRANSFERENCIA: "Transferencia",
    Source.GASTO: "Gasto",
    Source.DEVOLUCION: "Devolución",
    Source.ASIGNACION: "Asignación de cuenta",
    Source.REVALUACION: "Diferencia de cambio",
}


@router.get("")
async def book_page(
    *, request: Request, user: Reader, services: ServicesDep, span: Within, formato: Format = None
) -> Response:
    """The daily book, newest first; with `formato`, all of it."""
    period = span.period
    if formato is not None:
        return await staff.export_book(user, services, span.since, span.until, formato)
    asked = asked_of(request.query_params, sorts=("dia",))
    found = await staff.read_book(
        _user=user,
        services=services,
        since=span.since,
        until=span.until,
        cursor=asked.cursor or None,
        limit=FIRST_PAGE,
    )
    table = Table(
        path=PATH,
        caption="Libro diario",
        columns=BOOK_COLUMNS,
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=False,
    )
    sums = await accounting.trial_balance(user, services, period)
    known: dict[str, Any] = {"table": table, "tabs": tabs(user), "span": span, "sums": sums}
    return await pages.page(request, services, user, "ledger_book.html", here=HERE, **known)


@router.get("/asientos/{number}")
async def entry_page(request: Request, number: staff.EntryNumber, user: Reader, services: ServicesDep) -> Response:
    """One entry with its lines, and its annulment."""
    entry = await staff.read_entry(number, user, services)
    known: dict[str, Any] = {
        "entry": entry,
        "source": SOURCES[entry.source],
        "accounts": {one.account: f"{PATH}/mayor?cuenta={one.account}" for one in entry.lines},
        "buttons": offered(ENTRY_ACTS, user, AskedEntry(entry=entry, user_id=user.id)),
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "ledger_entry.html", "live", **known)
    return await pages.page(request, services, user, "ledger_entry.html", here=HERE, **known)


@router.get("/plan")
async def chart_page(request: Request, user: Reader, services: ServicesDep, span: Within) -> Response:
    """The plan of accounts."""
    found = await staff.read_chart(user, services)
    table = Table(
        path=f"{PATH}/plan",
        caption="Plan de cuentas",
        columns=[
            Column(
                key="cuenta",
                label="Cuenta",
                kind="code",
                value=_account_code,
                link=lambda one: account_address(one.code, span),
                phone=True,
            ),
            Column(key="nombre", label="Nombre", kind="name", value=lambda one: one.name, phone=True),
        ],
        rows=found.items,
        asked=asked_of({}, sorts=("cuenta",)),
        next_cursor="",
        exports=False,
    )
    known: dict[str, Any] = {"table": table, "tabs": tabs(user)}
    if pages.wants_parts(request):
        return pages.fragment(request, user, "ledger_chart.html", "live", **known)
    return await pages.page(request, services, user, "ledger_chart.html", here=HERE, **known)


def _account_code(one: AccountView) -> str:
    return one.code


@router.get("/meses")
async def months_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """Every month since the first entry: open or closed, and its files for SUNAT."""
    found = await staff.read_periods(user, services)
    today = business_day(datetime.now(UTC))
    known_months = {(one.year, one.month): one for one in found.items}
    months = [
        AskedMonth(year=day.year, month=day.month, view=known_months.get((day.year, day.month)), user_id=user.id)
        for day in _months(found.since or today, today)
    ]
    known: dict[str, Any] = {
        "months": [(one, offered(MONTH_ACTS, user, one)) for one in months],
        "tabs": tabs(user),
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "ledger_months.html", "live", **known)
    return await pages.page(request, services, user, "ledger_months.html", here=HERE, **known)


@router.get("/ple/{year}/{month}/{libro}")
async def ple_file(year: Year, month: Month, libro: str, user: Reader, services: ServicesDep) -> Response:
    """A month's text file for SUNAT: diario 5.1 or mayor 6.1."""
    return await staff.export_ple(year, month, user, services, "mayor" if libro == "mayor" else "diario")


def _months(since: date, until: date) -> list[date]:
    """The first day of each month, newest first."""
    first = since.year * 12 + since.month - 1
    last = until.year * 12 + until.month - 1
    return [date(place // 12, place % 12 + 1, 1) for place in range(last, first - 1, -1)]


BOOK_COLUMNS: tuple[Column[BookLineView], ...] = (
    Column(
        key="asiento",
        label="Asiento",
        kind="open",
        value=lambda b: b.entry,
        link=lambda b: entry_address(b.entry),
        phone=True,
    ),
    Column(key="dia", label="Día", kind="text", value=lambda b: f"{b.day:%d/%m/%Y}"),
    Column(
        key="cuenta",
        label="Cuenta",
        kind="open",
        value=lambda b: b.account,
        link=lambda b: f"{PATH}/mayor?cuenta={b.account}",
        phone=True,
    ),
    Column(key="nombre", label="Nombre", kind="wrap", value=lambda b: b.account_name),
    Column(key="detalle", label="Detalle", kind="name", value=lambda b: b.words),
    Column(
        key="operacion",
        label="Operación",
        kind="open",
        value=lambda b: b.operation_code,
        link=lambda b: operation_address(b.operation_code),
        hidden=True,
    ),
    Column(key="banco", label="Banco", kind="text", value=lambda b: b.bank, hidden=True),
    Column(key="dolares", label="Dólares", kind="USD", value=lambda b: b.amount if b.currency == "USD" else None),
    Column(key="debe", label="Debe", kind="PEN", value=lambda b: b.debit or None, phone=True),
    Column(key="haber", label="Haber", kind="PEN", value=lambda b: b.credit or None, phone=True),
)
