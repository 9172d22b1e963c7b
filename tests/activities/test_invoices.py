"""One comprobante an operation, whatever is lost on the way to NubeFact and back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from activities.invoices import InvoiceActivities
from db import incidents, invoices
from db.session import Sessions
from db.tables import Client, Incident, Invoice, InvoiceAttempt
from domain.clients import DocumentType
from domain.invoices import InvoiceStatus
from domain.operations import Effect, State
from integrations.nubefact import NubeFact
from integrations.settings import NubefactSettings
from tests.activities.conftest import TOKEN, attempt
from tests.activities.operations import add_operation
from tests.people import add_client
from tests.standins.programs import StandIn
from workflows.messages import EffectOrder, InvoiceIssued

DNI, RUC = "45678912", "20512345671"


def order(code: str) -> EffectOrder:
    return EffectOrder(code=code, effect=Effect.INVOICE)


async def issue(invoicing: InvoiceActivities, code: str, number: int = 1) -> InvoiceIssued:
    return await attempt(number).run(invoicing.issue_invoice, order(code))


async def completed(sessions: Sessions, document: str = DNI, kind: DocumentType = DocumentType.DNI) -> str:
    async with sessions.begin() as session:
        return await add_operation(session, await add_client(session, document, document_type=kind))


async def invoice_of(sessions: Sessions, code: str) -> Invoice:
    async with sessions() as session:
        return (await session.scalars(select(Invoice).where(Invoice.operation_code == code))).one()


async def test_a_person_gets_a_boleta_of_the_whole_pen_amount_not_subject_to_igv(
    sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn
):
    """F092, F093."""
    code = await completed(sessions)
    assert await issue(invoicing, code) == InvoiceIssued(status="Aceptado", series="B001", number=1)
    (document,) = nubefact.received()
    asked = document["request"]
    assert (asked["total"], asked["total_inafecta"], asked["total_igv"]) == ("5118.00", "5118.00", "0.00")
    assert (asked["items"][0]["tipo_de_igv"], asked["moneda"], asked["codigo_unico"]) == (9, 1, code)
    assert code in asked["observaciones"]
    kept = await invoice_of(sessions, code)
    assert kept.status is InvoiceStatus.ACEPTADO
    assert kept.total == Decimal("5118.00")
    assert kept.pdf_url.endswith(".pdf")


async def test_a_company_gets_a_factura(sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn):
    code = await completed(sessions, RUC, DocumentType.RUC)
    assert (await issue(invoicing, code)).series == "F001"
    assert nubefact.received()[0]["request"]["cliente_tipo_de_documento"] == "6"


async def test_a_repeat_answers_the_same_document_and_sends_nothing(
    sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn
):
    code = await completed(sessions)
    first = await issue(invoicing, code)
    assert await issue(invoicing, code) == first
    assert len(nubefact.received()) == 1


@pytest.mark.parametrize("failure", ["timeout_after", "500_after", "wrong_json"])
async def test_an_answer_lost_after_acceptance_ends_in_one_document(
    failure: str, sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn
):
    """F090."""
    code = await completed(sessions)
    nubefact.inject(failure, operacion="generar_comprobante", seconds=2)
    with pytest.raises(ApplicationError) as failed:
        await issue(invoicing, code)
    assert not failed.value.non_retryable
    assert (await issue(invoicing, code, 2)).number == 1
    assert [document["numero"] for document in nubefact.received()] == [1]


@pytest.mark.parametrize("failure", ["500", "html", "timeout_before", "down"])
async def test_a_failure_before_acceptance_is_sent_again_under_the_same_number(
    failure: str, sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn
):
    """F088."""
    code = await completed(sessions)
    nubefact.inject(failure, seconds=2)
    with pytest.raises(ApplicationError, match="Se vuelve a intentar"):
        await issue(invoicing, code)
    nubefact.forget_failures()
    assert (await issue(invoicing, code, 2)).number == 1
    assert [document["numero"] for document in nubefact.received()] == [1]


@pytest.mark.parametrize("number", [1, 2])
async def test_a_worker_that_dies_before_recording_the_answer_adopts_it_later(
    number: int, sessions: Sessions, invoicing: InvoiceActivities, provider: NubeFact, nubefact: StandIn
):
    """F090: whether the next try knows that it is one (2), or comes as a new first one (1) and meets code 23."""
    code = await completed(sessions)
    reserved = await attempt(1).run(invoicing._case, code)
    await provider.issue(reserved.document)
    assert await issue(invoicing, code, number) == InvoiceIssued(status="Aceptado", series="B001", number=1)
    assert len(nubefact.received()) == 1
    assert (await invoice_of(sessions, code)).pdf_url


async def test_operations_in_parallel_get_consecutive_numbers(
    sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn
):
    async with sessions.begin() as session:
        customer = await add_client(session, DNI)
        codes = [await add_operation(session, customer) for _ in range(20)]
    await asyncio.gather(*(issue(invoicing, code) for code in codes))
    assert sorted(document["numero"] for document in nubefact.received()) == list(range(1, 21))


async def test_one_operation_issued_twice_at_once_has_one_document(
    sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn
):
    code = await completed(sessions)
    await asyncio.gather(issue(invoicing, code), issue(invoicing, code), return_exceptions=True)
    await issue(invoicing, code, 2)
    assert len(nubefact.received()) == 1


async def test_a_refused_document_waits_for_a_person_and_keeps_its_number(
    sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn
):
    """F098: once the client's document is right, the retry sends the same number."""
    code = await completed(sessions, "20512345670", DocumentType.RUC)
    with pytest.raises(ApplicationError) as refused:
        await issue(invoicing, code)
    assert (refused.value.type, refused.value.non_retryable) == ("InvoiceRefused", True)
    assert "20512345670" not in str(refused.value)
    assert (await invoice_of(sessions, code)).status is InvoiceStatus.RECHAZADO
    async with sessions.begin() as session:
        await session.execute(update(Client).values(document_number=RUC))
    assert await issue(invoicing, code) == InvoiceIssued(status="Aceptado", series="F001", number=1)


