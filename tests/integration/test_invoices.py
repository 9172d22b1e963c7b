"""The life of a comprobante in the running house: pending, rejected, replaced, annulled, credited; by API and mail."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import Response
from temporalio.client import Client

from domain.clients import DocumentType
from tests.integration.people import Customer, Desk, Town, eventually, new_key
from tests.integration.running import Stack
from tests.integration.test_outages import ready_to_complete

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]


async def one(master: Desk, code: str, status: str, *, within: float = 60) -> dict[str, Any]:
    """The operation's newest comprobante, once it is in `status`."""

    async def look() -> dict[str, Any] | None:
        found = (await master.get(f"/api/staff/invoices?operation_code={code}"))["items"]
        return found[0] if found and found[0]["status"] == status else None

    return await eventually(look, within=within, what=f"{code} has no comprobante {status}")


async def whole(master: Desk, invoice_id: int) -> dict[str, Any]:
    return dict(await master.get(f"/api/staff/invoices/{invoice_id}"))


async def act(desk: Desk, invoice_id: int, action: str, **body: Any) -> Response:
    return await desk.post(f"/api/staff/invoices/{invoice_id}/{action}", key=new_key(), json=body)


async def becomes(master: Desk, invoice_id: int, what: str, **wanted: Any) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        found = await whole(master, invoice_id)
        return found if all(found[name] == value for name, value in wanted.items()) else None

    return await eventually(look, within=60, what=what)


async def note_of(master: Desk, code: str) -> dict[str, Any]:
    """The nota de crédito of an operation, once SUNAT has accepted it."""

    async def look() -> dict[str, Any] | None:
        notes = (await master.get(f"/api/staff/invoices?operation_code={code}&type=nota_credito"))["items"]
        return notes[0] if notes and notes[0]["status"] == "Aceptado" else None

    return await eventually(look, within=60, what=f"{code} has no nota")


async def mailed(stack: Stack, code: str, *words: str) -> dict[str, Any]:
    async def look() -> list[dict[str, Any]]:
        return stack.mails(code, *words)

    return (await eventually(look, within=60, what=f"no mail {words} about {code}"))[0]


async def completed(town: Town, master: Desk, customer: Customer) -> str:
    code = await ready_to_complete(town, master, customer)
    await master.command(code, "complete")
    return code


@pytest.fixture(scope="package")
async def second(town: Town, master: Desk, stack: Stack) -> Desk:
    """Another Master: the second pair of eyes."""
    body = {"username": "segunda", "email": "segunda@casa.example", "full_name": "Segunda", "role": "Master"}
    answer = await master.post("/api/staff/users", key=new_key(), json={**body, "password": "clave-De-prueba-7"})
    assert answer.status_code == 201, answer.text
    return await town.desk("segunda", "clave-De-prueba-7")


async def test_a_pending_boleta_is_sent_until_sunat_answers_and_its_papers_become_ours(
    stack: Stack, town: Town, master: Desk, temporal_client: Client
):
    """F093: `aceptada_por_sunat` false is Enviado; asking brings the answer, and PDF, XML and CDR to our store."""
    customer = await town.arrive()
    stack.inject("nubefact", "pending_sunat", operacion="generar_comprobante")
    code = await completed(town, master, customer)
    sent = await one(master, code, "Enviado")
    assert (sent["accepted_at"], sent["stands"]) == (None, True)
    assert "aún no la confirma" in (await mailed(stack, code, "Te pagamos"))["text"]
    clock = temporal_client.get_schedule_handle("respuestas-sunat")
    await clock.trigger()

    async def rounds() -> Any:
        return (await clock.describe()).info.recent_actions

    await eventually(rounds, what="the schedule starts no round")
    answer = await act(master, sent["id"], "ask")
    assert answer.status_code == 200, answer.text
    accepted = await becomes(master, sent["id"], "never accepted", status="Aceptado")
    assert [attempt["action"] for attempt in accepted["attempts"]] == ["generar", "consultar"]
    assert all(attempt["request"]["authorization"].startswith("****") for attempt in accepted["attempts"])
    assert [(paper["kind"], paper["ours"]) for paper in accepted["papers"]] == [
        ("pdf", True),
        ("xml", True),
        ("cdr", True),
    ]
    paper = await customer.http.get(f"/api/web/invoices/{sent['id']}/pdf")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    assert paper.content.startswith(b"%PDF")
    stranger = await town.arrive()
    assert (await stranger.http.get(f"/api/web/invoices/{sent['id']}/pdf")).status_code == 404


