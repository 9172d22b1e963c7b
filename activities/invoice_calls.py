"""Calls to NubeFact about one document: each kept with its answer, each answer recorded by the rules of its life."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import TypeVar

from db import invoice_answers, invoice_attempts, invoices
from db.invoices import Papers
from db.session import Sessions
from db.tables import Invoice
from integrations import nubefact
from integrations.nubefact import Answer, NubeFact, VoidTicket
from integrations.nubefact_messages import question

Said = TypeVar("Said", Answer, VoidTicket)


class Calls:
    """NubeFact with a memory: every call is a row of `invoice_attempts`."""

    def __init__(self, sessions: Sessions, provider: NubeFact) -> None:
        """Use the worker's pool and connections."""
        self._sessions = sessions
        self.nubefact = provider

    async def attempt(self, invoice_id: int, action: str, body: nubefact.Json, call: Awaitable[Said]) -> Said:
        """One call, kept with its answer whatever it was. Raises what the call raises."""
        try:
            answer = await call
        except nubefact.NubefactError as error:
            await self._keep(invoice_id, action, type(error).__name__, body, error.answer)
            raise
        await self._keep(invoice_id, action, type(answer).__name__, body, answer.kept)
        return answer

    async def consult(self, invoice: Invoice) -> Answer:
        """What NubeFact has of it. Raises Unknown, Retryable or Configuration."""
        named = (invoice.type, invoice.series, invoice.number)
        return await self.attempt(
            invoice.id, invoice_attempts.CONSULTING, question(*named), self.nubefact.consult(*named)
        )

    async def record(self, invoice_id: int, answer: Answer) -> Invoice:
        """The document as SUNAT's answer leaves it; without an answer it is Enviado (F093)."""
        now = datetime.now(UTC)
        async with self._sessions.begin() as session:
            await invoices.account_works(session, at=now)
            if answer.anulado:
                return await invoices.annulled_elsewhere(session, invoice_id, at=now)
            papers = papers_of(answer)
            if answer.rejected:
                invoice = await invoices.mark_refused(session, invoice_id, papers, at=now)
            elif answer.aceptada_por_sunat:
                invoice = await invoices.mark_accepted(session, invoice_id, papers, at=now)
            else:
                return await invoices.mark_sent(session, invoice_id, papers, at=now)
            await invoice_answers.answered(session, invoice, at=now)
            return invoice

    async def _keep(self, invoice_id: int, action: str, outcome: str, body: nubefact.Json, said: nubefact.Json) -> None:
        async with self._sessions() as session:
            await invoice_attempts.record(
                session,
                invoice_id,
                action=action,
                outcome=outcome,
                request=self.nubefact.kept_request(body),
                response=said,
            )


def papers_of(answer: Answer) -> Papers:
    """The links and SUNAT's words of an answer; silence keeps no code."""
    decided = answer.rejected or answer.aceptada_por_sunat
    return Papers(
        pdf_url=answer.enlace_del_pdf or "",
        xml_url=answer.enlace_del_xml or "",
        cdr_url=answer.enlace_del_cdr or "",
        hash=answer.codigo_hash or "",
        sunat_code=(answer.sunat_responsecode or "") if decided else "",
        sunat_description=answer.sunat_description or "",
    )


def anonymous(words: str) -> str:
    """The provider's sentence without documents, phones or mails: histories and the Temporal UI keep it."""
    return re.sub(r"\S+@\S+|\d{6,}", "…", words)[:200]
