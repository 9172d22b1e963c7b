"""An operation's first version: what must hold for it to exist, quoted by the API and checked again under lock.

The API asks `quote` so that a refusal costs no workflow; the workflow's first activity asks `record_creation`, which
holds the client's row while the same rules are checked again, so that ten creates in parallel give one (F018, F133).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import partners, preferential_rates, referrals, treasury
from db.limits import check_client_limit
from db.operations import Step, Told, accounts_by_id, tell
from db.session import HELD
from db.tables import Client, ClientAccount, ExchangeRate, RewardCode
from db.tables import Operation as OperationRow
from db.tables.operations import operation_code_seq
from domain import operations as d
from domain.calendar import business_day
from domain.clients import ClientStatus
from domain.commands import NewOperation
from domain.errors import Conflict, Forbidden, Invalid, Missing
from domain.money import Currency, amount, to_pen
from domain.referrals import improved_rate


async def next_code(session: AsyncSession) -> str:
    """A new operation code, never given twice: `EXP-1001` and on."""
    return f"EXP-{await session.scalar(operation_code_seq)}"


async def quote(
    session: AsyncSession, request: NewOperation, *, code: str, now: datetime, expiry: timedelta
) -> d.Operation:
    """The operation that this request would create, at the house's rate of now. Raises Refused when a rule forbids it.

    `expiry` is the client's time to transfer; staff-created (`sistema`) operations have none.
    """
    usd = amount(request.amount_usd, field="amount_usd")
    client = await session.get(Client, request.client_id)
    await check_rules(session, client, request, code=code, now=now)
    _check_agreed(client, request)
    price = await _price(session)
    base = treasury.quote_of(price).published(request.kind)
    pips = await _coupon_pips(session, request, code=code, now=now)
    better = await preferential_rates.improvement_for(session, request.client_id, usd, day=business_day(now))
    rate = improved_rate(request.kind is d.Kind.COMPRA, base, pips + better)
    return d.Operation(
        code=code,
        version=1,
        client_id=request.client_id,
        kind=request.kind,
        origin=request.origin,
        amount_usd=usd,
        base_rate=base,
        rate=rate,
        amount_pen=amount(to_pen(usd, rate), field="amount_usd"),
        source_account_id=request.source_account_id,
        destination_account_id=request.destination_account_id,
        created_at=now,
        created_by=request.actor,
        coupon=request.coupon,
        coupon_pips=pips,
        rate_id=price.id,
        desk_rate=treasury.quote_of(price).desk(request.kind),
        expires_at=now + expiry if request.origin.self_service else None,
        comments=request.comments.strip()[:1000],
    )


async def record_creation(session: AsyncSession, operation: d.Operation, *, update_id: str, at: datetime) -> None:
    """Write version 1 with its event, audit and notifications. A repeat changes nothing. Raises Refused."""
    request = NewOperation(
        actor=operation.created_by,
        client_id=operation.client_id,
        kind=operation.kind,
        origin=operation.origin,
        amount_usd=operation.amount_usd,
        source_account_id=operation.source_account_id,
        destination_account_id=operation.destination_account_id,
        coupon=operation.coupon,
    )
    client = await session.get(Client, operation.client_id, with_for_update=HELD)
    if await session.scalar(_RECORDED, {"code": operation.code}):
        return
    accounts = await check_rules(session, client, request, code=operation.code, now=at)
    assert client is not None  # check_rules refuses an unknown client
    row_id = await session.scalar(_RECORD, _row(operation, client, accounts, update_id=update_id, at=at))
    assert row_id is not None  # an INSERT that answers nothing has raised
    await _reserve_coupon(session, operation, at)
    told = Told(row_id=row_id, trader_id=client.trader_id)
    await tell(session, told, operation, Step(event="create", actor=operation.created_by, update_id=update_id, at=at))


_RECORDED = select(OperationRow.id).where(OperationRow.code == bindparam("code"))
_RECORD = insert(OperationRow.__table__).returning(OperationRow.__table__.c.id)  # type: ignore[arg-type] # a Table


async def check_rules(
    session: AsyncSession, client: Client | None, request: NewOperation, *, code: str, now: datetime
) -> tuple[ClientAccount, ClientAccount]:
    """Every rule of a new operation, for every channel alike; answers its source and destination accounts."""
    if client is None:
        raise Missing("CLIENT_NOT_FOUND", "No encontramos a este cliente.", field="client_id")
    check_client(client, request.actor)
    if request.actor.kind is d.ActorKind.PARTNER:
        await partners.check_own(session, request.actor.id, client.id)
    accounts = await _accounts(session, request)
    if request.origin.self_service:
        await _check_no_active(session, client.id, code)
    await check_client_limit(session, client, request.amount_usd, code=code, now=now)
    await _coupon_pips(session, request, code=code, now=now)
    return accounts


def check_client(client: Client, actor: d.Actor) -> None:
    """Whether this client may operate at all, before anything else is looked at. Raises Refused (F133, F135)."""
    if actor.kind is d.ActorKind.CLIENT and actor.id != client.id:
        raise Forbidden("NOT_ALLOWED", "Solo puedes crear operaciones tuyas.")
    if client.status is ClientStatus.BLOQUEADO:
        raise Invalid("CLIENT_BLOCKED", "Esta cuenta no puede operar por ahora. Escríbenos para ayudarte.")
    if client.status is not ClientStatus.ACTIVO:
        raise Invalid("KYC_PENDING", "La cuenta aún no está activa: falta aprobar los documentos.")


def _check_agreed(client: Client | None, request: NewOperation) -> None:
    """What a company decided about itself holds in every channel, a partner's too; the house acts on its word."""
    alone = request.actor.kind in {d.ActorKind.CLIENT, d.ActorKind.PARTNER} and not request.agreed
    if client is not None and client.two_people and alone:
        words = "Tu empresa pide dos personas: prepárala en el portal, y otra persona la aprueba."
        raise Forbidden("TWO_PEOPLE_NEEDED", words)


