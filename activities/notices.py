"""The notices of an operation: to its client by mail and push, and of a new one to the people who handle it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.deliveries import CLIENT, DELAYED, DESK, Envelope, Posting, Postman
from activities.notice_facts import receipt_name, told
from db import delivery_links, notices
from db.invoices import TAKEN
from db.notices import Subject
from db.session import Sessions
from domain.clients import split_emails
from domain.notice_preferences import Channel, leaves
from integrations.mail import Attachment, Mailer
from integrations.notices import OperationFacts, letter, push
from integrations.nubefact import NubeFact, Retryable
from integrations.push import Pusher
from integrations.settings import NoticeSettings
from workflows import messages as m
from workflows import names

CREATED, COMPLETED, RECEIPT = "creada", "completada", "comprobante"
# The completion mail waits this long for a PDF that its link does not give; then it says where to find it.
PDF_PATIENCE = timedelta(minutes=10)


class NoticeActivities:
    """Load, write, hand out."""

    def __init__(
        self, sessions: Sessions, mailer: Mailer, pusher: Pusher, provider: NubeFact, settings: NoticeSettings
    ) -> None:
        """Use the worker's pool and connections; NubeFact gives the PDF of the comprobante."""
        self._sessions = sessions
        self._postman = Postman(sessions, mailer, pusher)
        self._nubefact = provider
        self._settings = settings

    @activity.defn(name=names.DELIVER_NOTICE)
    async def deliver_notice(self, order: m.NoticeOrder) -> None:
        """Tell everybody once. Raises NoticeDelayed (tried again) or NoticeRefused (a person must look)."""
        async with self._sessions() as session:
            subject = await notices.subject(session, order.code)
            to_desk = order.notice == CREATED and not order.again
            desk = await notices.desk_addresses(session, subject) if to_desk else ()
        waits, attached = await self._receipt(subject, order.notice)
        facts = told(subject, site=self._link(order), attached=attached is not None)
        # What a person of the house sends again was asked for by the client just now.
        muted = () if order.again else subject.client.muted_notices
        by_mail, by_push = (leaves(order.notice, channel, muted) for channel in (Channel.MAIL, Channel.PUSH))
        client = self._to_client(order.notice, subject, facts, attached) if by_mail else None
        envelopes = () if waits else _envelopes(client, order.notice, facts, desk=tuple(desk))
        await self._postman.deliver(
            Posting(
                subject_key=order.code,
                notice=order.notice,
                key=order.key,
                envelopes=envelopes,
                push=push(order.notice, facts) if by_push and not order.again else None,
                devices=subject.devices,
            )
        )
        if waits:
            raise ApplicationError("El correo espera el PDF del comprobante.", type=DELAYED)

    def _link(self, order: m.NoticeOrder) -> str:
        """Where the mail leads; empty while the house has no address on the web."""
        if not self._settings.public_url:
            return ""
        secret_key = self._settings.secret_key.get_secret_value()
        ref = delivery_links.reference(order.code, order.notice, order.key, secret_key=secret_key)
        return f"{self._settings.public_url.rstrip('/')}/ver/{order.code}/{ref}"

    def _to_client(self, notice: str, subject: Subject, facts: OperationFacts, pdf: Attachment | None) -> Envelope:
        good, bad = split_emails(subject.client.email)
        attachments = (pdf,) if pdf else ()
        return Envelope(audience=CLIENT, addresses=good, bad=bad, letter=letter(notice, facts), attachments=attachments)

    async def _receipt(self, subject: Subject, notice: str) -> tuple[bool, Attachment | None]:
        """Whether the mail has to wait for the comprobante's PDF, and the PDF when there is one (F095, F096)."""
        if notice not in {COMPLETED, RECEIPT}:
            return False, None
        invoice = subject.invoice
        if invoice is None or invoice.status not in TAKEN or not invoice.pdf_url:
            return notice == RECEIPT, None
        try:
            content = await self._nubefact.pdf(invoice.pdf_url)
        except Retryable as error:
            activity.logger.warning("the PDF does not come: %s", error)
            return notice == RECEIPT or not self._long_finished(subject), None
        return False, Attachment(name=f"{receipt_name(invoice)}.pdf", content=content)

    def _long_finished(self, subject: Subject) -> bool:
        finished = subject.operation.finished_at
        return finished is not None and datetime.now(UTC) - finished > PDF_PATIENCE


def _envelopes(
    client: Envelope | None, notice: str, facts: OperationFacts, *, desk: tuple[str, ...]
) -> tuple[Envelope, ...]:
    """To the client, unless it muted this, and to the desk."""
    mine = (client,) if client is not None else ()
    # Nobody gets two copies: not a colleague in two roles, nor one who is also the client (F104).
    seen = {address.casefold() for envelope in mine for address in envelope.addresses}
    others = tuple({one.casefold(): one for one in desk if one.casefold() not in seen}.values())
    if not others:
        return mine
    return (*mine, Envelope(audience=DESK, addresses=others, letter=letter(f"{notice}_casa", facts)))
