"""Treatments, currencies and a wrong configuration: the house's settings, as NubeFact sees them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from activities.invoices import InvoiceActivities
from db.session import Sessions, make_engine, make_sessions
from db.settings import DatabaseSettings
from db.tables import Client, Incident
from domain.clients import DocumentType
from domain.invoices import InvoiceStatus, Treatment
from domain.money import Currency
from integrations.nubefact import NubeFact
from integrations.settings import NubefactSettings
from tests.activities.operations import add_operation
from tests.activities.test_invoices import DNI, RUC, completed, invoice_of, issue
from tests.people import add_client
from tests.standins.programs import StandIn


@asynccontextmanager
async def working(sessions: Sessions, settings: NubefactSettings) -> AsyncIterator[InvoiceActivities]:
    """A worker's activities with connections of its own."""
    provider = NubeFact(settings)
    yield InvoiceActivities(sessions, provider, settings)
    await provider.aclose()


def changed(settings: NubefactSettings, **changes: Any) -> NubefactSettings:
    return settings.model_copy(update=changes)


async def open_incidents(sessions: Sessions) -> list[str]:
    async with sessions() as session:
        return list(await session.scalars(select(Incident.detail).where(Incident.closed_at.is_(None))))


@pytest.mark.parametrize(
    ("treatment", "sums", "line"),
    [
        (Treatment.INAFECTO, ("0.00", "5118.00", "0.00", "0.00"), (9, "5118.00", "5118.00", "0.00")),
        (Treatment.EXONERADO, ("0.00", "0.00", "5118.00", "0.00"), (8, "5118.00", "5118.00", "0.00")),
        (Treatment.GRAVADO, ("4337.29", "0.00", "0.00", "780.71"), (1, "4337.2881355932", "4337.29", "780.71")),
    ],
)
async def test_nubefact_takes_each_treatment(
    *,
    treatment: Treatment,
    sums: tuple[str, ...],
    line: tuple[object, ...],
    sessions: Sessions,
    nubefact_settings: NubefactSettings,
    nubefact: StandIn,
):
    """F092: the treatment is configuration."""
    code = await completed(sessions)
    async with working(sessions, changed(nubefact_settings, treatment=treatment)) as invoicing:
        assert (await issue(invoicing, code)).status == "Aceptado"
    asked = nubefact.received()[0]["request"]
    (item,) = asked["items"]
    assert tuple(asked[f"total_{part}"] for part in ("gravada", "inafecta", "exonerada", "igv")) == sums
    assert (item["tipo_de_igv"], item["valor_unitario"], item["subtotal"], item["igv"]) == line
    assert asked["total"] == item["total"] == item["precio_unitario"] == "5118.00"


async def test_a_house_that_bills_in_dollars_states_the_operations_rate(
    sessions: Sessions, nubefact_settings: NubefactSettings, nubefact: StandIn
):
    code = await completed(sessions)
    async with working(sessions, changed(nubefact_settings, currency=Currency.USD)) as invoicing:
        await issue(invoicing, code)
    asked = nubefact.received()[0]["request"]
    assert (asked["moneda"], asked["tipo_de_cambio"], asked["total"]) == (2, "3.412", "1500.00")
    kept = await invoice_of(sessions, code)
    assert (kept.total, kept.currency) == (Decimal("1500.00"), Currency.USD)


