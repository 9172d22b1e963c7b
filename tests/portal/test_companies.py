"""Companies with several people: one prepares, another approves, and none of them reaches what is not its own."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from db import companies
from db.session import Sessions
from db.tables import IdempotencyKey, OperationRequest
from db.tables import Operation as OperationRow
from domain.clients import DocumentType
from domain.companies import RequestState
from tests.contract.conftest import Arrive, Customer, browser
from tests.portal.conftest import act, token_of

pytestmark = pytest.mark.usefixtures("rates", "promises")
RUC, MAKER, APPROVER = "20990000124", "40000031", "40000032"


@dataclass(frozen=True, kw_only=True)
class Firm:
    """The company's own sign-in, who prepares and who approves."""

    head: Customer
    maker: httpx.AsyncClient
    approver: httpx.AsyncClient


async def invited(head: Customer, document: str, rights: str) -> str:
    """The first password, as the page shows it."""
    form = {"document": document, "full_name": f"Persona {document}", "derechos": rights}
    answer = await act(head.http, "/empresa/personas", data=form)
    assert answer.status_code == 200, answer.text
    found = re.search(r'select-all">([^<]+)<', answer.text)
    assert found
    return found[1]


async def comes_in(http: httpx.AsyncClient, document: str, password: str, ruc: str = RUC) -> httpx.Response:
    return await http.post("/ingresar", data={"documento": ruc, "persona": document, "clave": password})


@pytest.fixture
async def firm(app: FastAPI, arrive: Arrive) -> AsyncIterator[Firm]:
    head = await arrive(RUC, kind=DocumentType.RUC)
    passwords = [await invited(head, MAKER, "prepara"), await invited(head, APPROVER, "aprueba")]
    async with browser(app) as maker, browser(app) as approver:
        for http, document, password in ((maker, MAKER, passwords[0]), (approver, APPROVER, passwords[1])):
            assert (await comes_in(http, document, password)).headers["location"] == "/inicio"
        assert (await act(head.http, "/empresa/regla", data={"dos": "si"})).status_code == 200
        yield Firm(head=head, maker=maker, approver=approver)


async def prepared(http: httpx.AsyncClient, usd: str = "120", key: str = "un-clic") -> httpx.Response:
    page = (await http.get(f"/cambiar/cuentas?quiero=vender&campo=envia&envia={usd}")).text
    fields = dict(re.findall(r'name="(quiero|usd|cupon|tasa_vista)" value="([^"]*)"', page))
    chosen = {name: re.findall(rf'name="{name}" value="(\d+)"', page)[0] for name in ("origen", "destino")}
    token = await token_of(http)
    return await act(http, "/cambiar", token=token, data={**fields, **chosen, "clave_unica": key})


async def waiting(sessions: Sessions) -> list[OperationRequest]:
    async with sessions() as session:
        return list((await session.scalars(select(OperationRequest).order_by(OperationRequest.id))).all())


async def operations(sessions: Sessions) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(OperationRow)) or 0


async def approved(http: httpx.AsyncClient, request_id: int) -> httpx.Response:
    page = (await http.get("/por-aprobar")).text
    rate = re.search(r'Tipo de cambio de ahora</dt><dd class="num">([0-9.]+)<', page)
    given = {"tasa_vista": rate[1] if rate else ""}
    return await act(http, f"/por-aprobar/{request_id}/aprobar", token=await token_of(http), data=given)


async def test_what_is_prepared_is_kept_once_fixes_nothing_and_its_maker_does_not_approve_it(
    firm: Firm, sessions: Sessions
):
    for _ in range(3):
        assert (await prepared(firm.maker)).headers["HX-Redirect"] == "/por-aprobar"
    (one,) = await waiting(sessions)
    assert (one.state, one.operation_code, await operations(sessions)) == (RequestState.POR_APROBAR, "", 0)
    assert "La preparaste tú" in (await firm.maker.get("/por-aprobar")).text
    assert "Aprobar y fijar" in (await firm.approver.get("/por-aprobar")).text
    assert (await approved(firm.maker, one.id)).status_code == 403
    assert (await waiting(sessions))[0].state is RequestState.POR_APROBAR


async def test_a_rate_that_moved_is_shown_before_anything_is_created(firm: Firm, sessions: Sessions):
    await prepared(firm.maker)
    (one,) = await waiting(sessions)
    token = await token_of(firm.approver)
    stale = await act(firm.approver, f"/por-aprobar/{one.id}/aprobar", token=token, data={"tasa_vista": "3.1000"})
    assert stale.status_code == 409
    assert "pasó de 3.1000" in stale.text
    assert await operations(sessions) == 0


async def test_a_yes_that_died_before_its_operation_is_given_again_at_a_rate_that_was_seen(
    firm: Firm, sessions: Sessions
):
    """It was created at whatever rate there was by then."""
    await prepared(firm.maker)
    (one,) = await waiting(sessions)
    async with sessions.begin() as session:
        await companies.approve(session, firm.head.id, one.id, by=None, at=datetime.now(UTC))
    assert "Aprobar y fijar" in (await firm.approver.get("/por-aprobar")).text
    token = await token_of(firm.approver)
    stale = await act(firm.approver, f"/por-aprobar/{one.id}/aprobar", token=token, data={"tasa_vista": "3.1000"})
    assert stale.status_code == 409
    assert "pasó de 3.1000" in stale.text


