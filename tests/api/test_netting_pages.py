"""Netting on the screen: the board, pairs and suggestions, matches and lotes, with the figures of the JSON."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from db.session import Sessions
from domain.operations import Kind
from domain.permissions import Role
from tests.api.conftest import Person, Staff
from tests.api.test_panel import csrf
from tests.books import Books, open_books
from tests.clock import earlier_today, now, today

PATH, API = "/panel/calce", "/api/staff/netting"
C, V = Kind.COMPRA, Kind.VENTA


@pytest.fixture
async def books(sessions: Sessions) -> Books:
    """A Compra of 1,000.00 with two Ventas of 600.00 and 500.00: Ventas of 100.00 are left over."""
    async with sessions.begin() as session:
        books = await open_books(session)
        for place, (kind, usd, rate) in enumerate(
            ((C, "1000.00", "3.7400"), (V, "600.00", "3.7600"), (V, "500.00", "3.7700"))
        ):
            await books.completed(session, kind, usd, rate, at=earlier_today(3 - place))
    return books


@pytest.fixture
async def master(staff: Staff, books: Books) -> Person:
    return await staff("marta", Role.MASTER)


async def board(person: Person) -> dict[str, Any]:
    return (await person.http.get(API)).json()


def pair(books: Books, sell: int = 1, usd: str = "100.00") -> str:
    return f"{PATH}/calzar?compra={books.codes[0]}&venta={books.codes[sell]}&monto={usd}"


async def test_a_pair_is_told_before_it_is_matched_and_a_double_click_matches_once(master: Person, books: Books):
    page = (await master.http.get(PATH)).text
    assert all(code in page for code in books.codes)
    assert "1,100.00" in page
    chosen = f"{PATH}/pareja?compra={books.codes[0]}&venta={books.codes[1]}"
    # The smaller remainder is the default: 600.00, that earns 600 × (3.7600 − 3.7400) = 12.00.
    told = (await master.http.get(chosen)).text
    assert 'value="600.00"' in told
    assert "12.00" in told
    more = (await master.http.get(f"{chosen}&monto=600.01")).text
    assert f"A {books.codes[1]} le quedan US$ 600.00 por calzar." in more
    assert 'aria-invalid="true"' in more
    assert 'aria-disabled="true"' in more
    dialog = (await master.http.get(pair(books))).text
    # 100.00 at 3.7400 and 3.7600, desk 3.7500 on both sides: 1.00 for each trader, nothing for the house.
    assert "una utilidad de S/\u00a02.00" in dialog
    assert dialog.count("S/\u00a01.00 para ") == 2
    codes = {"buy_code": books.codes[0], "sell_code": books.codes[1]}
    for usd in ("1E+99999", "0", "-5", "1.001"):
        refused = await master.http.get(f"{API}/pair", params=codes | {"amount_usd": usd})
        assert (refused.status_code, refused.json()["field"]) == (422, "amount_usd"), usd
    token = await csrf(master)
    clicks = [master.http.post(pair(books), data={"clave_unica": "un-clic"}, headers=token) for _ in range(2)]
    assert [one.status_code for one in await asyncio.gather(*clicks)] == [200, 200]
    assert ((await board(master))["left_buys"], (await board(master))["left_sells"]) == ("900.00", "1000.00")
    other = await master.http.post(pair(books, usd="50.00"), data={"clave_unica": "un-clic"}, headers=token)
    assert (other.status_code, "vuelve a cargar la página" in other.text) == (422, True)


async def test_what_earlier_days_left_is_carried_to_the_board_of_today(
    master: Person, books: Books, sessions: Sessions
):
    """F236"""
    async with sessions.begin() as session:
        for usd in ("200.00", "50.50"):
            await books.completed(session, V, usd, "3.7600", at=now() - timedelta(days=1))
    page = (await master.http.get(PATH)).text
    assert "2 de días anteriores por US$ 250.50" in page
    assert page.count("de días anteriores") == 1


async def test_two_people_at_once_never_match_more_than_is_left_and_the_second_is_told(
    master: Person, staff: Staff, books: Books
):
    other = await staff("mario", Role.MASTER)
    tokens = {person.id: await csrf(person) for person in (master, other)}
    sides = ((master, 1, "600.00"), (other, 2, "500.00"))
    answers = await asyncio.gather(
        *(
            person.http.post(pair(books, sell, usd), data={"clave_unica": "k"}, headers=tokens[person.id])
            for person, sell, usd in sides
        )
    )
    assert sorted(one.status_code for one in answers) == [200, 409]
    refused = next(one for one in answers if one.status_code == 409)
    assert f"A {books.codes[0]} le quedan US$" in refused.text
    left = await board(master)
    assert left["left_buys"] in {"400.00", "500.00"}
    assert float(left["left_sells"]) - float(left["left_buys"]) == 100.0


async def test_suggestions_are_all_made_or_none_when_they_are_no_longer_those_that_were_seen(
    master: Person, books: Books
):
    for how, profit in (("fifo", "24.00"), ("mejor", "25.00")):
        items = (await master.http.get(f"{API}/suggestions", params={"how": how})).json()["items"]
        page = (await master.http.get(f"{PATH}/sugerencias?como={how}")).text
        assert f"{sum(float(one['profit']) for one in items):.2f}" == profit
        assert (len(items), profit in page, "1,000.00" in page) == (2, True, True)
    path, token = f"{PATH}/sugerencias/calzar?como=mejor", await csrf(master)
    assert "¿Hacer 2 calces por US$\u00a01,000.00?" in (await master.http.get(path)).text
    seen = {"calces": "2", "amount_usd": "1000.00", "clave_unica": "todos"}
    await master.http.post(pair(books), data={"clave_unica": "antes"}, headers=token)
    moved = await master.http.post(path, data=seen, headers=token)
    assert (moved.status_code, "Las sugerencias cambiaron" in moved.text) == (409, True)
    fresh = seen | {"amount_usd": "900.00"}
    for _ in range(2):
        made = await master.http.post(path, data=fresh, headers=token)
        assert made.status_code == 200, made.text
    left = await board(master)
    assert (left["left_buys"], left["left_sells"]) == ("0.00", "100.00")
    assert len((await master.http.get(f"{API}/matches")).json()["items"]) == 3


async def test_a_match_is_annulled_with_a_reason_while_its_lote_is_open(master: Person, books: Books):
    token = await csrf(master)
    for place, usd in ((1, "300.00"), (2, "200.00")):
        await master.http.post(pair(books, place, usd), data={"clave_unica": usd}, headers=token)
    first, second = (await master.http.get(f"{API}/matches")).json()["items"][::-1]
    path = f"{PATH}/calces/{first['id']}/anular"
    silent = await master.http.post(path, data={"reason": ""}, headers=token)
    assert (silent.status_code, 'aria-invalid="true"' in silent.text) == (422, True)
    assert (await master.http.get(f"{PATH}/lotes/nuevo")).status_code == 422
    chosen = f"{PATH}/lotes/nuevo?n={first['id']}&n={second['id']}"
    opened = await master.http.post(chosen, data={}, headers=token)
    code = opened.headers["hx-redirect"].rpartition("/")[2]
    assert (await master.http.post(chosen, data={}, headers=token)).status_code == 409
    given = {"reason": "Se calzó con la equivocada"}
    assert (await master.http.post(path, data=given, headers=token)).status_code == 200
    assert (await master.http.post(path, data=given, headers=token)).status_code == 409
    gone = (await master.http.get(f"{PATH}/calces?estado=anulados")).text
    assert ("Se calzó con la equivocada" in gone, "300.00" in gone, "/anular" in gone) == (True, True, False)
    await _check_lote(master, code, token, second["id"])


async def _check_lote(master: Person, code: str, token: dict[str, str], match_id: int) -> None:
    """200.00 from 3.7400 to 3.7700 with the desk at 3.7500 on both sides: 6.00, all of the traders."""
    told = (await master.http.get(f"{API}/batches/{code}")).json()
    assert (told["batch"]["usd"], told["batch"]["total"], told["batch"]["house"]) == ("200.00", "6.00", "0.00")
    page = (await master.http.get(f"{PATH}/lotes/{code}")).text
    assert all(text in page for text in ("200.00", "6.00", told["items"][0]["sell_code"]))
    file = await master.http.get(f"{PATH}/lotes/{code}?formato=xlsx")
    *_, total = CalamineWorkbook.from_filelike(io.BytesIO(file.content)).get_sheet_by_index(0).to_python()
    assert (total[4], total[7], total[8], total[9]) == (200.0, 6.0, 6.0, 0.0)
    dialog = (await master.http.get(f"{PATH}/lotes/{code}/cerrar")).text
    assert "Un lote cerrado no se vuelve a abrir." in dialog
    assert (await master.http.post(f"{PATH}/lotes/{code}/cerrar", headers=token)).status_code == 200
    again = await master.http.post(f"{PATH}/lotes/{code}/cerrar", headers=token)
    assert (again.status_code, "ya está cerrado" in again.text) == (409, True)
    late = await master.http.post(f"{PATH}/calces/{match_id}/anular", data={"reason": "tarde"}, headers=token)
    assert (late.status_code, "sus calces no se anulan" in late.text) == (409, True)
    assert "/cerrar" not in (await master.http.get(f"{PATH}/lotes/{code}")).text
    assert "/anular" not in (await master.http.get(f"{PATH}/calces")).text


async def test_an_operador_looks_and_neither_sees_nor_does_what_is_the_masters(
    master: Person, staff: Staff, books: Books
):
    token = await csrf(master)
    await master.http.post(pair(books), data={"clave_unica": "uno"}, headers=token)
    operator, trader = await staff("oscar", Role.OPERADOR), await staff("tania", Role.TRADER)
    for path in (PATH, f"{PATH}/sugerencias", f"{PATH}/calces", f"{PATH}/calces?estado=sin-lote", f"{PATH}/lotes"):
        page = await operator.http.get(path)
        assert page.status_code == 200
        assert not any(word in page.text for word in ("/calzar", "/anular", 'type="radio"', 'name="n"', "Nuevo lote"))
        assert (await trader.http.get(path)).status_code == 403
    own = await csrf(operator)
    assert (await operator.http.post(pair(books), headers=own)).status_code == 403
    sheet = await operator.http.get(f"{PATH}/calces?formato=xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(sheet.content)).get_sheet_by_index(0).to_python()
    assert [rows[1][place] for place in (1, 2, 3, 6)] == [books.codes[0], books.codes[1], 100.0, 2.0]
    assert f"{today():%d/%m/%Y}" == rows[1][0]
