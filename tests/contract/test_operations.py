"""Contract #19 to #23, M8 to M11: the life of an operation as its client sees it."""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from db.tables import Client, Operation, RewardCode
from domain.clients import ClientStatus
from domain.operations import Origin, State

CREATE = "/api/web/create-operation"
WEB = {"tipo": "compra", "monto_dolares": 31, "monto_soles": 1.00, "banco_cuenta_id": 1}
BOTH_STYLES = {
    "codigo_operacion": "operation_id",
    "estado": "status",
    "monto_dolares": "amount_usd",
    "monto_soles": "amount_pen",
    "tipo_cambio": "exchange_rate",
    "fecha_creacion": "created_at",
    "fecha_actualizacion": "updated_at",
}

pytestmark = pytest.mark.usefixtures("rates")


def operation_of(answer):
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["operation"]


async def count(sessions):
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(Operation))


async def test_the_web_creates_and_the_server_computes_the_soles(client, house):
    made = operation_of(await client.post(CREATE, **WEB))
    assert made["monto_soles"] == 105.43  # 31 × 3.4010 = 105.431
    assert (made["tipo"], made["operation_type"]) == ("compra", "Compra")
    assert (made["estado"], made["origen"]) == ("pendiente", "web")
    assert {made[web] == made[mobile] for web, mobile in BOTH_STYLES.items()} == {True}
    assert isinstance(made["id"], int)
    assert made["fecha_creacion"].endswith("-05:00")
    assert made["expires_at"]


async def test_the_web_of_january_finds_the_company_account_to_pay_into(client, house):
    """With a bare account number it showed none (contract #21), also after a reload of the list."""
    made = operation_of(await client.post(CREATE, **WEB))
    listed = (await client.post("/api/web/my-operations")).json()["data"][0]
    for operation in (made, listed):
        assert operation["source_account_info"]["banco_nombre"] == "BCP"
        assert operation["source_bank_name"] == "BCP"
        assert operation["cuenta_empresa"]["banco"] == "BCP"
        assert operation["cuenta_empresa"]["moneda"] == "$"
        assert operation["cuenta_empresa"]["usar"] == "numero_cuenta"


async def test_the_same_key_gives_the_same_operation_and_another_key_none(client, house, sessions):
    body = {"dni": client.dni, **WEB}
    first = await client.http.post(CREATE, json=body, headers={"Idempotency-Key": "k-1"})
    again = await client.http.post(CREATE, json=body, headers={"Idempotency-Key": "k-1"})
    other = await client.http.post(CREATE, json=body, headers={"Idempotency-Key": "k-2"})
    assert operation_of(again)["id"] == operation_of(first)["id"]
    assert (other.status_code, other.json()["code"]) == (409, "ACTIVE_OPERATION")
    assert await count(sessions) == 1


async def test_the_same_key_with_another_amount_is_refused(client, house):
    await client.http.post(CREATE, json=WEB, headers={"Idempotency-Key": "k-1"})
    other = await client.http.post(CREATE, json={**WEB, "monto_dolares": 32}, headers={"Idempotency-Key": "k-1"})
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_five_clicks_without_a_key_give_one_operation_and_after_its_end_a_new_one(client, house, sessions):
    """F001"""
    first = operation_of(await client.post(CREATE, **WEB))
    others = await asyncio.gather(*(client.post(CREATE, **WEB) for _ in range(4)))
    assert {operation_of(answer)["codigo_operacion"] for answer in others} == {first["codigo_operacion"]}
    await client.post("/api/web/cancel-operation", operation_id=first["id"], reason="Ya no")
    second = operation_of(await client.post(CREATE, **WEB))
    assert second["id"] != first["id"]
    assert await count(sessions) == 2


