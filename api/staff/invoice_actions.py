"""What Masters do to a comprobante: ask, try again, correct and issue another, take back, mail again. All audited."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from api import invoices as commands
from api import onboarding
from api.auth import SignedUser, requires
from api.operations import digest
from api.services import Services, ServicesDep
from api.staff.client_bodies import ContactBody, IdentityBody, ReasonBody, read_contact, read_identity
from api.staff.invoice_views import InvoiceWhole, whole_view
from api.staff.invoices import InvoiceId
from api.staff.shapes import Answer, Body, IdempotencyKey, example, key_or_new
from db import audit, client_changes, invoice_reads, invoice_voids, invoices
from db.invoice_reads import InvoiceDetail
from db.invoice_voids import Wish
from db.tables import InvoiceVoid
from domain.errors import Conflict, Missing
from domain.invoices import CreditNoteReason, InvoiceStatus, InvoiceType, VoidMethod, is_burnt
from domain.permissions import Permission
from workflows.invoice_messages import InvoiceNotice, VoidDecision

router = APIRouter(prefix="/api/staff/invoices", tags=["Comprobantes"])

Manager = Annotated[SignedUser, requires(Permission.INVOICES_MANAGE)]


class ReissueBody(Body):
    """Why, and what of the client was wrong; what is absent stays as it is."""

    model_config = example(
        reason="La SUNAT rechazó el RUC", identity={"document_number": "20990000001", "reason": "Error de tipeo"}
    )
    reason: str = Field(min_length=3, max_length=300)
    contact: ContactBody | None = None
    identity: IdentityBody | None = None


class VoidBody(Body):
    """Why. Without `method` the term decides: baja until the seventh day, nota de crédito after it."""

    model_config = example(reason="Se emitió a otro cliente", method=None, note_reason=1)
    reason: str = Field(min_length=3, max_length=100)
    method: VoidMethod | None = None
    note_reason: CreditNoteReason = CreditNoteReason.ANULACION


class CreditBody(Body):
    """Why, and NubeFact's motive: 1 anulación, 2 error en el RUC, 3 en la descripción, 6 devolución total, 10 otros."""

    model_config = example(reason="El cliente devolvió los dólares", note_reason=6)
    reason: str = Field(min_length=3, max_length=100)
    note_reason: CreditNoteReason = CreditNoteReason.ANULACION


class Resent(Answer):
    """It is on its way; its `key` names it among the deliveries."""

    key: str


@router.post("/{invoice_id}/ask")
async def ask_sunat(invoice_id: InvoiceId, user: Manager, services: ServicesDep) -> InvoiceWhole:
    """Ask for SUNAT's answer now, without waiting for the schedule."""
    detail = await _detail(services, user, invoice_id)
    if detail.invoice.status is not InvoiceStatus.ENVIADO:
        raise Conflict("NOTHING_TO_ASK", f"Está {detail.invoice.status}: no espera a la SUNAT.")
    await commands.ask_now(services, invoice_id)
    return await _whole(services, user, invoice_id)


@router.post("/{invoice_id}/retry")
async def retry_invoice(
    invoice_id: InvoiceId, user: Manager, services: ServicesDep, key: IdempotencyKey = None
) -> InvoiceWhole:
    """Try again what NubeFact refused, with the client's data as it is now. Its number stays."""
    detail = await _detail(services, user, invoice_id)
    row = detail.invoice
    if is_burnt(row.status, row.sunat_code):
        raise Conflict("NUMBER_BURNT", "La SUNAT lo rechazó: su número ya no sirve. Corrige y emite otro.")
    if row.status not in {InvoiceStatus.RECHAZADO, InvoiceStatus.PENDIENTE}:
        raise Conflict("NOTHING_TO_RETRY", f"Está {row.status}: no hay nada que reintentar.")
    return await _issue(services, user, detail, reason="Reintento", key=key_or_new(key))


@router.post("/{invoice_id}/reissue")
async def reissue_invoice(
    invoice_id: InvoiceId, body: ReissueBody, user: Manager, services: ServicesDep, key: IdempotencyKey = None
) -> InvoiceWhole:
    """Correct the client and issue the comprobante again.

    What SUNAT rejected, or was annulled or credited, is replaced under a new number and stays as history; what SUNAT
    never saw keeps its number.
    """
    detail = await _detail(services, user, invoice_id)
    async with services.sessions.begin() as session:
        await invoices.retire(session, invoice_id, at=datetime.now(UTC))
        await _correct(services, session, user, detail, body)
    return await _issue(services, user, detail, reason=body.reason, key=key_or_new(key))


@router.post("/{invoice_id}/void")
async def ask_void(invoice_id: InvoiceId, body: VoidBody, user: Manager, services: ServicesDep) -> InvoiceWhole:
    """Ask to take an accepted comprobante back. Another person decides."""
    wish = Wish(method=body.method, note_reason=body.note_reason, reason=body.reason)
    return await _ask_void(services, user, invoice_id, wish)


