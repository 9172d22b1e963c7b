"""One bank account under two clients: a sign of third-party money, for compliance and for nobody else."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import incidents
from db.cases import open_or_join_case
from db.tables import Client, ClientAccount
from domain.cases import Severity

KIND = "cuenta en dos clientes"
LINKED = "vínculos"


async def check_shared(session: AsyncSession, account: ClientAccount) -> None:
    """Raise an alert for each other living client that has this account."""
    for other in await _others(session, account):
        await _raise(session, account.client_id, other)


async def _raise(session: AsyncSession, client_id: int, other_id: int) -> None:
    """The single place where the alert is written; once for each pair of clients, whoever came second.

    Its case is that of who came second: the account was the other's before.
    """
    first, second = sorted((client_id, other_id))
    await incidents.open_incident(
        session,
        kind=KIND,
        subject=f"clientes-{first}-{second}",
        detail=f"Los clientes {first} y {second} registraron la misma cuenta bancaria.",
    )
    await open_or_join_case(
        session,
        kind=LINKED,
        client_id=client_id,
        operation_code=None,
        severity=Severity.ALTA,
        source_key=f"cuenta:{first}-{second}",
        summary=f"Tiene la misma cuenta bancaria que el cliente {other_id}.",
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
    return (await session.scalars(wanted.distinct().order_by(ClientAccount.client_id))).all()
