"""Reports of the house: trial balance, ledger of an account, income, and results by day, trader, client and channel."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field, TypeAdapter
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.book_papers import FILES, Format, Report
from api.staff.book_papers import answer as as_file
from api.staff.papers import PaperFormat
from api.staff.shapes import MAX_ID, PAGE, Answer, Cursor, Day, Limit, Money
from api.staff.sheets import Cell
from db import accounting
from db.accounting import AccountKey, AccountLedger, Dimension, Result, TrialLine
from domain.calendar import business_day
from domain.errors import Invalid
from domain.money import Currency
from domain.permissions import Permission, Scope, scope

router = APIRouter(prefix="/api/staff/accounting", tags=["Contabilidad"])

Reader = Annotated[SignedUser, requires(Permission.ACCOUNTING_READ)]
Earner = Annotated[SignedUser, requires(Permission.GOALS_READ)]
Code = Annotated[str, Path(pattern=r"^\d{4,8}$")]
MOST_ROWS = 200_000
KEY_DAY, KEY_LINE = TypeAdapter[date](Day), TypeAdapter[int](Annotated[int, Field(ge=0, le=MAX_ID)])
BY = {
    Dimension.DAY: "Día",
    Dimension.TRADER: "Trader",
    Dimension.CLIENT: "Cliente",
    Dimension.CHANNEL: "Canal",
}


class Period:
    """Two Lima days, both included; this month unless they are told."""

    def __init__(
        self, since: Annotated[Day | None, Query()] = None, until: Annotated[Day | None, Query()] = None
    ) -> None:
        """Raises Invalid when it ends before it begins."""
        self.until = until or business_day(datetime.now(UTC))
        self.since = since or self.until.replace(day=1)
        if self.until < self.since:
            raise Invalid("PERIOD", "El período termina antes de empezar.", field="until")

    def __str__(self) -> str:
        return f"{self.since}-{self.until}"


Within = Annotated[Period, Depends()]


class TrialLineView(Answer):
    """An account in PEN; debe less haber. `usd`: what a dollar account holds at the end."""

    code: str
    name: str
    opening: Money
    debit: Money
    credit: Money
    closing: Money
    usd: Money


class TrialView(Answer):
    """The trial balance; its closings add up to zero, and so does what was debited less what was credited."""

    since: date
    until: date
    items: list[TrialLineView]
    debit: Money
    credit: Money


class AccountLineView(Answer):
    """A line of an account's ledger, with the balance in PEN after it."""

    entry: str
    day: date
    words: str
    operation_code: str | None
    currency: Currency
    amount: Money
    pen: Money
    balance: Money

    @property
    def debit(self) -> Decimal:
        """What it adds, in PEN."""
        return max(self.pen, accounting.ZERO)

    @property
    def credit(self) -> Decimal:
        """What it takes away, in PEN."""
        return max(-self.pen, accounting.ZERO)


class AccountLedgerView(Answer):
    """A page of the ledger of an account between two days, in PEN.

    `opening`, `debit`, `credit` and `closing` are of the period; `carried` is the balance before the first line here.
    """

    code: str
    name: str
    opening: Money
    debit: Money
    credit: Money
    closing: Money
    carried: Money
    items: list[AccountLineView]
    next_cursor: str | None


class ResultView(Answer):
    """Operations, dollars and margin (PEN) of one day, trader, client or channel."""

    key: str
    label: str
    operations: int
    bought_usd: Money
    sold_usd: Money
    margin: Money


class ResultList(Answer):
    """Results of a period, with their total."""

    since: date
    until: date
    items: list[ResultView]
    margin: Money


class IncomeView(Answer):
    """The profit of a period in PEN: margin + exchange + other_income − expenses = net (F222)."""

    since: date
    until: date
    margin: Money
    exchange: Money
    other_income: Money
    expenses: Money
    net: Money


@router.get("/trial-balance")
async def trial_balance(_user: Reader, services: ServicesDep, period: Within) -> TrialView:
    """Opening, debe, haber and closing of every account."""
    lines = await _trial(services, period)
    return TrialView(
        since=period.since,
        until=period.until,
        items=[TrialLineView.model_validate(line) for line in lines],
        debit=sum((line.debit for line in lines), accounting.ZERO),
        credit=sum((line.credit for line in lines), accounting.ZERO),
    )


@router.get("/trial-balance/export", response_class=Response, responses=FILES)
async def export_trial_balance(
    _user: Reader, services: ServicesDep, period: Within, kind: Format = PaperFormat.XLSX
) -> Response:
    """The trial balance as a workbook or as PDF."""
    lines = await _trial(services, period)
    zero = accounting.ZERO
    sums = [sum((getattr(one, name) for one in lines), zero) for name in ("opening", "debit", "credit", "closing")]
    report = Report(
        title="Balance de comprobación",
        file="balance",
        since=period.since,
        until=period.until,
        headings=("Cuenta", "Nombre", "Saldo inicial S/", "Debe S/", "Haber S/", "Saldo final S/", "US$"),
        rows=[(one.code, one.name, one.opening, one.debit, one.credit, one.closing, one.usd) for one in lines],
        total=(None, "Total", *sums, None),
    )
    return await as_file(services, report, kind)


