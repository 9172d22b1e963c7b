"""The life of an operation from outside, of each type and from each origin, with all that it leaves behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle

from domain.clients import DocumentType
from tests.integration.people import Customer, Desk, Town, eventually, new_key
from tests.integration.running import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

DNI, CE, RUC = DocumentType.DNI, DocumentType.CE, DocumentType.RUC
PHONE = "ExponentPushToken[telefono-{:06}]"
STORY = {
    "web": ["create", "submit_proof", "attach_proof", "complete"],
    "app": ["create", "submit_proof", "attach_proof", "complete"],
    "sistema": ["create", "edit", "start_processing", "attach_proof", "complete"],
}


@dataclass(frozen=True, kw_only=True)
class Life:
    """An operation that has run its whole course."""

    code: str
    customer: Customer
    referrer: Customer
    seen: dict[str, Any]


async def live(town: Town, master: Desk, *, origin: str, kind: str, document: DocumentType) -> Life:
    """From the client's wish until nothing is owed."""
    referrer = await town.arrive()
    customer = await town.arrive(document, referred_by=(await stats(referrer))["referral_code"])
    phone = await customer.post("/api/client/register-push-token", json={"push_token": PHONE.format(customer.id)})
    assert phone.json()["success"] is True
    code = await BIRTHS[origin](customer, master, kind)
    await master.attach(code)
    await master.command(code, "complete")
    return Life(code=code, customer=customer, referrer=referrer, seen=await settled(master, code))


async def settled(master: Desk, code: str) -> dict[str, Any]:
    """The operation once its comprobante is accepted and every notice has left."""

    async def look() -> dict[str, Any] | None:
        seen = await master.look(code)
        accepted = any(invoice["status"] == "Aceptado" for invoice in seen["invoices"])
        sent, waiting = (
            {one["notice"] for one in seen["deliveries"] if one["status"] == status}
            for status in ("enviado", "pendiente")
        )
        return seen if accepted and {"creada", "en_proceso", "completada"} <= sent and not waiting else None

    return await eventually(look, what=f"{code} does not end")


async def from_web(customer: Customer, master: Desk, kind: str) -> str:
    operation = await customer.create(kind.lower(), 250)
    await customer.prove(operation)
    return str(operation["codigo_operacion"])


async def from_app(customer: Customer, master: Desk, kind: str) -> str:
    one = customer.identity
    source, destination = (one.usd, one.pen) if kind == "Compra" else (one.pen, one.usd)
    wish = {"client_dni": one.document, "operation_type": kind, "amount_usd": 250, "exchange_rate": 1.0}
    places = {"source_account": source, "destination_account": destination}
    answer = await customer.post("/api/client/create-operation", json={**wish, **places})
    assert answer.status_code == 201, answer.text
    operation = answer.json()["operation"]
    path = f"/api/client/submit-transfer-code/{operation['id']}"
    sent = await customer.post(path, json={"codigo_operacion": "00123456"})
    assert sent.status_code == 200, sent.text
    return str(operation["codigo_operacion"])


async def from_desk(customer: Customer, master: Desk, kind: str) -> str:
    code = await master.write_down(customer, kind, "250.00")
    seen = await master.look(code)
    owed = seen["amount_usd"] if kind == "Compra" else seen["amount_pen"]
    await master.command(code, "edit", json={"deposits": [{"amount": owed, "transfer_code": "00123456"}]})
    await master.command(code, "start-processing")
    return code


BIRTHS = {"web": from_web, "app": from_app, "sistema": from_desk}


async def stats(customer: Customer) -> dict[str, Any]:
    return dict(await customer.get(f"/api/referrals/stats/{customer.identity.document}"))


@pytest.mark.parametrize(
    ("origin", "kind", "document"),
    [
        ("web", "Compra", DNI),
        ("web", "Venta", RUC),
        ("app", "Compra", CE),
        ("app", "Venta", DNI),
        ("sistema", "Compra", RUC),
        ("sistema", "Venta", CE),
    ],
)
async def test_an_operation_runs_to_its_end_and_leaves_everything_it_owes_once(
    *, origin: str, kind: str, document: DocumentType, stack: Stack, town: Town, master: Desk, temporal_client: Client
) -> None:
    """F088, F091, F092, F095, F101, F119: invoice, mails, push and pips of one operation, each exactly once."""
    life = await live(town, master, origin=origin, kind=kind, document=document)
    assert (life.seen["state"], life.seen["kind"], life.seen["origin"]) == ("Completada", kind, origin)
    check_figures(life, kind)
    check_invoice(stack, life, document)
    check_mails(stack, life)
    pushed = [p["message"]["data"]["type"] for p in stack.received("push", PHONE.format(life.customer.id))]
    assert sorted(pushed) == ["operation_completada", "operation_creada", "operation_en_proceso"]
    assert (await stats(life.referrer))["total_pips_earned"] == 30
    check_story(life, origin)
    await check_temporal(temporal_client, life, origin, kind)


