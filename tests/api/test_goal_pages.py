"""Goals on the screen: set by a Master, seen by everybody who has one, with one figure for both."""

from __future__ import annotations

from sqlalchemy import select

from db.session import Sessions
from db.tables import AuditEntry
from domain.operations import Actor, ActorKind, Kind
from domain.permissions import Role
from tests.api.conftest import Staff
from tests.api.test_panel import csrf
from tests.books import open_books
from tests.clock import now, today

PATH = "/panel/metas"


async def test_a_goal_is_set_by_a_master_and_its_trader_sees_only_its_own(staff: Staff, sessions: Sessions):
    """F225: one figure for who leads and for who earns."""
    master, trader = await staff("marta", Role.MASTER), await staff("tania", Role.TRADER)
    async with sessions.begin() as session:
        books = await open_books(session)
        mine = Actor(kind=ActorKind.STAFF, id=trader.id)
        for usd, who in (("3000.00", mine), ("1000.00", books.trader)):
            await books.completed(session, Kind.COMPRA, usd, "3.7400", at=now(), trader=who)
    token, path = await csrf(master), f"{PATH}/{trader.id}?mes={today():%Y-%m}"
    wrong = await master.http.post(path, data={"goal": "mucho"}, headers=token)
    assert (wrong.status_code, 'id="goal-e"' in wrong.text) == (422, True)
    for _ in range(2):
        assert (await master.http.post(path, data={"goal": "60.00"}, headers=token)).status_code == 200
    seen = (await master.http.get(PATH)).text
    # 3,000 × (3.7500 − 3.7400) = 30.00 of 60.00; the other has no goal, and its 10.00 reach none.
    assert all(text in seen for text in ("50.0 % de 60.00", "30.00", "10.00", "50 %", "Sin meta este mes"))
    own = (await trader.http.get(PATH)).text
    assert "50.0 % de 60.00" in own
    assert "1.º" in own
    assert "10.00" not in own
    assert "Fijar meta" not in own
    assert path.partition("?")[0] not in own
    assert (await trader.http.post(path, data={"goal": "1"}, headers=await csrf(trader))).status_code == 403
    told = (await trader.http.get("/api/staff/goals")).json()["items"]
    assert [(one["margin"], one["goal"], one["place"]) for one in told] == [("30.00", "60.00", 1)]
    async with sessions() as session:
        assert await session.scalar(select(AuditEntry.action).where(AuditEntry.action == "goals.set"))


async def test_a_month_without_anything_says_so_and_operadores_have_no_goals(staff: Staff):
    master, operator = await staff("marta", Role.MASTER), await staff("oscar", Role.OPERADOR)
    page = (await master.http.get(f"{PATH}?mes=2025-01")).text
    assert "Ningún trader" in page
    assert "Nada ganado todavía este mes" in page
    assert "Metas de enero 2025" in page
    assert (await operator.http.get(PATH)).status_code == 403
    assert (await master.http.get(f"{PATH}/{master.id}")).status_code == 404
