"""The panel against whatever its addresses and forms may bring."""

from __future__ import annotations

from fastapi import FastAPI

from db.session import Sessions
from domain.permissions import Role
from tests.api.conftest import Staff
from tests.api.test_panel import House, csrf, house, processing
from tests.api.test_who_may import acts
from tests.books import open_books
from tests.odd_forms import Page, faults, pages

__all__ = ["house"]


async def test_no_page_of_the_panel_breaks_whatever_is_typed(app: FastAPI, house: House, sessions: Sessions):
    """With an operation En proceso, and every act by its name."""
    master = house.people[Role.MASTER]
    await processing(sessions, house)
    every = [*pages(app, "panel"), *(Page(act.verb, act.path(), ()) for act in acts())]
    token = (await csrf(master))["X-CSRF-Token"]
    assert await faults(master.http, every, token=token, turns=3) == []
    assert (await master.http.get("/panel/tablero")).status_code == 200


async def test_an_operation_for_nobody_or_neither_way_is_refused_in_words(staff: Staff, sessions: Sessions):
    """Both were a 500."""
    master = await staff("marta", Role.MASTER)
    async with sessions.begin() as session:
        client = (await open_books(session)).client
    for form, says in (
        ({"tipo": "Compra", "monto": "10"}, "Elige primero para quién es la operación."),
        ({"cliente": str(client.id), "tipo": "Trueque", "monto": "10"}, "Elige si es Compra o Venta."),
    ):
        answer = await master.http.post("/panel/operaciones/nueva", data=form, headers=await csrf(master))
        assert answer.status_code == 422
        assert says in answer.text
