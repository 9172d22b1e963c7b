"""A reversal on the operation's page: offered to whom may decide it, with the reason to whom may not."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from api.auth import start_user_session
from db import reversals
from db.session import Sessions
from domain.operations import Actor, Kind
from tests.api.conftest import client_of
from tests.books import NOON, Books, open_books

PEDIR, APROBAR = "/reverso/pedir", "/reverso/aprobar"


@pytest.fixture
async def books(sessions: Sessions) -> Books:
    async with sessions.begin() as session:
        return await open_books(session)


async def page(app: FastAPI, who: Actor, code: str, more: str = "") -> str:
    token = await start_user_session(app.state.services, who.id)
    async with client_of(app, Authorization=f"Bearer {token}") as person:
        answer = await person.get(f"/panel/operaciones/{code}{more}")
        assert answer.status_code == 200, answer.text[-600:]
        return answer.text


async def test_the_page_offers_it_to_a_second_person_and_tells_it_to_everybody(
    app: FastAPI, sessions: Sessions, books: Books
):
    async with sessions.begin() as session:
        code = (await books.completed(session, Kind.COMPRA, "1000.00", "3.7400")).code
    assert PEDIR in await page(app, books.master, code)
    # Its client is in nobody's portfolio: the operation is still its Trader's to look at.
    assert PEDIR not in await page(app, books.trader, code)
    async with sessions.begin() as session:
        asked = await reversals.ask(session, code, actor=books.master, reason="se pagó dos veces", at=NOON)
    mine, other = await page(app, books.master, code), await page(app, books.other_master, code)
    assert "Lo pediste tú: lo decide otra persona." in mine
    assert APROBAR not in mine
    assert APROBAR in other
    assert "se deshacen en los libros de hoy" in await page(app, books.other_master, code, APROBAR)
    assert "Piden su reverso" in await page(app, books.operator, code)
    async with sessions.begin() as session:
        await reversals.approve(session, asked.id, actor=books.other_master, at=NOON)
        await reversals.end(session, asked.id, at=NOON)
    told = await page(app, books.trader, code)
    assert "Reversada" in told
    assert PEDIR not in await page(app, books.other_master, code)
