"""Carrying out an approved annulment: comunicación de baja, or a nota de crédito, asked for until SUNAT answers.

Each activity is one step that may be tried for days: while SUNAT is silent it fails as "not yet" and Temporal calls
again. What was sent is always asked for before it is sent again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NoReturn

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.invoice_calls import Calls, anonymous
from activities.invoices import CONFIGURATION_WAIT, REFUSED, InvoiceActivities
from activities.refusals import refusals
from db import invoice_voids, invoices
from db.session import Sessions
from db.tables import Invoice, InvoiceVoid
from domain.calendar import business_day
from domain.invoices import InvoiceStatus, VoidState
from domain.sunat import plain
from integrations import nubefact
from integrations.nubefact import NubeFact, VoidTicket
from integrations.nubefact_messages import void_order, void_question
from integrations.settings import NubefactSettings
from workflows import invoice_messages as m
from workflows import names

VOIDING, VOID_CONSULTING = "anular", "consultar anulacion"


class InvoiceVoidActivities:
    """The decision, the baja and the nota of one request."""

    def __init__(
        self, sessions: Sessions, provider: NubeFact, settings: NubefactSettings, issuing: InvoiceActivities
    ) -> None:
        """Use the worker's pool and connections; `issuing` sends the notas like any other comprobante."""
        self._sessions = sessions
        self._calls = Calls(sessions, provider)
        self._settings = settings
        self._issuing = issuing

    @activity.defn(name=names.RECORD_VOID_DECISION)
    async def record_void_decision(self, order: m.RecordVoidDecision) -> m.VoidProgress:
        """Write what the second person decided. A rule's refusal is final."""
        said, now = order.decision, datetime.now(UTC)
        with refusals():
            async with self._sessions.begin() as session:
                if said.approved:
                    row = await invoice_voids.approve(
                        session, order.void_id, actor=said.actor, at=now, today=business_day(now)
                    )
                else:
                    row = await invoice_voids.deny(session, order.void_id, actor=said.actor, reason=said.reason, at=now)
                return _progress(row)

    @activity.defn(name=names.VOID_INVOICE)
    async def void_invoice(self, void_id: int) -> m.VoidProgress:
        """Ask SUNAT for the baja, once, and wait for its word. Where it is not taken, the method becomes the nota."""
        row, invoice = await self._load(void_id)
        if row.state is VoidState.HECHA or invoice.status is InvoiceStatus.ANULADO:
            return await self._done(void_id)
        try:
            ticket = await self._ticket(row, invoice)
        except nubefact.Refused as error:
            return await self._by_note(void_id, str(error))
        except nubefact.Configuration as error:
            await self._wait_for_a_person(error)
        except nubefact.NubefactError as error:
            raise ApplicationError(f"{anonymous(str(error))} Se vuelve a intentar.", type="InvoiceDelayed") from error
        if ticket.rejected:
            code = ticket.sunat_responsecode or ""
            return await self._by_note(void_id, f"La SUNAT no aceptó la baja ({code}). {plain(code)}")
        if ticket.pending:
            _not_yet("La SUNAT aún no responde a la baja.")
        return await self._done(void_id)

    @activity.defn(name=names.CREDIT_INVOICE)
    async def credit_invoice(self, void_id: int) -> m.VoidProgress:
        """Issue the nota de crédito, and wait for SUNAT's word. A rejected one ends the request as failed."""
        note_id = await self._note(void_id)
        try:
            await self._issuing.issue_note(note_id)
            note = await self._answer(note_id)
        except ApplicationError as error:
            if error.type != REFUSED:
                raise
            return await self._failed(void_id, error.message)
        if note.status is InvoiceStatus.RECHAZADO:
            said = f"La SUNAT rechazó la nota ({note.sunat_code}). {plain(note.sunat_code)}"
            return await self._failed(void_id, said)
        if note.status is not InvoiceStatus.ACEPTADO:
            _not_yet("La SUNAT aún no responde a la nota de crédito.")
        async with self._sessions.begin() as session:
            await invoice_voids.credited(session, void_id, at=datetime.now(UTC))
        return await self._now(void_id)

    async def _ticket(self, row: InvoiceVoid, invoice: Invoice) -> VoidTicket:
        """What SUNAT has of the baja, after asking for it if nobody had."""
        named = (invoice.type, invoice.series, invoice.number)
        client = self._calls.nubefact
        try:
            asked = client.query_void(*named)
            return await self._calls.attempt(invoice.id, VOID_CONSULTING, void_question(*named), asked)
        except (nubefact.Unknown, nubefact.Refused):
            # The manual gives no code to a baja that nobody asked for: refused in any words, it is asked for now.
            activity.logger.info("nobody has asked for this baja yet")
        body = void_order(*named, row.reason)
        ticket = await self._calls.attempt(invoice.id, VOIDING, body, client.void(*named, reason=row.reason))
        async with self._sessions.begin() as session:
            await invoice_voids.keep_ticket(session, row.id, ticket.sunat_ticket_numero)
        return ticket

    async def _note(self, void_id: int) -> int:
        """The number of the nota, committed before it is sent."""
        _, invoice = await self._load(void_id)
        series, today = self._settings.note_series(invoice.type), business_day(datetime.now(UTC))
        async with self._sessions.begin() as session:
            return await invoice_voids.note_of(session, void_id, series=series, on=today)

    async def _answer(self, note_id: int) -> Invoice:
        """The nota as SUNAT has it by now."""
        async with self._sessions() as session:
            note = await session.get_one(Invoice, note_id)
        if note.status is not InvoiceStatus.ENVIADO:
            return note
        try:
            return await self._calls.record(note_id, await self._calls.consult(note))
        except nubefact.NubefactError as error:
            raise ApplicationError(f"{anonymous(str(error))} Se vuelve a preguntar.", type="InvoiceDelayed") from error

    async def _load(self, void_id: int) -> tuple[InvoiceVoid, Invoice]:
        async with self._sessions() as session:
            return await invoice_voids.one(session, void_id)

    async def _now(self, void_id: int) -> m.VoidProgress:
        row, _ = await self._load(void_id)
        return _progress(row)

    async def _done(self, void_id: int) -> m.VoidProgress:
        async with self._sessions.begin() as session:
            await invoice_voids.annulled(session, void_id, at=datetime.now(UTC))
        return await self._now(void_id)

    async def _by_note(self, void_id: int, why: str) -> m.VoidProgress:
        async with self._sessions.begin() as session:
            await invoice_voids.by_note(session, void_id, why)
        return await self._now(void_id)

    async def _failed(self, void_id: int, why: str) -> m.VoidProgress:
        async with self._sessions.begin() as session:
            await invoice_voids.failed(session, void_id, why, at=datetime.now(UTC))
        return await self._now(void_id)

    async def _wait_for_a_person(self, error: nubefact.Configuration) -> NoReturn:
        said = anonymous(str(error))
        async with self._sessions.begin() as session:
            await invoices.account_fails(session, said)
        raise ApplicationError(
            f"NubeFact no acepta a la casa: {said}", type="InvoiceConfiguration", next_retry_delay=CONFIGURATION_WAIT
        ) from error


def _progress(row: InvoiceVoid) -> m.VoidProgress:
    return m.VoidProgress(state=row.state.value, method=row.method.value if row.method else "", note_id=row.note_id)


def _not_yet(why: str) -> NoReturn:
    """Silence is no fault: Temporal asks again, and nothing is logged as an error."""
    raise ApplicationError(why, type="SunatSilent", category=ApplicationErrorCategory.BENIGN)
