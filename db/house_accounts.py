"""The house's own accounts that clients pay into. The list here is the authority, not the copies in the clients."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import HouseAccount
from domain.accounts import Bank
from domain.errors import Invalid, Missing
from domain.money import Currency
from domain.operations import Line

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
