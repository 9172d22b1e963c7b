"""SUNAT's late answers, and the house's own copies of every paper: each document on its own, in small batches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity

from activities.invoice_calls import Calls, anonymous
from db import invoice_answers, invoices
from db.session import Sessions
from db.tables import Invoice
from domain.files import FileKind
from domain.invoices import InvoiceStatus
from integrations import nubefact
from integrations.files import XML, ZIP, FileStore, StorageDown
from integrations.nubefact import ZIPPED, NubeFact
from workflows import invoice_messages as m
from workflows import names

BATCH, AT_ONCE = 40, 4
FOLDER = "invoices"


class InvoiceAnswerActivities:
    """Ask, record, copy; what fails is left for the next round and holds nobody else up."""

    def __init__(self, sessions: Sessions, provider: NubeFact, files: FileStore) -> None:
        """Use the worker's pool and connections."""
        self._sessions = sessions
        self._calls = Calls(sessions, provider)
        self._files = files
        self._gate = asyncio.Semaphore(AT_ONCE)

    @activity.defn(name=names.ASK_SUNAT)
    async def ask_sunat(self, order: m.AnswerRound) -> m.AnswerReport:
        """Ask NubeFact for SUNAT's word on what is due, at most BATCH documents."""
        now = datetime.now(UTC)
        async with self._sessions.begin() as session:
            due = await invoice_answers.claim_due(session, now=now, limit=BATCH, only=order.invoice_id)
        decided = await asyncio.gather(*(self._ask(invoice) for invoice in due))
        async with self._sessions() as session:
            # A wrong account fails for every document alike: the rest wait for the next round.
            whole = order.invoice_id is None and None not in decided
            left = await invoice_answers.left(session, now=now) if whole else 0
            untold = await invoice_answers.untold(session, limit=BATCH)
        return m.AnswerReport(asked=len(due), answered=decided.count(True), left=left, rejected=tuple(untold))

    @activity.defn(name=names.COPY_PAPERS)
    async def copy_papers(self) -> m.PapersReport:
        """Copy PDF, XML and CDR of at most BATCH documents to the house's file store."""
        async with self._sessions() as session:
            waiting = await invoice_answers.uncopied(session, limit=BATCH)
        whole = await asyncio.gather(*(self._copy(invoice) for invoice in waiting))
        return m.PapersReport(documents=len(waiting), complete=sum(whole))

    async def _ask(self, invoice: Invoice) -> bool | None:
        """Whether SUNAT has decided; None when the account is wrong. Its next turn is written: a failure just waits."""
        async with self._gate:
            try:
                answer = await self._calls.consult(invoice)
                return (await self._calls.record(invoice.id, answer)).status is not InvoiceStatus.ENVIADO
            except nubefact.Configuration as error:
                async with self._sessions.begin() as session:
                    await invoices.account_fails(session, anonymous(str(error)))
                return None
            except (nubefact.NubefactError, SQLAlchemyError) as error:
                activity.logger.warning("document %s: %s", invoice.id, type(error).__name__)
        return False

    async def _copy(self, invoice: Invoice) -> bool:
        """Whether every paper that has a link is now in our store."""
        async with self._gate:
            keys = {}
            for kind, address in self._missing(invoice):
                try:
                    keys[f"{kind}_key"] = await self._stored(kind, address)
                except (nubefact.Retryable, StorageDown) as error:
                    activity.logger.warning("%s of document %s: %s", kind, invoice.id, type(error).__name__)
            async with self._sessions.begin() as session:
                await invoice_answers.copied(session, invoice.id, keys)
        return len(keys) == len(self._missing(invoice))

    @staticmethod
    def _missing(invoice: Invoice) -> Sequence[tuple[str, str]]:
        papers = (
            ("pdf", invoice.pdf_url, invoice.pdf_key),
            ("xml", invoice.xml_url, invoice.xml_key),
            ("cdr", invoice.cdr_url, invoice.cdr_key),
        )
        return [(kind, address) for kind, address, key in papers if address and not key]

    async def _stored(self, kind: str, address: str) -> str:
        if kind == "pdf":
            content, content_type = await self._calls.nubefact.pdf(address), FileKind.PDF.content_type
        else:
            content = await self._calls.nubefact.xml(address)
            content_type = ZIP if content.startswith(ZIPPED) else XML
        return (await self._files.put(content, folder=FOLDER, content_type=content_type)).key
