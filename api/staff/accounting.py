"""Reports of the house: trial balance, ledger of an account, income, and results by day, trader, client and channel."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import Answer, Day, Money
from api.staff.sheets import FILE, Cell, Sheet, download, workbook
from db import accounting, ledger
from db.accounting import AccountLedger, Dimension, Result, TrialLine
from domain.calendar import business_day
from domain.errors import Invalid
from domain.permissions import Permission, Scope, scope

router = APIRouter(prefix="/accounting", tags=["Contabilidad"])

Reader = Annotated[SignedUser, requires(Permission.ACCOUNTING_READ)]
Earner = Annotated[SignedUser, requires(Permission.GOALS_READ)]
Code = Annotated[str, Path(pattern=r"^\d{4,8}$")]


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
    amount: Money
    pen: Money
    balance: Money


class AccountLedgerView(Answer):
    """The ledger of an account between two days, in PEN."""

    code: str
    name: str
    opening: Money
    items: list[AccountLineView]
    closing: Money


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


@router.get("/trial-balance/export", response_class=Response, responses=FILE)
async def export_trial_balance(_user: Reader, services: ServicesDep, period: Within) -> Response:
    """The trial balance in a sheet."""
    lines = await _trial(services, period)
    headings = ("Cuenta", "Nombre", "Saldo inicial S/", "Debe S/", "Haber S/", "Saldo final S/", "US$")
    rows = [(one.code, one.name, one.opening, one.debit, one.credit, one.closing, one.usd) for one in lines]
    return await _sheet("Balance de comprobación", headings, rows, f"balance-{period}.xlsx")


@router.get("/accounts/{code}")
async def account_ledger(code: Code, _user: Reader, services: ServicesDep, period: Within) -> AccountLedgerView:
    """The ledger (mayor) of an account."""
    found = await _ledger(services, code, period)
    items = [
        AccountLineView(
            entry=ledger.number_of(one.entry),
            day=one.entry.day,
            words=one.entry.words,
            operation_code=one.entry.operation_code,
            amount=one.line.amount,
            pen=one.line.pen,
            balance=one.balance,
        )
        for one in found.lines
    ]
    closing = items[-1].balance if items else found.opening
    return AccountLedgerView(code=code, name=found.name, opening=found.opening, items=items, closing=closing)


@router.get("/accounts/{code}/export", response_class=Response, responses=FILE)
async def export_account_ledger(code: Code, _user: Reader, services: ServicesDep, period: Within) -> Response:
    """The ledger of an account in a sheet."""
    found = await _ledger(services, code, period)
    opening: Sequence[Cell] = (None, None, "Saldo inicial", None, None, None, found.opening)
    rows = [opening] + [
        (
            *(ledger.number_of(one.entry), one.entry.day, one.entry.words, one.line.currency),
            *(one.line.amount, one.line.pen, one.balance),
        )
        for one in found.lines
    ]
    headings = ("Asiento", "Día", "Detalle", "Moneda", "Monto", "S/", "Saldo S/")
    return await _sheet(f"Mayor {code}", headings, rows, f"mayor-{code}-{period}.xlsx")


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


@router.get("/results/export", response_class=Response, responses=FILE)
async def export_results(
    user: Earner, services: ServicesDep, period: Within, by: Annotated[Dimension, Query()] = Dimension.DAY
) -> Response:
    """The same, in a sheet."""
    found = await _results(services, user, by, period)
    rows = [(one.key, one.label, one.operations, one.bought_usd, one.sold_usd, one.margin) for one in found]
    headings = (by.value.capitalize(), "Nombre", "Operaciones", "Comprado US$", "Vendido US$", "Margen S/")
    return await _sheet("Resultados", headings, rows, f"resultados-{by.value}-{period}.xlsx")


async def _trial(services: ServicesDep, period: Period) -> list[TrialLine]:
    async with services.sessions() as session:
        return await accounting.trial_balance(session, since=period.since, until=period.until)


async def _ledger(services: ServicesDep, code: str, period: Period) -> AccountLedger:
    async with services.sessions() as session:
        return await accounting.account_ledger(session, code, since=period.since, until=period.until)


async def _results(services: ServicesDep, user: SignedUser, by: Dimension, period: Period) -> list[Result]:
    own = user.id if scope(user.role, "operations") is Scope.PORTFOLIO else None
    async with services.sessions() as session:
        return await accounting.results(session, by, since=period.since, until=period.until, trader_id=own)


async def _sheet(title: str, headings: Sequence[str], rows: Sequence[Sequence[Cell]], name: str) -> Response:
    """Written in another thread: a month of a busy house is a second of work."""
    content = await asyncio.to_thread(workbook, Sheet(name=title[:31], headings=headings, rows=rows))
    return download(content, name)
