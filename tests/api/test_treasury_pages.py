"""Treasury's pages: the figures are those of the API, an act is done or refused where it was typed, and who may act."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from db.session import Sessions
from db.tables import HouseAccount
from domain.accounts import Bank
from domain.money import Currency
from domain.operations import Kind
from domain.permissions import Role
from tests.api.conftest import Person, Staff
from tests.api.test_panel import csrf
from tests.books import Books, open_books
from tests.clock import earlier_today
from tests.people import add_client

PAGES = ("cuentas", "movimientos", "movimientos/pendientes", "posicion", "aprobaciones")


@pytest.fixture
async def books(sessions: Sessions) -> Books:
    async with sessions.begin() as session:
        return await open_books(session)


async def send(person: Person, path: str, key: str = "", **form: str) -> tuple[int, str]:
    """One click of a form of the panel."""
    headers = await csrf(person) | {"HX-Request": "true"}
    form["clave_unica"] = key or str(uuid4())
    answer = await person.http.post(f"/panel/{path}", data=form, headers=headers)
    return answer.status_code, answer.text + answer.headers.get("HX-Trigger", "")


async def shown(person: Person, path: str) -> str:
    answer = await person.http.get(f"/panel/{path}")
    assert answer.status_code == 200, path
    return re.sub(r"<[^>]+>", "", answer.text)


async def test_the_balances_of_the_page_are_those_of_the_api_now_and_on_a_day(
    staff: Staff, books: Books, sessions: Sessions
):
    master = await staff("marta", Role.MASTER)
    account = books.account(Bank.BCP, Currency.PEN)
    assert (await send(master, "movimientos/registrar/apertura", house_account_id=str(account), **opening("900")))[
        0
    ] == 200
    async with sessions.begin() as session:
        await books.completed(session, Kind.COMPRA, "100.00", "3.7400", at=earlier_today(20))
    told = (await master.http.get("/api/staff/house-accounts")).json()
    page = await shown(master, "cuentas")
    for figure in (told["total_usd"], told["total_pen"], *(one["amount"] for one in told["items"])):
        assert f"{float(figure):,.2f}".replace("-", "−") in page
    assert "en este momento" in page
    assert "al cierre del 01/01/2026" in await shown(master, "cuentas?dia=2026-01-01")
    assert (await master.http.get("/panel/cuentas?dia=ayer")).status_code == 422


async def test_movements_are_looked_for_in_an_account_out_of_use_and_none_is_registered_in_it(
    staff: Staff, books: Books, sessions: Sessions
):
    master, account = await staff("marta", Role.MASTER), books.account(Bank.BCP, Currency.PEN)
    assert (await send(master, "movimientos/registrar/apertura", house_account_id=str(account), **opening("900")))[
        0
    ] == 200
    async with sessions.begin() as session:
        (await session.get_one(HouseAccount, account)).active = False
    page = (await master.http.get(f"/panel/movimientos?cuenta={account}")).text
    assert f'<option value="{account}" selected>BCP soles ' in page
    assert "(fuera de uso)" in page
    assert "900.00" in page
    assert f'value="{account}"' not in (await master.http.get("/panel/movimientos/registrar/gasto")).text


def opening(amount: str) -> dict[str, str]:
    return {"amount": amount, "day": "", "reason": "saldo del banco"}


async def test_a_movement_is_registered_once_whatever_is_clicked_and_a_refusal_is_said_in_its_place(
    staff: Staff, books: Books
):
    """Each kind of movement from its dialog; five equal clicks are one."""
    operator = await staff("oscar", Role.OPERADOR)
    soles, other = str(books.account(Bank.BCP, Currency.PEN)), str(books.account(Bank.INTERBANK, Currency.PEN))
    register = "movimientos/registrar"
    await send(operator, f"{register}/apertura", house_account_id=soles, **opening("5,000.00"))
    for _ in range(3):
        spent = {"house_account_id": soles, "counterpart": "6391", "amount": "12.50", "day": "", "reason": "comisión"}
        assert (await send(operator, f"{register}/gasto", key="un-clic", **spent))[0] == 200
    moved = {
        "house_account_id": soles,
        "target_id": other,
        "amount": "1000",
        "day": "",
        "fee": "3.50",
        "reason": "fondeo",
    }
    assert (await send(operator, f"{register}/transferencia", **moved))[0] == 200
    short = {"house_account_id": other, "sense": "falta", "amount": "2", "day": "", "reason": "moneda falsa"}
    assert (await send(operator, f"{register}/ajuste", **short))[0] == 200
    held = {
        one["account"]["id"]: one["amount"]
        for one in (await operator.http.get("/api/staff/house-accounts")).json()["items"]
    }
    assert (held[int(soles)], held[int(other)]) == ("3983.95", "997.95")
    for form, place in (
        ({**moved, "amount": "mucho"}, "amount-e"),
        ({**moved, "reason": ""}, "reason-e"),
        ({**moved, "day": "2030-01-01"}, "day-e"),
        ({**moved, "fee": "-1"}, "fee-e"),
    ):
        status, text = await send(operator, f"{register}/transferencia", **form)
        assert status == 422
        assert f'id="{place}"' in text
    page = await shown(operator, f"cuentas/{soles}")
    assert page.count(": comisión") == 1
    assert "AS-" in page


async def test_what_is_above_the_limit_waits_for_another_person_who_is_told_by_name(staff: Staff, books: Books):
    """F248: who asked sees that somebody else decides, and is refused when trying."""
    marta, mario = await staff("marta", Role.MASTER), await staff("mario", Role.MASTER)
    operator = await staff("oscar", Role.OPERADOR)
    account = str(books.account(Bank.BCP, Currency.PEN))
    status, text = await send(marta, "movimientos/registrar/apertura", house_account_id=account, **opening("20000"))
    assert status == 200
    assert "Falta que otra persona lo apruebe" in text.encode().decode("unicode_escape")
    waiting = (await marta.http.get("/api/staff/approvals")).json()["items"][0]["id"]
    assert "La pediste tú: la decide otra persona." in await shown(marta, "aprobaciones")
    assert (await send(marta, f"aprobaciones/{waiting}/aprobar", reason="yo misma"))[0] == 403
    assert f"/panel/aprobaciones/{waiting}/aprobar" in (await mario.http.get("/panel/aprobaciones")).text
    assert (
        "hx-get"
        not in re.findall(r"Saldo inicial.*?</li>", (await operator.http.get("/panel/aprobaciones")).text, re.DOTALL)[0]
    )
    assert (await send(operator, f"aprobaciones/{waiting}/aprobar", reason="visto"))[0] == 403
    assert (await send(mario, f"aprobaciones/{waiting}/aprobar", reason="visto el extracto"))[0] == 200
    assert "20,000.00" in await shown(mario, "cuentas")
    decided = await shown(mario, "aprobaciones")
    assert "visto el extracto" in decided
    assert (await mario.http.get(f"/panel/aprobaciones/{waiting}/aprobar")).status_code == 409


async def test_a_house_account_is_added_corrected_with_a_reason_and_put_out_of_use(staff: Staff, books: Books):
    """A number is corrected on the screen; nobody repairs a row by hand."""
    master = await staff("marta", Role.MASTER)
    account = books.account(Bank.BCP, Currency.USD)
    read = await master.http.get("/api/staff/house-accounts")
    known = {one["account"]["id"]: one["account"] for one in read.json()["items"]}[account]
    change = {"number": "1930000099999", "cci": known["cci"], "ledger_account": known["ledger_account"]}
    status, text = await send(master, f"cuentas/{account}/corregir", **change, reason="")
    assert status == 422
    assert 'id="reason-e"' in text
    assert (await send(master, f"cuentas/{account}/corregir", **change, reason="tenía un dígito de más"))[0] == 200
    assert "1930000099999" in await shown(master, f"cuentas/{account}")
    new = {"bank": "BCP", "currency": "USD", "number": "1930000099999", "cci": "", "holder": "QoriCash SAC"}
    status, text = await send(master, "cuentas/nueva", **new, holder_ruc="20990000009")
    assert status == 409
    assert 'id="number-e"' in text
    new["number"] = "1930000011111"
    assert (await send(master, "cuentas/nueva", **new, holder_ruc="20990000009"))[0] == 200
    assert (await send(master, f"cuentas/{account}/dejar"))[0] == 200
    assert "Sin uso" in await shown(master, f"cuentas/{account}")
    assert (await master.http.get(f"/panel/cuentas/{account}/dejar")).status_code == 409


async def test_the_position_of_the_page_is_that_of_the_api(staff: Staff, books: Books, sessions: Sessions):
    master = await staff("marta", Role.MASTER)
    async with sessions.begin() as session:
        await books.completed(session, Kind.COMPRA, "6000.00", "3.7400", at=earlier_today(20))
        await books.completed(session, Kind.VENTA, "500.00", "3.7600", at=earlier_today(15))
    told = (await master.http.get("/api/staff/position")).json()
    page = await shown(master, "posicion")
    for figure in ("open_usd", "realised", "margin"):
        assert f"{float(told['position'][figure]):,.2f}" in page
    assert f"{float(told['unrealised']):,.2f}".replace("-", "−") in page
    assert told["position"]["average"] in page
    assert "Pasó el límite de aviso" in page
    sheet = (await master.http.get("/panel/posicion?formato=csv")).text
    assert f"{told['position']['open_usd']}" in sheet


@pytest.mark.parametrize("path", PAGES)
async def test_who_has_no_part_in_treasury_finds_no_page(staff: Staff, path: str):
    trader = await staff("tania", Role.TRADER)
    assert (await trader.http.get(f"/panel/{path}")).status_code == 403


async def test_rates_from_the_base_by_amount_and_of_a_client_are_set_on_the_page(
    staff: Staff, books: Books, sessions: Sessions
):
    """F050, F051: the spread of the house goes down on the buy and up on the sell; a jump waits for another person."""
    master = await staff("marta", Role.MASTER)
    status, text = await send(master, "tasas/base", base_buy="3.7430", base_sell="nada")
    assert status == 422
    assert 'id="base_sell-e"' in text
    assert (await send(master, "tasas/base", base_buy="3.7430", base_sell="3.7550"))[0] == 200
    now = (await master.http.get("/api/staff/rates")).json()["current"]
    assert (now["buy"], now["sell"]) == ("3.7410", "3.7570")
    _, told = await send(master, "tasas/base", base_buy="3.9430", base_sell="3.9550")
    assert "Falta que otra persona lo apruebe" in told.encode().decode("unicode_escape")
    assert (await send(master, "tasas/tramos/nuevo", from_usd="5,000.00", pips="15"))[0] == 200
    assert (await send(master, "tasas/tramos/nuevo", from_usd="10000", pips="20"))[0] == 200
    status, text = await send(master, "tasas/tramos/nuevo", from_usd="20000", pips="9999")
    assert status == 422
    assert 'id="pips-e"' in text
    better = (await master.http.get("/api/staff/rates/preferential")).json()["tiers"]
    assert better == [{"from_usd": "5000.00", "pips": 15}, {"from_usd": "10000.00", "pips": 20}]
    assert (await send(master, "tasas/tramos/5000.00/quitar"))[0] == 200
    assert (await send(master, "tasas/tramos/5000.00/quitar"))[0] == 404
    async with sessions.begin() as session:
        client = await add_client(session, "40000077")
    assert (await send(master, f"tasas/cliente/{client.id}", pips="10", until="", reason=""))[0] == 422
    assert (await send(master, f"tasas/cliente/{client.id}", pips="10", until="2030-01-31", reason="frecuente"))[
        0
    ] == 200
    page = await shown(master, "tasas")
    assert "hasta el 31/01/2030" in page
    named = (await master.http.get("/api/staff/rates/preferential")).json()["clients"][0]
    assert named["name"] in page
    assert (await send(master, f"tasas/cliente/{client.id}", pips="0", until="", reason="ya no opera"))[0] == 200
    trader = await staff("tania", Role.TRADER)
    assert 'hx-get="/panel/tasas/base"' not in (await trader.http.get("/panel/tasas")).text
    assert (await send(trader, "tasas/tramos/nuevo", from_usd="1", pips="1"))[0] == 403