@router.get("/accounts/{code}")
async def account_ledger(
    *,
    code: Code,
    _user: Reader,
    services: ServicesDep,
    period: Within,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> AccountLedgerView:
    """The ledger (mayor) of an account, oldest first, with the balance after each line."""
    found = await _ledger(services, code, period, past=_past(cursor), limit=limit + 1)
    shown = found.lines[:limit]
    return AccountLedgerView(
        code=code,
        name=found.name,
        opening=found.opening,
        debit=found.debit,
        credit=found.credit,
        closing=found.closing,
        carried=found.carried,
        items=[AccountLineView.model_validate(one) for one in shown],
        next_cursor=_cursor(shown[-1].key) if len(found.lines) > limit else None,
    )


@router.get("/accounts/{code}/export", response_class=Response, responses=FILES)
async def export_account_ledger(
    code: Code, _user: Reader, services: ServicesDep, period: Within, kind: Format = PaperFormat.XLSX
) -> Response:
    """The ledger of an account as a workbook or as PDF."""
    found = await _ledger(services, code, period, past=None, limit=MOST_ROWS + 1)
    if len(found.lines) > MOST_ROWS:
        raise Invalid("PERIOD_TOO_LONG", "El período tiene demasiadas líneas: pide menos días.", field="until")
    opening: tuple[Cell, ...] = (None, None, "Saldo inicial", None, None, None, found.opening)
    report = Report(
        title=f"Mayor {code} {found.name}",
        file=f"mayor-{code}",
        since=period.since,
        until=period.until,
        headings=("Asiento", "Día", "Detalle", "Moneda", "Monto", "S/", "Saldo S/"),
        rows=[
            opening,
            *((one.entry, one.day, one.words, one.currency, one.amount, one.pen, one.balance) for one in found.lines),
        ],
        total=(None, None, "Saldo final", None, None, found.debit - found.credit, found.closing),
        wide=2,
    )
    return await as_file(services, report, kind)


@router.get("/income")
async def income(_user: Reader, services: ServicesDep, period: Within) -> IncomeView:
    """What the house earned and spent in a period, from the books."""
    async with services.sessions() as session:
        found = await accounting.income(session, since=period.since, until=period.until)
    return IncomeView(
        since=period.since,
        until=period.until,
        margin=found.margin,
        exchange=found.exchange,
        other_income=found.other_income,
        expenses=found.expenses,
        net=found.net,
    )


@router.get("/income/export", response_class=Response, responses=FILES)
async def export_income(
    user: Reader, services: ServicesDep, period: Within, kind: Format = PaperFormat.XLSX
) -> Response:
    """The same, as a workbook or as PDF."""
    found = await income(user, services, period)
    report = Report(
        title="Resultado del período",
        file="resultado",
        since=period.since,
        until=period.until,
        headings=("Concepto", "S/"),
        rows=[
            ("Margen de las operaciones", found.margin),
            ("Diferencia de cambio", found.exchange),
            ("Otros ingresos", found.other_income),
            ("Gastos", -found.expenses),
        ],
        total=("Resultado", found.net),
        wide=0,
        losses=True,
    )
    return await as_file(services, report, kind)


@router.get("/results")
async def results(
    user: Earner, services: ServicesDep, period: Within, by: Annotated[Dimension, Query()] = Dimension.DAY
) -> ResultList:
    """Operations and margin by day, trader, client or channel; a Trader's are its own."""
    rows = await _results(services, user, by, period)
    return ResultList(
        since=period.since,
        until=period.until,
        items=[ResultView.model_validate(row) for row in rows],
        margin=sum((row.margin for row in rows), accounting.ZERO),
    )


@router.get("/results/export", response_class=Response, responses=FILES)
async def export_results(
    *,
    user: Earner,
    services: ServicesDep,
    period: Within,
    by: Annotated[Dimension, Query()] = Dimension.DAY,
    kind: Format = PaperFormat.XLSX,
) -> Response:
    """The same, as a workbook or as PDF. By internal number of the client: a report that travels by mail names none."""
    found = await _results(services, user, by, period)
    zero = accounting.ZERO
    sums = [sum((getattr(one, name) for one in found), zero) for name in ("bought_usd", "sold_usd", "margin")]
    report = Report(
        title=f"Resultados por {BY[by].lower()}",
        file=f"resultados-{by.value}",
        since=period.since,
        until=period.until,
        headings=(BY[by], "Nombre", "Operaciones", "Comprado US$", "Vendido US$", "Margen S/"),
        rows=[(one.key, one.label, one.operations, one.bought_usd, one.sold_usd, one.margin) for one in found],
        total=(None, "Total", sum(one.operations for one in found), *sums),
        losses=True,
    )
    return await as_file(services, report, kind)


async def _trial(services: ServicesDep, period: Period) -> list[TrialLine]:
    async with services.sessions() as session:
        return await accounting.trial_balance(session, since=period.since, until=period.until)


async def _ledger(
    services: ServicesDep, code: str, period: Period, *, past: AccountKey | None, limit: int
) -> AccountLedger:
    async with services.sessions() as session:
        return await accounting.account_ledger(
            session, code, since=period.since, until=period.until, past=past, limit=limit
        )


async def _results(services: ServicesDep, user: SignedUser, by: Dimension, period: Period) -> list[Result]:
    own = user.id if scope(user.role, "operations") is Scope.PORTFOLIO else None
    async with services.sessions() as session:
        return await accounting.results(session, by, since=period.since, until=period.until, trader_id=own)


def _cursor(key: AccountKey) -> str:
    return urlsafe_b64encode(f"{key.day}.{key.line_id}".encode()).rstrip(b"=").decode()


def _past(cursor: str | None) -> AccountKey | None:
    """The line that a page goes on from. Raises Invalid for a cursor that we did not write."""
    if cursor is None:
        return None
    try:
        day, line = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode().split(".")
        return AccountKey(KEY_DAY.validate_python(day), KEY_LINE.validate_python(line))
    except (ValueError, binascii.Error) as error:
        raise Invalid("CURSOR_UNKNOWN", "Vuelve a empezar la lista desde la primera página.", field="cursor") from error
