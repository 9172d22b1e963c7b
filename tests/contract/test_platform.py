"""`/api/platform`: a partner's system reaches what it created, by its own key, and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from api.allowances import Allowances
from db import partners
from db.tables import AuditEntry, Client, Operation, OperationEvent, PartnerKey
from domain.clients import ClientStatus
from domain.operations import SYSTEM, Actor, ActorKind, Origin
from tests.contract.conftest import SITE, browser

BASE = "/api/platform"
ACCOUNT = {"bank_name": "BCP", "account_type": "Ahorro", "origen": "Lima"}
ROSA = {
    "tipo_documento": "DNI",
    "dni": "40000099",
    "email": "rosa@example.test",
    "telefono": "987654321",
    "nombres": "Rosa",
    "apellido_paterno": "Quispe",
    "bank_accounts": [
        {**ACCOUNT, "account_number": "19310012345601", "currency": "$"},
        {**ACCOUNT, "account_number": "19310012345602", "currency": "S/"},
    ],
}
ORDER = {
    "dni": "40000099",
    "tipo": "compra",
    "monto_dolares": 31,
    "cuenta_origen": "19310012345601",
    "cuenta_destino": "19310012345602",
}
ROUTES = [
    ("GET", "/health", None),
    ("GET", "/exchange-rates", None),
    ("POST", "/register-client", ROSA),
    ("GET", "/get-client/40000099", None),
    ("POST", "/register-operation", ORDER),
]

pytestmark = pytest.mark.usefixtures("rates")


@pytest.fixture
async def key(sessions):
    async with sessions.begin() as session:
        return (await partners.create(session, "Remesas del Sur", actor=SYSTEM)).key


@pytest.fixture
async def partner(app, key):
    async with browser(app, **{"X-API-Key": key}) as http:
        yield http


@pytest.fixture
async def rival(app, sessions):
    async with sessions.begin() as session:
        other = (await partners.create(session, "Otra Casa", actor=SYSTEM)).key
    async with browser(app, **{"X-API-Key": other}) as http:
        yield http


async def activated(sessions):
    async with sessions.begin() as session:
        await session.execute(update(Client).values(status=ClientStatus.ACTIVO, has_complete_documents=True))


async def test_without_a_living_key_there_is_nothing(app, client, sessions, key):
    """A client's session, a wrong key and a closed partner's key open none of it."""
    unlimited = app.state.services.settings.model_copy(update={"rate_limit_login": ""})
    app.state.services = replace(app.state.services, allowances=Allowances(unlimited))
    async with sessions.begin() as session:
        closed = await partners.create(session, "Cerrada", actor=SYSTEM)
        await partners.close(session, closed.partner.id, actor=SYSTEM, now=datetime.now(UTC))
    for given in ({}, {"X-API-Key": "qck_no-es"}, {"X-API-Key": closed.key}, {"Authorization": f"Bearer {key}"}):
        async with browser(app, **given) as http:
            for method, path, body in ROUTES:
                answer = await http.request(method, BASE + path, json=body)
                assert (answer.status_code, answer.json()["code"]) == (401, "API_KEY_NEEDED")
                assert answer.json()["success"] is False
    for method, path, body in ROUTES:
        assert (await client.http.request(method, BASE + path, json=body)).status_code == 401


async def test_a_partner_registers_a_client_once_and_reads_only_its_own(partner, rival, client, promises, sessions):
    clicks = await asyncio.gather(*(partner.post(f"{BASE}/register-client", json=ROSA) for _ in range(5)))
    assert sorted(answer.status_code for answer in clicks) == [200, 200, 200, 200, 201]
    assert len({answer.json()["client"]["id"] for answer in clicks}) == 1
    read = (await partner.get(f"{BASE}/get-client/40000099")).json()["client"]
    assert (read["status"], [account["currency"] for account in read["bank_accounts"]]) == ("Inactivo", ["$", "S/"])
    assert "19310012345601" not in str(read)
    for path in (f"/get-client/{client.dni}", "/get-client/49999999"):
        assert (await partner.get(BASE + path)).status_code == 404
    assert (await rival.get(f"{BASE}/get-client/40000099")).status_code == 404
    assert (await rival.post(f"{BASE}/register-client", json=ROSA)).status_code == 409
    async with sessions() as session:
        row = (await session.scalars(select(Client).where(Client.document_number == "40000099"))).one()
        acts = await session.scalars(select(AuditEntry.actor_kind).where(AuditEntry.action == "clients.register"))
        assert (row.origin, row.password_hash, acts.all()) == ("plataforma", "", ["aliado"])


async def test_a_client_of_another_channel_is_not_taken_over_by_its_document(partner, client):
    taken = await partner.post(f"{BASE}/register-client", json={**ROSA, "dni": client.dni})
    assert (taken.status_code, taken.json()["code"]) == (409, "DUPLICATE_DOCUMENT")
    assert (await partner.get(f"{BASE}/get-client/{client.dni}")).status_code == 404


async def test_an_account_that_cannot_be_registers_nobody(partner, promises, sessions):
    wrong = [{**ACCOUNT, "account_number": "1", "currency": "$"}]
    answer = await partner.post(f"{BASE}/register-client", json={**ROSA, "bank_accounts": wrong})
    assert (answer.status_code, answer.json()["field"]) == (422, "account_number")
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Client)) == 0


async def test_an_operation_is_the_partners_once_and_at_the_houses_rate(partner, rival, house, sessions):
    """F001, F054: five clicks are one; the partner's name stands in the history."""
    await partner.post(f"{BASE}/register-client", json=ROSA)
    early = await partner.post(f"{BASE}/register-operation", json=ORDER)
    assert (early.status_code, early.json()["code"]) == (422, "KYC_PENDING")
    await activated(sessions)
    answers = await asyncio.gather(*(partner.post(f"{BASE}/register-operation", json=ORDER) for _ in range(5)))
    seen = [answer.json()["operation"] for answer in answers]
    assert {answer.status_code for answer in answers} == {201}
    assert {(one["operation_id"], one["monto_soles"], one["tipo_cambio"], one["estado"]) for one in seen} == {
        (seen[0]["operation_id"], 105.43, 3.401, "pendiente")
    }
    assert seen[0]["cuenta_empresa"]["banco"] == "BCP"
    assert (await rival.post(f"{BASE}/register-operation", json=ORDER)).status_code == 404
    (listed,) = (await partner.get(f"{BASE}/get-client/40000099")).json()["operations"]
    assert listed["operation_id"] == seen[0]["operation_id"]
    async with sessions() as session:
        row = (await session.scalars(select(Operation))).one()
        event = (await session.scalars(select(OperationEvent).where(OperationEvent.event == "create"))).one()
        assert (row.origin, row.expires_at is not None, event.actor_kind) == (Origin.PLATAFORMA, True, "aliado")


