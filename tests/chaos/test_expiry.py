"""The client's fifteen minutes are over when they are over, whoever was up at that moment."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.benches.stack import second_api
from tests.integration.people import Customer, Desk, Town, eventually, new_key
from tests.integration.running import ENVIRONMENT, Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

log = logging.getLogger(__name__)
# 0.1 minutes: six seconds. The rule is the same; nobody waits a quarter of an hour in a test.
SHORT = {"OPERATION_EXPIRY": "0.1", **ENVIRONMENT}
PRECISE = timedelta(seconds=2)


async def hurried(customer: Customer, api: str) -> dict[str, Any]:
    """An operation that was asked for at this API, with its short term to transfer."""
    answer = await customer.post(f"{api}/api/web/create-operation", key=new_key(), json=customer.wish())
    return dict(answer.json()["data"]["operation"])


async def test_an_operation_left_alone_expires_at_its_minute_also_when_everything_was_down_at_it(
    doomed: Stack, crowd: Town, boss: Desk
):
    """F014, F015: on time while the house is open; on return when a power cut covered the moment; told once."""
    attended, forgotten = await crowd.arrive(), await crowd.arrive()
    with second_api(doomed.data, **SHORT) as api:
        first = await hurried(attended, api)
        await expired(boss, first["codigo_operacion"], within=30)
        seen = await boss.look(first["codigo_operacion"])
        assert abs(moment(seen["finished_at"]) - moment(first["expires_at"])) <= PRECISE
        second = await hurried(forgotten, api)
        doomed.crash()
        assert datetime.now(UTC) < moment(second["expires_at"])
    await asyncio.sleep(7)
    await asyncio.to_thread(doomed.start)
    back = datetime.now(UTC)
    await expired(boss, second["codigo_operacion"], within=20)
    seen = await boss.look(second["codigo_operacion"])
    assert moment(second["expires_at"]) < back
    assert moment(seen["finished_at"]) <= back + timedelta(seconds=10)
    log.info("expired %s after the house was back", moment(seen["finished_at"]) - back)
    for customer, operation in ((attended, first), (forgotten, second)):
        await told_once(doomed, boss, customer, operation)


async def expired(boss: Desk, code: str, *, within: float) -> None:
    async def over() -> bool:
        return bool((await boss.look(code))["state"] == "Expirada")

    await eventually(over, within=within, what=f"{code} does not expire")


async def told_once(stack: Stack, boss: Desk, customer: Customer, operation: dict[str, Any]) -> None:
    code = operation["codigo_operacion"]

    async def mails() -> list[dict[str, Any]]:
        return stack.mails(code, "expir")

    (mail,) = await eventually(mails, what=f"nobody was told that {code} expired")
    assert (mail["copies"], mail["recipients"]) == (1, [customer.identity.email])
    events = [event["event"] for event in (await boss.look(code))["events"]]
    assert events.count("expire") == 1
    (mine,) = await customer.operations()
    assert mine["estado"] == "expirado"
    late = {"operation_id": str(operation["id"]), "voucher_code": "1"}
    assert (await customer.post("/api/web/submit-proof", data=late)).status_code == 409


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
