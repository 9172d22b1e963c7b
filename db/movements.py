"""Bank movements: ledger lines on the house's bank accounts. Those of people are registered here, with four eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db import approvals, audit, house_accounts, ledger, ledger_days, parameters, treasury
from db.ledger_days import Sums
from db.tables import Approval, HouseAccount, LedgerEntry, LedgerLine
from domain import ledger as d
from domain.approvals import ApprovalKind
from domain.calendar import business_day
from domain.errors import Conflict
from domain.ledger import Entry, Source
from domain.money import CENT, Currency, round_half_up, written
from domain.movements import Movement, MovementKind, check
from domain.operations import Actor


@dataclass(frozen=True, kw_only=True)
class Registered:
    """What became of a movement: it was posted, or it waits for a second person."""

    entry_id: int | None
    approval: Approval | None


async def register(session: AsyncSession, movement: Movement, *, actor: Actor, at: datetime) -> Registered:
    """Post a movement, or ask for a second person from `four_eyes_pen` on (its value in PEN).

    Raises Refused when it is not sound: see `check`, `entry_of` and `ledger.post`.
    """
    check(movement, today=business_day(at))
    entry = await entry_of(session, movement)
    worth = max(abs(line.pen) for line in entry.lines)
    if worth < await parameters.value(session, "four_eyes_pen", business_day(at)):
        return Registered(entry_id=await _post(session, entry, movement, actor=actor), approval=None)
    approval = await approvals.ask(
        session,
        ApprovalKind.MOVIMIENTO,
        movement.as_json(),
        words=entry.words,
        reason=movement.reason,
        actor=actor,
    )
    return Registered(entry_id=None, approval=approval)


async def carry_out(session: AsyncSession, movement: Movement, *, actor: Actor) -> int:
    """Post what a second person has approved."""
    return await _post(session, await entry_of(session, movement), movement, actor=actor)


async def _post(session: AsyncSession, entry: Entry, movement: Movement, *, actor: Actor) -> int:
    made = await ledger.post(session, entry, actor=actor)
    audit.record(
        session,
        actor=actor,
        action=f"treasury.{movement.kind}",
        entity="ledger_entry",
        entity_id=made,
        reason=movement.reason,
    )
    return made


async def entry_of(session: AsyncSession, movement: Movement) -> Entry:
    """The entry that a movement posts.

    Raises:
        Missing: an account of the house or of the plan is not there or not in use.
        Invalid: a transfer between currencies.
        Conflict: an account is opened twice (F237).
    """
    account = await house_accounts.by_id(session, movement.house_account_id)
    rate = await treasury.valuation_rate(session)
    if movement.kind is MovementKind.TRANSFERENCIA:
        return await _transfer(session, movement, account, rate)
    source = Source(movement.kind.value)
    sign = -1 if movement.kind is MovementKind.GASTO else 1
    return d.single(
        source,
        ledger.till_of(account),
        counterpart=await _counterpart(session, movement),
        key=_key(movement),
        day=movement.day,
        amount=sign * movement.amount,
        rate=rate,
        words=f"{_WORDS[movement.kind]} {_amount(movement.amount, account)}: {movement.reason}",
    )


_WORDS = {
    MovementKind.APERTURA: "Saldo inicial",
    MovementKind.AJUSTE: "Ajuste",
    MovementKind.GASTO: "Gasto",
    MovementKind.TRANSFERENCIA: "Transferencia interna",
}


async def _counterpart(session: AsyncSession, movement: Movement) -> str:
    if movement.kind is MovementKind.APERTURA:
        await _check_not_opened(session, movement.house_account_id)
    if movement.counterpart:
        return (await ledger.postable(session, movement.counterpart)).code
    if movement.kind is MovementKind.APERTURA:
        return d.CAPITAL
    return d.OVERAGE if movement.amount > 0 else d.SHORTAGE


async def _check_not_opened(session: AsyncSession, account_id: int) -> None:
    opened = (
        select(LedgerEntry.id)
        .join(LedgerLine, LedgerLine.entry_id == LedgerEntry.id)
        .where(LedgerLine.house_account_id == account_id, LedgerEntry.source == Source.APERTURA)
    )
    mirror = aliased(LedgerEntry)
    stands = ~select(mirror.id).where(mirror.reverses_id == LedgerEntry.id).exists()
    if await session.scalar(opened.where(LedgerEntry.reverses_id.is_(None), stands).limit(1)):
        raise Conflict("ALREADY_OPENED", "Esta cuenta ya tiene saldo inicial. Usa un ajuste, o anúlalo primero.")


async def _transfer(session: AsyncSession, movement: Movement, account: HouseAccount, rate: Decimal) -> Entry:
    assert movement.target_id is not None, "check refuses a transfer without its target"
    target = await house_accounts.by_id(session, movement.target_id)
    # Between accounts of one holder in one bank there is no tax (Ley 28194, annex of exemptions).
    percent = await parameters.value(session, "itf_percent", movement.day)
    own = Decimal("0.00") if account.bank is target.bank else round_half_up(d.itf_of(movement.amount, percent), CENT)
    return d.transfer(
        ledger.till_of(account),
        ledger.till_of(target),
        key=_key(movement),
        day=movement.day,
        amount=movement.amount,
        fee=movement.fee,
        itf=(_given(movement.itf, own), _given(movement.target_itf, own)),
        rate=rate,
        words=f"Transferencia interna {_amount(movement.amount, account)}: {movement.reason}",
    )


def _given(value: Decimal | None, computed: Decimal) -> Decimal:
    return computed if value is None else value


def _key(movement: Movement) -> str:
    return f"movimiento:{movement.key}"


def _amount(value: Decimal, account: HouseAccount) -> str:
    return f"{account.bank} {written(value, account.currency)}"


@dataclass(frozen=True, kw_only=True)
class MovementFilter:
    """Which movements to read; days are Lima's, both included."""

    house_account_id: int | None = None
    source: Source | None = None
    since: date | None = None
    until: date | None = None
    operation_code: str | None = None


