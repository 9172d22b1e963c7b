"""What SUNAT still owes an answer to, and what the house has not copied yet: claimed in small batches, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import incidents
from db.invoices import SILENT, TAKEN, name
from db.tables import Invoice
from domain.invoices import SILENCE, InvoiceStatus, ask_again_in

MOST_TRIES = 30
_UNCOPIED = or_(
    (Invoice.pdf_url != "") & (Invoice.pdf_key == ""),
    (Invoice.xml_url != "") & (Invoice.xml_key == ""),
    (Invoice.cdr_url != "") & (Invoice.cdr_key == ""),
)


async def claim_due(session: AsyncSession, *, now: datetime, limit: int, only: int | None = None) -> Sequence[Invoice]:
    """The sent documents whose turn has come, longest waiting first; `only` one of them, at once.

    Their next turn is written before they are asked, so that one which always fails keeps no place of the others.
    """
    due = select(Invoice).where(Invoice.status == InvoiceStatus.ENVIADO)
    due = due.where(Invoice.ask_at <= now) if only is None else due.where(Invoice.id == only)
    held = due.order_by(Invoice.ask_at, Invoice.id).limit(limit).with_for_update(skip_locked=True)
    claimed = (await session.scalars(held)).all()
    for invoice in claimed:
        age = now - (invoice.sent_at or now)
        invoice.ask_at = now + ask_again_in(age)
        if age > SILENCE:
            detail = (
                f"{name(invoice)} se envió hace más de {SILENCE.days} días y la SUNAT no responde: escribe a NubeFact."
            )
            await incidents.open_incident(session, kind=SILENT, subject=name(invoice), detail=detail)
    await session.flush()
    return claimed


async def left(session: AsyncSession, *, now: datetime) -> int:
    """How many sent documents are still due."""
    due = select(func.count()).where(Invoice.status == InvoiceStatus.ENVIADO, Invoice.ask_at <= now)
    return await session.scalar(due) or 0


async def untold(session: AsyncSession, *, limit: int) -> Sequence[int]:
    """Rejected documents of which the house has had no mail yet, oldest first."""
    wanted = select(Invoice.id).where(Invoice.status == InvoiceStatus.RECHAZADO, Invoice.told_at.is_(None))
    return (await session.scalars(wanted.order_by(Invoice.id).limit(limit))).all()


async def mark_told(session: AsyncSession, invoice_id: int, *, at: datetime) -> None:
    """The house has its mail."""
    await session.execute(update(Invoice).where(Invoice.id == invoice_id).values(told_at=at))


async def uncopied(session: AsyncSession, *, limit: int) -> Sequence[Invoice]:
    """Documents that NubeFact has and whose papers are not in our store, the least tried first."""
    wanted = select(Invoice).where(
        Invoice.status.in_([*TAKEN, InvoiceStatus.ANULADO]), _UNCOPIED, Invoice.paper_tries < MOST_TRIES
    )
    return (await session.scalars(wanted.order_by(Invoice.paper_tries, Invoice.id).limit(limit))).all()


async def copied(session: AsyncSession, invoice_id: int, keys: dict[str, str]) -> None:
    """Keep where the copies are (`pdf_key`, `xml_key`, `cdr_key`); one more try either way."""
    values = {**keys, "paper_tries": Invoice.paper_tries + 1}
    await session.execute(update(Invoice).where(Invoice.id == invoice_id).values(values))
