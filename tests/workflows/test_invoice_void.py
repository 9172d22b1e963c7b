"""Taking a comprobante back, as its workflow lives it: two people, SUNAT's silence, the nota when the baja fails."""

from __future__ import annotations

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper

from tests.temporal_server import TemporalServer
from tests.workflows import annulments
from tests.workflows.annulments import ASKS, DONE, NO, YES, Surroundings, annulling
from workflows.invoice_messages import VoidDecision, VoidProgress


@pytest.fixture(scope="module")
async def env(temporal_of_tests: TemporalServer) -> TimeSkipper:
    return await temporal_of_tests.env(skipping=True)


async def test_a_baja_waits_for_sunat_and_its_client_is_told(env: TimeSkipper):
    one = await annulments.by_baja(env)
    assert await one.ended() == DONE
    assert one.around.mails == ["comprobante_anulado 8"]


async def test_where_the_baja_is_not_taken_a_nota_goes_to_the_client(env: TimeSkipper):
    one = await annulments.by_nota_when_the_baja_is_not_taken(env)
    assert (await one.ended()).note_id == 9
    assert one.around.mails == ["nota_credito 9"]


async def test_a_denied_request_does_nothing_more(env: TimeSkipper):
    one = await annulments.denied(env)
    assert (await one.ended()).state == "Negada"
    assert one.around.mails == []


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (VoidDecision(actor=ASKS, approved=True), "TWO_PEOPLE"),
        (VoidDecision(actor=NO.actor, approved=False), "REASON_MISSING"),
    ],
)
async def test_who_asked_does_not_decide_and_a_no_says_why(env: TimeSkipper, decision: VoidDecision, code: str):
    async with annulling(env, Surroundings(voided=[DONE])) as one:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await one.decide(decision)
        assert isinstance(refused.value.cause, ApplicationError)
        assert refused.value.cause.type == code
        await one.decide(YES)
        assert (await one.ended()).state == "Hecha"


async def test_a_request_that_was_decided_in_an_earlier_run_keeps_no_workflow_waiting(env: TimeSkipper):
    over = ApplicationError("Este pedido ya está Hecha.", type="VOID_DECIDED", non_retryable=True)
    async with annulling(env, Surroundings(decided=[over])) as one:
        with pytest.raises(WorkflowUpdateFailedError):
            await one.decide(YES)
        assert await one.ended() == VoidProgress(state="Solicitada")
