"""SUNAT's late answers and the house's copies: batch by batch, one bad document stopping no other."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from activities import invoice_answers as module
from activities.invoice_answers import InvoiceAnswerActivities
from activities.invoices import InvoiceActivities
from db.session import Sessions
from db.tables import Incident, Invoice, InvoiceAttempt
from domain.invoices import InvoiceStatus
from domain.operations import Effect
from integrations.files import FileStore
from integrations.nubefact import NubeFact
from tests.activities.conftest import attempt
from tests.activities.operations import add_operation
from tests.people import add_client
from tests.standins.programs import StandIn
from workflows.invoice_messages import AnswerReport, AnswerRound, PapersReport
from workflows.messages import EffectOrder

DNI = "45678912"
ACCEPTED, REJECTED, SENT = InvoiceStatus.ACEPTADO, InvoiceStatus.RECHAZADO, InvoiceStatus.ENVIADO


@pytest.fixture
def answers(sessions: Sessions, provider: NubeFact, files: FileStore) -> InvoiceAnswerActivities:
    return InvoiceAnswerActivities(sessions, provider, files)


async def sent(sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn, *, how_many: int) -> None:
    """Boletas that SUNAT has not answered, due to be asked about."""
    nubefact.inject("later_sunat", operacion="generar_comprobante", seconds=60, times=how_many)
    async with sessions.begin() as session:
        customer = await add_client(session, DNI)
        codes = [await add_operation(session, customer) for _ in range(how_many)]
    for code in codes:
        await attempt(1).run(invoicing.issue_invoice, EffectOrder(code=code, effect=Effect.INVOICE))
    await make_due(sessions)


async def make_due(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await session.execute(update(Invoice).values(ask_at=datetime.now(UTC) - timedelta(seconds=1)))


async def statuses(sessions: Sessions) -> list[InvoiceStatus]:
    async with sessions() as session:
        return list((await session.scalars(select(Invoice.status).order_by(Invoice.number))).all())


async def test_each_document_gets_its_own_answer_and_silence_waits_for_its_next_turn(
    sessions: Sessions, invoicing: InvoiceActivities, answers: InvoiceAnswerActivities, nubefact: StandIn
):
    """F093: accepted, rejected and silent ones in one batch; a rejected one is never asked for again."""
    await sent(sessions, invoicing, nubefact, how_many=3)
    nubefact.sunat("accepted", numero=1)
    nubefact.sunat("rejected", numero=2)
    report = await attempt(1).run(answers.ask_sunat, AnswerRound())
    assert (report.asked, report.answered, report.left, len(report.rejected)) == (3, 2, 0, 1)
    assert await statuses(sessions) == [ACCEPTED, REJECTED, SENT]
    assert (await attempt(1).run(answers.ask_sunat, AnswerRound())).asked == 0
    async with sessions() as session:
        (detail,) = (await session.scalars(select(Incident.detail))).all()
    assert "B001-2 rechazado por la SUNAT (2800): El tipo de documento de identidad" in detail


async def test_a_bad_document_stops_no_other_and_is_asked_last(
    sessions: Sessions, invoicing: InvoiceActivities, answers: InvoiceAnswerActivities, nubefact: StandIn
):
    await sent(sessions, invoicing, nubefact, how_many=2)
    nubefact.sunat("accepted", numero=1)
    nubefact.sunat("accepted", numero=2)
    nubefact.inject("500", operacion="consultar_comprobante", times=1)
    report = await attempt(1).run(answers.ask_sunat, AnswerRound())
    assert (report.asked, report.answered) == (2, 1)
    await make_due(sessions)
    assert (await attempt(1).run(answers.ask_sunat, AnswerRound())).answered == 1
    assert await statuses(sessions) == [ACCEPTED, ACCEPTED]


async def test_a_batch_is_bounded_two_rounds_share_nothing_and_say_what_is_left(
    sessions: Sessions,
    invoicing: InvoiceActivities,
    answers: InvoiceAnswerActivities,
    nubefact: StandIn,
    monkeypatch: pytest.MonkeyPatch,
):
    await sent(sessions, invoicing, nubefact, how_many=5)
    monkeypatch.setattr(module, "BATCH", 2)
    rounds = [attempt(1).run(answers.ask_sunat, AnswerRound()) for _ in range(2)]
    reports: list[AnswerReport] = await asyncio.gather(*rounds)
    assert [report.asked for report in reports] == [2, 2]
    async with sessions() as session:
        asked = (await session.scalars(select(InvoiceAttempt.invoice_id).filter_by(action="consultar"))).all()
    assert len(set(asked)) == len(asked) == 4
    assert (await attempt(1).run(answers.ask_sunat, AnswerRound())).left == 0


async def test_a_silence_of_days_is_told_until_sunat_speaks(
    sessions: Sessions, invoicing: InvoiceActivities, answers: InvoiceAnswerActivities, nubefact: StandIn
):
    await sent(sessions, invoicing, nubefact, how_many=1)
    async with sessions.begin() as session:
        await session.execute(update(Invoice).values(sent_at=datetime.now(UTC) - timedelta(days=4)))
    await attempt(1).run(answers.ask_sunat, AnswerRound())
    async with sessions() as session:
        assert "no responde" in (await session.scalars(select(Incident.detail))).one()
    nubefact.sunat("accepted", numero=1)
    await make_due(sessions)
    await attempt(1).run(answers.ask_sunat, AnswerRound())
    async with sessions() as session:
        assert (await session.scalars(select(Incident.closed_at))).one() is not None


async def test_pdf_xml_and_cdr_are_copied_and_a_link_that_fails_is_tried_again(
    *,
    sessions: Sessions,
    invoicing: InvoiceActivities,
    answers: InvoiceAnswerActivities,
    nubefact: StandIn,
    files: FileStore,
):
    async with sessions.begin() as session:
        code = await add_operation(session, await add_client(session, DNI))
    await attempt(1).run(invoicing.issue_invoice, EffectOrder(code=code, effect=Effect.INVOICE))
    nubefact.inject("html", operacion="descarga", times=1)
    assert await attempt(1).run(answers.copy_papers) == PapersReport(documents=1, complete=0)
    assert await attempt(1).run(answers.copy_papers) == PapersReport(documents=1, complete=1)
    assert await attempt(1).run(answers.copy_papers) == PapersReport(documents=0, complete=0)
    async with sessions() as session:
        kept = (await session.scalars(select(Invoice))).one()
    assert (await files.get(kept.pdf_key)).startswith(b"%PDF")
    assert (await files.get(kept.xml_key)).startswith(b"<?xml")
    assert b"ha sido aceptada" in await files.get(kept.cdr_key)
