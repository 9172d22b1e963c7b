"""The house's own accounts that clients pay into. The list here is the authority, not the copies in the clients."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import HouseAccount
from domain.accounts import Bank
from domain.money import Currency

# A client of a bank where the house has no account pays by CCI into this one (client contract, 6.4).
INTERBANK_TRANSFERS = Bank.INTERBANK


async def active(session: AsyncSession) -> Sequence[HouseAccount]:
    """All accounts in use; they are few, and one read serves a whole list of operations."""
    return (await session.scalars(_ACTIVE)).all()


_ACTIVE = select(HouseAccount).where(HouseAccount.active).order_by(HouseAccount.id)


def to_pay_into(accounts: Sequence[HouseAccount], source: Bank, currency: Currency) -> HouseAccount | None:
    """Where a client of `source` pays in `currency`: the house's account at the same bank, else the one for CCI."""
    able = [account for account in accounts if account.currency is currency]
    same_bank = next((account for account in able if account.bank is source), None)
    return same_bank or next((account for account in able if account.bank is INTERBANK_TRANSFERS), None)