async def test_what_the_client_does_by_itself_is_not_shown_to_its_partner(partner, promises, sessions):
    await partner.post(f"{BASE}/register-client", json=ROSA)
    async with sessions.begin() as session:
        row = (await session.scalars(select(Client))).one()
        from tests.contract.test_operations import stored

        session.add(await stored(session, row, 1, "Pendiente"))
    assert (await partner.get(f"{BASE}/get-client/40000099")).json()["operations"] == []


async def test_a_partner_is_kept_to_its_calls_and_its_wrong_keys_are_counted(app, partner):
    """One partner's haste takes nothing from another, and keys cannot be tried."""
    few = {"rate_limit_partner": "2/minute", "rate_limit_login": "3/minute"}
    allowances = Allowances(app.state.services.settings.model_copy(update=few))
    app.state.services = replace(app.state.services, allowances=allowances)
    answers = [await partner.get(f"{BASE}/health") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    async with browser(app, **{"X-API-Key": "qck_no"}) as http:
        assert [(await http.get(f"{BASE}/health")).status_code for _ in range(4)] == [401, 401, 401, 429]


async def test_a_key_is_rotated_without_an_outage_and_a_leaked_one_dies_at_once(app, sessions, key):
    now = datetime.now(UTC)

    async def works(given: str) -> bool:
        async with browser(app, **{"X-API-Key": given}) as http:
            return (await http.get(f"{BASE}/health")).status_code == 200

    async with sessions.begin() as session:
        mine = await partners.by_name(session, "remesas del sur")
        second = (await partners.rotate(session, mine.id, grace=timedelta(hours=1), actor=SYSTEM, now=now)).key
    assert await works(key)
    assert await works(second)
    async with sessions.begin() as session:
        third = (await partners.rotate(session, mine.id, grace=timedelta(0), actor=SYSTEM, now=now)).key
    assert [await works(one) for one in (key, second, third)] == [False, False, True]
    async with sessions() as session:
        stored = [row.key_hash for row in (await session.scalars(select(PartnerKey))).all()]
        told = str((await session.scalars(select(AuditEntry.changes))).all())
    assert not any(one in text for one in (key, second, third) for text in (*stored, told, SITE))


def test_a_partner_may_do_nothing_to_an_operation_once_it_exists():
    from decimal import Decimal

    from domain.commands import Cancel
    from domain.errors import Forbidden
    from domain.lifecycle import decide
    from domain.operations import Kind
    from domain.operations import Operation as Held

    actor = Actor(kind=ActorKind.PARTNER, id=1)
    now = datetime.now(UTC)
    figures = {"amount_usd": Decimal(1), "base_rate": Decimal(3), "rate": Decimal(3), "amount_pen": Decimal(3)}
    held = Held(
        code="EXP-1001",
        version=1,
        client_id=1,
        kind=Kind.COMPRA,
        origin=Origin.PLATAFORMA,
        source_account_id=1,
        destination_account_id=2,
        created_at=now,
        created_by=actor,
        **figures,
    )
    with pytest.raises(Forbidden):
        decide(held, Cancel(actor=actor, reason="x"), now)
