"""A person becomes a client: documents, lists, a decision by somebody else; and all of it survives what fails."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select, update

from db import risk
from db.tables import AuditEntry, Client, ClientRiskProfile, ClientRiskScore, Parameter
from domain.clients import ClientStatus, DocumentKind, KycStatus
from domain.risk import ListStatus, PepKind, Regime, RiskLevel
from tests.workflows.conftest import People
from tests.workflows.house import House, Said, eventually
from tests.workflows.onboarding import SIDES, Newcomer, register
from workflows import client_messages as c
from workflows import messages as m
from workflows import names

DAY = 24 * 60


async def set_parameter(house: House, name: str, value: str) -> None:
    async with house.sessions.begin() as session:
        session.add(Parameter(name=name, value=value, valid_from=date(2020, 1, 1), source="prueba"))


async def test_from_registration_to_active_with_a_second_person_and_the_same_password(house: House, people: People):
    """F134, F135, F144; the password is never touched by an activation."""
    newcomer = await register(house, registered_by=people.trader.id)
    await newcomer.told("bienvenida")
    assert (await newcomer.sends(DocumentKind.DNI_FRONT)).missing == (DocumentKind.DNI_BACK,)
    state = await newcomer.sends(DocumentKind.DNI_BACK)
    assert (state.missing, state.to_review) == ((), SIDES)
    with pytest.raises(Said, match="cada documento") as refused:
        await newcomer.decide(names.APPROVE, people.officer)
    assert refused.value.code == "DOCUMENTS_UNREVIEWED"
    await newcomer.reviewed(people.officer)
    with pytest.raises(Said) as refused:
        await newcomer.decide(names.APPROVE, people.trader)
    assert refused.value.code == "SELF_APPROVAL"
    for _ in range(2):
        state = await newcomer.decide(names.APPROVE, people.officer, "conforme", key="clic")
    assert (state.status, state.kyc, state.complete) == (ClientStatus.ACTIVO, KycStatus.APROBADO, True)
    await newcomer.told("aprobada")
    assert (await newcomer.handle.result())["outcome"] == "Activo"
    row = await newcomer.row()
    assert (row.password_hash, row.temporary_password_hash) == ("!", None)
    async with house.sessions() as session:
        approvals = select(func.count()).where(AuditEntry.action == "clients.approve")
        assert await session.scalar(approvals) == 1
        kept = await session.get_one(ClientRiskProfile, newcomer.id)
        assert (kept.list_status, kept.level) == (ListStatus.LIMPIO, RiskLevel.BAJO)
        occasions = select(ClientRiskScore.occasion).order_by(ClientRiskScore.id)
        assert (await session.scalars(occasions)).all() == ["registro", "revisión en listas", "aprobación"]


async def test_a_document_is_asked_for_again_with_a_reason_and_sent_anew(house: House, people: People):
    newcomer = await register(house)
    await newcomer.sends(*SIDES)
    with pytest.raises(Said, match="qué debe corregir"):
        await newcomer.reviewed(people.officer, accepted=False)
    state = await newcomer.reviewed(people.officer, accepted=False, reason="No se lee")
    assert state.missing == SIDES
    await newcomer.told("documento_observado")
    assert (await newcomer.sends(*SIDES, content="b")).missing == ()


async def test_lists_that_are_away_hold_up_documents_in_nothing_and_approval_until_they_answer(
    house: House, people: People
):
    house.outside.failures[names.SCREEN_CLIENT] = 1_000
    newcomer = await register(house)
    await newcomer.sends(*SIDES)
    await newcomer.reviewed(people.officer)
    asked = asyncio.create_task(newcomer.decide(names.APPROVE, people.officer))
    await asyncio.sleep(0.5)
    await house.pass_time(newcomer.handle, 0.2)
    with pytest.raises(Said) as refused:
        await asked
    assert refused.value.code == "SCREENING_PENDING"
    assert (await newcomer.row()).status is ClientStatus.INACTIVO


async def test_an_open_match_refuses_the_approval_until_somebody_resolves_it(house: House, people: People):
    house.outside.screened = m.Screened(open_hits=1, strongest="confirmada")
    newcomer = await register(house)
    await newcomer.sends(*SIDES)
    await newcomer.reviewed(people.officer)
    with pytest.raises(Said) as refused:
        await newcomer.decide(names.APPROVE, people.officer)
    assert refused.value.code == "HITS_OPEN"
    house.outside.screened = m.Screened(open_hits=0, strongest="")
    assert (await newcomer.decide(names.APPROVE, people.officer)).status is ClientStatus.ACTIVO


async def test_who_is_exposed_is_approved_only_by_a_master(house: House, people: People):
    """Res. SBS 789-2018: senior approval in the reinforced regime."""
    newcomer = await register(house)
    await newcomer.sends(*SIDES)
    await newcomer.reviewed(people.officer)
    await newcomer.screened()
    async with house.sessions.begin() as session:
        declared = await risk.declare(
            session,
            newcomer.id,
            actor=people.officer,
            kind=PepKind.DIRECTO,
            position="Alcalde",
            entity="Municipalidad inventada",
            since=date(2025, 1, 1),
            until=None,
            legal_issues=False,
            notes="",
            at=datetime.now(UTC),
        )
        assert declared.regime is Regime.REFORZADA
    with pytest.raises(Said) as refused:
        await newcomer.decide(names.APPROVE, people.officer)
    assert refused.value.code == "SENIOR_APPROVAL"
    assert (await newcomer.decide(names.APPROVE, people.master)).complete


async def test_low_risk_is_activated_by_itself_only_where_the_house_says_so_and_within_the_limit(
    house: House, people: People
):
    await set_parameter(house, "auto_activation", "1")
    newcomer = await register(house)
    await newcomer.sends(*SIDES)
    await newcomer.told("aprobada")
    row = await newcomer.row()
    assert (row.status, row.kyc_status, row.has_complete_documents) == (
        ClientStatus.ACTIVO,
        KycStatus.EN_PROCESO,
        False,
    )
    await newcomer.reviewed(people.officer)
    assert (await newcomer.decide(names.APPROVE, people.officer)).complete


async def test_a_match_is_never_activated_by_itself(house: House):
    await set_parameter(house, "auto_activation", "1")
    house.outside.screened = m.Screened(open_hits=1, strongest="probable")
    newcomer = await register(house)
    await newcomer.sends(*SIDES)
    await newcomer.screened()
    assert (await newcomer.row()).status is ClientStatus.INACTIVO


async def test_documents_that_do_not_come_are_remembered_a_few_times_and_no_more(house: House):
    newcomer = await register(house)
    await newcomer.told("bienvenida")
    for _ in range(4):
        await newcomer.screened()
        await house.pass_time(newcomer.handle, 3 * DAY + 1)

    def reminders() -> int:
        return sum(order.notice == "recordatorio_documentos" for order in house.outside.told)

    async def three() -> bool:
        return reminders() == 3

    await eventually(three)
    await house.pass_time(newcomer.handle, 3 * DAY + 1)
    await eventually(house.settled, newcomer.handle)
    assert reminders() == 3


async def test_rejected_with_a_reason_then_reopened_and_approved(house: House, people: People):
    newcomer = await register(house)
    await newcomer.sends(*SIDES)
    with pytest.raises(Said, match="por qué"):
        await newcomer.decide(names.REJECT, people.officer)
    await newcomer.decide(names.REJECT, people.officer, "El documento no es suyo")
    await newcomer.told("rechazada")
    assert (await newcomer.handle.result())["outcome"] == "Rechazado"
    assert (await newcomer.row()).kyc_reason == "El documento no es suyo"
    state = await newcomer.decide(names.REOPEN, people.officer, "Trajo otro")
    assert (state.kyc, state.status) == (KycStatus.EN_PROCESO, ClientStatus.INACTIVO)
    await newcomer.reviewed(people.officer)
    assert (await newcomer.decide(names.APPROVE, people.officer)).status is ClientStatus.ACTIVO


async def test_a_registration_that_never_commits_ends_by_itself(house: House):
    """The process died between the start and the commit: nobody is registered, nothing waits for ever."""
    ghost = Newcomer(house, 999_999)
    handle = await house.client.start_workflow(
        names.CLIENT_ONBOARDING,
        c.OnboardingStart(client_id=ghost.id, welcome=True),
        id=names.onboarding_id(ghost.id),
        task_queue=names.OPERATIONS_QUEUE,
    )
    await house.pass_time(handle, 2)
    assert (await handle.result())["outcome"] == "Sin registro"


async def test_an_outage_right_after_the_registration_loses_nobody(house: House):
    """Nothing is read for minutes: only the answer that there is no row would end it."""
    house.faults.before[names.OPEN_ONBOARDING] = 1_000
    newcomer = await register(house)

    async def tried() -> bool:
        return house.faults.tried[names.OPEN_ONBOARDING] > 1

    await eventually(tried)
    await house.pass_time(newcomer.handle, 10)
    house.faults.before.clear()
    await house.pass_time(newcomer.handle, 1)
    await newcomer.told("bienvenida")


async def test_a_closed_account_ends_its_onboarding_and_gets_no_more_mail(house: House):
    newcomer = await register(house)
    await newcomer.told("bienvenida")
    async with house.sessions.begin() as session:
        await session.execute(update(Client).where(Client.id == newcomer.id).values(closed_at=datetime.now(UTC)))
        await newcomer.handle.signal(names.REFRESH)
    await house.pass_time(newcomer.handle, 1)
    assert (await newcomer.handle.result())["outcome"] == "Cerrado"


async def test_what_the_temporal_ui_shows_is_spanish_and_names_nobody(house: House):
    newcomer = await register(house)
    await newcomer.sends(*SIDES)
    told = await newcomer.handle.query("__temporal_workflow_metadata")
    assert "que Middle Office acepte los documentos" in str(told)
    history = (await newcomer.handle.fetch_history()).to_json()
    for secret in ("40000088", "PERSONA", "NUEVA", "example.test"):
        assert secret not in history
