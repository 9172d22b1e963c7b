"""What the portal's pages say and do over HTTP: figures, refusals, steps, and what an installed app may keep."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from api import assets
from api.portal import scan, trend, words
from api.portal.errors import door, inside
from db import house_accounts
from db.tables import Client, EmailCode, ExchangeRate, Operation
from domain.calendar import OPENING_HOURS
from domain.clients import ClientStatus
from domain.money import Currency
from domain.operations import State
from tests.contract.conftest import PASSWORD
from tests.contract.test_operations import stored
from tests.portal.conftest import act

pytestmark = pytest.mark.usefixtures("rates")


async def quotation(person, **asked):
    return (await person.get("/cotizacion", params=asked)).json()


async def test_the_server_works_out_both_amounts_to_the_cent(http):
    """Dollars or soles, bought or sold; soles become dollars to the cent and the soles follow from those."""
    bought = await quotation(http, quiero="comprar", campo="recibe", recibe="1,500.00")
    assert (bought["envia"], bought["recibe"], bought["rate"]) == ("5,118.00", "1,500.00", "3.4120")
    paid = await quotation(http, quiero="comprar", campo="envia", envia="S/ 1,000")
    assert (paid["envia"], paid["recibe"]) == ("999.99", "293.08")
    sold = await quotation(http, quiero="vender", campo="envia", envia="31")
    assert (sold["envia"], sold["recibe"]) == ("31.00", "105.43")
    assert "problem" in await quotation(http, campo="recibe", recibe="mucho")
    refused = (await http.get("/cotizacion/cupon", params={"recibe": "10", "cupon": "ZZZZZZ"})).json()
    assert "Ese código no existe" in refused["problem"]


async def test_a_rate_that_moved_is_shown_before_anything_is_created(client, sessions):
    form = {"quiero": "comprar", "usd": "100.00", "tasa_vista": "3.4100", "origen": "1", "destino": "2"}
    answer = await act(client.http, "/cambiar", data=form)
    assert answer.status_code == 409
    assert "El tipo de cambio pasó de 3.4100 a 3.4120" in answer.text
    assert "Confirmar y fijar 3.4120" in answer.text
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Operation)) == 0


async def test_a_wrong_password_says_how_many_tries_are_left_and_a_right_one_goes_on(http, client):
    path = "/ingresar?siguiente=/operaciones"
    wrong = await http.post(path, data={"documento": client.dni, "clave": "no-es-esta"})
    assert wrong.status_code == 422
    assert "Te quedan 4 intentos" in wrong.text
    right = await http.post(path, data={"documento": client.dni, "clave": PASSWORD})
    assert (right.status_code, right.headers["location"]) == (303, "/operaciones")
    assert "HttpOnly" in right.headers["set-cookie"]


@pytest.mark.parametrize("path", ["https://otra.test", "//otra.test", "/\\otra.test", "/panel/tablero", "/api/files/x"])
def test_the_door_leads_only_to_our_own_pages(path):
    assert not inside(path)
    assert door(path) == "/ingresar"


async def test_the_steps_of_signing_up_keep_what_was_typed_and_name_what_is_wrong(http, sessions, promises):
    person = {"quien": "persona", "tipo_documento": "DNI", "dni": "4000009", "nombres": "Rosa", "email": "", "code": ""}
    person |= {"apellido_paterno": "Ñahui", "apellido_materno": "", "telefono": ""}
    short = await http.post("/registro/1", data=person)
    assert short.status_code == 422
    assert "El DNI tiene 8 dígitos." in short.text
    assert 'value="Ñahui"' in short.text
    second = await http.post("/registro/1", data={**person, "dni": "40000098"})
    assert "Paso 2 de 4" in second.text
    contact = {**person, "dni": "40000098", "email": "rosa@correo.example", "telefono": "987654321"}
    third = await http.post("/registro/2", data=contact)
    assert "Paso 3 de 4" in third.text
    assert (await http.post("/registro/3", data={**contact, "code": "ZZZZZZ"})).status_code == 422
    skipped = await http.post("/registro/4", data={**contact, "password": "una-frase-larga", "acepta": "si"})
    assert "Primero confirma tu correo" in skipped.text
    async with sessions.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Client)) == 0
        code = (await session.scalars(select(EmailCode))).one()
        code.verified_at = datetime.now(UTC)
    refused = await http.post("/registro/4", data={**contact, "password": "una-frase-larga"})
    assert "acepta los términos" in refused.text
    done = await http.post("/registro/4", data={**contact, "password": "una-frase-larga", "acepta": "si"})
    assert (done.status_code, done.headers["location"]) == (303, "/cuenta/documentos")
    assert (await http.get("/cuenta/documentos")).status_code == 200
    async with sessions() as session:
        made = (await session.scalars(select(Client))).one()
        assert (made.origin, made.status) == ("portal", ClientStatus.INACTIVO)


async def test_a_history_is_narrowed_by_what_its_address_says(client, sessions):
    async with sessions.begin() as session:
        session.add_all([await stored(session, client, place, State.COMPLETADA) for place in range(1, 4)])
        session.add(await stored(session, client, 4, State.EXPIRADA))
    everything = await client.http.get("/operaciones")
    assert len(re.findall(r'href="/operaciones/EXP-', everything.text)) == 4
    expired = await client.http.get("/operaciones?estado=Expirada")
    assert ("Ibas a vender" in expired.text, "Vendiste" in expired.text) == (True, False)
    assert len(re.findall(r'href="/operaciones/EXP-', expired.text)) == 1
    future = (datetime.now(UTC) + timedelta(days=3)).date()
    assert "Nada con esos filtros" in (await client.http.get(f"/operaciones?desde={future}")).text


async def test_the_week_of_the_rate_is_drawn_from_what_was_published_each_day(client, sessions):
    async with sessions.begin() as session:
        for days, sell in ((3, "3.4300"), (2, "3.4500"), (2, "3.4200")):
            at = datetime.now(UTC) - timedelta(days=days)
            session.add(ExchangeRate(buy=Decimal("3.4000"), sell=Decimal(sell), at=at))
    async with sessions() as session:
        drawn = await trend.of_the_week(session, datetime.now(UTC))
    assert drawn is not None
    assert (drawn.first, drawn.last, drawn.moved) == (Decimal("3.4300"), Decimal("3.4120"), Decimal("-0.0180"))
    assert drawn.points.count(",") == 3  # one for each day, the last pair of the day
    assert "La venta pasó de 3.4300 a 3.4120" in (await client.http.get("/inicio")).text


async def test_a_receipt_exists_only_of_what_was_paid(client, sessions):
    async with sessions.begin() as session:
        paid, over = (
            await stored(session, client, 1, State.COMPLETADA),
            await stored(session, client, 2, State.EXPIRADA),
        )
        session.add_all([paid, over])
    answer = await client.http.get(f"/operaciones/{paid.code}/constancia")
    assert (answer.headers["content-type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    assert "no-store" in answer.headers["cache-control"]
    assert (await client.http.get(f"/operaciones/{over.code}/constancia")).status_code == 422


async def test_what_an_installed_app_keeps_is_nobodys(http):
    """Only files named by their content and the page without data; a page under a session is never stored."""
    worker = (await http.get("/sw.js")).text
    kept = json.loads(re.search(r"const KEPT = (\[.*?\]);", worker)[1])
    assert set(kept) <= {f"{assets.PREFIX}/{name}" for name in assets.manifest().values()}
    manifest = (await http.get("/manifest.webmanifest")).json()
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    for icon in manifest["icons"]:
        assert (await http.get(icon["src"])).headers["content-type"] == "image/png"
    offline = await http.get("/sin-conexion")
    assert "Estás sin conexión" in offline.text


async def test_every_page_refuses_what_is_not_its_own(client, http):
    for person, path in ((http, "/"), (client.http, "/inicio"), (client.http, "/operaciones")):
        headers = (await person.get(path)).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-25T15:00:00Z", "Atendemos hoy hasta las 6:00 p. m."),
        ("2026-11-26T00:42:00Z", "Ahora estamos cerrados. Atendemos mañana desde las 9:00 a. m."),
        ("2026-11-28T20:00:00Z", "Ahora estamos cerrados. Atendemos el lunes 30 de noviembre desde las 9:00 a. m."),
    ],
)
def test_a_page_says_when_the_house_attends(moment, said):
    """F083, F084."""
    now = datetime.fromisoformat(moment)
    assert words.attends(now, OPENING_HOURS).replace("\u00a0", " ") == said


async def test_a_phone_reads_where_to_pay_off_the_screen(client, sessions):
    """Text to copy from, and no bank's code: the page says so."""
    async with sessions.begin() as session:
        row = await stored(session, client, 1, State.PENDIENTE)
        session.add(row)
    page = (await client.http.get(f"/operaciones/{row.code}")).text
    assert re.search(r'role="img" aria-label="Código QR[^"]*"><svg', page)
    assert "No es un QR de pago" in page
    async with sessions() as session:
        house = await house_accounts.active(session)
    target = house_accounts.to_pay_into(house, row.source_bank, Currency.USD)
    assert target is not None
    words = scan.text(row.code, "US$\u00a0100.00", target)
    assert words.splitlines()[:2] == [f"QoriCash {row.code}", "Monto exacto: US$ 100.00"]
    assert all(part in words for part in (target.number, target.cci, target.holder, target.holder_ruc))
    assert str(scan.drawn(words)) in page
    target.cci = ""
    assert "CCI" not in scan.text(row.code, "US$\u00a0100.00", target)