async def _accounts(session: AsyncSession, request: NewOperation) -> tuple[ClientAccount, ClientAccount]:
    """Where the client pays from and is paid, in one read. Raises Invalid for one that is not fit."""
    named = [request.source_account_id, request.destination_account_id]
    found = await accounts_by_id(session, named)
    kind, client_id = request.kind, request.client_id
    source = _fit(found.get(named[0]), client_id, kind.client_pays, "source_account_id")
    return source, _fit(found.get(named[1]), client_id, kind.client_receives, "destination_account_id")


def _fit(account: ClientAccount | None, client_id: int, currency: Currency, field: str) -> ClientAccount:
    if account is None or account.client_id != client_id or account.removed_at is not None:
        raise Invalid("ACCOUNT_UNKNOWN", "Elige una de tus cuentas registradas.", field=field)
    if account.currency != currency:
        words = currency.words
        raise Invalid("ACCOUNT_CURRENCY", f"Esta cuenta no es en {words}. Elige una cuenta en {words}.", field=field)
    return account


async def _check_no_active(session: AsyncSession, client_id: int, code: str) -> None:
    found = await session.scalar(_ACTIVE, {"client_id": client_id, "code": code})
    if found:
        raise Conflict("ACTIVE_OPERATION", f"Ya tienes {found} en curso. Termínala o cancélala para crear otra.")


_ACTIVE = (
    select(OperationRow.code)
    .where(
        OperationRow.client_id == bindparam("client_id"),
        OperationRow.state.in_(d.OPEN),
        OperationRow.origin != d.Origin.SISTEMA,
        OperationRow.code != bindparam("code"),
    )
    .limit(1)
)


async def _price(session: AsyncSession) -> ExchangeRate:
    newest = await session.scalar(_NEWEST_RATE)
    if newest is None:
        raise Conflict("NO_RATE", "Aún no hay un tipo de cambio publicado. Intenta en unos minutos.")
    return newest


_NEWEST_RATE = select(ExchangeRate).order_by(ExchangeRate.id.desc()).limit(1)


async def _coupon_pips(session: AsyncSession, request: NewOperation, *, code: str, now: datetime) -> int:
    """What the coupon improves the rate by."""
    if not request.coupon:
        return 0
    return await referrals.benefit(session, request.coupon, client_id=request.client_id, now=now, held_by=code)


async def _reserve_coupon(session: AsyncSession, operation: d.Operation, _at: datetime) -> None:
    """The unique column is the lock: of two operations that want the same code, one gets it."""
    if not operation.coupon:
        return
    await session.execute(
        update(RewardCode)
        .where(RewardCode.code == operation.coupon, RewardCode.reserved_for.is_(None))
        .values(reserved_for=operation.code)
    )
    holder = select(RewardCode.reserved_for).where(RewardCode.code == operation.coupon)
    if await session.scalar(holder) not in {None, operation.code}:
        raise Conflict("COUPON_USED", "Este cupón ya se usó. Cada cupón vale para una sola operación.", field="coupon")


def _row(
    operation: d.Operation,
    client: Client,
    accounts: tuple[ClientAccount, ClientAccount],
    *,
    update_id: str,
    at: datetime,
) -> dict[str, Any]:
    source, destination = accounts
    by_staff = operation.created_by.kind is d.ActorKind.STAFF
    return {
        "code": operation.code,
        "version": 1,
        "last_update_id": update_id,
        "client_id": client.id,
        # The owner of the portfolio at this moment: a later reassignment of the client moves no history (F033, F034).
        "trader_id": client.trader_id,
        "created_by_user_id": operation.created_by.id if by_staff else None,
        "kind": operation.kind,
        "origin": operation.origin,
        "state": operation.state,
        "amount_usd": operation.amount_usd,
        "amount_pen": operation.amount_pen,
        "base_rate": operation.base_rate,
        "rate": operation.rate,
        "rate_id": operation.rate_id,
        "desk_rate": operation.desk_rate,
        "coupon": operation.coupon,
        "coupon_pips": operation.coupon_pips,
        "source_account_id": source.id,
        "destination_account_id": destination.id,
        "source_bank": source.bank,
        "source_account": source.number,
        "destination_bank": destination.bank,
        "destination_account": destination.number,
        "assessment": operation.assessment,
        "comments": operation.comments,
        "created_at": operation.created_at,
        "expires_at": operation.expires_at,
        "updated_at": at,
    }
