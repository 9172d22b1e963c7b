"""The operations of a period as the books have them, each with its margin, and those that were undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from fastapi import APIRouter
from starlette.responses import Response

from api.services import ServicesDep
from api.staff.accounting import MOST_ROWS, Period, Reader, Within
from api.staff.book_papers import FILES, Format, Report
from api.staff.book_papers import answer as as_file
from api.staff.papers import PaperFormat
from api.staff.shapes import PAGE, Answer, Cursor, Limit, Money, Rate, after, page
from db.client_reads import names_of
from db.exchanges import ZERO, Exchange, exchanges
from domain.errors import Invalid
from domain.operations import Kind

router = APIRouter(prefix="/api/staff/accounting", tags=["Contabilidad"])


class ExchangeView(Answer):
    """An operation on the day that the books have it; one that was undone is taken away again (`undone`)."""

    code: str
    entry: str
    day: date
    undone: bool
    kind: Kind
    client: str
    trader: str
    rate: Rate
    desk_rate: Rate | None
    usd: Money
    pen: Money
    margin: Money


class ExchangeList(Answer):
    """A page of operations, newest first."""

    items: list[ExchangeView]
    next_cursor: str | None


@router.get("/operations")
async def operations(
    *, _user: Reader, services: ServicesDep, period: Within, cursor: Cursor = None, limit: Limit = PAGE
) -> ExchangeList:
    """The operations of a period as the books have them, newest first, each with its margin."""
    rows = await _exchanges(services, period, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.id)
    return ExchangeList(items=await _named(services, shown), next_cursor=following)


@router.get("/operations/export", response_class=Response, responses=FILES)
async def export_operations(
    _user: Reader, services: ServicesDep, period: Within, kind: Format = PaperFormat.XLSX
) -> Response:
    """The same, oldest first, as a workbook or as PDF."""
    rows = await _exchanges(services, period, before=None, limit=MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise Invalid("PERIOD_TOO_LONG", "El período tiene demasiadas operaciones: pide menos días.", field="until")
    found = await _named(services, rows[::-1])
    report = Report(
        title="Operaciones del período",
        file="operaciones",
        since=period.since,
        until=period.until,
        headings=("Operación", "Día", "Tipo", "Cliente", "Trader", "T.C.", "Base", "US$", "S/", "Margen S/"),
        rows=[
            (
                *(one.code, one.day, f"Reverso de {one.kind}" if one.undone else one.kind, one.client, one.trader),
                *(one.rate, one.desk_rate, one.usd, one.pen, one.margin),
            )
            for one in found
        ],
        total=(*(None, None, None, "Margen", *(None,) * 5), sum((one.margin for one in found), ZERO)),
        wide=3,
        lying=True,
        losses=True,
    )
    return await as_file(services, report, kind)


async def _exchanges(services: ServicesDep, period: Period, *, before: int | None, limit: int) -> list[Exchange]:
    async with services.sessions() as session:
        return list(await exchanges(session, since=period.since, until=period.until, before=before, limit=limit))


async def _named(services: ServicesDep, rows: Sequence[Exchange]) -> list[ExchangeView]:
    async with services.sessions() as session:
        clients = await names_of(session, {row.client_id for row in rows})
    own = ExchangeView.model_fields.keys() - {"client"}
    return [ExchangeView(client=clients[row.client_id], **{name: getattr(row, name) for name in own}) for row in rows]
