"""One bank account under two clients: a sign of third-party money, for compliance and for nobody else."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import incidents
from db.tables import Client, ClientAccount

KIND = "cuenta en dos clientes"


async def check_shared(session: AsyncSession, account: ClientAccount) -> None:
    """Raise an alert for each other living client that has this account."""
    for other in await _others(session, account):
        await _raise(session, account.client_id, other)


async def _raise(session: AsyncSession, client_id: int, other_id: int) -> None:
    """The single place where the alert is written; once for each pair of clients, whoever came second."""
    first, second = sorted((client_id, other_id))
    await incidents.open_incident(
        session,
        kind=KIND,
        subject=f"clientes-{first}-{second}",
        detail=f"Los clientes {first} y {second} registraron la misma cuenta bancaria.",
    )


async def _others(session: AsyncSession, account: ClientAccount) -> Sequence[int]:
    wanted = (
        select(ClientAccount.client_id)
        .join(Client, Client.id == ClientAccount.client_id)
        .where(
            ClientAccount.identity == account.identity,
            ClientAccount.client_id != account.client_id,
            ClientAccount.removed_at.is_(None),
            Client.closed_at.is_(None),
        )
    )
    return (await session.scalars(wanted.distinct())).all()
