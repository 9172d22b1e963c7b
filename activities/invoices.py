"""Issuing the comprobante of a completed operation: exactly one, whatever is lost on the way.

The number is reserved and committed before anything is sent. Whenever something may already have been sent, NubeFact
is asked first; what it has is adopted, and only what it does not know is sent again, under the same number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NoReturn

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.invoice_calls import Calls, anonymous
from activities.refusals import refusals
from db import invoice_attempts, invoices
from db.client_reads import display_name
from db.invoices import Papers
from db.session import Sessions
from db.tables import Client, Invoice, Operation
from domain.calendar import business_day
from domain.clients import split_emails
from domain.invoices import CreditNoteReason, InvoiceStatus, description, document_code, is_burnt, stated_rate
from domain.money import Currency
from domain.operations import State
from domain.sunat import plain
from integrations import nubefact, nubefact_account
from integrations.nubefact import Amended, Answer, Document, NubeFact
from integrations.nubefact_messages import taking_back
from integrations.settings import NubefactSettings
from workflows import invoice_messages as i
from workflows import messages as m
from workflows import names

CONFIGURATION_WAIT = timedelta(seconds=60)
REFUSED = "InvoiceRefused"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A reserved comprobante, as it would be sent now. `asked_before`: something may already be at NubeFact."""

    invoice: Invoice
    document: Document
    asked_before: bool


class InvoiceActivities:
    """NubeFact on behalf of operations."""

    def __init__(self, sessions: Sessions, provider: NubeFact, settings: NubefactSettings) -> None:
        """Use the worker's pool and connections."""
        self._sessions = sessions
        self._nubefact = provider
        self._calls = Calls(sessions, provider)
        self._settings = settings

    @activity.defn(name=names.ISSUE_INVOICE)
    async def issue_invoice(self, order: m.EffectOrder) -> m.InvoiceIssued:
        """Issue it, or adopt what NubeFact has of it.

        Raises InvoiceRefused for good; anything else is tried again, a wrong configuration once a minute.
        """
        return await self._issue(await self._case(order.code))

    @activity.defn(name=names.EXAMINE_ACCOUNT)
    async def examine_account(self) -> list[i.AccountFinding]:
        """How the account stands, as `qoricash doctor` sees it. Only the worker has its credentials."""
        if not self._settings.enabled:
            said = "La facturación está apagada: pon NUBEFACT_ENABLED=true, NUBEFACT_API_URL y NUBEFACT_TOKEN."
            return [i.AccountFinding(subject="cuenta", works=False, said=said)]
        found = await nubefact_account.examine(self._settings)
        return [i.AccountFinding(subject=one.subject, works=one.works, said=one.said) for one in found]

    async def issue_note(self, note_id: int) -> m.InvoiceIssued:
        """Issue a reserved nota de crédito, or adopt what NubeFact has of it. Raises as `issue_invoice`."""
        return await self._issue(await self._note_case(note_id))

    async def _issue(self, case: Case) -> m.InvoiceIssued:
        if case.invoice.status in invoices.TAKEN:
            return _issued(case.invoice)
        _stop_if_burnt(case.invoice)
        try:
            answer = await self._obtain(case)
        except nubefact.Refused as error:
            await self._refuse(case, str(error))
        except nubefact.Configuration as error:
            await self._wait_for_a_person(case, error)
        except nubefact.Retryable as error:
            raise ApplicationError(f"{anonymous(str(error))} Se vuelve a intentar.", type="InvoiceDelayed") from error
        if answer.belongs_to_other(case.document.body(), case.invoice.request):
            await self._step_aside(case)
        invoice = await self._calls.record(case.invoice.id, answer)
        _stop_if_burnt(invoice)
        return _issued(invoice)

    async def _case(self, code: str) -> Case:
        """Load and reserve, in a transaction of its own that is committed before anything is sent."""
        today = business_day(datetime.now(UTC))
        with refusals():
            async with self._sessions.begin() as session:
                operation, client = await invoices.billed(session, code)
                if operation.state is not State.COMPLETADA:
                    raise ApplicationError(
                        f"{code} no está completada; no lleva comprobante.", type=REFUSED, non_retryable=True
                    )
                invoice = await invoices.reserve(
                    session,
                    operation,
                    client,
                    series=self._settings.series,
                    currency=self._settings.currency,
                    on=today,
                )
                sent = await invoice_attempts.was_sent(session, invoice)
        # The date of emission is the day it is sent: NubeFact refuses an old one (code 22).
        document = self._document(operation, client, invoice, today)
        return Case(invoice=invoice, document=document, asked_before=_asked_before(sent=sent))

    async def _note_case(self, note_id: int) -> Case:
        """A nota says of its client what the comprobante said that it takes back, right or wrong."""
        async with self._sessions() as session:
            note = await session.get_one(Invoice, note_id)
            amended = await session.get_one(Invoice, note.amends_id)
            sent = await invoice_attempts.was_sent(session, note)
        taken_back = Amended(
            type=amended.type,
            series=amended.series,
            number=amended.number,
            reason=CreditNoteReason(note.note_reason or CreditNoteReason.ANULACION),
        )
        document = taking_back(
            amended.request,
            taken_back,
            series=note.series,
            number=note.number,
            issued_on=business_day(datetime.now(UTC)),
            unique_code=_unique_code(note),
        )
        return Case(invoice=note, document=document, asked_before=_asked_before(sent=sent))

    def _document(self, operation: Operation, client: Client, invoice: Invoice, today: date) -> Document:
        addresses, _ = split_emails(client.email)
        in_dollars = invoice.currency is Currency.USD
        return Document(
            type=invoice.type,
            series=invoice.series,
            number=invoice.number,
            issued_on=today,
            document_code=document_code(client.document_type),
            document_number=client.document_number,
            name=display_name(client),
            address=client.address,
            email=addresses[0] if addresses else "",
            total=invoice.total,
            currency=invoice.currency,
            exchange_rate=stated_rate(operation.rate) if in_dollars else None,
            treatment=self._settings.treatment,
            description=description(operation.kind, operation.amount_usd, operation.rate, operation.amount_pen),
            unique_code=_unique_code(invoice),
            notes=f"Operación {operation.code}",
        )

    async def _obtain(self, case: Case) -> Answer:
        """What NubeFact has of the document, after sending it if it has nothing."""
        if case.asked_before:
            try:
                return await self._calls.consult(case.invoice)
            except nubefact.Unknown:
                activity.logger.info("NubeFact does not have it: sending the same number")
        try:
            return await self._send(case)
        except nubefact.Duplicate:
            return await self._already_there(case)

    async def _already_there(self, case: Case) -> Answer:
        """Code 23: our own earlier sending, or the operation's code spent under another number."""
        try:
            return await self._calls.consult(case.invoice)
        except nubefact.Unknown as error:
            raise nubefact.Refused(
                f"NubeFact ya tiene un comprobante de {case.document.unique_code} con otro número. Búscalo en su panel."
            ) from error

    async def _send(self, case: Case) -> Answer:
        body, on = case.document.body(), case.document.issued_on
        async with self._sessions() as session:
            await invoice_attempts.mark_sending(session, case.invoice.id, request=self._nubefact.kept(body), on=on)
        return await self._calls.attempt(
            case.invoice.id, invoice_attempts.SENDING, body, self._nubefact.issue(case.document)
        )

    async def _refuse(self, case: Case, why: str) -> NoReturn:
        """NubeFact did not take it: its number stays ours, and a person corrects and tries again."""
        async with self._sessions.begin() as session:
            papers = Papers(sunat_description=why)
            await invoices.mark_refused(session, case.invoice.id, papers, at=datetime.now(UTC))
        words = f"{invoices.name(case.invoice)} no se emitió: {anonymous(why)}"
        raise ApplicationError(words, type=REFUSED, non_retryable=True)

    async def _wait_for_a_person(self, case: Case, error: nubefact.Configuration) -> NoReturn:
        """The account, not the document, is wrong: the house is told and the effect waits, a minute at a time.

        A number reserved in a series that the panel never opened is left for one of the series that replaced it.
        """
        chosen = self._settings.series[case.invoice.type]
        moves = isinstance(error, nubefact.UnauthorisedSeries) and chosen != case.invoice.series
        said = anonymous(str(error))
        async with self._sessions.begin() as session:
            if moves:
                await invoices.move_to_series(session, case.invoice.id, chosen)
            else:
                await invoices.account_fails(session, said)
        raise ApplicationError(
            f"NubeFact no acepta a la casa: {said}",
            type="InvoiceConfiguration",
            next_retry_delay=timedelta(seconds=1) if moves else CONFIGURATION_WAIT,
        ) from error

    async def _step_aside(self, case: Case) -> NoReturn:
        """Somebody issued under our number by other means; the next attempt goes with the next number (F089)."""
        async with self._sessions.begin() as session:
            await invoices.move_to_next_number(session, case.invoice.id)
        raise ApplicationError(
            f"{case.invoice.series}-{case.invoice.number} ya era de otro comprobante; se toma el número siguiente.",
            type="InvoiceNumberTaken",
            next_retry_delay=timedelta(seconds=1),
        )


