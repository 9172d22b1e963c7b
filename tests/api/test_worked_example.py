"""The worked example of docs/accounting.md, carried out through the house's own doors: every screen shows its numbers.

Each figure here was worked out by hand there.
"""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import httpx
from python_calamine import CalamineWorkbook

from db.session import Sessions
from domain.accounts import Bank
from domain.money import Currency
from domain.operations import Kind
from domain.permissions import Role
from tests.api.conftest import Staff
from tests.books import Books, open_books
from tests.clock import earlier_today, today
from tests.papers import text_of

BASE = "/api/staff"
C, V = Kind.COMPRA, Kind.VENTA
USD, PEN = Currency.USD, Currency.PEN
BCP, IBK = Bank.BCP, Bank.INTERBANK
OPENINGS = {(BCP, USD): "10000.00", (BCP, PEN): "50000.00", (IBK, USD): "5000.00", (IBK, PEN): "30000.00"}
# Kind, US$, client's rate, desk's rate, bank, trader.
OPERATIONS = (
    (C, "1000.00", "3.7400", "3.7500", BCP, "T1"),
    (C, "2500.00", "3.7420", "3.7500", BCP, "T1"),
    (V, "1200.00", "3.7600", "3.7500", BCP, "T2"),
    (C, "310.50", "3.7415", "3.7500", IBK, "T2"),
    (V, "800.00", "3.7580", "3.7500", IBK, "T1"),
    (V, "31.00", "3.7650", "3.7500", BCP, "T1"),
    (C, "5000.00", "3.7460", "3.7500", IBK, "T2"),
    (V, "3000.00", "3.7555", "3.7520", BCP, "T2"),
    (C, "450.00", "3.7520", "3.7500", BCP, "T1"),
    (V, "100.00", "3.7400", "3.7500", IBK, "T1"),
)
BALANCES = {(BCP, USD): "9719.00", (BCP, PEN): "46108.07", (IBK, USD): "9408.50", (IBK, PEN): "18488.41"}
TRIAL = {
    "1037": "80.11",
    "1038": "-15479.63",
    "1039": "15399.52",
    "10411": "64596.48",
    "10412": "71722.13",
    "5011": "-136250.00",
    "6391": "3.50",
    "6412": "0.50",
    "6599": "7.50",
    "6761": "1.90",
    "7761": "-82.01",
}


