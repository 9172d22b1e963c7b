"""What was said to NubeFact about a comprobante: kept before it leaves, and with its answer when there is one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import bindparam, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Invoice, InvoiceAttempt

SENDING = "generar"
CONSULTING = "consultar"

# Of every comprobante: composing a statement anew costs as much as carrying it out.
_WAS_SENT = select(
    exists().where(InvoiceAttempt.invoice_id == bindparam("invoice_id"), InvoiceAttempt.action == SENDING)
)
_ATTEMPT = insert(InvoiceAttempt)
_SENDING = (
    update(Invoice)
    .where(Invoice.id == bindparam("invoice_id"))
    .values(request=bindparam("body"), issued_on=bindparam("day"))
)


async def was_sent(session: AsyncSession, invoice: Invoice) -> bool:
    """Whether anything was ever sent under its number: then NubeFact is asked before sending again.

    Nothing leaves before its request is kept, so that a number just given needs no look.
    """
    return bool(invoice.request) and bool(await session.scalar(_WAS_SENT, {"invoice_id": invoice.id}))


async def record(
    session: AsyncSession,
    invoice_id: int,
    *,
    action: str,
    outcome: str,
    request: Mapping[str, Any],
    response: Mapping[str, Any],
) -> None:
    """Keep one call to the provider; the caller has masked the token."""
    values = {"invoice_id": invoice_id, "action": action, "outcome": outcome}
    connection = await session.connection()
    await connection.execute(_ATTEMPT, values | {"request": dict(request), "response": dict(response)})


async def mark_sending(session: AsyncSession, invoice_id: int, *, request: Mapping[str, Any], on: date) -> None:
    """What is about to be sent, and with which date of emission."""
    connection = await session.connection()
    await connection.execute(_SENDING, {"invoice_id": invoice_id, "body": dict(request), "day": on.isoformat()})
