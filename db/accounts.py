"""A client's own bank accounts, in the stable order that the public contract counts in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import account_alerts, audit, clients
from db.tables import ClientAccount
from domain.accounts import MAX_ACCOUNTS, AccountType, Bank, Region, identity
from domain.errors import Conflict, Invalid
from domain.money import Currency
from domain.operations import Actor

# To exchange, a client needs somewhere to pay from and somewhere to be paid: one account in each currency.
MIN_ACCOUNTS = 2


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """An account as the client gives it, already read by the domain. `bank_label` names a bank of OTROS."""

    bank: Bank
    account_type: AccountType
    currency: Currency
    number: str
    region: Region
    bank_label: str = ""


async def live(session: AsyncSession, client_id: int) -> Sequence[ClientAccount]:
    """The client's accounts in their order. `banco_cuenta_id` and `account_index` are places in this list."""
    return (await session.scalars(_LIVE, {"client_id": client_id})).all()


_LIVE = (
    select(ClientAccount)
    .where(ClientAccount.client_id == bindparam("client_id"), ClientAccount.removed_at.is_(None))
    .order_by(ClientAccount.position, ClientAccount.id)
)


async def add(
    session: AsyncSession, client_id: int, new: NewAccount, *, actor: Actor, now: datetime
) -> Sequence[ClientAccount]:
    """Put an account at the end; answers the whole list. Raises Conflict for a repeated one or a seventh.

    Whoever adds it declares that the client is its holder. An account that another client has too is kept, and told to
    compliance: the client must not learn of it.
    """
    await clients.lock(session, client_id)
    present = await live(session, client_id)
    if any(_same(account, new) for account in present):
        raise Conflict("ACCOUNT_DUPLICATE", "Ya tienes registrada esa cuenta.", field="account_number")
    if len(present) >= MAX_ACCOUNTS:
        raise Conflict(
            "ACCOUNT_LIMIT", f"Ya tienes {MAX_ACCOUNTS} cuentas, el máximo permitido. Elimina una para agregar otra."
        )
    account = ClientAccount(
        client_id=client_id,
        position=await _next_position(session, client_id),
        bank=new.bank,
        bank_label=new.bank_label,
        account_type=new.account_type,
        currency=new.currency,
        number=new.number,
        region=new.region,
        identity=identity(new.bank, new.number),
        declared_own_at=now,
    )
    session.add(account)
    await session.flush()
    _audit(session, actor, "accounts.add", account.id)
    await account_alerts.check_shared(session, account)
    return [*present, account]


async def remove(
    session: AsyncSession, client_id: int, index: int, *, actor: Actor, now: datetime
) -> Sequence[ClientAccount]:
    """Hide the account at this place; answers what is left. Old operations keep pointing at it (F156).

    Raises Invalid for a place that is not in the list, and Conflict when an account in each currency would not be left.
    """
    await clients.lock(session, client_id)
    present = await live(session, client_id)
    chosen = at(present, index, field="account_index")
    left = [account for account in present if account is not chosen]
    if len(left) < MIN_ACCOUNTS or {account.currency for account in left} != set(Currency):
        raise Conflict(
            "ACCOUNT_NEEDED",
            "Necesitas al menos una cuenta en soles y una en dólares. Agrega otra antes de quitar esta.",
        )
    chosen.removed_at = now
    await session.flush()
    _audit(session, actor, "accounts.remove", chosen.id)
    return left


def at(accounts: Sequence[ClientAccount], index: int, *, field: str) -> ClientAccount:
    """The account at a place of the list, counted from 0. Raises Invalid."""
    if not 0 <= index < len(accounts):
        raise Invalid("ACCOUNT_UNKNOWN", "Elige una de tus cuentas registradas.", field=field)
    return accounts[index]


def by_number(accounts: Sequence[ClientAccount], number: str, currency: Currency, *, field: str) -> ClientAccount:
    """The account with this number; one in `currency` first, since two may share a number. Raises Invalid."""
    same = [account for account in accounts if account.number == number]
    if not same:
        raise Invalid("ACCOUNT_UNKNOWN", "Elige una de tus cuentas registradas.", field=field)
    return next((account for account in same if account.currency is currency), same[0])


def source_for(
    accounts: Sequence[ClientAccount], destination: ClientAccount, currency: Currency, *, field: str
) -> ClientAccount:
    """The account to pay from in `currency`, where the client does not say: the web never sends it.

    At the destination's own bank first, because one bank's customers usually keep both currencies there; else the first
    of the list, which is what the web shows as chosen. Raises Invalid when there is none in that currency.
    """
    able = [account for account in accounts if account.currency is currency]
    if not able:
        message = f"Agrega una cuenta en {currency.words} desde la que transferir."
        raise Invalid("ACCOUNT_SOURCE_MISSING", message, field=field)
    return next((account for account in able if account.bank is destination.bank), able[0])


async def _next_position(session: AsyncSession, client_id: int) -> int:
    """Hidden accounts keep their place, so a new one always comes last."""
    last = select(func.max(ClientAccount.position)).where(ClientAccount.client_id == client_id)
    newest = await session.scalar(last)
    return 0 if newest is None else newest + 1


def _same(account: ClientAccount, new: NewAccount) -> bool:
    """One account is one, by its own number or by its CCI."""
    own = account.identity or identity(account.bank, account.number)
    return (own, account.currency) == (identity(new.bank, new.number), new.currency)


def _audit(session: AsyncSession, actor: Actor, action: str, account_id: int) -> None:
    audit.record(session, actor=actor, action=action, entity="client_account", entity_id=account_id)
