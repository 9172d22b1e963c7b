"""What operations and refunds post: which bank account each abono and pago goes through, and the entry that follows.

The rule, in this order: the account that a person named in the line; the house's account at the client's bank in that
currency; the one that is marked to take clients of other banks; Interbank's (client contract, 6.4). Where none is left
the money is posted as not assigned, and waits in a queue for a person (F218). Never by text: accounts are told by id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, bindparam, exists, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db import audit, house_accounts, ledger, treasury
from db.tables import Deposit, HouseAccount, LedgerEntry, LedgerLine, Operation, Payout, Refund
from domain import ledger as d
from domain.accounts import Bank
from domain.calendar import business_day
from domain.errors import Conflict, Invalid, Missing
from domain.ledger import Share, Source, Till
from domain.money import Currency
from domain.movements import RefundState
from domain.operations import SYSTEM, Actor

Accounts = Mapping[int, HouseAccount]
ASSIGNED = "asignacion:"
PAID_SHOWN = 200


def _lines_of(table: type[Deposit | Payout], side: str) -> Select[str, int, Decimal, str, int | None]:
    columns = (table.number, table.amount, table.bank, table.house_account_id)
    wanted = select(literal(side).label("side"), *columns)
    return wanted.where(table.operation_code == bindparam("code"), table.removed_at.is_(None))


_LINES = union_all(_lines_of(Deposit, "abono"), _lines_of(Payout, "pago")).order_by("side", "number")


@dataclass(frozen=True, kw_only=True)
class Leg:
    """An abono or pago as posting reads it."""

    amount: Decimal
    bank: str
    house_account_id: int | None


async def post_operation(session: AsyncSession, operation: Operation, *, at: datetime) -> int:
    """Post a completed operation to the books and to the banks, once; the entry's id. Three statements.

    It counts on the Lima day when it was completed. Without a desk rate it is valued at its own: no margin, and the
    control lists it (F060). Raises Conflict when that month is closed, or when the lines are not what was exchanged.
    """
    deposits, payouts = await legs(session, operation.code)
    accounts = await all_accounts(session)
    kind = operation.kind
    entry = d.exchange(
        kind,
        code=operation.code,
        day=business_day(operation.finished_at or at),
        usd=operation.amount_usd,
        pen=operation.amount_pen,
        desk_rate=operation.desk_rate or operation.rate,
        deposits=shares(accounts, deposits, kind.client_pays, operation.source_bank),
        payouts=shares(accounts, payouts, kind.client_receives, operation.destination_bank),
    )
    return await ledger.post(session, entry, actor=SYSTEM)


async def legs(session: AsyncSession, code: str) -> tuple[list[Leg], list[Leg]]:
    """Abonos and pagos of an operation, in their order."""
    sides: dict[str, list[Leg]] = {"abono": [], "pago": []}
    for side, _, amount, bank, account in await session.execute(_LINES, {"code": code}):
        sides[side].append(Leg(amount=amount, bank=bank, house_account_id=account))
    return sides["abono"], sides["pago"]


async def all_accounts(session: AsyncSession) -> Accounts:
    """Every account of the house, in use or not: they are few."""
    return {account.id: account for account in await session.scalars(select(HouseAccount).order_by(HouseAccount.id))}


def shares(accounts: Accounts, lines: Sequence[Leg], currency: Currency, bank: Bank) -> list[Share]:
    """Each line with the till that it goes through; `bank` is the client's where the line names none."""
    return [Share(till=_till(accounts, line, currency, bank), amount=line.amount) for line in lines]


def _till(accounts: Accounts, line: Leg, currency: Currency, bank: Bank) -> Till:
    named = accounts.get(line.house_account_id) if line.house_account_id is not None else None
    if named is None:
        in_use = [account for account in accounts.values() if account.active]
        named = house_accounts.to_pay_into(in_use, Bank(line.bank) if line.bank else bank, currency)
    return d.unallocated(currency) if named is None else ledger.till_of(named)


