"""Publishing rates."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from db.session import Sessions
from db.tables import AuditEntry, ExchangeRate, Notification
from domain.permissions import Role
from tests.api.conftest import Staff


async def test_a_published_pair_is_in_force_told_and_audited_together(staff: Staff, sessions: Sessions):
    """F054: the newest row is the rate of every channel."""
    master = await staff("marta", Role.MASTER)
    await master.http.post("/api/staff/rates", json={"buy": "3.7000", "sell": "3.7200"})
    answer = await master.http.post("/api/staff/rates", json={"buy": "3.7450", "sell": 3.765})
    assert answer.status_code == 200
    assert (answer.json()["buy"], answer.json()["sell"]) == ("3.7450", "3.7650")
    told = (await master.http.get("/api/staff/rates", params={"limit": 1})).json()
    assert told["current"]["sell"] == "3.7650"
    assert told["current"]["set_by"] == "Marta"
    following = (await master.http.get("/api/staff/rates", params={"cursor": told["next_cursor"]})).json()
    assert [item["buy"] for item in following["history"]] == ["3.7000"]
    async with sessions() as session:
        newest = await session.scalar(select(Notification).order_by(Notification.id.desc()).limit(1))
        audit = await session.scalar(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))
    assert newest is not None
    assert (newest.room, newest.event) == ("todos", "tipos_cambio_actualizados")
    assert (newest.payload["compra"], newest.payload["venta"]) == ("3.7450", "3.7650")
    assert audit is not None
    assert audit.actor_id == master.id
    assert {"field": "sell", "before": "3.7200", "after": "3.7650"} in audit.changes


@pytest.mark.parametrize(
    ("buy", "sell", "field"),
    [
        ("3.76", "3.75", "sell"),
        ("2.49", "3.75", "buy"),
        ("3.70", "5.01", "sell"),
        ("3.70001", "3.75", "buy"),
        ("NaN", "3.75", "buy"),
        ("-3.70", "3.75", "buy"),
        ("1e400", "3.75", "buy"),
        (True, "3.75", "buy"),
        ("3.70", None, "sell"),
        ("tres", "3.75", "buy"),
    ],
)
async def test_an_unlikely_pair_changes_nothing(
    staff: Staff, sessions: Sessions, buy: object, sell: object, field: str
):
    master = await staff("marta", Role.MASTER)
    answer = await master.http.post("/api/staff/rates", json={"buy": buy, "sell": sell})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    async with sessions() as session:
        assert await session.scalar(select(func.count(ExchangeRate.id))) == 0


@pytest.mark.parametrize("role", [Role.TRADER, Role.OPERADOR, Role.MIDDLE_OFFICE])
async def test_only_master_publishes_and_all_read(staff: Staff, role: Role):
    person = await staff("ana", role)
    refused = await person.http.post("/api/staff/rates", json={"buy": "3.70", "sell": "3.72"})
    assert (refused.status_code, refused.json()["code"]) == (403, "NOT_ALLOWED")
    assert (await person.http.get("/api/staff/rates")).json() == {"current": None, "history": [], "next_cursor": None}


async def test_a_broken_cursor_is_told(staff: Staff):
    person = await staff("ana", Role.TRADER)
    for cursor in ("%%%", "abc", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"):
        answer = await person.http.get("/api/staff/rates", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "CURSOR_UNKNOWN"), cursor
