"""Taking a comprobante back: two people, the term, SUNAT's silence and its no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from activities.invoice_voids import InvoiceVoidActivities
from activities.invoices import InvoiceActivities
from db import invoice_voids
from db.invoice_voids import Wish
from db.session import Sessions
from db.tables import Incident, Invoice, InvoiceAttempt, InvoiceVoid
from domain.calendar import business_day
from domain.errors import Conflict
from domain.invoices import CreditNoteReason, InvoiceStatus, InvoiceType, VoidMethod, VoidState
from domain.operations import Actor, ActorKind, Effect
from domain.permissions import Role
from integrations.nubefact import NubeFact
from integrations.settings import NubefactSettings
from tests.activities.conftest import attempt
from tests.activities.operations import add_operation
from tests.people import add_client, add_user
from tests.standins.programs import StandIn
from workflows.invoice_messages import RecordVoidDecision, VoidDecision, VoidProgress
from workflows.messages import EffectOrder

DNI = "45678912"


@dataclass(frozen=True)
class Two:
    """Two Masters and an accepted boleta."""

    asks: Actor
    decides: Actor
    invoice_id: int


@pytest.fixture
def voids(
    sessions: Sessions, provider: NubeFact, nubefact_settings: NubefactSettings, invoicing: InvoiceActivities
) -> InvoiceVoidActivities:
    return InvoiceVoidActivities(sessions, provider, nubefact_settings, invoicing)


@pytest.fixture
async def two(sessions: Sessions, invoicing: InvoiceActivities) -> Two:
    async with sessions.begin() as session:
        code = await add_operation(session, await add_client(session, DNI))
        people = [await add_user(session, name, Role.MASTER) for name in ("rosa", "julia")]
    await attempt(1).run(invoicing.issue_invoice, EffectOrder(code=code, effect=Effect.INVOICE))
    async with sessions() as session:
        invoice_id = (await session.scalars(select(Invoice.id))).one()
    asks, decides = (Actor(kind=ActorKind.STAFF, id=one, role=Role.MASTER) for one in people)
    return Two(asks, decides, invoice_id)


async def ask(sessions: Sessions, two: Two, method: VoidMethod | None = None) -> int:
    wish = Wish(method=method, note_reason=CreditNoteReason.ANULACION, reason="Cliente equivocado")
    async with sessions.begin() as session:
        return (await invoice_voids.ask(session, two.invoice_id, wish, actor=two.asks, at=datetime.now(UTC))).id


async def decide(voids: InvoiceVoidActivities, void_id: int, actor: Actor, *, approved: bool = True) -> VoidProgress:
    said = VoidDecision(actor=actor, approved=approved, reason="" if approved else "Sin sustento")
    return await attempt(1).run(voids.record_void_decision, RecordVoidDecision(void_id=void_id, decision=said))


async def approved(sessions: Sessions, voids: InvoiceVoidActivities, two: Two, method: VoidMethod | None = None) -> int:
    void_id = await ask(sessions, two, method)
    await decide(voids, void_id, two.decides)
    return void_id


async def stands(sessions: Sessions, invoice_id: int) -> tuple[InvoiceStatus, bool]:
    async with sessions() as session:
        row = await session.get_one(Invoice, invoice_id)
        return row.status, row.superseded_at is None


async def numbers_of_notes(sessions: Sessions) -> list[int]:
    async with sessions() as session:
        wanted = select(Invoice.number).where(Invoice.type == InvoiceType.NOTA_CREDITO).order_by(Invoice.id)
        return list((await session.scalars(wanted)).all())


async def test_who_asked_never_approves_and_a_decision_is_taken_once(
    sessions: Sessions, voids: InvoiceVoidActivities, two: Two
):
    void_id = await ask(sessions, two)
    with pytest.raises(ApplicationError) as alone:
        await decide(voids, void_id, two.asks)
    assert (alone.value.type, alone.value.non_retryable) == ("TWO_PEOPLE", True)
    with pytest.raises(Conflict, match="en curso"):
        await ask(sessions, two)
    first = await decide(voids, void_id, two.decides)
    assert (first.state, first.method) == ("Aprobada", "baja")
    assert await decide(voids, void_id, two.decides) == first
    with pytest.raises(ApplicationError) as late:
        await decide(voids, void_id, two.decides, approved=False)
    assert late.value.type == "VOID_DECIDED"


async def test_past_its_term_an_annulment_is_a_nota_de_credito(
    sessions: Sessions, voids: InvoiceVoidActivities, two: Two
):
    async with sessions.begin() as session:
        old = (business_day(datetime.now(UTC)) - timedelta(days=8)).isoformat()
        await session.execute(update(Invoice).values(issued_on=old))
    assert (await decide(voids, await ask(sessions, two), two.decides)).method == "nota_credito"


async def test_sunats_silence_is_not_yet_and_the_baja_is_asked_for_once(
    sessions: Sessions, voids: InvoiceVoidActivities, two: Two, nubefact: StandIn
):
    void_id = await approved(sessions, voids, two)
    nubefact.inject("500_after", operacion="generar_anulacion")
    with pytest.raises(ApplicationError) as lost:
        await attempt(1).run(voids.void_invoice, void_id)
    assert (lost.value.type, lost.value.non_retryable) == ("InvoiceDelayed", False)
    nubefact.inject("later_sunat", operacion="consultar_anulacion", seconds=60)
    with pytest.raises(ApplicationError) as silent:
        await attempt(2).run(voids.void_invoice, void_id)
    assert silent.value.type == "SunatSilent"
    assert await stands(sessions, two.invoice_id) == (InvoiceStatus.ACEPTADO, True)
    assert nubefact.sunat("accepted", about="void") == ["B001-1"]
    done = await attempt(3).run(voids.void_invoice, void_id)
    assert done.state == "Hecha"
    assert await stands(sessions, two.invoice_id) == (InvoiceStatus.ANULADO, False)
    async with sessions() as session:
        asked = (await session.scalars(select(InvoiceAttempt.id).filter_by(action="anular"))).all()
    assert len(asked) == 1


async def test_a_rejected_nota_ends_the_request_and_the_comprobante_stands(
    sessions: Sessions, voids: InvoiceVoidActivities, two: Two, nubefact: StandIn
):
    """Its number is burnt: the next request takes another one."""
    void_id = await approved(sessions, voids, two, VoidMethod.NOTA_CREDITO)
    nubefact.inject("reject_sunat", operacion="generar_comprobante", detail="2119")
    failed = await attempt(1).run(voids.credit_invoice, void_id)
    assert failed.state == VoidState.FALLIDA
    assert await stands(sessions, two.invoice_id) == (InvoiceStatus.ACEPTADO, True)
    async with sessions() as session:
        told = " ".join((await session.scalars(select(Incident.detail))).all())
    assert "B001-1 no se pudo anular" in told
    again = await approved(sessions, voids, two, VoidMethod.NOTA_CREDITO)
    assert (await attempt(1).run(voids.credit_invoice, again)).state == VoidState.HECHA
    assert await numbers_of_notes(sessions) == [1, 2]
    assert await stands(sessions, two.invoice_id) == (InvoiceStatus.ACEPTADO, False)


async def test_a_nota_that_nubefact_refused_keeps_its_number_for_the_next_request(
    sessions: Sessions, voids: InvoiceVoidActivities, two: Two, nubefact: StandIn
):
    async with sessions.begin() as session:
        kept = (await session.scalars(select(Invoice.request))).one()
        await session.execute(update(Invoice).values(request={**kept, "cliente_numero_de_documento": "99999999"}))
    void_id = await approved(sessions, voids, two, VoidMethod.NOTA_CREDITO)
    assert (await attempt(1).run(voids.credit_invoice, void_id)).state == VoidState.FALLIDA
    async with sessions.begin() as session:
        await session.execute(update(Invoice).where(Invoice.id == two.invoice_id).values(request=kept))
    again = await approved(sessions, voids, two, VoidMethod.NOTA_CREDITO)
    assert (await attempt(1).run(voids.credit_invoice, again)).state == VoidState.HECHA
    assert await numbers_of_notes(sessions) == [1]


async def test_a_nota_whose_answer_was_lost_is_one_nota(
    sessions: Sessions, voids: InvoiceVoidActivities, two: Two, nubefact: StandIn
):
    """F090, for notas."""
    void_id = await approved(sessions, voids, two, VoidMethod.NOTA_CREDITO)
    nubefact.inject("500_after", operacion="generar_comprobante")
    with pytest.raises(ApplicationError):
        await attempt(1).run(voids.credit_invoice, void_id)
    assert (await attempt(2).run(voids.credit_invoice, void_id)).state == VoidState.HECHA
    assert [one["numero"] for one in nubefact.received() if one["tipo_de_comprobante"] == 3] == [1]
    async with sessions() as session:
        row = await session.get_one(InvoiceVoid, void_id)
    assert row.outcome == "La SUNAT aceptó la nota de crédito."
