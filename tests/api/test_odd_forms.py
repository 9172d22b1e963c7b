"""The panel against whatever its addresses and forms may bring."""

from __future__ import annotations

from fastapi import FastAPI

from db.session import Sessions
from domain.permissions import Role
from tests.api.conftest import Staff
from tests.api.test_panel import csrf
from tests.books import open_books
from tests.odd_forms import faults, pages

# What ends the session that asks.
LEFT_OUT = r"/(salir|sesiones|usuarios|contrasena)"


async def test_no_page_of_the_panel_breaks_whatever_is_typed(app: FastAPI, staff: Staff, sessions: Sessions):
    master = await staff("marta", Role.MASTER)
    async with sessions.begin() as session:
        await open_books(session)
    every = pages(app, "panel", left_out=LEFT_OUT)
    assert len(every) > 190
    token = (await csrf(master))["X-CSRF-Token"]
    assert await faults(master.http, every, token=token, turns=2) == []
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
