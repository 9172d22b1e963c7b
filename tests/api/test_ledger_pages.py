"""The books on the screen: one figure on page, JSON, workbook and PDF; pages that carry the balance; two people."""

from __future__ import annotations

import asyncio
import base64
import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from db import accounting
from db.session import Sessions
from db.tables import LedgerAccount
from domain.accounts import Bank
from domain.money import Currency
from domain.operations import Kind
from domain.permissions import Role
from tests.api.conftest import Person, Staff
from tests.api.test_panel import csrf
from tests.books import Books, open_books
from tests.clock import now, today
from tests.papers import text_of

PATH, API = "/panel/libros", "/api/staff"
# Compras of 100.00 at 3.7400 with the desk at 3.7500: S/ 1.00 of margin each.
EACH, COMPRAS = Decimal("375.00"), 7


@pytest.fixture
async def books(sessions: Sessions) -> Books:
    async with sessions.begin() as session:
        books = await open_books(session)
        for place in range(COMPRAS):
            # Three days, the newest first: a page goes by day, whatever the order of registering was.
            at = now() - timedelta(days=place % 3)
            await books.completed(session, Kind.COMPRA, "100.00", "3.7400", at=at)
    return books


@pytest.fixture
async def master(staff: Staff, books: Books) -> Person:
    return await staff("marta", Role.MASTER)


def days() -> str:
    return f"desde={today() - timedelta(days=3)}&hasta={today()}"


def of_today() -> str:
    return f"since={today()}&until={today()}"


async def sheet(person: Person, address: str) -> list[list[Any]]:
    answer = await person.http.get(f"{address}&formato=xlsx")
    assert answer.status_code == 200, answer.text
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()


async def pdf(person: Person, address: str) -> str:
    answer = await person.http.get(f"{address}&formato=pdf")
    assert answer.headers["content-type"] == "application/pdf"
    return text_of(answer.content)


async def test_a_page_of_the_mayor_carries_the_balance_of_all_before_it(master: Person, books: Books):
    asked = {"since": str(today() - timedelta(days=1)), "until": str(today()), "limit": "2"}
    lines: list[dict[str, Any]] = []
    cursor, pages = None, 0
    while pages == 0 or cursor:
        params = asked | ({"cursor": cursor} if cursor else {})
        told = (await master.http.get(f"{API}/accounting/accounts/10412", params=params)).json()
        before = lines[-1]["balance"] if lines else told["opening"]
        assert told["carried"] == before
        lines += told["items"]
        cursor, pages = told["next_cursor"], pages + 1
    # Two Compras of the day before yesterday stand before the period; five are in it, three pages of two.
    assert (told["opening"], told["closing"], pages, len(lines)) == ("750.00", "2625.00", 3, 5)
    assert [one["balance"] for one in lines] == [f"{EACH * place:.2f}" for place in range(3, 8)]
    assert [one["day"] for one in lines] == sorted(one["day"] for one in lines)
    for key in ("xx", "0001-01-01.1", f"2026-11-01.{2**63}", "2026-11-01.-1", "2026-13-01.1"):
        wrong = base64.urlsafe_b64encode(key.encode()).decode()
        refused = await master.http.get(f"{API}/accounting/accounts/10412", params={"cursor": wrong})
        assert (refused.status_code, refused.json()["field"]) == (422, "cursor"), key
    assert (await master.http.get(f"{API}/accounting/accounts/9999")).status_code == 404


async def test_a_page_of_the_mayor_reads_only_its_own_lines_and_the_same_after_the_sums_by_day(
    sessions: Sessions, books: Books
):
    since, until = today() - timedelta(days=3), today()
    async with sessions() as session:
        whole = await accounting.account_ledger(session, "10412", since=since, until=until)
        first = await accounting.account_ledger(session, "10412", since=since, until=until, limit=3)
        past = first.lines[-1].key
        rest = await accounting.account_ledger(session, "10412", since=since, until=until, past=past)
    assert [*first.lines, *rest.lines] == list(whole.lines)
    assert whole.lines[-1].balance == whole.closing == EACH * COMPRAS


