"""The house's bank accounts with what they hold: a balance is always the sum of its movements, never typed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import MAX_ID, Answer, Body, Day, Money, example
from db import house_accounts, movements
from db.movements import AccountBalance
from db.tables import HouseAccount
from domain.accounts import Bank
from domain.calendar import business_day
from domain.money import Currency
from domain.permissions import Permission

router = APIRouter(prefix="/api/staff/house-accounts", tags=["Tesorería"])

Reader = Annotated[SignedUser, requires(Permission.TREASURY_READ)]
Keeper = Annotated[SignedUser, requires(Permission.TREASURY_ACCOUNTS)]
AccountId = Annotated[int, Path(ge=1, le=MAX_ID)]


class HouseAccountBody(Body):
    """An account of the house. Without `ledger_account` it takes the one of its currency."""

    model_config = example(
        bank="BCP",
        currency="USD",
        number="1931234567101",
        cci="00219300123456710112",
        holder="QoriCash SAC",
        holder_ruc="20990000009",
    )
    bank: Bank
    currency: Currency
    number: str = Field(min_length=5, max_length=30)
    cci: str = Field(default="", max_length=20, pattern=r"^(\d{20})?$")
    holder: str = Field(min_length=3, max_length=120)
    holder_ruc: str = Field(pattern=r"^\d{11}$")
    ledger_account: str | None = Field(default=None, pattern=r"^\d{4,8}$")


class HouseAccountChange(Body):
    """What to change; what is absent stays. `for_other_banks` moves from the account that had it.

    A number or a CCI is corrected with a `reason`: clients pay into what they read.
    """

    model_config = example(for_other_banks=True)
    active: bool | None = None
    for_other_banks: bool | None = None
    number: str | None = Field(default=None, min_length=5, max_length=30)
    cci: str | None = Field(default=None, max_length=20, pattern=r"^(\d{20})?$")
    reason: str = Field(default="", max_length=300)
    ledger_account: str | None = Field(default=None, pattern=r"^\d{4,8}$")


class HouseAccountView(Answer):
    """An account of the house."""

    id: int
    bank: Bank
    currency: Currency
    number: str
    cci: str
    ledger_account: str
    for_other_banks: bool
    active: bool


class BalanceView(Answer):
    """An account with what it holds in its currency, and its worth in the books in PEN."""

    account: HouseAccountView
    amount: Money
    pen: Money
    overdrawn: bool


class BalanceList(Answer):
    """Every account at the end of a Lima day; the totals are exactly those of the list (F246)."""

    day: date
    items: list[BalanceView]
    total_usd: Money
    total_pen: Money


@router.get("")
async def list_balances(
    _user: Reader,
    services: ServicesDep,
    day: Annotated[Day | None, Query(description="Día de Lima; hoy si no se dice.")] = None,
) -> BalanceList:
    """Every account of the house with its balance at the end of a day, or now."""
    wanted = day or business_day(datetime.now(UTC))
    async with services.sessions() as session:
        held = await movements.balances(session, until=wanted)
    totals = movements.totals(held)
    return BalanceList(
        day=wanted,
        items=[_balance(one) for one in held],
        total_usd=totals[Currency.USD],
        total_pen=totals[Currency.PEN],
    )


@router.post("")
async def add_house_account(body: HouseAccountBody, user: Keeper, services: ServicesDep) -> HouseAccountView:
    """Add an account to the catalogue. Clients may pay into it from now on."""
    given = body.model_dump(exclude_none=True)
    async with services.sessions.begin() as session:
        row = await house_accounts.add(session, HouseAccount(**given), actor=user.actor)
        await session.refresh(row)
    return HouseAccountView.model_validate(row)


@router.post("/{account_id}")
async def change_house_account(
    account_id: AccountId, body: HouseAccountChange, user: Keeper, services: ServicesDep
) -> HouseAccountView:
    """Take an account out of use or back, correct its number, mark it for other banks, or give it a ledger account."""
    async with services.sessions.begin() as session:
        row = await house_accounts.change(session, account_id, **body.model_dump(), actor=user.actor)
    return HouseAccountView.model_validate(row)


def _balance(one: AccountBalance) -> BalanceView:
    account = HouseAccountView.model_validate(one.account)
    return BalanceView(account=account, amount=one.amount, pen=one.pen, overdrawn=one.overdrawn)
