"""Contract #27, M18: the papers of the KYC."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from db.tables import ClientDocument, Notification
from domain.clients import ClientStatus, DocumentType
from tests.contract.conftest import PNG

UPLOAD = "/api/client/upload-dni"
# Papers are a command to the onboarding's workflow.
pytestmark = pytest.mark.usefixtures("house")


async def papers(sessions):
    async with sessions() as session:
        return [
            (row.kind, row.size)
            for row in (await session.scalars(select(ClientDocument).order_by(ClientDocument.id))).all()
        ]


async def test_a_person_sends_both_sides_and_sees_them_in_its_profile(arrive, sessions):
    """F135: a client that is not active yet can send them."""
    newcomer = await arrive("40000006", status=ClientStatus.INACTIVO)
    data = {"dni": newcomer.dni}
    answer = await newcomer.send(UPLOAD, data, ("dni_front", PNG), ("dni_back", PNG + b"2"))
    assert answer.json()["success"], answer.text
    assert "aprobados" in answer.json()["message"]
    me = (await newcomer.post("/api/client/me")).json()["client"]
    picture = await newcomer.http.get(me["dni_front_url"])
    assert (picture.status_code, picture.content) == (200, PNG)
    assert me["dni_back_url"] != me["dni_front_url"]
    assert await papers(sessions) == [("dni_front", len(PNG)), ("dni_back", len(PNG) + 1)]


async def test_what_is_still_missing_is_said(client):
    answer = await client.send(UPLOAD, {"dni": client.dni}, ("dni_front", PNG))
    assert "falta el reverso" in answer.json()["message"]


async def test_a_company_needs_only_its_ficha(arrive):
    """F140"""
    company = await arrive("20512333797", kind=DocumentType.RUC)
    answer = await company.send(UPLOAD, {"dni": company.dni}, ("ruc_ficha", b"%PDF-1.7 ficha"))
    assert "aprobados" in answer.json()["message"]
    me = (await company.post("/api/client/me")).json()["client"]
    assert me["ficha_ruc_url"]
    assert me["dni_representante_front_url"] is None


async def test_the_same_picture_twice_is_one_paper(client, sessions):
    for _ in range(2):
        await client.send(UPLOAD, {"dni": client.dni}, ("dni_front", PNG))
    assert len(await papers(sessions)) == 1


async def test_middle_office_is_told_once_by_internal_id(client, sessions):
    await client.send(UPLOAD, {"dni": client.dni}, ("dni_front", PNG), ("dni_back", PNG + b"2"))
    async with sessions() as session:
        (told,) = (await session.scalars(select(Notification))).all()
    assert (told.room, told.payload) == ("role_Middle Office", {"client_id": client.id})


async def test_sending_papers_activates_nobody(arrive):
    newcomer = await arrive("40000006", status=ClientStatus.INACTIVO)
    await newcomer.send(UPLOAD, {}, ("dni_front", PNG), ("dni_back", PNG))
    assert (await newcomer.post("/api/client/me")).json()["client"]["status"] == "Inactivo"


async def test_with_the_store_down_nothing_is_recorded(client, sessions, shelf):
    """F209"""
    shelf.inject("down")
    answer = await client.send(UPLOAD, {"dni": client.dni}, ("dni_front", PNG))
    assert (answer.status_code, answer.json()["success"]) == (503, False)
    assert await papers(sessions) == []


@pytest.mark.parametrize(
    ("files", "field"), [((), "dni_front"), ((("dni_front", PNG), ("dni_back", b"MZ\x90")), "dni_back")]
)
async def test_papers_that_are_none_are_refused_whole(client, sessions, files, field):
    answer = await client.send(UPLOAD, {"dni": client.dni}, *files)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert await papers(sessions) == []