@router.post("/{invoice_id}/credit-note")
async def ask_credit_note(
    invoice_id: InvoiceId, body: CreditBody, user: Manager, services: ServicesDep
) -> InvoiceWhole:
    """Ask for a nota de crédito of the whole amount, also within the term of the baja. Another person decides."""
    wish = Wish(method=VoidMethod.NOTA_CREDITO, note_reason=body.note_reason, reason=body.reason)
    return await _ask_void(services, user, invoice_id, wish)


@router.post("/{invoice_id}/void/approve")
async def approve_void(
    invoice_id: InvoiceId, user: Manager, services: ServicesDep, key: IdempotencyKey = None
) -> InvoiceWhole:
    """The second person agrees: the baja or the nota leaves at once, and SUNAT has the last word."""
    decision = VoidDecision(actor=user.actor, approved=True)
    return await _decide(services, user, invoice_id, decision, key=key_or_new(key))


@router.post("/{invoice_id}/void/refuse")
async def refuse_void(
    invoice_id: InvoiceId, body: ReasonBody, user: Manager, services: ServicesDep, key: IdempotencyKey = None
) -> InvoiceWhole:
    """The second person says no, and why: the comprobante stands."""
    decision = VoidDecision(actor=user.actor, approved=False, reason=body.reason)
    return await _decide(services, user, invoice_id, decision, key=key_or_new(key))


@router.post("/{invoice_id}/resend")
async def resend_invoice(
    invoice_id: InvoiceId, user: Manager, services: ServicesDep, key: IdempotencyKey = None
) -> Resent:
    """Mail it again to every address that the client has now."""
    detail = await _detail(services, user, invoice_id)
    row = detail.invoice
    is_note = row.type is InvoiceType.NOTA_CREDITO
    if row.status not in invoices.TAKEN or (not is_note and row.superseded_at is not None):
        raise Conflict("NOTHING_TO_SEND", "Solo se envía el comprobante vigente, ya emitido.")
    name = f"reenvio-{digest(str(row.id), key_or_new(key))[:16]}"
    notice = "nota_credito" if is_note else "comprobante"
    order = InvoiceNotice(invoice_id=row.id, code=row.operation_code, notice=notice, key=name)
    async with services.sessions.begin() as session:
        _audit(session, user, row.id, "invoices.resend", "")
    await commands.mail_again(services, order)
    return Resent(key=name)


async def _issue(services: Services, user: SignedUser, detail: InvoiceDetail, *, reason: str, key: str) -> InvoiceWhole:
    row = detail.invoice
    async with services.sessions.begin() as session:
        await invoices.check_stands(session, row.operation_code)
        _audit(session, user, row.id, "invoices.issue_again", reason)
    await commands.issue(services, user.actor, row, name=invoices.name(row), key=key)
    return await _whole(services, user, row.id)


async def _correct(
    services: Services, session: AsyncSession, user: SignedUser, detail: InvoiceDetail, body: ReissueBody
) -> None:
    """The client's data, by the same rules as its own screens; a corrected identity is screened again."""
    client = detail.client
    if body.contact is not None:
        await client_changes.edit(session, client.id, read_contact(body.contact), actor=user.actor)
    if body.identity is not None:
        values, reason = read_identity(body.identity, client), body.identity.reason
        if await client_changes.correct_identity(session, client.id, values, actor=user.actor, reason=reason):
            await onboarding.refresh(services, client.id)


async def _ask_void(services: Services, user: SignedUser, invoice_id: int, wish: Wish) -> InvoiceWhole:
    detail = await _detail(services, user, invoice_id)
    async with services.sessions.begin() as session:
        row = await invoice_voids.ask(session, invoice_id, wish, actor=user.actor, at=datetime.now(UTC))
    await commands.begin_void(services, row, name=invoices.name(detail.invoice))
    return await _whole(services, user, invoice_id)


async def _decide(
    services: Services, user: SignedUser, invoice_id: int, decision: VoidDecision, *, key: str
) -> InvoiceWhole:
    detail = await _detail(services, user, invoice_id)
    row = await _open(services, invoice_id)
    await commands.decide_void(services, row, decision, name=invoices.name(detail.invoice), key=key)
    return await _whole(services, user, invoice_id)


async def _open(services: Services, invoice_id: int) -> InvoiceVoid:
    async with services.sessions() as session:
        row = await invoice_voids.open_of(session, invoice_id)
    if row is None:
        raise Missing("VOID_NOT_FOUND", "No hay un pedido de anulación por decidir.")
    return row


async def _detail(services: Services, user: SignedUser, invoice_id: int) -> InvoiceDetail:
    async with services.sessions() as session:
        return await invoice_reads.get_invoice(session, user.actor, invoice_id)


async def _whole(services: Services, user: SignedUser, invoice_id: int) -> InvoiceWhole:
    return whole_view(services, await _detail(services, user, invoice_id))


def _audit(session: AsyncSession, user: SignedUser, invoice_id: int, action: str, reason: str) -> None:
    audit.record(session, actor=user.actor, action=action, entity="invoice", entity_id=invoice_id, reason=reason)