async def test_a_document_sent_before_the_settings_changed_is_still_ours(
    sessions: Sessions, nubefact_settings: NubefactSettings, invoicing: InvoiceActivities, nubefact: StandIn
):
    """F090: its answer was lost, and the currency and the client's document were corrected before the retry."""
    code = await completed(sessions)
    nubefact.inject("500_after", operacion="generar_comprobante")
    with pytest.raises(ApplicationError):
        await issue(invoicing, code)
    async with sessions.begin() as session:
        await session.execute(update(Client).values(document_number="87654321"))
    async with working(sessions, changed(nubefact_settings, currency=Currency.USD)) as later:
        assert (await issue(later, code, 2)).number == 1
    assert len(nubefact.received()) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"token": SecretStr("")}, "Falta NUBEFACT_TOKEN"),
        ({"token": SecretStr("otro")}, "el token es incorrecto"),
        ({"api_url": "otra-cuenta"}, "La RUTA"),
        ({"api_url": "ftp://nubefact.test"}, "no es una dirección válida"),
        ({"enabled": False}, "está apagada"),
        ({"series_boleta": "B777"}, "no está autorizada"),
    ],
)
async def test_a_wrong_configuration_holds_the_comprobante_and_not_the_operation(
    *,
    change: dict[str, Any],
    said: str,
    sessions: Sessions,
    nubefact_settings: NubefactSettings,
    invoicing: InvoiceActivities,
    nubefact: StandIn,
):
    """Need L: it is said, it waits, and once it is right the comprobante goes on by itself."""
    if change.get("api_url") == "otra-cuenta":
        change = {"api_url": f"{nubefact.url}/api/v1/otra-cuenta"}
    code = await completed(sessions)
    async with working(sessions, changed(nubefact_settings, **change)) as wrong:
        for number in (1, 2):
            with pytest.raises(ApplicationError, match=said) as failed:
                await issue(wrong, code, number)
            assert (failed.value.type, failed.value.non_retryable) == ("InvoiceConfiguration", False)
    assert (await invoice_of(sessions, code)).status is InvoiceStatus.PENDIENTE
    (told,) = await open_incidents(sessions)
    assert said in told

    if "series_boleta" in change:
        with pytest.raises(ApplicationError) as moved:  # from the number that it had in the wrong series
            await issue(invoicing, code, 3)
        assert moved.value.next_retry_delay.total_seconds() == 1
    issued = await issue(invoicing, code, 4)
    assert (issued.series, issued.number, issued.status) == ("B001", 1, "Aceptado")
    assert await open_incidents(sessions) == []
    assert len(nubefact.received()) == 1


@pytest.mark.parametrize(
    ("kind", "document", "series", "code"),
    [
        (DocumentType.RUC, RUC, "F001", "6"),
        (DocumentType.DNI, DNI, "B001", "1"),
        (DocumentType.CE, "001234567", "B001", "4"),
        (DocumentType.PASAPORTE, "XK998877", "B001", "7"),
    ],
)
async def test_each_identity_document_gets_its_comprobante(
    *,
    kind: DocumentType,
    document: str,
    series: str,
    code: str,
    sessions: Sessions,
    invoicing: InvoiceActivities,
    nubefact: StandIn,
):
    """Need L, F099: a company's factura, anybody else's boleta."""
    operation = await completed(sessions, document, kind)
    assert (await issue(invoicing, operation)).series == series
    asked = nubefact.received()[0]["request"]
    assert (asked["cliente_tipo_de_documento"], asked["cliente_numero_de_documento"]) == (code, document)


async def test_two_workers_on_one_series_give_consecutive_numbers(
    database_url: str, sessions: Sessions, nubefact_settings: NubefactSettings, nubefact: StandIn
):
    """F088, F090: each has its own pool and its own connections to NubeFact."""
    async with sessions.begin() as session:
        customer = await add_client(session, DNI)
        codes = [await add_operation(session, customer) for _ in range(24)]
    engines = [make_engine(DatabaseSettings(url=database_url)) for _ in range(2)]
    async with (
        working(make_sessions(engines[0]), nubefact_settings) as first,
        working(make_sessions(engines[1]), nubefact_settings) as second,
    ):
        await asyncio.gather(
            *(issue(worker, code) for worker, half in ((first, codes[::2]), (second, codes[1::2])) for code in half),
            *(issue(second, code) for code in codes[:4:2]),
        )
    for engine in engines:
        await engine.dispose()
    received = nubefact.received()
    assert [document["numero"] for document in sorted(received, key=lambda one: one["numero"])] == list(range(1, 25))
    assert {document["request"]["codigo_unico"] for document in received} == set(codes)