def check_figures(life: Life, kind: str) -> None:
    """PEN is USD at the house's rate, to the cent."""
    usd, rate = Decimal(life.seen["amount_usd"]), Decimal(life.seen["rate"])
    assert Decimal(life.seen["amount_pen"]) == (usd * rate).quantize(Decimal("0.01"))
    paid, received = life.seen["deposits"][0]["amount"], life.seen["payouts"][0]["amount"]
    pays_usd = kind == "Compra"
    assert (paid, received) == tuple(life.seen[name] for name in figures(usd_first=pays_usd))


def figures(*, usd_first: bool) -> tuple[str, str]:
    return ("amount_usd", "amount_pen") if usd_first else ("amount_pen", "amount_usd")


def check_invoice(stack: Stack, life: Life, document: DocumentType) -> None:
    """One comprobante of the whole amount in PEN, inafecto (9): factura for RUC, boleta for the others (F091, F092)."""
    (taken,) = stack.documents([life.code])
    request, total = taken["request"], Decimal(life.seen["amount_pen"])
    kind = {RUC: (1, "F001", "6"), DNI: (2, "B001", "1"), CE: (2, "B001", "4")}[document]
    names = ("tipo_de_comprobante", "serie", "cliente_tipo_de_documento")
    assert tuple(type(want)(request[name]) for name, want in zip(names, kind, strict=True)) == kind
    assert request["cliente_numero_de_documento"] == life.customer.identity.document
    assert Decimal(str(request["total"])) == Decimal(str(request["total_inafecta"])) == total
    assert [line["tipo_de_igv"] for line in request["items"]] == [9]
    assert f"{Decimal(life.seen['rate']):.4f}" in request["items"][0]["descripcion"]
    (invoice,) = life.seen["invoices"]
    assert (invoice["status"], invoice["series"], invoice["number"]) == (
        "Aceptado",
        request["serie"],
        request["numero"],
    )


def check_mails(stack: Stack, life: Life) -> None:
    """To the client: created, in process, completed with its PDF; to the desk: created. One copy each."""
    mails = stack.mails(life.code)
    address = life.customer.identity.email
    mine = [mail for mail in mails if mail["recipients"] == [address]]
    others = [mail for mail in mails if address not in mail["recipients"]]
    assert [mail["copies"] for mail in mails] == [1] * 4, [mail["subject"] for mail in mails]
    assert (len(mine), len(others)) == (3, 1)
    assert {"lucia.rojas@qoricash.example", "rosa.quispe@qoricash.example"} <= set(others[0]["recipients"])
    attached = [file for mail in mine for file in mail["attachments"]]
    (invoice,) = life.seen["invoices"]
    assert [file["content_type"] for file in attached] == ["application/pdf"]
    assert f"{invoice['series']}-{invoice['number']}" in attached[0]["name"]
    assert attached[0]["size"] > 1000


def check_story(life: Life, origin: str) -> None:
    """The house reads the same steps, version by version."""
    told = [event for event in life.seen["events"] if event["event"] not in {"assessed", "assess"}]
    assert [event["event"] for event in sorted(told, key=lambda one: one["version"])] == STORY[origin]
    assert [event["version"] for event in told] == list(range(1, len(told) + 1))
    assert life.seen["temporal_url"].endswith(life.code)


async def closed(client: Client, code: str) -> None:
    """Wait until the workflow of an operation owes nothing more."""

    async def over() -> bool:
        return (await client.get_workflow_handle(code).describe()).status is WorkflowExecutionStatus.COMPLETED

    await eventually(over, what=f"the workflow of {code} stays open")


async def check_temporal(client: Client, life: Life, origin: str, kind: str) -> None:
    """Readable in Spanish by support, and without a word that tells whose operation it is (F186)."""
    handle = client.get_workflow_handle(life.code)
    await closed(client, life.code)
    about = await handle.describe()
    summary = await about.static_summary()
    assert summary is not None
    assert summary.startswith(f"{kind} US$ ")
    assert summary.endswith(f"· {origin}")
    found = {pair.key.name: pair.value for pair in about.typed_search_attributes}
    assert (found["OpEstado"], found["OpTipo"], found["OpOrigen"]) == ("Completada", kind, origin)
    assert found["ClienteId"] == str(life.customer.id)
    history = await handle.fetch_history()
    kept = b"".join(event.SerializeToString() for event in history.events) + about.raw_description.SerializeToString()
    leaked = [word for word in life.customer.identity.private if word.encode() in kept]
    assert leaked == []
    assert len(history.events) <= (85 if origin != "sistema" else 100)


