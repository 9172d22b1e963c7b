"""Contract #28 to #30: codes, pips, and other people's documents that stay theirs."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from db.tables import Client, ReferralEntry, RewardCode
from domain.clients import ClientStatus
from domain.operations import State
from domain.referrals import LedgerKind, is_code
from tests.contract.conftest import code_of
from tests.contract.test_operations import CREATE, WEB, stored

VALIDATE, REDEEM = "/api/referrals/validate", "/api/referrals/generate-reward-code"


async def grant(sessions, customer, pips):
    async with sessions.begin() as session:
        session.add(ReferralEntry(client_id=customer.id, kind=LedgerKind.MANUAL, pips=pips, reason="prueba"))


async def add_code(sessions, customer, code="QQQQQQ"):
    async with sessions.begin() as session:
        session.add(RewardCode(code=code, owner_id=customer.id, pips=30))


async def test_the_public_calculator_tries_a_code_without_signing_in(http, client, sessions):
    await add_code(sessions, client)
    for body in ({"code": "QQQQQQ"}, {"code": "qqqqqq", "client_dni": ""}, {"code": code_of(client.dni)}):
        said = (await http.post(VALIDATE, json=body)).json()
        assert (said["success"], said["is_valid"], said["discount"]) == (True, True, 0.003)


@pytest.mark.parametrize("code", ["ZZZZZZ", "corto", "IIIIII", ""])
async def test_a_code_that_is_none_is_an_answer_and_not_an_error(http, code):
    answer = await http.post(VALIDATE, json={"code": code})
    assert answer.status_code == 200
    assert (answer.json()["success"], answer.json()["is_valid"]) == (True, False)
    assert answer.json()["message"]


async def test_validating_says_what_creating_would(client, arrive, sessions, rates):
    """One rule for both: own codes, used codes, and a second referral (F120)."""
    friend = await arrive("40000002")
    await add_code(sessions, friend)
    await add_code(sessions, client, "WWWWWW")
    async with sessions.begin() as session:
        (await session.get_one(Client, client.id)).used_referral_code = code_of(friend.dni)
    for code, valid in (
        ("QQQQQQ", True),
        ("WWWWWW", False),
        (code_of(client.dni), False),
        (code_of(friend.dni), False),
    ):
        said = (await client.http.post(VALIDATE, json={"code": code, "client_dni": client.dni})).json()
        assert said["is_valid"] is valid, code
        if not valid:
            refused = await client.post(CREATE, **WEB, referral_code=code)
            assert refused.status_code in {409, 422}
            assert refused.json()["message"] == said["message"]


async def test_a_used_code_is_no_longer_valid(http, client, sessions):
    """F126"""
    await add_code(sessions, client)
    async with sessions.begin() as session:
        (await session.scalars(select(RewardCode))).one().used_at = func.now()
    assert (await http.post(VALIDATE, json={"code": "QQQQQQ"})).json()["is_valid"] is False


async def test_the_referral_page_adds_up_the_ledger(client, arrive, sessions):
    friend = await arrive("40000008", referred_by=client.id)
    async with sessions.begin() as session:
        session.add_all(
            [await stored(session, friend, 1, State.COMPLETADA), await stored(session, friend, 2, State.CANCELADO)]
        )
        await session.flush()
        entry = ReferralEntry(
            client_id=client.id, kind=LedgerKind.OPERATION_BENEFIT, pips=30, operation_code="EXP-9001"
        )
        session.add(entry)
    said = (await client.http.get(f"/api/referrals/stats/{client.dni}")).json()
    assert said["referral_code"] == code_of(client.dni)
    expected = {
        "total_referred_clients": 1,
        "total_completed_operations": 1,
        "total_pips_earned": 30,
        "pips_available": 30,
        "completed_uses": 1,
    }
    assert {key: said[key] for key in expected} == expected
    (person,) = said["referred_clients"]
    assert (person["name"], person["dni"], person["document_type"]) == ("Persona D.", "*****008", "DNI")
    assert (person["status"], person["operation_status"]) == ("Activo", "cancelado")
    assert friend.dni not in str(said)


async def test_a_referred_client_that_is_blocked_is_shown_as_inactive(client, arrive):
    await arrive("40000009", referred_by=client.id, status=ClientStatus.BLOQUEADO)
    said = (await client.http.get(f"/api/referrals/stats/{client.dni}")).json()
    assert [person["status"] for person in said["referred_clients"]] == ["Inactivo"]


async def test_thirty_pips_buy_a_code_for_somebody_else(client, sessions):
    await grant(sessions, client, 45)
    said = (await client.http.post(REDEEM, json={"client_dni": client.dni})).json()
    assert said["success"]
    assert is_code(said["reward_code"]["code"])
    assert said["pips_available"] == 15
    answer = await client.http.post(REDEEM, json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "PIPS_NOT_ENOUGH")
    assert "Te faltan 15" in answer.json()["message"]


async def test_pips_are_never_spent_twice(client, sessions):
    """Five redemptions at once of a balance for two."""
    await grant(sessions, client, 60)
    answers = await asyncio.gather(*(client.http.post(REDEEM, json={}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409, 409]
    async with sessions() as session:
        assert await session.scalar(select(func.sum(ReferralEntry.pips))) == 0
        assert await session.scalar(select(func.count()).select_from(RewardCode)) == 2


async def test_nobody_redeems_anothers_pips(http, client, arrive, sessions):
    await grant(sessions, client, 60)
    other = await arrive("40000002")
    assert (await http.post(REDEEM, json={"client_dni": client.dni})).status_code == 401
    assert (await other.http.post(REDEEM, json={"client_dni": client.dni})).status_code == 404
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(RewardCode)) == 0