async def test_the_same_figures_on_page_workbook_and_pdf(master: Person, books: Books):
    """Each of 7 Compras: 375.00 of dollars, 374.00 of counter-value, 1.00 of margin: 750.00 on each side."""
    reports = {
        f"{PATH}?{days()}": ("5,250.00", "AS-"),
        f"{PATH}/mayor?cuenta=10412&{days()}": ("2,625.00",),
        f"{PATH}/balance?{days()}": ("2,625.00", "7.00"),
        f"{PATH}/resultado?{days()}": ("7.00",),
        f"{PATH}/resultados?por=dia&{days()}": ("7.00", "700.00"),
        f"{PATH}/operaciones?{days()}": ("7.00", books.codes[0]),
    }
    for address, figures in reports.items():
        page = (await master.http.get(address)).text
        paper = await pdf(master, address)
        for figure in figures:
            assert figure in page, address
            assert figure in paper, address
        assert "QoriCash · RUC 2099" in paper
        assert f"al {today():%d/%m/%Y}" in paper
    trial = await sheet(master, f"{PATH}/balance?{days()}")
    assert {row[0]: row[5] for row in trial[1:]}["10412"] == 2625.0
    mayor = await sheet(master, f"{PATH}/mayor?cuenta=10412&{days()}")
    assert [row[6] for row in mayor[1:]] == [float(EACH * place) for place in range(COMPRAS + 1)]
    income = await sheet(master, f"{PATH}/resultado?{days()}")
    assert income[1] == ["Margen de las operaciones", 7.0]
    told = (await master.http.get(f"{API}/accounting/income?since={today() - timedelta(days=3)}")).json()
    assert told["net"] == "7.00"
    operations = await sheet(master, f"{PATH}/operaciones?{days()}")
    assert (len(operations) - 1, sum(row[9] for row in operations[1:])) == (COMPRAS, 7.0)


async def test_the_mayor_of_every_account_of_the_plan_can_be_taken_away(master: Person, sessions: Sessions):
    """Excel forbids in a sheet's name what stands in that of an account: "Alquileres: edificaciones" was a 500."""
    async with sessions() as session:
        plan = (await session.scalars(select(LedgerAccount.code))).all()
    assert "6352" in plan
    for code in plan:
        answer = await master.http.get(f"{API}/accounting/accounts/{code}/export?format=xlsx")
        assert answer.status_code == 200, code


async def test_a_loss_stands_between_parentheses_on_page_and_paper(master: Person, books: Books, sessions: Sessions):
    """F231"""
    async with sessions.begin() as session:
        await books.completed(session, Kind.COMPRA, "1000.00", "3.7695", at=now())
    address = f"{PATH}/resultado?{days()}"
    page = (await master.http.get(address)).text
    assert "Pérdida del período" in page
    assert "(12.50)" in page
    assert "(12.50)" in await pdf(master, address)


async def test_an_entry_is_annulled_by_two_people_once(master: Person, staff: Staff, books: Books):
    other = await staff("mario", Role.MASTER)
    account = books.account(Bank.BCP, Currency.PEN)
    body = {
        "kind": "gasto",
        "house_account_id": account,
        "amount": "12.50",
        "reason": "comisión",
        "counterpart": "6391",
    }
    assert (await master.http.post(f"{API}/treasury/movements", json=body)).json()["status"] == "registrado"
    number = (await master.http.get(f"{API}/ledger/entries?{of_today()}")).json()["items"][0]["entry"]
    path, token, theirs = f"{PATH}/asientos/{number}", await csrf(master), await csrf(other)
    silent = await master.http.post(f"{path}/pedir-anulacion", data={"reason": ""}, headers=token)
    assert (silent.status_code, 'aria-invalid="true"' in silent.text) == (422, True)
    given = {"reason": "Se registró dos veces"}
    clicks = [master.http.post(f"{path}/pedir-anulacion", data=given, headers=token) for _ in range(2)]
    assert sorted(one.status_code for one in await asyncio.gather(*clicks)) == [200, 409]
    waiting = (await master.http.get(f"{API}/approvals")).json()["items"]
    assert [one["reason"] for one in waiting] == ["Se registró dos veces"]
    own = (await master.http.get(path)).text
    assert "Lo pediste tú: lo decide otra persona." in own
    assert (await master.http.post(f"{path}/aprobar", data=given, headers=token)).status_code == 403
    assert (await other.http.post(f"{path}/aprobar", data=given, headers=theirs)).status_code == 200
    after = (await other.http.get(path)).text
    mirror = re.search(r'asientos/(AS-\d+-\d+)">[^<]+</a><p class="hint">El asiento que lo anula', after)
    assert mirror
    assert "/pedir-anulacion" not in after
    assert "Extorno" in (await other.http.get(f"{PATH}/asientos/{mirror[1]}")).text
    again = await other.http.post(f"{path}/pedir-anulacion", data=given, headers=theirs)
    assert (again.status_code, "ya está anulado" in again.text) == (409, True)


