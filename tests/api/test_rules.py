"""A rule from its draft to its retirement, and who may see that any of it exists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
from sqlalchemy import select

from db.session import Sessions
from db.tables import ComplianceAudit
from domain.calendar import business_day
from domain.operations import State
from domain.permissions import Role
from tests.activities.operations import add_operation
from tests.api.conftest import Person, Staff
from tests.people import add_client

RULES = "/api/staff/rules"
DRAFT = {
    "name": "Ventas de mil",
    "kind": "monitoreo",
    "severity": "Media",
    "once": "día",
    "conditions": [{"test": "amount", "at_least": "1000.00"}, {"test": "kind", "kind": "Venta"}],
}


async def _post(person: Person, path: str, **body: Any) -> httpx.Response:
    return await person.http.post(f"{RULES}{path}", json=body)


def _period(days: int = 5) -> dict[str, str]:
    today = business_day(datetime.now(UTC))
    return {"since": str(today - timedelta(days=days)), "until": str(today)}


async def _seed(sessions: Sessions) -> list[int]:
    async with sessions.begin() as session:
        clients = [await add_client(session, f"4000000{place}") for place in range(2)]
        for client, count in zip(clients, (3, 1), strict=True):
            for _ in range(count):
                await add_operation(session, client, usd=Decimal("1000.00"))
            await add_operation(session, client, usd=Decimal("999.99"), state=State.EXPIRADA)
    return [client.id for client in clients]


async def test_a_draft_is_tried_on_the_past_and_published_by_somebody_else(staff: Staff, sessions: Sessions):
    author, other = await staff("oficial", Role.MIDDLE_OFFICE), await staff("maestra", Role.MASTER)
    busy, _ = await _seed(sessions)
    made = (await _post(author, "", key="ventas-de-mil", definition=DRAFT)).json()
    assert (made["status"], made["words"]) == ("Borrador", "monto de US$ 1,000.00 o más; operación de Venta")
    path = f"/{made['id']}"
    assert (await _post(other, f"{path}/publish")).json()["code"] == "RULE_NOT_TRIED"
    trial = (await _post(author, f"{path}/back-test", **_period())).json()
    result = trial["result"]
    assert (result["operations"], result["alerts"], result["clients"]) == (6, 2, 2)
    assert {one["client_id"]: one["alerts"] for one in result["most"]}[busy] == 1
    assert (await _post(author, f"{path}/publish")).json()["code"] == "SECOND_PERSON"
    await _post(author, f"{path}/edit", definition={**DRAFT, "severity": "Alta"})
    assert (await _post(other, f"{path}/publish")).json()["code"] == "RULE_NOT_TRIED"
    await _post(author, f"{path}/back-test", **_period())
    published = await _post(other, f"{path}/publish")
    assert (published.status_code, published.json()["status"]) == (200, "Publicada")
    assert (await _post(author, f"{path}/edit", definition=DRAFT)).json()["code"] == "RULE_NOT_DRAFT"
    async with sessions() as session:
        told = select(ComplianceAudit.action).where(ComplianceAudit.subject == "regla:ventas-de-mil")
        actions = (await session.scalars(told.order_by(ComplianceAudit.id))).all()
    assert actions == ["borrador", "prueba", "borrador editado", "prueba", "publicada"]


async def test_a_new_version_takes_the_place_of_the_one_in_force_and_the_list_rule_stays(
    staff: Staff, sessions: Sessions
):
    author, other = await staff("oficial", Role.MIDDLE_OFFICE), await staff("maestra", Role.MASTER)
    made = (await _post(author, "", key="monto-alto", definition=DRAFT)).json()
    assert made["version"] == 2
    assert (await _post(author, "", key="monto-alto", definition=DRAFT)).json()["code"] == "RULE_DRAFT_EXISTS"
    await _post(author, f"/{made['id']}/back-test", **_period())
    await _post(other, f"/{made['id']}/publish")
    listed = (await author.http.get(f"{RULES}?limit=200")).json()["items"]
    assert {one["version"]: one["status"] for one in listed if one["key"] == "monto-alto"} == {
        1: "Retirada",
        2: "Publicada",
    }
    by_law = next(one for one in listed if one["key"] == "lista-restrictiva")
    assert (await _post(other, f"/{by_law['id']}/retire", reason="molesta")).json()["code"] == "RULE_MANDATORY"
    milder = {**DRAFT, "conditions": [{"test": "list_match"}]}
    assert (await _post(author, "", key="lista-restrictiva", definition=milder)).json()["code"] == "RULE_MANDATORY"


async def test_what_is_no_condition_is_refused_and_the_desk_finds_no_rules(staff: Staff):
    author, trader = await staff("oficial", Role.MIDDLE_OFFICE), await staff("trader", Role.TRADER)
    for conditions in (
        [],
        [{"test": "expression", "text": "amount > 1"}],
        [{"test": "amount"}],
        [{"test": "amount", "at_least": "1", "more": 2}],
        [{"test": "frequency", "days": 0, "at_least": 1}],
    ):
        answer = await _post(author, "", key="x-1", definition={**DRAFT, "conditions": conditions})
        assert answer.status_code == 422, conditions
    for path in ("", "/1"):
        assert (await trader.http.get(f"{RULES}{path}")).status_code == 404
    assert (await _post(trader, "", key="x-1", definition=DRAFT)).status_code == 404
    assert (await trader.http.get("/api/staff/alerts")).status_code == 404
