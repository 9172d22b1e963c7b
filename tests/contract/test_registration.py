"""Contract #7, M6 and section 6.1: opening an account."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from db.tables import Client, EmailCode, User
from domain.clients import ClientStatus, KycStatus
from domain.referrals import is_code
from tests.contract.conftest import code_of, row_of
from workflows.names import OPERATIONS_QUEUE

WEB, MOBILE = "/api/web/register", "/api/client/register"
PERSON = {
    "tipo_persona": "Natural",
    "tipo_documento": "DNI",
    "dni": "40000077",
    "email": "nueva@example.test",
    "telefono": "987654321",
    "direccion": "",
    "departamento": "",
    "provincia": "",
    "distrito": "",
    "password": "clave-nueva-1",
    "accept_promotions": True,
    "nombres": "MARÍA JOSÉ",
    "apellido_paterno": "DEL ÁGUILA",
    "apellido_materno": "ÑAHUI",
}
COMPANY = {
    "tipo_persona": "Jurídica",
    "tipo_documento": "RUC",
    "dni": "20512333797",
    "email": "tesoreria@example.test; caja@example.test",
    "telefono": "987654321",
    "password": "clave-nueva-1",
    "razon_social": "Importadora 2000 S.A.C.",
    "persona_contacto": "ROSA QUISPE",
}


async def client_in(sessions, number):
    async with sessions() as session:
        return await session.scalar(select(Client).where(Client.document_number == number))


async def test_a_person_registers_signs_in_and_waits_for_review(http, promises, sessions):
    """F134, F135, F146 (no address), F182 (no staff owner)."""
    answer = await http.post(WEB, json=PERSON)
    assert answer.status_code == 201, answer.text
    assert answer.json()["success"]
    row = await client_in(sessions, "40000077")
    assert (row.status, row.kyc_status, row.trader_id) == (ClientStatus.INACTIVO, KycStatus.PENDIENTE, None)
    assert (row.origin, row.phone, row.accepts_promotions) == ("web", "+51987654321", True)
    assert is_code(row.referral_code)
    said = (await http.post("/api/client/login", json={"dni": "40000077", "password": "clave-nueva-1"})).json()
    assert said["client"]["full_name"] == "MARÍA JOSÉ DEL ÁGUILA ÑAHUI"
    assert said["requires_password_change"] is False


async def test_a_registration_starts_an_onboarding_that_names_nobody(http, house, sessions):
    await http.post(WEB, json=PERSON)
    row = await client_in(sessions, "40000077")
    told = await house.client.get_workflow_handle(f"cliente-{row.id}").describe()
    assert (told.workflow_type, told.task_queue) == ("ClientOnboarding", OPERATIONS_QUEUE)
    assert "40000077" not in str(told.raw_description)


async def test_a_verified_address_is_remembered_by_the_registration(http, promises, app, sessions, monkeypatch):
    """Contract #11 and #12: a wrong code counts, the fifth closes it, and only a hash is kept."""
    drawn = iter("A2B3C4" + "D5E6F7")
    monkeypatch.setattr("db.email_codes.secrets.choice", lambda _letters: next(drawn))
    for code in ("A2B3C4", "D5E6F7"):
        assert (await http.post("/api/web/send-verification-code", json={"email": PERSON["email"]})).json()["success"]
        async with sessions() as session:
            assert code not in str([row.code_hash for row in (await session.scalars(select(EmailCode))).all()])
    first = await http.post("/api/web/verify-code", json={"email": PERSON["email"], "code": "A2B3C4"})
    assert first.json()["success"] is False
    right = await http.post("/api/web/verify-code", json={"email": PERSON["email"].upper(), "code": "d5e6f7"})
    assert right.json()["success"] is True
    await http.post(WEB, json=PERSON)
    assert (await client_in(sessions, "40000077")).email_verified_at is not None


