"""The figures of the day: exact, the same on the page as in the JSON, and only of what each may see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import update

from db.session import Sessions
from db.tables import Operation
from domain.calendar import business_day, day_bounds
from domain.operations import Kind, State
from domain.permissions import Role
from tests.api.conftest import Staff
from tests.api.records import create
from tests.people import add_client, add_rate


async def ended(sessions: Sessions, code: str, state: State, **values: Any) -> None:
    """As the workflow would have left it."""
    async with sessions.begin() as session:
        await session.execute(update(Operation).where(Operation.code == code).values(state=state, **values))


async def test_the_day_adds_up_to_the_cent_and_yesterday_is_not_of_today(staff: Staff, sessions: Sessions):
    people = {role: await staff(role.name.lower(), role) for role in Role}
    async with sessions.begin() as session:
        await add_rate(session)
        mine = await add_client(session, "40000001", trader_id=people[Role.TRADER].id)
        other = await add_client(session, "40000002")
    now = datetime.now(UTC)
    start = day_bounds(business_day(now))[0]
    made = [
        (await create(sessions, client, kind=kind, usd=usd)).now.code
        for client, kind, usd in (
            (mine, Kind.COMPRA, "100.10"),
            (other, Kind.COMPRA, "200.20"),
            (mine, Kind.VENTA, "50.05"),
            (mine, Kind.COMPRA, "999.00"),
            (mine, Kind.VENTA, "70.00"),
        )
    ]
    began = {"created_at": now - timedelta(minutes=12), "in_process_since": now - timedelta(minutes=5)}
    for code, rate in zip(made[:3], ("3.4000", "3.4100", "3.4200"), strict=True):
        done = {**began, "finished_at": now, "rate": Decimal(rate), "operator_id": people[Role.OPERADOR].id}
        await ended(sessions, code, State.COMPLETADA, **done)
    await ended(sessions, made[3], State.COMPLETADA, **began, finished_at=start - timedelta(seconds=1))
    await ended(sessions, made[4], State.CANCELADO, finished_at=now, reason="Se arrepintió")

    seen = (await people[Role.MASTER].http.get("/api/staff/dashboard")).json()
    sides = {side["kind"]: side for side in seen["sides"]}
    assert (sides["Compra"]["usd"], sides["Compra"]["count"], sides["Compra"]["rate"]) == ("300.30", 2, "3.4067")
    assert seen["net_usd"] == "250.25"
    assert {one["state"]: one["count"] for one in seen["ended"]} == {"Completada": 3, "Cancelado": 1, "Expirada": 0}
    assert [(one["median_seconds"], one["slow_seconds"]) for one in seen["stays"]] == [(420, 420), (300, 300)]
    assert seen["reasons"] == [{"state": "Cancelado", "reason": "Se arrepintió", "count": 1}]
    assert [(one["role"], one["count"]) for one in seen["workers"]] == [("Trader", 2), ("Operador", 3)]
    assert (seen["funnel"]["registered"], seen["funnel"]["with_operation"]) == (2, 2)

    page = (await people[Role.MASTER].http.get("/panel/hoy")).text
    assert all(figure in page for figure in ("300.30", "250.25", "3.40<b>67</b>", "Se arrepintió", "US$"))
    own = (await people[Role.TRADER].http.get("/api/staff/dashboard")).json()
    assert (own["net_usd"], own["workers"], own["attention"]["kyc"]) == ("50.05", [], None)
    month = (await people[Role.OPERADOR].http.get("/panel/hoy?tramo=mes")).text
    assert "Compras y ventas por día" in month
    assert (await people[Role.MIDDLE_OFFICE].http.get("/api/staff/dashboard")).json()["attention"]["cases"] == 0
