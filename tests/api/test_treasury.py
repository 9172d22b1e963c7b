"""Treasury as people of the house use it: prices, movements with four eyes, close, reconciliation, books."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook

from db import preferential_rates
from db.session import Sessions
from domain.accounts import Bank
from domain.money import Currency
from domain.operations import Kind
from domain.permissions import Role
from tests.api.conftest import Staff
from tests.books import Books, open_books
from tests.clock import earlier_today, now, today

BASE = "/api/staff"


@pytest.fixture
async def books(sessions: Sessions) -> Books:
    async with sessions.begin() as session:
        return await open_books(session)


async def test_a_jump_of_the_price_waits_for_a_second_person_and_a_base_publishes_its_spread(
    staff: Staff, books: Books
):
    """F050, F051, F054"""
    marta, mario = await staff("marta", Role.MASTER), await staff("mario", Role.MASTER)
    asked = (await marta.http.post(f"{BASE}/rates", json={"buy": "3.9000", "sell": "3.9200"})).json()
    assert asked["approval_id"]
    twice = await marta.http.post(f"{BASE}/rates", json={"buy": "3.9000", "sell": "3.9200"})
    assert (twice.status_code, twice.json()["code"]) == (409, "APPROVAL_WAITING")
    assert (await marta.http.get(f"{BASE}/rates")).json()["current"]["buy"] == "3.7400"
    decision = {"approve": True, "reason": "el mercado se movió"}
    own = await marta.http.post(f"{BASE}/approvals/{asked['approval_id']}/decide", json=decision)
    assert (own.status_code, own.json()["code"]) == (403, "SAME_PERSON")
    done = await mario.http.post(f"{BASE}/approvals/{asked['approval_id']}/decide", json=decision)
    assert done.json()["state"] == "Aprobada"
    again = await mario.http.post(f"{BASE}/approvals/{asked['approval_id']}/decide", json=decision)
    assert again.status_code == 409
    assert (await marta.http.get(f"{BASE}/rates")).json()["current"]["buy"] == "3.9000"
    made = (await marta.http.post(f"{BASE}/rates/base", json={"base_buy": "3.9030", "base_sell": "3.9101"})).json()
    assert (made["buy"], made["sell"], made["base_sell"]) == ("3.9010", "3.9130", "3.9101")


async def test_a_movement_above_the_limit_waits_and_is_posted_once(staff: Staff, books: Books):
    """The key of a click registers one movement, whatever the network repeats."""
    operator, master = await staff("oscar", Role.OPERADOR), await staff("marta", Role.MASTER)
    account = books.account(Bank.BCP, Currency.PEN)
    opening = {"kind": "apertura", "house_account_id": account, "amount": "20000.00", "reason": "saldo del banco"}
    waits = (await operator.http.post(f"{BASE}/treasury/movements", json=opening)).json()
    assert (waits["status"], waits["entry_id"]) == ("por aprobar", None)
    decision = {"approve": True, "reason": "visto el extracto"}
    path = f"{BASE}/approvals/{waits['approval_id']}/decide"
    assert (await operator.http.post(path, json=decision)).status_code == 403
    assert (await master.http.post(path, json=decision)).status_code == 200
    fee = {"kind": "gasto", "house_account_id": account, "amount": "12.50", "reason": "comisión", "counterpart": "6391"}
    for _ in range(2):
        told = await operator.http.post(f"{BASE}/treasury/movements", json=fee, headers={"Idempotency-Key": "k1"})
        assert told.json()["status"] == "registrado"
    moved = {"kind": "transferencia", "house_account_id": account, "amount": "1000.00", "reason": "fondeo"}
    moved["target_id"] = str(books.account(Bank.INTERBANK, Currency.PEN))
    assert (await operator.http.post(f"{BASE}/treasury/movements", json=moved)).status_code == 200
    balances = (await master.http.get(f"{BASE}/house-accounts")).json()
    held = {one["account"]["id"]: one["amount"] for one in balances["items"]}
    # ITF of 1,000.00 at 0.005 % is 0.05 on each side.
    assert (held[account], held[int(moved["target_id"])]) == ("18987.45", "999.95")
    assert balances["total_pen"] == "19987.40"
    again = (await operator.http.post(f"{BASE}/treasury/movements", json=opening)).json()
    assert again["code"] == "ALREADY_OPENED"
    page = (await operator.http.get(f"{BASE}/treasury/movements", params={"house_account_id": account})).json()
    assert [one["source"] for one in page["items"]] == ["transferencia", "transferencia", "gasto", "apertura"]


async def test_a_day_is_signed_with_reasons_reopened_by_two_and_keeps_its_figures(staff: Staff, books: Books, sessions):
    """F248, F243"""
    operator, master = await staff("oscar", Role.OPERADOR), await staff("marta", Role.MASTER)
    async with sessions.begin() as session:
        await books.completed(session, Kind.COMPRA, "100.00", "3.7400", at=earlier_today(20))
    path = f"{BASE}/closings/{today()}"
    draft = (await operator.http.post(f"{path}/draft")).json()
    counts = [{"house_account_id": line["house_account_id"], "counted": line["system"]} for line in draft["lines"]]
    counts[0]["counted"] = "1.00"
    refused = await operator.http.post(f"{path}/sign", json={"counts": counts})
    assert (refused.status_code, refused.json()["code"]) == (422, "COUNT_REASON")
    counts[0]["reason"] = "abono que el banco aún no muestra"
    signed = (await operator.http.post(f"{path}/sign", json={"counts": counts})).json()
    assert (signed["state"], signed["open_usd"], signed["margin_pen"]) == ("Firmado", "100.00", "1.00")
    assert (await operator.http.post(f"{path}/sign", json={"counts": counts})).json()["code"] == "DAY_SIGNED"
    async with sessions.begin() as session:
        await books.completed(session, Kind.VENTA, "50.00", "3.7600", at=earlier_today(15))
    found = {one["key"]: one for one in (await operator.http.get(f"{BASE}/control")).json()["items"]}
    assert found["día movido"]["serious"]
    asked = (await operator.http.post(f"{path}/reopen", json={"reason": "llegó otra"})).json()
    await master.http.post(f"{BASE}/approvals/{asked['id']}/decide", json={"approve": True, "reason": "de acuerdo"})
    fresh = (await operator.http.post(f"{path}/draft")).json()
    assert (fresh["round"], fresh["open_usd"], fresh["state"]) == (2, "50.00", "Borrador")
    states = [(one["round"], one["state"]) for one in (await master.http.get(f"{BASE}/closings")).json()["items"]]
    assert states == [(2, "Borrador"), (1, "Reabierto")]


async def test_control_names_what_is_missing_and_is_silent_when_all_ties(staff: Staff, books: Books, sessions):
    """F215: the four completed operations of which the predecessor had posted three."""
    master = await staff("marta", Role.MASTER)
    async with sessions.begin() as session:
        ago = now() - timedelta(hours=1)
        row = await books.completed(session, Kind.COMPRA, "100.00", "3.7400", at=ago, settle=False)
        await books.completed(session, Kind.COMPRA, "10.00", "3.7400", desk=None, at=ago)
    found = {one["key"]: one for one in (await master.http.get(f"{BASE}/control")).json()["items"]}
    assert found["sin asiento"]["which"] == [row.code]
    assert found["sin precio base"]["count"] == 1
    assert "posición" not in found
    assert "libro" not in found


async def test_a_statement_comes_in_once_and_what_is_unclear_waits_for_a_person(staff: Staff, books: Books, sessions):
    operator = await staff("oscar", Role.OPERADOR)
    account = books.account(Bank.BCP, Currency.USD)
    async with sessions.begin() as session:
        row = await books.completed(session, Kind.COMPRA, "500.00", "3.7400", at=now())
        await books.completed(session, Kind.COMPRA, "120.00", "3.7400", at=now())
        await books.completed(session, Kind.COMPRA, "80.00", "3.7400", at=now())
    day = f"{today():%d/%m/%Y}"
    content = f"Fecha,Descripcion,Monto\n{day},ABONO {row.code},500.00\n{day},DEPOSITO,200.00\n{day},ITF,-0.05\n"
    path = f"{BASE}/reconciliation/{account}"

    async def brought() -> dict[str, object]:
        files = {"file": ("bcp.csv", content.encode(), "text/csv")}
        answer = await operator.http.post(f"{path}/import", data={"layout": "BCP"}, files=files)
        assert answer.status_code == 200, answer.text
        return answer.json()

    first, again = await brought(), await brought()
    assert (first["new"], first["matched"], first["left"]) == (3, 1, 2)
    assert (again["new"], again["matched"], again["left"]) == (0, 0, 2)
    charge, deposit = (await operator.http.get(f"{path}/lines")).json()["items"]
    loose = (await operator.http.get(f"{path}/movements")).json()["items"]
    assert sorted(one["amount"] for one in loose) == ["120.00", "80.00"]
    line = f"{BASE}/reconciliation/lines"
    wrong = await operator.http.post(f"{line}/{deposit['id']}/confirm", json={"movements": [loose[0]["id"]]})
    assert wrong.json()["code"] == "MATCH_SUM"
    both = {"movements": [one["id"] for one in loose]}
    assert (await operator.http.post(f"{line}/{deposit['id']}/confirm", json=both)).status_code == 200
    assert (await operator.http.post(f"{line}/{deposit['id']}/confirm", json=both)).status_code == 409
    why = {"reason": "ITF del banco, se registra a fin de mes"}
    assert (await operator.http.post(f"{line}/{charge['id']}/dismiss", json=why)).status_code == 200
    (progress,) = [
        one
        for one in (await operator.http.get(f"{BASE}/reconciliation")).json()["items"]
        if one["house_account_id"] == account
    ]
    assert (progress["lines"], progress["unmatched"]) == (3, 0)
    assert (await operator.http.post(f"{line}/{deposit['id']}/undo")).status_code == 200


async def test_books_and_reports_say_the_same_on_the_page_and_in_the_sheet(staff: Staff, books: Books, sessions):
    master = await staff("marta", Role.MASTER)
    async with sessions.begin() as session:
        await books.completed(session, Kind.COMPRA, "1000.00", "3.7400", at=now())
        await books.completed(session, Kind.VENTA, "600.00", "3.7600", at=now())
    trial = (await master.http.get(f"{BASE}/accounting/trial-balance")).json()
    assert trial["debit"] == trial["credit"]
    assert sum(Decimal(line["closing"]) for line in trial["items"]) == 0
    sheet = (await master.http.get(f"{BASE}/accounting/trial-balance/export")).content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
    assert [(row[0], f"{row[5]:.2f}") for row in rows[1:]] == [(one["code"], one["closing"]) for one in trial["items"]]
    income = (await master.http.get(f"{BASE}/accounting/income")).json()
    for by in ("dia", "trader", "cliente", "canal"):
        results = (await master.http.get(f"{BASE}/accounting/results", params={"by": by})).json()
        assert (results["margin"], income["margin"]) == ("16.00", "16.00"), by
        assert (results["items"][0]["bought_usd"], results["items"][0]["sold_usd"]) == ("1000.00", "600.00")
    text = (await master.http.get(f"{BASE}/ledger/ple/{today().year}/{today().month}")).text
    lines = text.split("\r\n")[:-1]
    assert len(lines) == 12
    assert {line.count("|") for line in lines} == {21}
    debit, credit = (sum(Decimal(line.split("|")[place]) for line in lines) for place in (17, 18))
    assert debit == credit
    period = {"since": str(today()), "until": str(today())}
    assert (await master.http.get(f"{BASE}/ledger/entries/export", params=period)).status_code == 200
    book = (await master.http.get(f"{BASE}/ledger/entries", params=period)).json()["items"]
    refused = await master.http.post(f"{BASE}/ledger/entries/{book[0]['entry_id']}/annul", json={"reason": "no va"})
    assert refused.json()["code"] == "ENTRY_OF_OPERATION"


async def test_a_trader_sees_its_own_profit_and_nothing_of_the_treasury(staff: Staff, books: Books, sessions):
    """F225: Master filtered by a trader sees that trader's own screen."""
    trader, master = await staff("tito", Role.TRADER), await staff("marta", Role.MASTER)
    async with sessions.begin() as session:
        await books.completed(session, Kind.COMPRA, "1000.00", "3.7400", at=now())
        mine = books.trader.__class__(kind=books.trader.kind, id=trader.id)
        await books.completed(session, Kind.VENTA, "100.00", "3.7700", at=now(), trader=mine)
    own = (await trader.http.get(f"{BASE}/goals/days")).json()["items"]
    seen = (await master.http.get(f"{BASE}/goals/days", params={"trader_id": trader.id})).json()["items"]
    assert own == seen
    assert [(one["trader_id"], one["margin"]) for one in own] == [(trader.id, "2.00")]
    assert (await trader.http.get(f"{BASE}/accounting/results")).json()["margin"] == "2.00"
    assert len((await master.http.get(f"{BASE}/goals")).json()["items"]) == 2
    for path in ("position", "house-accounts", "treasury/movements", "control", "netting", "ledger/accounts"):
        assert (await trader.http.get(f"{BASE}/{path}")).status_code == 403, path


