"""Outside services that are away, slow or half-hearted: nobody waits for them, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.integration.people import PNG, Customer, Desk, Town, eventually, new_key
from tests.integration.running import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

MANY = 20
# While NubeFact is away a completion must answer as fast as ever; this allows for a busy machine.
AT_ONCE = 5.0


async def ready_to_complete(town: Town, master: Desk, customer: Customer | None = None) -> str:
    """An operation En proceso whose client has been paid."""
    customer = customer or await town.arrive()
    operation = await customer.create()
    await customer.prove(operation)
    code = str(operation["codigo_operacion"])
    await master.attach(code)
    return code


async def invoiced(master: Desk, code: str, *, within: float = 60) -> dict[str, Any]:
    """The operation's comprobante, once SUNAT has it."""

    async def look() -> dict[str, Any] | None:
        found = [one for one in (await master.look(code))["invoices"] if one["status"] == "Aceptado"]
        return found[0] if found else None

    return await eventually(look, within=within, what=f"{code} has no comprobante")


async def numbered(master: Desk, code: str) -> None:
    """Wait until the operation's comprobante has its number."""

    async def look() -> bool:
        return bool((await master.look(code))["invoices"])

    await eventually(look, within=30, what=f"{code} has no number")


async def test_with_nubefact_down_completions_answer_at_once_and_the_comprobantes_follow_in_order(
    stack: Stack, town: Town, master: Desk
):
    """F082, F088, F090: twenty completions, one after another, during an outage; after it, twenty consecutive numbers.

    A number is reserved a moment after the completion that it belongs to: each waits here for the one before it.
    """
    codes = await asyncio.gather(*(ready_to_complete(town, master) for _ in range(MANY)))
    # A Master may have moved a series on by hand in this house; that is no gap of these operations.
    skipped = stack.gaps()
    stack.inject("nubefact", "down")
    took = []
    for code in codes:
        began = time.monotonic()
        assert (await master.command(code, "complete"))["state"] == "Completada"
        took.append(time.monotonic() - began)
        await numbered(master, code)
    assert max(took) < AT_ONCE
    assert stack.documents(codes) == []
    stack.heal()
    invoices = [await invoiced(master, code) for code in codes]
    numbers = [invoice["number"] for invoice in invoices]
    assert numbers == list(range(numbers[0], numbers[0] + MANY))
    assert sorted(d["request"]["codigo_unico"] for d in stack.documents(codes)) == sorted(codes)
    assert stack.gaps() == skipped


@pytest.mark.parametrize("failure", ["timeout_after", "500_after", "wrong_json", "timeout_before", "500", "html"])
async def test_an_answer_lost_on_the_way_back_makes_no_second_comprobante(
    failure: str, stack: Stack, town: Town, master: Desk
):
    """F088: whether NubeFact took it or not, one document, and the number that was reserved for it."""
    code = await ready_to_complete(town, master)
    skipped = stack.gaps()
    stack.inject("nubefact", failure, operacion="generar_comprobante", seconds=4)
    await master.command(code, "complete")
    invoice = await invoiced(master, code)
    (document,) = stack.documents([code])
    assert (document["serie"], document["numero"]) == (invoice["series"], invoice["number"])
    assert stack.gaps() == skipped


async def test_a_mail_server_that_is_away_delays_mails_and_doubles_none(stack: Stack, town: Town, master: Desk):
    """F101, F111: the operation goes on without it; each mail arrives once when it is back."""
    stack.inject("mail", "down")
    code = await ready_to_complete(town, master)
    await master.command(code, "complete")
    await invoiced(master, code)
    assert stack.mails(code) == []
    stack.heal()
    await eventually(lambda: told(stack, code, 4), within=60, what=f"the mails of {code}")
    await asyncio.sleep(1)
    mails = stack.mails(code)
    assert [mail["copies"] for mail in mails] == [1] * 4, [mail["subject"] for mail in mails]
    assert len({mail["message_id"] for mail in mails}) == 4


async def told(stack: Stack, code: str, mails: int) -> bool:
    return len(stack.mails(code)) >= mails


async def test_a_mail_taken_without_an_answer_is_the_same_mail_when_it_is_sent_again(
    stack: Stack, town: Town, master: Desk
):
    """Its Message-ID is the operation's own, so that the client's mailbox shows one."""
    customer = await town.arrive()
    stack.inject("mail", "timeout_after", seconds=30)
    operation = await customer.create()
    code = operation["codigo_operacion"]

    async def sent() -> bool:
        told = (await master.look(code))["deliveries"]
        return bool(told) and all(one["status"] == "enviado" for one in told if one["channel"] == "correo")

    await eventually(sent, within=60, what="the mails do not leave")
    mails = stack.mails(code)
    assert len(mails) == 2
    assert sorted(mail["copies"] for mail in mails) == [1, 2]


async def test_without_a_file_store_a_proof_is_refused_and_the_operation_stays_as_it_was(
    stack: Stack, town: Town, master: Desk
):
    """F032, F209"""
    customer = await town.arrive()
    operation = await customer.create()
    before = await master.look(operation["codigo_operacion"])
    stack.inject("files", "down")
    answer = await customer.post(
        "/api/web/submit-proof",
        key=new_key(),
        data={"operation_id": str(operation["id"])},
        files=[("files", ("constancia.png", PNG, "image/png"))],
    )
    assert answer.status_code == 503
    assert "No pudimos guardar tu archivo" in answer.json()["message"]
    after = await master.look(operation["codigo_operacion"])
    same = ("state", "version", "proofs", "deposits")
    assert [after[name] for name in same] == [before[name] for name in same]
    stack.heal()
    await customer.prove(operation)
    assert (await customer.operations())[0]["estado"] == "en_proceso"