async def test_a_rejected_factura_is_told_corrected_and_replaced_under_a_new_number(
    stack: Stack, town: Town, master: Desk
):
    """F098: its number is burnt, is never asked for again and stays as history of the one that replaces it."""
    customer = await town.arrive(DocumentType.RUC)
    stack.inject("nubefact", "reject_sunat", operacion="generar_comprobante", detail="2017")
    code = await completed(town, master, customer)
    rejected = await one(master, code, "Rechazado")
    assert (rejected["sunat_code"], rejected["what_to_do"][:22]) == ("2017", "Una factura solo se em")
    calls = len((await whole(master, rejected["id"]))["attempts"])
    refused = await act(master, rejected["id"], "retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "NUMBER_BURNT")
    ran = await act(master, rejected["id"], "reissue", reason="RUC corregido", contact={"address": "Jr. Nuevo 45"})
    assert ran.status_code == 200, ran.text
    replacing = await one(master, code, "Aceptado")
    assert (replacing["series"], replacing["number"] > rejected["number"]) == (rejected["series"], True)
    story = await whole(master, rejected["id"])
    assert (story["status"], story["stands"], len(story["attempts"])) == ("Rechazado", False, calls)
    assert story["family"] == [
        {"id": replacing["id"], "name": replacing["name"], "type": "factura", "status": "Aceptado"}
        | {"relation": "lo reemplaza"}
    ]
    sent = [one for one in stack.received("nubefact") if one["request"]["codigo_unico"].startswith(code)]
    assert [document["request"]["cliente_direccion"] for document in sent] == ["Av. Inventada 123", "Jr. Nuevo 45"]
    # The completion mail was still waiting for its comprobante.
    assert replacing["name"] in (await mailed(stack, code, "Te pagamos"))["text"]
    again = await act(master, rejected["id"], "reissue", reason="Otra vez")
    assert (again.status_code, again.json()["code"]) == (409, "REPLACED")


async def test_a_late_rejection_reaches_the_masters_and_its_replacement_the_client(
    stack: Stack, town: Town, master: Desk
):
    """The operation's own workflow has ended by then; a resend goes to every address, each with its state."""
    customer = await town.arrive()
    stack.inject("nubefact", "later_sunat", operacion="generar_comprobante", seconds=60)
    code = await completed(town, master, customer)
    sent = await one(master, code, "Enviado")
    await mailed(stack, code, "Te pagamos")
    stack.sunat("rejected", code="2800", serie=sent["series"], numero=sent["number"])
    assert (await act(master, sent["id"], "ask")).json()["status"] == "Rechazado"
    told = await mailed(stack, code, "Comprobante rechazado")
    assert "(2800)" in told["text"]
    assert "El tipo de documento de identidad" in told["text"]
    account = await master.get("/api/staff/invoices/account")
    assert account["works"]
    assert any(sent["name"] in one for one in account["incidents"])
    ran = await act(master, sent["id"], "reissue", reason="Sin cambios del cliente")
    assert ran.status_code == 200, ran.text
    replacing = await one(master, code, "Aceptado")
    letter = await mailed(stack, code, f"Tu boleta {replacing['name']}")
    assert [paper["name"] for paper in letter["attachments"]] == [f"{replacing['name']}.pdf"]
    answer = await act(master, replacing["id"], "resend")
    assert answer.status_code == 200, answer.text

    async def delivered() -> list[str]:
        seen = (await whole(master, replacing["id"]))["deliveries"]
        return [one["status"] for one in seen if one["key"] == answer.json()["key"] and one["status"] == "enviado"]

    await eventually(delivered, within=60, what="never delivered")


async def test_an_annulment_takes_two_people_and_ends_with_sunats_word(
    stack: Stack, town: Town, master: Desk, second: Desk
):
    code = await completed(town, master, await town.arrive())
    accepted = await one(master, code, "Aceptado")
    asked = await act(master, accepted["id"], "void", reason="Se emitió a otro cliente")
    assert asked.json()["voids"][0]["state"] == "Solicitada", asked.text
    alone = await act(master, accepted["id"], "void/approve")
    assert (alone.status_code, alone.json()["code"]) == (403, "TWO_PEOPLE")
    denied = await act(second, accepted["id"], "void/refuse", reason="Falta el sustento")
    assert (denied.json()["voids"][0]["state"], denied.json()["status"]) == ("Negada", "Aceptado")
    await act(master, accepted["id"], "void", reason="Con sustento")
    approved = await act(second, accepted["id"], "void/approve")
    assert approved.status_code == 200, approved.text
    annulled = await becomes(master, accepted["id"], "never annulled", status="Anulado")
    assert [(void["state"], void["method"]) for void in annulled["voids"]] == [("Negada", None), ("Hecha", "baja")]
    assert annulled["voids"][1]["ticket"]
    assert "ya no la uses" in (await mailed(stack, code, "Anulamos"))["text"]
    again = await act(master, accepted["id"], "reissue", reason="El comprobante correcto")
    assert again.status_code == 200, again.text
    assert (await one(master, code, "Aceptado"))["number"] > accepted["number"]


async def test_a_credited_comprobante_stands_in_the_books_and_its_nota_goes_to_the_client(
    stack: Stack, town: Town, master: Desk, second: Desk
):
    """Also when SUNAT does not take the baja: the nota de crédito is what is left."""
    customer = await town.arrive()
    code = await completed(town, master, customer)
    accepted = await one(master, code, "Aceptado")
    stack.inject("nubefact", "reject_sunat", operacion="generar_anulacion", detail="2105")
    await act(master, accepted["id"], "void", reason="Devolución total", note_reason=6)
    assert (await act(second, accepted["id"], "void/approve")).status_code == 200
    note = await note_of(master, code)
    assert (note["series"], note["total"]) == ("BC01", accepted["total"])
    credited = await becomes(master, accepted["id"], "never credited", stands=False)
    assert (credited["status"], credited["voids"][0]["method"]) == ("Aceptado", "nota_credito")
    letter = await mailed(stack, code, "nota de crédito")
    assert [one["name"] for one in letter["attachments"]] == [f"{note['name']}.pdf"]
    (sent,) = [one for one in stack.received("nubefact", code) if one["tipo_de_comprobante"] == 3]
    assert sent["request"]["tipo_de_nota_de_credito"] == 6
    shown = next(o for o in await customer.operations() if o["codigo_operacion"] == code)["invoices"]
    assert [one["invoice_type"] for one in shown] == ["Boleta", "Nota de crédito"]


async def test_a_completed_operation_is_reversed_by_two_people(stack: Stack, town: Town, master: Desk, second: Desk):
    """Need B4 of support: ledger, bank movements, comprobante and pips go back together, and the state stays told."""
    code = await completed(town, master, await town.arrive())
    accepted = await one(master, code, "Aceptado")
    path = f"/api/staff/operations/{code}/reversal"

    async def taken() -> bool:
        return (await master.post(path, json={"reason": "Se pagó a otra cuenta"})).status_code == 201

    await eventually(taken, within=30, what="its own workflow does not end")
    assert (await master.get(path))["state"] == "Solicitada"
    alone = await master.post(f"{path}/approve")
    assert (alone.status_code, alone.json()["code"]) == (403, "TWO_PEOPLE")
    approved = await second.post(f"{path}/approve")
    assert (approved.status_code, approved.json()["state"]) == (200, "Aprobada"), approved.text
    await becomes(master, accepted["id"], "never annulled", status="Anulado")

    async def ended() -> bool:
        return (await master.get(path))["state"] == "Hecha"

    await eventually(ended, within=30, what="the reversal does not end")
    again = await act(master, accepted["id"], "reissue", reason="Otro")
    assert (again.status_code, again.json()["code"]) == (409, "OPERATION_REVERSED")
