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
