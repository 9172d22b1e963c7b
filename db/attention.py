"""What waits for somebody, within what a reader may see and do: counts and the oldest of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.deliveries import REFUSED
from db.operation_reads import seen_by
from db.tables import Client, ComplianceCase, Delivery, Incident, Invoice, User
from db.tables import Operation as OperationRow
from domain.clients import KycStatus
from domain.invoices import InvoiceStatus
from domain.operations import Actor, State
from domain.permissions import Permission, Role, allows

MOST = 5
LATELY = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Late:
    """An operation that has been En proceso for too long."""

    code: str
    since: datetime
    operator: str


@dataclass(frozen=True, kw_only=True)
class Attention:
    """What waits. A figure that this person's role does not see is None."""

    late: Sequence[Late]
    marked: int
    invoices: int | None
    deliveries: int
    incidents: int | None
    kyc: int | None
    cases: int | None


async def read_attention(session: AsyncSession, reader: Actor, *, now: datetime, late_after: timedelta) -> Attention:
    """What waits now. A delivery counts for seven days after it was refused."""
    role = Role(reader.role) if reader.role else None

    def may(permission: Permission) -> bool:
        return role is not None and allows(role, permission)

    return Attention(
        late=await _late(session, reader, now - late_after),
        marked=await _operations(session, reader),
        invoices=await _invoices(session, reader) if may(Permission.INVOICES_READ) else None,
        deliveries=await _deliveries(session, reader, now - LATELY),
        incidents=await _open(session, Incident) if may(Permission.INCIDENTS_MANAGE) else None,
        kyc=await _kyc(session) if may(Permission.CLIENTS_KYC) else None,
        cases=await _open(session, ComplianceCase) if may(Permission.COMPLIANCE_READ) else None,
    )


async def _late(session: AsyncSession, reader: Actor, before: datetime) -> Sequence[Late]:
    query = (
        select(OperationRow.code, OperationRow.in_process_since, User.full_name)
        .outerjoin(User, User.id == OperationRow.operator_id)
        .where(seen_by(reader), OperationRow.state == State.EN_PROCESO, OperationRow.in_process_since <= before)
        .order_by(OperationRow.in_process_since)
        .limit(MOST)
    )
    found = await session.execute(query)
    return [Late(code=code, since=since, operator=name or "") for code, since, name in found if since]


async def _operations(session: AsyncSession, reader: Actor) -> int:
    query = select(func.count()).select_from(OperationRow)
    return await session.scalar(query.where(seen_by(reader), OperationRow.attention != "")) or 0


async def _invoices(session: AsyncSession, reader: Actor) -> int:
    waiting = (InvoiceStatus.RECHAZADO, InvoiceStatus.PENDIENTE)
    query = (
        select(func.count())
        .select_from(Invoice)
        .join(OperationRow, OperationRow.code == Invoice.operation_code)
        .where(seen_by(reader), Invoice.status.in_(waiting), Invoice.superseded_at.is_(None))
    )
    return await session.scalar(query) or 0


async def _deliveries(session: AsyncSession, reader: Actor, since: datetime) -> int:
    query = (
        select(func.count())
        .select_from(Delivery)
        .join(OperationRow, OperationRow.code == Delivery.subject_key)
        .where(seen_by(reader), Delivery.status == REFUSED, Delivery.created_at >= since)
    )
    return await session.scalar(query) or 0


async def _kyc(session: AsyncSession) -> int:
    query = select(func.count()).select_from(Client).where(Client.kyc_status == KycStatus.EN_PROCESO)
    return await session.scalar(query) or 0


async def _open(session: AsyncSession, table: type[Incident | ComplianceCase]) -> int:
    return await session.scalar(select(func.count()).select_from(table).where(table.closed_at.is_(None))) or 0