async def test_a_client_corrected_from_company_to_person_gets_a_boleta_and_leaves_no_gap(
    sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn
):
    """F098: the factura that NubeFact refused was never issued, so its number goes back."""
    code = await completed(sessions, "20512345670", DocumentType.RUC)
    with pytest.raises(ApplicationError):
        await issue(invoicing, code)
    async with sessions.begin() as session:
        await session.execute(update(Client).values(document_number=DNI, document_type=DocumentType.DNI))
    assert await issue(invoicing, code) == InvoiceIssued(status="Aceptado", series="B001", number=1)
    other = await completed(sessions, RUC, DocumentType.RUC)
    assert await issue(invoicing, other) == InvoiceIssued(status="Aceptado", series="F001", number=1)


async def test_what_sunat_rejected_is_not_asked_for_again_and_what_replaces_it_has_a_code_of_its_own(
    sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn
):
    """F098: a burnt number meets the same answer without a call; once retired, the next number is issued."""
    code = await completed(sessions)
    nubefact.inject("reject_sunat")
    for number in (1, 2):
        with pytest.raises(ApplicationError, match="2800"):
            await issue(invoicing, code, number)
    async with sessions.begin() as session:
        assert len((await session.scalars(select(InvoiceAttempt))).all()) == 1
        burnt = (await session.scalars(select(Invoice))).one()
        await invoices.retire(session, burnt.id, at=datetime.now(UTC))
    # Whoever dies between the two steps leaves the house told that the operation has no comprobante.
    assert await rejections(sessions) == {"B001-1"}
    assert await issue(invoicing, code) == InvoiceIssued(status="Aceptado", series="B001", number=2)
    assert await rejections(sessions) == set()
    assert [one["request"]["codigo_unico"] for one in nubefact.received()] == [code, f"{code}-R{burnt.id}"]


async def rejections(sessions: Sessions) -> frozenset[str]:
    async with sessions() as session:
        return await incidents.open_subjects(session, kind=invoices.REJECTED)


async def test_one_annulled_in_nubefacts_panel_is_adopted_as_annulled_and_told(
    sessions: Sessions, invoicing: InvoiceActivities, provider: NubeFact, nubefact: StandIn
):
    code = await completed(sessions)
    document = (await attempt(1).run(invoicing._case, code)).document
    await provider.issue(document)
    await provider.void(document.type, document.series, document.number, reason="A mano")
    await provider.query_void(document.type, document.series, document.number)
    assert (await issue(invoicing, code, 2)).status == "Anulado"
    async with sessions() as session:
        assert "anulado en el panel" in (await session.scalars(select(Incident.detail))).one()


