"""Records one history of every path: `python -m tests.histories.record [Operation] [InvoiceVoid]…`.

Run it after a change of a workflow that is meant to be incompatible (there is a `patched()` for what still runs), and
commit what it writes. tests/workflows/test_replay.py replays each of them on the present code.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle

from db import migrations
from db.session import make_engine, make_sessions
from db.settings import DatabaseSettings
from domain import commands as c
from domain.operations import Effect, Origin
from tests import clean_database
from tests.conftest import postgres
from tests.free_ports import free_port
from tests.histories.onboardings import ONBOARDINGS
from tests.people import add_client
from tests.temporal_server import TemporalServer, temporal_server
from tests.workflows.annulments import ANNULMENTS
from tests.workflows.conftest import People, make_people
from tests.workflows.house import PROOF, House, Said, eventually, running_house
from tests.workflows.rate_rounds import ROUNDS
from tests.workflows.reversals import REVERSALS

FOLDER = Path(__file__).parent
KINDS = ("Operation", "ClientOnboarding", "InvoiceVoid", "OperationReversal", "RateAlerts")
Handle = WorkflowHandle[Any, Any]
Path_ = Callable[[House, People], Awaitable[Handle]]


async def completed_web(house: House, people: People) -> Handle:
    handle = await house.processed(people.client)
    operator = await assigned(house, people, handle)
    await house.do(handle, c.AttachProof(actor=operator, files=(PROOF,)))
    await eventually(house.assessed, handle)
    await house.do(handle, c.Complete(actor=operator))
    return handle


async def completed_by_staff(house: House, people: People) -> Handle:
    handle = await house.create(people.client, origin=Origin.SISTEMA, actor=people.trader)
    row = await house.snapshot(handle)
    line = c.LineDraft(amount=row.pays, account_id=row.source_account_id, transfer_code="00123")
    await house.do(handle, c.Edit(actor=people.trader, deposits=(line,)))
    await house.do(handle, c.StartProcessing(actor=people.trader))
    operator = await assigned(house, people, handle)
    await house.do(handle, c.AttachProof(actor=operator, files=(PROOF,)))
    await house.do(handle, c.Complete(actor=operator))
    return handle


async def expired(house: House, people: People) -> Handle:
    handle = await house.create(people.client)
    await house.pass_time(handle, 15.2)
    return handle


async def cancelled(house: House, people: People) -> Handle:
    handle = await house.create(people.client)
    await house.do(handle, c.Cancel(actor=people.trader, reason="El cliente se arrepintió"))
    return handle


async def cancelled_with_abonos(house: House, people: People) -> Handle:
    handle = await house.processed(people.client)
    await house.do(handle, c.Cancel(actor=people.master, reason="El banco devolvió el abono"))
    return handle


async def returned_and_completed(house: House, people: People) -> Handle:
    handle = await house.processed(people.client)
    operator = await assigned(house, people, handle)
    await house.do(handle, c.ReturnToPending(actor=operator, reason="El abono no llegó"))
    await house.do(handle, c.StartProcessing(actor=people.trader))
    operator = await assigned(house, people, handle)
    await house.do(handle, c.AttachProof(actor=operator, files=(PROOF,)))
    await house.do(handle, c.Complete(actor=operator))
    return handle


async def extended_then_cancelled(house: House, people: People) -> Handle:
    handle = await house.create(people.client)
    later = (await house.snapshot(handle)).created_at + timedelta(minutes=40)
    await house.do(handle, c.ExtendDeadline(actor=people.trader, expires_at=later, reason="El banco demora"))
    await house.do(handle, c.Cancel(actor=people.trader, reason="No transfirió"))
    return handle


async def reassigned_and_alerted(house: House, people: People) -> Handle:
    handle = await house.processed(people.client)
    first = (await house.snapshot(handle)).operator_id
    other = next(each for each in (people.operator, people.other_operator) if each.id != first)
    await house.pass_time(handle, 10.2)
    await house.do(handle, c.Reassign(actor=people.master, operator_id=other.id))
    await house.do(handle, c.AttachProof(actor=other, files=(PROOF,)))
    await house.do(handle, c.RemoveProof(actor=other, number=(await house.snapshot(handle)).proofs[-1].number))
    await house.do(handle, c.AttachProof(actor=other, files=(PROOF,)))
    await house.do(handle, c.Complete(actor=other))
    return handle


async def amount_changed(house: House, people: People) -> Handle:
    handle = await house.create(people.client)
    await house.do(handle, c.Edit(actor=people.trader, amount_usd=Decimal("120.00")))
    await house.do(handle, c.Cancel(actor=people.trader, reason="No transfirió"))
    return handle


async def held_and_released(house: House, people: People) -> Handle:
    handle = await held(house)
    await house.do(handle, c.ReleaseHold(actor=people.officer, resolution="Es un homónimo"))
    await house.do(handle, c.Cancel(actor=people.master, reason="No transfirió"))
    return handle


async def held_and_confirmed(house: House, people: People) -> Handle:
    handle = await held(house)
    await house.do(handle, c.ConfirmHold(actor=people.officer, resolution="Coincide"))
    return handle


async def invoice_refused_then_retried(house: House, people: People) -> Handle:
    handle = await refused_invoice(house, people)
    await house.do(handle, c.RetryEffect(actor=people.master, effect=Effect.INVOICE))
    return handle


async def invoice_waived(house: House, people: People) -> Handle:
    handle = await refused_invoice(house, people)
    for master in (people.master, people.other_master):
        await house.do(handle, c.WaiveEffect(actor=master, effect=Effect.INVOICE, reason="Se emitió a mano"))
    return handle


async def refused_at_creation(house: House, people: People) -> Handle:
    """Two quotes of one client that both looked free: the second is refused by the database."""
    first, second = await house.quoted(people.client), await house.quoted(people.client)
    await house.start(first)
    try:
        await house.start(second)
    except Said as said:
        assert said.code == "ACTIVE_OPERATION"  # noqa: PT017 - the refusal is the point
    await house.do(house.client.get_workflow_handle(first.operation.code), c.Cancel(actor=people.trader, reason="Ya"))
    return house.client.get_workflow_handle(second.operation.code)


async def assigned(house: House, people: People, handle: Handle) -> Any:
    held_by = (await house.snapshot(handle)).operator_id
    return next(each for each in (people.operator, people.other_operator) if each.id == held_by)


async def held(house: House) -> Handle:
    async with house.sessions.begin() as session:
        listed = await add_client(session, f"4{next(_DOCUMENTS):07}", list_match=True)
    handle = await house.create(listed)

    async def on_hold() -> bool:
        return (await house.snapshot(handle)).on_hold

    await eventually(on_hold)
    return handle


async def refused_invoice(house: House, people: People) -> Handle:
    house.outside.refusals[Effect.INVOICE.value] = 1
    handle = await completed_web(house, people)

    async def waits() -> bool:
        return bool((await house.snapshot(handle)).attention)

    await eventually(waits)
    return handle


_DOCUMENTS = iter(range(100, 200))
PATHS: tuple[Path_, ...] = (
    completed_web,
    completed_by_staff,
    expired,
    cancelled,
    cancelled_with_abonos,
    returned_and_completed,
    extended_then_cancelled,
    reassigned_and_alerted,
    amount_changed,
    held_and_released,
    held_and_confirmed,
    invoice_refused_then_retried,
    invoice_waived,
    refused_at_creation,
)


async def record(url: str, wanted: frozenset[str], server: TemporalServer) -> None:
    """Live every wanted kind of path on a house of its own and keep its history."""
    engine = make_engine(DatabaseSettings(url=url))
    sessions = make_sessions(engine)
    people = await make_people(sessions)
    async with running_house(await server.env(), sessions) as house:
        for path in PATHS if "Operation" in wanted else ():
            await keep(await path(house, people), "Operation", path.__name__)
    for onboarding in ONBOARDINGS if "ClientOnboarding" in wanted else ():
        async with running_house(await server.env(), sessions) as house:
            await keep((await onboarding(house, people)).handle, "ClientOnboarding", onboarding.__name__)
    env = await server.env(skipping=True)
    for annulment in ANNULMENTS if "InvoiceVoid" in wanted else ():
        await keep((await annulment(env)).handle, "InvoiceVoid", annulment.__name__)
    for each_round in ROUNDS if "RateAlerts" in wanted else ():
        await keep(await each_round(env), "RateAlerts", each_round.__name__)
    for reversal in REVERSALS if "OperationReversal" in wanted else ():
        await engine.dispose()
        clean_database.make_as_migrated(url)
        env = await server.env(skipping=True)
        await keep((await reversal(env, sessions)).handle, "OperationReversal", reversal.__name__)
    await engine.dispose()


async def keep(handle: Handle, kind: str, name: str) -> None:
    """Write its history, once it has ended."""
    await asyncio.wait_for(handle.result(), 30)
    history = await handle.fetch_history()
    folder = FOLDER / kind
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(without_traces(history.to_json()))
    print(f"{kind} {name}: {len(history.events)} events")  # noqa: T201 - a program's progress


def without_traces(history: str) -> str:
    """The history without the stack traces of its failures: they name folders of the machine that recorded it."""

    def stripped(part: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in part.items() if name != "stackTrace"}

    return json.dumps(json.loads(history, object_hook=stripped), ensure_ascii=False, indent=2) + "\n"


def main() -> None:
    """Record on a fresh database."""
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres.running(Path(folder) / "data", port=free_port(), password="record") as url,
        temporal_server() as server,
    ):
        migrations.upgrade(DatabaseSettings(url=url))
        clean_database.keep_as_migrated(url)
        asyncio.run(record(url, frozenset(sys.argv[1:] or KINDS), server))
        clean_database.close()


if __name__ == "__main__":
    main()