async def listed(
    session: AsyncSession, wanted: MovementFilter, *, before: int | None, limit: int
) -> Sequence[tuple[LedgerLine, LedgerEntry, HouseAccount]]:
    """Movements newest first; `before` is the id to go on from."""
    query = (
        select(LedgerLine, LedgerEntry, HouseAccount)
        .join(LedgerEntry, LedgerEntry.id == LedgerLine.entry_id)
        .join(HouseAccount, HouseAccount.id == LedgerLine.house_account_id)
        .where(LedgerLine.amount != 0)
    )
    if wanted.house_account_id is not None:
        query = query.where(LedgerLine.house_account_id == wanted.house_account_id)
    if wanted.source is not None:
        query = query.where(LedgerEntry.source == wanted.source)
    if wanted.since is not None:
        query = query.where(LedgerEntry.day >= wanted.since)
    if wanted.until is not None:
        query = query.where(LedgerEntry.day <= wanted.until)
    if wanted.operation_code is not None:
        query = query.where(LedgerEntry.operation_code == wanted.operation_code)
    if before is not None:
        query = query.where(LedgerLine.id < before)
    found = await session.execute(query.order_by(LedgerLine.id.desc()).limit(limit))
    return [(line, entry, account) for line, entry, account in found.all()]


@dataclass(frozen=True, kw_only=True)
class AccountBalance:
    """An account with what it holds, in its currency, and its worth in the books, in PEN."""

    account: HouseAccount
    amount: Decimal
    pen: Decimal

    @property
    def overdrawn(self) -> bool:
        """A warning, never an error: real balances go below zero within a day."""
        return self.amount < 0


async def balances(session: AsyncSession, *, until: date) -> list[AccountBalance]:
    """What every account holds at the end of a Lima day: always the sum of its movements, never typed."""
    sums = await ledger_days.balances(session, until=until)
    accounts = await session.scalars(select(HouseAccount).order_by(HouseAccount.id))
    return [_balance(account, sums) for account in accounts]


def _balance(account: HouseAccount, sums: Sums) -> AccountBalance:
    held = sums.of(account.id)
    return AccountBalance(account=account, amount=held.amount, pen=held.pen)


async def running(
    session: AsyncSession, account_id: int, *, until: date
) -> Sequence[tuple[LedgerLine, LedgerEntry, Decimal]]:
    """The movements of an account up to a day in order of day, with the balance after each: computed (F245)."""
    after = func.sum(LedgerLine.amount).over(order_by=(LedgerEntry.day, LedgerLine.id))
    query = (
        select(LedgerLine, LedgerEntry, after)
        .join(LedgerEntry, LedgerEntry.id == LedgerLine.entry_id)
        .where(LedgerLine.house_account_id == account_id, LedgerEntry.day <= until, LedgerLine.amount != 0)
        .order_by(LedgerEntry.day, LedgerLine.id)
    )
    return [(line, entry, balance) for line, entry, balance in (await session.execute(query)).all()]


def totals(held: Sequence[AccountBalance]) -> dict[Currency, Decimal]:
    """The sum of the listed accounts, by currency: exactly what is shown (F246)."""
    return {
        currency: sum((one.amount for one in held if one.account.currency is currency), Decimal("0.00"))
        for currency in Currency
    }
