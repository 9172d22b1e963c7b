"""An operation's life, step by step, on the real server."""

from __future__ import annotations

from domain import commands as c
from domain.operations import State
from tests.workflows.conftest import People
from tests.workflows.house import PROOF, House, client_of


async def test_a_client_creates_an_operator_completes_and_everything_owed_is_done_once(
    house: House, people: People
) -> None:
    handle = await house.create(people.client)
    answer = await house.do(
        handle, c.SubmitProof(actor=client_of(people.client), transfer_code="00123", files=(PROOF,))
    )
    assert answer.state == "En proceso"
    assert answer.operator_id == people.operator.id
    await house.do(handle, c.AttachProof(actor=people.operator, files=(PROOF,)))
    await house.do(handle, c.Complete(actor=people.operator))
    outcome = await handle.result()
    assert outcome["outcome"] == "Completada"
    assert house.outside.done == {"creada": 1, "en_proceso": 1, "completada": 1, "comprobante": 1}
    row = await house.row(handle)
    assert (row.state, row.version) == (State.COMPLETADA, 4)
    assert await house.story(handle) == ["create", "submit_proof", "attach_proof", "complete"]


async def test_left_alone_it_expires_at_fifteen_minutes(house: House, people: People) -> None:
    """F003, F005: `expires_at` is the only clock."""
    handle = await house.create(people.client)
    await house.pass_time(handle, 14.9)
    assert (await house.row(handle)).state is State.PENDIENTE
    await house.pass_time(handle, 0.2)
    outcome = await handle.result()
    assert outcome["outcome"] == "Expirada"
    row = await house.row(handle)
    assert row.state is State.EXPIRADA
    assert house.outside.done["expirada"] == 1