async def test_a_running_operation_says_in_temporal_where_it_stands_and_what_it_waits_for(
    town: Town, master: Desk, temporal_client: Client
):
    customer = await town.arrive()
    operation = await customer.create("venta", 150)
    code = operation["codigo_operacion"]
    handle = temporal_client.get_workflow_handle(code)
    pending = await details(handle)
    assert f"### {code} · Pendiente" in pending
    assert "Espera que el cliente transfiera" in pending
    assert "**Vence:**" in pending
    await customer.prove(operation)
    working = await details(handle)
    assert "Espera que el operador pague" in working
    assert "sin asignar" not in working
    assert [word for word in customer.identity.private if word in pending + working] == []
    await master.command(code, "cancel", json={"reason": "Fin de la prueba"})


async def details(handle: WorkflowHandle[Any, Any]) -> str:
    """What the Temporal UI shows of a workflow that runs."""
    return str((await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)).current_details)


async def test_five_clicks_three_of_them_at_once_are_one_operation_and_five_equal_answers(town: Town):
    """F001"""
    customer, key = await town.arrive(), new_key()
    path, wish = "/api/web/create-operation", customer.wish()
    together = await asyncio.gather(*(customer.post(path, key=key, json=wish) for _ in range(3)))
    after = [await customer.post(path, key=key, json=wish) for _ in range(2)]
    answers = [*together, *after]
    assert [answer.status_code for answer in answers] == [201] * 5, [answer.text for answer in answers]
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert len(await customer.operations()) == 1


async def test_a_key_used_again_with_another_body_is_refused_and_changes_nothing(town: Town, master: Desk):
    customer, key = await town.arrive(), new_key()
    operation = await customer.create("compra", 100, key=key)
    again = await customer.post("/api/web/create-operation", key=key, json=customer.wish("compra", 200))
    assert (again.status_code, again.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    (mine,) = await customer.operations()
    assert (mine["id"], mine["monto_dolares"]) == (operation["id"], 100)


async def test_two_people_completing_in_the_same_instant_get_one_yes_and_one_no(town: Town, master: Desk):
    """F008"""
    customer = await town.arrive()
    code = await from_web(customer, master, "Compra")
    await master.attach(code)
    path = f"/api/staff/operations/{code}/complete"
    answers = await asyncio.gather(*(master.post(path, key=new_key(), json={}) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    await settled(master, code)


async def test_a_client_gives_up_and_everybody_hears_it_once(stack: Stack, town: Town):
    customer = await town.arrive()
    operation = await customer.create()
    code, body = operation["codigo_operacion"], {"operation_id": operation["id"], "reason": "Ya no la necesito"}
    answers = [await customer.post("/api/web/cancel-operation", json=body) for _ in range(2)]
    assert [answer.json()["data"]["operation"]["estado"] for answer in answers] == ["cancelado"] * 2

    async def told() -> list[dict[str, Any]]:
        return [mail for mail in stack.mails(code) if "ancel" in mail["subject"]]

    (mail,) = await eventually(told)
    assert mail["copies"] == 1


async def test_a_repeat_that_comes_after_the_end_gets_the_first_answer_and_makes_no_other_operation(
    town: Town, master: Desk, temporal_client: Client
):
    """F001: a phone that was without signal sends its request again when the operation is long over."""
    customer, key = await town.arrive(), new_key()
    operation = await customer.create(key=key)
    cancel = {"operation_id": operation["id"], "reason": "Ya no la necesito"}
    await customer.post("/api/web/cancel-operation", json=cancel)
    await closed(temporal_client, operation["codigo_operacion"])
    for _ in range(3):
        again = await customer.post("/api/web/create-operation", key=key, json=customer.wish())
        assert again.status_code == 201, again.text
        assert again.json()["data"]["operation"]["id"] == operation["id"]
    assert len(await customer.operations()) == 1


async def test_a_repeated_completion_gets_its_first_answer_while_open_and_after_the_end(
    town: Town, master: Desk, temporal_client: Client
):
    """F002"""
    customer, key = await town.arrive(), new_key()
    code = await from_web(customer, master, "Venta")
    await master.attach(code)
    first = await master.command(code, "complete", key=key)
    assert await master.command(code, "complete", key=key) == first
    await closed(temporal_client, code)
    assert await master.command(code, "complete", key=key) == first


async def test_a_refused_command_may_be_tried_again_with_its_key_when_the_reason_is_gone(town: Town, master: Desk):
    """F133: the limit counts what is open; the same click is right once the other operation is cancelled."""
    customer, key = await town.arrive(complete=False), new_key()
    code, other = [await master.write_down(customer, "Compra", dollars) for dollars in ("900.00", "100.00")]
    path, body = f"/api/staff/operations/{code}/edit", {"amount_usd": "1000.00"}
    assert (await master.post(path, key=key, json=body)).status_code in {409, 422}
    await master.command(other, "cancel", json={"reason": "Se duplicó"})
    assert (await master.post(path, key=key, json=body)).status_code == 200
    assert (await master.look(code))["amount_usd"] == "1000.00"
