"""Contract #24, #25, M12, M13: the client shows that it has transferred."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from db.tables import Deposit, Operation, Payout, Proof
from domain.operations import State
from tests.contract.conftest import PNG
from tests.contract.test_operations import CREATE, WEB

pytestmark = pytest.mark.usefixtures("rates")

PROOF = "/api/web/submit-proof"
OTHER_PNG = PNG + b"otra"


@pytest.fixture
async def operation(client, house):
    return (await client.post(CREATE, **{**WEB, "monto_dolares": 100})).json()["data"]["operation"]


async def state(sessions):
    async with sessions() as session:
        return (await session.scalars(select(Operation))).one()


async def rows(sessions, table):
    async with sessions() as session:
        return (await session.scalars(select(table).order_by(table.number))).all()


async def test_the_webs_proof_puts_it_in_process_with_its_abono_and_pago(client, operation, sessions):
    """F030: only a link was stored; amount, code and account were blank in the operator's form."""
    data = {"operation_id": operation["id"], "voucher_code": "00123456"}
    answer = await client.send(PROOF, data, ("files", PNG), ("files", OTHER_PNG))
    assert answer.status_code == 200, answer.text
    seen = answer.json()["data"]["operation"]
    assert (seen["estado"], seen["status"]) == ("en_proceso", "en_proceso")
    assert seen["client_deposits"][0]["importe"] == 100.0
    assert seen["client_deposits"][0]["codigo_operacion"] == "00123456"
    assert seen["client_deposits"][0]["cuenta_cargo"] == "19110012345601"
    assert len(seen["client_proofs"]) == 2
    picture = await client.http.get(seen["comprobante_url"])
    assert (picture.status_code, picture.content, picture.headers["content-type"]) == (200, PNG, "image/png")
    (pago,) = await rows(sessions, Payout)
    assert (str(pago.amount), pago.account) == ("340.10", "19110012345602")


async def test_a_code_alone_is_enough(client, operation):
    answer = await client.send(PROOF, {"operation_id": operation["id"], "voucher_code": "1"})
    assert answer.json()["data"]["operation"]["estado"] == "en_proceso"


async def test_the_mobile_sends_only_the_code(client, operation):
    answer = await client.http.post(
        f"/api/client/submit-transfer-code/{operation['id']}", json={"codigo_operacion": "77"}
    )
    assert answer.json()["operation"]["status"] == "en_proceso"


async def test_the_web_of_january_sends_one_file(client, operation):
    answer = await client.send(f"/api/operations/{operation['id']}/upload-proof", {}, ("comprobante", PNG))
    assert answer.json()["success"]
    assert answer.json()["operation"]["estado"] == "en_proceso"


async def test_the_same_proof_clicked_twice_is_one_proof(client, operation, sessions):
    data = {"operation_id": operation["id"], "voucher_code": "9"}
    for _ in range(2):
        assert (await client.send(PROOF, data, ("files", PNG))).json()["success"]
    assert len(await rows(sessions, Proof)) == 1
    assert len(await rows(sessions, Deposit)) == 1


async def test_the_mobile_sends_one_abono_with_each_picture(client, operation, sessions):
    """Two parts of what is owed, each with its own picture."""
    path = f"/api/client/upload-deposit-proof/{operation['id']}"
    first = {"deposit_index": 0, "importe": 60, "codigo_operacion": "A1"}
    second = {"deposit_index": 1, "importe": 40, "codigo_operacion": "A2"}
    assert (await client.send(path, first, ("file", PNG))).status_code == 200
    seen = (await client.send(path, second, ("file", OTHER_PNG))).json()["operation"]
    assert [(d["importe"], d["codigo_operacion"]) for d in seen["client_deposits"]] == [(60.0, "A1"), (40.0, "A2")]
    assert seen["client_deposits"][0]["comprobante_url"]
    assert seen["client_deposits"][1]["comprobante_url"]


async def test_the_mobile_of_january_repeats_the_whole_amount_with_every_picture(client, operation, sessions):
    path = f"/api/client/upload-deposit-proof/{operation['id']}"
    for place, content in enumerate((PNG, OTHER_PNG)):
        data = {"deposit_index": place, "importe": 100, "codigo_operacion": "A1"}
        assert (await client.send(path, data, ("file", content))).status_code == 200
    assert [str(row.amount) for row in await rows(sessions, Deposit)] == ["100.00"]
    assert len(await rows(sessions, Proof)) == 2


async def test_neither_a_file_nor_a_code_is_refused_and_nothing_changes(client, operation, sessions):
    """F032"""
    answer = await client.send(PROOF, {"operation_id": operation["id"], "voucher_code": " "})
    assert (answer.status_code, answer.json()["code"]) == (422, "PROOF_EMPTY")
    assert (await state(sessions)).state is State.PENDIENTE


async def test_with_the_store_down_the_answer_is_503_and_nothing_changes(client, operation, sessions, shelf):
    """F032, F209: the deadline too stays as it was."""
    before = await state(sessions)
    shelf.inject("down")
    answer = await client.send(PROOF, {"operation_id": operation["id"], "voucher_code": "5"}, ("files", PNG))
    assert (answer.status_code, answer.json()["code"]) == (503, "STORAGE_DOWN")
    after = await state(sessions)
    assert (after.state, after.version, after.expires_at) == (before.state, before.version, before.expires_at)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"<script>alert(1)</script>", "FILE_KIND"), (b"", "FILE_EMPTY"), (PNG + b"x" * 10_485_760, "FILE_TOO_LARGE")],
)
async def test_a_file_is_judged_by_its_bytes(client, operation, sessions, content, code):
    """F213: named .png, and it is not one."""
    answer = await client.send(PROOF, {"operation_id": operation["id"]}, ("files", content))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await state(sessions)).state is State.PENDIENTE


async def test_five_files_are_too_many(client, operation):
    files = [("files", PNG + bytes([n])) for n in range(5)]
    answer = await client.send(PROOF, {"operation_id": operation["id"]}, *files)
    assert (answer.status_code, answer.json()["code"]) == (422, "TOO_MANY_PROOFS")


async def test_a_closed_operation_takes_no_proof(client, operation):
    await client.post("/api/web/cancel-operation", operation_id=operation["id"], reason="Ya no")
    answer = await client.send(PROOF, {"operation_id": operation["id"]}, ("files", PNG))
    assert (answer.status_code, answer.json()["code"]) == (409, "WRONG_STATE")
    assert "Cancelado" in answer.json()["message"]


async def test_an_abono_above_what_is_owed_is_refused(client, operation):
    path = f"/api/client/upload-deposit-proof/{operation['id']}"
    answer = await client.send(path, {"importe": "100.01"}, ("file", PNG))
    assert (answer.status_code, answer.json()["field"]) == (422, "importe")


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999", "abc"])
async def test_a_number_that_is_no_operation_is_refused(client, number):
    answer = await client.send(PROOF, {"operation_id": number, "voucher_code": "1"})
    assert answer.status_code in {404, 422}
    assert answer.json()["success"] is False
