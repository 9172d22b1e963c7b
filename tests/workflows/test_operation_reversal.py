"""Undoing a completed operation: whoever dies between two steps, all of it is undone once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper

from db.session import Sessions
from db.tables import Invoice, InvoiceVoid, LedgerEntry, Reversal
from domain.invoices import InvoiceStatus, VoidState
from domain.reversals import ReversalState
from tests.temporal_server import TemporalServer
from tests.workflows import reversals
from tests.workflows.annulments import DONE
from tests.workflows.house import eventually
from tests.workflows.reversals import Undoing, asked, failing
from workflows import names


@pytest.fixture
async def env(temporal_of_tests: TemporalServer) -> TimeSkipper:
    return await temporal_of_tests.env(skipping=True)


async def mirrors(sessions: Sessions) -> int:
    async with sessions() as session:
        counted = select(func.count()).select_from(LedgerEntry).where(LedgerEntry.reverses_id.is_not(None))
        return await session.scalar(counted) or 0


async def row_of(sessions: Sessions) -> Reversal:
    async with sessions() as session:
        return (await session.scalars(select(Reversal))).one()


@pytest.mark.parametrize("step", [names.RECORD_REVERSAL_DECISION, names.RECLAIM_INVOICE, names.END_REVERSAL])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_step_that_fails_or_is_done_unheard_is_done_once(
    env: TimeSkipper, sessions: Sessions, step: str, when: str
):
    one = await asked(env, sessions, status=InvoiceStatus.ACEPTADO)
    one.faults = failing(step) if when == "before" else failing(after=step)
    one.around.voided = [DONE]
    async with one.workers():
        assert (await one.decide(approved=True)).state == "Aprobada"
        assert (await one.ended()).state == "Hecha"
    assert await mirrors(sessions) == 1
    assert one.around.mails == ["comprobante_anulado 1"]
    assert one.told == [f"reversada {one.start.code}"]
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(InvoiceVoid)) == 1


async def test_workers_that_die_after_the_yes_finish_when_they_are_back(env: TimeSkipper, sessions: Sessions):
    """The comprobante still waits for SUNAT: nothing is asked before its word, and nothing is forgotten meanwhile."""
    one = await asked(env, sessions, status=InvoiceStatus.ENVIADO)
    one.around.voided = [DONE]
    async with one.workers():
        await one.decide(approved=True)

        async def waited() -> bool:
            return one.faults.tried[names.RECLAIM_INVOICE] > 1

        await eventually(waited)
    assert (await row_of(sessions)).state is ReversalState.APROBADA
    await accept(sessions)
    async with one.workers():
        assert (await one.ended()).state == "Hecha"
    row = await row_of(sessions)
    assert (await mirrors(sessions), row.state) == (1, ReversalState.HECHA)
    async with sessions() as session:
        void = (await session.scalars(select(InvoiceVoid))).one()
    assert (void.requested_by, void.decided_by) == (one.books.master.id, one.books.other_master.id)
    assert (void.state, void.reason) == (VoidState.APROBADA, "Reverso: se pagó dos veces")


async def accept(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await session.execute(update(Invoice).values(status=InvoiceStatus.ACEPTADO))


async def test_a_client_that_no_mail_reaches_does_not_hold_the_books_back(env: TimeSkipper, sessions: Sessions):
    one = await asked(env, sessions, status=InvoiceStatus.ACEPTADO)
    one.unreachable, one.around.voided = True, [DONE]
    async with one.workers():
        await one.decide(approved=True)
        assert (await one.ended()).state == "Hecha"
    assert (await row_of(sessions)).state is ReversalState.HECHA


async def test_without_a_comprobante_it_ends_with_the_books(env: TimeSkipper, sessions: Sessions):
    one = await asked(env, sessions, status=None)
    async with one.workers():
        await one.decide(approved=True)
        assert (await one.ended()).state == "Hecha"
    assert (await row_of(sessions)).outcome == "No había comprobante que anular."


async def test_a_no_leaves_the_operation_as_it_was(env: TimeSkipper, sessions: Sessions):
    await reversals.denied(env, sessions)
    assert (await mirrors(sessions), (await row_of(sessions)).decision) == (0, "Falta el sustento")


async def test_who_asked_does_not_decide_and_a_no_says_why(env: TimeSkipper, sessions: Sessions):
    one = await asked(env, sessions, status=None)
    async with one.workers():
        for given, code in (
            ({"approved": True, "by_asker": True}, "TWO_PEOPLE"),
            ({"approved": False}, "REASON_MISSING"),
        ):
            assert await refused(one, **given) == code
        await one.decide(approved=True)
        assert await refused(one, approved=True) == "REVERSAL_DECIDED"


async def refused(one: Undoing, **given: bool) -> str | None:
    with pytest.raises(WorkflowUpdateFailedError) as said:
        await one.decide(**given)
    assert isinstance(said.value.cause, ApplicationError)
    return said.value.cause.type


async def test_what_the_temporal_ui_shows_is_spanish_and_names_nobody(env: TimeSkipper, sessions: Sessions):
    one = await reversals.undone(env, sessions)
    kept = b"".join(event.SerializeToString() for event in (await one.handle.fetch_history()).events).decode(
        errors="replace"
    )
    assert "Guarda la decisión y deshace calces, libros y pips" in kept
    assert "se pagó dos veces" not in kept
