"""The house's own accounts that clients pay into. The list here is the authority, not the copies in the clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit
from db.tables import HouseAccount, LedgerAccount, LedgerLine
from domain.accounts import Bank
from domain.errors import Conflict, Invalid, Missing
from domain.money import Currency
from domain.operations import Actor, FieldChange, Line

# A client of a bank where the house has no account pays by CCI into this one (client contract, 6.4).
INTERBANK_TRANSFERS = Bank.INTERBANK


async def active(session: AsyncSession) -> Sequence[HouseAccount]:
    """All accounts in use; they are few, and one read serves a whole list of operations."""
    return (await session.scalars(_ACTIVE)).all()


_ACTIVE = select(HouseAccount).where(HouseAccount.active).order_by(HouseAccount.id)


def to_pay_into(accounts: Sequence[HouseAccount], source: Bank, currency: Currency) -> HouseAccount | None:
    """Where a client of `source` pays in `currency`: the house's account at the same bank, else the one for others."""
    able = [account for account in accounts if account.currency is currency]
    same_bank = next((account for account in able if account.bank is source), None)
    for_others = next((account for account in able if account.for_other_banks), None)
    return same_bank or for_others or next((one for one in able if one.bank is INTERBANK_TRANSFERS), None)


async def by_id(session: AsyncSession, account_id: int) -> HouseAccount:
    """An account in use. Raises Missing."""
    row = await session.get(HouseAccount, account_id)
    if row is None or not row.active:
        raise Missing("HOUSE_ACCOUNT_UNKNOWN", "Elige una cuenta activa de la casa.", field="house_account_id")
    return row


async def check_lines(session: AsyncSession, lines: Sequence[Line], currency: Currency, *, field: str) -> None:
    """That the accounts which abonos or pagos name are the house's and of this currency. Raises Invalid."""
    named = {line.house_account_id for line in lines if line.house_account_id is not None}
    if not named:
        return
    wanted = select(HouseAccount.id).where(HouseAccount.id.in_(named), HouseAccount.currency == currency)
    if set(await session.scalars(wanted.where(HouseAccount.active))) != named:
        raise Invalid("HOUSE_ACCOUNT_UNKNOWN", f"Elige una cuenta activa de la casa en {currency.words}.", field=field)


async def every(session: AsyncSession) -> Sequence[HouseAccount]:
    """All accounts, those no longer in use too."""
    return (await session.scalars(select(HouseAccount).order_by(HouseAccount.id))).all()


async def add(session: AsyncSession, account: HouseAccount, *, actor: Actor) -> HouseAccount:
    """A new account of the catalogue (G). Raises Conflict for one that is there, Missing for its ledger account."""
    same = (HouseAccount.bank == account.bank, HouseAccount.currency == account.currency)
    if await session.scalar(select(HouseAccount.id).where(*same, HouseAccount.number == account.number)):
        raise Conflict("HOUSE_ACCOUNT_THERE", "Esa cuenta de la casa ya existe.", field="number")
    if account.ledger_account and await session.get(LedgerAccount, account.ledger_account) is None:
        raise Missing("ACCOUNT_UNKNOWN", "Elige una cuenta contable del plan.", field="ledger_account")
    session.add(account)
    await session.flush()
    audit.record(session, actor=actor, action="house_accounts.add", entity="house_account", entity_id=account.id)
    return account


async def change(
    session: AsyncSession,
    account_id: int,
    *,
    active: bool | None = None,
    for_other_banks: bool | None = None,
    number: str | None = None,
    cci: str | None = None,
    ledger_account: str | None = None,
    reason: str = "",
    actor: Actor,
) -> HouseAccount:
    """Take an account out of use or back, correct its number, mark it for other banks, or give it a ledger account.

    Raises:
        Missing: the account, or the ledger account, is not there.
        Invalid: its number or CCI would change without a reason.
        Conflict: it has movements, and its ledger account would change under them; the number is of another one.
    """
    row = await session.get(HouseAccount, account_id, with_for_update=True)
    if row is None:
        raise Missing("HOUSE_ACCOUNT_UNKNOWN", "No existe esa cuenta de la casa.")
    given = {
        "active": active,
        "for_other_banks": for_other_banks,
        "number": number,
        "cci": cci,
        "ledger_account": ledger_account,
    }
    wanted = {name: value for name, value in given.items() if value is not None and value != getattr(row, name)}
    await _check_change(session, row, wanted, reason)
    if for_other_banks:
        # One a currency: the mark moves from whoever has it.
        others = (HouseAccount.currency == row.currency, HouseAccount.id != row.id)
        await session.execute(update(HouseAccount).where(*others).values(for_other_banks=False))
    changes = [
        FieldChange(field=name, before=str(getattr(row, name)), after=str(value)) for name, value in wanted.items()
    ]
    for name, value in wanted.items():
        setattr(row, name, value)
    audit.record(
        session,
        actor=actor,
        action="house_accounts.change",
        entity="house_account",
        entity_id=row.id,
        changes=changes,
        reason=reason,
    )
    return row


async def _check_change(session: AsyncSession, row: HouseAccount, wanted: Mapping[str, object], reason: str) -> None:
    if "ledger_account" in wanted:
        await _check_ledger_account(session, row, str(wanted["ledger_account"]))
    if not wanted.keys() & {"number", "cci"}:
        return
    if not reason.strip():
        raise Invalid(
            "REASON_NEEDED", "Di por qué cambia el número: los clientes depositan donde leen.", field="reason"
        )
    same = (HouseAccount.bank == row.bank, HouseAccount.currency == row.currency, HouseAccount.id != row.id)
    number = wanted.get("number", row.number)
    if await session.scalar(select(HouseAccount.id).where(*same, HouseAccount.number == number)):
        raise Conflict("HOUSE_ACCOUNT_THERE", "Esa cuenta de la casa ya existe.", field="number")


async def _check_ledger_account(session: AsyncSession, row: HouseAccount, code: str) -> None:
    if await session.get(LedgerAccount, code) is None:
        raise Missing("ACCOUNT_UNKNOWN", "Elige una cuenta contable del plan.", field="ledger_account")
    if await session.scalar(select(LedgerLine.id).where(LedgerLine.house_account_id == row.id).limit(1)):
        raise Conflict("ACCOUNT_MOVED", "Esta cuenta ya tiene movimientos; su cuenta contable no cambia.")
