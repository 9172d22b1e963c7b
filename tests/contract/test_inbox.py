"""What a client was told on screen, read again: whose it is, in which words, and how far it has read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from db import clients, invoices, onboarding
from db.notifications import notify
from db.tables import Client, ClientDocument, Notification, Operation
from db.treasury import set_rate
from domain.invoices import InvoiceType
from domain.money import Currency
from domain.notifications import NEWS, OPERATION_MOVED, client_room
from domain.operations import SYSTEM, Actor, ActorKind, State
from domain.permissions import Role
from tests.contract.test_operations import stored
from tests.people import add_user

NOTICES = "/api/web/notices"
SERIES = {InvoiceType.BOLETA: "B001", InvoiceType.FACTURA: "F001", InvoiceType.NOTA_CREDITO: "BC01"}

pytestmark = pytest.mark.usefixtures("rates")


async def tell(sessions, client, *, status, before="Pendiente", event=OPERATION_MOVED, key="k", code="EXP-9001"):
    figures = {"amount_usd": "100.00", "amount_pen": "340.10", "exchange_rate": "3.4010"}
    payload = {"operation_id": code, "status": status, "old_status": before, **figures}
    async with sessions.begin() as session:
        return await notify(session, key=f"{key}:{status}", room=client_room(client.id), event=event, payload=payload)


async def inbox(client, **asked):
    return (await client.http.get(NOTICES, params=asked)).json()


async def test_each_step_is_told_once_in_the_clients_words_and_never_to_another(client, arrive, sessions):
    """A step of an operation sends two events to its client's sockets: the list has one of them."""
    other = await arrive("40000002")
    await tell(sessions, client, status="Pendiente", before=None, event="nueva_operacion")
    for status in ("En proceso", "Completada", "Cancelada", "Expirada"):
        await tell(sessions, client, status=status)
        await tell(sessions, client, status=status, event="operacion_actualizada")
    await tell(sessions, client, status="Pendiente", key="monto")
    found = await inbox(client)
    assert [one["tipo"] for one in found["data"]] == [
        *("cambio", "expirada", "cancelada", "completada", "en_proceso", "creada"),
    ]
    first, paid = found["data"][-1], found["data"][3]
    assert (first["titulo"], first["operacion"]) == ("Registramos tu operación EXP-9001", "EXP-9001")
    assert first["mensaje"] == "US$ 100.00 por S/ 340.10 a 3.4010"
    assert paid["titulo"] == "Te pagamos EXP-9001"
    assert (found["sin_leer"], (await inbox(other))["data"]) == (6, [])


async def test_reading_goes_forward_only_and_never_past_what_was_told(client, arrive, sessions):
    other = await arrive("40000002")
    ids = [await tell(sessions, client, status=status) for status in ("En proceso", "Completada")]
    assert (await client.http.post(f"{NOTICES}/read", json={"hasta": ids[0]})).json()["sin_leer"] == 1
    assert [one["leido"] for one in (await inbox(client))["data"]] == [False, True]
    for up_to, left in ((2**62, 0), (ids[0], 0)):
        assert (await client.http.post(f"{NOTICES}/read", json={"hasta": up_to})).json()["sin_leer"] == left
    await tell(sessions, client, status="Completada", key="otra")
    theirs = await tell(sessions, other, status="Completada")
    assert (await inbox(client))["sin_leer"] == 1
    assert (await client.http.post(f"{NOTICES}/read", json={"hasta": theirs})).json()["sin_leer"] == 0
    assert (await inbox(other))["sin_leer"] == 1
    assert (await client.http.post(f"{NOTICES}/read", json={"hasta": 0})).status_code == 422


async def test_the_list_goes_on_where_it_ended(client, sessions):
    ids = [await tell(sessions, client, status="Completada", key=str(turn)) for turn in range(5)]
    first = await inbox(client, limit=3)
    rest = await inbox(client, limit=3, cursor=first["next_cursor"])
    assert [one["id"] for one in first["data"] + rest["data"]] == ids[::-1]
    assert rest["next_cursor"] is None


async def test_comprobantes_papers_rates_and_a_new_password_are_told(client, sessions):
    now = datetime.now(UTC)
    wish = {"tipo": "sobre", "moneda": "compra", "valor": 3.45}
    assert (await client.http.post("/api/web/rate-alerts", json=wish)).status_code == 201
    async with sessions.begin() as session:
        operation = await stored(session, client, 1, State.COMPLETADA)
        paper = ClientDocument(client_id=client.id, kind="dni_front", file_key="a", content_type="image/png", size=1)
        session.add_all([operation, paper])
        officer = Actor(kind=ActorKind.STAFF, id=await add_user(session, "oficial", Role.MIDDLE_OFFICE))
    async with sessions.begin() as session:
        row = await session.get_one(Client, client.id)
        code = select(Operation).where(Operation.client_id == client.id)
        operation = (await session.scalars(code)).one()
        made = await invoices.reserve(
            session, operation, row, series=SERIES, currency=Currency.PEN, on=date(2026, 11, 25)
        )
        for mark in (invoices.mark_sent, invoices.mark_accepted):
            await mark(session, made.id, invoices.Papers(), at=now)
        await invoices.mark_annulled(session, made.id, at=now)
        for _ in range(2):
            await onboarding.review_paper(
                session, client.id, paper.id, actor=officer, accepted=False, reason="Se ve borroso", at=now
            )
        await set_rate(session, buy=Decimal("3.4500"), sell=Decimal("3.4600"), actor=SYSTEM)
        await clients.set_password(session, client.id, row.password_hash, keep_session=0, now=now)
    async with sessions() as session:
        told = await session.scalars(
            select(Notification.event)
            .where(Notification.room == client_room(client.id), Notification.event.in_(NEWS))
            .order_by(Notification.id)
        )
        events = list(told)
    assert events == [
        *("comprobante_emitido", "comprobante_anulado", "documento_observado", "alerta_tipo_cambio", "clave_cambiada"),
    ]


async def test_every_piece_of_news_has_its_words():
    from api.portal.inbox import LOOKS
    from api.public.inbox import told

    payload = {
        "operation_id": "EXP-1",
        "status": "Completada",
        "old_status": "En proceso",
        "amount_usd": "1.00",
        "amount_pen": "3.40",
        "exchange_rate": "3.4",
        "compra": "3.4",
        "venta": "3.5",
        "tipo": "nota_credito",
        "comprobante": "BC01-1",
    }
    for event in NEWS:
        said = told(Notification(event=event, payload=payload))
        assert said.title, event
        assert said.text, event
        assert said.kind in LOOKS
        assert said.operation or LOOKS[said.kind][2], event
