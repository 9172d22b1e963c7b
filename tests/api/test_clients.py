"""Clients as the people of the house read them."""

from __future__ import annotations

from db.session import Sessions
from domain.clients import DocumentType
from domain.permissions import Role
from tests.api.conftest import Staff
from tests.people import add_client


async def test_a_trader_sees_its_portfolio_and_nothing_else(staff: Staff, sessions: Sessions):
    """F165."""
    one, two = await staff("uno", Role.TRADER), await staff("dos", Role.TRADER)
    async with sessions.begin() as session:
        mine = await add_client(session, "40000001", trader_id=one.id)
        theirs = await add_client(session, "40000002", trader_id=two.id)
        nobodys = await add_client(session, "40000003")
    listed = (await one.http.get("/api/staff/clients")).json()["items"]
    assert [item["id"] for item in listed] == [mine.id]
    for foreign in (theirs.id, nobodys.id, 10**9):
        assert (await one.http.get(f"/api/staff/clients/{foreign}")).status_code == 404
    found = await one.http.post("/api/staff/clients/search", json={"search": "40000002"})
    assert found.json()["items"] == []


async def test_a_list_masks_documents_and_goes_on_by_cursor(staff: Staff, sessions: Sessions):
    person = await staff("marta", Role.MASTER)
    async with sessions.begin() as session:
        ids = [(await add_client(session, f"4000000{n}")).id for n in range(1, 6)]
    first = (await person.http.get("/api/staff/clients", params={"limit": 3})).json()
    second = (await person.http.get("/api/staff/clients", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in first["items"] + second["items"]] == ids[::-1]
    assert second["next_cursor"] is None
    assert first["items"][0]["document_masked"] == "*****005"
    assert "40000005" not in str(first)


async def test_search_finds_by_document_name_and_mail_in_any_case(staff: Staff, sessions: Sessions):
    person = await staff("oscar", Role.OPERADOR)
    async with sessions.begin() as session:
        company = await add_client(session, "20100070970", document_type=DocumentType.RUC)
        await add_client(session, "40000001")
    for wanted in ("20100070970", "empresa de", "C20100070970@EXAMPLE"):
        found = (await person.http.post("/api/staff/clients/search", json={"search": wanted})).json()
        assert [item["id"] for item in found["items"]] == [company.id], wanted
    nothing = (await person.http.post("/api/staff/clients/search", json={"search": "%%"})).json()
    assert nothing["items"] == []


async def test_one_client_shows_its_accounts(staff: Staff, sessions: Sessions):
    person = await staff("mo", Role.MIDDLE_OFFICE)
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
    told = (await person.http.get(f"/api/staff/clients/{client.id}")).json()
    assert told["name"] == "Persona De Prueba"
    assert told["document_number"] == "40000001"
    assert [(a["id"], a["currency"]) for a in told["accounts"]] == [(client.usd, "USD"), (client.pen, "PEN")]
    assert "password" not in str(told)
