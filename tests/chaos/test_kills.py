"""kill -9 of one piece while everybody is in the middle of something: all arrive, and everything happened once."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import Counter
from typing import Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.clients import DocumentType
from tests.chaos.patience import Crowd
from tests.integration.people import Customer, Desk, Town, eventually
from tests.integration.running import Stack, wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

log = logging.getLogger(__name__)
# The suite's share; `CHAOS_OPERATIONS=50` for the full run.
OPERATIONS = int(os.environ.get("CHAOS_OPERATIONS", "10"))
# How far everybody is, of the way, when the blow falls: at 0.85 they are completing and being invoiced.
MOMENT = float(os.environ.get("CHAOS_MOMENT", "0.85"))
STEPS = 4
MAILS = 4


# The two workers die in the same instant, as when their machine does.
VICTIMS = {"worker": ("worker", "effects"), "api": ("api",), "temporal": ("temporal",), "postgres": ("postgres",)}


@pytest.mark.parametrize("victim", VICTIMS)
async def test_all_operations_arrive_and_everything_happens_once_when_one_process_is_killed(
    victim: str, doomed: Stack, crowd: Town, boss: Desk
):
    """F001, F088, F090, F101, F125: with nobody repairing anything afterwards."""
    referrer = await crowd.arrive()
    people = await arrivals(crowd, referrer)
    began, insistent = time.monotonic(), Crowd()
    driving = asyncio.gather(
        *(insistent.live(one, boss, ("compra", "venta")[n % 2]) for n, one in enumerate(people)),
    )
    await insistent.reached(int(OPERATIONS * STEPS * MOMENT)).wait()
    killed = {piece: doomed.kill(piece) for piece in VICTIMS[victim]}
    codes = await driving
    answered = time.monotonic() - began
    await everything_paid(doomed, codes)
    wait_until(doomed.ready, within=30, what="the house is not ready")
    assert all(doomed.pid(piece) != number for piece, number in killed.items())
    paid = time.monotonic() - began
    log.info("%s: %s operations answered in %.1f s, nothing owed in %.1f s", victim, OPERATIONS, answered, paid)
    log.info("%s: answers %s", victim, dict(insistent.answers))
    assert "500" not in insistent.answers
    await check_books(doomed, boss, referrer, codes)


async def arrivals(crowd: Town, referrer: Customer) -> list[Customer]:
    """Half persons, half companies, so that both series of comprobantes are in use; all brought by one client."""
    document = referrer.identity.document
    code = (await referrer.get(f"/api/referrals/stats/{document}"))["referral_code"]
    kinds = [(DocumentType.DNI, DocumentType.RUC)[n % 2] for n in range(OPERATIONS)]
    return list(await asyncio.gather(*(crowd.arrive(kind, referred_by=code) for kind in kinds)))


async def everything_paid(stack: Stack, codes: list[str]) -> None:
    """Every workflow has closed, which it does when it owes nothing."""
    wait_until(stack.ready, within=60, what="the house is not ready")
    client = await Client.connect(stack.place["temporal_address"], data_converter=pydantic_data_converter)

    async def closed() -> bool:
        handles = [client.get_workflow_handle(code) for code in codes]
        statuses = {(await handle.describe()).status for handle in handles}
        return statuses == {WorkflowExecutionStatus.COMPLETED}

    await eventually(closed, within=120, what="workflows still owe something")


async def check_books(stack: Stack, boss: Desk, referrer: Customer, codes: list[str]) -> None:
    """What each outside service and the house itself say about these operations."""
    assert len(set(codes)) == OPERATIONS
    seen = [await boss.look(code) for code in codes]
    assert {one["state"] for one in seen} == {"Completada"}
    assert [one["version"] for one in seen] == [4] * OPERATIONS
    check_invoices(stack, seen)
    check_mails(stack, codes)
    document = referrer.identity.document
    stats = await referrer.get(f"/api/referrals/stats/{document}")
    assert (stats["total_pips_earned"], stats["total_completed_operations"]) == (30 * OPERATIONS, OPERATIONS)


def check_invoices(stack: Stack, seen: list[dict[str, Any]]) -> None:
    codes = [one["code"] for one in seen]
    documents = stack.documents(codes)
    assert Counter(d["request"]["codigo_unico"] for d in documents) == dict.fromkeys(codes, 1)
    ours = {(i["series"], i["number"], i["status"]) for one in seen for i in one["invoices"]}
    assert ours == {(d["serie"], d["numero"], "Aceptado") for d in documents}
    assert stack.gaps() == []


def check_mails(stack: Stack, codes: list[str]) -> None:
    """Four mails each. A mail that was sent again after a lost answer has the same Message-ID: one in the mailbox."""
    mails = stack.received("mail")
    about = [mail for mail in mails if any(code in mail["subject"] for code in codes)]
    per_code = Counter(code for mail in about for code in codes if code in mail["subject"])
    assert per_code == dict.fromkeys(codes, MAILS)
    assert len({mail["message_id"] for mail in about}) == MAILS * OPERATIONS
    again = [mail["copies"] - 1 for mail in about if mail["copies"] > 1]
    log.info("mails sent again under the same Message-ID: %s of %s", sum(again), len(about))
    # What was between the mail server's answer and our record of it when a process died: once more, never twice.
    assert set(again) <= {1}