async def test_a_client_of_a_tier_gets_the_better_rate_and_never_both(staff: Staff, books: Books, sessions):
    master = await staff("marta", Role.MASTER)
    tiers = {"tiers": [{"from_usd": "5000.00", "pips": 15}, {"from_usd": "10000.00", "pips": 25}]}
    assert (await master.http.post(f"{BASE}/rates/preferential/tiers", json=tiers)).status_code == 200
    own = {"pips": 20, "reason": "cliente frecuente"}
    path = f"{BASE}/rates/preferential/clients/{books.client.id}"
    assert (await master.http.post(path, json=own)).status_code == 200
    assert (await master.http.post(path, json={"pips": 101, "reason": "mucho"})).json()["code"] == "PIPS_LIMIT"
    async with sessions() as session:
        got = [
            await preferential_rates.improvement_for(session, books.client.id, Decimal(usd), day=today())
            for usd in ("100", "5000", "10000")
        ]
    assert got == [20, 20, 25]
    assert (await master.http.get(f"{BASE}/rates/preferential")).json()["tiers"][0]["pips"] == 15


STRANGE = (
    "position?day=0001-01-01",
    "position/history?since=9999-12-31",
    "house-accounts?day=9999-12-31",
    "closings/0001-01-01",
    "accounting/trial-balance?since=0001-01-01",
    "ledger/entries?since=0001-01-01&until=9999-12-31",
    "goals?year=1&month=13",
    "reconciliation/1/movements?until=0001-01-01",
)


async def test_a_day_that_no_calendar_reckons_with_is_refused(staff: Staff):
    master = await staff("marta", Role.MASTER)
    answers = [(await master.http.get(f"{BASE}/{path}")).status_code for path in STRANGE]
    assert answers == [422] * len(STRANGE)


async def test_two_people_who_change_the_tiers_at_once_lose_none_of_them(staff: Staff, books: Books):
    """Each replaces the whole list: what the other one added meanwhile went with it, or the second met a 500."""
    one, other = await staff("marta", Role.MASTER), await staff("mario", Role.MASTER)
    url = f"{BASE}/rates/preferential/tiers"
    wishes = [{"tiers": [{"from_usd": usd, "pips": 15}], "seen": []} for usd in ("5000.00", "10000.00")]
    answers = await asyncio.gather(
        *(who.http.post(url, json=wish) for who, wish in zip((one, other), wishes, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    again = [{"tiers": [{"from_usd": "5000.00", "pips": 15}]}] * 2
    both = await asyncio.gather(*(who.http.post(url, json=wish) for who, wish in zip((one, other), again, strict=True)))
    assert [answer.status_code for answer in both] == [200, 200]
    assert len((await one.http.get(f"{BASE}/rates/preferential")).json()["tiers"]) == 1
