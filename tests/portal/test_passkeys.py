"""A client's passkeys over HTTP: what opens, and everything that must not."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update

from api.auth import start_user_session
from db.session import Sessions
from db.tables import AuditEntry, Client, ClientPasskey
from domain.clients import ClientStatus
from domain.permissions import Role
from tests.authenticator import Authenticator
from tests.contract.conftest import PASSWORD, SITE, Customer, browser
from tests.people import add_user
from tests.portal.conftest import act, token_of

pytestmark = pytest.mark.usefixtures("rates", "promises")


def authenticator() -> Authenticator:
    return Authenticator(origin=SITE, rp_id="casa.test")


async def added(client: Customer, key: Authenticator) -> None:
    """The key, after the password."""
    token = await token_of(client.http)
    asked = (await act(client.http, "/cuenta/llaves/pedido", token=token, json={"clave": PASSWORD})).json()
    body = {"state": asked["state"], "answer": key.make(asked["options"]), "name": "Mi celular"}
    answer = await act(client.http, "/cuenta/llaves", token=token, json=body)
    assert answer.json() == {"go": "/cuenta/llaves"}, answer.text


async def enter(http: httpx.AsyncClient, key: Authenticator, door: str = "") -> httpx.Response:
    asked = (await http.post(f"{door}/ingresar/llave/pedido", headers={"Origin": SITE})).json()
    body = {"state": asked["state"], "answer": key.prove(asked["options"])}
    return await http.post(f"{door}/ingresar/llave", json=body, headers={"Origin": SITE})


async def test_a_passkey_opens_without_password_and_is_named_told_and_taken_away(
    app: FastAPI, client: Customer, sessions: Sessions
):
    key = authenticator()
    await added(client, key)
    assert key.owner() == f"cliente-{client.id}"
    assert "Mi celular" in (await client.http.get("/cuenta/llaves")).text
    async with browser(app) as phone:
        assert (await enter(phone, key)).json() == {"go": "/inicio"}
        assert (await phone.get("/inicio")).status_code == 200
    async with sessions() as session:
        kept = (await session.scalars(select(ClientPasskey))).one()
        acts = (await session.scalars(select(AuditEntry.action))).all()
    assert kept.sign_count == 1
    assert "clients.add_passkey" in acts
    listed = (await client.http.get("/cuenta/sesiones")).text
    assert listed.count("Abierta") == 2
    assert (await act(client.http, f"/cuenta/llaves/{kept.id}/quitar")).status_code == 200
    async with browser(app) as phone:
        assert (await enter(phone, key)).status_code == 401


async def test_a_new_key_takes_the_password_again_and_a_note_of_ones_own(client: Customer, arrive, sessions: Sessions):
    token, key = await token_of(client.http), authenticator()
    for wrong in ("", "otra-clave-7"):
        refused = await act(client.http, "/cuenta/llaves/pedido", token=token, json={"clave": wrong})
        assert (refused.status_code, "contraseña actual" in refused.json()["detail"]) == (422, True)
    other = await arrive("40000002")
    theirs = await token_of(other.http)
    asked = (await act(other.http, "/cuenta/llaves/pedido", token=theirs, json={"clave": PASSWORD})).json()
    body = {"state": asked["state"], "answer": key.make(asked["options"]), "name": "x"}
    for state in (asked["state"], "", "inventado"):
        refused = await act(client.http, "/cuenta/llaves", token=token, json={**body, "state": state})
        assert refused.status_code == 422
    assert (await act(client.http, "/cuenta/llaves", token="", json=body)).status_code == 403
    async with sessions() as session:
        assert await session.scalar(select(func.count(ClientPasskey.id))) == 0


async def test_what_was_answered_once_or_by_a_copy_opens_nothing(app: FastAPI, client: Customer):
    key = authenticator()
    await added(client, key)
    async with browser(app) as phone:
        asked = (await phone.post("/ingresar/llave/pedido", headers={"Origin": SITE})).json()
        body = {"state": asked["state"], "answer": key.prove(asked["options"])}
        assert (await phone.post("/ingresar/llave", json=body, headers={"Origin": SITE})).status_code == 200
    async with browser(app) as thief:
        assert (await thief.post("/ingresar/llave", json=body, headers={"Origin": SITE})).status_code == 401
        key.count = 0
        assert (await enter(thief, key)).status_code == 401
        elsewhere = Authenticator(origin="http://otra.test", rp_id="casa.test", count=9, handle=key.handle, id=key.id)
        assert (await enter(thief, elsewhere)).status_code == 401
        for nonsense in ({}, {"state": "x"}, {"state": "x", "answer": {"id": "no"}}, []):
            answer = await thief.post("/ingresar/llave", json=nonsense, headers={"Origin": SITE})
            assert answer.status_code == 422
        assert (await thief.get("/inicio")).status_code == 303


async def test_who_has_closed_its_account_does_not_enter(app: FastAPI, client: Customer, sessions: Sessions):
    key = authenticator()
    await added(client, key)
    async with sessions.begin() as session:
        await session.execute(update(Client).where(Client.id == client.id).values(closed_at=func.now()))
    async with browser(app) as phone:
        assert (await enter(phone, key)).status_code == 401
        assert "set-cookie" not in (await enter(phone, key)).headers


async def test_who_is_blocked_enters_by_key_as_by_password_and_may_not_exchange(
    app: FastAPI, client: Customer, sessions: Sessions
):
    key = authenticator()
    await added(client, key)
    async with sessions.begin() as session:
        await session.execute(update(Client).where(Client.id == client.id).values(status=ClientStatus.BLOQUEADO))
    async with browser(app) as phone, browser(app) as computer:
        assert (await enter(phone, key)).json() == {"go": "/inicio"}
        typed = {"dni": client.dni, "password": PASSWORD}
        assert (await computer.post("/api/client/login", json=typed)).json()["success"] is True
        for inside in (phone, computer):
            wish = {"dni": client.dni, "tipo": "compra", "monto_dolares": 100, "banco_cuenta_id": 1}
            refused = await inside.post("/api/web/create-operation", json=wish, headers={"Origin": SITE})
            assert (refused.status_code, refused.json()["code"]) == (422, "CLIENT_BLOCKED")


async def test_no_key_opens_the_other_door(app: FastAPI, client: Customer, sessions: Sessions):
    """Neither by itself, nor with what the other door asked, though both have the same number and address."""
    of_client, of_house = authenticator(), authenticator()
    await added(client, of_client)
    async with sessions.begin() as session:
        user_id = await add_user(session, "master", Role.MASTER)
    token = await start_user_session(app.state.services, user_id)
    async with browser(app, Authorization=f"Bearer {token}", Origin=SITE) as desk:
        asked = (await desk.post("/api/staff/second-factors/passkeys/options")).json()
        body = {"state": asked["state"], "answer": of_house.make(asked["options"]), "name": "x"}
        assert (await desk.post("/api/staff/second-factors/passkeys", json=body)).status_code == 200
    assert of_house.owner() != of_client.owner()
    async with browser(app, Origin=SITE) as stranger:
        assert (await enter(stranger, of_client, "/panel")).status_code == 401
        assert (await enter(stranger, of_house)).status_code == 401
        mine, house = "/ingresar/llave", "/panel/ingresar/llave"
        for key, asking, answering in ((of_client, mine, house), (of_house, house, mine), (of_client, house, mine)):
            asked = (await stranger.post(f"{asking}/pedido")).json()
            body = {"state": asked["state"], "answer": key.prove(asked["options"])}
            assert (await stranger.post(answering, json=body)).status_code in {401, 422}
        assert not stranger.cookies
        assert (await enter(stranger, of_house, "/panel")).status_code == 200