async def test_ten_different_creates_at_once_give_one_operation(client, house, sessions):
    """F018"""
    answers = await asyncio.gather(*(client.post(CREATE, **{**WEB, "monto_dolares": 31 + n}) for n in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert await count(sessions) == 1


async def test_a_venta_from_the_web_is_in_dollars(client, house):
    made = operation_of(await client.post(CREATE, tipo="venta", monto_dolares=100, monto_soles=1, banco_cuenta_id=0))
    assert (made["monto_dolares"], made["monto_soles"], made["tipo_cambio"]) == (100.0, 341.2, 3.412)
    assert made["cuenta_empresa"]["moneda"] == "S/"


async def test_a_venta_from_the_mobile_is_typed_in_soles(client, house):
    """Contract 0.8: S/ 1,000 was booked as US$ 1,000. Its own rate and unit are not believed."""
    answer = await client.http.post(
        "/api/client/create-operation",
        json={
            "client_dni": client.dni,
            "operation_type": "Venta",
            "amount_usd": 1000,
            "exchange_rate": 1.5,
            "source_account": "19110012345602",
            "destination_account": "19110012345601",
            "notes": "",
        },
    )
    made = answer.json()["operation"]
    assert (made["amount_usd"], made["amount_pen"], made["exchange_rate"]) == (293.08, 999.99, 3.412)
    assert made["origen"] == Origin.APP
    assert made["operation_type"] == "Venta"
    assert made["created_at"].endswith("-05:00")


async def test_a_compra_from_the_mobile_is_typed_in_dollars(client, house):
    body = {"operation_type": "Compra", "amount_usd": 100, "exchange_rate": 9, "destination_account": "19110012345602"}
    made = (await client.http.post("/api/client/create-operation", json=body)).json()["operation"]
    assert (made["amount_usd"], made["amount_pen"]) == (100.0, 340.1)


async def test_a_reward_code_improves_the_rate_that_is_stored(client, arrive, house, sessions):
    """F129: amount and rate must agree on paper."""
    friend = await arrive("40000002")
    async with sessions.begin() as session:
        session.add(RewardCode(code="QQQQQQ", owner_id=friend.id, pips=30))
    made = operation_of(await client.post(CREATE, **{**WEB, "monto_dolares": 1000}, referral_code="qqqqqq"))
    assert (made["tipo_cambio"], made["tipo_cambio_base"], made["monto_soles"]) == (3.404, 3.401, 3404.0)
    assert (await client.post("/api/referrals/validate", code="QQQQQQ")).json()["is_valid"] is False


async def test_a_client_in_review_hears_that_and_not_that_an_account_is_missing(arrive, house):
    """F135"""
    newcomer = await arrive("40000005", status=ClientStatus.INACTIVO)
    answer = await newcomer.post(CREATE, **{**WEB, "banco_cuenta_id": 5})
    assert (answer.status_code, answer.json()["code"]) == (422, "KYC_PENDING")
    assert answer.json()["success"] is False


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"monto_dolares": 0}, "AMOUNT_NOT_POSITIVE"),
        ({"monto_dolares": -5}, "AMOUNT_NOT_POSITIVE"),
        ({"monto_dolares": 10.005}, "AMOUNT_DECIMALS"),
        ({"monto_dolares": 1e15}, "AMOUNT_TOO_LARGE"),
        ({"monto_dolares": "mil"}, "INVALID"),
        ({"monto_dolares": None}, "INVALID"),
        ({"tipo": "trueque"}, "KIND_UNKNOWN"),
        ({"banco_cuenta_id": 7}, "ACCOUNT_UNKNOWN"),
        ({"banco_cuenta_id": -1}, "ACCOUNT_UNKNOWN"),
        ({"banco_cuenta_id": 0}, "ACCOUNT_CURRENCY"),
        ({"referral_code": "NOPE"}, "CODE_FORMAT"),
        ({"referral_code": "ZZZZZZ"}, "COUPON_UNKNOWN"),
    ],
)
async def test_what_cannot_be_created_is_refused_and_nothing_changes(client, sessions, change, code):
    answer = await client.post(CREATE, **{**WEB, **change})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["success"] is False
    assert not re.search("PEN|USD", answer.json()["message"])  # people say soles and dólares
    assert await count(sessions) == 0


async def test_over_the_limit_without_documents_the_same_code_as_every_channel(client, sessions):
    async with sessions.begin() as session:
        (await session.get_one(Client, client.id)).has_complete_documents = False
    answer = await client.post(CREATE, **{**WEB, "monto_dolares": 1000.01})
    assert (answer.status_code, answer.json()["code"]) == (422, "LIMIT_EXCEEDED")


