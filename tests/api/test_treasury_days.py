"""The daily close, the control and the reconciliation workbench on the screen."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from db.session import Sessions
from domain.accounts import Bank
from domain.calendar import format_day
from domain.money import Currency
from domain.operations import Kind
from domain.permissions import Role
from tests.api.conftest import Person, Staff
from tests.api.test_panel import csrf
from tests.api.test_treasury_pages import opening, send, shown
from tests.books import Books, open_books
from tests.clock import earlier_today, now, today


@pytest.fixture
async def books(sessions: Sessions) -> Books:
    async with sessions.begin() as session:
        return await open_books(session)


async def counted(person: Person, **other: str) -> dict[str, str]:
    """What the books say of each account, typed as the count; `other` overrides it."""
    view = (await person.http.get(f"/api/staff/closings/{today()}")).json()
    return {f"contado-{line['house_account_id']}": line["system"] for line in view["lines"]} | other


async def test_a_day_is_drafted_counted_signed_printed_and_reopened_by_two(
    staff: Staff, books: Books, sessions: Sessions
):
    """F243, F248"""
    operator, master = await staff("oscar", Role.OPERADOR), await staff("marta", Role.MASTER)
    async with sessions.begin() as session:
        await books.completed(session, Kind.COMPRA, "100.00", "3.7400", at=earlier_today(20))
    path, account = f"cierre/{today()}", books.account(Bank.BCP, Currency.USD)
    assert "Sin borrador todavía" in await shown(operator, path)
    assert (await send(operator, f"{path}/acto/borrador"))[0] == 200
    held = (await counted(operator))[f"contado-{account}"]
    short = f"{Decimal(held) - 1}"
    for form, place in (
        (await counted(operator, **{f"contado-{account}": ""}), f"contado-{account}-e"),
        (await counted(operator, **{f"contado-{account}": "diez"}), f"contado-{account}-e"),
        (await counted(operator, **{f"contado-{account}": "1.005"}), f"contado-{account}-e"),
        (await counted(operator, **{f"contado-{account}": short}), f"motivo-{account}-e"),
    ):
        status, text = await send(operator, f"{path}/confirmar", **form)
        assert status == 422
        assert f'id="{place}"' in text
    form = await counted(operator, **{f"contado-{account}": short, f"motivo-{account}": "falta un abono"})
    status, text = await send(operator, f"{path}/confirmar", **form)
    assert status == 200
    assert "faltan US$\u00a01.00. falta un abono" in text
    assert (await send(operator, f"{path}/firmar", **form))[0] == 200
    assert (await send(operator, f"{path}/firmar", **form))[0] == 409
    page = await shown(operator, path)
    assert "falta un abono" in page
    assert "Firmado por" in page
    pdf = await operator.http.get(f"/api/staff/closings/{today()}/export?format=pdf")
    sheet = await operator.http.get(f"/api/staff/closings/{today()}/export?format=xlsx")
    assert (pdf.content[:4], sheet.content[:2]) == (b"%PDF", b"PK")
    assert (await send(operator, f"{path}/acto/reabrir", reason="llegó el abono"))[0] == 200
    waiting = (await master.http.get("/api/staff/approvals")).json()["items"][0]["id"]
    assert (await send(master, f"aprobaciones/{waiting}/aprobar", reason="de acuerdo"))[0] == 200
    listed = await shown(operator, "cierre")
    assert "Reabierto" in listed
    assert format_day(today()) in listed


async def test_control_says_what_does_not_tie_with_the_way_there(staff: Staff, books: Books, sessions: Sessions):
    operator = await staff("oscar", Role.OPERADOR)
    assert "Todo cuadra" in await shown(operator, "control")
    async with sessions.begin() as session:
        bought = await books.completed(session, Kind.COMPRA, "100.00", "3.7400", at=now() - timedelta(minutes=20))
    told = (await operator.http.get("/api/staff/control")).json()["items"]
    page = (await operator.http.get("/panel/control")).text
    assert told
    for one in told:
        assert one["title"] in page
    assert f"/panel/operaciones/{bought.code}" in page
    assert "/panel/calce" in page


CSV = """Fecha,Fecha valuta,Descripción operación,Monto,Saldo,Sucursal - agencia,Operación - Número
{day},,DEPOSITO INICIAL,900.00,0,,00123458
{day},,PAGO DE SERVICIOS VARIOS,-20.00,0,,00123457
{day},,EXTORNO DEL BANCO,5.00,0,,00123456
"""


async def brought(person: Person, account: int, content: str) -> tuple[int, str]:
    form = {"layout": "BCP", "clave_unica": "x"}
    files = {"file": ("extracto.csv", content.encode(), "text/csv")}
    headers = await csrf(person) | {"HX-Request": "true"}
    answer = await person.http.post(f"/panel/conciliacion/{account}/importar", data=form, files=files, headers=headers)
    said = answer.text + answer.headers.get("HX-Trigger", "").encode().decode("unicode_escape")
    return answer.status_code, said


async def test_a_statement_is_brought_once_confirmed_split_dismissed_and_undone(staff: Staff, books: Books):
    """The same file twice changes nothing; movements that do not add up are refused; nothing is matched twice."""
    operator = await staff("oscar", Role.OPERADOR)
    account = books.account(Bank.BCP, Currency.PEN)
    where = str(account)
    await send(operator, "movimientos/registrar/apertura", house_account_id=where, **opening("900"))
    for amount, why in (("12.50", "comisión"), ("7.50", "portes")):
        spent = {"house_account_id": where, "counterpart": "6391", "amount": amount, "day": "", "reason": why}
        await send(operator, "movimientos/registrar/gasto", **spent)
    content = CSV.format(day=format_day(today()))
    status, said = await brought(operator, account, content)
    assert status == 200
    assert "3 líneas nuevas" in said
    assert "nada cambió" in (await brought(operator, account, content))[1]
    assert (await brought(operator, account, "esto no es un extracto"))[0] == 422
    base = f"/api/staff/reconciliation/{account}"
    lines = {one["description"]: one for one in (await operator.http.get(f"{base}/lines")).json()["items"]}
    bench = (await operator.http.get(f"/panel/conciliacion/{account}")).text
    first = lines["DEPOSITO INICIAL"]
    movement = first["suggestions"][0]["movement_id"]
    confirm = f"conciliacion/linea/{first['id']}/es/{movement}"
    assert confirm in bench
    assert [(await send(operator, confirm))[0] for _ in range(2)] == [200, 409]
    split = lines["PAGO DE SERVICIOS VARIOS"]["id"]
    loose = [one["id"] for one in (await operator.http.get(f"{base}/movements")).json()["items"]]
    choose = f"conciliacion/{account}/linea/{split}/elegir"
    status, text = await send(operator, choose, n=str(loose[0]))
    assert status == 422
    assert "no suman" in text
    headers = await csrf(operator) | {"HX-Request": "true"}
    both = {"n": [str(one) for one in loose], "clave_unica": "y"}
    assert (await operator.http.post(f"/panel/{choose}", data=both, headers=headers)).status_code == 200
    odd = f"conciliacion/linea/{lines['EXTORNO DEL BANCO']['id']}/sin-movimiento"
    assert (await send(operator, odd, reason=""))[0] == 422
    assert (await send(operator, odd, reason="extorno del mismo día"))[0] == 200
    assert "Todo conciliado" in await shown(operator, f"conciliacion/{account}")
    settled = await shown(operator, f"conciliacion/{account}/conciliadas")
    for told in ("DEPOSITO INICIAL", "comisión", "portes", "extorno del mismo día"):
        assert told in settled
    assert (await send(operator, f"conciliacion/linea/{split}/deshacer"))[0] == 200
    assert (await send(operator, f"conciliacion/linea/{split}/deshacer"))[0] == 404
    assert "PAGO DE SERVICIOS VARIOS" in await shown(operator, f"conciliacion/{account}")
    sheet = (await operator.http.get(f"/panel/conciliacion/{account}?formato=csv")).text
    assert re.search(r"-20.00.*PAGO DE SERVICIOS VARIOS", sheet)


@pytest.mark.parametrize("path", ["cierre", "control", "conciliacion"])
async def test_a_trader_finds_none_of_these(staff: Staff, path: str):
    trader = await staff("tania", Role.TRADER)
    assert (await trader.http.get(f"/panel/{path}")).status_code == 403