async def test_a_document_that_sunat_rejects_is_not_reported_as_issued(
    sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn
):
    """F093."""
    code = await completed(sessions)
    nubefact.inject("reject_sunat")
    with pytest.raises(ApplicationError, match="la SUNAT lo rechazó") as refused:
        await issue(invoicing, code)
    assert refused.value.non_retryable
    assert (await invoice_of(sessions, code)).status is InvoiceStatus.RECHAZADO


async def test_a_document_that_sunat_has_not_answered_is_sent_and_not_accepted(
    sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn
):
    """F093."""
    code = await completed(sessions)
    nubefact.inject("pending_sunat")
    assert (await issue(invoicing, code)).status == "Enviado"
    kept = await invoice_of(sessions, code)
    assert (kept.status, kept.accepted_at) == (InvoiceStatus.ENVIADO, None)


@pytest.mark.parametrize("failure", ["suspended", "suspended_unpaid"])
async def test_a_suspended_account_is_tried_again_each_minute(
    failure: str, sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn
):
    code = await completed(sessions)
    nubefact.inject(failure)
    with pytest.raises(ApplicationError) as failed:
        await issue(invoicing, code)
    assert (failed.value.type, failed.value.non_retryable) == ("InvoiceConfiguration", False)
    assert failed.value.next_retry_delay is not None
    assert failed.value.next_retry_delay.total_seconds() == 60
    assert (await issue(invoicing, code, 2)).number == 1


async def test_a_wrong_token_is_a_configuration_error_and_is_never_kept(
    sessions: Sessions, nubefact_settings: NubefactSettings, nubefact: StandIn
):
    wrong = nubefact_settings.model_copy(update={"token": type(nubefact_settings.token)("otro-token-9999")})
    provider = NubeFact(wrong)
    code = await completed(sessions)
    with pytest.raises(ApplicationError) as failed:
        await issue(InvoiceActivities(sessions, provider, wrong), code)
    await provider.aclose()
    assert failed.value.type == "InvoiceConfiguration"
    async with sessions() as session:
        (kept,) = (await session.scalars(select(InvoiceAttempt))).all()
    assert kept.request["authorization"] == "****9999"
    assert "otro-token" not in str(kept.request) + str(kept.response)


async def test_every_attempt_is_kept_with_its_answer(
    sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn
):
    code = await completed(sessions)
    nubefact.inject("500")
    with pytest.raises(ApplicationError):
        await issue(invoicing, code)
    await issue(invoicing, code, 2)
    async with sessions() as session:
        kept = (await session.scalars(select(InvoiceAttempt).order_by(InvoiceAttempt.id))).all()
    assert [(one.action, one.outcome) for one in kept] == [
        ("generar", "Retryable"),
        ("consultar", "Unknown"),
        ("generar", "Answer"),
    ]
    assert kept[-1].response["aceptada_por_sunat"] is True
    assert TOKEN not in str([one.request for one in kept])


async def test_a_number_that_another_document_has_is_left_to_it(
    sessions: Sessions, invoicing: InvoiceActivities, provider: NubeFact, nubefact: StandIn
):
    """F089: somebody issued B001-1 by other means; our operation takes B001-2 and the house is told."""
    code = await completed(sessions)
    ours = (await attempt(1).run(invoicing._case, code)).document
    await provider.issue(replace(ours, document_number="87654321", unique_code="de-otro-medio"))
    with pytest.raises(ApplicationError) as moved:
        await issue(invoicing, code)
    assert (moved.value.type, moved.value.non_retryable) == ("InvoiceNumberTaken", False)
    assert (await issue(invoicing, code, 2)).number == 2
    async with sessions() as session:
        assert (await session.scalars(select(Incident.subject))).all() == ["B001-1"]


async def test_an_operation_that_is_not_completed_gets_no_document(
    sessions: Sessions, invoicing: InvoiceActivities, nubefact: StandIn
):
    async with sessions.begin() as session:
        customer = await add_client(session, DNI)
        code = await add_operation(session, customer, state=State.EN_PROCESO)
    with pytest.raises(ApplicationError) as refused:
        await issue(invoicing, code)
    assert refused.value.non_retryable
    assert nubefact.received() == []
