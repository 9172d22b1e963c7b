"""What nobody should send: every piece of it gets a sentence in Spanish that names the field, and changes nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from domain.clients import ClientStatus
from tests.integration.people import PNG, Customer, Desk, Town, new_key

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

CREATE = "/api/web/create-operation"
STAFF_CREATE = "/api/staff/operations"
ENGLISH = ("should", "required", "valid ", "value", "error", "input", "expected", "exception")
WEB = [
    ({"monto_dolares": "abc"}, "monto_dolares"),
    ({"monto_dolares": None}, "monto_dolares"),
    ({"monto_dolares": []}, "monto_dolares"),
    ({"monto_dolares": {"a": 1}}, "monto_dolares"),
    ({"monto_dolares": True}, "monto_dolares"),
    ({"monto_dolares": 0}, "monto_dolares"),
    ({"monto_dolares": -100}, "monto_dolares"),
    ({"monto_dolares": 1e300}, "monto_dolares"),
    ({"monto_dolares": 10**15}, "monto_dolares"),
    ({"monto_dolares": "NaN"}, "monto_dolares"),
    ({"monto_dolares": "Infinity"}, "monto_dolares"),
    ({"monto_dolares": 100.001}, "monto_dolares"),
    ({"monto_dolares": 0.004}, "monto_dolares"),
    ({"banco_cuenta_id": 99}, "banco_cuenta_id"),
    ({"banco_cuenta_id": -1}, "banco_cuenta_id"),
    ({"banco_cuenta_id": 10**30}, "banco_cuenta_id"),
    ({"banco_cuenta_id": "primera"}, "banco_cuenta_id"),
    ({"banco_cuenta_id": 0.5}, "banco_cuenta_id"),
    ({"tipo": "trueque"}, "tipo"),
    ({"tipo": None}, "tipo"),
    ({"tipo": 7}, "tipo"),
    ({"tipo": "compra", "banco_cuenta_id": 1}, "banco_cuenta_id"),
    ({"referral_code": "ZZZZZZ"}, "referral_code"),
    ({"referral_code": "no-es-código"}, "referral_code"),
    ({"referral_code": "x" * 500}, "referral_code"),
    ({"dni": "00000000"}, "dni"),
    ({"dni": ["77000001"]}, "dni"),
]


def refused(answer: httpx.Response, *statuses: int, field: str = "") -> dict[str, Any]:
    """A refusal as people read it, in either envelope."""
    assert answer.status_code in statuses, answer.text
    said = answer.json()
    sentence = said.get("message") or said["detail"]
    assert said["code"]
    assert not [word for word in ENGLISH if word in sentence.lower()], sentence
    assert sentence.endswith((".", "?"))
    if field:
        assert said.get("field") == field, said
    return dict(said)


async def test_a_wish_that_makes_no_sense_is_refused_by_its_field_and_creates_nothing(town: Town):
    """F020, F021, F133"""
    customer = await town.arrive()
    for change, field in WEB:
        wish = {key: value for key, value in {**customer.wish(), **change}.items() if value is not None}
        refused(await customer.post(CREATE, key=new_key(), json=wish), 404, 409, 422, field=field)
    for body in (b"", b"[]", b"null", b'"hola"', b"{", b"\xff\xfe", b'{"tipo": "compra"'):
        headers = {"Content-Type": "application/json"}
        refused(await customer.http.post(CREATE, content=body, headers=headers), 400, 422)
    assert await customer.operations() == []


async def test_what_is_somebody_elses_does_not_exist(town: Town, master: Desk):
    """F161, F166: by id, by document and by account."""
    owner, thief = await town.arrive(), await town.arrive()
    operation = await owner.create()
    number, document = operation["id"], owner.identity.document
    for answer in (
        await thief.http.get(f"/api/operations/{number}"),
        await thief.http.get(f"/api/client/operation/{number}"),
        await thief.http.get(f"/api/client/my-operations/{document}"),
        await thief.http.get(f"/api/referrals/stats/{document}"),
        await thief.post("/api/web/get-operation", json={"operation_id": number}),
        await thief.post("/api/web/my-operations", json={"dni": document}),
        await thief.post("/api/web/cancel-operation", json={"operation_id": number, "reason": "mía"}),
        await thief.post("/api/web/submit-proof", data={"operation_id": str(number), "voucher_code": "1"}),
        await thief.post(f"/api/client/submit-transfer-code/{number}", json={"codigo_operacion": "1"}),
        await thief.post("/api/web/my-accounts", json={"dni": document}),
    ):
        refused(answer, 404)
    assert (await master.look(operation["codigo_operacion"]))["version"] == 1


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999999", "abc", "1.5"])
async def test_an_operation_that_cannot_be_is_not_found_or_not_read(number: str, town: Town):
    customer = await town.arrive()
    refused(await customer.http.get(f"/api/operations/{number}"), 404, 422)
    body = {"operation_id": number, "voucher_code": "1"}
    refused(await customer.post("/api/web/submit-proof", data=body), 404, 422, field="operation_id")
    assert await customer.operations() == []


async def test_files_that_are_not_what_they_say_or_too_many_are_refused(town: Town):
    """F209"""
    customer = await town.arrive()
    operation = await customer.create()
    data = {"operation_id": str(operation["id"])}
    program = [("files", ("constancia.png", b"MZ" + b"\0" * 200, "image/png"))]
    five = [("files", (f"{n}.png", PNG, "image/png")) for n in range(5)]
    for files in (program, five):
        refused(await customer.post("/api/web/submit-proof", data=data, files=files), 422, field="files")
    refused(await customer.post("/api/web/submit-proof", data=data), 422)
    (mine,) = await customer.operations()
    assert (mine["estado"], mine["client_proofs"]) == ("pendiente", [])


async def test_a_client_who_may_not_operate_hears_why(town: Town):
    """F134, F135"""
    for status in (ClientStatus.INACTIVO, ClientStatus.BLOQUEADO):
        customer = await town.arrive(status=status)
        refused(await customer.post(CREATE, key=new_key(), json=customer.wish()), 409, 422)
        assert await customer.operations() == []


async def test_without_complete_documents_a_thousand_dollars_is_the_limit_to_the_cent(town: Town):
    """F133"""
    customer = await town.arrive(complete=False)
    refused(await customer.post(CREATE, key=new_key(), json=customer.wish(dollars=1000.01)), 409, 422)
    assert (await customer.create(dollars=1000))["monto_dolares"] == 1000


async def test_a_coupon_is_used_once(town: Town, master: Desk):
    """F126"""
    giver, taker, late = [await town.arrive() for _ in range(3)]
    friend = await town.arrive(referred_by=await code_of(giver))
    await completed(friend, master)
    reward = await redeemed(giver)
    own = {**giver.wish(), "referral_code": reward}
    refused(await giver.post(CREATE, key=new_key(), json=own), 422, field="referral_code")
    answer = await taker.post(CREATE, key=new_key(), json={**taker.wish(), "referral_code": reward})
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]["operation"]
    assert round(made["tipo_cambio"] - made["tipo_cambio_base"], 4) == 0.0030
    refused(
        await late.post(CREATE, key=new_key(), json={**late.wish(), "referral_code": reward}),
        409,
        field="referral_code",
    )
    assert await late.operations() == []


async def test_the_house_cannot_mix_clients_accounts_or_invent_them(town: Town, master: Desk):
    """F156"""
    customer, other = await town.arrive(), await town.arrive()
    pen, usd = customer.accounts
    good = {"client_id": customer.id, "kind": "Compra", "amount_usd": "100.00"}
    good |= {"source_account_id": usd, "destination_account_id": pen}
    for change, field in (
        ({"source_account_id": other.accounts[1]}, "source_account_id"),
        ({"destination_account_id": other.accounts[0]}, "destination_account_id"),
        ({"source_account_id": pen}, "source_account_id"),
        ({"source_account_id": 10**40}, "source_account_id"),
        ({"client_id": 987654321}, "client_id"),
        ({"client_id": "yo"}, "client_id"),
        ({"kind": "Trueque"}, "kind"),
        ({"amount_usd": "-1"}, "amount_usd"),
        ({"amount_usd": "0"}, "amount_usd"),
        ({"amount_usd": "1e9"}, "amount_usd"),
        ({"amount_usd": "999999999999"}, "amount_usd"),
        ({"coupon": "AAAAAA"}, "coupon"),
        ({"rate": "9.9999"}, "rate"),
    ):
        refused(await master.post(STAFF_CREATE, key=new_key(), json={**good, **change}), 404, 409, 422, field=field)
    assert await customer.operations() == []


async def test_a_step_out_of_order_is_refused_and_leaves_the_operation_as_it_was(town: Town, master: Desk):
    """F002, F004, F006, F017"""
    customer = await town.arrive()
    operation = await customer.create()
    code = operation["codigo_operacion"]
    await out_of_order(master, code, PENDING_REFUSES)
    await customer.prove(operation)
    await out_of_order(master, code, IN_PROCESS_REFUSES)
    await master.attach(code)
    await master.command(code, "complete")
    await out_of_order(master, code, COMPLETED_REFUSES)
    again = {"operation_id": str(operation["id"]), "voucher_code": "1"}
    refused(await customer.post("/api/web/submit-proof", key=new_key(), data=again), 409)
    gone = {"operation_id": operation["id"], "reason": "tarde"}
    refused(await customer.post("/api/web/cancel-operation", key=new_key(), json=gone), 409)
    refused(await master.post("/api/staff/operations/EXP-1/complete", key=new_key(), json={}), 404)


PROOF = {"files": [("file", ("p.png", PNG, "image/png"))]}
LATER = "2031-01-01T00:00:00-05:00"
PENDING_REFUSES: list[tuple[str, dict[str, Any]]] = [
    ("complete", {"json": {}}),
    ("attach-proof", PROOF),
    ("remove-proof", {"json": {"number": 1}}),
    ("return-to-pending", {"json": {"reason": "x"}}),
    ("reassign", {"json": {"operator_id": 1}}),
    ("start-processing", {"json": {}}),
    ("cancel", {"json": {"reason": "   "}}),
    ("cancel", {"json": {}}),
    ("edit", {"json": {"amount_usd": "-5"}}),
    ("edit", {"json": {"amount_usd": "muchos"}}),
    ("edit", {"json": {"version": 40, "comments": "x"}}),
    ("edit", {"json": {"deposits": [{"amount": "-1"}]}}),
    ("edit", {"json": {"payouts": [{"amount": "10", "account_id": 987654321}]}}),
    ("extend-deadline", {"json": {"expires_at": "2001-01-01T00:00:00-05:00", "reason": "x"}}),
    ("extend-deadline", {"json": {"expires_at": LATER, "reason": "x"}}),
    ("extend-deadline", {"json": {"expires_at": "mañana", "reason": "x"}}),
    ("release-hold", {"json": {"resolution": "x"}}),
    ("retry-effect", {"json": {"effect": "comprobante"}}),
    ("retry-effect", {"json": {"effect": "magia"}}),
]
IN_PROCESS_REFUSES: list[tuple[str, dict[str, Any]]] = [
    ("complete", {"json": {}}),
    ("start-processing", {"json": {}}),
    ("submit-proof", {"data": {"transfer_code": "1"}}),
    ("reassign", {"json": {"operator_id": 987654321}}),
    ("remove-proof", {"json": {"number": 900}}),
    ("extend-deadline", {"json": {"expires_at": LATER, "reason": "x"}}),
]
COMPLETED_REFUSES: list[tuple[str, dict[str, Any]]] = [
    ("complete", {"json": {}}),
    ("cancel", {"json": {"reason": "tarde"}}),
    ("edit", {"json": {"amount_usd": "5.00"}}),
    ("attach-proof", PROOF),
    ("return-to-pending", {"json": {"reason": "x"}}),
]


async def out_of_order(master: Desk, code: str, commands: list[tuple[str, dict[str, Any]]]) -> None:
    names = ("state", "version", "amount_usd", "deposits", "payouts", "comments", "expires_at", "operator")
    before = await master.look(code)
    for command, body in commands:
        answer = await master.post(f"/api/staff/operations/{code}/{command}", key=new_key(), **body)
        refused(answer, 404, 409, 422)
    after = await master.look(code)
    assert [after[name] for name in names] == [before[name] for name in names]
    assert len(after["proofs"]) == len(before["proofs"])


async def completed(customer: Customer, master: Desk) -> None:
    operation = await customer.create()
    await customer.prove(operation)
    await master.attach(operation["codigo_operacion"])
    await master.command(operation["codigo_operacion"], "complete")


async def code_of(customer: Customer) -> str:
    return str((await customer.get(f"/api/referrals/stats/{customer.identity.document}"))["referral_code"])


async def redeemed(customer: Customer) -> str:
    """A reward code for the 30 pips that a friend's operation brought."""
    for _ in range(50):
        answer = await customer.post("/api/referrals/generate-reward-code", json={})
        if answer.json()["success"]:
            return str(answer.json()["reward_code"]["code"])
    raise AssertionError(answer.text)