async def test_the_entry_of_an_operation_leads_to_its_reversal(master: Person, books: Books):
    line = (await master.http.get(f"{API}/ledger/entries?{of_today()}")).json()["items"][0]
    page = (await master.http.get(f"{PATH}/asientos/{line['entry']}")).text
    assert "se deshace con el reverso de la operación" in page
    assert f"/panel/operaciones/{line['operation_code']}" in page
    assert (await master.http.get(f"{PATH}/asientos/AS-2026-9999")).status_code == 404


async def test_a_month_is_closed_and_reopened_by_two(master: Person, staff: Staff, books: Books):
    other = await staff("mario", Role.MASTER)
    token, theirs = await csrf(master), await csrf(other)
    path = f"{PATH}/meses/{today().year}/{today().month}"
    assert "El mes todavía no termina" in (await master.http.get(f"{path}/cerrar")).text
    assert [(await master.http.post(f"{path}/cerrar", headers=token)).status_code for _ in range(2)] == [200, 409]
    page = (await master.http.get(f"{PATH}/meses")).text
    assert ("Cerrado" in page, f"{path}/pedir-reapertura" in page, f"{path}/cerrar" in page) == (True, True, False)
    given = {"reason": "Falta un gasto"}
    asks = [(await master.http.post(f"{path}/pedir-reapertura", data=given, headers=token)).status_code for _ in "ab"]
    assert asks == [200, 409]
    assert "Falta un gasto" in (await other.http.get(f"{PATH}/meses")).text
    assert (await other.http.post(f"{path}/negar", data={"reason": "Ya se envió"}, headers=theirs)).status_code == 200
    await master.http.post(f"{path}/pedir-reapertura", data=given, headers=token)
    assert (await master.http.post(f"{path}/aprobar", data=given, headers=token)).status_code == 403
    assert (await other.http.post(f"{path}/aprobar", data=given, headers=theirs)).status_code == 200
    assert f"{path}/cerrar" in (await other.http.get(f"{PATH}/meses")).text
    for book, code in (("diario", "050100"), ("mayor", "060100")):
        file = await master.http.get(f"{PATH}/ple/{today().year}/{today().month}/{book}")
        assert code in file.headers["content-disposition"]


async def test_the_plan_takes_a_new_account_once_and_revaluing_twice_changes_once(master: Person, books: Books):
    token = await csrf(master)
    new = {"code": "6366", "name": "Otros servicios"}
    wrong = await master.http.post(f"{PATH}/plan/nueva", data=new | {"code": "63"}, headers=token)
    assert (wrong.status_code, 'id="code-e"' in wrong.text) == (422, True)
    answers = [await master.http.post(f"{PATH}/plan/nueva", data=new, headers=token) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 409]
    assert "La cuenta 6366 ya existe." in answers[1].text
    assert "Otros servicios" in (await master.http.get(f"{PATH}/plan")).text
    closing = {"day": str(today()), "rate": "3.7600"}
    bad = await master.http.post(f"{PATH}/revaluar", data=closing | {"rate": "37"}, headers=token)
    assert (bad.status_code, 'id="rate-e"' in bad.text) == (422, True)
    for _ in range(2):
        assert (await master.http.post(f"{PATH}/revaluar", data=closing, headers=token)).status_code == 200
    # 700.00 dollars worth 2,625.00 are 2,632.00 at 3.7600.
    assert (await master.http.get(f"{API}/accounting/income")).json()["exchange"] == "7.00"


async def test_the_books_are_the_masters_and_a_trader_reads_its_own_margin(master: Person, staff: Staff, books: Books):
    trader, operator = await staff("tania", Role.TRADER), await staff("oscar", Role.OPERADOR)
    for path in ("", "/mayor", "/balance", "/resultado", "/operaciones", "/plan", "/meses"):
        for person in (trader, operator):
            assert (await person.http.get(f"{PATH}{path}")).status_code == 403
    own = await trader.http.get(f"{PATH}/resultados?{days()}")
    assert own.status_code == 200
    assert "Ninguna operación en esos días" in own.text
    assert f'href="{PATH}/balance"' not in own.text
    assert (await operator.http.get(f"{PATH}/resultados")).status_code == 403
    wrong = await master.http.get(f"{PATH}/balance?desde={today()}&hasta={today() - timedelta(days=1)}")
    assert (wrong.status_code, "termina antes de empezar" in wrong.text) == (422, True)
    nothing = await master.http.get(f"{PATH}/mayor?cuenta=6391")
    assert "Sin movimientos en esos días" in nothing.text
