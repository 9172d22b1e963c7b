"""Rules on real rows: what rings at an operation is what a back-test would have counted, once, into one case."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from db import case_watch, cases
from db.measures import Operation, gauge
from db.monitoring import assess
from db.rules import back_test, in_force
from db.session import Sessions
from db.tables import (
    CaseAlert,
    Client,
    ClientAccount,
    ComplianceCase,
    ComplianceRule,
    RuleSnooze,
    TransactionMonitoring,
)
from domain.calendar import business_day
from domain.errors import Conflict
from domain.measures import Measure, MeasureName
from domain.operations import Assessment, Kind, Origin, State
from domain.permissions import Role
from domain.rules import LIST_RULE, Definition, RuleStatus
from tests.activities.operations import add_operation
from tests.people import Customer, add_client, add_user

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=400)


async def _client(sessions: Sessions, document: str = "40000001", **columns: Any) -> Customer:
    """A client of long ago, so that only what a test writes is unusual about it."""
    async with sessions.begin() as session:
        client = await add_client(session, document)
        values = {"created_at": OLD, "address": f"Calle {document}", **columns}
        await session.execute(update(Client).where(Client.id == client.id).values(**values))
    return client


async def _operation(sessions: Sessions, client: Customer, hours_ago: float, usd: str, **columns: Any) -> str:
    at = NOW - timedelta(hours=hours_ago)
    columns = {"created_at": at, "finished_at": at + timedelta(minutes=20), **columns}
    async with sessions.begin() as session:
        return await add_operation(session, client, usd=Decimal(usd), **columns)


async def _assess(sessions: Sessions, code: str, occasion: str = "creacion") -> tuple[Assessment, set[str]]:
    """The outcome, and the rules that rang for this operation."""
    async with sessions.begin() as session:
        _, outcome = await assess(session, None, code, occasion=occasion)
    async with sessions() as session:
        wanted = select(TransactionMonitoring.findings).where(
            TransactionMonitoring.operation_code == code, TransactionMonitoring.occasion == occasion
        )
        findings = (await session.scalars(wanted)).one()
    return outcome, {rule["key"] for rule in findings["rules"]}


async def _many(sessions: Sessions, client: Customer, *operations: tuple[float, str]) -> str:
    codes = [await _operation(sessions, client, hours, usd) for hours, usd in operations]
    return codes[-1]


@pytest.mark.parametrize(
    ("rule", "operations"),
    [
        ("monto-critico", [(400, "9000.00"), (0, "100000.00")]),
        ("monto-alto", [(400, "90000.00"), (0, "50000.00")]),
        ("frecuencia-diaria", [(3, "100.00"), (2, "100.00"), (1, "100.00"), (0, "100.00")]),
        ("desvio-del-promedio", [(900, "400.00"), (800, "400.00"), (750, "400.00"), (0, "1200.01")]),
        ("bajo-el-umbral", [(200, "4500.00"), (0, "4999.99")]),
        ("acumulado-1-dia", [(23, "12000.00"), (0, "8000.00")]),
        ("acumulado-7-dias", [(160, "21000.00"), (0, "19000.00")]),
        ("acumulado-30-dias", [(700, "49000.00"), (300, "10000.00"), (0, "41000.00")]),
        ("inactivo-y-alto", [(24 * 181, "9000.00"), (0, "10000.00")]),
    ],
)
async def test_each_rule_over_amounts_and_windows_rings_for_what_it_names(
    sessions: Sessions, rule: str, operations: list[tuple[float, str]]
) -> None:
    client = await _client(sessions)
    _, rang = await _assess(sessions, await _many(sessions, client, *operations))
    assert rule in rang


@pytest.mark.parametrize(
    ("rule", "operations"),
    [
        ("monto-critico", [(0, "99999.99")]),
        ("frecuencia-diaria", [(25, "100.00"), (2, "100.00"), (1, "100.00"), (0, "100.00")]),
        ("desvio-del-promedio", [(900, "400.00"), (800, "400.00"), (750, "400.00"), (0, "1200.00")]),
        ("bajo-el-umbral", [(200, "4500.00"), (0, "5000.00")]),
        ("acumulado-1-dia", [(25, "12000.00"), (0, "8000.00")]),
        ("inactivo-y-alto", [(0, "10000.00")]),
    ],
)
async def test_a_cent_or_an_hour_less_and_it_is_silent(
    sessions: Sessions, rule: str, operations: list[tuple[float, str]]
) -> None:
    client = await _client(sessions)
    _, rang = await _assess(sessions, await _many(sessions, client, *operations))
    assert rule not in rang


async def test_what_was_cancelled_before_does_not_accumulate_and_what_is_cancelled_later_does(
    sessions: Sessions,
) -> None:
    client = await _client(sessions)
    await _operation(sessions, client, 5, "19000.00", state=State.CANCELADO)
    later = NOW + timedelta(hours=1)
    await _operation(sessions, client, 4, "15000.00", state=State.CANCELADO, finished_at=later)
    under = await _operation(sessions, client, 2, "4000.00")
    over = await _operation(sessions, client, 0, "1000.00")
    assert "acumulado-1-dia" not in (await _assess(sessions, under))[1]
    assert "acumulado-1-dia" in (await _assess(sessions, over))[1]


async def test_links_reversals_new_clients_and_cancellations_ring(sessions: Sessions) -> None:
    client = await _client(sessions, phone="+51987654321")
    other = await _client(sessions, "40000002", phone="+51987654321", created_at=NOW - timedelta(days=3))
    async with sessions.begin() as session:
        for account in (client.usd, other.usd):
            await session.execute(update(ClientAccount).where(ClientAccount.id == account).values(identity="002-191"))
    first = await _operation(sessions, other, 1, "10000.00")
    assert (await _assess(sessions, first))[1] == {"telefono-compartido", "cuenta-compartida", "cliente-nuevo-y-alto"}
    await _operation(sessions, client, 5, "2000.00")
    back = await _operation(sessions, client, 1, "2100.00", kind=Kind.COMPRA)
    assert "compra-y-venta" in (await _assess(sessions, back))[1]
    for hours in range(30, 35):
        await _operation(sessions, other, hours, "50.00", state=State.EXPIRADA)
    assert "muchas-cancelaciones" in (await _assess(sessions, await _operation(sessions, other, 0, "50.00")))[1]


async def test_a_back_test_counts_what_the_assessments_raise(sessions: Sessions) -> None:
    """Same statement, same rule, same causes: one alert a day for a rule that rings once a day."""
    clients = [await _client(sessions, f"4000000{place}") for place in range(3)]
    codes = [
        await _operation(sessions, client, hours, "4600.00") for client in clients[:2] for hours in (60, 50, 49, 2, 1)
    ]
    await _operation(sessions, clients[2], 3, "4600.00")
    async with sessions.begin() as session:
        book = await in_force(session)
        rule = next(one for one in book.rules if one.key == "bajo-el-umbral")
        trial = await back_test(
            session, rule.key, rule.definition, since=business_day(NOW - timedelta(days=5)), until=business_day(NOW)
        )
        far: list[int] = []

        async def tell(percent: int) -> None:
            far.append(percent)

        days = {"since": business_day(NOW - timedelta(days=100)), "until": business_day(NOW)}
        # A stretch at a time, with its percentage, finds the same.
        assert await back_test(session, rule.key, rule.definition, **days, tell=tell) == trial
        assert (far[-1], sorted(far), len(far) > 2) == (100, far, True)
        for code in codes:
            await assess(session, book, code, occasion="creacion")
        raised = (await session.scalars(select(CaseAlert).where(CaseAlert.rule_key == rule.key))).all()
    assert (trial.operations, trial.alerts, trial.clients) == (11, 4, {clients[0].id: 2, clients[1].id: 2})
    assert len(raised) == trial.alerts
    assert sorted(one.operation_code for one in raised) == sorted(trial.codes)


async def test_every_window_is_the_same_read_back_for_one_operation_and_summed_for_many(sessions: Sessions) -> None:
    """The assessment and the back-test take their measures by two statements; they are one measure."""
    luck = random.Random(7)
    clients = [await _client(sessions, f"4000000{place}") for place in range(2)]
    async with sessions.begin() as session:
        for _ in range(60):
            at = NOW - timedelta(minutes=luck.randrange(10_000))
            state = luck.choice([State.COMPLETADA, State.CANCELADO, State.EXPIRADA, State.PENDIENTE])
            ended = None if state is State.PENDIENTE else at + timedelta(minutes=luck.choice([1, 20, 1500]))
            usd = Decimal(luck.choice(["4600.00", "900.00", "5000.00"]))
            await add_operation(
                session,
                luck.choice(clients),
                state=state,
                usd=usd,
                created_at=at,
                finished_at=ended,
                origin=Origin.SISTEMA,
            )
    bands = {"low": Decimal("4500.00"), "high": Decimal("5000.00")}
    names = ("count", "accumulated", "near", "completed", "completed_usd", "cancelled")
    wanted = [
        Measure(name=MeasureName(name), hours=hours, **(bands if name == "near" else {}))
        for name in names
        for hours in (1, 24, 72)
    ]
    span = (NOW - timedelta(days=5), NOW + timedelta(days=1))
    one, many = (
        gauge(wanted, Operation.created_at >= span[0]),
        gauge(wanted, Operation.created_at >= span[0], within=span),
    )
    async with sessions() as session:
        read, summed = [
            {row.code: taken.facts(row) for row in await session.execute(taken.statement)} for taken in (one, many)
        ]
    assert len(read) > 20
    assert summed == read


async def test_the_alerts_of_a_client_join_one_case_of_their_kind_however_often_it_is_assessed(
    sessions: Sessions,
) -> None:
    client = await _client(sessions)
    await _operation(sessions, client, 24 * 200, "9000.00")
    code = await _operation(sessions, client, 0, "120000.00")
    for occasion in ("creacion", "creacion", "cierre"):
        assert (await _assess(sessions, code, occasion))[0] is Assessment.CLEAR
    async with sessions() as session:
        (case,) = (await session.scalars(select(ComplianceCase))).all()
        alerts = await cases.alerts_of(session, case.id)
    assert (case.kind, case.severity) == ("monitoreo", "Crítica")
    assert {alert.rule_key for alert in alerts} == {"monto-critico", "inactivo-y-alto"}
    assert alerts[0].summary == "Monto crítico: monto de US$ 120,000.00."


async def test_who_stands_on_a_list_is_held_with_one_alert_even_without_the_rule(sessions: Sessions) -> None:
    client = await _client(sessions, list_match=True)
    first = await _operation(sessions, client, 1, "100.00")
    assert (await _assess(sessions, first))[0] is Assessment.HELD
    async with sessions.begin() as session:
        gone = update(ComplianceRule).where(ComplianceRule.key == LIST_RULE).values(status=RuleStatus.RETIRADA)
        await session.execute(gone)
    second = await _operation(sessions, client, 0, "100.00")
    assert (await _assess(sessions, second))[0] is Assessment.HELD
    async with sessions() as session:
        alerts = (await session.scalars(select(CaseAlert).order_by(CaseAlert.id))).all()
    assert [(one.source_key, one.holds) for one in alerts] == [(f"lista:{first}", True), (f"lista:{second}", True)]
    assert len({one.case_id for one in alerts}) == 1


async def test_a_silenced_rule_leaves_one_client_in_peace_until_its_day_and_the_assessment_says_so(
    sessions: Sessions,
) -> None:
    client, other = await _client(sessions), await _client(sessions, "40000002")
    code = await _operation(sessions, client, 48, "60000.00")
    await _assess(sessions, code)
    async with sessions.begin() as session:
        officer = await add_user(session, "oficial", Role.MIDDLE_OFFICE)
        case_id = (await session.scalars(select(CaseAlert.case_id).where(CaseAlert.rule_key == "monto-alto"))).one()
        told = {"by": officer, "rule_key": "monto-alto", "reason": "Compra anual con sustento"}
        now = datetime.now(UTC)
        await case_watch.snooze(session, case_id, days=30, now=now, **told)
        with pytest.raises(Conflict):
            await case_watch.snooze(session, case_id, days=30, now=now, **told | {"rule_key": LIST_RULE})
    for one, usd in ((client, "61000.00"), (other, "62000.00")):
        await _assess(sessions, await _operation(sessions, one, 24, usd))
    async with sessions.begin() as session:
        wanted = select(ComplianceCase.client_id).join(CaseAlert, CaseAlert.case_id == ComplianceCase.id)
        rang = (await session.scalars(wanted.where(CaseAlert.rule_key == "monto-alto"))).all()
        findings = (await session.scalars(select(TransactionMonitoring.findings))).all()
        await session.execute(update(RuleSnooze).values(until=now))
    assert sorted(rang) == [client.id, other.id]
    silenced = [rule["key"] for found in findings for rule in found["rules"] if rule["silenced"]]
    assert silenced == ["monto-alto"]
    again = await _operation(sessions, client, 0, "63000.00")
    await _assess(sessions, again)
    async with sessions() as session:
        alert = await session.scalar(
            select(CaseAlert.rule_key).where(CaseAlert.source_key == f"regla:monto-alto:{again}")
        )
    assert alert == "monto-alto"


async def test_a_rule_published_meanwhile_counts_at_the_very_next_operation(sessions: Sessions) -> None:
    client = await _client(sessions)
    async with sessions.begin() as session:
        book = await in_force(session)
        definition = Definition.model_validate(
            {
                "name": "Todo se retiene",
                "kind": "monitoreo",
                "severity": "Alta",
                "hold": True,
                "conditions": [{"test": "amount", "at_least": "1.00"}],
            }
        )
        row = {"key": "todo", "version": 1, "status": RuleStatus.PUBLICADA}
        session.add(ComplianceRule(**row, definition=definition.model_dump(mode="json")))
    code = await _operation(sessions, client, 0, "10.00")
    async with sessions.begin() as session:
        renewed, outcome = await assess(session, book, code, occasion="creacion")
    assert outcome is Assessment.HELD
    assert {rule.key for rule in renewed.rules} - {rule.key for rule in book.rules} == {"todo"}
