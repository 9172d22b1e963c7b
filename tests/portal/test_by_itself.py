"""Acts that a browser sends by itself, before a page's programs are there: the same act, answered by a whole page."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from db.tables import Operation, RateAlert
from tests.contract.conftest import PASSWORD
from tests.contract.test_rate_alerts import live
from tests.portal.conftest import token_of

pytestmark = pytest.mark.usefixtures("rates")
FORM = re.compile(r"<form[^>]*>")


async def send(person, path, **fields):
    return await person.post(path, data={"csrf": await token_of(person), **fields})


async def test_an_act_goes_on_where_it_leads(client, sessions):
    made = await send(client.http, "/alertas", moneda="compra", tipo="sobre", valor="3.45")
    assert (made.status_code, made.headers["location"]) == (303, "/alertas")
    (alert,) = await live(client)
    gone = await send(client.http, f"/alertas/{alert}/quitar")
    assert (gone.status_code, await live(client)) == (303, [])
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(RateAlert)) == 1


async def test_what_is_refused_is_said_on_a_page_from_which_one_goes_on(client, sessions):
    form = {"quiero": "comprar", "usd": "100.00", "tasa_vista": "3.4100", "origen": "1", "destino": "2"}
    answer = await send(client.http, "/cambiar", **form)
    assert answer.status_code == 409
    assert answer.text.startswith("<!doctype html>")
    assert "El tipo de cambio pasó de 3.4100 a 3.4120" in answer.text
    assert f'name="csrf" value="{await token_of(client.http)}"' in answer.text
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Operation)) == 0


async def test_the_token_is_asked_for_all_the_same(client, arrive):
    stolen = await token_of((await arrive("40000002")).http)
    for token in ("", stolen):
        body = {"csrf": token, "moneda": "compra", "tipo": "sobre", "valor": "3.45"}
        for sent in ({"data": body}, {"data": body, "files": {"x": ("x.png", b"x")}}, {"json": body}):
            answer = await client.http.post("/alertas", **sent)
            assert answer.status_code == 403, answer.text
            assert "Vuelve a cargarla" in answer.text
    assert await live(client) == []


async def test_signing_up_and_leaving_take_no_program(http, client):
    person = {"quien": "persona", "tipo_documento": "DNI", "dni": "40000098", "nombres": "Rosa"}
    second = await http.post("/registro/1", data={**person, "apellido_paterno": "Ñahui"})
    assert second.text.startswith("<!doctype html>")
    assert "Paso 2 de 4" in second.text
    await http.post("/ingresar", data={"documento": client.dni, "clave": PASSWORD})
    left = await send(http, "/salir")
    assert (left.status_code, left.headers["location"]) == (303, "/ingresar?dicho=saliste")
    assert left.headers["clear-site-data"] == '"cache"'
    assert (await http.get("/inicio")).status_code == 303


@pytest.mark.parametrize(
    "path", ["/cuenta", "/cuenta/clave", "/cuenta/avisos", "/cuenta/documentos", "/cuentas", "/alertas", "/referidos"]
)
async def test_no_form_would_put_what_was_typed_into_an_address(client, path):
    """A form without a method is sent as a GET: passwords and accounts would be in the history of the browser."""
    for form in FORM.findall((await client.http.get(path)).text):
        assert ('method="post" action="/' in form) or 'method="get"' in form, form
