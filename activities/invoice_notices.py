"""Mails about a comprobante after its operation: rejected (to the Masters), annulled or credited (to its client)."""

from __future__ import annotations

from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.deliveries import CLIENT, DELAYED, DESK, Envelope, Posting, Postman
from activities.notice_facts import invoice_facts
from db import invoice_answers, invoice_reads
from db.invoice_reads import InvoiceSubject
from db.session import Sessions
from db.users import addresses_of
from domain.clients import split_emails
from domain.invoices import InvoiceType
from domain.permissions import Role
from integrations.mail import Attachment, Mailer
from integrations.notices import InvoiceFacts, letter
from integrations.nubefact import NubeFact, Retryable
from integrations.push import Pusher
from integrations.settings import NoticeSettings
from workflows import invoice_messages as m
from workflows import names

REJECTED = "comprobante_rechazado_casa"


class InvoiceNoticeActivities:
    """Load, write, hand out."""

    def __init__(
        self, sessions: Sessions, mailer: Mailer, pusher: Pusher, provider: NubeFact, settings: NoticeSettings
    ) -> None:
        """Use the worker's pool and connections."""
        self._sessions = sessions
        self._postman = Postman(sessions, mailer, pusher)
        self._nubefact = provider
        self._settings = settings

    @activity.defn(name=names.DELIVER_INVOICE_NOTICE)
    async def deliver_invoice_notice(self, order: m.InvoiceNotice) -> None:
        """Tell everybody once. Raises NoticeDelayed (tried again) or NoticeRefused."""
        async with self._sessions() as session:
            subject = await invoice_reads.subject(session, order.invoice_id)
            masters = await addresses_of(session, Role.MASTER) if order.notice == REJECTED else ()
        envelope = await self._envelope(order.notice, subject, masters=tuple(masters))
        await self._postman.deliver(
            Posting(
                subject_key=subject.invoice.operation_code,
                notice=order.notice,
                key=order.key or f"{subject.invoice.series}-{subject.invoice.number}",
                envelopes=(envelope,),
            )
        )
        if order.notice == REJECTED:
            async with self._sessions.begin() as session:
                await invoice_answers.mark_told(session, order.invoice_id, at=datetime.now(UTC))

    async def _envelope(self, notice: str, subject: InvoiceSubject, *, masters: tuple[str, ...]) -> Envelope:
        if notice == REJECTED:
            return Envelope(audience=DESK, addresses=masters, letter=letter(notice, self._facts(subject)))
        pdf = await self._pdf(subject)
        good, bad = split_emails(subject.client.email)
        facts = self._facts(subject, attached=pdf is not None)
        return Envelope(
            audience=CLIENT,
            addresses=good,
            bad=bad,
            letter=letter(notice, facts),
            attachments=(pdf,) if pdf else (),
        )

    def _facts(self, subject: InvoiceSubject, *, attached: bool = False) -> InvoiceFacts:
        return invoice_facts(subject, site=self._settings.public_url, attached=attached)

    async def _pdf(self, subject: InvoiceSubject) -> Attachment | None:
        """A nota goes with its PDF; the mail waits until its link gives it."""
        invoice = subject.invoice
        if invoice.type is not InvoiceType.NOTA_CREDITO:
            return None
        try:
            content = await self._nubefact.pdf(invoice.pdf_url)
        except Retryable as error:
            raise ApplicationError("El correo espera el PDF de la nota.", type=DELAYED) from error
        return Attachment(name=f"{invoice.series}-{invoice.number}.pdf", content=content)