@pytest.mark.parametrize(
    ("minutes", "claimed", "status"),
    [
        pytest.param(10, "", 200, id="died"),
        pytest.param(1, "", 409, id="now"),
        pytest.param(10, "EXP-1", 409, id="made"),
    ],
)
async def test_a_yes_is_discarded_only_when_it_died_long_ago_and_began_nothing(
    firm: Firm, sessions: Sessions, minutes: int, claimed: str, status: int
):
    await prepared(firm.maker)
    (one,) = await waiting(sessions)
    async with sessions.begin() as session:
        said = datetime.now(UTC) - timedelta(minutes=minutes)
        await companies.approve(session, firm.head.id, one.id, by=None, at=said)
        if claimed:
            whose = {"scope": f"cliente:{firm.head.id}", "key": f"pedido-{one.id}"}
            session.add(IdempotencyKey(**whose, body_hash="x", operation_code=claimed, quote={}))
    assert "su operación aún no está" in (await firm.maker.get("/por-aprobar")).text
    answer = await act(firm.maker, f"/por-aprobar/{one.id}/descartar", token=await token_of(firm.maker))
    assert answer.status_code == status
    page = (await firm.head.http.get("/por-aprobar")).text
    assert ("Descartado" in page) is (status == 200)


async def test_what_is_discarded_is_never_created(firm: Firm, sessions: Sessions):
    await prepared(firm.maker)
    (one,) = await waiting(sessions)
    token = await token_of(firm.maker)
    assert (await act(firm.maker, f"/por-aprobar/{one.id}/descartar", token=token)).status_code == 200
    answer = await act(firm.approver, f"/por-aprobar/{one.id}/aprobar", token=await token_of(firm.approver))
    assert answer.status_code == 409
    assert "Descartado" in (await firm.head.http.get("/por-aprobar")).text


async def test_the_rule_holds_in_every_channel_of_the_company(firm: Firm, sessions: Sessions):
    answer = await firm.head.post("/api/web/create-operation", tipo="compra", monto_dolares=31, banco_cuenta_id=1)
    assert answer.status_code == 403
    assert "dos personas" in answer.json()["message"]
    assert await operations(sessions) == 0


async def test_who_approves_does_not_prepare_and_nobody_but_the_company_administers(firm: Firm):
    assert (await prepared(firm.approver)).status_code == 403
    for path in ("/empresa", "/cuentas", "/cuenta/documentos", "/cuenta/llaves", "/cuenta/sesiones", "/referidos"):
        assert (await firm.maker.get(path)).status_code == 403, path
    token = await token_of(firm.maker)
    for path in ("/empresa/personas", "/empresa/regla", "/empresa/personas/1/quitar"):
        assert (await act(firm.maker, path, token=token)).status_code == 403, path
    assert (await firm.maker.post("/api/client/me", json={})).status_code == 403
    for path in ("/inicio", "/operaciones", "/cambiar", "/por-aprobar", "/avisos", "/cuenta", "/cuenta/clave"):
        assert (await firm.maker.get(path)).status_code == 200, path


async def test_a_person_has_its_own_password_and_is_out_at_once_when_removed(firm: Firm, app: FastAPI):
    token = await token_of(firm.maker)
    wrong = await act(firm.maker, "/cuenta/clave", token=token, data={"actual": "no es", "nueva": "otra frase larga"})
    assert wrong.status_code == 422
    async with browser(app) as stranger:
        assert (await comes_in(stranger, MAKER, "no es")).status_code == 422
        assert (await comes_in(stranger, "40000099", "no es")).status_code == 422
    page = (await firm.head.http.get("/empresa")).text
    first = re.findall(r"/empresa/personas/(\d+)/quitar", page)
    for person in first:
        assert (await act(firm.head.http, f"/empresa/personas/{person}/quitar")).status_code == 200
    assert (await firm.maker.get("/inicio")).headers["location"].startswith("/ingresar")
    assert (await firm.head.http.get("/inicio")).status_code == 200


async def test_another_company_reaches_none_of_it(firm: Firm, arrive: Arrive, sessions: Sessions):
    await prepared(firm.maker)
    (one,) = await waiting(sessions)
    other = await arrive("20990000345", kind=DocumentType.RUC)
    for act_of in ("aprobar", "descartar"):
        assert (await act(other.http, f"/por-aprobar/{one.id}/{act_of}")).status_code == 404
    person = re.findall(r"/empresa/personas/(\d+)/quitar", (await firm.head.http.get("/empresa")).text)[0]
    assert (await act(other.http, f"/empresa/personas/{person}/quitar")).status_code == 404
    assert "Persona" not in (await other.http.get("/empresa")).text.replace("Personas", "").replace("persona", "")


async def test_a_person_alone_is_no_company(client: Customer):
    assert (await client.http.get("/empresa")).status_code == 403
