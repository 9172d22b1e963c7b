"""The client against the stand-in: bajas with their tickets, and the health of the account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from domain.invoices import CreditNoteReason, InvoiceType
from integrations import nubefact
from integrations.nubefact import Amended, NubeFact
from integrations.nubefact_account import examine
from integrations.nubefact_messages import Document
from integrations.settings import NubefactSettings
from tests.clock import today
from tests.integrations.test_nubefact import DOCUMENT
from tests.standins.invoices import ACCOUNT, FLAGS, TOKEN
from tests.standins.programs import HTTP, StandIn

BOLETA = (InvoiceType.BOLETA, "B001", 7)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    made = StandIn("nubefact", tmp_path_factory.mktemp("nubefact"), [*FLAGS])
    made.start()
    yield made
    made.stop()


@pytest.fixture
def provider(program: StandIn) -> StandIn:
    return program.empty()


@pytest.fixture
def settings(provider: StandIn) -> NubefactSettings:
    return NubefactSettings(api_url=f"{provider.url}/api/v1/{ACCOUNT}", token=TOKEN, enabled=True, timeout=1)


@pytest.fixture
async def service(settings: NubefactSettings) -> AsyncIterator[NubeFact]:
    made = NubeFact(settings)
    yield made
    await made.aclose()


def todays() -> Document:
    return replace(DOCUMENT, issued_on=today())


async def test_a_baja_has_a_ticket_and_is_pending_until_sunat_answers(service: NubeFact):
    await service.issue(todays())
    asked = await service.void(*BOLETA, reason="ERROR DEL SISTEMA " * 9)
    assert asked.pending
    assert asked.sunat_ticket_numero.isdigit()
    answered = await service.query_void(*BOLETA)
    assert (answered.aceptada_por_sunat, answered.pending, answered.rejected) == (True, False, False)
    assert (await service.consult(*BOLETA)).anulado
    assert answered.kept["sunat_ticket_numero"] == asked.sunat_ticket_numero


async def test_a_baja_that_sunat_rejects_is_told_from_one_that_waits(service: NubeFact, provider: StandIn):
    await service.issue(todays())
    provider.inject("reject_sunat", operacion="generar_anulacion", detail="2323")
    assert (await service.void(*BOLETA, reason="ERROR")).pending
    answered = await service.query_void(*BOLETA)
    assert (answered.rejected, answered.sunat_responsecode) == (True, "2323")


async def test_a_baja_of_nothing_and_one_that_nobody_asked_for_are_unknown(service: NubeFact):
    for call in (service.void(*BOLETA, reason="ERROR"), service.query_void(*BOLETA)):
        with pytest.raises(nubefact.Unknown):
            await call
    await service.issue(todays())
    with pytest.raises(nubefact.Unknown):
        await service.query_void(*BOLETA)


async def test_a_second_baja_is_refused_and_a_lost_answer_says_to_ask(service: NubeFact, provider: StandIn):
    await service.issue(todays())
    provider.inject("500_after", operacion="generar_anulacion")
    with pytest.raises(nubefact.Retryable):
        await service.void(*BOLETA, reason="ERROR")
    assert (await service.query_void(*BOLETA)).aceptada_por_sunat
    with pytest.raises(nubefact.Refused):
        await service.void(*BOLETA, reason="ERROR")


async def test_a_nota_de_credito_goes_as_a_document_of_its_own_series(service: NubeFact):
    await service.issue(todays())
    amends = Amended(type=InvoiceType.BOLETA, series="B001", number=7, reason=CreditNoteReason.ANULACION)
    note = replace(todays(), type=InvoiceType.NOTA_CREDITO, series="BC01", number=1, amends=amends)
    assert (await service.issue(note)).aceptada_por_sunat


async def test_a_healthy_account_is_said_so_and_gets_no_document(settings: NubefactSettings, provider: StandIn):
    found = await examine(settings)
    assert [(finding.subject, finding.works) for finding in found] == [
        ("F001", True),
        ("B001", True),
        ("FC01", True),
        ("BC01", True),
    ]
    assert provider.received() == []
    calls = HTTP.get(f"{provider.url}/admin/calls").json()
    assert {call["operacion"] for call in calls} == {"consultar_comprobante"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"token": SecretStr("")}, "Falta NUBEFACT_TOKEN"),
        ({"token": SecretStr("otro")}, "copia NUBEFACT_TOKEN"),
        ({"api_url": "{url}/api/v1/otra"}, "copia NUBEFACT_API_URL"),
        ({"api_url": "{url}/documento"}, "revisa NUBEFACT_API_URL"),
        ({"api_url": "http://127.0.0.1:9/api/v1/x"}, "no respondió"),
        ({"enabled": False}, "NUBEFACT_ENABLED"),
    ],
)
async def test_a_wrong_account_is_one_finding_with_how_to_mend_it(
    settings: NubefactSettings, provider: StandIn, change: dict[str, Any], words: str
):
    """Need L: the predecessor had six scripts to find this out."""
    if "{url}" in str(change.get("api_url")):
        change = {"api_url": change["api_url"].format(url=provider.url)}
    (finding,) = await examine(settings.model_copy(update=change))
    assert (finding.works, finding.subject) == (False, "cuenta")
    assert words in finding.said


async def test_a_suspended_account_is_told_from_a_wrong_one(settings: NubefactSettings, provider: StandIn):
    provider.inject("suspended_unpaid")
    (finding,) = await examine(settings)
    assert "falta de pago" in finding.said


async def test_each_series_that_the_panel_has_not_opened_is_named(settings: NubefactSettings):
    found = await examine(settings.model_copy(update={"series_boleta": "B777", "series_nota_boleta": "BX01"}))
    wrong = [finding.said for finding in found if not finding.works]
    assert len(wrong) == 2
    assert "B777" in wrong[0]
    assert "NUBEFACT_SERIES_BOLETA" in wrong[0]
    assert "NUBEFACT_SERIES_NOTA_BOLETA" in wrong[1]