async def test_with_temporal_away_creating_answers_503_and_reading_works(client):
    answer = await client.post(CREATE, **WEB)
    assert answer.status_code == 503
    assert answer.json()["success"] is False
    assert answer.headers["retry-after"]
    assert (await client.post("/api/web/my-operations")).json() == {"success": True, "data": []}


async def test_one_operation_is_the_same_at_every_path(client, house):
    """F045: one number works everywhere."""
    made = operation_of(await client.post(CREATE, **WEB))
    number = made["id"]
    seen = [
        (await client.post("/api/web/my-operations")).json()["data"][0],
        (await client.post("/api/web/get-operation", operation_id=number)).json()["data"],
        (await client.http.get(f"/api/operations/{number}")).json()["data"],
        (await client.http.get(f"/api/client/operation/{number}")).json()["operation"],
        (await client.http.get(f"/api/client/my-operations/{client.dni}")).json()["operations"][0],
    ]
    assert all(operation["codigo_operacion"] == made["codigo_operacion"] for operation in seen)
    assert {tuple(operation) for operation in seen} == {tuple(made)}


async def test_totals_count_only_completed_operations(client, sessions):
    """F063: one completed and one cancelled."""
    async with sessions.begin() as session:
        session.add_all(
            [await stored(session, client, 1, State.COMPLETADA), await stored(session, client, 2, State.CANCELADO)]
        )
    assert (await client.post("/api/web/stats")).json()["data"] == {
        "total_operations": 1,
        "completed_operations": 1,
        "pending_operations": 0,
        "total_soles": 340.1,
        "total_dolares": 100.0,
    }
    amounts = [row["monto_soles"] for row in (await client.post("/api/web/my-operations")).json()["data"]]
    assert amounts == [340.1, 340.1]


@pytest.mark.parametrize(
    ("state", "wire"),
    [
        (State.PENDIENTE, "pendiente"),
        (State.EN_PROCESO, "en_proceso"),
        (State.COMPLETADA, "completado"),
        (State.CANCELADO, "cancelado"),
        (State.EXPIRADA, "expirado"),
    ],
)
async def test_each_state_is_written_as_the_clients_compare_it(client, sessions, state, wire):
    """F027, F029"""
    async with sessions.begin() as session:
        session.add(await stored(session, client, 1, state))
    row = (await client.post("/api/web/my-operations")).json()["data"][0]
    assert (row["estado"], row["status"]) == (wire, wire)


async def test_the_reason_of_a_closing_never_reaches_the_client(client, sessions):
    """It may be the resolution of a compliance hold."""
    async with sessions.begin() as session:
        operation = await stored(session, client, 1, State.CANCELADO)
        operation.reason = "coincidencia en lista"
        session.add(operation)
    assert "coincidencia" not in (await client.post("/api/web/my-operations")).text


async def test_the_list_is_newest_first_and_at_most_fifty(client, sessions):
    async with sessions.begin() as session:
        session.add_all([await stored(session, client, n, State.COMPLETADA) for n in range(52)])
    rows = (await client.post("/api/web/my-operations")).json()["data"]
    ids = [row["id"] for row in rows]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 50


async def stored(session, client, number, state):
    """A row as some workflow would have left it."""
    from datetime import UTC, datetime

    from db import accounts
    from domain.operations import Assessment, Kind

    usd, pen = await accounts.live(session, client.id)
    now = datetime.now(UTC)
    return Operation(
        code=f"EXP-{9000 + number}",
        version=2,
        last_update_id="x",
        client_id=client.id,
        kind=Kind.COMPRA,
        origin=Origin.SISTEMA,
        state=state,
        amount_usd=Decimal("100.00"),
        amount_pen=Decimal("340.10"),
        base_rate=Decimal("3.4010"),
        rate=Decimal("3.4010"),
        source_account_id=usd.id,
        destination_account_id=pen.id,
        source_bank=usd.bank,
        source_account=usd.number,
        destination_bank=pen.bank,
        destination_account=pen.number,
        assessment=Assessment.CLEAR,
        created_at=now,
        updated_at=now,
        finished_at=None if state in {State.PENDIENTE, State.EN_PROCESO} else now,
    )