async def unallocated(session: AsyncSession) -> list[tuple[LedgerLine, LedgerEntry]]:
    """Lines that wait for a person to say through which account their money went, oldest first."""
    given, mirror = aliased(LedgerEntry), aliased(LedgerEntry)
    assigned = exists().where(given.key == func.concat(ASSIGNED, LedgerLine.id))
    annulled = exists().where(mirror.reverses_id == LedgerEntry.id)
    waiting = (
        select(LedgerLine, LedgerEntry)
        .join(LedgerEntry, LedgerEntry.id == LedgerLine.entry_id)
        .where(LedgerLine.account.in_((d.UNALLOCATED_PEN, d.UNALLOCATED_USD)), LedgerLine.amount != 0)
        .where(LedgerEntry.source != Source.ASIGNACION, LedgerEntry.reverses_id.is_(None), ~assigned, ~annulled)
        .order_by(LedgerLine.id)
    )
    return [(line, entry) for line, entry in (await session.execute(waiting)).all()]


async def allocate(session: AsyncSession, line_id: int, account_id: int, *, actor: Actor, at: datetime) -> int:
    """Say through which account a line's money went; the entry that moves it there.

    Raises:
        Missing: there is no such line waiting, or no such account.
        Invalid: the account is of the other currency.
    """
    waiting = {line.id: (line, entry) for line, entry in await unallocated(session)}
    if line_id not in waiting:
        raise Missing("LINE_UNKNOWN", "Esa línea ya no espera una cuenta.")
    line, entry = waiting[line_id]
    account = await house_accounts.by_id(session, account_id)
    if account.currency is not line.currency:
        raise Invalid("ACCOUNT_CURRENCY", f"Elige una cuenta en {line.currency.words}.", field="house_account_id")
    made = d.reallocation(
        ledger.as_line(line),
        ledger.till_of(account),
        key=_key(line.id),
        day=business_day(at),
        words=f"Asignación de cuenta de {ledger.number_of(entry)}",
    )
    audit.record(session, actor=actor, action="treasury.allocate", entity="ledger_line", entity_id=line.id)
    return await ledger.post(session, made, actor=actor)


def _key(line_id: int) -> str:
    return f"{ASSIGNED}{line_id}"


async def refunds(session: AsyncSession, *, owed: bool) -> Sequence[tuple[Refund, Operation]]:
    """Refunds that are still owed, or the last ones that were paid, newest first."""
    wanted = select(Refund, Operation).join(Operation, Operation.code == Refund.operation_code)
    wanted = wanted.where(Refund.status == RefundState.OWED if owed else Refund.status != RefundState.OWED).order_by(
        Refund.id.desc()
    )
    found = await session.execute(wanted if owed else wanted.limit(PAID_SHOWN))
    return [(refund, operation) for refund, operation in found.all()]


async def settle_refund(
    session: AsyncSession, refund_id: int, account_id: int, *, reference: str, actor: Actor, at: datetime
) -> Refund:
    """The money of a cancelled operation went back to the client from this account: posted, and no longer owed.

    Raises:
        Missing: there is no such refund or account.
        Conflict: it was paid before.
        Invalid: the account is of the other currency.
    """
    row = await session.get(Refund, refund_id, with_for_update=True)
    if row is None:
        raise Missing("REFUND_UNKNOWN", "No existe esa devolución.")
    if row.status != RefundState.OWED:
        raise Conflict("REFUND_SETTLED", "Esta devolución ya se pagó.")
    account = await house_accounts.by_id(session, account_id)
    if account.currency.value != row.currency:
        currency = Currency(row.currency)
        raise Invalid("ACCOUNT_CURRENCY", f"Elige una cuenta en {currency.words}.", field="house_account_id")
    operation = (await session.scalars(select(Operation).where(Operation.code == row.operation_code))).one()
    received, _ = await legs(session, operation.code)
    entry = d.refund(
        shares(await all_accounts(session), received, account.currency, operation.source_bank),
        ledger.till_of(account),
        code=operation.code,
        day=business_day(at),
        rate=await treasury.valuation_rate(session),
        words=f"Devolución de {operation.code}",
    )
    await ledger.post(session, entry, actor=actor)
    row.status, row.house_account_id, row.reference = RefundState.SETTLED, account.id, reference
    row.settled_at, row.settled_by = at, actor.id
    audit.record(session, actor=actor, action="refunds.settle", entity="refund", entity_id=row.id, reason=reference)
    return row
