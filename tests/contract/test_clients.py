"""Contract #2, #5, #6, M2, M19: coming in, going out, and who one is."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from api.auth import COOKIE
from db.tables import Client, PushSubscription
from domain.clients import ClientStatus, DocumentType
from tests.contract.conftest import PASSWORD, browser

LOGIN = "/api/client/login"


async def test_the_web_signs_in_twice_in_a_row_and_both_work(app, client):
    """The web looks at requires_password_change first and then signs in through its store (contract 0.6)."""
    async with browser(app) as page:
        for _ in range(2):
            answer = await page.post(LOGIN, json={"dni": client.dni, "password": PASSWORD})
            said = answer.json()
            assert answer.status_code == 200
            assert said["success"]
            assert said["client"]["dni"] == client.dni
            assert said["requires_password_change"] is False
            assert said["token"]
        assert COOKIE in page.cookies
        assert (await page.post("/api/client/me", json={"dni": client.dni})).json()["success"]


async def test_the_token_of_the_login_is_a_bearer(app, client):
    async with browser(app) as page:
        token = (await page.post(LOGIN, json={"dni": client.dni, "password": PASSWORD})).json()["token"]
    async with browser(app, Authorization=f"Bearer {token}") as phone:
        assert (await phone.post("/api/client/me", json={})).json()["client"]["id"] == client.id


async def test_the_session_cookie_is_out_of_reach_of_scripts(http, client):
    answer = await http.post(LOGIN, json={"dni": client.dni, "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_a_wrong_password_answers_200_with_the_attempts_left(http, client):
    """A 401 makes the web reload its page and lose the message (contract 0.5)."""
    answer = await http.post(LOGIN, json={"dni": client.dni, "password": "otra-cosa-1"})
    assert answer.status_code == 200
    assert answer.json()["success"] is False
    assert "Te quedan 4 intentos" in answer.json()["message"]


async def test_a_document_without_an_account_reads_like_a_wrong_password(http, client):
    wrong = await http.post(LOGIN, json={"dni": client.dni, "password": "otra-cosa-1"})
    unknown = await http.post(LOGIN, json={"dni": "49999999", "password": "otra-cosa-1"})
    assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())


async def test_the_fifth_failure_closes_the_door_even_to_the_right_password(http, client):
    for _ in range(5):
        last = await http.post(LOGIN, json={"dni": client.dni, "password": "otra-cosa-1"})
    assert last.status_code == 200
    assert "15 minutos" in last.json()["message"]
    answer = await http.post(LOGIN, json={"dni": client.dni, "password": PASSWORD})
    assert answer.status_code == 429
    assert answer.json()["success"] is False


async def test_a_client_without_a_password_of_its_own_comes_in_with_none(http, client, sessions):
    """F162: an empty hash was accepted as "no password needed"."""
    async with sessions.begin() as session:
        (await session.get_one(Client, client.id)).password_hash = ""
    for password in ("", PASSWORD, client.dni):
        assert (await http.post(LOGIN, json={"dni": client.dni, "password": password})).json()["success"] is False


async def test_an_inactive_client_comes_in(http, arrive):
    """F135: who could not sign in could not send the papers that would have activated it."""
    await arrive("40000002", status=ClientStatus.INACTIVO)
    said = (await http.post(LOGIN, json={"dni": "40000002", "password": PASSWORD})).json()
    assert said["success"]
    assert said["client"]["status"] == "Inactivo"


async def test_the_document_may_be_typed_with_spaces_or_hyphens(http, arrive):
    await arrive("20512333797", kind=DocumentType.RUC)
    said = (await http.post(LOGIN, json={"dni": " 20-51233379-7 ", "password": PASSWORD})).json()
    assert said["client"]["document_type"] == "RUC"


async def test_a_client_reads_itself_with_every_key_of_the_contract(client):
    me = (await client.post("/api/client/me")).json()["client"]
    expected = {
        "id": client.id,
        "dni": client.dni,
        "document_type": "DNI",
        "nombres": "Persona",
        "apellido_paterno": "De Prueba",
        "full_name": "Persona De Prueba",
        "status": "Activo",
        "estado": "Activo",
        "has_complete_documents": True,
        "kyc_status": "completo",
        "dni_front_url": None,
        "role": "Cliente",
        "origen": "Lima",
    }
    assert {key: me[key] for key in expected} == expected
    contract = {"apellido_materno", "razon_social", "persona_contacto", "email", "phone", "direccion", "departamento"}
    contract |= {"provincia", "distrito", "dni_back_url", "ficha_ruc_url", "bank_accounts", "referral_code"}
    assert contract <= me.keys()
    assert [account["currency"] for account in me["bank_accounts"]] == ["$", "S/"]


async def test_a_blocked_client_sees_the_restriction_card(arrive):
    blocked = await arrive("40000003", status=ClientStatus.BLOQUEADO)
    me = (await blocked.post("/api/client/me")).json()["client"]
    assert (me["kyc_status"], me["status"]) == ("bloqueado", "Inactivo")


async def test_without_a_session_the_answer_is_401_in_the_contracts_own_words(http, client):
    answer = await http.post("/api/client/me", json={"dni": client.dni})
    assert answer.status_code == 401
    assert answer.json()["success"] is False
    assert "ngresa" in answer.json()["message"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_signing_out_ends_the_session_everywhere(client, method):
    """F174; the mobile asks by GET, the web by POST."""
    assert (await client.http.request(method, "/auth/logout")).json()["success"]
    assert (await client.post("/api/client/me")).status_code == 401


async def test_signing_out_without_a_session_is_no_error(http):
    assert (await http.post("/auth/logout")).status_code == 200


async def test_a_phone_belongs_to_the_last_client_that_signed_in_on_it(arrive, sessions):
    first, second = await arrive("40000001"), await arrive("40000002")
    token = "ExponentPushToken[abcdefghijklmnopqrstuv]"
    for owner in (first, second, second):
        assert (await owner.post("/api/client/register-push-token", push_token=token)).json()["success"]
    async with sessions() as session:
        rows = (await session.scalars(select(PushSubscription))).all()
    assert [(row.client_id, row.kind, row.endpoint) for row in rows] == [(second.id, "expo", token)]


async def test_a_push_token_that_is_not_expos_is_refused(client):
    answer = await client.post("/api/client/register-push-token", push_token="http://127.0.0.1/")
    assert answer.status_code == 422
    assert answer.json()["field"] == "push_token"


async def test_a_body_that_is_not_json_gets_json_back(http):
    answer = await http.post(LOGIN, content=b"<html>", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["success"] is False