async def ok(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_ten_operations_three_matches_a_transfer_an_adjustment_and_the_close(
    staff: Staff, sessions: Sessions
) -> None:
    master, other = await staff("marta", Role.MASTER), await staff("mario", Role.MASTER)
    second_trader = await staff("tania", Role.TRADER)
    async with sessions.begin() as session:
        books = await open_books(session)
    await _open(master.http, other.http, books)
    codes = await _operate(sessions, books, second_trader.id)
    await _move(master.http, books)
    await _match(master.http, codes)
    await _check_money(master.http, books)
    await _check_profit(master.http, books, second_trader.id)
    await _check_books(master.http)
    await _close(master.http, books)


async def _open(http: httpx.AsyncClient, other: httpx.AsyncClient, books: Books) -> None:
    """Above S/ 10,000 a second person agrees: all four openings."""
    for place, amount in OPENINGS.items():
        body = {"kind": "apertura", "house_account_id": books.accounts[place], "amount": amount, "reason": "apertura"}
        asked = await ok(await http.post(f"{BASE}/treasury/movements", json=body))
        assert asked["status"] == "por aprobar"
        decision = {"approve": True, "reason": "visto el extracto"}
        await ok(await other.post(f"{BASE}/approvals/{asked['approval_id']}/decide", json=decision))


async def _operate(sessions: Sessions, books: Books, second_trader: int) -> list[str]:
    traders = {"T1": books.trader, "T2": books.trader.__class__(kind=books.trader.kind, id=second_trader)}
    async with sessions.begin() as session:
        for kind, usd, rate, desk, bank, trader in OPERATIONS:
            ago = earlier_today(20)
            await books.completed(session, kind, usd, rate, desk=desk, bank=bank, trader=traders[trader], at=ago)
    return books.codes


async def _move(http: httpx.AsyncClient, books: Books) -> None:
    fee = {"kind": "transferencia", "house_account_id": books.account(BCP, PEN), "target_id": books.account(IBK, PEN)}
    await ok(
        await http.post(f"{BASE}/treasury/movements", json={**fee, "amount": "5000", "fee": "3.50", "reason": "fondeo"})
    )
    short = {"kind": "ajuste", "house_account_id": books.account(IBK, USD), "amount": "-2.00", "reason": "faltante"}
    await ok(await http.post(f"{BASE}/treasury/movements", json=short))


async def _match(http: httpx.AsyncClient, codes: list[str]) -> None:
    told = []
    for buy, sell, usd in ((1, 3, "1000.00"), (2, 5, "800.00"), (7, 8, "3000.00")):
        body = {"buy_code": codes[buy - 1], "sell_code": codes[sell - 1], "amount_usd": usd}
        one = await ok(await http.post(f"{BASE}/netting/matches", json=body))
        told.append((one["total"], one["trader_buy"], one["trader_sell"], one["house"]))
    assert told == [
        ("20.00", "10.00", "10.00", "0.00"),
        ("12.80", "6.40", "6.40", "0.00"),
        ("28.50", "12.00", "10.50", "6.00"),
    ]
    matches = [one["id"] for one in (await ok(await http.get(f"{BASE}/netting/matches")))["items"]]
    batch = await ok(await http.post(f"{BASE}/netting/batches", json={"matches": matches}))
    await ok(await http.post(f"{BASE}/netting/batches/{batch['code']}/close"))
    assert (batch["usd"], batch["total"], batch["traders"], batch["house"]) == ("4800.00", "61.30", "55.30", "6.00")
    *_, total = await _sheet(http, f"{BASE}/netting/batches/{batch['code']}/export")
    assert (total[4], total[7], total[8], total[9]) == (4800.0, 61.3, 55.3, 6.0)
    board = await ok(await http.get(f"{BASE}/netting"))
    assert (board["left_buys"], board["left_sells"]) == ("4460.50", "331.00")


async def _check_money(http: httpx.AsyncClient, books: Books) -> None:
    told = await ok(await http.get(f"{BASE}/house-accounts"))
    held = {one["account"]["id"]: one["amount"] for one in told["items"]}
    assert held == {books.accounts[place]: amount for place, amount in BALANCES.items()}
    assert (told["total_usd"], told["total_pen"]) == ("19127.50", "64596.48")
    *_, last = await _sheet(http, f"{BASE}/treasury/movements/export", house_account_id=str(books.account(BCP, PEN)))
    assert last[6] == 46108.07
    stands = await ok(await http.get(f"{BASE}/position"))
    position = stands["position"]
    assert {name: position[name] for name in ("bought_usd", "bought_pen", "sold_usd", "sold_pen", "open_usd")} == {
        "bought_usd": "9260.50",
        "bought_pen": "34675.14",
        "sold_usd": "5131.00",
        "sold_pen": "19275.62",
        "open_usd": "4129.50",
    }
    assert (position["bought_average"], position["sold_average"], position["average"]) == ("3.7444", "3.7567", "3.7444")
    assert (position["realised"], position["cost_pen"], stands["unrealised"]) == ("63.04", "15462.56", "23.07")
    assert (position["margin"], position["operations"], stands["level"]) == ("80.11", 10, "normal")
    history = (await ok(await http.get(f"{BASE}/position/history")))["items"]
    assert history == [position]


async def _check_profit(http: httpx.AsyncClient, books: Books, second_trader: int) -> None:
    ranked = (await ok(await http.get(f"{BASE}/goals")))["items"]
    assert [(one["trader_id"], one["margin"], one["matched"], one["operations"]) for one in ranked] == [
        (second_trader, "45.14", "32.50", 4),
        (books.trader.id, "34.97", "22.80", 6),
    ]
    for by in ("dia", "trader", "cliente", "canal"):
        told = await ok(await http.get(f"{BASE}/accounting/results", params={"by": by}))
        rows = await _sheet(http, f"{BASE}/accounting/results/export", by=by)
        assert (told["margin"], round(sum(row[5] for row in rows[1:]), 2)) == ("80.11", 80.11)


async def _check_books(http: httpx.AsyncClient) -> None:
    trial = await ok(await http.get(f"{BASE}/accounting/trial-balance"))
    assert {one["code"]: one["closing"] for one in trial["items"]} == TRIAL
    rows = await _sheet(http, f"{BASE}/accounting/trial-balance/export")
    assert {row[0]: f"{row[5]:.2f}" for row in rows[1:]} == TRIAL
    paper = await http.get(f"{BASE}/accounting/trial-balance/export", params={"format": "pdf"})
    told = text_of(paper.content)
    assert all(f"{Decimal(closing):,.2f}" in told for closing in TRIAL.values())
    for code in ("10412", "7761"):
        told = await ok(await http.get(f"{BASE}/accounting/accounts/{code}"))
        *_, last = await _sheet(http, f"{BASE}/accounting/accounts/{code}/export")
        assert (told["closing"], f"{last[6]:.2f}") == (TRIAL[code], TRIAL[code])
    control = (await ok(await http.get(f"{BASE}/control")))["items"]
    assert {one["key"] for one in control} <= {"sin calce", "sin comprobante"}
    revalued = {"day": str(today()), "rate": "3.7550"}
    assert (await ok(await http.post(f"{BASE}/ledger/revaluations", json=revalued)))["entry_id"]
    income = await ok(await http.get(f"{BASE}/accounting/income"))
    names = ("margin", "exchange", "other_income", "expenses", "net")
    assert [income[name] for name in names] == ["80.11", "101.64", "0.00", "11.50", "170.25"]


async def _close(http: httpx.AsyncClient, books: Books) -> None:
    draft = await ok(await http.post(f"{BASE}/closings/{today()}/draft"))
    system = {line["house_account_id"]: line["system"] for line in draft["lines"]}
    assert system == {books.accounts[place]: amount for place, amount in BALANCES.items()}
    counts = [{"house_account_id": account, "counted": amount} for account, amount in system.items()]
    counts[0] |= {"counted": str(Decimal(counts[0]["counted"]) - 1), "reason": "el banco aún no abona US$ 1.00"}
    signed = await ok(await http.post(f"{BASE}/closings/{today()}/sign", json={"counts": counts}))
    assert (signed["state"], signed["open_usd"], signed["realised_pen"]) == ("Firmado", "4129.50", "63.04")
    assert signed["margin_pen"] == "80.11"


async def _sheet(http: httpx.AsyncClient, path: str, **params: str) -> list[list[Any]]:
    answer = await http.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
