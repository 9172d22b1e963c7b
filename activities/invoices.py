"""Issuing the comprobante of a completed operation: exactly one, whatever is lost on the way.

The number is reserved and committed before anything is sent. Whenever something may already have been sent, NubeFact
is asked first; what it has is adopted, and only what it does not know is sent again, under the same number.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NoReturn

from temporalio import activity
from temporalio.exceptions import ApplicationError

from db import invoices
from db.client_reads import display_name
from db.invoices import Papers
from db.session import Sessions
from db.tables import Client, Invoice, Operation
from domain.calendar import business_day
from domain.clients import split_emails
from domain.invoices import InvoiceStatus, description, document_code, stated_rate
from domain.money import Currency
from domain.operations import State
from integrations import nubefact
from integrations.nubefact import Answer, Document, NubeFact
from integrations.nubefact_messages import question
from integrations.settings import NubefactSettings
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
        self._settings = settings

    @activity.defn(name=names.ISSUE_INVOICE)
    async def issue_invoice(self, order: m.EffectOrder) -> m.InvoiceIssued:
        """Issue it, or adopt what NubeFact has of it.

        Raises InvoiceRefused for good; anything else is tried again, a wrong configuration once a minute.
        """
        case = await self._case(order.code)
        if case.invoice.status in invoices.TAKEN:
            return _issued(case.invoice)
        try:
            answer = await self._obtain(case)
        except nubefact.Refused as error:
            await self._refuse(case, Papers(sunat_description=str(error)), str(error))
        except nubefact.Configuration as error:
            await self._wait_for_a_person(case, error)
        except nubefact.Retryable as error:
            raise ApplicationError(f"{_anonymous(str(error))} Se vuelve a intentar.", type="InvoiceDelayed") from error
        if answer.belongs_to_other(case.document.body(), case.invoice.request):
            await self._step_aside(case)
        return await self._adopt(case, answer)

    async def _case(self, code: str) -> Case:
        """Load and reserve, in a transaction of its own that is committed before anything is sent."""
        today = business_day(datetime.now(UTC))
        async with self._sessions.begin() as session:
            operation, client = await invoices.billed(session, code)
            if operation.state is not State.COMPLETADA:
                raise ApplicationError(
                    f"{code} no está completada; no lleva comprobante.", type=REFUSED, non_retryable=True
                )
            invoice = await invoices.reserve(session, operation, client, series=self._settings.series, on=today)
            sent = await invoices.was_sent(session, invoice.id)
        return Case(
            invoice=invoice,
            # The date of emission is the day it is sent: NubeFact refuses an old one (code 22).
            document=self._document(operation, client, invoice, today),
            # A second attempt may follow a first whose worker died between NubeFact's answer and our record of it.
            asked_before=sent or activity.info().attempt > 1,
        )

    def _document(self, operation: Operation, client: Client, invoice: Invoice, today: date) -> Document:
        addresses, _ = split_emails(client.email)
        in_dollars = self._settings.currency is Currency.USD
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
            total=operation.amount_usd if in_dollars else invoice.total_pen,
            currency=self._settings.currency,
            exchange_rate=stated_rate(operation.rate) if in_dollars else None,
            treatment=self._settings.treatment,
            description=description(operation.kind, operation.amount_usd, operation.rate, operation.amount_pen),
            unique_code=operation.code,
            notes=f"Operación {operation.code}",
        )

    async def _obtain(self, case: Case) -> Answer:
        """What NubeFact has of the document, after sending it if it has nothing."""
        if case.asked_before:
            try:
                return await self._consult(case)
            except nubefact.Unknown:
                activity.logger.info("NubeFact does not have it: sending the same number")
        try:
            return await self._send(case)
        except nubefact.Duplicate:
            return await self._already_there(case)

    async def _already_there(self, case: Case) -> Answer:
        """Code 23: our own earlier sending, or the operation's code spent under another number."""
        try:
            return await self._consult(case)
        except nubefact.Unknown as error:
            raise nubefact.Refused(
                f"NubeFact ya tiene un comprobante de {case.document.unique_code} con otro número. Búscalo en su panel."
            ) from error

    async def _send(self, case: Case) -> Answer:
        body, on = case.document.body(), case.document.issued_on
        async with self._sessions() as session:
            await invoices.mark_sending(session, case.invoice.id, request=self._nubefact.kept(body), on=on)
        return await self._attempt(case, invoices.SENDING, body, self._nubefact.issue(case.document))

    async def _consult(self, case: Case) -> Answer:
        named = (case.document.type, case.document.series, case.document.number)
        return await self._attempt(case, invoices.CONSULTING, question(*named), self._nubefact.consult(*named))

    async def _attempt(self, case: Case, action: str, body: nubefact.Json, call: Awaitable[Answer]) -> Answer:
        """One call, kept with its answer whatever it was."""
        try:
            answer = await call
        except nubefact.NubefactError as error:
            await self._keep(case, action, type(error).__name__, body, error.answer)
            raise
        await self._keep(case, action, "Answer", body, answer.kept)
        return answer

    async def _keep(self, case: Case, action: str, outcome: str, body: nubefact.Json, said: nubefact.Json) -> None:
        async with self._sessions() as session:
            await invoices.record_attempt(
                session,
                case.invoice.id,
                action=action,
                outcome=outcome,
                request=self._nubefact.kept_request(body),
                response=said,
            )

    async def _adopt(self, case: Case, answer: Answer) -> m.InvoiceIssued:
        papers = Papers(
            pdf_url=answer.enlace_del_pdf or "",
            xml_url=answer.enlace_del_xml or "",
            cdr_url=answer.enlace_del_cdr or "",
            hash=answer.codigo_hash or "",
            sunat_code=answer.sunat_responsecode or "",
            sunat_description=answer.sunat_description or "",
        )
        if answer.rejected:
            await self._refuse(case, papers, f"la SUNAT lo rechazó con el código {papers.sunat_code}")
        mark = invoices.mark_accepted if answer.aceptada_por_sunat else invoices.mark_sent
        now = datetime.now(UTC)
        async with self._sessions.begin() as session:
            await invoices.account_works(session, at=now)
            return _issued(await mark(session, case.invoice.id, papers, at=now))

    async def _refuse(self, case: Case, papers: Papers, why: str) -> NoReturn:
        async with self._sessions.begin() as session:
            await invoices.mark_refused(session, case.invoice.id, papers, at=datetime.now(UTC))
        name = f"{case.invoice.series}-{case.invoice.number}"
        raise ApplicationError(f"{name} no se emitió: {_anonymous(why)}", type=REFUSED, non_retryable=True)

    async def _wait_for_a_person(self, case: Case, error: nubefact.Configuration) -> NoReturn:
        """The account, not the document, is wrong: the house is told and the effect waits, a minute at a time.

        A number reserved in a series that the panel never opened is left for one of the series that replaced it.
        """
        chosen = self._settings.series[case.invoice.type]
        moves = isinstance(error, nubefact.UnauthorisedSeries) and chosen != case.invoice.series
        said = _anonymous(str(error))
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
    if invoice.status is InvoiceStatus.RECHAZADO:
        raise AssertionError("a refused invoice is never reported as issued")
    return m.InvoiceIssued(status=invoice.status.value, series=invoice.series, number=invoice.number)


def _anonymous(words: str) -> str:
    """The provider's sentence without documents, phones or mails: histories and the Temporal UI keep it."""
    return re.sub(r"\S+@\S+|\d{6,}", "…", words)[:200]
