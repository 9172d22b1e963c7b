"""A house with bank accounts, and completed operations whose workflow is not what a test is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from db import settlement
from db.tables import DailyClosure, Deposit, ExchangeRate, HouseAccount, Operation, Payout
from domain.accounts import Bank
from domain.closings import ClosingState
from domain.money import Currency, to_pen
from domain.operations import Actor, ActorKind, Assessment, Kind, Origin, State
from domain.permissions import Role
from tests.people import Customer, add_client, add_user

NOON = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Books:
    """A house's people and accounts, and the operations that a test completes in it."""

    master: Actor
    other_master: Actor
    trader: Actor
    operator: Actor
    client: Customer
    accounts: dict[tuple[Bank, Currency], int]
    codes: list[str] = field(default_factory=list)

    def account(self, bank: Bank, currency: Currency) -> int:
        return self.accounts[bank, currency]

    async def completed(
        self,
        session: AsyncSession,
        kind: Kind,
        usd: str,
        rate: str,
        *,
        desk: str | None = "3.7500",
        at: datetime = NOON,
        bank: Bank = Bank.BCP,
        settle: bool = True,
        trader: Actor | None = None,
        deposits: tuple[str, ...] = (),
    ) -> Operation:
        """A completed operation, settled as its workflow would."""
        row = self._row(kind, Decimal(usd), Decimal(rate), Decimal(desk) if desk else None, at=at, bank=bank)
        row.trader_id = (trader or self.trader).id
        session.add(row)
        await session.flush()
        paid, given = (row.amount_usd, row.amount_pen)[:: 1 if kind is Kind.COMPRA else -1]
        parts = [Decimal(part) for part in deposits] or [paid]
        for number, amount in enumerate(parts, start=1):
            session.add(Deposit(operation_code=row.code, number=number, amount=amount, created_at=at))
        session.add(Payout(operation_code=row.code, number=9, amount=given, created_at=at))
        await session.flush()
        if settle:
            await settlement.settle(session, row.code, at=at)
        return row

    def _row(
        self, kind: Kind, usd: Decimal, rate: Decimal, desk: Decimal | None, *, at: datetime, bank: Bank
    ) -> Operation:
        code = f"EXP-{1001 + len(self.codes)}"
        self.codes.append(code)
        own = (self.client.usd, self.client.pen)[:: 1 if kind is Kind.COMPRA else -1]
        return Operation(
            code=code,
            version=4,
            last_update_id="k",
            client_id=self.client.id,
            kind=kind,
            origin=Origin.SISTEMA,
            state=State.COMPLETADA,
            amount_usd=usd,
            amount_pen=to_pen(usd, rate),
            base_rate=rate,
            rate=rate,
            desk_rate=desk,
            source_account_id=own[0],
            destination_account_id=own[1],
            source_bank=bank,
            source_account="19110012345601",
            destination_bank=bank,
            destination_account="19110012345602",
            assessment=Assessment.CLEAR,
            created_at=at,
            finished_at=at,
            updated_at=at,
        )


async def open_books(session: AsyncSession) -> Books:
    """People, two banks in two currencies, a client and a published price."""
    users = {
        name: await add_user(session, name, role)
        for name, role in (
            ("master", Role.MASTER),
            ("master2", Role.MASTER),
            ("trader", Role.TRADER),
            ("operador", Role.OPERADOR),
        )
    }
    rows = {
        (bank, currency): HouseAccount(
            bank=bank, currency=currency, number=f"{place}{digit}0001", cci="", holder="QoriCash", holder_ruc="2099"
        )
        for place, bank in enumerate((Bank.BCP, Bank.INTERBANK))
        for digit, currency in enumerate(Currency)
    }
    session.add_all(rows.values())
    session.add(
        ExchangeRate(
            buy=Decimal("3.7400"), sell=Decimal("3.7600"), base_buy=Decimal("3.7500"), base_sell=Decimal("3.7500")
        )
    )
    await session.flush()
    return Books(
        master=_actor(users["master"], Role.MASTER),
        other_master=_actor(users["master2"], Role.MASTER),
        trader=_actor(users["trader"], Role.TRADER),
        operator=_actor(users["operador"], Role.OPERADOR),
        client=await add_client(session, "41000001"),
        accounts={key: row.id for key, row in rows.items()},
    )


def signed(day: date) -> DailyClosure:
    """The close of a day on which nothing happened."""
    figures = {"open_operations": 0, "open_usd": 0, "realised_pen": 0, "margin_pen": 0}
    now = datetime.now(UTC)
    return DailyClosure(day=day, round=1, state=ClosingState.FIRMADO, drafted_at=now, signed_at=now, **figures)


def _actor(user_id: int, role: Role) -> Actor:
    return Actor(kind=ActorKind.STAFF, id=user_id, role=role)
