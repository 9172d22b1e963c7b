"""What staff do to clients: within the portfolio, by permission, audited, and with a second person where it matters."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from db.session import Sessions
from db.tables import AuditEntry, Client, Incident
from domain.clients import KycStatus
from domain.permissions import Role
from tests.api.conftest import Person, Staff
from tests.people import add_client
from tests.temporal_server import TemporalServer
from tests.workflows.house import House, running_house

CLIENTS = "/api/staff/clients"
PEN = {"bank": "BCP", "account_type": "Ahorro", "currency": "PEN", "number": "19112345678012", "declared_own": True}
USD = {**PEN, "currency": "USD", "number": "19112345678112"}
NEW = {
    "document_type": "DNI",
    "document_number": "40000099",
    "given_names": "Rosa",
    "paternal_surname": "Inventada",
    "email": "rosa@example.test",
    "phone": "987654321",
    "accounts": [PEN, USD],
}


@pytest.fixture
async def house(app: FastAPI, sessions: Sessions, temporal_of_tests: TemporalServer) -> AsyncIterator[House]:
    async with running_house(await temporal_of_tests.env(), sessions) as made:
        app.state.services = replace(app.state.services, temporal=made.client)
        yield made


async def audited(sessions: Sessions) -> list[str]:
    async with sessions() as session:
        return list((await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))).all())


async def row(sessions: Sessions, client_id: int) -> Client:
    async with sessions() as session:
        return await session.get_one(Client, client_id)


async def post(person: Person, path: str, **body: object) -> dict[str, object]:
    answer = await person.http.post(f"{CLIENTS}/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_trader_registers_and_an_officer_activates_with_no_password_overwritten(
    house: House, staff: Staff, sessions: Sessions
):
    """F134, F143, F147: from the staff's form to Activo."""
    trader, officer = await staff("trader", Role.TRADER), await staff("oficial", Role.MIDDLE_OFFICE)
    for accounts in ([PEN], [PEN, {**USD, "declared_own": False}]):
        refused = await trader.http.post(CLIENTS, json={**NEW, "accounts": accounts})
        assert refused.status_code == 422
    made = await trader.http.post(CLIENTS, json=NEW)
    assert made.status_code == 201, made.text
    client = made.json()
    assert (client["status"], client["trader_id"], len(client["accounts"])) == ("Inactivo", trader.id, 2)
    repeated = await trader.http.post(CLIENTS, json=NEW)
    assert (repeated.status_code, repeated.json()["code"]) == (409, "DUPLICATE_DOCUMENT")
    await post(officer, f"{client['id']}/reject", reason="Faltan documentos")
    assert (await row(sessions, client["id"])).kyc_status is KycStatus.RECHAZADO
    before = await row(sessions, client["id"])
    assert (before.password_hash, before.temporary_password_hash is None) == ("", False)
    assert (await trader.http.post(f"{CLIENTS}/{client['id']}/activate", json={})).status_code == 403
    told = await audited(sessions)
    assert {"clients.register", "accounts.add", "clients.reject"} <= set(told)


async def test_identity_is_corrected_with_history_and_the_audit_holds_no_name(
    house: House, staff: Staff, sessions: Sessions
):
    officer = await staff("oficial", Role.MIDDLE_OFFICE)
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
        await add_client(session, "40000002")
    path = f"{client.id}/correct-identity"
    taken = await officer.http.post(f"{CLIENTS}/{path}", json={"document_number": "40000002", "reason": "Error"})
    assert (taken.status_code, taken.json()["code"]) == (409, "DUPLICATE_DOCUMENT")
    await post(officer, path, paternal_surname="Corregida", document_number="40000003", reason="Su DNI lo dice")
    changes = (await officer.http.get(f"{CLIENTS}/{client.id}/identity-changes")).json()
    assert {(c["field"], c["before"], c["after"]) for c in changes} >= {
        ("document_number", "40000001", "40000003"),
        ("paternal_surname", "De Prueba", "CORREGIDA"),
    }
    async with sessions() as session:
        entries = (await session.scalars(select(AuditEntry).where(AuditEntry.entity == "client"))).all()
    assert "CORREGIDA" not in str([entry.changes for entry in entries])


async def test_a_blocked_client_comes_back_as_its_review_says(staff: Staff, sessions: Sessions):
    officer = await staff("oficial", Role.MIDDLE_OFFICE)
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
    assert (await post(officer, f"{client.id}/block", reason="Orden judicial"))["status"] == "Bloqueado"
    again = await officer.http.post(f"{CLIENTS}/{client.id}/block", json={"reason": "Otra vez"})
    assert again.status_code == 409
    assert (await post(officer, f"{client.id}/unblock", reason="Se levantó"))["status"] == "Activo"


async def test_a_closed_account_frees_its_document_and_keeps_its_data_for_the_term(
    house: House, staff: Staff, sessions: Sessions
):
    """F150, support need H: nothing is deleted; the document registers again; ten years later the data goes."""
    master = await staff("maestra", Role.MASTER)
    async with sessions.begin() as session:
        client = await add_client(session, "40000099")
    await post(master, f"{client.id}/close", reason="Lo pidió el cliente")
    early = await master.http.post(f"{CLIENTS}/{client.id}/anonymise")
    assert (early.status_code, early.json()["code"]) == (409, "RETENTION")
    assert (await row(sessions, client.id)).document_number == "40000099"
    assert (await master.http.post(CLIENTS, json=NEW)).status_code == 201
    long_ago = datetime.now(UTC) - timedelta(days=3660)
    async with sessions.begin() as session:
        await session.execute(update(Client).where(Client.id == client.id).values(closed_at=long_ago))
    assert (await master.http.post(f"{CLIENTS}/{client.id}/anonymise")).status_code == 200
    gone = await row(sessions, client.id)
    assert (gone.given_names, gone.email, gone.anonymised_at is None) == ("Cuenta anonimizada", "", False)
    assert "40000099" not in gone.document_number