def _issued(invoice: Invoice) -> m.InvoiceIssued:
    if invoice.status in {InvoiceStatus.RECHAZADO, InvoiceStatus.PENDIENTE}:
        raise AssertionError("a refused invoice is never reported as issued")
    return m.InvoiceIssued(status=invoice.status.value, series=invoice.series, number=invoice.number)


def _asked_before(*, sent: bool) -> bool:
    """A second attempt may follow a first whose worker died between NubeFact's answer and our record of it."""
    return sent or activity.info().attempt > 1


def _unique_code(invoice: Invoice) -> str:
    """NubeFact's own guard: one document an operation, one nota a comprobante, one replacement of each."""
    if invoice.amends_id is not None:
        return f"{invoice.operation_code}-N{invoice.id}"
    return invoice.operation_code if invoice.replaces_id is None else f"{invoice.operation_code}-R{invoice.replaces_id}"


def _stop_if_burnt(invoice: Invoice) -> None:
    """What SUNAT rejected is neither asked for nor sent again: a person corrects it and issues another (decision 4)."""
    if not is_burnt(invoice.status, invoice.sunat_code):
        return
    code = invoice.sunat_code
    words = f"{invoices.name(invoice)}: la SUNAT lo rechazó con el código {code}. {plain(code)}"
    raise ApplicationError(words[:300], type=REFUSED, non_retryable=True)