async def test_codes_are_few_an_hour_and_attempts_few_a_code(http, promises, sessions):
    send = {"email": "otra@example.test"}
    answers = [await http.post("/api/web/send-verification-code", json=send) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [409]
    for _ in range(7):
        await http.post("/api/web/verify-code", json={**send, "code": "ZZZZZZ"})
    async with sessions() as session:
        tried = (await session.scalars(select(EmailCode.attempts).order_by(EmailCode.id.desc()))).first()
    assert tried == 5


async def test_a_form_may_ask_whether_a_document_has_an_account_and_learns_nothing_else(http, client):
    assert (await http.get("/api/web/check-document", params={"dni": client.dni})).json() == {"exists": True}
    assert (await http.get("/api/web/check-document", params={"dni": "40000055"})).json() == {"exists": False}


async def test_with_temporal_away_nobody_is_registered_without_a_welcome(http, sessions):
    answer = await http.post(WEB, json=PERSON)
    assert (answer.status_code, answer.json()["success"]) == (503, False)
    assert await client_in(sessions, "40000077") is None


async def test_a_company_registers_with_digits_in_its_name_and_two_addresses(http, promises, sessions):
    answer = await http.post(WEB, json=COMPANY)
    assert answer.status_code == 201, answer.text
    row = await client_in(sessions, "20512333797")
    assert row.company_name == "IMPORTADORA 2000 S.A.C."
    assert row.email == "tesoreria@example.test; caja@example.test"
    assert (row.given_names, row.paternal_surname) == ("", "")


async def test_the_mobile_names_a_company_only_by_its_ruc(http, promises, sessions):
    """F141: a company is told by its document, never by the page."""
    body = {**COMPANY, "ruc": COMPANY["dni"]}
    for missing in ("tipo_documento", "dni"):
        del body[missing]
    assert (await http.post(MOBILE, json=body)).status_code == 201
    row = await client_in(sessions, "20512333797")
    assert (row.document_type, row.origin) == ("RUC", "app")


@pytest.mark.parametrize("path", [WEB, MOBILE])
async def test_a_registered_document_is_named_masked_and_never_twice(http, client, path):
    """F137"""
    answer = await http.post(path, json={**PERSON, "dni": client.dni})
    assert (answer.status_code, answer.json()["code"]) == (409, "DUPLICATE_DOCUMENT")
    assert answer.json()["success"] is False
    assert "*****001" in answer.json()["message"]
    assert client.dni not in answer.text


async def test_registrations_of_one_document_in_the_same_instant_are_one_client(http, promises, sessions):
    """F137"""
    answers = await asyncio.gather(*(http.post(WEB, json=PERSON) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Client)) == 1


async def test_registering_makes_no_user_of_the_staff(http, promises, sessions):
    """F138"""
    await http.post(WEB, json=PERSON)
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 0


async def test_a_referral_code_links_to_its_owner(http, promises, client, sessions):
    await http.post(WEB, json={**PERSON, "referral_code": code_of(client.dni).lower()})
    assert (await client_in(sessions, "40000077")).referred_by == client.id


async def test_a_referral_code_of_nobody_is_refused(http, sessions):
    answer = await http.post(WEB, json={**PERSON, "referral_code": "ZZZZZZ"})
    assert (answer.status_code, answer.json()["field"]) == (422, "referral_code")
    assert await client_in(sessions, "40000077") is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"dni": "1234567"}, "dni"),
        ({"dni": "ABCDEFGH"}, "dni"),
        ({"dni": None}, "dni"),
        ({"tipo_documento": "RUC", "dni": "20512333798", "razon_social": "X SAC", "persona_contacto": "ROSA"}, "dni"),
        ({"tipo_documento": "Brevete"}, "tipo_documento"),
        ({"email": "sin-arroba"}, "email"),
        ({"telefono": "12"}, "telefono"),
        ({"telefono": None}, "telefono"),
        ({"nombres": "R2D2"}, "nombres"),
        ({"nombres": " "}, "nombres"),
        ({"apellido_paterno": None}, "apellido_paterno"),
        ({"password": "corta1"}, "password"),
        ({"password": "40000077"}, "password"),
        ({"tipo_documento": "RUC", "dni": "20512333797", "razon_social": ""}, "razon_social"),
        ({"email": 5}, "email"),
    ],
)
async def test_what_the_house_cannot_use_is_refused_by_its_field(http, sessions, change, field):
    answer = await http.post(WEB, json={**PERSON, **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert answer.json()["success"] is False
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Client)) == 0


async def test_a_second_surname_is_not_demanded(http, promises):
    assert (await http.post(WEB, json={**PERSON, "apellido_materno": ""})).status_code == 201


async def test_no_password_is_kept_in_clear(http, promises, sessions):
    await http.post(WEB, json=PERSON)
    row = await client_in(sessions, "40000077")
    assert row.password_hash.startswith("$argon2id$")


async def test_a_client_of_the_house_keeps_what_it_was(client, http, sessions):
    before = (await row_of(sessions, client)).password_hash
    await http.post(WEB, json={**PERSON, "dni": client.dni})
    assert (await row_of(sessions, client)).password_hash == before
