"""Contract #16 to #18, M16, M17: the client's bank accounts."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from db.tables import ClientAccount

MINE, ADD, REMOVE = "/api/web/my-accounts", "/api/web/add-bank-account", "/api/web/remove-bank-account"
# Invented, with their check digits right.
BCP = {
    "bank_name": "BCP",
    "account_number": "19310012345678",
    "account_type": "Ahorro",
    "currency": "S/",
    "origen": "Lima",
}
BBVA_CCI = "01136600010003254221"
BANBIF_CCI = "03840210700123456746"


async def test_accounts_come_in_their_order_with_both_key_styles(client):
    accounts = (await client.post(MINE)).json()["data"]
    assert [account["currency"] for account in accounts] == ["$", "S/"]
    for account in accounts:
        assert account["bank_name"] == account["banco"] == "BCP"
        assert account["account_number"] == account["numero_cuenta"]
        assert account["account_type"] == account["tipo_cuenta"] == "Ahorro"
        assert account["currency"] == account["moneda"]
        assert account["origen"] == "Lima"


async def test_a_new_account_comes_last_and_the_whole_list_comes_back(client):
    said = (await client.post(ADD, **BCP)).json()
    assert said["success"]
    assert [account["account_number"] for account in said["bank_accounts"]][2:] == ["19310012345678"]
    assert (await client.post(MINE)).json()["data"] == said["bank_accounts"]


async def test_a_seventh_account_is_refused_with_the_words_that_open_the_overlay(client):
    for last in range(4):
        assert (await client.post(ADD, **{**BCP, "account_number": f"1931001234567{last}"})).status_code == 200
    answer = await client.post(ADD, **{**BCP, "account_number": "19310012345679"})
    assert answer.status_code == 409
    assert "6 cuenta" in answer.json()["message"]
    assert "máximo" in answer.json()["message"]


async def test_two_clicks_add_one_account(client, sessions):
    answers = await asyncio.gather(*(client.post(ADD, **BCP) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(ClientAccount)) == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"bank_name": "BANCO DE LA LUNA"}, "bank_name"),
        ({"currency": "EUR"}, "currency"),
        ({"account_type": "Plazo"}, "account_type"),
        ({"origen": "Marte"}, "origen"),
        ({"account_number": "123"}, "account_number"),
        ({"account_number": "doce"}, "account_number"),
        ({"bank_name": "BBVA"}, "account_number"),
        ({"bank_name": "BBVA", "account_number": "01136200010004650000"}, "account_number"),
        ({"bank_name": "SCOTIABANK", "account_number": BBVA_CCI}, "account_number"),
        ({"bank_name": "BANBIF", "account_number": BANBIF_CCI, "origen": "Provincia"}, "bank_name"),
        ({"bank_name": None}, "bank_name"),
    ],
)
async def test_an_account_that_cannot_be_is_refused_by_its_field(client, change, field):
    """F153, F158"""
    answer = await client.post(ADD, **{**BCP, **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert answer.json()["success"] is False
    assert len((await client.post(MINE)).json()["data"]) == 2


@pytest.mark.parametrize("spelling", ["Banco de Crédito", "bcp ", "BCP"])
async def test_a_bank_has_one_name_however_it_is_spelt(client, spelling):
    """F153"""
    said = (await client.post(ADD, **{**BCP, "bank_name": spelling})).json()
    assert said["bank_accounts"][-1]["bank_name"] == "BCP"


@pytest.mark.parametrize(("currency", "wire"), [("PEN", "S/"), ("USD", "$"), ("US$", "$")])
async def test_a_currency_is_read_by_code_or_symbol_and_written_as_the_contract_says(client, currency, wire):
    """F152"""
    said = (await client.post(ADD, **{**BCP, "currency": currency})).json()
    assert said["bank_accounts"][-1]["currency"] == wire


async def test_the_mobile_names_another_bank_and_sends_its_cci(client):
    body = {**BCP, "bank_name": "Caja Imaginaria", "account_number": BBVA_CCI, "cci": BBVA_CCI}
    said = (await client.http.post(f"/api/client/add-bank-account/{client.dni}", json=body)).json()
    assert said["success"]
    assert said["bank_accounts"][-1]["bank_name"] == "Caja Imaginaria"


async def test_removing_hides_the_account_and_the_others_keep_their_order(client, sessions):
    """F156: old operations point at it."""
    await client.post(ADD, **BCP)
    said = (await client.post(REMOVE, account_index=1)).json()
    assert [account["account_number"] for account in said["bank_accounts"]] == ["19110012345601", "19310012345678"]
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(ClientAccount)) == 3


async def test_the_mobile_removes_by_path(client):
    await client.post(ADD, **BCP)
    answer = await client.http.delete(f"/api/client/delete-bank-account/{client.dni}/2")
    assert answer.json()["success"]
    assert len(answer.json()["bank_accounts"]) == 2


@pytest.mark.parametrize("index", [0, 1])
async def test_one_account_in_each_currency_must_be_left(client, index):
    """Through both doors alike: the mobile's had no minimum."""
    by_web = await client.post(REMOVE, account_index=index)
    by_mobile = await client.http.delete(f"/api/client/delete-bank-account/{client.dni}/{index}")
    assert (by_web.status_code, by_mobile.status_code) == (409, 409)
    assert "Agrega otra" in by_web.json()["message"]


@pytest.mark.parametrize("index", [-1, 2, 10**12])
async def test_a_place_that_is_not_in_the_list_is_refused(client, index):
    answer = await client.post(REMOVE, account_index=index)
    assert (answer.status_code, answer.json()["code"]) == (422, "ACCOUNT_UNKNOWN")


async def test_a_removed_account_can_be_added_again(client):
    await client.post(ADD, **BCP)
    await client.post(REMOVE, account_index=2)
    assert (await client.post(ADD, **BCP)).json()["success"]
