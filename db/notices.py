"""Who is told of an operation or a client, and what is known to tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, any_, bindparam, exists, or_, select, update
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncSession

from db import house_accounts, invoices
from db.tables import Client, HouseAccount, Invoice, Operation, OperationEvent, Payout, PushSubscription, User
from domain.commands import SubmitProof
from domain.lifecycle import RULES
from domain.operations import ActorKind, State
from domain.permissions import Role

# A new operation is everybody's who may take it: its trader, the operators and the Masters.
DESK = (Role.MASTER, Role.OPERADOR)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """An operation with everything that its notices mention, and the phones and browsers of its client that answer.

    `house_account` while the client may still transfer; `payouts` and `invoice` once it is Completada. `proved`: the
    client sent its constancia, and not the house in its place.
    """

    operation: Operation
    client: Client
    payouts: Sequence[Payout]
    invoice: Invoice | None
    house_account: HouseAccount | None
    proved: bool = False
    devices: Sequence[PushSubscription] = ()


async def subject(session: AsyncSession, code: str) -> Subject:
    """Load an operation for its notices, and what its state gives to tell. Raises NoResultFound for an unknown code."""
    rows = (await session.execute(_SUBJECT, {"code": code})).all()
    if not rows:
        raise NoResultFound(code)
    operation, client = rows[0][:2]
    payouts: Sequence[Payout] = ()
    invoice = house_account = None
    if operation.state is State.PENDIENTE:
        accounts = await house_accounts.active(session)
        house_account = house_accounts.to_pay_into(accounts, operation.source_bank, operation.kind.client_pays)
    elif operation.state is State.COMPLETADA:
        payouts = (await session.scalars(_PAYOUTS, {"code": code})).all()
        invoice = await invoices.by_operation(session, code)
    return Subject(
        operation=operation,
        client=client,
        payouts=payouts,
        invoice=invoice,
        house_account=house_account,
        proved=rows[0].proved,
        devices=[device for _, _, device, _ in rows if device is not None],
    )


async def desk_addresses(session: AsyncSession, told: Subject) -> Sequence[str]:
    """Mail addresses of the active people who handle a new operation."""
    traders = [one for one in (told.operation.trader_id, told.client.trader_id) if one is not None]
    return (await session.scalars(_DESK_ADDRESSES, {"traders": traders})).all()


async def devices(session: AsyncSession, client_id: int) -> Sequence[PushSubscription]:
    """The phones and browsers of a client that still answer."""
    return (await session.scalars(_DEVICES, {"client_id": client_id})).all()


_PROVED = exists().where(
    OperationEvent.operation_code == bindparam("code"),
    OperationEvent.event == RULES[SubmitProof].name,
    OperationEvent.actor_kind == ActorKind.CLIENT,
    OperationEvent.orphaned_at.is_(None),
)
_SUBJECT = (
    select(Operation, Client, PushSubscription, _PROVED.label("proved"))
    .join(Client, Client.id == Operation.client_id)
    .outerjoin(
        PushSubscription, (PushSubscription.client_id == Operation.client_id) & PushSubscription.failed_at.is_(None)
    )
    .where(Operation.code == bindparam("code"))
    .order_by(PushSubscription.id)
)
_PAYOUTS = (
    select(Payout)
    .where(Payout.operation_code == bindparam("code"), Payout.removed_at.is_(None))
    .order_by(Payout.number)
)
_DESK_ADDRESSES = (
    select(User.email)
    .where(
        User.status == "Activo",
        or_(User.role.in_(DESK), User.id == any_(bindparam("traders", type_=ARRAY(BigInteger)))),
    )
    .order_by(User.id)
)
_DEVICES = (
    select(PushSubscription)
    .where(PushSubscription.client_id == bindparam("client_id"), PushSubscription.failed_at.is_(None))
    .order_by(PushSubscription.id)
)


async def forget_device(session: AsyncSession, device_id: int, *, at: datetime) -> None:
    """It has unsubscribed: nothing more is sent to it until it registers again."""
    await session.execute(update(PushSubscription).where(PushSubscription.id == device_id).values(failed_at=at))