async def test_many_clients_change_owner_at_once_and_only_to_an_active_trader(staff: Staff, sessions: Sessions):
    master, trader = await staff("maestra", Role.MASTER), await staff("trader", Role.TRADER)
    async with sessions.begin() as session:
        ids = [(await add_client(session, f"4000000{n}")).id for n in (1, 2)]
    body = {"client_ids": ids, "trader_id": master.id, "reason": "Reparto"}
    assert (await master.http.post(f"{CLIENTS}/reassign", json=body)).status_code == 422
    assert await post(master, "reassign", client_ids=ids, trader_id=trader.id, reason="Reparto") == {"moved": 2}
    assert (await trader.http.get(CLIENTS)).json()["items"][0]["trader_id"] == trader.id


async def test_a_trader_touches_and_exports_only_its_portfolio(staff: Staff, sessions: Sessions):
    """F165; a cell that looks like a formula stays text."""
    trader = await staff("trader", Role.TRADER)
    async with sessions.begin() as session:
        mine = await add_client(session, "40000001", trader_id=trader.id)
        other = await add_client(session, "40000002")
        (await session.get_one(Client, mine.id)).given_names = "=1+1"
    assert (await trader.http.post(f"{CLIENTS}/{other.id}/edit", json={"phone": "987654321"})).status_code == 404
    assert (await post(trader, f"{mine.id}/edit", phone="987 654 322"))["phone"] == "+51987654322"
    sheet = await trader.http.post(f"{CLIENTS}/export", json={"format": "csv", "status": "Activo"})
    lines = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert [line[2] for line in lines[1:]] == ["40000001"]
    assert lines[1][3].startswith("'=1+1")
    book = await trader.http.post(f"{CLIENTS}/export", json={"format": "xlsx"})
    cells = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()
    assert [line[2] for line in cells[1:]] == ["40000001"]
    assert (await audited(sessions)).count("clients.export") == 2


async def test_one_account_under_two_clients_is_told_to_compliance_and_to_nobody_else(staff: Staff, sessions: Sessions):
    """Also when one writes the number and the other its CCI."""
    master = await staff("maestra", Role.MASTER)
    async with sessions.begin() as session:
        one, two = await add_client(session, "40000001"), await add_client(session, "40000002")
    await post(master, f"{one.id}/accounts", **{**PEN, "number": "21901234567015"})
    cci = {**PEN, "number": "00221910123456701546"}
    answer = await master.http.post(f"{CLIENTS}/{two.id}/accounts", json=cci)
    assert answer.status_code == 200, answer.text
    async with sessions() as session:
        (alert,) = (await session.scalars(select(Incident))).all()
    assert alert.subject == f"clientes-{one.id}-{two.id}"
    assert "21901234567015" not in alert.detail
    repeated = await master.http.post(f"{CLIENTS}/{one.id}/accounts", json=cci)
    assert repeated.json()["code"] == "ACCOUNT_DUPLICATE"


async def test_risk_is_declared_explained_and_hidden_from_the_desk(staff: Staff, sessions: Sessions):
    officer, trader = await staff("oficial", Role.MIDDLE_OFFICE), await staff("trader", Role.TRADER)
    async with sessions.begin() as session:
        client = await add_client(session, "40000001", trader_id=trader.id)
    incomplete = await officer.http.post(f"{CLIENTS}/{client.id}/risk", json={"pep_kind": "Directo"})
    assert (incomplete.status_code, incomplete.json()["field"]) == (422, "position")
    told = await post(officer, f"{client.id}/risk", pep_kind="Directo", position="Alcalde", entity="Municipio")
    assert (told["regime"], told["score"]) == ("Reforzada", 35)
    assert {f["name"]: f["points"] for f in told["history"][0]["factors"]} == {
        "promedio": 0, "frecuencia": 0, "pep": 30, "listas": 15, "procesos": 0, "documentos": -10,
    }  # fmt: skip
    assert (await trader.http.get(f"{CLIENTS}/{client.id}/risk")).status_code == 403


async def test_the_book_is_answered_once_and_the_person_is_told(house: House, staff: Staff, sessions: Sessions):
    officer = await staff("oficial", Role.MIDDLE_OFFICE)
    sheet = {
        "tipoDocumento": "DNI",
        "numeroDocumento": "40000099",
        "nombres": "Rosa",
        "apellidos": "Inventada",
        "email": "rosa@example.test",
        "tipoSolicitud": "Reclamo",
        "detalle": "El abono demoró.",
    }
    await officer.http.post("/api/web/complaints", data=sheet)
    (line,) = (await officer.http.get("/api/staff/complaints")).json()["items"]
    path = f"/api/staff/complaints/{line['id']}"
    assert (await officer.http.post(f"{path}/take")).json()["status"] == "En revisión"
    answer = {"answer": "Devolvimos la diferencia a tu cuenta."}
    first = await officer.http.post(f"{path}/answer", json=answer, headers={"Idempotency-Key": "clic"})
    assert first.json()["status"] == "Respondido", first.text
    assert (await officer.http.post(f"{path}/answer", json=answer)).status_code == 409
    await house.client.get_workflow_handle(f"reclamo-{line['id']}").result()
    assert [house.outside.done[notice] for notice in ("reclamo_copia", "reclamo_casa", "reclamo_respuesta")] == [
        1,
        1,
        1,
    ]
